"""How much sooner two processes are done with a catalogue than one: python -m benchmarks.catalogue

The example posters under many names, each to its own MP3, as `posterbeat batch` does it. Only a machine that does nothing
else gives a figure: what other programs took meanwhile is printed too.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.timing import spread
from posterbeat.batch.jobs import Job, Wish
from posterbeat.batch.local import run
from posterbeat.controls import Controls

_EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples/posters").glob("*.jpg"))


@dataclass(frozen=True)
class Timed:
    """One run over a catalogue.

    Attributes
    ----------
    seconds : from the call to its return, with the start of the processes and their loading of the networks
    each : seconds a soundtrack once the first ones are there, that is, without the start
    cores : how many cores the run kept busy on average
    leading : the part of that work that the calling process did
    elsewhere : how many cores others kept busy meanwhile; None where the system does not tell
    """

    seconds: float
    each: float
    cores: float
    leading: float
    elsewhere: float | None


def timed(workers: int, posters: int, wish: Wish, settled: int = 4) -> Timed:
    """Work on a new catalogue of so many posters with so many processes.

    Parameters
    ----------
    settled
        Soundtracks that are there before `each` is counted: an even share for every process, past its start.

    Raises
    ------
    ValueError
        There are no more posters than that.
    RuntimeError
        A poster failed.
    """
    if posters <= settled:
        raise ValueError(f"Give more than {settled} posters: the first ones are not counted.")
    jobs = [Job(str(_EXAMPLES[number % len(_EXAMPLES)]), f"{number:04}.jpg", wish) for number in range(posters)]
    stamps: list[float] = []

    def note(record: dict[str, Any]) -> None:
        stamps.append(time.perf_counter())
        if record["error"]:
            raise RuntimeError(record["error"])

    with TemporaryDirectory() as out:
        before, began = _Spent.now(), time.perf_counter()
        run(jobs, out, workers, note)
        seconds, after = time.perf_counter() - began, _Spent.now()
    leading, own = after.leading - before.leading, after.own - before.own
    elsewhere = None if after.machine is None else max(0.0, after.machine - before.machine - own) / seconds
    return Timed(seconds, (stamps[-1] - stamps[settled - 1]) / (posters - settled), own / seconds, leading / own, elsewhere)


@dataclass(frozen=True)
class _Spent:
    """Processor seconds until now: of this process, of it and all that it waited for, of the whole machine."""

    leading: float
    own: float
    machine: float | None

    @classmethod
    def now(cls) -> "_Spent":
        this, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        leading = this.ru_utime + this.ru_stime
        return cls(leading, leading + ended.ru_utime + ended.ru_stime, busy())


def busy() -> float | None:
    """Processor seconds, of all cores and programs, since the machine started; None where the system does not tell."""
    try:
        user, nice, system, _idle, _waiting, *others = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    except OSError:
        return None
    return sum(map(int, (user, nice, system, *others))) / os.sysconf("SC_CLK_TCK")


def measure(posters: int = 32, notes: int = 300, rounds: int = 1, workers: Sequence[int] = (1, 2)) -> dict[str, Any]:
    """Runs with each number of processes in turn, and how many times as fast the last is as the first.

    Returns
    -------
    dict: `runs`, one of them a row; `times` after the start and `times_with_start`, each a spread over the rounds.
    """
    wish = Wish(controls=Controls(notes, seed=0))
    rows = [[timed(count, posters, wish) for count in workers] for _ in range(rounds)]
    return {"posters": posters, "notes": notes,
            "runs": [{"processes": count, **vars(one)} for row in rows for count, one in zip(workers, row)],
            "times": spread([row[0].each / row[-1].each for row in rows]),
            "times_with_start": spread([row[0].seconds / row[-1].seconds for row in rows])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posters", type=int, default=32)
    parser.add_argument("--notes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--least", type=float, default=0.0, help="fail where the last is fewer times as fast as the first")
    options = vars(parser.parse_args())
    least = options.pop("least")
    found = measure(**options)
    print(json.dumps(found, indent=1))
    if found["times"]["median"] < least:
        sys.exit(f"{options['workers'][-1]} processes were {found['times']['median']:.2f} times as fast as "
                 f"{options['workers'][0]}, not {least}: measure on a machine that does nothing else.")


if __name__ == "__main__":
    main()
