"""What visitors read is said in their words, and not in those of code or of statistics."""

import re

import pytest

from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES, mixture
from posterbeat.ui.page import about, text

JARGON = re.compile(r"\*\*|\btrigram|\bcalibration|\bsum to\b|same fields|\blogit|\bepoch|\bfloat|\bNoneType|LSTM|"
                    r"\bconvolution|soundfont"
                    r"|\bweights\b")


def refusals():
    for wrong in ({"notes": 5}, {"temperature": 9}, {"seed": -1}, {"tempo": 1}, {"mode": "x"}, {"density": 2}, {"ensemble": "x"}):
        with pytest.raises(ParameterError) as error:
            Controls(**wrong)
        yield str(error.value)
    with pytest.raises(ParameterError) as error:
        mixture(dict.fromkeys(GENRES, 0))
    yield str(error.value)


def test_refusals_of_what_the_page_asks_for_are_plain():
    said = list(refusals())
    assert len(said) == 8 and not [sentence for sentence in said if JARGON.search(sentence)]


def test_the_page_s_own_words_are_plain():
    own = [value for name, value in vars(text).items() if name.isupper() and isinstance(value, str)]
    page = [about.how(), about.measured(), *own]
    assert len(page) > 40 and not [words[:200] for words in page if JARGON.search(re.sub(r"<[^>]*>", " ", words))]
