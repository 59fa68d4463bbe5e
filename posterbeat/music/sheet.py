"""Sheet: a score as MusicXML, and engraved.

Written music wants fewer shapes than played music has. Each instrument becomes one line of chords on one staff (keyboards
on two, parted at middle C): onsets go to the sixteenth or, in beats where that fits better, to the triplet; a chord
lasts until the next one where only a short rest would come between.
"""

from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pretty_midi

from posterbeat.errors import PosterBeatError
from posterbeat.instruments import DRUMS
from posterbeat.music.key import estimate_key
from posterbeat.music.score import STEPS_PER_BEAT, Score
from posterbeat.music.sheet_marks import marks_by_bar

_BEAT = STEPS_PER_BEAT
_SIXTEENTH, _TRIPLET = _BEAT // 4, _BEAT // 3
_NAMES = {  # steps: (type, dots), without and within a triplet
    48: ("whole", 0), 36: ("half", 1), 24: ("half", 0), 12: ("quarter", 0), 9: ("eighth", 1), 6: ("eighth", 0), 3: ("16th", 0),
    8: ("quarter", 0), 4: ("eighth", 0),
}
_SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_KEYBOARDS = (*range(8), *range(16, 21), 46)  # pianos, organs, harp
_MIDDLE_C = 60
DRUM_CHANNEL = 10  # General MIDI's, counted from 1
_CHANNELS = [channel for channel in range(1, 17) if channel != DRUM_CHANNEL]
_DRUM_PLACES = {  # General MIDI key: where on the percussion staff, and whether the head is a cross
    **dict.fromkeys((35, 36), ("F4", False)), **dict.fromkeys((37, 38, 39, 40), ("C5", False)),
    **dict.fromkeys((42, 44, 46), ("G5", True)), **dict.fromkeys((49, 52, 55, 57), ("A5", True)),
    **dict.fromkeys((51, 53, 59), ("F5", True)), 41: ("G4", False), 43: ("A4", False), 45: ("B4", False),
    47: ("D5", False), 48: ("E5", False), 50: ("E5", False),
}


def to_musicxml(score: Score, title: str = "", composer: str = "", genre: str = "") -> str:
    """A score as MusicXML 4.0, its parts from the highest to the lowest, drums last; above the first stand `Score.marks`.

    It says who composed it and for which genre, where that is given.

    Each part tells its General MIDI program; each instrument of the drum kit is one of its own, and its notes name it.
    Channels are given in turn but for the tenth, which is the drum kit's.
    """
    fifths = _fifths(score)
    heads, parts = [], []
    for number, (part, program, name) in enumerate(_from_above(score), 1):
        chosen = (score.part == part) & (score.program == program)
        heads.append(_head(number, program, name, np.unique(score.pitch[chosen]).tolist()))
        parts.append(f'<part id="P{number}">{_part(score, chosen, number, program, fifths)}</part>')
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0">'
        f"<work><work-title>{_text(title)}</work-title></work>{_identification(composer, genre)}"
        f"<part-list>{''.join(heads)}</part-list>"
        f"{''.join(parts)}</score-partwise>"
    )


def _identification(composer: str, genre: str) -> str:
    if not composer:
        return ""
    return (f'<identification><creator type="composer">{_text(composer)}</creator>'
            "<encoding><software>PosterBeat</software></encoding><miscellaneous>"
            f'<miscellaneous-field name="genre">{_text(genre)}</miscellaneous-field></miscellaneous></identification>')


def _from_above(score: Score) -> list[tuple[int, int, str]]:
    """The score's tracks from the highest to the lowest, drums last."""
    def height(track):
        part, program, _ = track
        return program == DRUMS, -float(np.median(score.pitch[(score.part == part) & (score.program == program)])), part

    return sorted(score.tracks(), key=height)


