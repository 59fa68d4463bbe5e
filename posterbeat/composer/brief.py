"""What a piece should be before it is planned: tempo, metre, mode, key, density and who plays.

They are drawn together from pieces that people wrote (`Profiles`, measured on the training pieces), so that what belongs
together stays together: a slow piece in minor gets the sparse ensemble that such pieces have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from posterbeat.composer.parts import Part
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.genres import GENRES
from posterbeat.instruments import DRUM_FAMILY, DRUMS
from posterbeat.music.key import shift_to_common_key
from posterbeat.notation.keys import Key
from posterbeat.notation.players import Player

# How much likelier a row becomes with what it says of the genre. A row of two genres serves a mixture of both best, and
# the more one of them weighs, the more the rows lean to it. Chosen on `val`.
_LEANING = 3.0
_ABOUT = ("tempo", "density", "minor", "bar", "shift")
_DENSITY_SPREAD, _TEMPO_SPREAD = 0.15, 0.2
MOST_NOTES = 12000  # of a piece that is asked for by its length
ROOMY = 0.8  # share of them that a piece may be expected to need
SHORTEST_PIECE = 1.5  # bars, the closing one and one before it
_SELDOM = 2  # sixths of the bars that a player who is asked for plays at least, as far as its description tells


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
             density: float | None = None, mode: str | None = None, key: Key | None = None, bar: int | None = None,
             players: Sequence[Player] | None = None, seconds: float | None = None) -> Brief:
        """A brief that suits a mixture of genres; what the caller names is kept.

        Parameters
        ----------
        tempo : beats a minute
        density : 0 (the sparsest pieces of the mixture) to 1 (the densest)
        mode : "major" or "minor"; key : in place of it
        bar : twelfths of a beat, of the metre
        players : who plays, a part each
        seconds : how long the piece will be: bars are short enough for some, and notes not too many

        Raises
        ------
        ParameterError
            No piece has such bars.
        """
        table, mode = self._table, mode if key is None else key.mode
        typical = np.log(np.maximum(table[:, len(_ABOUT):], 0.5)) @ [mix[genre] for genre in GENRES]
        near = np.exp(_LEANING * (typical - typical.max()))
        if density is not None:  # a row with about this share of the genre's pieces below it
            order = table[:, 1].argsort(kind="stable")
            ranks = np.empty(len(table))
            ranks[order] = (np.cumsum(near[order]) - near[order] / 2) / near.sum()
            near *= np.exp(-0.5 * ((ranks - density) / _DENSITY_SPREAD) ** 2) + 1e-9
        if mode is not None:
            near *= (table[:, 2] == (mode == "minor")) + 1e-9
        if tempo is not None:
            near *= np.exp(-0.5 * (np.log(table[:, 0] / tempo) / _TEMPO_SPREAD) ** 2) + 1e-9
        near *= self._fitting(bar, seconds, tempo)
        if key is not None and players is None:  # drums alone would play in no key
            near *= np.array([any(part.family != DRUM_FAMILY for part in parts) for parts in self._parts]) + 1e-9
        index = int(random.choice(len(table), p=near / near.sum()))
        row, parts = table[index], self._parts[index]
        if players is not None:
            parts = self._with_players(random, parts, players)
        return Brief(
            tempo=float(row[0] if tempo is None else tempo), density=float(row[1]),
            minor=bool(row[2]) if mode is None else mode == "minor", bar=int(row[3]),
            shift=int(row[4]) if key is None else shift_to_common_key(key.tonic, key.mode), parts=parts)

    def _fitting(self, bar: int | None, seconds: float | None, tempo: float | None) -> np.ndarray:
        """Which rows have the metre, and suit a piece of so many seconds: np.ndarray of bool, shape (rows,)."""
        table = self._table
        fit = np.ones(len(table), bool) if bar is None else table[:, 3] == bar
        if not fit.any():
            raise ParameterError(f"These weights have not learned a metre with bars of {bar / 12:g} beats: leave it out.")
        if seconds is not None:
            beats = seconds / 60 * (table[:, 0] if tempo is None else tempo)
            suits = fit & (beats * 12 >= SHORTEST_PIECE * table[:, 3]) & (beats * table[:, 1] <= ROOMY * MOST_NOTES)
            fit = suits if suits.any() else fit & (table[:, 3] == table[fit, 3].min())
        return fit

    def _with_players(self, random: np.random.Generator, parts: tuple[Part, ...],
                      players: Sequence[Player]) -> tuple[Part, ...]:
        """A part for each player: one of those that are there, else of another piece."""
        left, taken = list(parts), []
        everyone = [part for others in self._parts for part in others]
        for player in sorted(players, key=lambda player: player.program is None):  # who is named precisely chooses first
            mine = _nearest(left, player)
            if mine:
                part = mine[0]
                left.remove(part)
            else:
                choices = _nearest(everyone, player)
                part = choices[random.integers(len(choices))] if choices else _plain(player.family)
            taken.append(replace(part, program=part.program if player.program is None else player.program,
                                 active=max(part.active, _SELDOM)))
        return tuple(sorted(taken, key=lambda part: (part.family != DRUM_FAMILY, part.register)))


def _nearest(parts: Sequence[Part], player: Player) -> list[Part]:
    """Those of the parts that a player could play: of its program where one is named and there are any, else of its family."""
    named = [part for part in parts if part.program == player.program]
    return named or [part for part in parts if part.family == player.family]


def _plain(family: int) -> Part:
    """A part of a family that no piece had."""
    return Part(family, DRUMS if family == DRUM_FAMILY else family * 8, 0 if family == DRUM_FAMILY else 15, 0, 2, 4)
