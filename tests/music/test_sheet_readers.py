"""MusicXML as other programs read it: who plays, on which instrument of the kit, how fast."""

import base64
import io
import warnings

import numpy as np
import pretty_midi
import pytest

from posterbeat.instruments import DRUMS
from posterbeat.music.score import Score
from posterbeat.music.sheet import to_musicxml

TEMPO = 96.5
PROGRAMS = (0, 33, 73, 48)  # each a semitone above the one before, so last on top
KEYS = [36, 42, 38, 42, 36, 49, 38, 81]  # kick, hi-hat, snare, ..., an open triangle


def band(programs=PROGRAMS):
    """Two bars of quarters and rests: each instrument plays its own notes, and the kit eight keys."""
    rows = [(24 * k, 12, 60 + 3 * k + number, program) for number, program in enumerate(programs) for k in range(4)]
    rows += [(12 * k, 12, key, DRUMS) for k, key in enumerate(KEYS)]
    onset, duration, pitch, program = np.array(rows).T
    return Score(onset, duration, pitch, np.full(len(rows), 80), program, tempo=TEMPO, bar=48)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("sheet") / "band.musicxml"
    path.write_text(to_musicxml(band(), 'Fish & "Chips" \x00\x0b\ud800'), encoding="utf-8")
    return path


def test_music21_reads_who_plays(written):
    music21 = pytest.importorskip("music21", reason="MUSICXML WAS NOT READ BY MUSIC21: posterbeat[dev] is not installed")
    score = music21.converter.parse(written, forceSource=True)
    *players, kit = score.parts
    assert [part.getInstrument().midiProgram for part in players] == [*reversed(PROGRAMS)]
    assert 9 not in [part.getInstrument().midiChannel for part in players]  # counted from 0: the kit's
    for number, program in enumerate(PROGRAMS):
        part = players[[*reversed(PROGRAMS)].index(program)]
        assert sorted(int(p.midi) for p in part.flatten().pitches) == [60 + 3 * k + number for k in range(4)]
    assert kit.getInstrument().midiChannel == 9 and len(kit.flatten().notes) == len(KEYS)
    assert kit.getInstrument().percMapPitch in KEYS  # it knows one instrument a part
    tempos = list(score.flatten().getElementsByClass(music21.tempo.MetronomeMark))
    assert [mark.number for mark in tempos] == [round(TEMPO)]  # as it is printed; the others read how it is played


def test_partitura_reads_who_plays(written):
    partitura = pytest.importorskip("partitura", reason="MUSICXML WAS NOT READ BY PARTITURA: posterbeat[dev] is not installed")
    score = partitura.load_musicxml(str(written))
    *players, kit = score.parts
    assert [part.part_name for part in score.parts][-1] == "Drum kit"
    for number, program in enumerate(PROGRAMS):
        part = players[[*reversed(PROGRAMS)].index(program)]
        assert sorted(note.midi_pitch for note in part.notes_tied) == [60 + 3 * k + number for k in range(4)]
    assert len(list(kit.iter_all(partitura.score.UnpitchedNote))) == len(KEYS)
    assert [tempo.bpm for tempo in players[0].iter_all(partitura.score.Tempo)] == [TEMPO]


def test_verovio_plays_every_instrument_and_every_key_of_the_kit(written):
    verovio = pytest.importorskip("verovio")
    reader = verovio.toolkit()
    assert reader.loadData(written.read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # verovio writes the tempo on each track
        midi = pretty_midi.PrettyMIDI(io.BytesIO(base64.b64decode(reader.renderToMIDI())))
    *players, kit = midi.instruments
    assert [player.program for player in players] == [*reversed(PROGRAMS)] and not any(player.is_drum for player in players)
    for player in players:
        assert sorted(note.pitch for note in player.notes) == [60 + 3 * k + PROGRAMS.index(player.program) for k in range(4)]
    assert kit.is_drum and [note.pitch for note in kit.notes] == KEYS
    assert abs(midi.get_tempo_changes()[1][0] - TEMPO) < 0.01


def test_the_file_says_how_midi_plays_each_part():
    import xml.etree.ElementTree as ET

    root = ET.fromstring(to_musicxml(band(range(0, 100, 5))))  # more parts than channels
    told = {how.get("id"): {child.tag: int(child.text) for child in how} for how in root.iter("midi-instrument")}
    assert {who.get("id") for who in root.iter("score-instrument")} == told.keys()
    *players, kit = root.iter("score-part")
    for program, part in zip(reversed(range(0, 100, 5)), players, strict=True):
        how, = part.findall("midi-instrument")
        assert int(how.findtext("midi-program")) == program + 1
        assert 1 <= int(how.findtext("midi-channel")) <= 16 and how.findtext("midi-channel") != "10"
    struck = [told[note.find("instrument").get("id")] for note in root.iter("note") if note.find("unpitched") is not None]
    assert [how["midi-unpitched"] - 1 for how in struck] == KEYS and {how["midi-channel"] for how in struck} == {10}
    assert len(kit.findall("score-instrument")) == len(set(KEYS))
