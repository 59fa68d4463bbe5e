"""Fetch a model's files from the Hugging Face Hub into its local cache, in bounded time where an older copy is there."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from posterbeat.errors import WeightsError

# Seconds given to the Hub to say which commit is current. Two models are loaded at a start, and a dead Hub may
# cost that start 3 s at most. HF_HUB_ETAG_TIMEOUT, the Hub client's own setting, overrides it.
PATIENCE = 1.4
UPDATE_PATIENCE = 10.0  # seconds given to fetching a newer commit before the older copy in the cache has to do
_COMMIT = re.compile(r"[0-9a-f]{40}")
_log = logging.getLogger("posterbeat.hub")
T = TypeVar("T")


def fetched(repo: str, revision: str, files: Sequence[str]) -> Path:
    """The folder of the cache that holds the files of a repo at a branch, tag or commit; see `hub.resolve`."""
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
