"""The composer's bars and its card, both read from metrics.json: python -m train.music.write_card weights/composer"""

import argparse
import json
from pathlib import Path

from posterbeat.composer.plan import KINDS
from posterbeat.genres import GENRES

LIKE = "real_test_600"  # real test pieces as long as the generated ones
_ROWS = (  # figure, words
    ("judge_recall", "judge's macro recall of the genre"),
    ("overlapped_area", "overlapped area (six features)"),
    ("copied_longest_median", "longest copied run of the melody, pairs, median"),
    ("copied_longest_p95", "longest copied run of the melody, pairs, 95th percentile"),
    ("copied_8_median", "share of copied 8-grams of the melody, median"),
    ("copied_8_p95", "share of copied 8-grams of the melody, 95th percentile"),
    ("collapsed", "collapsed pieces"),
    ("pitch_class_entropy", "pitch-class entropy, bits"),
    ("scale_consistency", "scale consistency"),
    ("groove_consistency", "groove consistency"),
    ("on_beat", "notes on the beat"),
    ("on_half_beat", "notes on its half"),
    ("elsewhere", "notes elsewhere in the beat"),
    ("on_bar", "notes on the first step of a bar"),
    ("returning_bars", "bars that closely match an earlier one"),
    ("opening_returns", "pieces whose opening two bars come back"),
    ("families", "instrument families a piece"),
    ("notes_at_once", "notes at once"),
    ("bars_with_bass", "bars with a bass note"),
    ("ends", "pieces that end on a held chord with the tonic"),
    ("seconds", "length, seconds"),
)
_HARMONY = (  # figure, words
    ("pitch_classes", "pitch classes a bar"), ("bar_entropy", "entropy of a bar's pitch classes, bits"),
    ("change", "change of chroma between half-bars"), ("bass_on_root", "bass on the root"),
    ("clashes", "semitone clashes"), ("drum_bars", "different drum bars"),
    ("ensemble", "share of the ensemble that plays in a bar"), ("steps", "steps of a family's upper line, semitones"),
)
_OF_PLANS = (
    ("follows_plan", "half-bars in which the planned chord is heard; real: the chord of one half of the notes in the other"),
    ("plan_copied_median", "longest run of chord changes that a training piece has, median"),
    ("plan_copied_p95", "the same, 95th percentile"),
    ("kinds_copied_median", "longest run of who repeats, varies or begins something that a training piece has, median"),
    ("kinds_copied_p95", "that, 95th percentile"),
)
_COLUMNS = (
    ("generated", "composed"),
    (LIKE, "real test, first 600 notes"),
    ("real_val_600", "real val, first 600 notes"),
    ("real_test_grid", "real test, whole, on a beat grid"),
    ("real_test", "real test, whole, all"),
)

_LIMITS_OF_HARMONY = (  # at least, at most: around what real pieces have
    ("pitch_classes", 4.8, 5.8), ("change", 0.31, 0.38), ("bass_on_root", 0.40, 0.48), ("drum_bars", 0.33, 0.50),
    ("ensemble", 0.76, 0.87), ("steps", 3.7, 5.4),
)


def _value(figure: dict | None) -> float | None:
    return figure.get("value") if figure else None


