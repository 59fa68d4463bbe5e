"""What composed pieces can be told from real ones by: some hundred features of an arrangement.

Both sides are put through the same event representation, cut to the same length, and their endings left out, so that
nothing but the music tells them apart. `train/music/tell_apart.py` learns to.
"""

import numpy as np

from posterbeat.evaluation import arrangement
from posterbeat.evaluation.form import bar_likeness
from posterbeat.evaluation.texture import groove_consistency, polyphony, scale_consistency
from posterbeat.instruments import DRUM_FAMILY, DRUMS, FAMILIES
from posterbeat.music.events import decode, encode
from posterbeat.music.key import estimate_key, pitch_class_profile
from posterbeat.music.score import STEPS_PER_BEAT, Score

NOTES, DROPPED = 600, 14
_PLACES = (0, 3, 4, 6, 8, 9)  # of a beat, in twelfths
_LENGTHS = (3, 6, 9, 12, 18, 24, 48)
_DRUMS = {"kick": (35, 36), "snare": (37, 38, 39, 40), "hi-hat": (42, 44, 46), "tom": (41, 43, 45, 47, 48, 50),
          "cymbal": (49, 51, 52, 53, 55, 57, 59)}
_LAGS = (1, 2, 4, 8)


def excerpt(score: Score) -> Score | None:
    """The first 600 notes without the last 14, in the events' representation; None of a piece of fewer notes.

    What several parts of a family play in unison is one event: that shortens a piece after its notes were counted.
    """
    if len(score) < NOTES:
        return None
    events = encode(score)
    programs = np.array([*(family * 8 for family in range(len(FAMILIES) - 1)), DRUMS])
    return decode(events.fields[:min(len(events), NOTES) - DROPPED], programs, tempo=score.tempo, bar=score.bar)


def features(score: Score) -> dict[str, float]:
    """What a piece is like in some hundred named numbers, nan where one does not apply. `score` as `excerpt` gives it."""
    pitched = score.family != DRUM_FAMILY
    found = {f"harmony: {name}": value for name, value in arrangement.harmony(score).items()}
    found |= _harmony(score) | _rhythm(score) | _lines(score) | _loudness(score) | _who(score)
    tonic, mode = estimate_key(score)
    profile = np.roll(pitch_class_profile(score), -tonic)
    found |= {f"degree {number}": value for number, value in enumerate(profile)}
    found |= {"minor": float(mode == "minor"), "scale consistency": scale_consistency(score), "polyphony": polyphony(score)}
    tuned = score.pitch[pitched]
    found |= {f"pitch, percentile {part}": float(np.percentile(tuned, part)) if len(tuned) else np.nan
              for part in (5, 25, 50, 75, 95)}
    lengths = np.bincount(np.searchsorted(_LENGTHS, score.duration[pitched]), minlength=len(_LENGTHS) + 1)
    found |= {f"lengths {number}": value for number, value in enumerate(lengths / max(1, lengths.sum()))}
    return found


