"""Sets of generated pieces kept as MIDI, so that measuring can be repeated without composing again."""

import hashlib
import itertools
import multiprocessing
from collections.abc import Iterable
from pathlib import Path

from rich.progress import track

from posterbeat.genres import GENRES
from posterbeat.music.score import Score
from posterbeat.whole_file import whole_file

NOTES = 600
WEIGHTS = (0.25, 0.5, 0.75)  # of the second genre; 0 and 1 are the genres' own sets


def fingerprint(weights: Path) -> str:
    """Twelve hexadecimal digits of the composer's weights and of its folder of code: while they stay, pieces are kept."""
    import posterbeat.composer

    digest = hashlib.sha256()
    code = sorted(Path(posterbeat.composer.__file__).parent.glob("*.py"))
    for path in [weights / "config.json", weights / "model.safetensors", *code]:
        if path.name != "worker.py":  # where it composes changes no note
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def genre_jobs(pieces: int) -> list[tuple[str, dict[str, float], int]]:
    """Names, mixtures and seeds of the genres' sets: seeds from 0, nothing picked."""
    return [(f"{genre}_{seed:03d}", {genre: 1.0}, seed) for genre in GENRES for seed in range(pieces)]


def mixture_jobs(pieces: int) -> list[tuple[str, dict[str, float], int]]:
    """The same for every two genres at the weights between."""
    return [(f"{one}+{two}_{weight}_{seed:03d}", {one: 1 - weight, two: weight}, seed)
            for one, two in itertools.combinations(GENRES, 2) for weight in WEIGHTS for seed in range(pieces)]


def compose(weights: Path, folder: Path, jobs: Iterable[tuple[str, dict[str, float], int]], processes: int = 1) -> None:
    """Write each job's piece as `<name>.mid` unless it is there already; 600 notes, temperature 1, default settings."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [job for job in jobs if not (folder / f"{job[0]}.mid").exists()]
    if not missing:
        return
    if processes == 1:
        _compose_part(weights, folder, missing, True)
        return
    context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    workers = [context.Process(target=_compose_part, args=(weights, folder, missing[part::processes], part == 0))
               for part in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("A composing process failed; its message is above.")


def _compose_part(weights, folder, jobs, show):
    import torch

    from posterbeat.composer.model import BiLSTMComposer

    torch.set_num_threads(1)
    composer = BiLSTMComposer.from_pretrained(weights)
    for name, mix, seed in track(jobs, description="composing", disable=not show):
        score = composer.generate(mix, notes=NOTES, temperature=1.0, seed=seed)
        with whole_file(folder / f"{name}.mid") as part:  # a piece that was cut off must not be taken for whole
            score.to_midi().write(str(part))


def read_set(folder: Path, prefix: str, pieces: int | None = None) -> list[Score]:
    """The pieces of one set, `<prefix>_<seed>.mid`, in the order of their seeds."""
    paths = sorted(path for path in folder.glob("*.mid") if path.stem.rsplit("_", 1)[0] == prefix)
    return [Score.from_midi(path) for path in paths[:pieces]]
