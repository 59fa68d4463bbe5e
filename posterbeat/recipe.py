"""Recipe: how a take came to be, a base and the steps since, as every MIDI file carries it."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, ScoreError
from posterbeat.genres import mixture
from posterbeat.steps import Step, from_text, to_text

WORD = "posterbeat"  # what the text event begins with
_VERSION = 1
_LONGEST = 20000  # characters of the text event


@dataclass(frozen=True)
class Recipe:
    """Composing by it again gives the same notes, with the same weights on the same machine.

    Attributes
    ----------
    genre_mix : dict of the five genres' weights
    controls : Controls, as they were used
    steps : what was done with the piece since, in order
    weights : which weights of the composer wrote it (`hub.weights_mark`); empty where that is not known
    own : whether the base was a MIDI file from elsewhere, which cannot be composed again
    notes : number that changes with any note of the piece (`notes_mark`); 0 where it is not told
    """

    genre_mix: Mapping[str, float]
    controls: Controls
    steps: tuple[Step, ...] = ()
    weights: str = ""
    own: bool = False
    notes: int = field(default=0, compare=False)

    def to_text(self) -> str:
        """As a text event, ASCII alone; `from_text` reads it."""
        controls = {name: value for name, value in asdict(self.controls).items() if value is not None}
        said = {"version": _VERSION, "genre_mix": {name: share for name, share in self.genre_mix.items() if share},
                "controls": controls, "steps": to_text(self.steps), "weights": self.weights, "own": self.own, "notes": self.notes}
        return f"{WORD} {json.dumps(said)}"

    @classmethod
    def from_text(cls, text: str) -> "Recipe | None":
        """The recipe of a text event; None for one of others.

        Raises
        ------
        ScoreError
            It begins as a recipe does, and is none.
        """
        if not text.startswith(f"{WORD} "):
            return None
        try:
            if len(text) > _LONGEST:
                raise ValueError
            said = json.loads(text.removeprefix(WORD))
            if said.pop("version") != _VERSION or not isinstance(said["own"], bool) or not isinstance(said["notes"], int):
                raise ValueError
            controls = Controls(**{name: value for name, value in said["controls"].items() if isinstance(name, str)})
            if "seed" not in said["controls"]:  # one that is drawn here composes something else
                raise ValueError
            return cls(mixture(said["genre_mix"]), controls, from_text(said["steps"]), _mark(said["weights"]), said["own"],
                       said["notes"])
        except ParameterError as error:
            raise ScoreError(f"What this MIDI file says of how it was composed cannot be right: {error} Take a file that was not "
                             "changed, or delete its text event that begins with posterbeat.") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ScoreError("What this MIDI file says of how it was composed cannot be read: take a file that was not changed, "
                             "or delete its text event that begins with posterbeat.") from error


def check_weights(wrote: str, here: str) -> None:
    """Return where the weights that wrote a piece are those that are here, as far as both are known.

    Raises
    ------
    ParameterError
        They are others.
    """
    if wrote and here and wrote != here:
        raise ParameterError(f"Another composer's weights wrote this piece ({wrote}; here are {here}), and these would write "
                             "another one: load those, or open its MIDI file.")


def notes_mark(*arrays: Any) -> int:
    """A number that changes with any of some arrays of numbers, which are taken as int32."""
    import numpy as np

    return zlib.crc32(b"".join(np.ascontiguousarray(array, np.int32).tobytes() for array in arrays))


def _mark(weights: Any) -> str:
    if not isinstance(weights, str) or len(weights) > 64 or not (weights == "" or weights.isalnum()):
        raise ValueError
    return weights
