"""How fast the composer writes, and how much memory it takes."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from posterbeat.cpu import about_processor
from posterbeat.genres import GENRES
from train.music import generate_sets
from train.music.measure_pieces import SEED, interval


def speed(weights: Path, runs: int) -> dict:
    """Notes a second of whole pieces of 600 notes, two threads, model loaded, how long 300 and 1,000 notes take,
    and where that was measured."""
    import torch

    from posterbeat.composer.model import BiLSTMComposer

    torch.set_num_threads(2)
    composer = BiLSTMComposer.from_pretrained(weights)
    composer.generate("drama", notes=64, seed=0)  # the first run pays for what is built once

    def seconds(notes, seed):
        start = time.perf_counter()
        composer.generate(GENRES[seed % len(GENRES)], notes=notes, seed=seed)
        return time.perf_counter() - start

    rates = [generate_sets.NOTES / seconds(generate_sets.NOTES, seed) for seed in range(runs)]
    return interval(rates, np.median, SEED) | about_processor() | {
        "seconds_300": round(float(np.median([seconds(300, seed) for seed in range(5)])), 3),
        "seconds_1000": round(float(np.median([seconds(1000, seed) for seed in range(5)])), 3)}


# VmHWM, not getrusage: the latter starts at the peak of the process that began this one.
_MEMORY = """
import sys
from posterbeat.composer.model import BiLSTMComposer

def peak():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmHWM"))

imported = peak()
BiLSTMComposer.from_pretrained(sys.argv[1]).generate("action", notes=2000, seed=0)
print(imported, peak())
"""


def memory(weights: Path) -> dict:
    """Most memory of a process that loads the composer and writes 2,000 notes, and how much of it the imports took, in MB.

    Linux alone tells it.
    """
    out = subprocess.run([sys.executable, "-c", _MEMORY, str(weights)], check=True, capture_output=True, text=True).stdout
    imported, whole = (round(int(kib) / 1024) for kib in out.split()[-2:])
    return {"imports": imported, "whole": whole, "composer": whole - imported}
