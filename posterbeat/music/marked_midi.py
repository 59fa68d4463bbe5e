"""MIDI whose sections and chords are markers, which sequencers show above the tracks."""

import io
import os
from typing import BinaryIO

import mido
import pretty_midi

from posterbeat.errors import ScoreError

KINDS = ("section", "chord")  # the first word of a marker that this project wrote


class MarkedMidi(pretty_midi.PrettyMIDI):
    """pretty_midi's, with `marks`, which it reads from markers and writes as markers; alone it would drop them."""

    def _load_metadata(self, midi_data: mido.MidiFile) -> None:
        for track in midi_data.tracks:
            for place, event in enumerate(track):
                if event.type == "marker":
                    track[place] = mido.MetaMessage("text", text=event.text, time=event.time)
        super()._load_metadata(midi_data)

    @property
    def marks(self) -> list[tuple[float, str, str]]:
        """Seconds, "section" or "chord", and its name, of every marker that this project wrote."""
        found = []
        for event in self.text_events:
            kind, _, name = event.text.partition(" ")
            if kind in KINDS and name:
                found.append((event.time, kind, name))
        return found

    def mark(self, time: float, kind: str, name: str) -> None:
        """Put a marker at a time in seconds."""
        self.text_events.append(pretty_midi.Text(f"{kind} {name}", time))

    def write(self, filename: str | os.PathLike | BinaryIO) -> None:
        """As `pretty_midi.PrettyMIDI.write`, to a path or an open file."""
        plain = io.BytesIO()
        super().write(plain)
        plain.seek(0)
        midi = mido.MidiFile(file=plain, charset=self._charset)
        for place, event in enumerate(midi.tracks[0]):
            if event.type == "text" and event.text.partition(" ")[0] in KINDS:
                midi.tracks[0][place] = mido.MetaMessage("marker", text=event.text, time=event.time)
        if hasattr(filename, "write"):
            midi.save(file=filename)
        else:
            midi.save(filename)


def read_midi(source: str | os.PathLike | bytes) -> MarkedMidi:
    """A MIDI file by its path, or its bytes; ScoreError where it is none."""
    try:
        return MarkedMidi(io.BytesIO(source) if isinstance(source, bytes) else str(source))
    except Exception as error:  # mido raises many kinds on broken files
        raise ScoreError(f"This is not a readable MIDI file ({type(error).__name__}): give a .mid file.") from error
