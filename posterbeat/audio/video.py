"""Video: the poster beside a piano roll, or above it, that moves with the sound."""

import bisect
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pretty_midi
from PIL import Image, ImageFilter

from posterbeat.audio.tags import Tags, add_cover
from posterbeat.errors import RenderError
from posterbeat.instruments import COLOURS, DRUMS, FAMILIES, PITCHES, family_of

FPS = 20
_PIXELS_A_SECOND = 80  # four a frame: an even number, so that half-resolution colour moves without flicker
_MARGIN = 24
_BACKGROUND = (11, 10, 10)
_CURSOR = (240, 189, 91)


@dataclass(frozen=True)
class Frame:
    """The size of a film, and how much of it a poster may take, in pixels."""

    width: int
    height: int
    poster: tuple[int, int]


WIDE = Frame(1280, 720, (640, 720))  # the poster at the left
TALL = Frame(1080, 1920, (1080, 1240))  # the poster above; what telephones show from edge to edge


def _tones(colour: str) -> list[tuple[int, int, int]]:
    """A note's YUV before, while, and after it sounds."""
    plain = np.array([int(colour[k:k + 2], 16) for k in (1, 3, 5)], float)
    return [_yuv_colour(tuple(np.round(tone).astype(int))) for tone in (0.55 * plain, 0.5 * plain + 127, 0.8 * plain)]


