"""What users gave, as text for a sentence, a table or a file's name."""

import re
from pathlib import PurePath
from typing import Any

_NAMELESS = re.compile(r"(image|img|photo|picture|poster|file|blob|upload|download|clipboard|untitled|screenshot|unnamed)?"
                       r"[\d\W_]*", re.I)  # what browsers and cameras call pictures


def legible(name: str) -> str:
    r"""A file's name, or a text with one, as text that every encoding of Unicode holds: bytes that are none as `\xe9`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def said(value: Any) -> str:
    """A value as the sentence of an error shows it: one line, 40 characters at most, whatever it is."""
    try:
        return " ".join(repr(value).split())[:40]
    except Exception:  # a number of thousands of digits, or a repr that fails
        return f"a value of type {type(value).__name__}"


def film_of(file: str | PurePath) -> str | None:
    """The film that a poster's file is named after, one line of 60 characters at most; None where the name says nothing."""
    words = " ".join(re.sub(r"[_\s]+", " ", legible(PurePath(file).stem)).split())
    return None if _NAMELESS.fullmatch(words) else words[:60].strip()


def file_name(film: str | None, genre: str, ending: str = "") -> str:
    """What a piece's files are called: the film and its genre, in what every system's names may hold, and an ending."""
    words = re.sub(r"[^\w-]+", "-", film or "posterbeat")[:40].strip("-_")
    return f"{words or 'posterbeat'}-{genre}{ending}"
