"""Composing computes, one step at a time, what training computes for whole stretches."""

import numpy as np
import pytest
import torch

from posterbeat.composer import plan_drawing
from posterbeat.composer.asked import Asked
from posterbeat.composer.brief import Brief
from posterbeat.composer.character import Character
from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import MOST_COUNTED, Plan
from posterbeat.composer.plan_drawing import PlanDrawing
from posterbeat.composer.plan_features import about_classes, part_columns
from posterbeat.composer.plan_sketch import PlanSketch
from posterbeat.composer.planner import BAR_FIELDS, CELL_FIELDS, PlanItems, Planner, plan_items
from posterbeat.composer.planner_step import PlannerTables
from posterbeat.composer.writer import ReaderWriter
from posterbeat.composer.writer_step import WriterTables
from posterbeat.composer.writing import Sampling, Writing
from posterbeat.composer.written_view import written_view
from posterbeat.music.harmony import slots_in_bar

PARTS = (Part(16, 128, 0, 1, 4, 5), Part(4, 33, 9, 0, 3, 5), Part(0, 0, 14, 2, 4, 5), Part(6, 48, 16, 0, 3, 4))
MIX = np.array([0, 0, 0, 1, 0], np.float32)


def brief(bar: int) -> Brief:
    return Brief(tempo=100.0, density=6.0, minor=True, bar=bar, shift=-2, parts=PARTS)


def drawn(planner: Planner, bar: int, seed: int = 3) -> Plan:
    return PlanDrawing(PlannerTables(planner, torch.float32), brief(bar), MIX, asked=Asked(notes=260), guidance=1.0,
                       temperature=1.0, random=np.random.default_rng(seed)).draw()


@pytest.fixture(scope="module")
def planner() -> Planner:
    torch.manual_seed(0)
    return Planner().eval()


@pytest.fixture(scope="module")
def networks() -> ReaderWriter:
    torch.manual_seed(1)
    return ReaderWriter().eval()


@pytest.mark.parametrize("bar", [48, 36])
def test_the_planner_steps_as_it_learned(planner, bar, monkeypatch):
    heard = []
    field, columns = PlanDrawing._field, plan_drawing.bar_columns

    def recorded(self, out, name, fields, allowed=None, leaning=0.0):
        chosen = field(self, out, name, fields, allowed, leaning)
        logits = self._step.logits(out, name, fields)
        heard.append((name, float(logits[chosen] - np.log(np.exp(logits - logits.max()).sum()) - logits.max())))
        return chosen

    def without_end(*arguments):
        found = columns(*arguments)
        found[:, -1] = 0  # how many bars are left is guessed while drawing, and known afterwards
        return found

    monkeypatch.setattr(PlanDrawing, "_field", recorded)
    monkeypatch.setattr(plan_drawing, "bar_columns", without_end)
    monkeypatch.setattr(PlanSketch, "fit", lambda self, *rest: None)  # what was drawn, as it was drawn
    monkeypatch.setattr(PlanDrawing, "_close", lambda self, *rest: None)
    plan = drawn(planner, bar)
    plan = Plan(plan.copy[:-1], plan.chord[:-1], plan.bass[:-1], plan.cells[:-1])
    items = plan_items(plan, PARTS, slots=slots_in_bar(bar))
    items["seen"][:, -1] = 0
    batch = PlanItems(*(torch.from_numpy(items[name])[None] for name in ("seen", "chords", "recalled", "target", "cell")),
                      torch.from_numpy(part_columns(PARTS))[None], torch.from_numpy(about_classes(100.0, True, bar, 6.0))[None],
                      torch.from_numpy(MIX)[None])
    with torch.inference_mode():
        cost = planner(batch)[0].numpy()
    expected = [(list(CELL_FIELDS if cell else BAR_FIELDS)[place], bits)
                for row, cell, decided in zip(cost, items["cell"], items["target"])
                for place, bits in enumerate(row) if decided[place] >= 0]
    assert [name for name, _ in expected] == [name for name, _ in heard]
    np.testing.assert_allclose([bits for _, bits in expected], [-value / np.log(2) for _, value in heard], atol=2e-3)


@pytest.mark.parametrize("bar", [48, 36])
def test_the_writer_steps_as_it_learned(planner, networks, bar, monkeypatch):
    plan = drawn(planner, bar)
    heard = []
    choose = Writing._draw

    def recorded(self, logits, name, allowed=None):
        chosen = choose(self, logits, name, allowed)
        heard.append(float(logits[0, chosen] - np.log(np.exp(logits[0] - logits[0].max()).sum()) - logits[0].max()))
        return chosen

    monkeypatch.setattr(Writing, "_draw", recorded)
    monkeypatch.setattr(Character, "drawn", lambda parts, random: Character.neutral(parts))
    writing = Writing(WriterTables(networks, torch.float32), brief(bar), plan, MIX, Sampling(genre=1.0, chords=1.0),
                      np.random.default_rng(5))
    piece = writing.write()
    assert len(piece.notes) == plan.cells[..., 2].sum() == 260
    view = written_view(piece, plan)
    whole = Finished(piece, plan, view, tempo=100.0, density=6.0, minor=True, shift=0, mix=MIX)
    plans, batch = collate([stretch(whole, 0, len(view["note"]), plan.bars)])
    assert batch.left.max() <= MOST_COUNTED + 1
    with torch.inference_mode():
        logits = networks(plans, batch)
    expected = [field[0].log_softmax(-1).gather(-1, batch.target[0, :, place, None])[:, 0] for place, field in enumerate(logits)]
    np.testing.assert_allclose(torch.stack(expected, 1).flatten().numpy(), heard, atol=2e-3)
