"""Measure the composer and write metrics.json and the card beside its weights.

    python -m train.music.evaluate weights/composer ../shared/data/midi

Composes 100 pieces a genre (600 notes, temperature 1, seeds 0 to 99, default settings), keeps them as MIDI in the
work folder, and measures them, real `test` and real `val` pieces alike. `--pieces 10` gives a quick look; every figure
says how many pieces it rests on.
"""

import argparse
import hashlib
import itertools
import json
from pathlib import Path

import numpy as np

from posterbeat import evaluation
from posterbeat.evaluation.judge import Judge, macro_recall
from posterbeat.genres import GENRES
from posterbeat.music.score import Score
from train.music import generate_sets, plan_figures, train_judge, write_card
from train.music.batches import Corpus
from train.music.data import Piece, head, read_split
from train.music.likelihood import composer_bits, yardsticks
from train.music.measure_pieces import SEED, measure_piece, overlap_by_genre, summarise
from train.music.speed import memory, speed
from train.tables import sentences

PARTS = ("real", "pieces", "plans", "bits", "speed")


def copy_index(data: Path, work: Path) -> evaluation.CopyIndex:
    """The index of all training melodies, built once."""
    path = work / "copies.npz"
    if not path.exists():
        index = evaluation.CopyIndex([evaluation.melody_pairs(piece.score) for piece in read_split(data, "train")])
        index.save(path)
    return evaluation.CopyIndex.load(path)


def measured(name: str, scores: list[Score], index: evaluation.CopyIndex, work: Path) -> list[dict[str, float]]:
    """`measure_piece` of every score, kept in the work folder until the measures or the pieces change."""
    digest = hashlib.sha256()
    for path in sorted(Path(evaluation.__file__).parent.glob("*.py")) + [Path(__file__).with_name("measure_pieces.py")]:
        digest.update(path.read_bytes())
    for score in scores:
        for array in (score.onset, score.duration, score.pitch, score.velocity, score.program):
            digest.update(array.tobytes())
    path = work / "rows" / f"{name}.json"
    if path.exists():
        kept = json.loads(path.read_text())
        if kept["of"] == digest.hexdigest():
            return kept["rows"]
    rows = [measure_piece(score, index) for score in scores]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"of": digest.hexdigest(), "rows": rows}))
    return rows


def judged(judge: Judge, sets: dict[str, list[Score]]) -> dict:
    """Macro recall of the judge on pieces by genre, its interval, recall and mean probability by genre."""
    shares, genre = [], []
    for number, name in enumerate(GENRES):
        if sets[name]:
            shares.append(judge.hear(sets[name]))
            genre += [number] * len(sets[name])
    if not shares:
        return {"value": None, "low": None, "high": None, "n": 0}
    shares, genre = np.concatenate(shares), np.array(genre)
    rng = np.random.default_rng(SEED)
    draws = []
    for _ in range(1000):  # resampled within each genre, as the figure is a mean over genres
        rows = np.concatenate([rng.choice(np.flatnonzero(genre == number), (genre == number).sum())
                               for number in np.unique(genre)])
        draws.append(macro_recall(shares[rows], genre[rows]))
    low, high = np.percentile(draws, [2.5, 97.5])
    recall = {GENRES[number]: round(float((shares[genre == number].argmax(1) == number).mean()), 4)
              for number in np.unique(genre)}
    return {"value": round(macro_recall(shares, genre), 4), "low": round(low, 4), "high": round(high, 4),
            "n": len(genre), "recall": recall}


