"""What a piece costs: bits of all that has to be decided, its parts, its plan and its notes, over its notes."""

import numpy as np
import torch

from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.parts import ACTIVE, BUSY, REGISTERS, VOICES, Arrangement
from posterbeat.composer.plan_excerpt import collate_items, plan_stretch
from posterbeat.composer.planner import Planner
from posterbeat.composer.writer import ReaderWriter, bits
from posterbeat.instruments import DRUM_FAMILY, FAMILIES, PROGRAMS

# A part's description, each value of a field as likely as any other: more than it need cost.
_PART_BITS = float(np.log2([len(FAMILIES), REGISTERS, VOICES, BUSY, ACTIVE, PROGRAMS // DRUM_FAMILY]).sum())
_COUNT_BITS = float(np.log2(len(FAMILIES)))  # of how many there are
_RUN = 4  # notes that are new where they were not heard in a row before


@torch.inference_mode()
def bits_by_kind(networks: ReaderWriter, planner: Planner, of: Finished, limit: int = 2000) -> dict[str, float]:
    """Bits over notes of the first bars that hold at most `limit` notes: "notes" given the plan, "plan", "parts", and "all".

    A note is free only in a cell that repeats another in every field. "new" is "all" over the notes that come after four
    which were not heard in a row before: what the plan of a bar costs is shared by the bar's notes.
    """
    piece, plan = of.piece, of.plan
    bars, voices = bars_of(piece, limit), len(piece.parts)
    last = int(piece.start[bars * voices])
    written = int(np.searchsorted(of.view["note"], last))
    of_notes = np.zeros(last)
    if written:
        plans, batch = collate([stretch(of, 0, written, plan.bars)])
        of_notes[of.view["note"][:written]] = bits(networks(plans, batch), batch.target)[0, :written].sum(-1)
    items = plan_stretch(of, 0, None)
    sizes = np.where(plan.copy[:bars] > 0, 1, 1 + voices)
    items |= {name: items[name][:sizes.sum()] for name in ("seen", "chords", "recalled", "target", "cell")}
    of_bars = np.add.reduceat(planner(collate_items([items]))[0].sum(-1).numpy(), np.cumsum(sizes) - sizes)
    of_parts = voices * _PART_BITS + _COUNT_BITS
    events, event = events_of(piece, last)
    found = {"notes": of_notes.sum() / len(events), "plan": of_bars.sum() / len(events), "parts": of_parts / len(events)}
    each = np.bincount(event, of_notes, len(events)) + of_parts / len(events) + _shared(of_bars, events[:, 0] // piece.bar)
    return {name: float(value) for name, value in found.items()} | {
        "all": float(sum(found.values())), "new": float(each[unheard(events)].mean())}


def _shared(of_bars: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """What each event pays of the costs of bars: its bar's, and those of the bars before it in which nothing begins.

    Those at the end, where nothing follows, are the last bar's.
    """
    sounding = np.unique(bar)
    paid_by = sounding[np.minimum(np.searchsorted(sounding, np.arange(len(of_bars))), len(sounding) - 1)]
    return (np.bincount(paid_by, of_bars) / np.maximum(np.bincount(bar), 1))[bar]


def unheard(events: np.ndarray) -> np.ndarray:
    """Which events come after four that were not heard in a row before: np.ndarray of bool, shape (events,).

    The first four do. `events` is as `events_of` gives it; the four are compared by family, pitch and the steps between them.
    """
    steps = np.diff(events[:, 0], prepend=events[:1, 0])
    new, heard = np.ones(len(events), bool), set()
    for index in range(_RUN, len(events)):
        run = slice(index - _RUN, index)
        key = events[run, 1:].tobytes() + steps[run][1:].tobytes()
        new[index] = key not in heard
        heard.add(key)
    return new


def bars_of(piece: Arrangement, notes: int) -> int:
    """How many bars hold at most so many notes; at least one."""
    ends = piece.start[len(piece.parts)::len(piece.parts)]
    return max(1, int(np.searchsorted(ends, notes, side="right")))


def events_of(piece: Arrangement, notes: int) -> tuple[np.ndarray, np.ndarray]:
    """The first notes as `events.encode` keeps them, those in unison once, in its order.

    Returns
    -------
    events : np.ndarray of int, shape (events, 3): onset, family, pitch
    event : np.ndarray of int, shape (notes,), the event that each note became
    """
    family = np.array([part.family for part in piece.parts])[piece.part_of_notes()[:notes]]
    rows = np.stack([piece.onsets()[:notes], family, piece.notes[:notes, 1]], axis=1).astype(np.int64)
    events, event = np.unique(rows, axis=0, return_inverse=True)
    return events, event.reshape(-1)
