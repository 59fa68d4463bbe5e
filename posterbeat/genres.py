"""The genres and mixtures of them."""

import math
from collections.abc import Mapping

from posterbeat.errors import ParameterError
from posterbeat.text import said

FILMS = {  # each genre, and what a film of it is called
    "action": "an action film",
    "animation": "an animated film",
    "comedy": "a comedy",
    "drama": "a drama",
    "horror": "a horror film",
}
GENRES = tuple(FILMS)
MAX_WEIGHT = 1e300  # five of these still have a sum


def mixture(genre: str | Mapping[str, float]) -> dict[str, float]:
    """Weights of all genres, summing to 1.

    Parameters
    ----------
    genre
        A genre's name, or a mapping of genre names to weights (not negative, at least one above 0;
        genres left out weigh 0; the sum need not be 1).

    Returns
    -------
    dict with the keys of `GENRES` in that order.

    Raises
    ------
    ParameterError
        Unknown genre, or weights that are empty, negative, not finite, or sum to 0.
    """
    if isinstance(genre, str):
        genre = {genre: 1.0}
    if not isinstance(genre, Mapping) or not genre:
        raise ParameterError(f"Give a genre or a mixture of genres, from: {', '.join(GENRES)}.")
    for name, weight in genre.items():
        if not isinstance(name, str) or name not in GENRES:
            raise ParameterError(f"Unknown genre {said(name)}: choose from {', '.join(GENRES)}.")
        if isinstance(weight, bool) or not isinstance(weight, (int, float)):
            raise ParameterError(f"The weight of {name} must be a number of 0 or more.")
        if not 0 <= weight <= MAX_WEIGHT:  # not a number fails the comparison
            raise ParameterError(f"The weight of {name} must be a finite number of 0 or more, not {said(weight)}.")
    total = math.fsum(genre.values())
    if not total > 0:
        raise ParameterError("All shares of this mixture are 0: give at least one genre a share above 0.")
    if math.isclose(total, 1.0, rel_tol=1e-12):  # a mixture as it was given back: its digits stay, and with them the notes
        total = 1.0
    return {name: genre.get(name, 0.0) / total for name in GENRES}


def music_for(mix: Mapping[str, float]) -> str:
    """What the music of a mixture is, such as "Music for a horror film with some comedy": its genre, and a second with a say."""
    first, second = sorted(mix, key=mix.get, reverse=True)[:2]
    return f"Music for {FILMS[first]}" + (f" with some {second}" if mix[second] >= 0.2 else "")
