"""However strongly a planner leans to repeating, no bar of a plan comes more than eight times on end."""

import numpy as np
import pytest
import torch

from posterbeat.composer import plan_drawing
from posterbeat.composer.asked import Asked
from posterbeat.composer.brief import Brief
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import LITERAL, NEW, VARIED
from posterbeat.composer.plan_drawing import PlanDrawing
from posterbeat.composer.plan_sketch import PlanSketch
from posterbeat.composer.planner import Planner, contents
from posterbeat.composer.planner_step import PlannerTables
from tests.composer.small import SIZES

PARTS = (Part(16, 128, 0, 1, 4, 5), Part(4, 33, 9, 0, 3, 5), Part(0, 0, 14, 2, 4, 5))


def longest_run(content):
    longest = run = 1
    for before, now in zip(content, content[1:]):
        run = run + 1 if (before == now).all() else 1
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("parts", [PARTS, PARTS[:1]])
@pytest.mark.parametrize(("copy", "literal"), [(12.0, 0.0), (-12.0, 12.0)])
def test_no_bar_comes_for_ever(copy, literal, parts, monkeypatch):
    torch.manual_seed(0)
    tables = PlannerTables(Planner(**SIZES["planner"]).eval(), torch.float32)
    monkeypatch.setattr(plan_drawing, "_COPY_LEANING", copy)
    monkeypatch.setattr(plan_drawing, "_KIND_LEANING", np.array([0, 0, 0, 0, literal]))
    plan = PlanDrawing(tables, Brief(tempo=100.0, density=6.0, minor=True, bar=48, shift=0, parts=parts),
                       np.array([0, 0, 0, 1, 0], np.float32), asked=Asked(notes=None, bars=24), guidance=1.0,
                       temperature=1.0, random=np.random.default_rng(0)).draw()
    assert longest_run(contents(plan)) == 8


@pytest.mark.parametrize(("notes", "run"), [(6, 4), (5, 1)])
def test_a_variation_of_as_many_notes_may_come_out_alike_and_counts_as_a_repeat(notes, run):
    sketch = PlanSketch(1)
    for bar, cell in enumerate([(NEW, 0, 6), (VARIED, 1, 6), (LITERAL, 1, 6), (VARIED, 2, notes)]):
        sketch.put(bar, 0, np.array([*cell, 14, 5]))
        sketch.end_bar(bar)
    assert sketch.run == run


def test_who_plays_last_in_a_bar_that_came_too_often_does_not_vary_it_either(monkeypatch):
    torch.manual_seed(0)
    tables = PlannerTables(Planner(**SIZES["planner"]).eval(), torch.float32)
    monkeypatch.setattr(plan_drawing, "_COPY_LEANING", -12.0)
    monkeypatch.setattr(plan_drawing, "_KIND_LEANING", np.array([0, 0, 12.0, 0, 0]))
    drawing = PlanDrawing(tables, Brief(tempo=100.0, density=6.0, minor=True, bar=48, shift=0, parts=PARTS[2:]),
                          np.array([0, 0, 0, 1, 0], np.float32), asked=Asked(notes=None, bars=24), guidance=1.0,
                          temperature=1.0, random=np.random.default_rng(0))
    field, runs = drawing._field, []

    def as_many(out, name, fields, *more):
        return 6 if name == "count" else field(out, name, fields, *more)

    end_bar = drawing._sketch.end_bar
    monkeypatch.setattr(drawing, "_field", as_many)
    monkeypatch.setattr(drawing._sketch, "end_bar", lambda bar: (end_bar(bar), runs.append(drawing._sketch.run)))
    drawing.draw()
    assert max(runs) == 8
