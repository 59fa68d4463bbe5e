"""Where weights come from: a folder, or a Hugging Face Hub repo and its local cache. No pickle is ever read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from posterbeat.errors import WeightsError

if TYPE_CHECKING:
    import torch

FILES = ("config.json", "model.safetensors")
# Seconds given to the Hub to say which commit is current. Two models are loaded at a start, and a dead Hub may
# cost that start 3 s at most. HF_HUB_ETAG_TIMEOUT, the Hub client's own setting, overrides it.
PATIENCE = 1.4
_REPO = re.compile(r"(?P<repo>\w[\w.-]{0,95}/\w[\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,255}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_log = logging.getLogger(__name__)


def resolve(source: str | os.PathLike, files: Sequence[str] = FILES) -> Path:
    """The local folder that holds a model's files.

    Parameters
    ----------
    source
        A folder, or a Hub repo as `owner/name` or `owner/name@revision` (branch, tag or commit). A folder that
        exists wins over a repo of the same name. A commit that is already in the cache costs no request; anything
        else asks the Hub for the current commit, and if it does not answer within `PATIENCE` seconds the copy in
        the cache is used and the reason is logged.
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
    folder = Path(source).expanduser()
    if folder.is_dir():
        for name in files:
            if not (folder / name).is_file():
                raise WeightsError(f"The weights folder {folder} holds no {name}: give a folder with {_all(files)}.")
        return folder
    match = _REPO.fullmatch(source) if isinstance(source, str) else None
    if not match or match["repo"].startswith("."):
        raise WeightsError(f"There is no folder {_short(source)}: give a folder with {_all(files)}, "
                           "or a Hub repo as owner/name or owner/name@revision.")
    return _from_hub(match["repo"], match["revision"] or "main", files)


def source_of(kind: str, given: str | os.PathLike | None = None) -> str | os.PathLike:
    """Where a model comes from: `given`, else the environment variable POSTERBEAT_<KIND>, else `weights_folder`.

    Parameters
    ----------
    kind
        "classifier", "composer" or "historical".
    """
    return given or os.environ.get(f"POSTERBEAT_{kind.upper()}") or weights_folder(kind)


def weights_folder(kind: str) -> Path:
    """Where the weights that came with posterbeat lie; `kind` is "classifier", "composer" or "historical"."""
    package = Path(__file__).resolve().parent
    places = [root / "weights" / kind for root in (package.parent, package)]  # a checkout, an installed wheel
    return next((place for place in places if place.is_dir()), places[0])


def weights_are_there(kind: str) -> bool:
    """Whether a model can be asked for: it came along, or the environment says where from. The reference study's need not."""
    source = source_of(kind)
    return source != weights_folder(kind) or Path(source).is_dir()


def read_config(path: str | os.PathLike) -> dict:
    """A model's config.json as a dict; WeightsError if it is missing or is not a JSON object."""
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
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
        Naming the tensors that are missing, unexpected or of another shape. The module is then unchanged.
    """
    wanted = module.state_dict()
    shapes = [name for name in wanted if name in tensors and wanted[name].shape != tensors[name].shape]
    faults = [f"{what} {_few(names)}" for what, names in (
        ("missing", sorted(wanted.keys() - tensors.keys())),
        ("unexpected", sorted(tensors.keys() - wanted.keys())),
        ("wrongly shaped", shapes),
    ) if names]
    if faults:
        raise WeightsError(f"{path} does not fit this model and its config: {'; '.join(faults)}.")
    module.load_state_dict(tensors, strict=True)


def _from_hub(repo: str, revision: str, files: Sequence[str]) -> Path:
    cached = _cached(repo, revision, files)
    if cached and _COMMIT.fullmatch(revision):
        return cached
    try:
        commit = _current_commit(repo, revision, files[0])
        return _cached(repo, commit, files) or _download(repo, revision, commit, files)
    except Exception as error:  # the client's own kinds, the transport's, the file system's: each gets one sentence
        reason = _reason(error, repo, revision)
    if cached:
        _log.warning("Using the copy of %s that was fetched earlier (%s): %s.", repo, cached.name[:8], reason)
        return cached
    raise WeightsError(f"The weights of {repo} could not be fetched: {reason}.") from None


def _cached(repo: str, revision: str, files: Sequence[str]) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = [try_to_load_from_cache(repo, name, revision=revision) for name in files]
    return Path(found[0]).parent if all(isinstance(path, str) and os.path.isfile(path) for path in found) else None


def _patience() -> float:
    try:
        return float(os.environ["HF_HUB_ETAG_TIMEOUT"])
    except (KeyError, ValueError):
        return PATIENCE


def _current_commit(repo: str, revision: str, name: str) -> str:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url, answer = hf_hub_url(repo, name, revision=revision), []

    def ask():
        try:
            answer.append(get_hf_file_metadata(url, timeout=_patience()).commit_hash)
        except Exception as error:
            answer.append(error)

    # A thread, because the client's timeout bounds each step (name look-up not at all) and not their sum.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(_patience())
    if not answer:
        raise TimeoutError
    if isinstance(answer[0], Exception):
        raise answer[0]
    if not answer[0]:
        raise ValueError("the answer names no commit, so this is not a Hub")
    return answer[0]


def _download(repo: str, revision: str, commit: str, files: Sequence[str]) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    for name in files:  # all of one commit, even if the repo changes meanwhile
        path = Path(hf_hub_download(repo, name, revision=commit, etag_timeout=_patience()))
        etag = get_hf_file_metadata(hf_hub_url(repo, name, revision=commit)).etag or ""
        if not _matches(path, etag):
            path.resolve().unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise ValueError(f"{name} differs from its checksum on the Hub and was thrown away")
    if revision != commit:  # remember what the branch meant, for starts without the Hub
        reference = path.parents[2] / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
    return path.parent


def _matches(path: Path, etag: str) -> bool:
    content = path.read_bytes()
    if re.fullmatch(r"[0-9a-f]{64}", etag):  # large files: SHA-256 of the content
        return hashlib.sha256(content).hexdigest() == etag
    if re.fullmatch(r"[0-9a-f]{40}", etag):  # small ones: git's name for the blob
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == etag
    return True


def _reason(error: Exception, repo: str, revision: str) -> str:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, errors.GatedRepoError) or status == 403:
        return "its owner has to grant access (then set HF_TOKEN)"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"it has no revision {revision}"
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return f"it lacks one of its files at {revision}"
    if isinstance(error, errors.RepositoryNotFoundError) or status in (401, 404):
        return "the Hub has no such repo, or it is private (then set HF_TOKEN), and there is no folder of that name"
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if status:
        return f"the Hub answered with status {status}"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return f"the Hub did not answer within {_patience():g} s (HF_HUB_ETAG_TIMEOUT allows it more)"
    if "Connect" in type(error).__name__:
        return "the Hub cannot be reached"
    return str(error).splitlines()[0].rstrip(".")[:200] if str(error) else type(error).__name__


def _all(files: Sequence[str]) -> str:
    return " and ".join(files)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _short(source) -> str:
    return str(source)[:200]
