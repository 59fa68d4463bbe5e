"""Tracebacks whose every entry has a line, as pytest needs them to report a failure."""

from types import TracebackType


def with_lines(error: BaseException | None) -> None:
    """Give each entry of an exception's traceback a line, those of its causes too, in place.

    A signal, such as the one that ends a test which takes too long, may come at an instruction that belongs to no line.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = _lined(error.__traceback__)
        error = error.__cause__ or error.__context__


def _lined(entry: TracebackType | None) -> TracebackType | None:
    entries = []
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    following = None
    for entry in reversed(entries):
        line = entry.tb_lineno or entry.tb_frame.f_code.co_firstlineno
        following = TracebackType(following, entry.tb_frame, entry.tb_lasti, line)
    return following
