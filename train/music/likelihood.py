"""How well the composer foresees real pieces: bits a note, beside plain counts."""

import json
from pathlib import Path

import numpy as np
from rich.progress import track

from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from train.music.data import Piece, read_split
from train.music.measure_pieces import SEED
from train.music.ngrams import NGram

LONGEST = 2000  # notes of a piece that count
ORDERS = {"unigram": 0, "bigram": 1, "trigram": 2}


def bits_by_genre(bits, pieces: list[Piece]) -> dict:
    """Bits a note, mean over pieces, then over genres, with a bootstrap within genres."""
    values = {genre: np.array([bits(piece) for piece in pieces if piece.genre == genre]) for genre in GENRES}
    values = {genre: column for genre, column in values.items() if len(column)}
    rng = np.random.default_rng(SEED)
    draws = [np.mean([rng.choice(column, len(column)).mean() for column in values.values()]) for _ in range(1000)]
    low, high = np.percentile(draws, [2.5, 97.5])
    by_genre = {genre: round(float(column.mean()), 4) for genre, column in values.items()}
    value = float(np.mean([column.mean() for column in values.values()]))
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4),
            "n": sum(map(len, values.values())), "by_genre": by_genre}


def yardsticks(data: Path, test: list[Piece], work: Path) -> dict:
    """Bits a note of counts of the same fields, learned from the training pieces with a sound beat grid."""
    path = work / "yardsticks.json"
    if path.exists():
        return json.loads(path.read_text())
    learn = [encode(piece.score).fields.astype(np.uint8) for piece in read_split(data, "train") if piece.on_grid]
    figures = {}
    for within, names in ((False, ("unigram", "bigram", "trigram")), (True, ("trigram_within_note",))):
        model = NGram(learn, 2, within)
        for name in names:
            order = ORDERS[name.split("_")[0]]
            figures[name] = bits_by_genre(
                lambda piece, order=order, model=model: model.bits(encode(piece.score).fields[:LONGEST], order), test)
            print(f"{name}: {figures[name]['value']} bits a note", flush=True)
    path.write_text(json.dumps(figures, indent=2))
    return figures


def composer_bits(weights: Path, test: list[Piece], apart: list[Piece]) -> dict:
    """Bits a note of the composer, teacher forced: all of it and what it is made of; apart, pieces without a beat grid."""
    from posterbeat.composer.finished_piece import finished
    from posterbeat.composer.likelihood import bits_by_kind
    from posterbeat.composer.model import BiLSTMComposer
    from posterbeat.genres import mixture

    composer = BiLSTMComposer.from_pretrained(weights)

    def bits(piece):
        return bits_by_kind(composer.networks, composer.planner, finished(piece.score, mixture(piece.genre)), LONGEST)

    told = {piece.file: bits(piece) for piece in track([*test, *apart], description="bits a note")}
    names = {"all": "composer", "notes": "composer_notes_given_the_plan", "plan": "composer_plan", "parts": "composer_parts",
             "new": "composer_new"}
    return {words: bits_by_genre(lambda piece, kind=kind: told[piece.file][kind], test) for kind, words in names.items()} | {
        "composer_without_grid": bits_by_genre(lambda piece: told[piece.file]["all"], apart)}
