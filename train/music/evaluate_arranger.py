"""How far the arranger is: what it decides costs, whether it is told from people, whether it plays the chords it planned.

    python -m train.music.evaluate_arranger weights/arranger data/arranger.npz ../shared/data/midi runs/arranger.json --pieces 20

On `val` and seeds from 1000 on, for choosing; `--split test --seed 0 --pieces 100` is for the figures that are published.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from posterbeat.composer.brief import Brief
from posterbeat.composer.model import Arranger, to_score
from posterbeat.composer.parts import ACTIVE, BUSY, REGISTERS, VOICES, Arrangement, Part
from posterbeat.composer.plan import Plan, plan_of
from posterbeat.composer.plan_features import bar_columns
from posterbeat.composer.planner import plan_items
from posterbeat.composer.writer import bits
from posterbeat.evaluation.told_apart import NOTES, excerpt, features
from posterbeat.genres import GENRES, mixture
from posterbeat.instruments import DRUM_FAMILY, FAMILIES
from posterbeat.music.events import DURATIONS
from posterbeat.music.harmony import estimate_chords, slots_in_bar
from posterbeat.music.score import Score
from train.music.arranger_batches import Corpus
from train.music.arranger_batches import collate as collate_notes
from train.music.data import read_split
from train.music.tell_apart import told_apart
from train.music.train_planner import collate as collate_items
from train.music.train_planner import items_of

LONGEST = 2000  # notes of a piece that count for bits a note
SPLITS = ("train", "val", "test")
# A part's description, each of its fields as likely as any other: an upper bound of what it costs.
PART_BITS = float(np.log2([len(FAMILIES), REGISTERS, VOICES, BUSY, ACTIVE, 8]).sum())


def piece_of(corpus: Corpus, index: int) -> tuple[Arrangement, Plan, Brief]:
    """A prepared piece, its plan, and the brief that it would have been written to."""
    parts = tuple(Part(family, program, register, voices, busy, active)
                  for family, register, voices, busy, active, program in corpus.array("parts", index).tolist())
    copy, about, pace = corpus.array("copy", index), corpus.arrays["about"][index], corpus.array("pace", index)[0]
    piece = Arrangement(parts, int(about[3]), corpus.array("start", index), corpus.array("notes", index))
    plan = Plan(copy, corpus.array("chord", index), corpus.array("bass", index),
                corpus.array("cells", index).reshape(len(copy), len(parts), 5))
    return piece, plan, Brief(float(pace[0]), float(pace[1]), bool(about[5]), int(about[3]), int(about[6]), parts)


def bars_of(piece: Arrangement, notes: int) -> int:
    """How many bars hold at most so many notes; at least one."""
    ends = piece.start[len(piece.parts)::len(piece.parts)]
    return max(1, int(np.searchsorted(ends, notes, side="right")))


def encoded(piece: Arrangement, notes: int) -> int:
    """How many of the first notes are different in onset, family and pitch: what `events.encode` keeps."""
    family = np.array([part.family for part in piece.parts])[piece.part_of_notes()[:notes]]
    return len(np.unique(np.stack([piece.onsets()[:notes], family, piece.notes[:notes, 1]]), axis=1).T)


@torch.inference_mode()
def bits_per_note(model: Arranger, corpus: Corpus, index: int) -> dict[str, float]:
    """What a piece costs, in bits over its notes: its notes given the plan, the plan, its parts; and all of it.

    Its first bars, up to 2,000 notes. A note is free only in a cell that is a copy in every field.
    """
    piece, plan, _ = piece_of(corpus, index)
    bars, voices = bars_of(piece, LONGEST), len(piece.parts)
    last = int(piece.start[bars * voices])
    count = encoded(piece, last)
    written = int(np.searchsorted(corpus.array("w_note", index), last))
    note_bits = 0.0
    if written:
        plans, batch = collate_notes([corpus.stretch(index, 0, written, plan.bars)])
        note_bits = float(bits(model.networks(plans, batch), batch.target).sum())
    cut = Plan(plan.copy[:bars], plan.chord[:bars], plan.bass[:bars], plan.cells[:bars])
    items = plan_items(cut, piece.parts, slots=slots_in_bar(piece.bar))
    told = items_of(corpus, index, 0, 1)
    items["seen"][:, -1] = _left(items["cell"], plan, bars)
    costs = float(model.planner(collate_items([items | {name: told[name] for name in ("parts", "about", "mix")}])).sum())
    found = {"notes": note_bits / count, "plan": costs / count, "parts": (voices * PART_BITS + np.log2(len(FAMILIES))) / count}
    return found | {"all": sum(found.values())}


def _left(cell: np.ndarray, plan: Plan, bars: int) -> np.ndarray:
    """The column that says how many bars are left, counted in the whole piece."""
    return bar_columns(plan.copy, 0, plan.bars)[:bars, -1][np.cumsum(~cell) - 1]


def follows_plan(piece: Arrangement, plan: Plan) -> float:
    """Share of half-bars whose estimated chord is the planned one."""
    return float((plan_of(piece).chord == plan.chord).mean())


def heard_in_halves(piece: Arrangement, random: np.random.Generator) -> float:
    """The ceiling: chords estimated from one random half of a real piece's notes, and heard in the other."""
    tuned = np.array([part.family != DRUM_FAMILY for part in piece.parts])[piece.part_of_notes()]
    onset, notes = piece.onsets()[tuned], piece.notes[tuned].astype(np.int64)
    side = random.random(len(notes)) < 0.5
    one, two = (estimate_chords(onset[mine], DURATIONS[notes[mine, 2]], notes[mine, 1], piece.bar, piece.bars)[0]
                for mine in (side, ~side))
    return float((one == two).mean())


