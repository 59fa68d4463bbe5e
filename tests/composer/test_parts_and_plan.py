"""A piece becomes parts by bars, and its plan is read off it."""

import numpy as np
import pytest

from posterbeat.chords import NO_CHORD, Chord
from posterbeat.composer.parts import MOST_PARTS, arrange, merge_tracks
from posterbeat.composer.plan import LITERAL, NEAR, NEW, SILENT, VARIED, plan_of
from posterbeat.instruments import DRUM_FAMILY, DRUMS, family_of
from tests.music.made import chance, tune


def arranged(score, track=None, shift=0):
    track = score.part if track is None else track
    return arrange(score.onset, score.duration, score.pitch, score.velocity, score.program, track, score.bar, shift)


def piece_of(bars: list[list[tuple[int, int]]], program: int = 0):
    """A piece of one part from (place, pitch) pairs by bar."""
    rows = [(48 * bar + place, pitch) for bar, notes in enumerate(bars) for place, pitch in notes]
    onset, pitch = np.array(rows).T
    size = len(onset)
    return arrange(onset, np.full(size, 6), pitch, np.full(size, 80), np.full(size, program), np.zeros(size, int), 48)


def test_every_note_keeps_its_place_pitch_length_and_family():
    score = chance(3)
    piece = arranged(score)
    families = np.array([part.family for part in piece.parts])[piece.part_of_notes()]
    found = sorted(zip(piece.onsets().tolist(), families.tolist(), piece.notes[:, 1].tolist()))
    first = score.onset.min() // score.bar * score.bar
    assert found == sorted(zip((score.onset - first).tolist(), score.family.tolist(), score.pitch.tolist()))


def test_parts_stand_drums_first_and_then_from_low_to_high():
    piece = arranged(tune())
    assert [part.family for part in piece.parts] == [DRUM_FAMILY, family_of(33), family_of(73)]
    assert piece.parts[1].register < piece.parts[2].register


def test_tracks_of_one_family_are_merged_until_eight_are_left():
    tracks = 14
    track = np.repeat(np.arange(tracks), 20)
    family = np.where(track < 2, DRUM_FAMILY, track % 4)
    part = merge_tracks(family, 30 + 4 * track, track)
    assert part.max() + 1 == MOST_PARTS
    for number in range(MOST_PARTS):
        assert len(np.unique(family[part == number])) == 1


def test_a_piece_of_more_families_keeps_a_part_for_each():
    track = np.repeat(np.arange(12), 5)
    part = merge_tracks(track, 40 + track, track)
    assert part.max() + 1 == 12


def test_a_track_of_few_notes_joins_the_nearest_of_its_family():
    track = np.concatenate([np.zeros(100, int), np.ones(100, int), np.full(3, 2)])
    pitch = np.concatenate([np.full(100, 40), np.full(100, 80), np.full(3, 76)])
    part = merge_tracks(np.zeros(203, int), pitch, track)
    assert part[-1] == part[150] != part[0]


def test_cells_are_new_literal_near_varied_or_silent():
    first = [(0, 60), (6, 62), (12, 64), (18, 65), (24, 67), (30, 69), (36, 71), (42, 72), (45, 74), (46, 76)]
    near = [*first[:-1], (47, 77)]  # nine of eleven
    almost = [*first, (47, 40)]  # ten of eleven
    other = [(3, 50), (9, 55), (33, 57)]
    plan = plan_of(piece_of([first, other, first, [], near, almost, other]))
    assert plan.kind[:, 0].tolist()[:4] == [NEW, NEW, LITERAL, SILENT]
    assert plan.kind[4, 0] == VARIED and plan.kind[5, 0] == NEAR
    assert plan.back[:, 0].tolist() == [0, 0, 2, 0, 2, 3, 5]


def test_a_cell_of_other_loudness_is_no_literal_copy():
    onset, pitch = np.tile([0, 12, 24, 36], 2) + np.repeat([0, 48], 4), np.tile([60, 62, 64, 65], 2)
    velocity = np.repeat([80, 120], 4)
    piece = arrange(onset, np.full(8, 6), pitch, velocity, np.zeros(8, int), np.zeros(8, int), 48)
    assert plan_of(piece).kind[:, 0].tolist() == [NEW, NEAR]


def test_a_bar_that_repeats_another_in_all_parts_is_a_copy_of_it():
    plan = plan_of(arranged(tune(bars=8)))
    assert plan.copy.tolist() == [0, 0, 2, 2, 2, 2, 2, 2]
    assert (plan.cells[2:, :, 0] == LITERAL)[plan.cells[2:, :, 2] > 0].all()


@pytest.mark.parametrize("name, pitches", [("C", (48, 60, 64, 67)), ("Am", (45, 60, 64, 69)), ("G7", (43, 59, 62, 65)),
                                           ("C/E", (40, 60, 64, 67))])
def test_chords_are_heard_by_half_bar(name, pitches):
    bars = [[(0, pitch) for pitch in pitches] + [(24, pitch) for pitch in pitches]] * 3
    rows = [(48 * bar + place, pitch) for bar, notes in enumerate(bars) for place, pitch in notes]
    onset, pitch = np.array(rows).T
    piece = arrange(onset, np.full(len(onset), 24), pitch, np.full(len(onset), 80), np.full(len(onset), 48),
                    np.zeros(len(onset), int), 48)
    plan = plan_of(piece)
    assert {Chord.numbered(int(index), int(bass)).name for index, bass in zip(plan.chord.ravel(), plan.bass.ravel())} == {name}


def test_a_piece_for_drums_alone_has_no_chord():
    score = tune()
    drums = score.program == DRUMS
    piece = arrange(score.onset[drums], score.duration[drums], score.pitch[drums], score.velocity[drums], score.program[drums],
                    score.part[drums], 48)
    assert (plan_of(piece).chord == NO_CHORD).all()


def test_a_numbered_chord_is_itself_again():
    for index in range(NO_CHORD + 1):
        for bass in range(12 if index < NO_CHORD else 1):
            assert Chord.numbered(index, bass).number == (index, bass)
    assert Chord.numbered(0).transposed(-3).name == "A" and Chord.numbered(9 + 12).name == "Am"
