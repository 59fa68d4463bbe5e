"""The files that install, start and describe the project."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.fill_readme import block, filled, summary

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()
FRONT = yaml.safe_load(README.split("---\n")[1])


def lines(name):
    return [line.strip() for line in (ROOT / name).read_text().splitlines() if line.strip() and line[0] != "#"]


def asked(*extras):
    texts = lines("requirements.txt") + [text for name in extras
                                         for text in PROJECT["project"]["optional-dependencies"][name]]
    return {canonicalize_name(Requirement(text).name): Requirement(text) for text in texts}


def imported(*folders):
    """Top-level names that the Python files of these folders import."""
    names = set()
    for folder in folders:
        for path in [ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def distributions(names):
    provided = metadata.packages_distributions()
    return {canonicalize_name(provided[name][0]) for name in names if name in provided}


PINS = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines("constraints.txt"))}


def test_everything_that_the_app_imports_is_asked_for():
    measuring = distributions(imported("posterbeat/evaluation"))  # which training and tests alone import
    assert measuring <= asked("train").keys() | {"posterbeat"}
    assert distributions(imported("posterbeat", "app.py")) - {"posterbeat"} - measuring <= asked("batch", "ray").keys()


def test_every_requirement_is_pinned_to_a_version_in_its_range():
    for name, requirement in asked("train", "batch", "ray", "dev").items():
        assert name in PINS, f"constraints.txt does not pin {name}"
        assert PINS[name] in requirement.specifier, f"{name} {PINS[name]} is outside {requirement.specifier}"


def test_the_pins_are_what_is_tested_here():
    differing = {name: (metadata.version(name), PINS[name]) for name in asked("dev")
                 if metadata.version(name).split("+")[0] != PINS[name]}
    assert differing == {}


def test_every_package_of_the_source_tree_is_installed():
    here = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "posterbeat").rglob("__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == here | {"posterbeat.weights"}


@pytest.mark.parametrize("models", [("classifier", "words", "composer"), ("classifier", "words", "composer", "historical")])
def test_the_wheel_holds_code_data_and_those_weights_that_are_there(tmp_path, models):
    shutil.copytree(ROOT / "posterbeat", tmp_path / "posterbeat", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for kind in (*models, "own"):  # small stand-ins, and weights that somebody trained in between
        (tmp_path / "weights" / kind).mkdir(parents=True)
        for name in ("config.json", "model.safetensors"):
            (tmp_path / "weights" / kind / name).write_text(kind)
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                           "--wheel-dir", str(tmp_path), str(tmp_path)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    wheel = zipfile.ZipFile(next(tmp_path.glob("*.whl")))
    names = set(wheel.namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "posterbeat").rglob("*")
              if path.suffix in {".py", ".json", ".js", ".css", ".html", ".jpg", ".png"}}
    assert wanted <= names
    assert {name for name in names if "weights" in name} == {
        f"posterbeat/weights/{kind}/{name}" for kind in models for name in ("config.json", "model.safetensors")}
    assert all(name.startswith("posterbeat") for name in names)
    entry = wheel.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "posterbeat = posterbeat.cli:main" in entry
    about = wheel.read(next(name for name in names if name.endswith("METADATA"))).decode()
    declared = re.findall(r"^Requires-Dist: (?!.*extra ==)(.*)$", about, re.MULTILINE)
    assert set(map(Requirement, declared)) == set(asked().values())


def test_the_space_front_matter_is_one_that_a_space_takes():
    assert FRONT["sdk"] == "gradio" and FRONT["sdk_version"] == PINS["gradio"]
    assert FRONT["python_version"] == "3.11" and (ROOT / FRONT["app_file"]).is_file()
    assert len(FRONT["short_description"]) <= 60
    assert FRONT["license"] == "mit" and "MIT License" in (ROOT / "LICENSE").read_text()
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {FRONT["colorFrom"], FRONT["colorTo"]} <= colours
    assert FRONT["title"] and FRONT["emoji"] and FRONT["tags"] and len(FRONT["models"]) == 3


def test_the_two_commands_stand_at_the_top_of_the_readme():
    manual = README.split("---\n", 2)[2]
    block = re.search(r"```sh\n(.*?)```", manual, re.DOTALL)
    assert block.start() < 200
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make run", "make test"]


def test_the_figures_in_the_readme_are_those_of_the_metrics_files():
    figures = (ROOT / "docs/figures.md").read_text()
    assert "<!-- metrics:" in figures and figures == filled(figures, block()), "run: make readme"
    assert "<!-- summary:" in README and README == filled(README, summary(), "summary"), "run: make readme"


def test_pictures_and_files_that_the_readme_names_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in target or (ROOT / target).exists(), target


@pytest.mark.skipif(not (ROOT / ".venv/.installed").exists(), reason="this environment was not made by make")
def test_a_second_set_up_does_nothing_and_is_quick():
    start = time.monotonic()
    plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "setup"], cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - start < 5


def test_make_run_serves_on_loopback_unless_told_otherwise():
    def said(*words):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        return subprocess.run(["make", "--dry-run", "run", *words], cwd=ROOT, capture_output=True, text=True,
                              env=environment, timeout=60).stdout

    assert "GRADIO_SERVER_NAME=127.0.0.1 GRADIO_SERVER_PORT=7860" in said()
    assert "GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=8000" in said("HOST=0.0.0.0", "PORT=8000")


@pytest.mark.parametrize("body, status, closing", [
    ("assert True", 0, "1 passed in"),
    ("assert False", 1, "1 failed in"),
    ("assert True\n\nimport nothing_such", 2, "1 error in"),
])
def test_ci_ends_with_the_closing_line_of_pytest_and_its_status(tmp_path, body, status, closing):
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    (tmp_path / "test_one.py").write_text(f"def test_one():\n    {body}\n")
    (tmp_path / "Makefile").write_text(f"test:\n\t@{sys.executable} -m pytest -p no:cacheprovider\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTEST"))}
    done = subprocess.run(["bash", ".ci/run"], cwd=tmp_path, capture_output=True, text=True, timeout=100,
                          env=environment, stdin=subprocess.DEVNULL)
    assert done.returncode == status
    assert closing in done.stdout.strip().splitlines()[-1]


def test_the_interpreter_is_one_that_the_project_supports():
    assert sys.version_info >= (3, 11) and sysconfig.get_python_version() in ("3.11", "3.12", "3.13", "3.14")
