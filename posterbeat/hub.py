"""Where weights come from: a folder, or a Hugging Face Hub repo and its local cache. No pickle is ever read."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from posterbeat.errors import ParameterError, WeightsError
from posterbeat.hub_download import fetched

if TYPE_CHECKING:
    import torch

FILES = ("config.json", "model.safetensors")
_REPO = re.compile(r"(?P<repo>\w[\w.-]{0,95}/\w[\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,255}))?")


def resolve(source: str | os.PathLike, files: Sequence[str] = FILES) -> Path:
    """The local folder that holds a model's files.

    Parameters
    ----------
    source
        A folder, or a Hub repo as `owner/name` or `owner/name@revision` (branch, tag or commit). A folder that
        exists wins over a repo of the same name. A commit that is already in the cache costs no request; anything
        else asks the Hub for the current commit, and if it does not answer within `hub_download.PATIENCE` seconds, or
        a newer commit is not here within `hub_download.UPDATE_PATIENCE`, the copy in the cache is used and the reason is
        logged.
    files
        The names to have in the folder; nothing else is ever fetched.

    Returns
    -------
    Path of a folder in which every name of `files` exists.

    Raises
    ------
    WeightsError
        No such folder, a file missing from it, or neither the Hub nor the cache has the files.
    """
    folder = _as_folder(source)
    if folder is not None and folder.is_dir():
        for name in files:
            if not (folder / name).is_file():
                raise WeightsError(f"The weights folder {folder} holds no {name}: give a folder with {_all(files)}.")
        return folder
    match = _REPO.fullmatch(source) if isinstance(source, str) else None
    if not match or not _names_a_repo(match["repo"]) or ".." in (match["revision"] or "").split("/"):
        raise WeightsError(f"There is no folder {_short(source)}: give a folder with {_all(files)}, "
                           "or a Hub repo as owner/name or owner/name@revision.")
    return fetched(match["repo"], match["revision"] or "main", files)


def _as_folder(source) -> Path | None:
    """The path that a source can be; None for what is no path, or none that this system could have."""
    try:
        folder = Path(source).expanduser()
        os.stat(folder)
    except (TypeError, RuntimeError, ValueError, OSError):  # RuntimeError: the home of somebody unknown
        return None
    return folder


def _names_a_repo(name: str) -> bool:
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return not name.startswith(".")


def source_of(kind: str, given: str | os.PathLike | None = None) -> str | os.PathLike:
    """Where a model comes from: `given`, else the environment variable POSTERBEAT_<KIND>, else `weights_folder`.

    Parameters
    ----------
    kind
        "classifier", "words", "composer" or "historical".
    """
    if given is None or isinstance(given, str) and not given:
        return os.environ.get(f"POSTERBEAT_{kind.upper()}") or weights_folder(kind)
    return given


def weights_folder(kind: str) -> Path:
    """Where the weights that came with posterbeat lie; `kind` is "classifier", "words", "composer" or "historical"."""
    package = Path(__file__).resolve().parent
    places = [root / "weights" / kind for root in (package.parent, package)]  # a checkout, an installed wheel
    return next((place for place in places if place.is_dir()), places[0])


def weights_are_there(kind: str) -> bool:
    """Whether a model can be asked for: it came along, or the environment says where from. The reference study's need not."""
    source = source_of(kind)
    return source != weights_folder(kind) or Path(source).is_dir()


def weights_mark(folder: str | os.PathLike) -> str:
    """Ten hexadecimal digits that tell a model's weights from others: they change with any byte of its files."""
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(Path(folder, name).read_bytes())
    return digest.hexdigest()[:10]


def read_config(path: str | os.PathLike) -> dict:
    """A model's config.json as a dict; WeightsError if it is missing or is not a JSON object."""
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} is missing or is not JSON: fetch the weights again.") from error
    if not isinstance(config, dict):
        raise WeightsError(f"{path} is not a model's config: it must hold a JSON object.")
    return config


def read_tensors(path: str | os.PathLike) -> dict[str, torch.Tensor]:
    """All tensors of a safetensors file, on the CPU; WeightsError naming the file if it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} is missing: fetch the weights again.") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is truncated or not a safetensors file: fetch the weights again.") from error


def load_strict(module: torch.nn.Module, tensors: dict[str, torch.Tensor], path: str | os.PathLike) -> None:
    """Copy `tensors` into `module`; every tensor must be there, with its shape, and none besides.

    Parameters
    ----------
    path
        The file that the tensors came from, for the error's sentence.

    Raises
    ------
    WeightsError
        Naming the tensors that are missing, unexpected, of another shape, or hold what is no number. The module is then
        unchanged.
    """
    wanted = module.state_dict()
    shapes = [name for name in wanted if name in tensors and wanted[name].shape != tensors[name].shape]
    faults = [f"{what} {_few(names)}" for what, names in (
        ("missing", sorted(wanted.keys() - tensors.keys())),
        ("unexpected", sorted(tensors.keys() - wanted.keys())),
        ("wrongly shaped", shapes),
        ("not finite", sorted(name for name, tensor in tensors.items() if not tensor.isfinite().all())),
    ) if names]
    if faults:
        raise WeightsError(f"{path} does not fit this model and its config: {'; '.join(faults)}.")
    module.load_state_dict(tensors, strict=True)


def single_precision(module: torch.nn.Module) -> None:
    """ParameterError unless the module's tensors are float32, as what computes with them needs."""
    import torch

    kinds = {tensor.dtype for tensor in module.parameters() if tensor.is_floating_point()}
    if kinds - {torch.float32}:
        raise ParameterError(f"{type(module).__name__} computes in float32 only: call .float() on it first.")


def _all(files: Sequence[str]) -> str:
    return " and ".join(files)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _short(source) -> str:
    return str(source)[:200]
