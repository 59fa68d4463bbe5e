"""Behind the page's buttons: links bring wishes back, the page's own figures are those of the metrics."""

import json
import threading
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from posterbeat.controls import Controls
from posterbeat.genres import GENRES, mixture
from posterbeat.recipe import Recipe
from posterbeat.steps import Cut, GoOn, Rewrite
from posterbeat.ui import link, turns
from posterbeat.ui.components.example_posters import EXAMPLES
from posterbeat.ui.components.poster_words import PosterWords
from posterbeat.ui.page import about, text
from posterbeat.ui.studio import Studio
from posterbeat.vision.reading import GenreReading
from posterbeat.vision.text_genre import TextGenre
from posterbeat.vision.text_reader import MOST_LETTERS, TextLine

WORDS = Path(__file__).parents[2] / "weights" / "words"


def test_a_link_says_what_was_asked_for():
    example = EXAMPLES[0]
    mix = {"action": 0.25, "animation": 0, "comedy": 0.75, "drama": 0, "horror": 0}
    controls = Controls(300, 0.9, 4294967295, tempo=91.0, mode="minor")
    again = link.wish_of(dict(parse_qsl(link.link_to(Recipe(mix, controls), str(example))[1:])))
    assert again == link.Wish({"notes": 300, "temperature": 0.9, "seed": "4294967295", "tempo": 91.0, "mode": "minor"},
                              {"action": 0.25, "comedy": 0.75}, str(example), ())
    assert "poster" not in link.link_to(Recipe(mix, controls), __file__)  # a visitor's own stays here


def test_a_link_holds_the_steps_and_which_weights_wrote_the_take():
    recipe = Recipe(mixture("drama"), Controls(seconds=30, seed=7, temperature=0.8, chords="Am F", instruments="violin, violin"),
                    (GoOn(30, 8), Rewrite("Violin 2", (3, 4), 9)), "ab12cd34ef")
    wish = link.wish_of(dict(parse_qsl(link.link_to(recipe)[1:])))
    assert wish.recipe == recipe and wish.refused == ()
    assert link.wish_of({"drama": "1", "notes": "60"}).recipe is None  # without its seed it is another piece


@pytest.mark.parametrize(("query", "said"), [
    ({"steps": "go-on:30:7"}, "whose genres and seed"), ({"steps": "dance:1:2"}, "Step 'dance:1:2' is not known"),
    ({"steps": "go-on:inf:7"}, "Seconds must be"), ({"steps": "go-on:30:" + "9" * 5000}, "Step"),
    ({"steps": ",".join(["go-on:10:1"] * 60)}, "50 at most"), ({"steps": "x" * 10**6}, "characters"),
    ({"steps": "rewrite::9-3:1"}, "wrong way round"), ({"weights": "<script>"}, "'<script>'"),
    ({"weights": "a" * 65}, "version of the composer"),
])
def test_hostile_steps_and_weights_get_a_sentence_and_are_left_out(query, said):
    base = {"drama": "1", "seed": "3"} if "go-on:30:7" not in query.values() else {}
    wish = link.wish_of({**base, **query})
    assert said in wish.refused[0] and len(wish.refused[0]) < 300 and not wish.steps and not wish.weights


def test_a_link_carries_the_mixture_to_its_last_digit():
    mix = mixture(dict(zip(GENRES, (0.1, 1 / 3, 1e-9, 0.2, 0.7))))
    wish = link.wish_of(dict(parse_qsl(link.link_to(Recipe(mix, Controls(seed=1, temperature=1 / 3)))[1:])))
    assert mixture(wish.mix) == mix and wish.controls["temperature"] == 1 / 3


@pytest.mark.parametrize("query", [{"notes": "many"}, {"horror": "x"}, {"poster": "../../etc/passwd"}, {"horror": "-1"}, {}])
def test_a_senseless_link_asks_for_nothing(query):
    wish = link.wish_of(query)
    assert not wish and bool(wish.refused) == bool(query)


@pytest.mark.parametrize(("query", "said"), [
    ({"horror": "inf"}, "share of horror"), ({"horror": "nan", "comedy": "1"}, "share of horror"),
    ({"horror": "0"}, "more than 0"), ({"tempo": "nan"}, "Tempo"), ({"seed": "x"}, "Seed"), ({"mode": "loud"}, "Mode"),
])
def test_what_a_link_asks_for_in_vain_is_said(query, said):
    assert said in link.wish_of(query).refused[0]


def test_the_page_says_the_measured_figures_and_copes_with_none(tmp_path, monkeypatch):
    monkeypatch.setattr(about, "weights_folder", lambda kind: tmp_path / kind)
    assert "<table" not in about.measured() and "<svg class" not in about.measured()
    (tmp_path / "classifier").mkdir()
    (tmp_path / "classifier" / "metrics.json").write_text(json.dumps({
        "balanced_accuracy": {"value": 0.612, "low": 0.58, "high": 0.64},
        "confusion": {"genres": ["drama", "horror"], "counts": [[30, 10], [1, 3]]}}))
    (tmp_path / "composer").mkdir()
    (tmp_path / "composer" / "metrics.json").write_text(json.dumps({
        "bits_per_note": {"composer": {"value": 3.371, "low": 3.2, "high": 3.5}},
        "sets": {name: {"copied_longest_p95": {"value": longest, "low": longest - 1, "high": longest + 2}}
                 for name, longest in (("generated", 9), ("real_test_600", 56))}}))
    page = about.measured()
    assert "61 % (58 to 64)" in page and ">75</td>" in page and ">25</td>" in page
    assert "3.37 (3.20 to 3.50)" in page
    assert "composed 9 (8 to 11), by people 56 (55 to 58)" in page and page.count("<rect") == 2


