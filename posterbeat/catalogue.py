"""A whole catalogue of posters: soundtracks, a table and a gallery, resumable and on every core."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from posterbeat.errors import ParameterError, PosterBeatError
from posterbeat.genres import GENRES, mixture
from posterbeat.hub import source_of
from posterbeat.pipeline import check_notes, check_seed, check_temperature

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic"}
RECORDS = "records.jsonl"


@dataclass(frozen=True)
class Wish:
    """What every poster of a catalogue gets; a line of a CSV may say otherwise for its poster.

    Attributes
    ----------
    genre : dict of weights (see `mixture`), or None for each poster's own reading
    seed : int, from which, with a poster's name, the poster's own seed is drawn
    own_seed : int, the poster's own seed itself, where a CSV gives it
    suffixes : the kinds of file to write, from .mid .wav .mp3 .mp4
    classifier, composer : folder or Hub repo, None for the default
    """

    genre: dict[str, float] | None = None
    notes: int = 600
    temperature: float = 1.0
    seed: int = 0
    own_seed: int | None = None
    colours: bool = True
    suffixes: tuple[str, ...] = (".mp3",)
    classifier: str | None = None
    composer: str | None = None


@dataclass(frozen=True)
class Job:
    """One poster: its file, the name that it goes by in the results, and what it gets."""

    file: str
    name: str
    wish: Wish

    @property
    def seed(self) -> int:
        """The poster's own seed, 0 to 2**32 - 1; it depends on the wish's seed and the name, not on the order."""
        if self.wish.own_seed is not None:
            return self.wish.own_seed
        return int.from_bytes(hashlib.sha256(f"{self.wish.seed}:{self.name}".encode()).digest()[:4], "big")

    @property
    def key(self) -> str:
        """Changes with the file and with everything that was asked for; equal keys mean equal results."""
        try:
            stat = os.stat(self.file)
            stamp = f"{stat.st_size}:{stat.st_mtime_ns}"
        except OSError:
            stamp = "missing"
        weights = [_weights(kind, getattr(self.wish, kind)) for kind in ("classifier", "composer")]
        said = json.dumps([self.name, stamp, asdict(self.wish), weights], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def find(source: str | Path, wish: Wish, out: str | Path) -> list[Job]:
    """The posters of a folder with its subfolders, but for those in `out`; or of a CSV with a column `file` and, where
    a poster is to differ, `genre`, `notes`, `temperature` or `seed`.

    Raises
    ------
    ParameterError
        There is no such folder or file, or a line of the CSV is wrong (its number is named).
    """
    source, out = Path(source), Path(out).resolve()
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if path.suffix.lower() in PICTURES and path.is_file()
                       and not path.resolve().is_relative_to(out))
        return [Job(str(path), path.relative_to(source).as_posix(), wish) for path in found]
    if not source.is_file():
        raise ParameterError(f"There is no folder or CSV file {source}.")
    jobs, names = [], set()
    with source.open(newline="", encoding="utf-8-sig") as lines:
        for line in csv.DictReader(lines):
            number, file = len(jobs) + 2, (line.get("file") or "").strip()
            name = "/".join(part for part in re.split(r"[/\\]", file) if part.strip(". ") and not part.endswith(":"))
            if not name:
                raise ParameterError(f"{source}: line {number} has no picture in a column named file.")
            if name in names:
                raise ParameterError(f"{source}: line {number} names {name} for the second time.")
            try:
                jobs.append(Job(str(source.parent / file), name, _differing(wish, line)))
            except ValueError as error:
                raise ParameterError(f"{source}: line {number}: {error}") from None
            names.add(name)
    return jobs


def parse_genre(text: str | None) -> dict[str, float] | None:
    """A genre's name, or a mixture as `horror=0.7,comedy=0.3`, as weights that sum to 1; None stays None.

    Raises
    ------
    ParameterError
        Unknown genre or a weight that is no number.
    """
    if text is None:
        return None
    if "=" not in text:
        return mixture(text.strip().lower())
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        try:
            weights[name.strip().lower()] = float(weight)
        except ValueError:
            raise ParameterError(f"Write a mixture as horror=0.7,comedy=0.3, not {text[:60]!r}.") from None
    return mixture(weights)


def run(jobs: Iterable[Job], out: str | Path, workers: int = 0,
        report: Callable[[dict], None] = lambda record: None) -> list[dict]:
    """Compose for every poster that has no result yet.

    Each result is written to `out`/records.jsonl as soon as it is there, so a run that was stopped, in whatever way,
    goes on where it was. A poster that fails gives a record with its error. A process that dies takes no more
    than its own poster with it.

    Parameters
    ----------
    workers
        Processes, each with one thread and its own copy of the networks; 0 for one a core.
    report
        Called with each new record, in the order in which they are finished.

    Returns
    -------
    The records of all jobs, old and new, in the order of the jobs.
    """
    jobs, out = list(jobs), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    records = {record["name"]: record for record in _read(out / RECORDS)}
    todo = [job for job in jobs if not _done(records.get(job.name), job, out)]
    workers = min(workers or len(os.sched_getaffinity(0)), max(1, len(todo)))
    with (out / RECORDS).open("a", encoding="utf-8") as book:
        for record in _work_all(todo, str(out), workers):
            records[record["name"]] = record
            book.write(json.dumps(record) + "\n")
            book.flush()
            report(record)
    return [records[job.name] for job in jobs]


def finished(jobs: Iterable[Job], out: str | Path) -> list[dict]:
    """The records of those jobs that have a result in `out`, in the order of the jobs."""
    records = {record["name"]: record for record in _read(Path(out) / RECORDS)}
    return [records[job.name] for job in jobs if _done(records.get(job.name), job, Path(out))]


def _differing(wish: Wish, line: dict) -> Wish:
    kinds = {"genre": parse_genre, "notes": lambda text: check_notes(int(text)),
             "temperature": lambda text: check_temperature(float(text)), "seed": lambda text: check_seed(int(text))}
    said = {name: kind(line[name].strip()) for name, kind in kinds.items() if (line.get(name) or "").strip()}
    if "seed" in said:
        said["own_seed"] = said.pop("seed")
    return replace(wish, **said)


@cache
def _weights(kind: str, given: str | None) -> str:
    """Says which weights: where from, and for a folder the size and time of its file."""
    source = source_of(kind, given)
    try:
        stat = os.stat(Path(source, "model.safetensors"))
    except OSError:
        return str(source)
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def _read(path: Path) -> Iterator[dict]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:  # the last line of a run that was cut off while writing
                continue


def _done(record: dict | None, job: Job, out: Path) -> bool:
    return bool(record) and record["key"] == job.key and all((out / name).is_file() for name in record["files"])


def _work_all(jobs: list[Job], out: str, workers: int) -> Iterator[dict]:
    """Records in the order in which they are finished; posters that were in hand when a process died come last."""
    suspects, waiting = [], list(reversed(jobs))
    while waiting:
        in_hand = {}
        with ProcessPoolExecutor(workers, get_context("spawn"), _prepare) as pool:
            try:
                while waiting or in_hand:
                    while waiting and len(in_hand) < 2 * workers:
                        job = waiting.pop()
                        in_hand[pool.submit(_work, job, out)] = job
                    for future in wait(in_hand, return_when=FIRST_COMPLETED).done:
                        record = future.result()
                        del in_hand[future]
                        yield record
            except BrokenProcessPool:
                suspects += in_hand.values()
            except BaseException:  # Ctrl-C: what is in hand is finished and kept, nothing new is begun
                pool.shutdown(cancel_futures=True)
                yield from (future.result() for future in in_hand if not future.cancelled() and not future.exception())
                raise
    for job in suspects:  # one at a time, to see which it was
        with ProcessPoolExecutor(1, get_context("spawn"), _prepare) as pool:
            try:
                yield pool.submit(_work, job, out).result()
            except BrokenProcessPool:
                yield _record(job) | {"error": "The process that worked on this poster died."}


def _prepare():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    import torch

    torch.set_num_threads(1)


@cache  # one of each in a worker process, which nobody shares
def _beat(classifier: str | None, composer: str | None):
    from posterbeat import PosterBeat

    return PosterBeat.load(classifier, composer)


def _record(job: Job) -> dict:
    return {"name": job.name, "key": job.key, "error": "", "genre": "", **{name: None for name in GENRES},
            "genre_mix": None, "seed": job.seed, "notes": job.wish.notes, "temperature": job.wish.temperature,
            "seconds": None, "files": [], "thumbnail": ""}


def _work(job: Job, out: str) -> dict:
    record, wish = _record(job), job.wish
    try:
        beat = _beat(wish.classifier, wish.composer)
        track = beat(job.file, wish.genre, wish.notes, wish.temperature, job.seed, colours=wish.colours,
                     title=Path(job.name).stem)
        for suffix in wish.suffixes:
            name = f"tracks/{job.name}{suffix}"
            target = Path(out, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{os.getpid()}{suffix}")
            try:
                track.save(part)
                os.replace(part, target)  # so that no half file ever bears the name
            finally:
                part.unlink(missing_ok=True)
            record["files"].append(name)
        record["thumbnail"] = f"thumbnails/{job.name}.jpg"
        picture = track.poster.copy()
        picture.thumbnail((240, 360))
        Path(out, record["thumbnail"]).parent.mkdir(parents=True, exist_ok=True)
        picture.save(Path(out, record["thumbnail"]), quality=85)
        record |= {"genre": track.reading.genre, "genre_mix": track.genre_mix, "seconds": round(track.score.seconds, 2),
                   **{name: round(float(share), 6) for name, share in track.reading.probabilities.items()}}
    except Exception as error:  # one bad poster never stops the others
        told = str(error) if isinstance(error, PosterBeatError) else f"{type(error).__name__}: {error}"
        record["error"], record["files"] = told, []
    return record
