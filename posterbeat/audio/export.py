"""Export: a piece as .mid, .wav, .mp3, .mp4 with its poster, or as sheet music in .musicxml or .pdf."""

import os
from pathlib import Path

import pretty_midi
import soundfile
from PIL import Image

from posterbeat.audio.mp3 import encoded
from posterbeat.audio.render import Rendering
from posterbeat.audio.tags import Tags, tag_mp3
from posterbeat.controls import SUFFIXES
from posterbeat.errors import ParameterError, RenderError, SaveError
from posterbeat.music.score import Score
from posterbeat.music.sheet import engrave, to_musicxml
from posterbeat.text import legible
from posterbeat.whole_file import whole_file

SILENT = (".mid", ".musicxml", ".pdf")  # need no sound


def save(
    path: str | Path,
    midi: pretty_midi.PrettyMIDI,
    sound: Rendering | None,
    poster: Image.Image | None = None,
    tags: Tags | None = None,
    tall: bool = False,
) -> Path:
    """Write a piece in the format that the file name's ending asks for.

    The file appears under its name only when it is complete; an existing file is replaced.

    Parameters
    ----------
    path
        Ends in .mid, .wav (16 bit), .mp3, .mp4 (H.264 and AAC: the poster beside a moving piano roll), .musicxml, .pdf (sheet
        music on A4), or .zip (a WAV for each part).
    midi
        The score, as in .mid and in the piano roll of .mp4.
    sound
        The piece as sound; the formats of `SILENT` need none.
    poster
        RGB picture of any size, for .mp4, where without it the piano roll has the whole frame; and the cover of .mp3 and .mp4
        if there are tags.
    tags
        What .mp3, .mp4, .musicxml and .pdf say of themselves.
    tall
        Whether an .mp4 has 1080 x 1920 pixels, for telephones, and not 1280 x 720.

    Returns
    -------
    The path written.

    Raises
    ------
    ParameterError
        Another ending than these.
    RenderError
        There is no sound to write, its parts were not kept, or a codec is missing.
    SaveError
        The folder does not exist or cannot be written to, or the disk is full.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(f"Unknown file ending {path.suffix[:20]!r}: choose from {', '.join(SUFFIXES)}.")
    if suffix not in SILENT and not (sound and len(sound.samples)):
        raise RenderError(f"There is no sound to write to {path.name[:80]!r}: render the score first.")
    if suffix == ".zip" and not sound.stems:
        raise RenderError(f"What each part plays was not kept, so {path.name[:80]!r} cannot be written: render it with stems.")
    try:
        with whole_file(path) as part:
            if suffix == ".mid":
                midi.write(str(part))
            elif suffix == ".musicxml":
                part.write_text(_sheet(midi, path, tags), encoding="utf-8")
            elif suffix == ".pdf":
                from posterbeat.music.pdf import to_pdf  # loads the typesetter, which only .pdf needs

                part.write_bytes(to_pdf(engrave(_sheet(midi, path, tags)), *((tags.title, tags.composer) if tags else ())))
            elif suffix == ".mp4":
                from posterbeat.audio.video import TALL, WIDE, write_video

                write_video(part, midi, sound.samples, sound.sample_rate, poster, tags, TALL if tall else WIDE)
            elif suffix == ".zip":
                sound.stems.write_zip(part)
            elif suffix == ".mp3":
                part.write_bytes(sound.mp3 or encoded(sound.samples, sound.sample_rate))
                if tags:
                    tag_mp3(part, tags, poster)
            else:  # as bytes, since a file's name need not be UTF-8
                soundfile.write(os.fsencode(part), sound.samples, sound.sample_rate, format="WAV", subtype="PCM_16")
    except (OSError, soundfile.SoundFileError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SaveError(
            f"{path} cannot be written ({reason}): choose a folder that exists, is yours, and has room.") from error
    return path


def _sheet(midi: pretty_midi.PrettyMIDI, path: Path, tags: Tags | None) -> str:
    score = Score.from_midi(midi)
    return to_musicxml(score, tags.title, tags.composer, tags.genre) if tags else to_musicxml(score, legible(path.stem))
