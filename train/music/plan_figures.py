"""Figures of planning: is a piece told from people's, does it play the chords it planned, is its plan anybody's.

Over drawn plans, which is what users get, and over plans lent from training pieces, which is what the writer alone could do:
the yardstick. A training piece's plan never leaves this folder.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rich.progress import track

from posterbeat.composer.brief import Brief
from posterbeat.composer.likelihood import bars_of
from posterbeat.composer.model import BiLSTMComposer, to_score
from posterbeat.composer.parts import MOST_PARTS, arrange
from posterbeat.composer.plan import KINDS, Plan, plan_of
from posterbeat.composer.sections import outline
from posterbeat.evaluation import CopyIndex
from posterbeat.evaluation.plan import chord_moves, follows_plan, heard_chords, heard_in_halves, planned_chords
from posterbeat.evaluation.told_apart import NOTES, excerpt, features
from posterbeat.genres import GENRES, mixture
from posterbeat.music.score import Score
from posterbeat.whole_file import whole_file
from train.music.batches import Corpus
from train.music.measure_pieces import SEED, interval, upper
from train.music.tell_apart import told_apart


def compose_lent(weights: Path, folder: Path, prepared: Path, seeds: Iterable[int]) -> None:
    """Write `<genre>_<seed>.mid` over the plan, the parts and the tempo of a training piece each, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(genre, seed) for genre in GENRES for seed in seeds if not (folder / f"{genre}_{seed:03d}.mid").exists()]
    if not jobs:
        return
    composer, lent = BiLSTMComposer.from_pretrained(weights), Corpus(prepared, "train")
    for genre, seed in track(jobs, description="composing over lent plans"):
        random = np.random.default_rng(seed)
        long = (lent.genre[lent.pieces] == GENRES.index(genre)) & (lent.lengths["notes"][lent.pieces] >= NOTES)
        index = int(random.choice(lent.pieces[long]))
        whole = lent.finished(index)
        bars = bars_of(whole.piece, NOTES - 1) + 1
        plan = Plan(whole.plan.copy[:bars], whole.plan.chord[:bars], whole.plan.bass[:bars], whole.plan.cells[:bars])
        brief = Brief(whole.tempo, whole.density, whole.minor, whole.piece.bar, whole.shift, whole.piece.parts)
        made = composer.write(brief, plan, mixture(genre), random, closing=False)
        with whole_file(folder / f"{genre}_{seed:03d}.mid") as part:
            to_score(made, brief, outline(plan, brief)).to_midi().write(str(part))


def described(sets: dict[str, list[Score]]) -> list[tuple[int, dict[str, float]]]:
    """Genre and features of every piece of at least 600 notes."""
    return [(number, features(cut)) for number, genre in enumerate(GENRES) for score in sets[genre]
            if (cut := excerpt(score)) is not None]


def plan_figures(sets: dict[str, dict[str, list[Score]]], real: dict[str, list[Score]], learned: Corpus) -> dict:
    """All figures; each set's under its name, the real pieces' under "real".

    Parameters
    ----------
    sets : composed pieces by set and genre; real : whole real pieces on a beat grid, by genre
    learned : the training pieces, whose chords a plan must not have copied
    """
    people, random = described(real), np.random.default_rng(SEED)
    chords = CopyIndex([chord_moves(_slots(learned, piece)) for piece in learned.pieces])
    work = CopyIndex([division_of_work(_kinds(learned, piece)) for piece in learned.pieces])

    def copied(moves: list[np.ndarray], kinds: list[np.ndarray]) -> dict[str, dict]:
        return _longest("plan_copied", chords, moves) | _longest(
            "kinds_copied", work, [division_of_work(one) for one in kinds]) | {"cells": _cells(kinds)}

    flat = [score for genre in GENRES for score in real[genre]]
    figures = {"real": {
        "pieces": len(people), "harmony": _harmony(people),
        "follows_plan": interval([heard_in_halves(score, random) for score in flat]),
        **copied([chord_moves(heard_chords(score)) for score in flat], [kinds_of(score) for score in flat])}}
    for name, by_genre in sets.items():
        scores, made = [score for genre in GENRES for score in by_genre[genre]], described(by_genre)
        told = told_apart(people, made)
        figures[name] = {
            "pieces": len(made), "told_apart": told.auc, "telling": told.telling, "harmony": _harmony(made),
            "follows_plan": interval([follows_plan(score) for score in scores]),
            **copied([chord_moves(planned_chords(score)) for score in scores], [kinds_of(score) for score in scores])}
    return figures


def _slots(learned: Corpus, piece: int) -> np.ndarray:
    """The chords of a training piece in a row; where a bar has one, it stands twice, which no move comes of."""
    return learned.array("chord", piece).astype(np.int64).reshape(-1)


def kinds_of(score: Score) -> np.ndarray:
    """Kinds of a piece's cells as they were heard, however they were planned: np.ndarray of uint8, shape (bars, parts)."""
    return plan_of(arrange(score.onset, score.duration, score.pitch, score.velocity, score.program, score.part, score.bar)).kind


def division_of_work(kinds: np.ndarray) -> np.ndarray:
    """How many parts are silent, play something new, varied, nearly or literally repeated, from each bar to the next other one.

    Returns
    -------
    np.ndarray of uint16, numbers above 0 for `CopyIndex`
    """
    counts = (kinds[:, :, None] == np.arange(len(KINDS))).sum(1)  # up to eight parts
    number = 1 + counts @ (MOST_PARTS + 1) ** np.arange(len(KINDS))
    return number[np.append(True, np.diff(number) != 0)].astype(np.uint16) if len(number) else number.astype(np.uint16)


def _kinds(learned: Corpus, piece: int) -> np.ndarray:
    return learned.array("cells", piece)[:, 0].reshape(len(learned.array("copy", piece)), -1)


def _cells(kinds: list[np.ndarray]) -> dict[str, dict]:
    """Share of the cells of each kind, mean over pieces."""
    return {name: interval([float((one == number).mean()) for one in kinds]) for number, name in enumerate(KINDS)}


def _longest(name: str, index: CopyIndex, moves: list[np.ndarray]) -> dict[str, dict]:
    """The longest run of moves that a training piece has, too."""
    longest = [float(index.matches(one)[0].max(initial=0)) for one in moves]
    return {f"{name}_median": interval(longest, np.median), f"{name}_p95": interval(longest, upper)}


def _harmony(rows: list[tuple[int, dict[str, float]]]) -> dict[str, dict]:
    names = [name for name in (rows[0][1] if rows else ()) if name.startswith("harmony: ")]
    return {name.removeprefix("harmony: "): interval([row[name] for _, row in rows]) for name in names}
