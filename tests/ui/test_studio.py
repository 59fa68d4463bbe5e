"""Behind the page's buttons: links bring wishes back, the page's own figures are those of the metrics."""

import json
from urllib.parse import parse_qsl

import pytest

from posterbeat.controls import Controls
from posterbeat.ui import link, turns
from posterbeat.ui.components.example_posters import EXAMPLES
from posterbeat.ui.page import about, text


def test_a_link_says_what_was_asked_for():
    example = EXAMPLES[0]
    mix = {"action": 0.25, "animation": 0, "comedy": 0.75, "drama": 0, "horror": 0}
    controls = Controls(300, 0.9, 4294967295, tempo=91.0, mode="minor")
    again = link.wish_of(dict(parse_qsl(link.link_to(mix, controls, str(example))[1:])))
    assert again == {"mix": {"action": 0.25, "comedy": 0.75}, "notes": 300, "temperature": 0.9, "seed": "4294967295",
                     "poster": str(example), "tempo": 91.0, "mode": "minor"}
    assert "poster" not in link.link_to(mix, controls, __file__)  # a visitor's own stays here


@pytest.mark.parametrize("query", [{"notes": "many"}, {"horror": "x"}, {"poster": "../../etc/passwd"}, {"horror": "-1"}, {}])
def test_a_senseless_link_asks_for_nothing(query):
    assert not any(value for value in link.wish_of(query).values())


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
