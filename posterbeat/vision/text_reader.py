"""The words on a poster: its lines of text, where they stand, and which of them are the title.

RapidOCR (the PP-OCR models, which come in its wheel: nothing is fetched) finds and recognises the lines. What it is
given is bounded by size and number, never by the clock, so that the same poster always has the same words.
"""

import logging
import os
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

# Posters of any size are read at this one: 160 pixels across or 2,000, the recogniser finds as many letters in it as at
# its own 736, in half the time.
SHORTER_SIDE = 544  # pixels
_LONGER_SIDE = 3 * SHORTER_SIDE  # pixels: panoramas are read smaller
_LEAST_SIDE = 32  # pixels, at that size: the recogniser's raster; a narrower strip has no words
MOST_LINES = 60
MOST_LETTERS = 200  # a line
# Of all lines together, in heights of a line: as much as 40 lines of ten letters each. What is wider is work without end.
_MOST_WIDTH = 400
_LEAST_CONFIDENCE = 0.5  # the recogniser's own bar: below it, it is mostly guessing
_TITLE_SHARE = 0.72  # of the tallest line's height: a title in two lines has both about as tall


@dataclass(frozen=True)
class TextLine:
    """A line of text on a poster.

    Attributes
    ----------
    text
        As recognised, at most `MOST_LETTERS` letters, none of them invisible.
    confidence
        The recogniser's, 0 to 1; 1 for a line that a person has put right.
    box
        Left, top, right and bottom as shares of the poster's width and height.
    """

    text: str
    confidence: float
    box: tuple[float, float, float, float]

    @property
    def height(self) -> float:
        """Of its letters, as a share of the poster's height; for a line that runs up or down, about its width."""
        left, top, right, bottom = self.box
        return min(bottom - top, right - left)


class TextReader:
    """Finds the lines of text on posters. Safe to use from several threads; one poster is read at a time.

    The recogniser is loaded by `load` or by the first poster. Its threads do not survive a fork, so a forked process
    loads its own.

    Parameters
    ----------
    threads
        That the recogniser may use; None for one a core.
    """

    def __init__(self, threads: int | None = None):
        self._threads = min(threads or os.cpu_count() or 1, os.cpu_count() or 1)
        self._engine, self._process, self._turn = None, os.getpid(), threading.Lock()
        self._inherited = None

    def load(self) -> None:
        """Load the recogniser now, a second's work, unless it is there."""
        with self._own_turn():
            self._loaded()

    def read(self, poster: Image.Image) -> tuple[TextLine, ...]:
        """The lines of a poster (mode RGB) in reading order, at most `MOST_LINES`; empty where it has none."""
        scale = min(SHORTER_SIDE / min(poster.size), _LONGER_SIDE / max(poster.size))
        width, height = (round(scale * side) for side in poster.size)
        if min(width, height) < _LEAST_SIDE:
            return ()
        if (width, height) != poster.size:
            poster = poster.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        pixels = np.ascontiguousarray(np.asarray(poster)[:, :, ::-1])  # the recogniser takes blue, green, red
        with self._own_turn():
            found = self._loaded()(pixels)
        if found.boxes is None or found.txts is None:
            return ()
        lines = []
        for text, confidence, corners in zip(found.txts, found.scores, found.boxes):
            text = visible(text)
            if text:
                (left, top), (right, bottom) = corners.min(0), corners.max(0)
                box = (left / width, top / height, right / width, bottom / height)
                lines.append(TextLine(text, round(float(confidence), 3),
                                      tuple(round(min(1.0, max(0.0, float(place))), 4) for place in box)))
        return in_reading_order(lines)

    def _own_turn(self) -> threading.Lock:
        if self._process != os.getpid():  # after a fork: neither the threads nor the lock's owner came along
            self._inherited = self._engine  # kept: to be taken apart it would wait for its threads
            self._engine, self._process, self._turn = None, os.getpid(), threading.Lock()
        return self._turn

    def _loaded(self) -> Any:
        if self._engine is None:
            self._engine = _recogniser(self._threads)
        return self._engine


def _recogniser(threads: int) -> Any:
    from rapidocr import RapidOCR

    class Bounded(RapidOCR):
        """Recognises the largest lines only, and of them no more than fit the bounds."""

        def detect_and_crop(self, *given):
            crops, found = super().detect_and_crop(*given)
            kept = _largest([crop.shape[:2] for crop in crops])
            found.boxes, found.scores = found.boxes[kept], [found.scores[index] for index in kept]
            return [crops[index] for index in kept], found

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return Bounded(params={
        "Global.use_cls": False, "Global.log_level": "error", "Global.text_score": _LEAST_CONFIDENCE,
        "Global.use_preprocess_img": False, "Det.limit_type": "max", "Det.limit_side_len": _LONGER_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": threads, "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    })


def _largest(sizes: Sequence[tuple[int, int]]) -> list[int]:
    """Which of the lines of (height, width) in pixels to recognise: the tallest first, in the order given."""
    kept, width = [], 0.0
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index][0])[:MOST_LINES]:
        width += max(1.0, sizes[index][1] / max(1, sizes[index][0]))
        if width > _MOST_WIDTH:
            break
        kept.append(index)
    return sorted(kept)


def visible(text: str) -> str:
    """`text` in Unicode's compatible form, without what cannot be seen (control, format and private characters), its
    gaps single spaces, at most `MOST_LETTERS` long."""
    text = unicodedata.normalize("NFKC", text[: 4 * MOST_LETTERS])
    text = "".join(" " if letter.isspace() else letter for letter in text
                   if letter.isspace() or unicodedata.category(letter)[0] != "C")
    return " ".join(text.split())[:MOST_LETTERS].strip()


def in_reading_order(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Row by row from the top, each from the left; lines whose middles lie within each other's height share a row."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (line.box[1] + line.box[3], line.box[0])):
        middle = (line.box[1] + line.box[3]) / 2
        first = rows[-1][0] if rows else None
        if first and first.box[1] < middle < first.box[3] and line.box[1] < (first.box[1] + first.box[3]) / 2 < line.box[3]:
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda line: line.box[0]))


def title_of(lines: Sequence[TextLine]) -> str:
    """The title as far as can be told: the tallest line of two letters or more (a shape may look like one), and those in
    reading order beside it that are about as tall."""
    if not lines:
        return ""
    heights = [line.height if len(line.text) > 1 else 0.0 for line in lines]
    tallest = first = last = max(range(len(lines)), key=heights.__getitem__)
    least = _TITLE_SHARE * heights[tallest]
    while first > 0 and heights[first - 1] >= least:
        first -= 1
    while last + 1 < len(lines) and heights[last + 1] >= least:
        last += 1
    return " ".join(line.text for line in lines[first : last + 1])