def _head(number: int, program: int, name: str, pitches: list[int]) -> str:
    """What the list of parts says of one: its name, its instruments, and how MIDI plays each of them (counted from 1)."""
    if program == DRUMS:
        channel, players = DRUM_CHANNEL, {key: pretty_midi.note_number_to_drum_name(key) or f"Key {key}" for key in pitches}
    else:
        channel, players = _CHANNELS[(number - 1) % len(_CHANNELS)], {None: name}
    told = [
        (f'<score-instrument id="{_player(number, key)}"><instrument-name>{_text(who)}</instrument-name></score-instrument>',
         f'<midi-instrument id="{_player(number, key)}"><midi-channel>{channel}</midi-channel>'
         f"<midi-program>{1 if program == DRUMS else program + 1}</midi-program>"
         f"{'' if key is None else f'<midi-unpitched>{key + 1}</midi-unpitched>'}</midi-instrument>")
        for key, who in players.items()]
    return (f'<score-part id="P{number}"><part-name>{_text(name)}</part-name>{"".join(who for who, _ in told)}'
            f'{"".join(how for _, how in told)}</score-part>')


def _player(number: int, key: int | None) -> str:
    """The name by which an instrument of a part goes in the file; `key` is the drum kit's, None for all other parts."""
    return f"P{number}-I1" if key is None else f"P{number}-K{key}"


