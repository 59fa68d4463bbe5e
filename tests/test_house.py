"""The house keeps its plan: no import runs back up or in a circle, no file grows long, every file says what it is."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from posterbeat.genres import GENRES

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 300  # lines a file
# The stations in the order of the way from a poster to its soundtrack, as docs/code.md draws them. What is named together
# may be imported by each other.
STATIONS = [
    {"errors", "text"},
    {"genres"},
    {"instruments", "chords", "cpu", "processes", "whole_file", "table_file"},
    {"notation"},
    {"contradictions", "controls", "hub", "hub_download"},
    {"steps"},
    {"recipe"},
    {"picture_file", "colour_profile", "poster"},
    {"colours", "vision"},
    {"music"},
    {"composer"},
    {"evaluation"},
    {"audio"},
    {"track"},
    {"hearing"},
    {"pipeline"},
    {"batch"},
    {"cli", "cli_options", "cli_running", "cli_steps"},
    {"ui"},
]
ORDER = {name: number for number, station in enumerate(STATIONS) for name in station}
FOLDERS = ("posterbeat", "train", "tools", "benchmarks", "examples")


def files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in [*files(*FOLDERS), ROOT / "app.py"]}


def imported_by(path):
    """The modules of this project that a file imports anywhere in it, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in MODULES else node.module)
    return {name for name in found if name in MODULES}


@cache
def graph():
    return {name: imported_by(path) for name, path in MODULES.items()}


def station(name):
    return name.split(".")[1]


def test_every_module_of_the_product_stands_at_a_station():
    assert {station(name) for name in MODULES if name.startswith("posterbeat.")} <= ORDER.keys()


def test_no_import_of_the_product_runs_back_up():
    up = [f"{name} imports {other}" for name, others in graph().items() if name.startswith("posterbeat.")
          for other in others if other.startswith("posterbeat.") and ORDER[station(other)] > ORDER[station(name)]]
    assert up == []


def test_the_product_imports_neither_app_train_nor_what_judges():
    for name, others in graph().items():
        if name.startswith("posterbeat"):
            assert not {other.split(".")[0] for other in others} - {"posterbeat"}, name
            if not name.startswith("posterbeat.evaluation"):
                assert not [other for other in others if other.startswith("posterbeat.evaluation")], name


def test_nobody_imports_the_app():
    assert [name for name, others in graph().items() if "app" in others] == []


def test_no_imports_form_a_circle():
    tuple(TopologicalSorter(graph()).static_order())  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", [*files(*FOLDERS, "tests"), ROOT / "app.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_long(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (200 if path.name == "app.py" else LONGEST)


def test_every_file_of_the_product_says_what_it_is():
    silent = [name for name, path in MODULES.items() if path.name != "__init__.py"
              and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_the_map_names_files_that_are_there():
    told = (ROOT / "docs" / "code.md").read_text(encoding="utf-8")
    names = set(re.findall(r"[\w/]+\.py\b", told))
    there = {path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    there |= {name.removeprefix("posterbeat/") for name in there} | {name.rsplit("/", 1)[-1] for name in there}
    assert names - there == {"tests/test_house.py", "tests/test_examples.py", "tests/ui/test_endpoints.py"}
    assert len(names) > 40


def test_genres_are_named_in_one_file_of_the_product():
    """A sixth genre touches this one and data."""
    named = set()
    for name, path in MODULES.items():
        if name.startswith("posterbeat"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(isinstance(node, ast.Constant) and node.value in GENRES for node in ast.walk(tree)):
                named.add(name)
    assert named == {"posterbeat.genres"}


def test_no_network_counts_the_genres_by_itself():
    counted = [path.name for path in files("posterbeat/vision")
               if re.search(r"num_classes(: int = |\": |=)[1-9]", path.read_text(encoding="utf-8"))]
    assert counted == []