def mix_monotone(judge: Judge, folder: Path, pieces: int) -> dict:
    """Spearman correlation of a mixture's weight with the judge's mean probability, mean over the ten pairs."""
    from scipy.stats import spearmanr

    weights = (0.0, *generate_sets.WEIGHTS, 1.0)
    by_pair, single, heard = {}, [], {}
    for one, two in itertools.combinations(GENRES, 2):
        names = [one, *(f"{one}+{two}_{weight}" for weight in generate_sets.WEIGHTS), two]
        sets = [generate_sets.read_set(folder, name, pieces) for name in names]
        if not all(sets):
            return {"value": None, "low": None, "high": None, "n": 0}
        chances = [judge.hear(scores)[:, GENRES.index(two)] for scores in sets]
        pair = f"{one} to {two}"
        heard[pair] = chances
        by_pair[pair] = round(float(spearmanr(weights, [c.mean() for c in chances]).statistic), 4)
        single.append(spearmanr(np.repeat(weights, [len(c) for c in chances]), np.concatenate(chances)).statistic)
    rng = np.random.default_rng(SEED)
    draws = [np.mean([spearmanr(weights, [rng.choice(c, len(c)).mean() for c in chances]).statistic
                      for chances in heard.values()]) for _ in range(300)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return {"value": round(float(np.mean(list(by_pair.values()))), 4), "low": round(float(low), 4),
            "high": round(float(high), 4), "n": sum(len(c) for chances in heard.values() for c in chances),
            "by_pair": by_pair, "of_single_pieces": round(float(np.mean(single)), 4)}


def evaluate(weights: Path, data: Path, work: Path, pieces: int, mix_pieces: int, processes: int,
             others: dict[str, Path], parts: set[str], prepared: Path, lent_pieces: int) -> dict:
    """All figures of `parts`; what is not asked for is kept from the last metrics.json.

    Parts are "real" (real pieces and yardsticks, kept in the work folder for the others), "pieces", "plans" (over drawn and
    lent plans), "bits" and "speed". `prepared` is what `train.music.prepare` wrote.
    """
    path = weights / "metrics.json"
    metrics = json.loads(path.read_text()) if path.exists() else {}
    metrics |= {"seed": SEED, "notes": generate_sets.NOTES, "temperature": 1.0}
    work.mkdir(parents=True, exist_ok=True)
    test, val = list(read_split(data, "test")), list(read_split(data, "val"))
    grid = {name: [piece for piece in split if piece.on_grid] for name, split in (("test", test), ("val", val))}

    if "real" in parts:
        yardsticks(data, grid["test"], work)
        index = copy_index(data, work)
        for name, by in real_sets(test, val, grid).items():
            measured(name, [score for genre in GENRES for score in by[genre]], index, work)
    if "speed" in parts:
        metrics["notes_per_second"] = speed(weights, 20)
        metrics["memory_mb"] = memory(weights)
    if "bits" in parts:
        apart = [piece for piece in test if not piece.on_grid]
        metrics["bits_per_note"] = yardsticks(data, grid["test"], work) | composer_bits(weights, grid["test"], apart)
    if "pieces" in parts:
        metrics |= measure_sets(weights, data, work, pieces, mix_pieces, processes, others, test, val, grid)
    if "plans" in parts:
        metrics["plans"] = measure_plans(weights, work, pieces, lent_pieces, processes, grid["test"], prepared)
    metrics["bars"] = write_card.bars(metrics)
    return metrics


def measure_plans(weights: Path, work: Path, pieces: int, lent_pieces: int, processes: int, test: list[Piece],
                  prepared: Path) -> dict:
    """The figures of pieces over drawn and over lent plans, beside real ones."""
    folder = work / generate_sets.fingerprint(weights)
    generate_sets.compose(weights, folder, generate_sets.genre_jobs(pieces), processes)
    plan_figures.compose_lent(weights, folder / "lent", prepared, range(lent_pieces))
    sets = {name: {genre: generate_sets.read_set(place, genre, pieces) for genre in GENRES}
            for name, place in (("drawn", folder), ("lent", folder / "lent"))}
    real = {genre: [piece.score for piece in test if piece.genre == genre] for genre in GENRES}
    return plan_figures.plan_figures(sets, real, Corpus(prepared, "train"))


def real_sets(test: list[Piece], val: list[Piece], grid: dict[str, list[Piece]]) -> dict[str, dict[str, list[Score]]]:
    """Sets of real scores by genre: as long as generated pieces, whole on a beat grid, and whole of all kinds."""
    def by_genre(split, notes=None):
        return {genre: [head(piece.score, notes) if notes else piece.score for piece in split if piece.genre == genre]
                for genre in GENRES}

    return {
        "real_test_600": by_genre(grid["test"], generate_sets.NOTES),
        "real_val_600": by_genre(grid["val"], generate_sets.NOTES),
        "real_test_grid": by_genre(grid["test"]),
        "real_test": by_genre(test),
        "real_val": by_genre(val),
    }


def measure_sets(weights, data, work, pieces, mix_pieces, processes, others, test, val, grid) -> dict:
    """The figures of generated and of real pieces side by side."""
    if not (work.parent / "judge" / "judge.skops").exists():
        train_judge.train(data, work.parent / "judge")
    judge = Judge.load(work.parent / "judge" / "judge.skops")
    index = copy_index(data, work)
    folder = work / generate_sets.fingerprint(weights)
    generate_sets.compose(weights, folder, generate_sets.genre_jobs(pieces), processes)
    generate_sets.compose(weights, folder, generate_sets.mixture_jobs(mix_pieces), processes)

    sets = {"generated": {genre: generate_sets.read_set(folder, genre, pieces) for genre in GENRES}}
    sets |= real_sets(test, val, grid)
    for name, place in others.items():
        sets[name] = {genre: generate_sets.read_set(place, genre) for genre in GENRES}
    figures = {}
    for name, by in sets.items():
        rows = measured(name, [score for genre in GENRES for score in by[genre]], index, work)
        figures[name] = summarise(rows, SEED) | {"judge_recall": judged(judge, by)}
        print(f"measured {name}: {len(rows)} pieces", flush=True)
        like = sets["real_val_600"] if name == "real_test_600" else sets["real_test_600"]
        if name in ("generated", "real_test_600", *others):
            figures[name]["overlapped_area"] = overlap_by_genre(by, like, SEED)
    report = json.loads((work.parent / "judge" / "judge.json").read_text())
    return {"pieces_per_genre": pieces, "sets": figures, "mix_monotone": mix_monotone(judge, folder, mix_pieces),
            "judge": {name: value for name, value in report.items() if name != "tried"}}


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("data", type=Path, help="midi.csv and the pieces")
    parser.add_argument("--work", type=Path, default=Path("runs/measure"))
    parser.add_argument("--pieces", type=int, default=100, help="generated pieces a genre")
    parser.add_argument("--mix-pieces", type=int, default=10, help="generated pieces a mixture")
    parser.add_argument("--lent-pieces", type=int, default=30, help="pieces a genre over lent plans")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--also", nargs="*", default=[], metavar="NAME=FOLDER",
                        help="further sets of pieces, <genre>_<seed>.mid, such as those of the older stacks")
    parser.add_argument("--prepared", type=Path, default=Path("data/music.npz"), help="what train.music.prepare wrote")
    options = parser.parse_args()
    others = {name: Path(place) for name, place in (word.split("=", 1) for word in options.also)}
    metrics = evaluate(options.weights, options.data, options.work, options.pieces, options.mix_pieces,
                       options.processes, others, set(options.parts), options.prepared, options.lent_pieces)
    (options.weights / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    write_card.write(metrics, options.weights)
    for bar in metrics["bars"]:
        word = {True: "holds", False: "FAILS", None: "open"}[bar["holds"]]
        print(f"{word:5}  {bar['what']}: {bar['got']} ({bar['wanted']})")


if __name__ == "__main__":
    main()
