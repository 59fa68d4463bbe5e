"""A catalogue: which posters there are, and what each of them is to get."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

from posterbeat.batch.poster_list import pictures_in, pictures_of
from posterbeat.controls import CHECKS, COMPOSER_KINDS, Controls, from_text
from posterbeat.errors import ParameterError
from posterbeat.genres import mixture
from posterbeat.hub import source_of
from posterbeat.steps import Step
from posterbeat.steps import from_text as steps_from_text


@dataclass(frozen=True)
class Wish:
    """What every poster of a catalogue gets; a line of a CSV may say otherwise for its poster.

    Attributes
    ----------
    genre : dict of weights (see `mixture`), or None for each poster's own reading
    controls : Controls, with the seed from which, with a poster's name, the poster's own seed is drawn
    own_seed : bool, whether that seed is the poster's own already, as where a CSV gives it
    colours : bool, whether a poster's colours set the tempo, mode and density that are left open
    suffixes : the kinds of file to write, from `controls.SUFFIXES`
    classifier, composer, words : folder or Hub repo, None for the default
    read_words : bool, whether the words on a poster are read beside its picture
    steps : what is done with a piece once it is composed, in order
    weights : which weights of the composer have to write it (`hub.weights_mark`); empty for any
    """

    genre: dict[str, float] | None = None
    controls: Controls = field(default_factory=lambda: Controls(seed=0))
    own_seed: bool = False
    colours: bool = True
    suffixes: tuple[str, ...] = (".mp3",)
    classifier: str | None = None
    composer: str | None = None
    words: str | None = None
    read_words: bool = True
    steps: tuple[Step, ...] = ()
    weights: str = ""


@dataclass(frozen=True)
class Job:
    """One poster: its file, the name that it goes by in the results, and what it gets."""

    file: str
    name: str
    wish: Wish

    @property
    def seed(self) -> int:
        """The poster's own seed, 0 to 2**32 - 1; it depends on the wish's seed and the name, not on the order."""
        seed = self.wish.controls.seed
        if self.wish.own_seed:
            return seed
        name = f"{seed}:{self.name}".encode("utf-8", "surrogateescape")
        return int.from_bytes(hashlib.sha256(name).digest()[:4], "big")

    @property
    def controls(self) -> Controls:
        """What the poster gets, with its own seed."""
        return replace(self.wish.controls, seed=self.seed)

    @property
    def models(self) -> dict[str, str | None]:
        """The models that the poster needs, each a folder, a Hub repo, or None for the default."""
        others = {} if self.controls.composer_kind == COMPOSER_KINDS[0] else {"historical": None}
        if self.wish.read_words:
            others["words"] = self.wish.words
        return {"classifier": self.wish.classifier, "composer": self.wish.composer, **others}

    @property
    def key(self) -> str:
        """Changes with the file and with everything that was asked for; equal keys mean equal results."""
        try:
            stat = os.stat(self.file)
            stamp = f"{stat.st_size}:{stat.st_mtime_ns}"
        except (OSError, ValueError):  # ValueError: a NUL character in the path
            stamp = "missing"
        weights = [_weights(kind, given) for kind, given in self.models.items()]
        said = json.dumps([self.name, stamp, asdict(self.wish), weights], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def find(source: str | Path, wish: Wish, out: str | Path) -> list[Job]:
    """The posters of a folder with its subfolders, but for those in `out`; or of a CSV with a column `file` and, where
    a poster is to differ, `genre`, a field of `Controls`, `steps`, or `weights`.

    Raises
    ------
    ParameterError
        There is no such folder or file, or a line of the CSV is wrong (its number is named).
    """
    source, out = Path(source), Path(out)
    if source.is_dir():
        return [Job(str(path), name, wish) for path, name in pictures_in(source, out)]
    if not source.is_file():
        raise ParameterError(f"There is no folder or CSV file {source}.")
    jobs = []
    for number, path, name, row in pictures_of(source):
        try:
            jobs.append(Job(str(path), name, _differing(wish, row)))
        except ValueError as error:
            raise ParameterError(f"{source}: line {number}: {error}") from None
    return jobs


def parse_genre(text: str | None) -> dict[str, float] | None:
    """A genre's name, or a mixture as `horror=0.7,comedy=0.3`, as weights that sum to 1; None stays None.

    Raises
    ------
    ParameterError
        Unknown genre or a weight that is no number.
    """
    if text is None:
        return None
    if "=" not in text:
        return mixture(text.strip().lower())
    weights = {}
    for part in text.split(","):
        name, _, weight = part.partition("=")
        try:
            weights[name.strip().lower()] = float(weight)
        except ValueError:
            raise ParameterError(f"Write a mixture as horror=0.7,comedy=0.3, not {text[:60]!r}.") from None
    return mixture(weights)


def _differing(wish: Wish, line: dict) -> Wish:
    said = {name: line[name].strip() for name in ("genre", "steps", "weights", *CHECKS) if (line.get(name) or "").strip()}
    genre = parse_genre(said.pop("genre")) if "genre" in said else wish.genre
    steps = steps_from_text(said.pop("steps")) if "steps" in said else wish.steps
    weights = said.pop("weights", wish.weights)
    controls = wish.controls.changed(**{name: from_text(name, value) for name, value in said.items()})
    return replace(wish, genre=genre, controls=controls, own_seed=wish.own_seed or "seed" in said, steps=steps, weights=weights)


@cache
def _weights(kind: str, given: str | None) -> str:
    """Says which weights: where from, and for a folder the size and time of its file."""
    source = source_of(kind, given)
    try:
        stat = os.stat(Path(source, "model.safetensors"))
    except OSError:
        return str(source)
    return f"{stat.st_size}:{stat.st_mtime_ns}"
