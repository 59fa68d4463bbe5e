"""A take without some of its instrument families: the same performance with their players silent."""

from pathlib import Path
from typing import Any

import numpy as np

from posterbeat.errors import PosterBeatError
from posterbeat.instruments import DRUMS, family_of
from posterbeat.ui.page import text


def without(take: dict[str, Any], families: list[int]) -> dict[str, Any]:
    """The roll's value of a kept take with some families silent, at least one of its own left; its files stay as they are.

    The sound is as long as the take's, so that the cursor keeps its place; it is made once and kept beside the take.

    Parameters
    ----------
    families
        Indices into FAMILIES; others than the take's are without effect.

    Raises
    ------
    PosterBeatError
        The take's files were removed meanwhile, or what is left is silent.
    """
    import pretty_midi
    import soundfile

    from posterbeat.audio.export import save
    from posterbeat.audio.perform import humanise
    from posterbeat.audio.render import render

    present = [family["id"] for family in take["roll"]["families"]]
    silent = sorted(set(families) & set(present))
    if not silent or len(silent) == len(present):
        return {**take["roll"], "muted": silent}
    wav = Path(take["wav"])
    target = wav.with_name(f"{wav.stem}-without-{'-'.join(map(str, silent))}.wav")
    if not target.exists():
        try:
            length = soundfile.info(take["wav"]).frames
            midi = pretty_midi.PrettyMIDI(take["midi"])
        except (OSError, soundfile.LibsndfileError) as error:
            raise PosterBeatError(text.GONE) from error
        played = humanise(midi, take["seed"])  # all of it, so that those who stay play as they did
        played.instruments = [
            track for track in played.instruments if family_of(DRUMS if track.is_drum else track.program) not in silent
        ]
        samples, rate = render(played)
        samples = np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))
        save(target, midi, samples, rate)
    return {**take["roll"], "audio": {**take["roll"]["audio"], "path": str(target)}, "muted": silent}
