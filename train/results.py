"""What a training keeps while it goes on, in few and small files, and the folders that it unfolds to.

    python -m train.results OUT runs/gpu        back to a folder for each network, as later steps read them

`Results` watches the folders of the networks that learn: weights in half precision and texts (figures, curves, settings). All
weights go to `weights-<number>.safetensors` of at most 16 MiB each, all texts to `report.json`: a handful of files that
can be fetched from anywhere. Each file is replaced as a whole, the report last, with the checksums of the others.
"""

import argparse
import json
import threading
from contextlib import ExitStack
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from posterbeat.whole_file import whole_file
from train.half_precision import halved
from train.manifest import checksum

MOST_BYTES = 16 << 20
_NAMES = 1 << 18  # bytes of a file that are left for the tensors' names
REPORT = "report.json"
_WEIGHTS = ("best.safetensors", "model.safetensors")
_TEXTS = (".json", ".csv", ".txt")


class Results:
    """Parameters
    ----------
    work : holds a folder for each network, written by its training
    out : where the results are kept
    told : goes into the report as it is
    """

    def __init__(self, work: Path, out: Path, **told):
        self.work, self.out, self.told = work, out, told
        self._known: dict[Path, tuple] = {}
        self._tensors: dict[str, dict[str, torch.Tensor]] = {}
        self._writing = threading.Lock()
        out.mkdir(parents=True, exist_ok=True)
        work.mkdir(parents=True, exist_ok=True)

    def write(self) -> None:
        """Bring `out` to what the networks' folders hold now."""
        with self._writing:
            networks = {}
            for folder in sorted({path.parent for path in self.work.rglob("*") if path.name in _WEIGHTS}):
                name = folder.relative_to(self.work).as_posix()
                weights = next(folder / file for file in _WEIGHTS if (folder / file).exists())
                stamp = (weights.stat().st_mtime_ns, weights.stat().st_size)
                if self._known.get(weights) != stamp:
                    self._tensors[name] = halved(load_file(weights))
                    self._known[weights] = stamp
                texts = [path for path in sorted(folder.iterdir()) if path.suffix in _TEXTS and not path.name.startswith(".")]
                networks[name] = {"weights": weights.name, "texts": {path.name: path.read_text() for path in texts}}
            self._replace(networks)

    def _replace(self, networks: dict) -> None:
        sums = {}
        with ExitStack() as whole:  # what comes first gets its name last: the report
            report = whole.enter_context(whole_file(self.out / REPORT))
            for number, tensors in enumerate(_shards(self._tensors)):
                name = f"weights-{number}.safetensors"
                part = whole.enter_context(whole_file(self.out / name))
                save_file(tensors, part)
                part.chmod(0o644)
                sums[name] = checksum(part)
            report.write_text(json.dumps({**self.told, "networks": networks, "files": sums}, indent=1) + "\n")


def _shards(networks: dict[str, dict[str, torch.Tensor]]) -> list[dict[str, torch.Tensor]]:
    """All tensors in as few sets of at most `MOST_BYTES` as go, the largest first, each into the first set that has room."""
    tensors = {f"{name}/{key}": value for name, of in networks.items() for key, value in of.items()}
    shards: list[dict[str, torch.Tensor]] = []
    room: list[int] = []
    for name, value in sorted(tensors.items(), key=lambda item: (-item[1].nbytes, item[0])):
        place = next((place for place, left in enumerate(room) if left >= value.nbytes), len(shards))
        if place == len(shards):
            shards.append({})
            room.append(MOST_BYTES - _NAMES)
        shards[place][name] = value
        room[place] -= value.nbytes
    return shards


def unfold(out: Path, folder: Path) -> list[Path]:
    """Write each network's weights and texts to a folder of its own; returns these folders.

    Raises
    ------
    SystemExit
        A file is missing, or was cut off while it was fetched.
    """
    try:
        report = json.loads((out / REPORT).read_text())
    except FileNotFoundError:
        raise SystemExit(f"There is no {REPORT} in {out}: give the folder that train.on_gpu wrote.") from None
    tensors: dict[str, dict[str, torch.Tensor]] = {name: {} for name in report["networks"]}
    for file, digest in report["files"].items():
        if not (out / file).exists() or checksum(out / file) != digest:
            raise SystemExit(f"{file} in {out} is missing or does not match {REPORT}: fetch both again.")
        for name, value in load_file(out / file).items():
            network, _, key = name.rpartition("/")
            tensors[network][key] = value
    made = []
    for name, network in report["networks"].items():
        made.append(folder / name)
        made[-1].mkdir(parents=True, exist_ok=True)
        save_file(tensors[name], made[-1] / network["weights"])
        for file, text in network["texts"].items():
            (made[-1] / file).write_text(text)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="what train.on_gpu wrote")
    parser.add_argument("folder", type=Path, help="where the networks' folders are to be")
    options = parser.parse_args()
    for folder in unfold(options.out, options.folder):
        print(folder)


if __name__ == "__main__":
    main()