def write_video(path: Path, midi: pretty_midi.PrettyMIDI, samples: np.ndarray, sample_rate: int,
                poster: Image.Image | None = None, tags: Tags | None = None, shape: Frame = WIDE) -> None:
    """Write an MP4, H.264 and AAC: as long as the sound, notes brighter while they sound.

    Parameters
    ----------
    path
        Ends in .mp4; its folder exists.
    samples : np.ndarray of int16, shape (samples, 2)
    sample_rate : Hz
    poster
        RGB picture, shown whole, and the film's cover if there are tags; without it the roll has the whole frame.
    tags
        What the file says of itself.
    shape
        `WIDE`, 1280 x 720, or `TALL`, 1080 x 1920.

    Raises
    ------
    RenderError
        PyAV is not installed, or has no H.264 or AAC encoder.
    OSError
        The file cannot be written.
    """
    try:
        import av
    except ImportError as error:
        raise RenderError("Video needs PyAV: `pip install av`, or save as .mp3.") from error
    # With its protocol, or FFmpeg takes what stands before a colon for one.
    with av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"}) as container:
        try:
            # One thread each: the same input gives the same bytes, and a shared machine stays usable.
            video = container.add_stream("libx264", rate=FPS, options={
                "preset": "ultrafast", "crf": "23", "threads": "1"})
            sound = container.add_stream("aac", rate=sample_rate, layout="stereo", options={"aac_coder": "fast"})
        except (ValueError, av.error.FFmpegError) as error:
            raise RenderError("This PyAV lacks H.264 or AAC: install av from PyPI, or save as .mp3.") from error
        video.width, video.height, video.pix_fmt = shape.width, shape.height, "yuv420p"
        video.bit_rate, sound.bit_rate = 0, 192_000
        context = video.codec_context
        context.colorspace, context.color_range = 1, 1  # BT.709, limited range: what _yuv writes
        context.color_primaries, context.color_trc = 1, 1
        context.gop_size = 5 * FPS
        container.metadata.update(tags.as_metadata if tags else {})
        cover = add_cover(container, poster) if tags and poster else None

        roll = _Roll(midi, poster, shape)
        count = max(1, -(-len(samples) * FPS // sample_rate))
        for index in range(count):
            frame = av.VideoFrame.from_ndarray(roll.frame(index), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
            first, last = index * sample_rate // FPS, (index + 1) * sample_rate // FPS
            if first < len(samples):  # in step with the pictures, so that players need no long buffer
                block = np.ascontiguousarray(samples[first:last]).reshape(1, -1)
                audio = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
                audio.sample_rate, audio.pts, audio.time_base = sample_rate, first, Fraction(1, sample_rate)
                container.mux(sound.encode(audio))
        container.mux(video.encode())
        container.mux(sound.encode())
        if cover:
            container.mux(cover)


class _Roll:
    """Frames as planar YUV 4:2:0, shape (height * 3 // 2, width) uint8, drawn without a conversion of colours."""

    def __init__(self, midi: pretty_midi.PrettyMIDI, poster: Image.Image | None, shape: Frame):
        picture, self.left, above = _backdrop(poster, shape)
        self.shape, self.above, self.still = shape, above, _yuv(np.asarray(picture))
        rows = sorted(
            ((note.start, note.end, note.pitch, track.program, track.is_drum)
             for track in midi.instruments for note in track.notes), key=lambda row: row[0])
        pitches = [row[2] for row in rows] or [60]
        low, high = min(pitches) - 2, max(pitches) + 3
        room = shape.height - above - 2 * _MARGIN
        self.thick = int(min(16, max(4, room / (high - low)))) // 2 * 2
        top = above + _MARGIN + (room - self.thick) * (high - np.arange(PITCHES)) / max(1, high - low)
        self.top = (np.clip(top, above, shape.height - self.thick).astype(int) // 2 * 2).tolist()
        self.cursor = (self.left + (shape.width - self.left) // 3) // 2 * 2
        self.notes = [
            (_even(start), max(2, _even(end) - _even(start) - 2), pitch, FAMILIES[family_of(DRUMS if drum else program)])
            for start, end, pitch, program, drum in rows]
        self.starts = [note[0] for note in self.notes]
        self.longest = max((note[1] for note in self.notes), default=0)
        self.colours = dict(zip(FAMILIES, map(_tones, COLOURS)))
        self.line = _yuv_colour(_CURSOR)

    def frame(self, index: int) -> np.ndarray:
        now, (width, height) = _even(index / FPS), (self.shape.width, self.shape.height)
        planes = self.still.copy()
        luma, (blue, red) = planes[:height], planes[height:].reshape(2, height // 2, width // 2)
        first = bisect.bisect_left(self.starts, now - (self.cursor - self.left) - self.longest)
        last = bisect.bisect_right(self.starts, now + width - self.cursor)
        for start, length, pitch, family in self.notes[first:last]:
            state = 0 if start > now else 1 if start + length > now else 2
            left = max(self.left, self.cursor + start - now)
            right = max(left, self.cursor + start + length - now)  # slices end at the frame's edge by themselves
            top, bottom = self.top[pitch], self.top[pitch] + self.thick
            tone = self.colours[family][state]
            luma[top:bottom, left:right] = tone[0]
            half = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
            blue[half], red[half] = tone[1:]
        luma[self.above:, self.cursor:self.cursor + 2] = self.line[0]
        half = slice(self.above // 2, None), self.cursor // 2
        blue[half], red[half] = self.line[1:]
        return planes


def _even(seconds: float) -> int:
    """Pixels from the start of the piece, an even number since colour has half the resolution."""
    return round(seconds * _PIXELS_A_SECOND / 2) * 2


def _backdrop(poster: Image.Image | None, shape: Frame) -> tuple[Image.Image, int, int]:
    """The still part of every frame, and where the roll begins: even pixels from the left, and from above."""
    picture = Image.new("RGB", (shape.width, shape.height), _BACKGROUND)
    if poster is None:
        return picture, 0, 0
    poster = poster.convert("RGB")
    # The roll lies on the poster's own colours, blurred and dark.
    veil = poster.resize((shape.width // 20, shape.height // 20), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(6))
    picture = Image.blend(picture, veil.resize(picture.size, Image.Resampling.BICUBIC), 0.28)
    scale = min(most / side for most, side in zip(shape.poster, poster.size))
    width, height = (max(2, round(side * scale)) // 2 * 2 for side in poster.size)
    shown = poster.resize((width, height), Image.Resampling.LANCZOS)
    if shape is TALL:
        picture.paste(shown, ((shape.width - width) // 2, 0))
        return picture, 0, height
    picture.paste(shown, (0, (shape.height - height) // 2))
    return picture, width, 0


def _yuv(rgb: np.ndarray) -> np.ndarray:
    """Planar YUV 4:2:0 (3 h / 2, w) uint8 of RGB (h, w, 3) uint8: ITU-R BT.709, limited range."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32) / 255, 2, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    half = [(16 + 219 * luma)]
    for difference, span in (((blue - luma), 1.8556), ((red - luma), 1.5748)):
        plane = 128 + 224 * difference / span
        half.append(plane.reshape(rgb.shape[0] // 2, 2, rgb.shape[1] // 2, 2).mean((1, 3)))
    height, width = rgb.shape[:2]
    return np.concatenate([np.round(plane).astype(np.uint8).ravel() for plane in half]).reshape(height * 3 // 2, width)


def _yuv_colour(rgb: tuple[int, int, int]) -> tuple[int, int, int]:
    luma, blue, red = _yuv(np.full((2, 2, 3), rgb, np.uint8)).ravel()[[0, 4, 5]]
    return int(luma), int(blue), int(red)