def _harmony(score: Score) -> dict[str, float]:
    sums, bass = arrangement.half_bars(score)
    sounding = sums.sum(1) > 0
    best, fit = arrangement.triads(sums[sounding])
    root, low = best % 12, bass[sounding].argmax(1)
    moves = np.diff(root) % 12
    moved = moves[moves != 0]
    return {
        **{f"likeness of half-bars {lag} apart": _mean(arrangement.likeness(sums, lag))
           for lag in (2, 4, 8, 16) if lag < len(sums)},
        "triad fit": _mean(fit), "triad fit, spread": _spread(fit), "root changes": _mean(moves != 0),
        "different roots": float(len(np.unique(root))), "minor triads": _mean(best // 12 == 1),
        "diminished triads": _mean(best // 12 == 2),
        **{f"root moves by {step}": _mean(moved == step) for step in range(1, 12)},
        "bass changes": _mean(np.diff(low) != 0), "different basses": float(len(np.unique(low))),
        "pitch classes, spread": _spread((sums > 0).sum(1)),
        "weight of the strongest pitch class": _mean(sums[sounding].max(1) / sums[sounding].sum(1)),
    }


def _rhythm(score: Score) -> dict[str, float]:
    place = score.onset % STEPS_PER_BEAT
    alike = bar_likeness(score)
    bars = int(score.onset.max()) // score.bar + 1
    pattern = np.zeros((bars, score.bar), bool)
    pattern[score.onset // score.bar, score.onset % score.bar] = True
    notes = np.bincount(score.onset // score.bar, minlength=bars)
    found = {f"onsets at {twelfth} of the beat": _mean(place == twelfth) for twelfth in _PLACES}
    found |= {"onsets elsewhere": _mean(~np.isin(place, _PLACES)), "onsets on the bar": _mean(score.onset % score.bar == 0),
              "groove": groove_consistency(score), "notes a bar": _mean(notes), "notes a bar, spread": _spread(notes),
              "onsets a bar": _mean(pattern.sum(1)), "onsets a bar, spread": _spread(pattern.sum(1)),
              "empty bars": _mean(notes == 0), "bars": float(bars)}
    for lag in _LAGS:
        if lag < bars:
            same = (pattern[lag:] & pattern[:-lag]).sum(1) / np.maximum((pattern[lag:] | pattern[:-lag]).sum(1), 1)
            diagonal = np.diagonal(alike, lag)
            found |= {f"rhythm like {lag} bars before": _mean(same), f"bar like {lag} before": _mean(diagonal),
                      f"bar same as {lag} before": _mean(diagonal >= 0.99)}
    tune = np.diff(np.unique(score.onset[score.family != DRUM_FAMILY]))
    found |= {"steps between onsets, mean log": _mean(np.log2(np.maximum(tune, 1))),
              "steps between onsets, spread": _spread(np.log2(np.maximum(tune, 1)))}
    drums = score.pitch[score.family == DRUM_FAMILY]
    found |= {f"drums: {name}": _mean(np.isin(drums, keys)) for name, keys in _DRUMS.items()}
    found |= {"drums": len(drums) / len(score), "different drums": float(len(np.unique(drums)))}
    return found


def _lines(score: Score) -> dict[str, float]:
    steps, ranges, held, together = [], [], [], []
    for family in range(len(FAMILIES) - 1):
        mine = score.family == family
        if mine.sum() <= 20:
            continue
        line = arrangement.upper_line(score, family)
        steps.append(np.abs(np.diff(line)))
        ranges.append(float(np.ptp(score.pitch[mine])))
        onsets = np.unique(score.onset[mine])
        together.append(mine.sum() / len(onsets))
        gaps = dict(zip(onsets[:-1].tolist(), np.diff(onsets).tolist()))
        lengths = zip(score.onset[mine].tolist(), score.duration[mine].tolist())
        held.append(np.mean([min(length / gaps[onset], 4) for onset, length in lengths if onset in gaps]))
    every = np.concatenate(steps) if steps else np.zeros(0)
    low = arrangement.half_bars(score)[1].argmax(1)
    return {"line: repeats": _mean(every == 0), "line: steps": _mean((every > 0) & (every <= 2)), "line: leaps": _mean(every > 7),
            "line: octaves and more": _mean(every >= 12), "line: spread": _spread(every), "range of a family": _mean(ranges),
            "length over gap": _mean(held), "notes of a family at once": _mean(together),
            "bass step": _mean(np.minimum(np.diff(low) % 12, -np.diff(low) % 12))}


def _loudness(score: Score) -> dict[str, float]:
    velocity = score.velocity.astype(float)
    within, changes = [], []
    for family in np.unique(score.family):
        mine = velocity[score.family == family]
        within.append(mine.std())
        changes.append(np.mean(np.diff(mine) != 0) if len(mine) > 1 else np.nan)
    on = score.onset % STEPS_PER_BEAT == 0
    return {"loudness": _mean(velocity), "loudness, spread": _spread(velocity), "loudness, spread in a family": _mean(within),
            "loudness changes in a family": float(np.nanmean(changes)),
            "accent on the beat": _mean(velocity[on]) - _mean(velocity[~on]),
            "different loudnesses": float(len(np.unique(velocity)))}


def _who(score: Score) -> dict[str, float]:
    table = arrangement.playing(score)
    share = np.bincount(score.family, minlength=len(FAMILIES)) / len(score)
    changes = (table[1:] != table[:-1]).any(1)
    entrances = table.argmax(0) / max(1, len(table))
    return {"families": float((share > 0).sum()), **{f"share of {name}": value for name, value in zip(FAMILIES, share)},
            "ensemble, spread": _spread(table.mean(1)), "ensemble changes": _mean(changes),
            "bars alone": _mean(table.sum(1) == 1), "all play": _mean(table.all(1)), "mean entrance": _mean(entrances),
            "tempo": score.tempo, "bar": float(score.bar)}


def _mean(values) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _spread(values) -> float:
    return float(np.std(values)) if len(values) else float("nan")
