"""Make the film that the README shows: python tools/make_demo.py [seed]

Composes for an example poster and writes docs/demo.mp4: twenty seconds, the poster beside the moving roll, below 3 MB.
"""

import sys
from pathlib import Path

import numpy as np

from posterbeat import PosterBeat
from posterbeat.audio.video import write_video
from posterbeat.whole_file import whole_file

ROOT = Path(__file__).resolve().parents[1]
POSTER, FILM = ROOT / "examples" / "posters" / "action.jpg", ROOT / "docs" / "demo.mp4"
SECONDS, FADE = 20, 2  # the sound of the last two goes down
LIMIT = 3_000_000  # bytes


def main(seed: int = 7) -> None:
    """Compose, cut and write."""
    track = PosterBeat.load()(POSTER, seconds=SECONDS, seed=seed, title="Iron Meridian")
    rate = track.sample_rate
    samples = track.audio[: SECONDS * rate]
    level = np.clip((len(samples) - np.arange(len(samples))) / (FADE * rate), 0, 1)
    with whole_file(FILM) as part:
        write_video(part, track.midi, (samples * level[:, None]).astype(np.int16), rate, track.poster, track.tags)
        size = part.stat().st_size
        if size > LIMIT:
            sys.exit(f"The film has {size:,} bytes, more than {LIMIT:,}: take another seed.")
    print(f"{FILM.relative_to(ROOT)}: {len(samples) / rate:.1f} s, {size // 1000} kB, seed {seed}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
