"""Tables of text (CSV) as people's programs write them."""

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path

from posterbeat.errors import ParameterError

_SEPARATORS = ",;\t"


def read_table(path: str | Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table, each with the number of the line on which it begins.

    UTF-8 and UTF-16, with and without a byte order mark, and otherwise Windows-1252; separated by commas, semicolons or
    tabs. The first line holds the columns' names, which come in lower case. Empty lines are left out, and so are spaces
    around a value.

    Raises
    ------
    ParameterError
        The file cannot be read, or one of its lines is no row of the table: its number is named.
    """
    path = Path(path)
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise ParameterError(f"The table {path.name} cannot be read: {error.strerror}.") from error
    lines = text.splitlines(keepends=True)
    skipped = 1 if lines and lines[0].lower().startswith("sep=") else 0  # how Excel is told of the separator
    head = lines[skipped] if len(lines) > skipped else ""
    separator = lines[0][4:5] if skipped else max(_SEPARATORS, key=head.count)
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), delimiter=separator, strict=True)
    columns, first = None, 1 + skipped
    while True:
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ParameterError(f"{path.name}, line {first}: {_fault(error)}") from None
        number, first = first, reader.line_num + 1 + skipped
        if columns is None:
            columns = [name.lower() for name in cells]
            twice = {name for name in columns if name and columns.count(name) > 1}
            if twice:
                raise ParameterError(f"{path.name}, line {number}: two columns are named {min(twice)[:40]!r}.")
        elif any(cells[len(columns):]):
            raise ParameterError(f"{path.name}, line {number}: it has {len(cells)} values for {len(columns)} columns: "
                                 "put values that hold a separator in double quotes.")
        elif any(cells):
            yield number, dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))


def _decoded(data: bytes) -> str:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:200]:  # every other byte of plain letters in UTF-16
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    try:
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _fault(error: csv.Error) -> str:
    if "limit" in str(error):
        return f"a value is longer than {csv.field_size_limit():,} characters: is a double quote not closed?"
    if "unexpected end" in str(error):
        return "a double quote is opened and not closed."
    return f"it is no row of a table ({error}): double the quotes within a quoted value."
