"""Copy the figures of weights/*/metrics.json and benchmarks/results.json into docs/figures.md, and the first few into README.md.

    python tools/fill_readme.py
"""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def block(root: Path = ROOT) -> str:
    """The figures as Markdown; what was not measured is left out."""
    parts = [_words(_read(root, "words")), _classifier(_read(root, "classifier")), _composer(_read(root, "composer"))]
    return "\n".join(part for part in parts if part)


def bench(root: Path = ROOT) -> str:
    """The speeds as Markdown; nothing before `make bench` was run."""
    path = root / "benchmarks/results.json"
    if not path.exists():
        return ""
    figures = json.loads(path.read_text())
    machine = figures["machine"]
    rows = [(bar["what"], f"{bar['got']:.3g}", bar["wanted"], "yes" if bar["holds"] else "no") for bar in figures["bars"]]
    ways = [(way["what"], _seconds(way["seconds"]), f"{way['seconds_of_music']:.0f} s") for way in figures["whole"]["poster_to"]]
    loads = [(f"{load['visitors']}", f"{load['a_minute']:.0f}", f"{load['p50']:.1f} s", f"{load['p95']:.1f} s",
              f"{load['longest_in_fair_shares']:.2f}") for load in figures["visitors"]]
    return "\n".join([
        f"Measured on {machine['cores']} cores of {machine['processor']}, {machine['date']}; at most "
        f"{figures['memory_mb'] or float('nan'):.0f} MB held by the app and all that it started.\n",
        _table("Speed", ("measured", "wanted", "holds"), rows),
        _table("From the poster's file to", ("median (lowest to highest)", "music"), ways),
        _table("Visitors at once", ("pieces a minute", "median wait", "95th percentile of the wait",
                                    "longest wait, in equal shares"), loads),
        "![The same beside others that do the same job](../benchmarks/chart.svg)\n",
    ])


def summary(root: Path = ROOT) -> str:
    """The few figures that a reader asks for first, as Markdown; what was not measured is left out."""
    words, sets = _read(root, "words"), _read(root, "composer").get("sets", {})
    rows = [(f"Genre read from picture and words, posters of {size} (right by chance: 20 %)",
             _share(words[name]["both"]["balanced_accuracy"]))
            for name, size in (("larger", "300 to 500 pixels across"), ("stored", "160 x 240 pixels")) if name in words]
    made, real = sets.get("generated", {}), sets.get("real_test_600", {})
    if "judge_recall" in made:
        rows.append(("Music in which a network trained on real pieces hears the genre asked for (right by chance: 20 %)",
                     f"{_share(made['judge_recall'])}; in real pieces {_share(real.get('judge_recall'))}"))
    if "copied_longest_p95" in made:
        rows.append(("Most notes in a row that are those of a training melody, in 95 of 100 pieces",
                     f"{_number(made['copied_longest_p95'])}; in real pieces {_number(real.get('copied_longest_p95'))}"))
    path = root / "benchmarks/results.json"
    if path.exists():
        speed = json.loads(path.read_text())
        ways = {way["what"]: way for way in speed["whole"]["poster_to"]}
        machine = f"{speed['machine']['cores']} cores"
        if "mp3, 300 notes" in ways:
            way = ways["mp3, 300 notes"]
            rows.append((f"From a poster's file to an MP3 of {way['seconds_of_music']:.0f} seconds, {machine}",
                         f"{way['seconds']['median']:.1f} s"))
        if speed.get("memory_mb"):
            rows.append(("Memory of the app and all that it started, at most", f"{speed['memory_mb']:.0f} MB"))
    return _table("What was measured", ("",), rows) if rows else ""


def filled(readme: str, text: str, name: str = "metrics") -> str:
    """A document with `text` between the marks of that name."""
    begin, end = f"<!-- {name}: written by tools/fill_readme.py -->\n", f"<!-- /{name} -->"
    return re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda _: f"{begin}{text}{end}", readme, flags=re.DOTALL)


def _seconds(figure: dict) -> str:
    span = f" ({figure['low']:.1f} to {figure['high']:.1f})" if figure["runs"] > 1 else ""
    return f"{figure['median']:.1f} s{span}"


