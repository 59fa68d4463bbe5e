"""A catalogue on many machines: Ray Data carries posters to the workers and soundtracks back.

Posters, networks and results travel through Ray, so the machines need no disk in common; each needs posterbeat and, for the
same bytes as here, the same versions of its packages and the same soundfont. Only the process that was started by hand
writes results, each of them once; a worker that dies takes nothing with it but time.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from posterbeat.batch.jobs import Job
from posterbeat.batch.one_poster import compose_for, failure
from posterbeat.errors import ParameterError, PosterError
from posterbeat.hub import FILES, resolve, source_of
from posterbeat.picture_file import MAX_BYTES
from posterbeat.poster import open_poster
from posterbeat.whole_file import whole_file

if TYPE_CHECKING:
    from posterbeat.pipeline import PosterBeat

LOCAL = "local"
_WAVE = 1000  # posters in flight: a hundred megabytes or two
_RETRIES = 1  # of a poster whose process dies, by Ray at once
_ATTEMPTS = 2  # rounds over the posters that are missing then: one that has killed four processes is the cause of it
_STORE = 500_000_000  # bytes of memory for what travels, where the cluster is started here
_BLOCK = 1 << 20  # Ray Data plans for tasks that return this much: with its usual 128 MB it would hold workers back


def work_on_ray(jobs: Sequence[Job], out: str | Path, address: str, keep: Callable[[dict], None],
                stop: threading.Event, workers: int = 0) -> list[Job]:
    """Compose for `jobs` on a Ray cluster, one CPU a poster at a time.

    Parameters
    ----------
    address
        `host:port` of the cluster's head, "auto" for the cluster that this machine belongs to, or "local" for one that
        is started here and ends with the run.
    keep
        Called with each record once its files are in `out`.
    stop
        Ends the run after the record in hand; what the cluster works on is then given up.
    workers
        Posters at a time, with "local" also the CPUs of the cluster; 0 for as many as there are.

    Returns
    -------
    The jobs that killed their process whenever they were tried.

    Raises
    ------
    ParameterError
        Ray is not installed here, or no cluster answers.
    WeightsError
        The networks cannot be loaded.
    """
    ray = _connected(address, workers)
    try:
        networks = {}
        for job in jobs:
            models = tuple(job.models.items())
            if models not in networks:
                networks[models] = ray.put(_packed(job.models))
        deadly = []
        for first in range(0, len(jobs), _WAVE):
            todo = dict(enumerate(jobs[first:first + _WAVE]))
            for _ in range(_ATTEMPTS):
                if todo and not stop.is_set():
                    _wave(todo, networks, Path(out), keep, stop, workers)
            deadly += todo.values()
        return [] if stop.is_set() else deadly
    finally:
        ray.shutdown()


def _connected(address: str, workers: int):
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of every run
    try:
        import ray
        import ray.data
    except ImportError:
        raise ParameterError("Ray is not installed here: pip install 'posterbeat[ray]'.") from None
    # Started here, it listens on loopback only.
    own = {"num_cpus": workers or None, "object_store_memory": _STORE, "include_dashboard": False,
           "_node_ip_address": "127.0.0.1"} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ParameterError(f"No Ray cluster can be used at {address!r}: {reason}") from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # a block is one poster: those that are missing in the end are tried again
    context.target_max_block_size = _BLOCK
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


def _wave(todo: dict[int, Job], networks: dict, out: Path, keep: Callable[[dict], None], stop: threading.Event,
          workers: int) -> None:
    """Work on the jobs of `todo`; those of which a record is kept are taken out of it."""
    import ray.data
    import ray.util.annotations

    rows = []
    for number, job in list(todo.items()):
        try:
            rows.append({"number": number, "poster": _content(job)})
        except PosterError as error:
            keep(failure(todo.pop(number), error))
    if not rows:
        return
    with warnings.catch_warnings():
        # Deprecated without an heir, and without it Ray tries a poster that kills its process for ever. The range of
        # versions in pyproject.toml ends before it goes.
        warnings.simplefilter("ignore", ray.util.annotations.RayDeprecationWarning)
        found = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            _soundtrack, fn_args=[{row["number"]: todo[row["number"]] for row in rows}, networks],
            num_cpus=1, concurrency=workers or None, ray_remote_args_fn=lambda: {"max_retries": _RETRIES})
    for row in found.iter_rows():
        job = todo.pop(row["number"], None)
        if job is None:  # a worker was thought lost and was not
            continue
        for name, content in zip(row["names"], row["contents"]):
            _write(out / name, content)
        keep(json.loads(row["record"]) | {"stamp": job.key})
        if stop.is_set():
            return


def _content(job: Job) -> bytes:
    path = Path(job.file)
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        open_poster(path)  # says what is wrong with it
    try:
        return path.read_bytes()
    except OSError as error:
        raise PosterError(f"The file {path.name[:80]!r} cannot be opened.") from error


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as part:
        part.write_bytes(content)


def _packed(models: dict[str, str | None]) -> dict[str, dict[str, bytes]]:
    """The files of the networks, after loading them once: what cannot be loaded is told here and not by a worker."""
    folders = {kind: resolve(source_of(kind, given)) for kind, given in models.items()}
    _load(folders)
    return {kind: {name: (folder / name).read_bytes() for name in FILES} for kind, folder in folders.items()}


def _load(folders: dict[str, Path]) -> PosterBeat:
    from posterbeat.pipeline import PosterBeat

    beat = PosterBeat.load(**folders)
    # What is loaded when first asked for, and the folder will be gone then.
    if "historical" in folders:
        _ = beat.historical
    if "words" in folders:
        _ = beat.classifier.text_genre
    return beat


@cache  # once in a worker process, which works on one poster at a time
def _loaded(networks) -> PosterBeat:
    import ray
    import torch

    torch.set_num_threads(1)  # as the processes of a single machine: another number rounds differently
    with TemporaryDirectory() as folder:
        for kind, files in ray.get(networks).items():
            Path(folder, kind).mkdir()
            for name, content in files.items():
                Path(folder, kind, name).write_bytes(content)
        return _load({path.name: path for path in Path(folder).iterdir()})


def _soundtrack(row: dict, jobs: dict[int, Job], networks: dict) -> dict:
    """What a worker does: the poster of a row to a record and the content of its files."""
    job = jobs[row["number"]]
    beat = _loaded(networks[tuple(job.models.items())])
    with TemporaryDirectory() as folder:
        poster, out = Path(folder, "poster", Path(job.file).name), Path(folder, "out")
        poster.parent.mkdir()
        poster.write_bytes(row["poster"])
        record = compose_for(replace(job, file=str(poster)), beat, out)
        names = [*record["files"], *filter(None, [record["thumbnail"]])]
        contents = [(out / name).read_bytes() for name in names]
    return {"number": row["number"], "record": json.dumps(record), "names": names, "contents": contents}
