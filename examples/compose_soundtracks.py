"""Compose the twenty-five example pieces: python -m examples.compose_soundtracks

Five a genre, seeds 0 to 4, default settings, nothing picked. Writes MIDI and a table to examples/soundtracks; the same
weights give the same files.
"""

from pathlib import Path

import numpy as np

from posterbeat import GENRES, BiLSTMComposer
from posterbeat.hub import weights_folder
from posterbeat.instruments import FAMILIES
from posterbeat.music.key import estimate_key
from posterbeat.music.score import Score

OUT = Path(__file__).resolve().parent / "soundtracks"
NOTES, SEEDS = 600, range(5)
_TONICS = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")


def row(name: str, score: Score) -> str:
    """A piece's line of the table."""
    tonic, mode = estimate_key(score)
    share = np.bincount(score.family, minlength=len(FAMILIES))
    players = ", ".join(FAMILIES[family] for family in share.argsort()[::-1] if share[family])
    return (f"| [{name}]({name}.mid) | {_TONICS[tonic]} {mode} | {score.tempo:.0f} | {score.seconds:.0f} s | {players} |")


def main(out: Path = OUT) -> None:
    """Write the pieces and README.md into `out`."""
    composer = BiLSTMComposer.from_pretrained(weights_folder("composer"))
    out.mkdir(parents=True, exist_ok=True)
    rows = []
    for genre in GENRES:
        for seed in SEEDS:
            score = composer.generate(genre, notes=NOTES, seed=seed)
            score.to_midi().write(str(out / f"{genre}-{seed}.mid"))
            rows.append(row(f"{genre}-{seed}", score))
    table = "\n".join(["| piece | key, estimated | beats a minute | length | instruments, most notes first |",
                       "|---|---|---|---|---|", *rows])
    (out / "README.md").write_text(f"""# Twenty-five soundtracks

{NOTES} notes each, seeds {SEEDS[0]} to {SEEDS[-1]}, default settings, nothing picked: what
`python -m examples.compose_soundtracks` wrote with the weights in `weights/composer`.

{table}
""", encoding="utf-8")


if __name__ == "__main__":
    main()
