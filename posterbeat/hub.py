"""Where weights come from: a folder, or a Hugging Face Hub repo and its local cache. No pickle is ever read."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from posterbeat.errors import ParameterError, WeightsError

if TYPE_CHECKING:
    import torch

FILES = ("config.json", "model.safetensors")
# Seconds given to the Hub to say which commit is current. Two models are loaded at a start, and a dead Hub may
# cost that start 3 s at most. HF_HUB_ETAG_TIMEOUT, the Hub client's own setting, overrides it.
PATIENCE = 1.4
UPDATE_PATIENCE = 10.0  # seconds given to fetching a newer commit before the older copy in the cache has to do
_REPO = re.compile(r"(?P<repo>\w[\w.-]{0,95}/\w[\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,255}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_log = logging.getLogger(__name__)
T = TypeVar("T")


def resolve(source: str | os.PathLike, files: Sequence[str] = FILES) -> Path:
    """The local folder that holds a model's files.

    Parameters
    ----------
    source
        A folder, or a Hub repo as `owner/name` or `owner/name@revision` (branch, tag or commit). A folder that
        exists wins over a repo of the same name. A commit that is already in the cache costs no request; anything
        else asks the Hub for the current commit, and if it does not answer within `PATIENCE` seconds, or a newer commit
        is not here within `UPDATE_PATIENCE`, the copy in the cache is used and the reason is logged.
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
    return _from_hub(match["repo"], match["revision"] or "main", files)


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
        "classifier", "composer" or "historical".
    """
    if given is None or isinstance(given, str) and not given:
        return os.environ.get(f"POSTERBEAT_{kind.upper()}") or weights_folder(kind)
    return given


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
        raise ParameterError(f"{type(module).__name__} computes in float32 alone: call .float() on it first.")


def _from_hub(repo: str, revision: str, files: Sequence[str]) -> Path:
    cached = _cached(repo, revision, files)
    if cached and _COMMIT.fullmatch(revision):
        return cached
    try:
        commit = _within(_patience(), lambda: _current_commit(repo, revision, files[0]),
                         f"the Hub did not answer within {_patience():g} s (HF_HUB_ETAG_TIMEOUT allows it more)")
        if found := _cached(repo, commit, files):
            return found
        return _within(UPDATE_PATIENCE if cached else None, lambda: _download(repo, revision, commit, files),
                       f"a newer copy was not fetched within {UPDATE_PATIENCE:g} s")
    except Exception as error:  # the client's own kinds, the transport's, the file system's: each gets one sentence
        reason = _reason(error, repo, revision)
    if cached:
        _log.warning("Using the copy of %s that was fetched earlier (%s): %s.", repo, cached.name[:8], reason)
        return cached
    raise WeightsError(f"The weights of {repo} could not be fetched: {reason}.") from None


class _TooLateError(Exception):
    """Work was not done in the time that it had."""


def _within(seconds: float | None, work: Callable[[], T], too_late: str) -> T:
    """What `work` gives; after so many seconds _TooLateError with that sentence, and the work goes on in the background.

    The client's own timeouts bound each step (name look-up not at all) and not their sum.
    """
    if seconds is None:
        return work()
    answer: list = []

    def run():
        try:
            answer.append((work(), None))
        except Exception as error:
            answer.append((None, error))

    working = threading.Thread(target=run, daemon=True)
    working.start()
    working.join(seconds)
    if not answer:
        raise _TooLateError(too_late)
    result, error = answer[0]
    if error is not None:
        raise error
    return result


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

    commit = get_hf_file_metadata(hf_hub_url(repo, name, revision=revision), timeout=_patience()).commit_hash
    if not _COMMIT.fullmatch(commit or ""):
        raise ValueError("the answer names no commit, so this is not a Hub")
    return commit


def _download(repo: str, revision: str, commit: str, files: Sequence[str]) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    for name in files:  # all of one commit, even if the repo changes meanwhile
        path = Path(hf_hub_download(repo, name, revision=commit, etag_timeout=_patience()))
        etag = get_hf_file_metadata(hf_hub_url(repo, name, revision=commit)).etag or ""
        if _matches(path, etag) is None:
            _log.warning("%s of %s came without a checksum of its content, so it was not verified.", name, repo)
        elif not _matches(path, etag):
            path.resolve().unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise ValueError(f"{name} differs from its checksum on the Hub and was thrown away")
    if revision != commit:  # remember what the branch meant, for starts without the Hub
        reference = path.parents[2] / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
    return path.parent


def _matches(path: Path, etag: str) -> bool | None:
    """Whether a file has the content that its ETag stands for; None where that is no checksum of the content."""
    content = path.read_bytes()
    if re.fullmatch(r"[0-9a-f]{64}", etag):  # large files: SHA-256 of the content
        return hashlib.sha256(content).hexdigest() == etag
    if re.fullmatch(r"[0-9a-f]{40}", etag):  # small ones: git's name for the blob
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == etag
    return None


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
    if isinstance(error, _TooLateError):
        return str(error)
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
