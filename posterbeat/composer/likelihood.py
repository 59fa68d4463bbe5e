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


@torch.inference_mode()
def bits_by_kind(networks: ReaderWriter, planner: Planner, of: Finished, limit: int = 2000) -> dict[str, float]:
    """Bits over notes of the first bars that hold at most `limit` notes: "notes" given the plan, "plan", "parts", and "all".

    A note is free only in a cell that repeats another in every field.
    """
    piece, plan = of.piece, of.plan
    bars, voices = bars_of(piece, limit), len(piece.parts)
    last = int(piece.start[bars * voices])
    count = encoded(piece, last)
    written = int(np.searchsorted(of.view["note"], last))
    note_bits = 0.0
    if written:
        plans, batch = collate([stretch(of, 0, written, plan.bars)])
        note_bits = float(bits(networks(plans, batch), batch.target).sum())
    items = plan_stretch(of, 0, None)
    size = int(np.where(plan.copy[:bars] > 0, 1, 1 + voices).sum())
    items |= {name: items[name][:size] for name in ("seen", "chords", "recalled", "target", "cell")}
    costs = float(planner(collate_items([items])).sum())
    found = {"notes": note_bits / count, "plan": costs / count, "parts": (voices * _PART_BITS + _COUNT_BITS) / count}
    return found | {"all": sum(found.values())}


def bars_of(piece: Arrangement, notes: int) -> int:
    """How many bars hold at most so many notes; at least one."""
    ends = piece.start[len(piece.parts)::len(piece.parts)]
    return max(1, int(np.searchsorted(ends, notes, side="right")))


def encoded(piece: Arrangement, notes: int) -> int:
    """How many of the first notes are different in onset, family and pitch: what `events.encode` keeps."""
    family = np.array([part.family for part in piece.parts])[piece.part_of_notes()[:notes]]
    return len(np.unique(np.stack([piece.onsets()[:notes], family, piece.notes[:notes, 1]]), axis=1).T)
