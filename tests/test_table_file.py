"""Tables are read as people's programs write them, or refused with the line that is wrong."""

import pytest

from posterbeat.errors import ParameterError
from posterbeat.table_file import read_table

PLAIN = "file,genre,notes\nAmélie.jpg,comedy,40\n\n\"a, b.jpg\",\"drama\",\n"
ROWS = [(2, {"file": "Amélie.jpg", "genre": "comedy", "notes": "40"}), (4, {"file": "a, b.jpg", "genre": "drama", "notes": ""})]


def written(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(tmp_path, encoding, end):
    assert list(read_table(written(tmp_path, PLAIN.replace("\n", end).encode(encoding)))) == ROWS


def test_semicolons_tabs_capitals_and_what_excel_puts_first(tmp_path):
    for separator in ";\t":
        text = f"File{separator} Genre \nAmélie.jpg{separator}comedy\n"
        for head, line in (("", 2), (f"sep={separator}\n", 3)):
            rows = list(read_table(written(tmp_path, head + text)))
            assert rows == [(line, {"file": "Amélie.jpg", "genre": "comedy"})]


def test_commas_at_the_end_of_lines_are_no_values(tmp_path):
    assert [row["file"] for _, row in read_table(written(tmp_path, "file,genre,\na.jpg,drama,\nb.jpg\n"))] == ["a.jpg", "b.jpg"]
    assert [row["file"] for _, row in read_table(written(tmp_path, "file,genre\na.jpg,drama,,,\n"))] == ["a.jpg"]


def test_a_value_of_several_lines_counts_them(tmp_path):
    rows = list(read_table(written(tmp_path, 'file,note\na.jpg,"one\ntwo"\nb.jpg,x\n')))
    assert [number for number, _ in rows] == [2, 4]


@pytest.mark.parametrize("text, sentence", [
    ('file,genre\na.jpg,drama\nb.jpg,"drama\nc.jpg,drama\n', "list.csv, line 3: a double quote is opened and not closed."),
    (f'file,genre\na.jpg,"{"x" * 200_000}"\n', "line 2: a value is longer than 131,072 characters"),
    ('file\n"a"b.jpg\n', "line 2: it is no row of a table"),
    ("file,genre\na, b.jpg,drama\n", "line 2: it has 3 values for 2 columns"),
    ("file,file\na,b\n", "line 1: two columns are named 'file'"),
])
def test_a_wrong_line_is_named(tmp_path, text, sentence):
    with pytest.raises(ParameterError) as caught:
        list(read_table(written(tmp_path, text)))
    assert sentence in str(caught.value) and str(tmp_path) not in str(caught.value)


def test_a_table_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ParameterError, match="The table list.csv cannot be read"):
        list(read_table(tmp_path / "list.csv"))