def composed(model: Arranger, seeds: range, lent: Corpus | None) -> tuple[list[Score], list[int], list[float]]:
    """Pieces of 600 notes over drawn plans, or over those of training pieces; their genres, and how they follow their plans."""
    scores, genres, follows = [], [], []
    for number, genre in enumerate(GENRES):
        mix = mixture(genre)
        for seed in seeds:
            random = np.random.default_rng(seed)
            if lent is None:
                brief = model._profiles.draw(random, mix)
                plan = model.plan(brief, mix, NOTES, random)
            else:
                long = (lent.genre[lent.pieces] == number) & (lent.lengths["notes"][lent.pieces] >= NOTES)
                piece, whole, brief = piece_of(lent, int(random.choice(lent.pieces[long])))
                bars = bars_of(piece, NOTES - 1) + 1
                plan = Plan(whole.copy[:bars], whole.chord[:bars], whole.bass[:bars], whole.cells[:bars])
            made = model.write(brief, plan, mix, random, closing=lent is None)
            scores.append(to_score(made, brief))
            genres.append(number)
            follows.append(follows_plan(made, plan))
    return scores, genres, follows


def evaluate(model: Arranger, data: Path, folder: Path, split: str, seeds: range, bits_pieces: int) -> dict:
    """All figures, by name."""
    held = Corpus(data, split)
    random = np.random.default_rng(0)
    by_genre = []
    for number in range(len(GENRES)):
        rows = [bits_per_note(model, held, int(index)) for index in held.pieces[held.genre[held.pieces] == number][:bits_pieces]]
        by_genre.append({name: np.mean([row[name] for row in rows]) for name in rows[0]})
    figures = {"bits_per_note": {name: round(float(np.mean([row[name] for row in by_genre])), 4) for name in by_genre[0]}}
    ceiling = [heard_in_halves(piece_of(held, int(index))[0], random) for index in held.pieces[::5]]
    real = [(GENRES.index(piece.genre), features(cut)) for piece in read_split(folder, split)
            if piece.on_grid and (cut := excerpt(piece.score)) is not None]
    figures["real"] = _harmony(real)
    for name, lent in (("drawn", None), ("lent", Corpus(data, "train"))):
        scores, genres, follows = composed(model, seeds, lent)
        rows = [(genre, features(cut)) for genre, score in zip(genres, scores) if (cut := excerpt(score)) is not None]
        told = told_apart(real, rows)
        figures[name] = {"pieces": len(rows), "told_apart": told.auc, "telling": told.telling, **_harmony(rows),
                         "follows_plan": round(float(np.mean(follows)), 4)}
    figures["follows_plan_ceiling"] = round(float(np.mean(ceiling)), 4)
    return figures | {"split": split, "seeds": [seeds.start, seeds.stop - 1]}


def _harmony(rows: list[tuple[int, dict]]) -> dict[str, float]:
    names = [name for name in rows[0][1] if name.startswith("harmony: ")]
    return {name.removeprefix("harmony: "): round(float(np.nanmean([row[name] for _, row in rows])), 4) for name in names}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="val")
    parser.add_argument("--seed", type=int, default=1000, help="the first")
    parser.add_argument("--pieces", type=int, default=20, help="composed a genre")
    parser.add_argument("--bits-pieces", type=int, default=40, help="real ones a genre that bits are counted on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures = evaluate(Arranger.from_pretrained(options.weights), options.data, options.folder, options.split,
                       range(options.seed, options.seed + options.pieces), options.bits_pieces)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(options.out.read_text(), end="")


if __name__ == "__main__":
    main()
