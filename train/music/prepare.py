"""MIDI folders and a table in, one array file out.

    python -m train.music.prepare ../shared/data/midi data/music.npz

The folder holds `midi.csv` (at least: file, split, genre; also used: label_quality, kind) and the pieces, loose or in
`train.zip`, `val.zip`, `test.zip`. Pieces without a musical beat grid (piano performances) are left out of the array file,
counted in the report and named; so are files that are not there or cannot be read, and pieces too short or too long.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np
from rich.progress import track

from posterbeat.composer.find_repeats import bar_pointers, matches, recalled_bars
from posterbeat.errors import ParameterError, ScoreError
from posterbeat.genres import GENRES
from posterbeat.instruments import FAMILIES
from posterbeat.music.events import encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT
from train.music.midi_reader import MAX_GRID_ERROR, MIN_NOTES, read_piece
from train.tables import QUALITIES, SPLITS, Dropped, NamedFiles, read_labels, sentences


def prepare(folder: Path, out: Path) -> dict:
    """Write the array file; returns the report (read, dropped and why, notes by genre), which is also written as JSON.

    Raises
    ------
    ParameterError
        A line of `midi.csv` is wrong, or a split has no row, or none that can be read.
    """
    rows, files = read_labels(folder / "midi.csv", "genre"), NamedFiles(folder)
    dropped, kept, notes = Dropped(), [], Counter()
    parts = {name: [] for name in ("fields", "onset", "match", "match_length", "bar_pointer", "bar_similarity")}
    for row in track(rows, description="reading"):
        try:
            score, error = read_piece(files.read(row["split"], row["file"]))
        except FileNotFoundError:
            dropped.add("file not found", row["file"])
            continue
        except ScoreError as reason:
            dropped.add(str(reason), row["file"])
            continue
        except Exception as reason:  # symusic raises its own kinds
            dropped.add(f"unreadable ({type(reason).__name__})", row["file"])
            continue
        if row.get("kind") == "emotion-piano" or error >= MAX_GRID_ERROR:
            dropped.add("no beat grid", row["file"])
            continue
        tonic, mode = estimate_key(score)
        shift = shift_to_common_key(tonic, mode)
        events = encode(score, shift)
        if len(events) < MIN_NOTES:
            dropped.add("fewer than 32 notes", row["file"])
            continue
        pointer, length = matches(events.fields)
        source, similarity = recalled_bars(events.fields, events.onset, events.bar)
        parts["fields"].append(events.fields)
        parts["onset"].append(events.onset)
        parts["match"].append(pointer)
        parts["match_length"].append(length)
        parts["bar_pointer"].append(bar_pointers(events.fields, events.onset, events.bar, source))
        parts["bar_similarity"].append(similarity[events.onset // events.bar].astype(np.float16))
        beats = max(1.0, (events.onset[-1] + STEPS_PER_BEAT) / STEPS_PER_BEAT)
        share = np.bincount(events.fields[:, 1], minlength=len(FAMILIES)) / len(events)
        kept.append((len(events), GENRES.index(row["genre"]), SPLITS.index(row["split"]),
                     QUALITIES.index(row.get("label_quality") or "C"), score.bar, tonic, int(mode == "minor"), shift,
                     score.tempo, len(events) / beats, *share, row["file"]))
        notes[f"{row['split']} {row['genre']}"] += len(events)
    for number, split in enumerate(SPLITS[:2]):
        if not any(piece[2] == number for piece in kept):
            raise ParameterError(f"No piece of the split {split} can be learned from. Left out: "
                                 f"{', '.join(f'{count} {why}' for why, count in dropped.counts.items())}.")
    columns = list(zip(*kept))
    names = ("length", "genre", "split", "quality", "bar", "tonic", "minor", "shift")
    table = {name: np.array(column, np.int32) for name, column in zip(names, columns)}
    table |= {"tempo": np.array(columns[8], np.float32), "density": np.array(columns[9], np.float32),
              "ensemble": np.array(columns[10:27], np.float32).T, "piece": np.array(columns[27])}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, **{name: np.concatenate(part) for name, part in parts.items()}, **table)
    report = {"pieces": len(kept), "dropped": dropped.counts, "dropped_names": dropped.names,
              "notes": dict(sorted(notes.items())), "total_notes": sum(notes.values())}
    out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    return report


@sentences()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("data/music.npz"))
    arguments = parser.parse_args()
    print(json.dumps(prepare(arguments.folder, arguments.out), indent=2))


if __name__ == "__main__":
    main()
