"""A stretch of a piece as tensors: everything the network sees of some of its notes."""

import numpy as np
import torch

from posterbeat.composer import network_input
from posterbeat.composer.find_repeats import bar_pointers
from posterbeat.composer.network import MEMORY, PHRASE, PLAYERS, Batch
from posterbeat.genres import GENRES


def stretch(piece: dict, start: int, phrases: int, hint: str, before: int, random: np.random.Generator | None = None) -> dict:
    """What the network sees of notes `start` to `start + phrases * PHRASE` of a piece.

    With `random`, conditions are left out now and then: genre once in eight, the others once in ten.
    Targets past the end of the piece are -100 in every field.
    """
    fields, onset, bar = piece["fields"].astype(np.int64), piece["onset"], int(piece["bar"])
    n, t = len(fields), phrases * PHRASE
    notes = network_input.notes_with_place(fields, onset, bar)
    if hint == "match":
        hints, kind = network_input.match_hints(fields, piece["match"], piece["match_length"])
    elif hint == "plan":
        hints, kind = network_input.plan_hints(fields, onset, bar, piece["bar_pointer"], piece["bar_similarity"])
    else:
        hints, kind = network_input.match_hints(fields, np.full(n, -1), np.zeros(n, int))
        kind[:] = network_input.NO_HINT
    bars = int(onset[-1]) // bar + 1
    back = network_input.place_hints(fields, onset, bar, bar_pointers(fields, onset, bar, np.arange(-1, bars - 1)))
    position = np.arange(start, start + t)
    real = position < n
    inside = np.minimum(position, n - 1)
    previous = np.where((position > 0)[:, None], notes[np.minimum(position, n) - 1], network_input.first_event())
    view = network_input.window(start, phrases)
    chosen = np.r_[0, 1 + MEMORY - before:len(view.starts)]
    reading = np.clip(view.starts[chosen, None] + np.arange(PHRASE), 0, n - 1)
    keep = random.random(5) if random is not None else np.ones(5)
    tempo, density = float(piece["tempo"]), float(piece["density"])
    mix = np.zeros(len(GENRES), np.float32)
    if keep[0] >= 1 / 8:
        mix[int(piece["genre"])] = 1
    ensemble = np.zeros(PLAYERS, np.float32)
    if keep[1] >= 0.1:
        ensemble[:-1] = piece["ensemble"] > 0.01
        ensemble[-1] = 1
    return {
        "previous": previous,
        "progress": network_input.progress_buckets(position, np.maximum(n - position, 0)),
        "hint": hints[inside],
        "hint_kind": kind[inside],
        "back": back[inside],
        "voice": network_input.voices(fields, onset)[inside],
        "target": np.where(real[:, None], fields[inside], -100),
        "phrases": notes[reading],
        "visible": np.repeat(view.visible[:, chosen], PHRASE, axis=0),
        "condition": network_input.condition_buckets(
            tempo if keep[2] >= 0.1 else None, density if keep[3] >= 0.1 else None,
            bool(piece["minor"]) if keep[4] >= 0.1 else None, bar),
        "mix": mix,
        "ensemble": ensemble,
    }


def collate(rows: list[dict]) -> Batch:
    """Stretches of one length as one batch of tensors."""
    return Batch(**{
        name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]
    })
