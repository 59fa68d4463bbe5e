"""What users gave, as text for a sentence or a table."""

from typing import Any


def legible(name: str) -> str:
    r"""A file's name, or a text with one, as text that every encoding of Unicode holds: bytes that are none as `\xe9`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def said(value: Any) -> str:
    """A value as the sentence of an error shows it: one line, 40 characters at most, whatever it is."""
    try:
        return " ".join(repr(value).split())[:40]
    except Exception:  # a number of thousands of digits, or a repr that fails
        return f"a value of type {type(value).__name__}"