def _text(text: str) -> str:
    """As XML: without the characters that it has no way to hold (XML 1.0, 2.2)."""
    return escape("".join(c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"))


def engrave(musicxml: str) -> list[str]:
    """Pages of engraved music, each an SVG.

    Raises
    ------
    PosterBeatError
        verovio is not installed, or cannot read the music.
    """
    try:
        import verovio
    except ImportError as error:
        raise PosterBeatError("Sheet music needs verovio: `pip install verovio`.") from error
    verovio.enableLog(verovio.LOG_OFF)
    verovio.setDefaultResourcePath(str(Path(verovio.__file__).with_name("data")))  # verovio forgets it in a second thread
    engraver = verovio.toolkit()
    engraver.setOptions({"pageWidth": 2100, "pageHeight": 2970, "scale": 40, "adjustPageHeight": True, "footer": "none",
                         "svgViewBox": True, "pageMarginLeft": 130, "xmlIdSeed": 1,
                         "svgFormatRaw": True})  # or line breaks between words count as letters
    if not engraver.loadData(musicxml):
        raise PosterBeatError("This music could not be engraved: take the MIDI file into a notation program instead.")
    return [engraver.renderToSVG(page) for page in range(1, engraver.getPageCount() + 1)]


def _fifths(score: Score) -> int:
    """Sharps (positive) or flats (negative) of the key signature."""
    tonic, mode = estimate_key(score)
    major = (tonic + 3) % 12 if mode == "minor" else tonic
    return (major * 7 + 6) % 12 - 6


def _part(score: Score, chosen: np.ndarray, part: int, program: int, fifths: int) -> str:
    onset, end, pitch = score.onset[chosen], (score.onset + score.duration)[chosen], score.pitch[chosen]
    if program in _KEYBOARDS and pitch.min() < _MIDDLE_C <= pitch.max():
        hands = [pitch >= _MIDDLE_C, pitch < _MIDDLE_C]
    else:
        hands = [np.ones(len(pitch), bool)]
    bars = -(-int((score.onset + score.duration).max()) // score.bar)
    staves = [_bars(onset[hand], end[hand], pitch[hand], bars, score.bar) for hand in hands]
    clefs = ["percussion"] if program == DRUMS else ["F" if np.median(pitch[hand]) < _MIDDLE_C else "G" for hand in hands]
    kit = part if program == DRUMS else None
    marks = marks_by_bar(score) if part == 1 else {}
    out = []
    for bar in range(bars):
        first = _attributes(score, fifths, clefs, part == 1) if bar == 0 else ""
        voices = []
        for number, staff in enumerate(staves, 1):
            heard: dict[tuple[str, int], int] = {}  # accidentals hold to the end of the bar
            voices.append("".join(_piece(*piece, fifths, kit, number, heard) for piece in staff[bar]))
        back = f"<backup><duration>{score.bar}</duration></backup>"
        out.append(f'<measure number="{bar + 1}">{first}{marks.get(bar, "")}{back.join(voices)}</measure>')
    return "".join(out)


def _attributes(score: Score, fifths: int, clefs: list[str], leads: bool) -> str:
    beats, unit = (score.bar // _BEAT, 4) if score.bar % _BEAT == 0 else (score.bar // (_BEAT // 2), 8)
    lines = {"G": "<line>2</line>", "F": "<line>4</line>", "percussion": ""}
    clef = "".join(f'<clef number="{n}"><sign>{sign}</sign>{lines[sign]}</clef>' for n, sign in enumerate(clefs, 1))
    tempo = (
        '<direction placement="above"><direction-type><metronome><beat-unit>quarter</beat-unit>'
        f"<per-minute>{score.tempo:.0f}</per-minute></metronome></direction-type>"
        f'<sound tempo="{score.tempo:g}"/></direction>' if leads else "")
    key = "" if clefs[0] == "percussion" else f"<key><fifths>{fifths}</fifths></key>"
    return (f"<attributes><divisions>{_BEAT}</divisions>{key}<time><beats>{beats}</beats><beat-type>{unit}</beat-type></time>"
            f"<staves>{len(clefs)}</staves>{clef}</attributes>{tempo}")


def _bars(onset, end, pitch, bars: int, bar: int) -> list[list[tuple]]:
    """One staff: for each bar its pieces (start, steps, pitches, tied from, tied to, beam, tuplet)."""
    beats = bars * bar // _BEAT + 1
    triplets = _triplet_beats(onset, beats)
    chords: dict[int, list] = {}
    for first, last, note in zip(onset.tolist(), end.tolist(), pitch.tolist()):
        chord = chords.setdefault(_snap(first, triplets), [0, set()])
        chord[0] = max(chord[0], _snap(last, triplets))
        chord[1].add(note)
    starts, total = sorted(chords), bars * bar
    pieces = [[] for _ in range(bars)]
    now = 0
    for start, following in zip(starts, [*starts[1:], total]):
        if start >= total:
            break
        _add(pieces, now, start, (), triplets, bar)
        last = min(following, max(chords[start][0], start + 1))
        if following - last <= _BEAT // 2:  # a short rest would only be in the way
            last = following
        last = max(_snap(last, triplets), start + (_TRIPLET if triplets[start // _BEAT] else _SIXTEENTH))
        now = min(last, following)
        _add(pieces, start, now, tuple(sorted(chords[start][1])), triplets, bar)
    _add(pieces, now, total, (), triplets, bar)
    return [_grouped(row) for row in pieces]


def _triplet_beats(onset: np.ndarray, beats: int) -> list[bool]:
    """Whether a beat's onsets lie nearer to thirds of it than to quarters."""
    place = onset % _BEAT

    def miss(step):
        return np.bincount(onset // _BEAT, np.minimum(place % step, step - place % step), beats + 1)

    return (miss(_TRIPLET) < miss(_SIXTEENTH)).tolist()


def _snap(step: int, triplets: list[bool]) -> int:
    beat = min(step // _BEAT, len(triplets) - 1)
    unit = _TRIPLET if triplets[beat] else _SIXTEENTH
    return beat * _BEAT + (step - beat * _BEAT + unit // 2) // unit * unit


def _add(pieces: list[list], start: int, end: int, pitches: tuple, triplets: list[bool], bar: int) -> None:
    """Cut what sounds from start to end into writable values, at bars and beats, tied together."""
    now = start
    while now < end:
        place = now % bar
        rest = min(end, now - place + bar) - now
        within = place % _BEAT
        if within == 0 and rest >= _BEAT:
            steps = max(value for value in (48, 36, 24, 12) if value <= rest)
        else:
            room = min(rest, _BEAT - within)
            values = (8, 4) if triplets[now // _BEAT] else (9, 6, 3)
            steps = max((value for value in values if value <= room), default=room)
        pieces[now // bar].append((place, steps, pitches, now > start, now + steps < end))
        now += steps


def _grouped(row: list[tuple]) -> list[tuple]:
    """A bar's pieces with their part in a beam and in a triplet: "begin", "continue", "end" or None."""
    out = []
    for _, group in groupby(row, lambda piece: piece[0] // _BEAT):
        group = list(group)
        short = [piece[1] < _BEAT for piece in group]
        triplet = [small and piece[1] in (4, 8) for small, piece in zip(short, group)]
        beam = [small and bool(piece[2]) and piece[1] != 8 for small, piece in zip(short, group)]
        out += [(*piece, one, two) for piece, one, two in zip(group, _marks(beam), _marks(triplet))]
    return out


def _marks(flags: list[bool]) -> list[str | None]:
    marks = []
    for k, flag in enumerate(flags):
        before, after = k > 0 and flags[k - 1], k + 1 < len(flags) and flags[k + 1]
        names = {(False, True): "begin", (True, True): "continue", (True, False): "end", (False, False): None}
        marks.append(names[before, after] if flag else None)
    return marks


def _piece(place, steps, pitches, tied_from, tied_to, beam, tuplet, fifths: int, kit: int | None, staff: int,
           heard: dict) -> str:
    """The notes of one piece of a staff; `kit` is the number of the drum kit's part, None in all others."""
    kind, dots = _NAMES.get(steps, ("16th", 0))
    timing = ("<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
              if steps in (4, 8) else "")
    ties = '<tie type="stop"/>' * tied_from + '<tie type="start"/>' * tied_to if pitches else ""
    notations = (ties.replace("tie ", "tied ")
                 + {"begin": '<tuplet type="start"/>', "end": '<tuplet type="stop"/>'}.get(tuplet, ""))
    out = []
    for k, pitch in enumerate(pitches or (None,)):
        head = sign = player = ""
        if pitch is None:
            what = "<rest/>"
        elif kit is not None:
            player = f'<instrument id="{_player(kit, pitch)}"/>'
            line, cross = _DRUM_PLACES.get(pitch, ("C5", False))
            what = (f"<unpitched><display-step>{line[0]}</display-step><display-octave>{line[1]}</display-octave></unpitched>")
            head = "<notehead>x</notehead>" if cross else ""
        else:
            step, alter, octave = _spelled(pitch, fifths)
            what = (f"<pitch><step>{step}</step>{f'<alter>{alter}</alter>' if alter else ''}<octave>{octave}</octave></pitch>")
            if heard.get((step, octave), _signed(step, fifths)) != alter:
                heard[step, octave] = alter
                sign = f"<accidental>{_SIGNS[alter]}</accidental>"
        bound = f'<beam number="1">{beam}</beam>' if beam and k == 0 else ""
        said = f"<notations>{notations if k == 0 else ties.replace('tie ', 'tied ')}</notations>" if notations else ""
        out.append(
            f"<note>{'<chord/>' * (k > 0)}{what}<duration>{steps}</duration>{ties}{player}<voice>{staff}</voice>"
            f"<type>{kind}</type>{'<dot/>' * dots}{sign}{timing}{head}<staff>{staff}</staff>{bound}{said}</note>")
    return "".join(out)


def _spelled(pitch: int, fifths: int) -> tuple[str, int, int]:
    """A pitch named as its key suggests: the twelve names nearest on the line of fifths (C is 0, G is 1)."""
    place = fifths - 3 + (pitch * 7 - fifths + 3) % 12
    step, alter = "FCGDAEB"[(place + 1) % 7], (place + 1) // 7
    return step, alter, (pitch - alter) // 12 - 1


def _signed(step: str, fifths: int) -> int:
    """What the key signature does to a step: 1 sharp, -1 flat."""
    return int("FCGDAEB".index(step) < fifths) - int("BEADGCF".index(step) < -fifths)
