"""However likely one pitch is, it does not take over a piece."""

import numpy as np
import torch

from posterbeat.composer.brief import Brief
from posterbeat.composer.parts import Part
from posterbeat.composer.pitch_shares import PitchShares
from posterbeat.composer.plan import LITERAL, NEW, Plan
from posterbeat.composer.writer import ReaderWriter
from posterbeat.composer.writer_step import WriterStep, WriterTables
from posterbeat.composer.writing import Sampling, Writing
from tests.composer.small import SIZES

PARTS = (Part(16, 128, 0, 1, 4, 5), Part(4, 33, 9, 0, 3, 5), Part(0, 0, 14, 2, 4, 5))


def looped(bars):
    """A plan whose bass plays its first bar again and again, the others something new each time; four notes a cell."""
    cells = np.zeros((bars, 3, 5), np.uint8)
    cells[...] = NEW, 0, 4, 9, 5
    cells[1:, 1, :2] = LITERAL, 1
    none = np.zeros((bars, 2), np.uint8)
    return Plan(np.zeros(bars, np.uint8), none, none, cells)


def test_what_comes_again_counts_as_often_as_it_comes():
    shares = PitchShares(looped(10), np.array([True, False, False]))
    assert shares.open(0, 0).all() and shares.open(0, 1).all()  # 80 notes are counted: 36 are open to a pitch
    for _ in range(3):
        shares.add(0, 1, 40)  # ten times each
    assert not shares.open(0, 1)[40] and shares.open(0, 1)[41] and shares.open(3, 2)[40]
    shares.add(3, 2, np.array([40, 40, 40, 40, 40, 40, 41]))
    assert not shares.open(4, 2)[40] and shares.open(4, 2)[41] and shares.open(4, 0)[40]


def test_no_pitch_takes_half_of_the_notes(monkeypatch):
    torch.manual_seed(0)
    pitch = WriterStep.pitch

    def obsessed(self, *given):
        logits = pitch(self, *given)
        logits[:, 60] += 50
        return logits

    monkeypatch.setattr(WriterStep, "pitch", obsessed)
    brief = Brief(tempo=100.0, density=6.0, minor=True, bar=48, shift=0, parts=PARTS)
    piece = Writing(WriterTables(ReaderWriter(**SIZES["networks"]).eval(), torch.float32), brief, looped(12),
                    np.array([0, 0, 0, 1, 0], np.float32), Sampling(), np.random.default_rng(5), closing=False).write()
    pitched = piece.notes[piece.part_of_notes() > 0, 1]
    share = (pitched == 60).sum() / len(pitched)
    assert len(pitched) == 96 and 0.3 < share <= 0.45
