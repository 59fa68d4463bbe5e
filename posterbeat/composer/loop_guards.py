"""What keeps a piece from getting stuck: no pitch takes over, no bar comes for ever.

A writer that hears mostly itself may fall into a loop that real music would leave. Both guards close pitches,
and leave the rest of the distribution as it is.
"""

import torch


class PitchShare:
    """Closes a pitch that would take more than `share` of the notes, once `least` notes are written."""

    def __init__(self, share: float = 0.4, least: int = 16):
        self._share, self._least = share, least

    def __call__(self, written: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits (1, pitches) of the next pitch, given the pitches so far, drums left out, (1, notes)."""
        if written.shape[1] < self._least:
            return scores
        count = torch.bincount(written[0], minlength=scores.shape[1])
        return _closed(scores, count + 1 > self._share * (written.shape[1] + 1))


class EndlessBar:
    """Closes the pitches with which the first note of a bar would begin the bar before once more, after `most` equal bars.

    Parameters
    ----------
    bar : int, twelfths of a beat
    """

    def __init__(self, bar: int, most: int = 6):
        self._bar, self._most = bar, most
        self._number, self._now, self._before, self._equal = 0, set(), set(), 0

    def add(self, onset: int, family: int, pitch: int) -> None:
        """A note was written; onset in twelfths of a beat."""
        if onset // self._bar != self._number:
            self._equal = self._equal + 1 if self._now and self._now == self._before else 1
            # A bar without a note ends the chain.
            self._before = self._now if onset // self._bar == self._number + 1 else set()
            self._number, self._now = onset // self._bar, set()
        self._now.add((onset % self._bar, family, pitch))

    def at(self, onset: int, family: int) -> list[int]:
        """The pitches that must not come next, of a note at `onset` in `family`."""
        number = onset // self._bar
        if number == self._number:
            return []
        equal = self._equal + 1 if self._now == self._before else 1
        if number != self._number + 1 or equal < self._most:
            return []
        return [pitch for place, other, pitch in self._now if (place, other) == (onset % self._bar, family)]

    def __call__(self, note: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits (1, pitches) of the pitch of a note, given its onset and family, (1, 2)."""
        pitches = self.at(*note[0].tolist())
        if not pitches:
            return scores
        closed = torch.zeros(scores.shape[1], dtype=torch.bool)
        closed[pitches] = True
        return _closed(scores, closed)


def _closed(scores: torch.Tensor, closed: torch.Tensor) -> torch.Tensor:
    """The scores without what is closed; as they are where nothing else would be left."""
    if not closed.any():
        return scores
    rest = scores.masked_fill(closed, float("-inf"))
    return rest if torch.isfinite(rest).any() else scores
