"""Say what became of the reference study's stacks: metrics.json and the card beside the final stack's weights.

    python -m train.study.evaluate weights/historical ../shared/data/midi

Every run of `train.study.train` under runs/historical is measured: its loss on windows it learned from and on unseen ones,
and 20 pieces of 300 notes, seeds 0 to 19, as the study made them: a window of a training piece is read first and the
likeliest word always taken. The final stack is also measured as it ships, begun with words drawn by how often each was seen.
Beside them stand real pieces told in the study's words, the composer, and real pieces as they are.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from posterbeat import evaluation
from posterbeat.evaluation.judge import Judge
from posterbeat.genres import GENRES
from posterbeat.music.historical import HistoricalStack, score_of
from posterbeat.music.score import Score
from train.music import train_judge
from train.music.data import head, read_split
from train.music.evaluate import copy_index, judged
from train.music.measure_pieces import interval, measure_piece, summarise
from train.study import write_card
from train.study.train import RUNS, losses, texts, windows
from train.study.word_figures import SEED, cut, of_words
from train.tables import sentences

NOTES = 300
LOSS_WINDOWS = 1000
FIGURES = ("copied_longest_median", "copied_longest_p95", "copied_8_median", "copied_8_p95", "collapsed",
           "pitch_class_entropy", "scale_consistency", "groove_consistency", "returning_bars", "opening_returns",
           "families", "notes_at_once", "ends")


def of_scores(scores: list[Score], genre: str, index: evaluation.CopyIndex, judge: Judge) -> dict[str, dict]:
    """The composer's figures as far as they apply to pieces of one genre on a fixed step."""
    figures = summarise([measure_piece(score, index) for score in scores], SEED)
    heard = judged(judge, {name: scores if name == genre else [] for name in GENRES})
    return {name: figures[name] for name in FIGURES} | {"judge_recall": heard}


def compose(stack: HistoricalStack, openings: np.ndarray, notes: int, kept: Path) -> list[list[str]]:
    """Words of a piece for each opening, kept as text until the stack or the openings change, and as MIDI to be heard."""
    digest = hashlib.sha256(openings.tobytes() + str(notes).encode())
    for value in stack.state_dict().values():
        digest.update(value.numpy().tobytes())
    path = kept / "words.json"
    if path.exists():
        stored = json.loads(path.read_text())
        if stored["of"] == digest.hexdigest():
            return stored["words"]
    words = stack.write(openings, notes)
    kept.mkdir(parents=True, exist_ok=True)
    for seed, text in enumerate(words):
        score_of(text, notes).to_midi().write(str(kept / f"{stack.config.genre}_{seed:03d}.mid"))
    path.write_text(json.dumps({"of": digest.hexdigest(), "words": words}))
    return words


def measure_run(run: Path, data: Path, judge: Judge, pieces: int, drawn: bool = False) -> dict:
    """The record of one run: what was learned, the losses reached, and the figures of its pieces.

    Parameters
    ----------
    drawn : also compose from openings drawn by how often each word was seen
    """
    stack = HistoricalStack.from_pretrained(run)
    log = json.loads((run / "log.json").read_text())
    learn = texts(data, "train", log["genre"], log["notes"])
    rows, after = windows(stack, learn)
    unseen = texts(data, "val", log["genre"], max(2000, log["notes"] // 5), set(stack.config.words))
    record = {name: value for name, value in log.items() if name not in ("pieces", "rounds")}
    record |= {"pieces_learned": log["pieces"], "curve": log["rounds"]}
    for kind, of, then in (("train", rows, after), ("val", *windows(stack, unseen))):
        loss, right = losses(stack, of, then, LOSS_WINDOWS)
        record |= {f"{kind}_loss": interval(loss, seed=SEED), f"{kind}_right": interval(right, seed=SEED)}
    index = evaluation.CopyIndex([evaluation.melody_pairs(score_of(text, 10**6)) for text in learn])
    sets = {"pieces": np.stack([rows[np.random.default_rng(seed).integers(len(rows))].numpy() for seed in range(pieces)])}
    if drawn:
        sets["shipped"] = np.concatenate([stack.openings(1, np.random.default_rng(seed)) for seed in range(pieces)])
    for name, openings in sets.items():
        words = compose(stack, openings, NOTES, run / name)
        record[name] = of_words([cut(text, NOTES) for text in words]) | of_scores(
            [score_of(text, NOTES) for text in words], log["genre"], index, judge)
    real = [cut(text, NOTES) for text in texts(data, "val", log["genre"], 10**7)[:5 * pieces]]
    record["real"] = of_words(real) | of_scores([score_of(text, NOTES) for text in real], log["genre"], index, judge)
    print(f"measured {run.name}", flush=True)
    return record


def beside(weights: Path, data: Path, work: Path, genre: str, judge: Judge, pieces: int) -> dict[str, dict]:
    """The same figures of the composer and of real test pieces, copying against all training pieces."""
    from posterbeat.composer.model import BiLSTMComposer

    composer, index = BiLSTMComposer.from_pretrained(weights), copy_index(data, work)
    real = [head(piece.score, NOTES) for piece in read_split(data, "test") if piece.on_grid and piece.genre == genre]
    made = [composer.generate(genre, notes=NOTES, seed=seed) for seed in range(pieces)]
    return {"composer": of_scores(made, genre, index, judge), "real": of_scores(real, genre, index, judge)}


def evaluate(out: Path, data: Path, work: Path, runs: list[Path], composer: Path, pieces: int) -> dict:
    """Measure all runs and write metrics.json into `out`; returns what it holds."""
    trained = work.parent / "judge" / "judge.skops"
    if not trained.exists():
        train_judge.train(data, trained.parent)
    judge = Judge.load(trained)
    ships = hashlib.sha256((out / "model.safetensors").read_bytes()).digest()
    metrics = {"seed": SEED, "notes": NOTES, "pieces": pieces, "ships": None, "runs": {}}
    for run in runs:
        same = hashlib.sha256((run / "model.safetensors").read_bytes()).digest() == ships
        metrics["ships"] = run.name if same else metrics["ships"]
        metrics["runs"][run.name] = measure_run(run, data, judge, pieces, drawn=same)
    genre = metrics["runs"][runs[0].name]["genre"]
    work.mkdir(parents=True, exist_ok=True)
    metrics["beside"] = beside(composer, data, work, genre, judge, pieces)
    metrics["findings"] = write_card.findings(metrics)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n")
    return metrics


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="config.json and model.safetensors of the stack that ships")
    parser.add_argument("data", type=Path, help="midi.csv and the pieces")
    parser.add_argument("--runs", type=Path, nargs="+", help=f"by default all under {RUNS}")
    parser.add_argument("--composer", type=Path, default=Path("weights/composer"))
    parser.add_argument("--work", type=Path, default=Path("runs/measure"))
    parser.add_argument("--pieces", type=int, default=20)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    runs = options.runs or sorted(path.parent for path in RUNS.glob("*/model.safetensors"))
    metrics = evaluate(options.weights, options.data, options.work, runs, options.composer, options.pieces)
    (options.weights / "README.md").write_text(write_card.card(metrics), encoding="utf-8")
    for finding in metrics["findings"]:
        print(f"{'seen' if finding['seen'] else 'NOT SEEN'}: {finding['stack']}: {finding['study']} {finding['here']}")


if __name__ == "__main__":
    main()
