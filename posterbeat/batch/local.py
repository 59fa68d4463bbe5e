"""Soundtracks for a whole catalogue: resumable, on every core or on a cluster, and no poster stops the others."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from posterbeat.batch.jobs import Job
from posterbeat.batch.one_poster import DIED, compose_for, record_of
from posterbeat.processes import end_with_parent

RECORDS = "records.jsonl"


def run(jobs: Iterable[Job], out: str | Path, workers: int = 0,
        report: Callable[[dict], None] = lambda record: None, ray: str | None = None, retry: bool = False) -> list[dict]:
    """Compose for every poster that has no result yet.

    Each result is written to `out`/records.jsonl as soon as it is there, so a run that was stopped, in whatever way,
    goes on where it was. A poster that fails gives a record with its error; the next run tries it again, unless the poster
    itself is to blame. A process that dies takes no more than its own poster with it, and all end when this one does.
    Ctrl-C lets what is in hand be finished; a second one does not.

    Parameters
    ----------
    workers
        Processes, each with one thread and its own copy of the networks; 0 for one a core.
    report
        Called with each new record, in the order in which they are finished.
    ray
        Address of a Ray cluster that does the work instead (see `posterbeat.batch.ray_cluster`), with the same results. There
        Ctrl-C does not wait for what is in hand: the next run begins it anew.
    retry
        Also try posters again that are themselves to blame for their failure.

    Returns
    -------
    The records of all jobs, old and new, in the order of the jobs.

    Raises
    ------
    WeightsError
        The networks cannot be loaded.
    ParameterError
        Ray is not installed here, or no cluster answers at that address.
    KeyboardInterrupt
        After Ctrl-C, when everything that was finished is written.
    """
    jobs, out = list(jobs), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    records = {record["name"]: record for record in _read(out / RECORDS)}
    todo = [job for job in jobs if not _done(records.get(job.name), job, out, retry)]
    _end_line(out / RECORDS)
    with (out / RECORDS).open("a", encoding="utf-8") as book, _asked_to_stop() as stop:

        def keep(record):
            records[record["name"]] = record
            book.write(json.dumps(record) + "\n")
            book.flush()
            report(record)

        if ray and todo:
            from posterbeat.batch.ray_cluster import work_on_ray

            deadly = work_on_ray(todo, out, ray, keep, stop, workers)
        else:
            deadly = _work_here(todo, str(out), min(workers or _cores(), max(1, len(todo))), keep, stop)
        for job in deadly:
            keep(record_of(job, DIED))
        if stop.is_set():
            raise KeyboardInterrupt
    return [records[job.name] for job in jobs]


def finished(jobs: Iterable[Job], out: str | Path, retry: bool = False) -> list[dict]:
    """The records of those jobs on which `run` would not work, in the order of the jobs."""
    records = {record["name"]: record for record in _read(Path(out) / RECORDS)}
    return [records[job.name] for job in jobs if _done(records.get(job.name), job, Path(out), retry)]


def recorded(jobs: Iterable[Job], out: str | Path) -> list[dict]:
    """The records of those jobs that have a result in `out`, or failed, in the order of the jobs."""
    records = {record["name"]: record for record in _read(Path(out) / RECORDS)}
    return [records[job.name] for job in jobs if _holds(records.get(job.name), job, Path(out))]


def _read(path: Path) -> Iterator[dict]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:  # the last line of a run that was cut off while writing
                continue


def _holds(record: dict | None, job: Job, out: Path) -> bool:
    return bool(record) and record.get("stamp") == job.key and all((out / name).is_file() for name in record["files"])


def _done(record: dict | None, job: Job, out: Path, retry: bool = False) -> bool:
    return _holds(record, job, out) and (not record["error"] or record.get("lasting", False) and not retry)


def _end_line(path: Path) -> None:
    """End the last line of a run that was cut off while writing, so that the next record begins a line of its own."""
    if path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n"):
        with path.open("a") as book:
            book.write("\n")


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    usual = signal.getsignal(signal.SIGINT)

    def note(*_):
        stop.set()
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, usual)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _work_here(
    jobs: list[Job], out: str, workers: int, keep: Callable[[dict], None], stop: threading.Event
) -> list[Job]:
    """Work on the jobs with processes of this machine; returns those whose process died of them."""
    suspects = _work_all(jobs, out, workers, keep, stop, 2 * workers)  # one ahead for each, so that nobody waits for us
    return _work_all(suspects, out, 1, keep, stop, 1)  # one at a time, to see which it was


def _work_all(
    jobs: list[Job], out: str, workers: int, keep: Callable[[dict], None], stop: threading.Event, at_once: int
) -> list[Job]:
    """Work on the jobs, `at_once` of them in hand; returns those that were in hand when a process died, after working on
    all others."""
    suspects, waiting = [], list(reversed(jobs))
    while waiting and not stop.is_set():
        in_hand = {}
        with ProcessPoolExecutor(workers, get_context("spawn"), _prepare) as pool:
            try:
                while in_hand or waiting and not stop.is_set():
                    while waiting and len(in_hand) < at_once and not stop.is_set():
                        in_hand[pool.submit(_work, waiting[-1], out)] = waiting[-1]
                        waiting.pop()  # only now: a process that died meanwhile makes submitting fail
                    for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                        record = future.result()
                        del in_hand[future]
                        keep(record)
            except BrokenProcessPool:
                suspects += in_hand.values()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return suspects


def _prepare():
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    import torch

    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"  # what this process starts in its turn, the player above all, keeps to it, too


@cache  # one of each in a worker process, which nobody shares
def _beat(classifier: str | None, composer: str | None, words: str | None):
    from posterbeat import PosterBeat

    return PosterBeat.load(classifier, composer, words=words)


def _work(job: Job, out: str) -> dict:
    # Without networks no poster can be done: that stops the run instead of failing each poster.
    return compose_for(job, _beat(job.wish.classifier, job.wish.composer, job.wish.words), out)