def bars(metrics: dict) -> list[dict]:
    """What was to be reached and whether it was: dicts of "what", "wanted", "got", "holds" (None: not measured)."""
    sets, bits = metrics.get("sets", {}), metrics.get("bits_per_note", {})
    made, real, whole = sets.get("generated", {}), sets.get(LIKE, {}), sets.get("real_test", {})
    rows = []

    def add(what, got, least=None, most=None):
        known = got is not None and (least is not None or most is not None)
        limits = (("at least", least), ("at most", most))
        wanted = " and ".join(f"{words} {limit:.4g}" for words, limit in limits if limit is not None)
        holds = bool((least is None or got >= least) and (most is None or got <= most)) if known else None
        rows.append({"what": what, "wanted": wanted, "got": got, "holds": holds})

    def beside(name, within=None, share=None, above=None, below=None, real=real, words=None):
        target = _value(real.get(name))
        least = most = None
        if target is not None:
            if within is not None:
                least, most = target - within, target + within
            least = target * share if share is not None else target + above if above is not None else least
            most = target + below if below is not None else most
        add(words or dict(_ROWS)[name], _value(made.get(name)), least, most)

    composer, trigram = _value(bits.get("composer")), _value(bits.get("trigram"))
    add("bits a note, plan included", composer, most=3.37)
    add("bits per note, against 0.75 times the trigram's", composer, most=0.75 * trigram if trigram else None)
    drawn, people = metrics.get("plans", {}).get("drawn", {}), metrics.get("plans", {}).get("real", {})
    add("told from real pieces, area under the ROC curve", drawn.get("told_apart"), most=0.93)
    for name, least, most in _LIMITS_OF_HARMONY:
        add(dict(_HARMONY)[name], _value(drawn.get("harmony", {}).get(name)), least, most)
    ceiling = _value(people.get("follows_plan"))
    add("half-bars in which the planned chord is heard", _value(drawn.get("follows_plan")),
        least=0.8 * ceiling if ceiling else None)
    for name, words in _OF_PLANS[1:]:
        add(words, _value(drawn.get(name)), most=_value(people.get(name)))
    beside("judge_recall", above=-0.05)
    for name in ("copied_longest_median", "copied_longest_p95", "copied_8_median", "copied_8_p95"):
        beside(name, below=0.0)
    add("collapsed pieces", _value(made.get("collapsed")), most=0.0)
    beside("pitch_class_entropy", within=0.15)
    beside("scale_consistency", within=0.025)
    beside("groove_consistency", within=0.025)
    for name in ("on_beat", "on_half_beat", "elsewhere"):
        beside(name, within=0.05)
    for name in ("returning_bars", "opening_returns", "families", "notes_at_once", "bars_with_bass"):
        beside(name, share=0.8)
    add("overlapped area", _value(made.get("overlapped_area")), least=0.80)
    add("Spearman correlation of mixture weight and judge", _value(metrics.get("mix_monotone")), least=0.8)
    beside("ends", above=0.0, real=whole)  # only whole pieces have an ending to compare with
    speed = metrics.get("notes_per_second", {})
    for notes, narrow, wide in ((300, 0.4, 0.8), (1000, 1.2, 2.8)):
        add(f"seconds for {notes:,} notes", speed.get(f"seconds_{notes}"), most=narrow if speed.get("narrow_numbers") else wide)
    add("MB of memory, model and generation", metrics.get("memory_mb", {}).get("composer"), most=600)
    return rows


def cell(figure: dict | None) -> str:
    if not figure or figure.get("value") is None:
        return "–"
    return f"{figure['value']:.3g} ({figure['low']:.3g} to {figure['high']:.3g})"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def card(metrics: dict) -> str:
    """The model card: front matter, use, data, figures, limits. Every figure comes from `metrics`."""
    sets = metrics.get("sets", {})
    columns = list(_COLUMNS) + [(name, name.replace("_", " ")) for name in sets
                                if name not in dict(_COLUMNS) and name != "real_val"]
    columns = [(name, words) for name, words in columns if name in sets]
    parts = [_INTRODUCTION]
    if sets:
        counts = ", ".join(f"{words}: {sets[name]['collapsed']['n']}" for name, words in columns)
        parts.append(f"""## Figures

Composed: {metrics['pieces_per_genre']} pieces a genre, {metrics['notes']} notes, temperature {metrics['temperature']:g},
seeds from 0 upwards, default settings, nothing picked. In brackets the 95 % bootstrap interval.
Pieces measured: {counts}.
The fair comparison is with the second column: real pieces cut to the same length. Closer to real is better, not higher
or lower.

""" + table(["figure", *(words for _, words in columns)],
             [[words, *(cell(sets[name].get(row)) for name, _ in columns)] for row, words in _ROWS]))
        recall = [[genre, *(f"{sets[name]['judge_recall'].get('recall', {}).get(genre, float('nan')):.2f}"
                            for name, _ in columns)] for genre in GENRES]
        parts.append("How often the judge, a classifier trained on real training pieces only, hears the right genre:"
                     "\n\n"
                     + table(["genre", *(words for _, words in columns)], recall))
        parts.append(f"The weight of a genre in a mixture and the judge's probability of it: Spearman correlation "
                     f"{cell(metrics.get('mix_monotone'))}, mean over the ten pairs of genres.\n")
    bits = metrics.get("bits_per_note")
    if bits:
        rows = [[name.replace("_", " "), cell(figure), str(figure["n"])] for name, figure in bits.items()]
        parts.append("Negative log2-likelihood a note of real `test` pieces, all fields summed, beside counts of the "
                     "same fields. \"Composer new\" are the notes that come after four which were not heard in a row before in "
                     "their piece, with their share of the plan:\n\n" + table(["model", "bits a note", "pieces"], rows))
    parts += _plans(metrics.get("plans"))
    speed = metrics.get("notes_per_second")
    if speed:
        where = speed.get("processor", "a CPU")
        parts.append(f"Speed on two threads of {where}: {cell(speed)} notes a second (median of {speed['n']} runs); 300 "
                     f"notes take {speed['seconds_300']} s, 1,000 take {speed['seconds_1000']} s.\n")
    if metrics.get("memory_mb"):
        used = metrics["memory_mb"]
        parts.append(f"Memory of a process that loads the composer and writes 2,000 notes: {used['whole']} MB at most, of which "
                     f"{used['imports']} MB are imports.\n")
    if metrics.get("bars"):
        words = {True: "yes", False: "**no**", None: "not measured"}
        rows = [[bar["what"], bar["wanted"] or "–", f"{bar['got']:.4g}" if bar["got"] is not None else "–",
                 words[bar["holds"]]] for bar in metrics["bars"]]
        parts.append("## What was to be reached\n\n" + table(["what", "wanted", "measured", "reached"], rows))
    parts.append(_LIMITS)
    return "\n".join(parts)


