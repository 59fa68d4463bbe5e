"""A piece goes on, or is partly written anew; what is to stay stays note for note."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from posterbeat.composer.known_piece import MOST_NOTES, known
from posterbeat.composer.model import BiLSTMComposer
from posterbeat.composer.plan import LITERAL, NEAR, NEW, VARIED
from posterbeat.composer.revision import detached, revision_of
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, ScoreError
from posterbeat.instruments import DRUMS
from posterbeat.music.part_names import track_of
from posterbeat.music.score import Score
from posterbeat.steps import GoOn, Rewrite
from tests.composer.small import small_composer, typical
from tests.music.made import tune

ROWS = [f"110 5.0 0 48 2 {typical(40, 10, 20, 20, 10)}|16 128 0 1 4 5|4 33 9 0 3 5|0 0 15 2 4 5|6 48 17 0 3 4"]
CONTROLS = Controls(seed=1, notes=800, tempo=110, key="C major", instruments=["piano", "bass", "violin", "violin", "drums"])


@pytest.fixture(scope="module")
def composer() -> BiLSTMComposer:
    return small_composer(ROWS)


@pytest.fixture(scope="module")
def score(composer) -> Score:
    return composer.generate("action", controls=CONTROLS).without_overlaps()


def revised(composer, score, step, controls=CONTROLS):
    return composer.revise(revision_of(score, step, controls), "action", controls=controls)


def notes(score, which=None):
    """Every note as onset, duration, pitch, loudness and program."""
    rows = np.stack([score.onset, score.duration, score.pitch, score.velocity, score.program], axis=1)
    return Counter(map(tuple, (rows if which is None else rows[which]).tolist()))


def closes(score):
    """Whether the last bar is a C major triad that begins with it."""
    last = (score.onset >= score.onset.max() // score.bar * score.bar) & (score.program != DRUMS)
    return last.any() and (score.onset[last] % score.bar == 0).all() and {*(score.pitch[last] % 12).tolist()} <= {0, 4, 7}


def inside(score, part=None, bars=None):
    """Which notes of a score a step writes anew."""
    bar = score.onset // score.bar + 1
    held = np.ones(len(score), bool) if bars is None else (bar >= bars[0]) & (bar <= bars[1])
    if part is not None:
        number, program = track_of(score, part)
        held &= (score.part == number) & (score.program == program)
    return held


@pytest.mark.parametrize("part, bars", [("bass", None), ("bass", (3, 5)), (None, (2, 3)), ("Violin", (1, 7)), ("Violin 2", None),
                                        (0, (2, 4)), ("drums", (2, 2))])
def test_what_is_not_written_anew_stays_note_for_note(composer, score, part, bars):
    step = Rewrite(part, bars, seed=4)
    again = revised(composer, score, step)
    old, new = inside(score, part, bars), inside(again, part, bars)
    assert notes(again, ~new) == notes(score, ~old)
    assert new.any() and notes(again, new) != notes(score, old)
    assert again.seconds <= score.seconds + 1e-6 and (again.tempo, again.bar) == (score.tempo, score.bar)


def test_who_played_in_the_bars_plays_in_them(composer, score):
    again = revised(composer, score, Rewrite(None, (2, 4), seed=4))

    def playing(one):
        held = inside(one, None, (2, 4))
        return {(bar, program) for bar, program in zip((one.onset // one.bar)[held].tolist(), one.program[held].tolist())}

    assert playing(score) <= playing(again)


def test_a_closing_chord_that_is_written_anew_still_closes(composer):
    # of few notes: what chance writes in dense bars rings on over every key, and no note begins where one is held
    controls = Controls(seed=1, notes=120, tempo=110, key="C major", instruments=["piano", "bass", "violin", "violin", "drums"])
    score = composer.generate("action", controls=controls).without_overlaps()
    again = revised(composer, score, Rewrite(bars=(score.onset.max() // score.bar + 1,) * 2, seed=2), controls)
    assert closes(score) and closes(again) and notes(again) != notes(score)


def test_a_piece_goes_on_and_closes_where_it_should(composer, score):
    longer = revised(composer, score, GoOn(30, seed=3))
    cut = int(score.onset.max()) // score.bar * score.bar
    assert notes(longer, longer.onset < cut) == notes(score, score.onset < cut)
    assert abs(longer.seconds - score.seconds - 30) <= 0.03 * longer.seconds and closes(longer)
    assert [name for *_, name in longer.tracks()] == [name for *_, name in score.tracks()] == list(longer.plan.parts)


def test_the_same_step_gives_the_same_notes_and_another_seed_others(composer, score):
    for one, other in ((GoOn(10, 3), GoOn(10, 4)), (Rewrite("bass", None, 3), Rewrite("bass", None, 4))):
        assert revised(composer, score, one) == revised(composer, score, one) != revised(composer, score, other)


@pytest.mark.parametrize("step", [GoOn(12, 3), Rewrite("Violin 2", (2, 4), 3)])
@pytest.mark.parametrize("tempo", [80, 113.37])
def test_a_midi_file_goes_on_as_the_piece_itself_does(composer, step, tempo):
    piece = replace(composer.generate("action", seed=6, notes=120, instruments="violin, violin, piano"), tempo=tempo)
    back = Score.from_midi(piece.to_midi())
    one, two = revised(composer, piece, step), revised(composer, back, step)
    assert Score.from_midi(one.to_midi()) == Score.from_midi(two.to_midi())


def test_steps_follow_one_another(composer, score):
    step = score
    for one in (Rewrite("bass", (2, 3), 1), GoOn(10, 2), Rewrite(None, (1, 2), 3), Rewrite(1, None, 4)):
        step = revised(composer, step, one)
        assert len(step.plan.parts) == len(score.tracks()) and step.plan.bars == step.onset.max() // step.bar + 1


def test_a_piece_goes_on_over_the_chords_that_it_was_composed_over(composer):
    controls = Controls(seed=2, notes=120, chords="Am F C G Em", instruments="piano, bass")
    piece = composer.generate("action", controls=controls)
    revision = revision_of(piece, GoOn(20, 1), controls)
    plan = composer.plan(revision.known.brief, {genre: 0.2 for genre in ("action", "animation", "comedy", "drama", "horror")},
                         revision.asked, np.random.default_rng(1))
    wanted = [bar[0].transposed(revision.known.brief.shift).number[0] for bar in controls.bars]
    assert plan.chord[:-1, 0].tolist() == [wanted[bar % 5] for bar in range(plan.bars - 1)]


def test_somebody_elses_piece_goes_on_and_is_rewritten(composer):
    score, open_controls = tune(bars=8), Controls(seed=1)
    late = replace(score, onset=score.onset + 3 * score.bar)  # it begins with rests
    for piece in (score, late):
        longer = revised(composer, piece, GoOn(10, 1), open_controls)
        cut = int(piece.onset.max()) // piece.bar * piece.bar
        assert notes(longer, longer.onset < cut) == notes(piece, piece.onset < cut) and longer.seconds > piece.seconds + 9
        bars = (5, 6)
        again = revised(composer, piece, Rewrite(None, bars, 1), open_controls)
        assert notes(again, ~inside(again, None, bars)) == notes(piece, ~inside(piece, None, bars))


@pytest.mark.parametrize("step", [GoOn(12, 3), Rewrite(None, (290, 293), 3), Rewrite("bass", (280, 290), 3)])
def test_a_piece_has_more_bars_than_a_byte_counts(composer, step):
    bars = np.repeat(np.arange(300), 4)  # a bar that comes again and again, in two parts
    score = Score(bars * 48 + np.tile([0, 12, 24, 36], 300), np.full(1200, 12), np.tile([60, 36, 67, 43], 300), np.full(1200, 80),
                  np.tile([0, 33, 0, 33], 300), tempo=150, part=np.tile([0, 1, 0, 1], 300))
    again = revised(composer, score, step, Controls(seed=1))
    assert (again.onset.max() - again.onset.min()) // 48 >= 299 and notes(again) != notes(score)
    assert again.plan is not None and max(map(max, again.plan.recalls)) > 255


def test_a_piece_does_not_grow_beyond_what_is_taken_in(composer, score, monkeypatch):
    monkeypatch.setattr("posterbeat.composer.revision.MOST_NOTES", 300)
    monkeypatch.setattr(composer, "write", lambda *given, **named: pytest.fail("it was written all the same"))
    with pytest.raises(ParameterError, match="the piece would have [0-9]+ notes: 300 at most; write fewer bars anew"):
        revised(composer, score, Rewrite(None, (1, 6), 3))


def test_what_stays_recalls_nothing_that_is_written_anew(score):
    plan = known(score, CONTROLS).plan
    free = np.zeros(plan.kind.shape, bool)
    free[1:3, 1] = True
    apart = detached(plan, free)
    for bar, part in np.argwhere(np.isin(apart.kind, (VARIED, NEAR, LITERAL))):
        assert not free[bar - apart.back[bar, part], part] and not free[bar, part]
    assert not any(apart.copy[bar] and (free[bar].any() or free[bar - apart.copy[bar]].any()) for bar in range(plan.bars))
    assert ((apart.kind == NEW) | (apart.kind == plan.kind)).all()


@pytest.mark.parametrize("step, says", [
    (Rewrite("tuba", None, 1), "Part 'tuba' is not in this piece: choose from"), (Rewrite(9, None, 1), "Part 9 is not in this"),
    (Rewrite("strings", None, 1), "Part 'strings' may be Violin, Violin 2"), (Rewrite(None, (900, 901), 1), "Bars 900 to 901"),
    (Rewrite("bass", (1, 900), 1), "Bars 1 to 900 are not all there"),
])
def test_parts_and_bars_that_are_not_there_are_told(score, step, says):
    with pytest.raises(ParameterError, match=says) as caught:
        revision_of(score, step, CONTROLS)
    assert str(caught.value).endswith(".")


def test_bars_in_which_a_part_is_silent_are_told(score):
    quiet = inside(score, "bass", (2, 3))
    arrays = {name: getattr(score, name)[~quiet] for name in ("onset", "duration", "pitch", "velocity", "program", "part")}
    with pytest.raises(ParameterError, match="Nothing plays in bars 2 to 3 of 'bass'"):
        revision_of(Score(**arrays, tempo=score.tempo, bar=score.bar), Rewrite("bass", (2, 3), 1), CONTROLS)


def test_a_piece_at_its_greatest_length_does_not_go_on():
    score = tune(bars=8)
    long = replace(score, tempo=score.tempo * score.seconds / 580)
    with pytest.raises(ParameterError, match="lasts 580 seconds, and 30 more would exceed 600 in all: go on for 20 at most"):
        revision_of(long, GoOn(30, 1), Controls(seed=1))
    with pytest.raises(ParameterError, match="start from a shorter one"):
        revision_of(replace(long, tempo=long.tempo * 580 / 599), GoOn(10, 1), Controls(seed=1))


@pytest.mark.parametrize("size, says", [
    ({"count": MOST_NOTES + 1}, "notes: 20,000 at most"), ({"tracks": 200}, "200 tracks: 64 at most"),
    ({"far": 48 * 3000}, "bars: 2,000"),
    ({"tracks": 16, "far": 48 * 1000, "tempo": 800}, "16 parts in 1,001 bars, together 16,016 bars of parts: 12,000"),
    ({"tempo": 0.5}, "seconds: 600 at most"),
])
def test_pieces_that_are_too_large_are_refused(size, says):
    count = size.get("count", 400)
    onset = np.arange(count) % 480 + np.where(np.arange(count) == 0, size.get("far", 0), 0)
    pitch = np.arange(count) // 480 % 128
    score = Score(onset, np.full(count, 1), pitch, np.full(count, 80), np.zeros(count), tempo=size.get("tempo", 200),
                  part=np.arange(count) % size.get("tracks", 1))
    with pytest.raises(ScoreError, match=says):
        known(score, Controls(seed=1))
