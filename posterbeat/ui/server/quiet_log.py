"""A log without what visitors sent: a line for each failure, and no trace of it, since traces hold values and names of files."""

import logging
from typing import Any


def place(error: BaseException) -> str:
    """An exception's kind and where it arose: what a log may hold, since messages may tell names of visitors' files."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def keep_quiet() -> None:
    """Have every log of this process name an exception's place where it would print its trace, from now on."""
    before = logging.getLogRecordFactory()

    def brief(*values: Any, **more: Any) -> logging.LogRecord:
        record = before(*values, **more)
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = "A request failed: %s", (place(record.exc_info[1]),)
            record.exc_info = record.exc_text = None
        return record

    logging.setLogRecordFactory(brief)
