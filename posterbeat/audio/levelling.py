"""Levelling: one gain for a piece, known before it is heard, and a limiter that looks a little ahead.

Neither waits for the loudest moment, so a piece that is still being played sounds as it does when it is played whole.
"""

import numpy as np

BLOCK = 64  # samples that share a peak
PEAK = 10 ** (-1 / 20)  # -1 dBFS: leaves room for what MP3 and AAC add to peaks
SILENT = 10 ** (-60 / 20)  # the tail is cut where it stays below
_LEVEL = 10 ** (-16 / 20)  # root mean square of the loudest passage
_BENT = 2.0  # a passage's peaks may need to be lowered to this part of what they would be, 6 dB
_AHEAD = 8  # blocks, 12 ms: the gain falls before a peak, not at it
_RELEASE = 0.06  # decibels a block, 41 a second: slow enough to leave bass notes their shape


def gain_of(passage: np.ndarray) -> float:
    """The factor that brings a piece to level, from its loudest passage: float, shape (2, samples).

    Its root mean square goes towards -16 dBFS, and its peaks to -1 dBFS at least and 6 dB above it at most.
    """
    peak, power = float(np.abs(passage).max()), float(np.mean(np.square(passage, dtype=np.float64)))
    return float(np.clip(_LEVEL / np.sqrt(power), PEAK / peak, _BENT * PEAK / peak))


class Limiter:
    """Keeps peaks below -1 dBFS by turning a piece down before them, and up again afterwards, slowly.

    The gain is found for each block of 64 samples: the most that the next 12 ms need, released at 41 dB a second, and
    averaged over 12 ms, which never lets a peak through. `push` takes sound of any whole number of blocks, but rounding
    in the last bit depends on how a piece is divided: always divide it alike.
    """

    def __init__(self):
        self._need = np.zeros(0)  # decibels, of blocks that wait for those after them
        self._held = np.zeros(_AHEAD - 1)  # of blocks before, released
        self._before = 0.0  # averaged, of the block before the one that waits
        self._waiting: float | None = None  # averaged, of a block whose right edge is not known yet

    def push(self, peaks: np.ndarray, last: bool = False) -> np.ndarray:
        """Gains at the edges of the next blocks that are decided: factors, one more than there are blocks.

        Parameters
        ----------
        peaks : np.ndarray of float, shape (blocks,), largest absolute sample of each; 1 is full scale
        last : nothing follows, so all blocks are decided
        """
        need = 20 * np.log10(np.maximum(peaks, PEAK) / PEAK)
        need = np.concatenate([self._need, need, np.zeros(_AHEAD if last else 0)])
        if len(need) <= _AHEAD:
            self._need = need
            return np.ones(1)
        self._need = need[len(need) - _AHEAD:]
        most = np.lib.stride_tricks.sliding_window_view(need, _AHEAD + 1).max(1)
        slope = _RELEASE * np.arange(1, len(most) + 1)
        held = np.maximum(np.maximum.accumulate(most + slope) - slope, self._held[-1] - slope)
        averaged = np.convolve(np.concatenate([self._held, held]), np.full(_AHEAD, 1 / _AHEAD), "valid")
        self._held = np.concatenate([self._held, held])[-(_AHEAD - 1):]
        if self._waiting is not None:
            averaged = np.concatenate([[self._waiting], averaged])
        levels = np.concatenate([[self._before], averaged, averaged[-1:] if last else []])
        self._before, self._waiting = (averaged[-2] if len(averaged) > 1 else self._before), averaged[-1]
        return 10 ** (-np.maximum(levels[:-1], levels[1:]) / 20)


def gains_of(sound: np.ndarray, seconds: float, sample_rate: int) -> np.ndarray:
    """Gains of a piece that is there whole, with its ending: float (samples, 2) -> float32 (kept,), at least `seconds` long."""
    length = -(-max(len(sound), int(np.ceil(seconds * sample_rate))) // BLOCK) * BLOCK
    piece = np.zeros((2, length), np.float32)
    piece[:, :len(sound)] = sound.T
    hop, hops = sample_rate // 10, 20  # the loudest two seconds
    power = np.add.reduceat(np.square(piece, dtype=np.float64).sum(0), np.arange(0, length, hop))
    summed = np.concatenate([[0.0], np.cumsum(power)])
    first = int(np.argmax(summed[hops:] - summed[:-hops])) if len(power) >= hops else 0
    gain = gain_of(piece[:, first * hop:(first + hops) * hop])
    gains = along(Limiter().push(peaks_of(piece * np.float32(gain)), last=True)) * np.float32(gain)
    factors = ending(piece * gains, int(np.ceil(seconds * sample_rate)), sample_rate)
    return gains[:len(factors)] * factors.astype(np.float32)


def along(edges: np.ndarray) -> np.ndarray:
    """Gains at each sample of blocks, from those at their edges: np.ndarray of float32, shape (blocks * 64,)."""
    edges = edges.astype(np.float32)
    return (edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(BLOCK, dtype=np.float32) / BLOCK)).reshape(-1)


def peaks_of(sound: np.ndarray) -> np.ndarray:
    """Largest absolute sample of each block: float, shape (2, samples) -> (blocks,)."""
    return np.abs(sound).reshape(len(sound), -1, BLOCK).max((0, 2))


def ending(sound: np.ndarray, notes_end: int, sample_rate: int) -> np.ndarray:
    """The fade of a piece's last samples, cut where it falls silent: factors, shape (kept,), kept at most samples.

    Parameters
    ----------
    sound : np.ndarray of float, shape (2, samples), levelled, from some point at least 50 ms before the last note's end
    notes_end : samples from there to the last note's end
    """
    loud = np.flatnonzero(np.abs(sound).max(0) > SILENT)
    end = max(notes_end, int(loud[-1]) + 1 if len(loud) else 0)
    fade = min(end, max(sample_rate // 20, min(end - notes_end, sample_rate)))  # 50 ms to a second
    factors = np.ones(end)
    factors[end - fade:] = np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return factors
