"""How long each station takes here: make bench, or python -m benchmarks --runs 5 --notes 300 --json speed.json

Medians, with the models loaded and one warm-up run before. Two threads by default, as on a small Space.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

POSTER = Path(__file__).resolve().parents[1] / "examples/posters/horror.jpg"
IMPORT = "import posterbeat; posterbeat.PosterBeat; from posterbeat import PosterClassifier, BiLSTMComposer"


def median_seconds(work, runs: int) -> float:
    """Median duration of `work(run)` for run = 1 ... runs, after one call that is not counted."""
    work(0)
    times = []
    for run in range(1, runs + 1):
        start = time.perf_counter()
        work(run)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(runs: int, notes: int, threads: int) -> dict:
    """Seconds of every station, and what they were measured with."""
    fresh = median_seconds(lambda run: subprocess.run([sys.executable, "-c", IMPORT], check=True), min(runs, 3))
    import torch

    from posterbeat import PosterBeat
    from posterbeat.audio.render import render, renderer_name

    torch.set_num_threads(threads)
    start = time.perf_counter()
    beat = PosterBeat.load()
    loading = time.perf_counter() - start
    midi = beat.compose("horror", notes, seed=1).midi
    return {
        "machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "threads": threads,
        "python": platform.python_version(), "torch": torch.__version__, "renderer": renderer_name(),
        "runs": runs, "notes": notes,
        "seconds": {
            "import in a fresh process": fresh,
            "load both networks": loading,
            "read a poster": median_seconds(lambda run: beat.read(POSTER), 4 * runs),
            f"write {notes} notes": median_seconds(lambda run: beat.compose("horror", notes, seed=run).score, runs),
            f"play them ({midi.get_end_time():.0f} s of music)": median_seconds(lambda run: render(midi), runs),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--notes", type=int, default=300)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wish = parser.parse_args()
    figures = measure(wish.runs, wish.notes, wish.threads)
    for name, seconds in figures["seconds"].items():
        print(f"{name:40} {1000 * seconds:9.0f} ms")
    print(f"{figures['threads']} threads, {figures['cores']} cores, torch {figures['torch']}, {figures['renderer']}")
    if wish.json:
        wish.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
