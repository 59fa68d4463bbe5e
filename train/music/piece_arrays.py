"""A finished piece as plain arrays by name, which `train.music.prepare` writes end to end, and back.

notes, start, parts, copy, chord, bass, cells : the `Arrangement` and its `Plan`; parts : family, register, voices, busy,
    active, program of each
w_<name> : what the writer is shown of it, as `written_view` says
about : genre, split, label quality, bar, tonic, minor, shift to the common key, different notes
pace : beats a minute, notes a beat
"""

from collections.abc import Callable

import numpy as np

from posterbeat.composer.finished_piece import Finished
from posterbeat.composer.parts import Arrangement, Part
from posterbeat.composer.plan import Plan
from posterbeat.genres import GENRES

_VIEW = ("note", "hints", "sounding", "lowest", "cell", "sources", "others")  # of `written_view`


def to_arrays(of: Finished, split: int, quality: int, different: int) -> dict[str, np.ndarray]:
    """A piece of one genre as arrays.

    Parameters
    ----------
    split, quality : its place in `tables.SPLITS` and `tables.QUALITIES`
    different : how many of its notes differ in onset, family and pitch
    """
    piece, plan = of.piece, of.plan
    parts = np.array([(part.family, part.register, part.voices, part.busy, part.active, part.program)
                      for part in piece.parts], np.uint8)
    tonic = ((9 if of.minor else 0) - of.shift) % 12
    about = int(of.mix.argmax()), split, quality, piece.bar, tonic, int(of.minor), of.shift, different
    return {
        "notes": piece.notes, "start": piece.start.astype(np.int32), "parts": parts, "copy": plan.copy,
        "chord": plan.chord, "bass": plan.bass, "cells": plan.cells.reshape(-1, 5),
        **{f"w_{name}": values for name, values in of.view.items()},
        "about": np.array([about], np.int32), "pace": np.array([(of.tempo, of.density)], np.float32),
    }


def piece_and_plan(array: Callable[[str], np.ndarray]) -> tuple[Arrangement, Plan]:
    """A piece by parts and bars, and its plan, from its arrays by name."""
    parts = tuple(Part(family, program, register, voices, busy, active)
                  for family, register, voices, busy, active, program in array("parts").tolist())
    copy = array("copy")
    plan = Plan(copy, array("chord"), array("bass"), array("cells").reshape(len(copy), len(parts), 5))
    return Arrangement(parts, int(array("about")[0, 3]), array("start"), array("notes")), plan


def from_arrays(array: Callable[[str], np.ndarray]) -> Finished:
    """A piece from its arrays by name."""
    (genre, *_, minor, shift, _), (tempo, density) = array("about")[0].tolist(), array("pace")[0].tolist()
    return Finished(*piece_and_plan(array), {name: array(f"w_{name}") for name in _VIEW}, tempo, density, bool(minor), shift,
                    np.eye(len(GENRES), dtype=np.float32)[genre])
