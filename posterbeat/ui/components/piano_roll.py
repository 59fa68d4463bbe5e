"""The piano roll: a player that shows its notes, as a component of the page."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from posterbeat.instruments import COLOURS, DRUMS, family_of
from posterbeat.music.outline import SIGNS
from posterbeat.music.score import STEPS_PER_BEAT, Score

STOPPED = {"stopped": True}  # the roll's value when a piece that was being written was stopped
_SCRIPTS = ("live_sound.js", "piano_roll.js", "plan_strip.js", "mixing_desk.js", "player.js")
_HERE = Path(__file__).parent


class PianoRoll(gr.HTML):
    """Plays a take and shows its notes; its value is what `roll_value` returns, or None for a dark screen.

    While a piece is written, the value has `live`, how many `samples` of its sound there are, and the `longest` that it may
    last, in seconds; `STOPPED` brings back what was there before.
    """

    def __init__(self, **settings: Any):
        read = {name: (_HERE / name).read_text(encoding="utf-8")
                for name in ("piano_roll.html", "piano_roll.css", *_SCRIPTS)}
        super().__init__(
            None,
            html_template=read["piano_roll.html"],
            css_template=read["piano_roll.css"],
            js_on_load="".join(read[name] for name in _SCRIPTS),
            apply_default_css=False,
            **settings,
        )


def roll_value(score: Score, audio_path: str | Path, title: str) -> dict[str, Any]:
    """A take as the roll takes it: JSON of the notes, five integers a note (start and length in ms, pitch,
    velocity, index of the part), with the address of the sound."""
    from posterbeat.audio.perform import players

    ms, who = 60_000.0 / score.tempo / STEPS_PER_BEAT, players(score)
    place = {(part, program): index for index, (part, program, _) in enumerate(who)}
    seat = np.array([place[one] for one in zip(score.part.tolist(), score.program.tolist())], int)
    rows = np.stack([np.rint(score.onset * ms), np.rint(score.duration * ms), score.pitch, score.velocity, seat], axis=1)
    counts = np.bincount(seat, minlength=len(who)).tolist()
    parts = [{"name": name, "notes": count, "colour": COLOURS[int(family_of(program))], "drum": program == DRUMS}
             for (_, program, name), count in zip(who, counts)]
    minutes, seconds = divmod(round(score.seconds), 60)
    pace = f"{score.tempo:.0f} beats a minute"
    told = ", ".join(f"{part['name']} {part['notes']} notes" for part in parts if part["notes"])
    return {
        "take": Path(audio_path).parent.name,
        "audio": gr.FileData(path=str(audio_path)).model_dump(),
        "notes": rows.astype(int).ravel().tolist(),
        "parts": parts,
        "tempo": float(score.tempo),
        "bar": max(1, round(score.bar / STEPS_PER_BEAT)),
        "seconds": float(score.seconds),
        "title": title,
        "plan": plan_value(score),
        "caption": f"{len(score)} notes at {pace}",
        "summary": f"Piano roll: {len(score)} notes in {minutes} min {seconds} s, {pace}; {told}.",
    }


def plan_value(score: Score) -> dict[str, Any] | None:
    """A score's plan as the strip above the roll takes it: seconds a bar, chords by bar, sections, and for each part its colour
    and a sign a bar; None where nothing was planned."""
    plan = score.plan
    if plan is None:
        return None
    programs = dict(enumerate(plan.programs)) or {part: program for part, program, _ in score.tracks()}
    family = {int(part): int(family_of(program)) for part, program in programs.items()}
    parts = [{"name": name, "colour": COLOURS[family.get(part, 0)], "cells": "".join(SIGNS[row[part]] for row in plan.cells)}
             for part, name in enumerate(plan.parts)]
    chords = ", ".join(dict.fromkeys(name for names in plan.chords for name in names))
    sections = ", ".join(f"{one.name} from bar {one.first} to {one.last}" for one in plan.sections)
    return {
        "bar": 60.0 / score.tempo * score.bar / STEPS_PER_BEAT,
        "chords": [list(names) for names in plan.chords],
        "sections": [{"name": one.name, "first": one.first, "last": one.last} for one in plan.sections],
        "parts": parts,
        "words": f"The plan: {sections}. Chords: {chords}; parts: {', '.join(plan.parts)}.",
    }
