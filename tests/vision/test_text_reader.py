"""TextReader: lines with their places, in reading order, bounded by work, the same every time."""

import os
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher

import pytest
from PIL import Image

from posterbeat.vision.text_reader import (
    MOST_LETTERS,
    MOST_LINES,
    TextLine,
    TextReader,
    in_reading_order,
    title_of,
    visible,
)
from tests.vision.drawn import poster
from tests.vision.lettered import lettered

LINES = ["COUNT TO NINE", "She is still looking.", "A film by Ada Field"]


@pytest.fixture(scope="module")
def reader():
    return TextReader(threads=2)


def letters(lines):
    return [line.text.lower().replace(" ", "") for line in lines]


@pytest.mark.parametrize("size", [(160, 240), (400, 600), (1200, 1800)])
def test_lines_are_read_at_any_size_with_their_place(reader, size):
    scale = size[0] / 400
    found = reader.read(lettered(LINES, size, [round(scale * tall) for tall in (56, 20, 18)]))
    read = letters(found)
    assert "counttonine" in read
    # Letters of eight pixels are read nearly right, not one by one.
    assert max(SequenceMatcher(None, "sheisstilllooking", line).ratio() for line in read) > 0.8
    title = found[read.index("counttonine")]
    assert title.confidence > 0.8 and title_of(found) == title.text
    left, top, right, bottom = title.box
    assert 0 <= left < 0.3 and 0.7 < right <= 1 and 0.38 < top < 0.43 and 0.45 < bottom < 0.53


def test_the_same_poster_has_the_same_words_from_several_threads(reader):
    picture = lettered(LINES)
    first = reader.read(picture)
    with ThreadPoolExecutor(4) as threads:
        assert all(found == first for found in threads.map(reader.read, [picture] * 4))
    assert first


def test_a_poster_without_letters_has_no_lines(reader):
    assert reader.read(poster(3).resize((320, 480))) == ()


def test_a_title_that_runs_down_the_side_is_read(reader):
    upright = lettered(["MIDNIGHT HARBOUR"], (600, 240), [50])
    turned = upright.rotate(-90, expand=True)  # reads from the top down
    assert any("midnight" in line for line in letters(reader.read(turned)))


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000), (4000, 90), (50, 50)])
def test_odd_shapes_are_read_or_have_no_words(reader, size):
    began = time.process_time()
    assert isinstance(reader.read(Image.new("RGB", size, "white")), tuple)
    assert time.process_time() - began < 10  # seconds of the processor: a strip must not be enlarged without end


def test_a_page_full_of_text_is_read_within_bounds(reader):
    page = lettered(["the quick brown fox jumps over the lazy dog " * 2] * 100, (1000, 1500), [13] * 100)
    found = reader.read(page)
    assert 0 < len(found) <= MOST_LINES
    assert all(len(line.text) <= MOST_LETTERS for line in found)


def test_invisible_letters_are_dropped_and_gaps_are_single_spaces():
    assert visible("a\u200bb\u202ec\x00 \n\t d\ufeff") == "abc d"
    assert visible("\u200b\u202e\x07") == ""
    assert visible("ﬁlm Ⅳ") == "film IV"
    assert len(visible("x" * 10_000)) == MOST_LETTERS


def test_reading_order_is_row_by_row():
    def line(text, left, top):
        return TextLine(text, 1.0, (left, top, left + 0.2, top + 0.05))

    given = [line("four", 0.5, 0.51), line("two", 0.6, 0.11), line("three", 0.1, 0.5), line("one", 0.1, 0.1)]
    assert [found.text for found in in_reading_order(given)] == ["one", "two", "three", "four"]


def test_a_title_in_two_lines_is_put_together():
    def line(text, top, tall):
        return TextLine(text, 1.0, (0.1, top, 0.9, top + tall))

    assert title_of([line("by someone", 0.1, 0.02), line("THE LONG", 0.2, 0.1), line("ROAD", 0.32, 0.09),
                     line("coming soon", 0.8, 0.03)]) == "THE LONG ROAD"
    assert title_of([TextLine("O", 0.9, (0.2, 0.0, 0.8, 0.3)), line("STEP", 0.5, 0.1)]) == "STEP"  # a disc may look like a letter
    assert title_of([]) == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_reads_the_same_words(tmp_path):
    lettered(LINES).save(tmp_path / "poster.png")
    script = textwrap.dedent("""
        import os, sys
        from PIL import Image
        from posterbeat.vision.text_reader import TextReader
        picture, reader = Image.open(sys.argv[1]).convert("RGB"), TextReader(threads=2)
        before = reader.read(picture)
        child = os.fork()
        if not child:
            os._exit(0 if before and reader.read(picture) == before else 3)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """)
    command = [sys.executable, "-c", script, str(tmp_path / "poster.png")]
    done = subprocess.run(command, timeout=200, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_of_the_recogniser_is_loaded_before_the_first_poster():
    script = ("import sys; from posterbeat.vision.classifier import PosterClassifier; from posterbeat.vision.text_reader import "
              "TextReader; TextReader(); sys.exit(bool({'rapidocr', 'onnxruntime', 'cv2'} & set(sys.modules)))")
    assert subprocess.run([sys.executable, "-c", script], timeout=120).returncode == 0
