"""Video: the poster beside a piano roll that moves with the sound."""

import bisect
from fractions import Fraction
from pathlib import Path

import numpy as np
import pretty_midi
from PIL import Image, ImageFilter

from posterbeat.errors import RenderError
from posterbeat.instruments import COLOURS, DRUMS, FAMILIES, PITCHES, family_of

WIDTH, HEIGHT, FPS = 1280, 720, 20
_PIXELS_A_SECOND = 80  # four a frame: an even number, so that half-resolution colour moves without flicker
_MARGIN = 24
_BACKGROUND = (11, 10, 10)
_CURSOR = (240, 189, 91)


def _tones(colour: str) -> list[tuple[int, int, int]]:
    """A note's YUV before, while, and after it sounds."""
    plain = np.array([int(colour[k:k + 2], 16) for k in (1, 3, 5)], float)
    return [_yuv_colour(tuple(np.round(tone).astype(int))) for tone in (0.55 * plain, 0.5 * plain + 127, 0.8 * plain)]


def write_video(
    path: Path, midi: pretty_midi.PrettyMIDI, samples: np.ndarray, sample_rate: int, poster: Image.Image | None = None
) -> None:
    """Write an MP4 of 1280 x 720, H.264 and AAC: as long as the sound, notes brighter while they sound.

    Parameters
    ----------
    path
        Ends in .mp4; its folder exists.
    samples : np.ndarray of int16, shape (samples, 2)
    sample_rate : Hz
    poster
        RGB picture, shown whole at the left; without it the roll is as wide as the frame.

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
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, sound.bit_rate = 0, 192_000
        context = video.codec_context
        context.colorspace, context.color_range = 1, 1  # BT.709, limited range: what _yuv writes
        context.color_primaries, context.color_trc = 1, 1
        context.gop_size = 5 * FPS

        roll = _Roll(midi, poster)
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


class _Roll:
    """Frames as planar YUV 4:2:0, shape (HEIGHT * 3 // 2, WIDTH) uint8, drawn without a conversion of colours."""

    def __init__(self, midi: pretty_midi.PrettyMIDI, poster: Image.Image | None):
        picture, self.left = _backdrop(poster)
        self.still = _yuv(np.asarray(picture))
        rows = sorted(
            ((note.start, note.end, note.pitch, track.program, track.is_drum)
             for track in midi.instruments for note in track.notes), key=lambda row: row[0])
        pitches = [row[2] for row in rows] or [60]
        low, high = min(pitches) - 2, max(pitches) + 3
        room = HEIGHT - 2 * _MARGIN
        self.thick = int(min(16, max(4, room / (high - low)))) // 2 * 2
        top = _MARGIN + (room - self.thick) * (high - np.arange(PITCHES)) / max(1, high - low)
        self.top = (np.clip(top, 0, HEIGHT - self.thick).astype(int) // 2 * 2).tolist()
        self.cursor = (self.left + (WIDTH - self.left) // 3) // 2 * 2
        self.notes = [
            (_even(start), max(2, _even(end) - _even(start) - 2), pitch, FAMILIES[family_of(DRUMS if drum else program)])
            for start, end, pitch, program, drum in rows]
        self.starts = [note[0] for note in self.notes]
        self.longest = max((note[1] for note in self.notes), default=0)
        self.colours = dict(zip(FAMILIES, map(_tones, COLOURS)))
        self.line = _yuv_colour(_CURSOR)

    def frame(self, index: int) -> np.ndarray:
        now = _even(index / FPS)
        planes = self.still.copy()
        luma, (blue, red) = planes[:HEIGHT], planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        first = bisect.bisect_left(self.starts, now - (self.cursor - self.left) - self.longest)
        last = bisect.bisect_right(self.starts, now + WIDTH - self.cursor)
        for start, length, pitch, family in self.notes[first:last]:
            state = 0 if start > now else 1 if start + length > now else 2
            left = max(self.left, self.cursor + start - now)
            right = max(left, self.cursor + start + length - now)  # slices end at the frame's edge by themselves
            top, bottom = self.top[pitch], self.top[pitch] + self.thick
            tone = self.colours[family][state]
            luma[top:bottom, left:right] = tone[0]
            half = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
            blue[half], red[half] = tone[1:]
        luma[:, self.cursor:self.cursor + 2] = self.line[0]
        blue[:, self.cursor // 2], red[:, self.cursor // 2] = self.line[1:]
        return planes


def _even(seconds: float) -> int:
    """Pixels from the start of the piece, an even number since colour has half the resolution."""
    return round(seconds * _PIXELS_A_SECOND / 2) * 2


def _backdrop(poster: Image.Image | None) -> tuple[Image.Image, int]:
    """The still part of every frame, and where the roll begins (even pixels from the left)."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _BACKGROUND)
    if poster is None:
        return picture, 0
    poster = poster.convert("RGB")
    # The roll lies on the poster's own colours, blurred and dark.
    veil = poster.resize((64, 36), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(6))
    picture = Image.blend(picture, veil.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), 0.28)
    scale = min(HEIGHT / poster.height, WIDTH / 2 / poster.width)
    width, height = (max(2, round(side * scale)) // 2 * 2 for side in poster.size)
    picture.paste(poster.resize((width, height), Image.Resampling.LANCZOS), (0, (HEIGHT - height) // 2))
    return picture, width


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
