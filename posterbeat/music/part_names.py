"""Which part of a piece is meant by a name or a number."""

from posterbeat.errors import ParameterError
from posterbeat.instruments import FAMILIES, family_of
from posterbeat.music.score import Score
from posterbeat.text import said


def track_of(score: Score, wanted: str | int) -> tuple[int, int]:
    """Part number and program of the track that is meant: by name, by the family of its instrument, or by its place.

    Raises
    ------
    ParameterError
        There is none, or several.
    """
    tracks = score.tracks()
    names = [name for *_, name in tracks]
    listed = ", ".join(names)
    if isinstance(wanted, int):
        places = [part for part, *_ in tracks] if score.plan is not None else list(range(len(tracks)))
        if wanted not in places:
            raise ParameterError(f"Part {wanted} is not in this piece: choose from {places[0]} to {places[-1]}, or a name from "
                                 f"{listed}.")
        return tracks[places.index(wanted)][:2]
    wish = wanted.strip().lower()
    for fit in ([name.lower() == wish for name in names],
                [FAMILIES[family_of(program)] in (wish, wish.removesuffix("s"), f"{wish}s") for _, program, _ in tracks]):
        if sum(fit) > 1:
            several = ", ".join(name for name, one in zip(names, fit) if one)
            raise ParameterError(f"Part {said(wanted)} may be {several}: give one of these names.")
        if any(fit):
            return tracks[fit.index(True)][:2]
    raise ParameterError(f"Part {said(wanted)} is not in this piece: choose from {listed}.")


def name_of(score: Score, wanted: str | int) -> str:
    """The name of the part that is meant; raises as `track_of` does."""
    track = track_of(score, wanted)
    return next(name for part, program, name in score.tracks() if (part, program) == track)
