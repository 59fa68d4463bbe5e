"""How well the composer foresees real pieces: bits a note, beside plain counts, and with one input at a time kept back."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from posterbeat.genres import GENRES
from posterbeat.music.events import encode
from train.music.data import Piece, head, read_split
from train.music.measure_pieces import SEED
from train.music.ngrams import NGram

LONGEST = 2000  # notes of a piece that count
WITHHELD_PIECES = 12  # of a genre, for what each input is worth
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
    """Bits a note of counts of the same fields, learnt from the training pieces with a sound beat grid."""
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
    """Bits a note of the composer, teacher forced, and apart those of pieces without a beat grid."""
    from posterbeat.composer.bilstm_composer import BiLSTMComposer

    composer = BiLSTMComposer.from_pretrained(weights)

    def bits(piece, attributes=True):
        return composer.bits_per_note(head(piece.score, LONGEST), piece.genre, attributes=attributes)

    return {"composer": bits_by_genre(bits, test),
            "composer_told_the_genre_alone": bits_by_genre(lambda piece: bits(piece, False), test),
            "composer_without_grid": bits_by_genre(bits, apart)}


def withheld(weights: Path, val: list[Piece]) -> dict:
    """Bits a note on `val` with one thing at a time kept from the trained network: what it makes of each of them."""
    import torch

    from posterbeat.composer import network_input
    from posterbeat.composer.bilstm_composer import BiLSTMComposer
    from posterbeat.composer.network import START, bits

    composer = BiLSTMComposer.from_pretrained(weights)
    nothing = torch.tensor([0, START, 0, 0, 0])

    def unknown(condition):
        least = torch.from_numpy(network_input.condition_buckets(None, None, None, None))
        return torch.cat([least[:3].expand(len(condition), 3), condition[:, 3:]], 1)

    keep_back = {
        "nothing": lambda batch: {},
        "the bidirectional reader": lambda batch: {"visible": torch.full_like(batch.visible, -1)},
        "all but the opening of what was read": lambda batch: {"visible": torch.where(batch.visible > 0, -1, batch.visible)},
        "where the piece repeats itself": lambda batch: {
            "hint": nothing.expand_as(batch.hint), "hint_kind": torch.full_like(batch.hint_kind, network_input.NO_HINT)},
        "what came a bar before": lambda batch: {"back": nothing.expand_as(batch.back)},
        "the genre": lambda batch: {"mix": torch.zeros_like(batch.mix)},
        "tempo, density and mode": lambda batch: {"condition": unknown(batch.condition)},
        "the ensemble": lambda batch: {"ensemble": torch.zeros_like(batch.ensemble)},
    }
    val = [piece for genre in GENRES for piece in [one for one in val if one.genre == genre][:WITHHELD_PIECES]]
    told = [(piece, composer.told(head(piece.score, LONGEST), piece.genre)) for piece in val]
    figures = {}
    for name, change in keep_back.items():
        values = {}
        for piece, batch in told:
            with torch.inference_mode():
                cost = bits(composer.network(dataclasses.replace(batch, **change(batch)))[0], batch.target)
            values[piece.file] = float(cost[0, :min(len(piece.score), LONGEST)].mean())
        figures[name] = bits_by_genre(lambda piece, values=values: values[piece.file], val)
    return figures
