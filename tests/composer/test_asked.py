"""What is asked for is in the piece, whatever the networks have learned: players, chords, key, metre, length."""

import numpy as np
import pytest

from posterbeat.composer.asked import Asked, layout
from posterbeat.composer.brief import MOST_NOTES, Brief, Profiles
from posterbeat.composer.model import BiLSTMComposer, to_score
from posterbeat.composer.parts import Part
from posterbeat.composer.plan import LITERAL, NEAR, VARIED
from posterbeat.composer.revision import detached
from posterbeat.composer.sections import outline
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError
from posterbeat.genres import GENRES, mixture
from posterbeat.instruments import DRUM_FAMILY, DRUMS, ENSEMBLES, family_of
from posterbeat.music.key import shift_to_common_key
from posterbeat.music.score import Score
from posterbeat.notation.keys import parse_key
from posterbeat.notation.players import check_instruments, players
from tests.composer.small import small_composer, typical

ROWS = [f"110 5.0 0 48 2 {typical(40, 10, 20, 20, 10)}|16 128 0 1 4 5|4 33 9 0 3 5|0 0 15 2 4 5|6 48 17 0 3 4",
        f"80 3.0 1 36 -3 {typical(5, 10, 15, 60, 10)}|5 42 11 0 2 5|0 0 14 2 4 5|9 73 19 0 3 3",
        f"200 40.0 1 24 -3 {typical(5, 60, 15, 6, 10)}|5 42 11 0 2 5|0 0 14 2 7 5|9 73 19 0 3 3"]
TRIAD = {"major": {0, 4, 7}, "minor": {0, 3, 7}}


@pytest.fixture(scope="module")
def composer() -> BiLSTMComposer:
    return small_composer(ROWS)


def planned(composer, seed=0, genre="action", **asked):
    """The plan and the brief of what is asked for."""
    random, mix = np.random.default_rng(seed), mixture(genre)
    controls = Controls(seed=seed, **asked)
    return composer.planned(controls, mix, random)


@pytest.mark.parametrize("names", [
    ["piano", "strings", "bass", "drums"], ["violin", "violins", "cello"], ["piano"], ["sitar", "gunshot"], ["flute"] * 8,
    ["drums", "tuba"], *ENSEMBLES])
@pytest.mark.parametrize("length", [{"notes": 60}, {"seconds": 20}])
def test_exactly_who_is_asked_for_plays(composer, names, length):
    score = composer.generate("action", seed=4, instruments=names, **length)
    wanted = sorted((player.family, player.program) for player in players(check_instruments(names)))
    tracks = sorted({(part, program) for part, program in zip(score.part.tolist(), score.program.tolist())})
    assert sorted(family_of(program) for _, program in tracks) == [family for family, _ in wanted]
    programs = [program for _, program in tracks]
    for _, program in wanted:
        assert program is None or programs.count(program) >= [one for _, one in wanted].count(program)


def test_an_ensemble_is_a_name_for_its_list(composer):
    named, listed = (composer.generate("action", notes=80, seed=2, **{name: "chamber"}) for name in ("ensemble", "instruments"))
    assert named == listed


