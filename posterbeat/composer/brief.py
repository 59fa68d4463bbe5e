"""What a piece should be before it is planned: tempo, metre, mode, key, density and who plays.

They are drawn together from pieces that people wrote (`Profiles`, measured on the training pieces), so that what belongs
together stays together: a slow piece in minor gets the sparse ensemble that such pieces have.
"""

from dataclasses import dataclass

import numpy as np

from posterbeat.composer.parts import Part
from posterbeat.errors import WeightsError
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUM_FAMILY, DRUMS

# How much likelier a row becomes with what it says of the genre. A row of two genres serves a mixture of both best, and
# the more one of them weighs, the more the rows lean to it. Chosen on `val`.
_LEANING = 3.0
_ABOUT = ("tempo", "density", "minor", "bar", "shift")
_DENSITY_SPREAD, _TEMPO_SPREAD = 0.15, 0.2


@dataclass(frozen=True)
class Brief:
    """tempo in beats a minute; density in notes a beat; bar in twelfths of a beat; shift in semitones from C major or
    A minor; parts as `parts.Arrangement` orders them."""

    tempo: float
    density: float
    minor: bool
    bar: int
    shift: int
    parts: tuple[Part, ...]


class Profiles:
    """Attributes of real pieces as the composer's config.json keeps them, one string a piece.

    Numbers of `Brief`, then five percentages that say how typical of each genre the piece is; behind each "|" a part:
    family, program, register, voices, busy, active.
    """

    def __init__(self, rows: list[str]):
        try:
            split = [row.split("|") for row in rows]
            self._table = np.array([head.split() for head, *_ in split], float).reshape(-1, len(_ABOUT) + len(GENRES))
            self._parts = [tuple(Part(*map(int, part.split())) for part in parts) for _, *parts in split]
        except (AttributeError, TypeError, ValueError) as error:
            raise WeightsError("config.json of the composer holds no usable profiles of pieces.") from error
        if not len(self._table) or not all(self._parts):
            raise WeightsError("config.json of the composer holds no profiles of pieces.")

    def draw(self, random: np.random.Generator, mix: dict[str, float], *, tempo: float | None = None,
             density: float | None = None, mode: str | None = None, families: np.ndarray | None = None) -> Brief:
        """A brief that suits a mixture of genres; what the caller names is kept.

        Parameters
        ----------
        tempo : beats a minute
        density : 0 (the sparsest pieces of the mixture) to 1 (the densest)
        mode : "major" or "minor"
        families : np.ndarray of bool, shape (17,), who plays
        """
        table = self._table
        typical = np.log(np.maximum(table[:, len(_ABOUT):], 0.5)) @ [mix[genre] for genre in GENRES]
        near = np.exp(_LEANING * (typical - typical.max()))
        if density is not None:  # a row with about this share of the genre's pieces below it
            order = table[:, 1].argsort(kind="stable")
            ranks = np.empty(len(table))
            ranks[order] = (np.cumsum(near[order]) - near[order] / 2) / near.sum()
            near *= np.exp(-0.5 * ((ranks - density) / _DENSITY_SPREAD) ** 2) + 1e-9
        if mode is not None and (table[:, 2] == (mode == "minor")).any():
            near *= table[:, 2] == (mode == "minor")
        if tempo is not None:
            near *= np.exp(-0.5 * (np.log(table[:, 0] / tempo) / _TEMPO_SPREAD) ** 2) + 1e-9
        index = int(random.choice(len(table), p=near / near.sum()))
        row, parts = table[index], self._parts[index]
        if families is not None:
            parts = self._with_families(random, parts, families)
        return Brief(
            tempo=float(row[0] if tempo is None else tempo), density=float(row[1]),
            minor=bool(row[2]) if mode is None else mode == "minor", bar=int(row[3]), shift=int(row[4]), parts=parts)

    def _with_families(self, random: np.random.Generator, parts: tuple[Part, ...], families: np.ndarray) -> tuple[Part, ...]:
        """Those of the parts that are asked for, and for each family that lacks one a part of another piece."""
        kept = [part for part in parts if families[part.family]]
        for family in np.flatnonzero(families):
            if not any(part.family == family for part in kept):
                choices = [part for others in self._parts for part in others if part.family == family]
                kept.append(choices[random.integers(len(choices))] if choices else _plain(int(family)))
        return tuple(sorted(kept, key=lambda part: (part.family != DRUM_FAMILY, part.register)))


def _plain(family: int) -> Part:
    """A part of a family that no piece had."""
    return Part(family, DRUMS if family == DRUM_FAMILY else family * 8, 0 if family == DRUM_FAMILY else 15, 0, 2, 4)
