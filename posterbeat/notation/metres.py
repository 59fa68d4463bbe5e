"""Metres by name, and how long their bars are."""

import re
from typing import Any

from posterbeat.errors import ParameterError
from posterbeat.text import said

METRES = {"2/4": 24, "3/4": 36, "4/4": 48}  # twelfths of a beat; those that enough of the training pieces are in


def check_metre(metre: Any) -> str | None:
    """A name from `METRES`; None leaves it to the composer.

    Raises
    ------
    ParameterError
        Anything else.
    """
    if metre is None:
        return None
    name = re.sub(r"\s", "", metre) if isinstance(metre, str) and len(metre) <= 20 else None
    if name not in METRES:
        raise ParameterError(f"Metre {said(metre)} is not one that the composer has learned: choose from {', '.join(METRES)}.")
    return name
