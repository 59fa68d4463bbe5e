"""How long everything takes here, and what others need for the same: make bench, or python -m benchmarks

Writes results.json and chart.svg beside this file. Medians with lowest and highest; each round runs all candidates in turn.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import bars, chart, limits, served, stations
from benchmarks.stations import QUICK, Settings

HERE = Path(__file__).resolve().parent


def measure(settings: Settings) -> dict[str, Any]:
    """Everything, as results.json holds it."""
    began = time.monotonic()
    figures: dict[str, Any] = {"machine": _machine()}
    figures |= _told("the app: starts, and visitors at once", served.measure, settings)
    from posterbeat import PosterBeat

    beat = PosterBeat.load()
    figures |= _told("the stations, and others that do the same", stations.measure, beat, settings)
    figures["limits"] = _told("what the machine allows", limits.measure, beat, settings.rounds)
    figures["bars"] = bars.judge(figures)
    figures["seconds_of_benchmark"] = time.monotonic() - began
    return figures


def _told(what: str, work: Any, *arguments: Any) -> dict[str, Any]:
    print(f"Measuring {what} ...", file=sys.stderr, flush=True)
    return work(*arguments)


def _machine() -> dict[str, Any]:
    import torch

    from posterbeat.audio.stream import renderer_name
    from posterbeat.cpu import about_processor

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {**about_processor(), "cores": cores, "load_before": os.getloadavg()[0], "python": platform.python_version(),
            "torch": torch.__version__, "threads": torch.get_num_threads(), "renderer": renderer_name(),
            "date": time.strftime("%Y-%m-%d")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny settings: shows that everything runs, not how fast")
    parser.add_argument("--out", type=Path, help="folder for results.json and chart.svg (default benchmarks; quick: runs/bench)")
    wish = parser.parse_args()
    out = wish.out or (HERE.parent / "runs/bench" if wish.quick else HERE)
    figures = measure(QUICK if wish.quick else Settings())
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(figures, indent=1) + "\n")
    (out / "chart.svg").write_text(chart.draw(figures))
    for bar in figures["bars"]:
        print(f"{'holds' if bar['holds'] else 'FAILS'}  {chart.figure_text(bar['got']):>8}  ({bar['wanted']})  {bar['what']}")


if __name__ == "__main__":
    main()