@pytest.mark.parametrize("seconds, tempo", [(10, 40), (10, 220), (17.3, 97), (60, 61.7)])
def test_a_piece_lasts_as_long_as_is_asked_for(composer, seconds, tempo):
    score = composer.generate("drama", seed=int(seconds), seconds=seconds, tempo=tempo, density=0.0, key="C major")
    assert abs(score.seconds - seconds) <= 0.03 * seconds and score.tempo == tempo and len(score) <= MOST_NOTES
    last = (score.onset >= score.onset.max() // score.bar * score.bar) & (score.program < DRUMS)
    assert (score.onset[last] % score.bar == 0).all() and {*(score.pitch[last] % 12).tolist()} <= {0, 4, 7}


def test_nothing_rings_on_after_the_closing_chord(composer):
    for seed in range(6):
        score = composer.generate("drama", seed=seed, notes=40)
        assert (score.onset + score.duration).max() <= (len(score.plan.cells) + 1) * score.bar  # the chord has two bars at most


def test_a_dense_piece_of_300_seconds_keeps_to_the_most_notes(composer):
    controls = Controls(seed=1, seconds=300, tempo=220, metre="2/4")
    plan, brief = composer.planned(controls, mixture("action"), np.random.default_rng(1))
    assert plan.bars == layout(300, brief)[0] + 1
    assert 0.9 * MOST_NOTES <= plan.cells[..., 2].astype(int).sum() <= MOST_NOTES  # chance weights write far more a bar


@pytest.mark.parametrize("bar", [12, 24, 36, 48, 72, 96])
def test_the_layout_ends_where_it_should(bar):
    for tempo in (40, 61.7, 120, 220):
        for seconds in (10, 33, 300):
            brief = Brief(tempo, 4.0, False, bar, 0, (Part(0, 0, 15, 2, 4, 5),))
            bars, closing = layout(seconds, brief)
            if seconds * tempo / 60 * 12 >= 1.5 * bar:
                assert abs((bars * bar + closing) / 12 * 60 / tempo - seconds) <= 0.03 * seconds
                assert bars >= 1 and 0.5 * bar <= closing <= 1.5 * bar + 1


@pytest.mark.parametrize("asked", ["Am F C G", "Am | F G | C/E", "Dm7 G9 Cmaj7 N.C.", "F#m7b5 B7 Em"])
def test_chords_that_are_asked_for_are_planned_from_the_first_bar_to_the_last_but_one(composer, asked):
    controls = Controls(seed=1, notes=150, chords=asked)
    plan, brief = planned(composer, 1, notes=150, chords=asked)
    for bar in range(plan.bars - 1):
        wanted = controls.bars[bar % len(controls.bars)]
        for half, chord in ((0, wanted[0]), (1, wanted[-1])):
            assert (plan.chord[bar, half], plan.bass[bar, half]) == chord.transposed(brief.shift).number
    assert brief.shift == shift_to_common_key(controls.tonality.tonic, controls.tonality.mode)


def test_lines_recall_only_bars_over_the_same_chord(composer):
    recalled = 0
    for seed in range(3):
        plan, brief = planned(composer, seed, notes=300, chords="Am F C G Dm")
        for bar, part in np.argwhere(np.isin(plan.kind, (VARIED, NEAR, LITERAL))):
            if brief.parts[part].family != DRUM_FAMILY:
                recalled += 1
                assert plan.back[bar, part] % 5 == 0
        assert not any(back % 5 for back in plan.copy)
    assert recalled


@pytest.mark.parametrize("length", [{"notes": 32}, {"seconds": 10}])
def test_more_chords_than_bars_are_refused_in_a_sentence(composer, length):
    with pytest.raises(ParameterError, match="Chords 'Am F Am F.* fill 100 bars, and a piece of .* has .*: ask for a longer one"):
        composer.generate("drama", seed=1, chords="Am F " * 50, **length)


@pytest.mark.parametrize("key", ["D minor", "F# major", "Bb", "Eb minor"])
def test_a_key_that_is_asked_for_closes_the_piece(composer, key):
    score = composer.generate("action", notes=100, seed=3, key=key)
    last = score.onset >= score.onset.max() // score.bar * score.bar
    wanted = parse_key(key)
    pitched = last & (score.program < 128)
    assert {(pitch - wanted.tonic) % 12 for pitch in score.pitch[pitched].tolist()} <= TRIAD[wanted.mode]


@pytest.mark.parametrize("metre, bar", [("2/4", 24), ("3/4", 36), ("4/4", 48)])
def test_a_metre_that_is_asked_for_sets_the_bar(composer, metre, bar):
    score = composer.generate("action", notes=64, seed=3, metre=metre)
    assert score.bar == bar == Score.from_midi(score.to_midi()).bar


def test_a_key_is_played_by_somebody():
    profiles = Profiles([f"110 5.0 0 48 2 {typical(90, 1, 2, 2, 5)}|16 128 0 1 4 5",
                         f"80 3.0 0 48 -3 {typical(5, 10, 15, 60, 10)}|16 128 0 1 4 5|5 42 11 0 2 5"])
    for seed in range(20):
        brief = profiles.draw(np.random.default_rng(seed), mixture("action"), key=parse_key("D minor"))
        assert any(part.family != DRUM_FAMILY for part in brief.parts)


def test_a_metre_that_no_piece_had_is_refused():
    with pytest.raises(ParameterError, match="These weights have not learned a metre"):
        Profiles(ROWS[:1]).draw(np.random.default_rng(0), mixture("drama"), bar=36)


def test_everything_at_once_and_the_same_again(composer):
    asked = {"instruments": ["piano", "violin", "bass"], "chords": "Dm Bb | F C | A7", "key": "D minor", "metre": "3/4",
             "seconds": 25, "tempo": 100, "seed": 9}
    one, again = composer.generate("horror", **asked), composer.generate("horror", **asked)
    assert one == again and one.bar == 36 and one.tempo == 100 and abs(one.seconds - 25) <= 0.75
    assert {family_of(program) for program in one.program.tolist()} == {0, 4, 5}


def test_a_brief_keeps_its_players_descriptions_where_it_has_them():
    profiles = Profiles(ROWS)
    for genre in GENRES:
        brief = profiles.draw(np.random.default_rng(1), mixture(genre), players=players(["piano", "violin", "violin", "banjo"]))
        assert [part.program for part in brief.parts].count(40) == 2
        assert sorted(part.family for part in brief.parts) == [0, 5, 5, 13]


def test_whatever_stays_of_a_plan_stays(composer):
    plan, brief = planned(composer, 5, notes=200)
    free = np.zeros(plan.kind.shape, bool)
    free[1:3, 1] = True
    plan = detached(plan, free)
    asked = Asked(given=plan, free=free)
    again = composer.plan(brief, mixture("action"), asked, np.random.default_rng(7))
    np.testing.assert_array_equal(again.cells[~free], plan.cells[~free])
    np.testing.assert_array_equal(again.chord, plan.chord)
    assert (again.cells[free] != plan.cells[free]).any()


def test_the_score_of_a_plan_has_its_notes(composer):
    plan, brief = planned(composer, 2, seconds=15, chords="C F")
    piece = composer.write(brief, plan, mixture("action"), np.random.default_rng(1))
    assert len(to_score(piece, brief, outline(plan, brief))) == plan.cells[..., 2].sum()
