"""MP3, encoded while its sound is being made."""

import io

import numpy as np

from posterbeat.errors import RenderError

_BIT_RATE = 192_000
_EFFORT = "7"  # of LAME, 0 the most: twice as fast as its usual 5, and at this bit rate no further from the sound


class Mp3:
    """An MP3 that takes its sound piece by piece; how it is divided changes no byte.

    Parameters
    ----------
    sample_rate : Hz

    Raises
    ------
    RenderError
        PyAV is not installed, or has no MP3 encoder.
    """

    def __init__(self, sample_rate: int):
        try:
            import av

            self._file, self._rate, self._frame = io.BytesIO(), sample_rate, av.AudioFrame
            self._container = av.open(self._file, "w", format="mp3", options={"id3v2_version": "0"})  # tags are others' work
            self._stream = self._container.add_stream("libmp3lame", rate=sample_rate, layout="stereo",
                                                      options={"compression_level": _EFFORT})
        except (ImportError, ValueError) as error:  # of which FFmpeg's errors are one
            raise RenderError("MP3 needs PyAV with LAME: `pip install av`, or save as .wav.") from error
        self._stream.bit_rate, self._done = _BIT_RATE, 0

    def write(self, samples: np.ndarray) -> None:
        """int16, shape (samples, 2)."""
        frame = self._frame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = self._rate, self._done
        self._done += len(samples)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> bytes:
        """The whole file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._file.getvalue()


def encoded(samples: np.ndarray, sample_rate: int) -> bytes:
    """An MP3 file of int16 sound, shape (samples, 2).

    Raises
    ------
    RenderError
        As `Mp3`.
    """
    mp3 = Mp3(sample_rate)
    for start in range(0, len(samples), 1 << 16):
        mp3.write(samples[start:start + (1 << 16)])
    return mp3.finish()