def test_every_step_is_told_in_words():
    steps = (GoOn(30, 1), Cut(12), Rewrite("Violin", None, 2), Rewrite(None, (3, 4), 3))
    assert [text.done(step) for step in steps] == [
        "30 s longer", "ends after bar 12", "Violin anew", "all parts in bars 3 to 4 anew"]


def test_file_names_and_words_cannot_become_markup():
    assert "<script>" not in text.notice("<script>") and "<script>" not in text.stage(1, "<script>", 0.5)


def test_a_piece_that_was_stopped_while_it_waited_never_begins_and_never_takes_the_next_ones_place():
    calm = turns.Turns()
    first = calm.ask("visitor")
    running = calm.begin("visitor", first)
    waiting = calm.ask("visitor")  # which stops what runs
    assert running.is_set() and calm.overtaken("visitor", first)
    calm.stop("visitor")
    assert calm.begin("visitor", waiting) is None and not calm.overtaken("visitor", waiting)
    last = calm.ask("visitor")
    assert calm.begin("visitor", waiting) is None and calm.begin("visitor", first) is None
    assert calm.begin("other", last) is None
    assert not calm.begin("visitor", last).is_set()
    with pytest.raises(turns.Stopped):
        calm.go_on(running)


LINES = (TextLine("<script>alert(1)</script>", 0.9, (0.1, 0.2, 0.9, 0.3)),
         TextLine("Evil never dies.", 0.9, (0.1, 0.4, 0.9, 0.45)))


class _Reader:
    """A studio's models, of which reading is what counts here; how often words were read is counted."""

    def __init__(self):
        self.text_genre, self.text_reader, self.classifier, self.asked = TextGenre.from_pretrained(WORDS), self, self, 0

    def read(self, poster, words=None):
        if words is False:
            return GenreReading("drama", dict(zip(GENRES, (0.1, 0.1, 0.2, 0.5, 0.1))))
        self.asked += 1
        return LINES

    def load(self):
        pass

    def stream(self, mix, controls, progress, stems):
        raise _Composed(mix)


class _Composed(Exception):
    pass


@pytest.fixture
def reading_studio():
    reader = _Reader()
    return Studio(lambda: reader), reader


def test_words_are_read_after_the_picture_and_can_be_put_right_struck_out_or_left_out(reading_studio):
    studio, _ = reading_studio
    first = studio.read(str(EXAMPLES[0]))
    assert first.lines is None and first.genres.genre == "drama" and first.genres.words is None
    both = studio.read_words(first)
    assert both.lines == LINES and both.genres.words and both.genres.probabilities["horror"] > 0.3
    struck = studio.correct(both, 1, "")
    assert struck.lines == LINES[:1] and struck.genres.probabilities["horror"] < both.genres.probabilities["horror"]
    corrected = studio.correct(both, 1, "  A wed\u200bding  comedy ")
    assert corrected.lines[1].text == "A wedding comedy" and corrected.lines[1].confidence == 1
    assert corrected.genres.probabilities["comedy"] > both.genres.probabilities["comedy"]
    assert studio.correct(both, 7, "there is no such line") == both
    assert len(studio.correct(both, 0, "x" * 100_000).lines[0].text) == MOST_LETTERS
    assert studio.without_words(both) == first


def test_composing_for_a_posters_own_genres_waits_for_its_words(reading_studio):
    studio, reader = reading_studio
    first = studio.read(str(EXAMPLES[0]))
    both = studio.read_words(first)

    def mix_of(read, words):
        with pytest.raises(_Composed) as composed:
            studio.take(str(EXAMPLES[0]), read, None, Controls(32), lambda *news: None, threading.Event(), words)
        return composed.value.args[0]

    reader.asked = 0
    assert mix_of(first, True) == both.genres.probabilities and reader.asked == 1
    assert mix_of(both, True) == both.genres.probabilities and reader.asked == 1  # they were read already
    assert mix_of(None, False) == first.genres.probabilities and reader.asked == 1


def test_words_are_shown_with_those_first_that_spoke_and_outlined_where_they_stand(reading_studio):
    studio, _ = reading_studio
    both = studio.read_words(studio.read(str(EXAMPLES[0])))
    shown = PosterWords.show(both.genres, both.lines)
    assert shown["genre"] == both.genres.genre
    assert [line["text"] for line in shown["lines"] if line["loud"]][0] == LINES[both.genres.words.loudest[0]].text
    assert sorted(line["index"] for line in shown["lines"]) == [0, 1]
    drawn = text.outlines(both.lines, both.genres.words.loudest, (200, 300))
    assert drawn.count("<rect") == 2 and 'viewBox="0 0 200 300"' in drawn and "script" not in drawn
    assert 'x="20.0" y="60.0" width="160.0" height="30.0"' in drawn
    alone = PosterWords.show(studio.without_words(both).genres, ())
    assert alone["lines"] == [] and "picture speaks alone" in alone["said"]