def _plans(plans: dict | None) -> list[str]:
    """Whether pieces are told from people's, their harmony, and whether they follow their plans."""
    if not plans:
        return []
    people, made = plans["real"], {name: plans[name] for name in ("drawn", "lent")}
    columns = {"real test": people, **{f"{name} plans": row for name, row in made.items()}}
    rows = [[words, *(cell(row["harmony"][name]) for row in columns.values())] for name, words in _HARMONY]
    rows += [[f"cells that are {name}", *(cell(row.get("cells", {}).get(name)) for row in columns.values())] for name in KINDS]
    rows += [[words, *(cell(row.get(name)) for row in columns.values())] for name, words in _OF_PLANS]
    telling = [[name, *(f"{value:.3g}" for value in values)] for name, values in made["drawn"]["telling"].items()]
    told = " and ".join(f"{row['told_apart']:.3f} over {name} plans" for name, row in made.items())
    counts = ", ".join(f"{row['pieces']} {name}" for name, row in columns.items())
    return [
        "## Planned, then written\n\nBoosted trees over some hundred features try to tell composed pieces from real `test` "
        f"pieces (five-fold; 0.5 is chance): the area under the ROC curve is {told}. A lent plan is a training piece's; the "
        f"product never sees one. Pieces: {counts}, first 600 notes, the last 14 left out.\n\n"
        + table(["mean over pieces", *columns], rows),
        "What tells drawn pieces apart most, and the area that each feature reaches alone:\n\n"
        + table(["feature", "real", "composed", "area"], telling)]


def write(metrics: dict, folder: Path) -> None:
    """README.md beside the weights."""
    (folder / "README.md").write_text(card(metrics), encoding="utf-8")


_INTRODUCTION = """---
license: mit
library_name: posterbeat
pipeline_tag: other
tags:
- music-generation
- midi
- lstm
---

# PosterBeat's composer

Plans a piece first and then writes it part by part. An LSTM draws the plan: a chord for every half-bar, and for each part
in each bar whether it is silent, plays something new, varies or repeats one of its earlier bars, and how many notes. A
bidirectional LSTM reads the whole plan both ways; a second LSTM writes the notes, cell by cell. It composes for five film genres
and mixtures of them, for up to eight parts at once.

```python
from posterbeat import BiLSTMComposer

composer = BiLSTMComposer.from_pretrained("weights/composer")       # this folder, or the Hub repo
score = composer.generate({"horror": 0.7, "comedy": 0.3}, notes=600, temperature=1.0, seed=7)
score.to_midi().write("piece.mid")
print(score.plan)                                                   # sections, chords, who plays what
```

## Data

Trained on some ten thousand MIDI transcriptions (game scores, classical pieces, silent-film cues; piano performances
kept apart), most of them of works under copyright and labelled with a genre by rule, a few hundred by hand. None of them is
part of this repository. Pieces of one film or one melody are all in one split; models were chosen on `val`, the figures
here are of `test`.
"""

_LIMITS = """## Limits

- The genre labels are noisy, and genres overlap: see the judge's recall on real pieces.
- The longest copied run counts melody intervals and rhythm; short runs are common property of all music, so the
  yardstick is what real, unseen pieces share with the training set.
- The data is mostly game music and piano music of Europe, America and Japan; other traditions are hardly in it.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    options = parser.parse_args()
    write(json.loads((options.weights / "metrics.json").read_text()), options.weights)


if __name__ == "__main__":
    main()
