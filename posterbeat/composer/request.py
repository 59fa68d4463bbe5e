"""What a piece should be before its first note: tempo, metre, mode, key, density and instruments.

They are drawn together from pieces that people wrote (`Profiles`, measured on the training pieces), so that what belongs
together stays together: a slow piece in minor gets the sparse ensemble that such pieces have.
"""

from dataclasses import dataclass

import numpy as np

from posterbeat.controls import Controls
from posterbeat.errors import WeightsError
from posterbeat.genres import GENRES
from posterbeat.instruments import FAMILIES, families_of

COLUMNS = ("tempo", "density", "minor", "bar", "shift")
_FAMILIES = slice(len(COLUMNS), len(COLUMNS) + len(FAMILIES))  # the percentage of notes that each family plays
_TYPICAL = slice(_FAMILIES.stop, _FAMILIES.stop + len(GENRES))  # how far in per cent the row sounds like each genre
# How much likelier a row becomes with what it says of the genre. A row of two genres serves a mixture of both best, and
# the more one of them weighs, the more the rows lean to it. Chosen on `val`.
_LEANING = 5.0


@dataclass(frozen=True)
class Request:
    """tempo in beats a minute; density in notes a beat; bar in twelfths of a beat; shift in semitones from C major or
    A minor; shares : np.ndarray of float, shape (families,), of the notes that each instrument family plays, summing to 1."""

    tempo: float
    density: float
    minor: bool
    bar: int
    shift: int
    shares: np.ndarray

    @property
    def families(self) -> np.ndarray:
        """np.ndarray of bool, shape (families,): who plays at all."""
        return self.shares > 0


class Profiles:
    """Attributes of real pieces as the composer's config.json keeps them: by genre, a string of numbers a piece.

    The numbers are those of `COLUMNS`, percentages of notes by family, and 5 percentages that say how typical of
    each genre the piece is.
    """

    def __init__(self, rows: dict[str, list[str]]):
        try:
            table = np.array([row.split() for genre in GENRES for row in rows[genre]], float)
            self._table = table.reshape(-1, _TYPICAL.stop)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise WeightsError("config.json of the composer holds no usable profiles of pieces.") from error
        if not len(self._table):
            raise WeightsError("config.json of the composer holds no profiles of pieces.")

    def draw(self, random: np.random.Generator, mix: dict[str, float], controls: Controls) -> Request:
        """A request that suits a mixture of genres; the ensemble, tempo, mode and density that were asked for are kept."""
        tempo, density, mode = controls.tempo, controls.density, controls.mode
        wanted = None if controls.ensemble is None else families_of(controls.ensemble)
        table = self._table
        typical = np.log(np.maximum(table[:, _TYPICAL], 0.5)) @ [mix[genre] for genre in GENRES]
        near = np.exp(_LEANING * (typical - typical.max()))
        if density is not None:  # a row with about this share of the genre's pieces below it
            order = table[:, 1].argsort(kind="stable")
            ranks = np.empty(len(table))
            ranks[order] = (np.cumsum(near[order]) - near[order] / 2) / near.sum()
            near *= np.exp(-0.5 * ((ranks - density) / 0.15) ** 2) + 1e-9
        if mode is not None and (table[:, 2] == (mode == "minor")).any():
            near *= table[:, 2] == (mode == "minor")
        if tempo is not None:  # a row as fast as asked for, within about a fifth
            near *= np.exp(-0.5 * (np.log(table[:, 0] / tempo) / 0.2) ** 2) + 1e-9
        row = table[random.choice(len(table), p=near / near.sum())]
        shares = row[_FAMILIES]
        if wanted is not None:  # who is asked for but not in the drawn piece plays as much as the others on average
            shares = np.where(wanted, np.where(shares > 0, shares, shares[wanted & (shares > 0)].mean() if (
                wanted & (shares > 0)).any() else 1.0), 0.0)
        return Request(
            tempo=float(row[0] if tempo is None else tempo), density=float(row[1]),
            minor=bool(row[2]) if mode is None else mode == "minor", bar=int(row[3]), shift=int(row[4]),
            shares=shares / shares.sum(),
        )