def _read(root: Path, kind: str) -> dict:
    path = root / "weights" / kind / "metrics.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _classifier(metrics: dict) -> str:
    if "balanced_accuracy" not in metrics:
        return ""
    recall = ", ".join(f"{genre} {100 * share:.0f} %" for genre, share in metrics["recall"].items())
    rows = [
        ("Balanced accuracy: mean recall of the first listed genre (chance is 20 %)",
         _share(metrics["balanced_accuracy"])),
        ("The genre read is among all the film's genres", _share(metrics.get("any_genre"))),
        ("Recall by genre", recall),
        ("Calibration error of the shown confidence", _share(metrics.get("ece"))),
    ]
    if "ms_per_poster" in metrics:
        rows.append(("From file to probabilities", f"{metrics['ms_per_poster']['median']:.0f} ms"))
    return _table(f"Reading pictures ({metrics['n']:,} posters of films that it never saw)", ("measured",), rows)


def _words(metrics: dict) -> str:
    sizes = {"stored": "160 x 240 pixels", "larger": "300 to 500 pixels across"}
    rows = []
    for name, size in sizes.items():
        if name in metrics:
            told = metrics[name]
            for kind, said in (("both", "picture and words"), ("picture", "the picture alone"), ("words", "the words alone")):
                rows.append((f"{told['n']:,} posters of {size}: {said}", _share(told[kind]["balanced_accuracy"]),
                             _share(told[kind]["right"]), _share(told[kind]["ece"])))
    columns = ("balanced accuracy", "right", "calibration error")
    return _table("Reading posters of films that it never saw", columns, rows) if rows else ""


def _composer(metrics: dict) -> str:
    sets, bits, speed = metrics.get("sets", {}), metrics.get("bits_per_note", {}), metrics.get("notes_per_second", {})
    made, real = sets.get("generated", {}), sets.get("real_test_600", {})
    rows = []
    if "composer" in bits:
        rows.append(("Bits a note on pieces that it never saw (fewer is better)", _number(bits["composer"]),
                     f"{_number(bits.get('trigram'))} (a trigram of the same fields)"))
    for name, words in (
        ("judge_recall", "A judge trained on real pieces hears the right genre (share)"),
        ("collapsed", "Pieces that got stuck (share)"),
        ("copied_longest_p95", "Longest run of notes copied from a training melody (95th percentile)"),
        ("groove_consistency", "Groove consistency"),
        ("returning_bars", "Bars that closely match an earlier one (share)"),
    ):
        if name in made:
            rows.append((words, _number(made[name]), _number(real.get(name))))
    drawn, people = (metrics.get("plans", {}).get(name, {}) for name in ("drawn", "real"))
    if drawn:
        rows.append(("Told from real pieces by boosted trees (area under the ROC curve; 0.5 cannot be told)",
                     f"{drawn['told_apart']:.2f}", ""))
        rows.append(("Half-bars in which the planned chord is heard (real: the chord of one half of the notes in the other)",
                     _number(drawn["follows_plan"]), _number(people["follows_plan"])))
        for name, words in (("pitch_classes", "Pitch classes a bar"), ("bass_on_root", "Bass on the root (share of the time)"),
                            ("ensemble", "Share of the ensemble that plays in a bar")):
            rows.append((words, _number(drawn["harmony"][name]), _number(people["harmony"][name])))
    if "seconds_300" in speed:
        rows.append(("Seconds to write 300 notes, two cores", f"{speed['seconds_300']:.2g}", ""))
    count = f" ({metrics['pieces_per_genre']} pieces a genre)" if made and "pieces_per_genre" in metrics else ""
    return _table(f"Composing{count}", ("composed", "real pieces of the same length"), rows) if rows else ""


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [(title, *columns), ("---",) * (1 + len(columns)), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _share(figure: dict | None) -> str:
    if not figure:
        return "not measured"
    span = f" ({100 * figure['low']:.1f} to {100 * figure['high']:.1f})" if "low" in figure else ""
    return f"{100 * figure['value']:.1f} %{span}"


def _number(figure: dict | None) -> str:
    if not figure or figure.get("value") is None:
        return "not measured"
    span = f" ({figure['low']:.3g} to {figure['high']:.3g})" if "low" in figure else ""
    return f"{figure['value']:.3g}{span}"


if __name__ == "__main__":
    readme, figures = ROOT / "README.md", ROOT / "docs" / "figures.md"
    readme.write_text(filled(readme.read_text(), summary(), "summary"))
    figures.write_text(filled(filled(figures.read_text(), block()), bench(), "bench"))
