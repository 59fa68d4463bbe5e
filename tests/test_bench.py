"""The benchmark runs, and its bars, chart and table say what was measured. How fast anything is, is not tested."""

import json
import re
import xml.dom.minidom
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from benchmarks import bars, chart, limits, page, served, stations
from benchmarks.stations import OWN, QUICK
from benchmarks.timing import a_unit, in_all, side_by_side
from posterbeat import PosterBeat
from posterbeat.composer.quantised_matrix import smallest
from tests.served import served as address
from tools.fill_readme import ROOT, bench, filled


@pytest.fixture(scope="module")
def figures():
    beat = PosterBeat.load()
    measured = stations.measure(beat, replace(QUICK, lengths=(32, 40), notes=32))
    measured["limits"] = limits.measure(beat, 1)
    measured["visitors"] = [served.visit(address(), visitors, 2, 32) for visitors in QUICK.visitors]
    once = {"median": 3.0, "low": 2.0, "high": 4.0, "runs": 3}
    measured["start"] = {"page answers": once, "first poster read on the page": once}
    measured["machine"] = {"processor": "a processor", "cores": 2, "narrow_numbers": False, "date": "2026-01-01"}
    with ThreadPoolExecutor(1) as aside:  # the browser tests leave a running loop in the tests' thread
        measured["page_first_sound"] = aside.submit(page.first_sound, address(), 1, QUICK.heard).result()
    measured["memory_mb"] = 1000.0
    measured["bars"] = bars.judge(measured)
    return measured


def test_rounds_run_every_candidate_in_turn_and_count_all_but_the_first():
    calls = []

    def work(name):
        return lambda index: calls.append((name, index)) or (10.0 if name == "b" else None)

    times = side_by_side({"a": work("a"), "b": work("b")}, 2)
    assert calls == [(name, index) for index in range(3) for name in "ab"]
    assert [units for _, units in times["a"] + times["b"]] == [1, 1, 10, 10]
    assert a_unit(times["b"])["median"] == pytest.approx(in_all(times["b"])["median"] / 10)


def test_everything_that_is_compared_was_measured(figures):
    assert json.loads(json.dumps(figures)) == figures
    assert len(figures["composing"]["a_note"]) == 3 and len(figures["reading"]["a_poster"]) == 4
    assert set(figures["whole"]["a_second_of_music"]) == {OWN, "MusicGen-small's decoder"}
    assert [row["notes"] for row in figures["composing"]["by_notes"]] == [32, 40]
    for group in (figures["composing"]["a_note"], figures["reading"]["a_poster"], figures["whole"]["a_second_of_music"]):
        assert all(0 < figure["low"] <= figure["median"] <= figure["high"] for figure in group.values())


def test_visitors_at_once_all_get_their_pieces(figures):
    assert [(load["visitors"], load["pieces"]) for load in figures["visitors"]] == [(1, 2), (2, 4)]
    for load in figures["visitors"]:
        assert 0 < load["p50"] <= load["p95"] and load["longest_in_fair_shares"] > 0.5


def test_the_first_sound_is_waited_for_in_a_browser(figures):
    if figures["page_first_sound"] is None:
        pytest.skip("THE FIRST SOUND ON THE PAGE WAS NOT MEASURED: no Chromium, or no pytest-playwright")
    assert 0 < figures["page_first_sound"]["median"] < 60 and figures["page_first_sound"]["runs"] == 1


def test_the_limits_count_what_the_networks_do():
    beat = PosterBeat.load()
    networks = beat.composer.networks
    note = limits.note_work(networks)
    assert note["bytes"] < sum(4 * weight.numel() for weight in networks.parameters())
    least = smallest().itemsize  # bytes of a number in the matrices of a step
    assert note["bytes"] > least * 3 * networks.writer.first.weight_hh_l0.numel()  # the two layers of the writer alone
    assert 1e9 < limits.reading_work(beat)["flops"] < 2e10


@pytest.mark.parametrize(("narrow", "holds"), [(True, False), (False, True)])
def test_bars_compare_the_measured_figures(narrow, holds):
    def steady(seconds):
        return {"median": seconds, "low": seconds, "high": seconds, "runs": 1}

    figures = {
        "composing": {"a_note": {OWN: steady(0.002), "LSTM tutorial's way, final stack": steady(0.05),
                                 "Llama-type model, 230 M parameters": steady(0.01)}},
        "reading": {"a_poster": {OWN: steady(0.05), "its bare backbone, same size": steady(0.04)}},
        "page_first_sound": steady(1.3),
        "memory_mb": 2000.0,
        "machine": {"narrow_numbers": narrow},
        "whole": {"a_second_of_music": {OWN: steady(0.0625), "MusicGen-small's decoder": steady(9.0)}},
        "start": {"page answers": steady(8.0), "first poster read on the page": steady(9.0)},
        "visitors": [{"visitors": 1, "a_minute": 10.0, "longest_in_fair_shares": 1.0},
                     {"visitors": 8, "a_minute": 15.0, "longest_in_fair_shares": 1.6}],
    }
    judged = bars.judge(figures)
    assert [round(bar["got"], 6) for bar in judged] == [16, 144, 25, 5, 1.25, 1.3, 8, 9, 1.5, 1.6, 2000]
    assert [bar["holds"] for bar in judged] == [holds, False, False, False, True, False, False, True, False, False, False]


def test_the_chart_is_an_svg_with_every_name_and_figure(figures):
    drawn = chart.draw(figures)
    xml.dom.minidom.parseString(drawn)
    words = re.sub("<[^>]*>", "\n", drawn)
    for name, figure in figures["composing"]["a_note"].items():
        assert name.replace("&", "&amp;") in words and chart.figure_text(1000 * figure["median"]) in words


def test_the_table_says_what_was_wanted_and_what_was_got(figures, tmp_path):
    (tmp_path / "benchmarks").mkdir()
    assert bench(tmp_path) == ""
    (tmp_path / "benchmarks/results.json").write_text(json.dumps(figures))
    table = bench(tmp_path)
    for bar in figures["bars"]:
        assert f"{bar['wanted']} | {'yes' if bar['holds'] else 'no'} |" in table
    assert "chart.svg" in table


def test_the_figures_in_the_readme_are_those_of_the_last_run():
    document = (ROOT / "docs/figures.md").read_text()
    assert "<!-- bench:" in document and document == filled(document, bench(), "bench"), "run: make readme"


def test_the_readme_has_few_figures_and_windows_and_docker_stand_at_its_top():
    readme = (ROOT / "README.md").read_text()
    tables = re.findall(r"(?:^\|.*\n)+", readme, re.MULTILINE)
    assert tables and all(table.count("\n") < 12 for table in tables)
    top = readme.split("## How it works")[0]
    assert "WSL" in top and "docker run" in top
    for term in ("fair shares", "bare backbone", "the study's final stack"):
        assert term not in readme
