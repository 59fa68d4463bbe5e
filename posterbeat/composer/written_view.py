"""What the writer is shown of a finished piece, note by note, as it would be shown while it writes."""

import numpy as np

from posterbeat.composer.hints import Surroundings, following, keys, matching
from posterbeat.composer.parts import Arrangement
from posterbeat.composer.plan import LITERAL, NEW, SILENT, Plan


def written_view(piece: Arrangement, plan: Plan) -> dict[str, np.ndarray]:
    """What the writer is shown of each note that it has to write.

    note : index into the piece's notes, shape (written,)
    hints : (written, 6) indices into the piece's notes, -1 for none: the following and, once the place is known, the
        matching note of the part's last cell, the same two of the recalled cell, the part's last note and the one before
    sounding : (written,) uint16, bit k where pitch class k sounds in other parts; lowest : (written,) uint8
    cell : index into the piece's cells, shape (written cells,)
    sources : (written cells, 2) last cell and recalled cell of the part, -1 for none
    others : (written cells, 24) uint8, packed bits of `hints.CellView.others`
    """
    bars, parts = piece.bars, len(piece.parts)
    families = [part.family for part in piece.parts]
    around = Surroundings(bars, piece.bar)
    start = piece.start
    cell_keys = keys(piece.notes)
    part_notes: list[list[int]] = [[-1, -1] for _ in range(parts)]  # the last two of each part
    last = [-1] * parts
    out = {name: [] for name in ("note", "hints", "sounding", "lowest", "cell", "sources", "others")}
    weights = 1 << np.arange(12)
    kinds = plan.kind.tolist()
    for bar in range(bars):
        row = kinds[bar]
        for part in range(parts):
            if row[part] == LITERAL:
                around.add(bar, families[part], piece.cell(bar, part))
        for part in range(parts):
            kind, number = row[part], bar * parts + part
            if kind == SILENT:
                continue
            begin, end = int(start[number]), int(start[number + 1])
            if kind != LITERAL:
                view = around.view(bar)
                mine = cell_keys[begin:end]
                recalled = -1 if kind == NEW else number - int(plan.back[bar, part]) * parts
                hints = np.full((end - begin, 6), -1, np.int32)
                for column, source in ((0, last[part]), (2, recalled)):
                    if source >= 0:
                        low, high = int(start[source]), int(start[source + 1])
                        theirs = cell_keys[low:high]
                        for offset, find in ((0, following), (1, matching)):
                            found = find(theirs, mine)
                            hints[:, column + offset] = np.where(found < high - low, found + low, -1)
                line = np.concatenate([part_notes[part], np.arange(begin, end)])
                hints[:, 4], hints[:, 5] = line[1:-1], line[:-2]
                places = piece.notes[begin:end, 0]
                out["note"].append(np.arange(begin, end, dtype=np.int32))
                out["hints"].append(hints)
                out["sounding"].append((view.sounding[places] @ weights).astype(np.uint16))
                out["lowest"].append(view.lowest[places])
                out["cell"].append(number)
                out["sources"].append((last[part], recalled))
                out["others"].append(np.packbits(view.others))
                around.add(bar, families[part], piece.notes[begin:end])
            part_notes[part] = [*part_notes[part], *range(max(begin, end - 2), end)][-2:]
            last[part] = number
    return {
        "note": np.concatenate(out["note"]) if out["note"] else np.zeros(0, np.int32),
        "hints": np.concatenate(out["hints"]) if out["hints"] else np.zeros((0, 6), np.int32),
        "sounding": np.concatenate(out["sounding"]) if out["sounding"] else np.zeros(0, np.uint16),
        "lowest": np.concatenate(out["lowest"]) if out["lowest"] else np.zeros(0, np.uint8),
        "cell": np.array(out["cell"], np.int32),
        "sources": np.array(out["sources"], np.int32).reshape(-1, 2),
        "others": np.array(out["others"], np.uint8).reshape(-1, 24),
    }
