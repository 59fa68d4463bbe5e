"""Keep what an unfinished run has learned, small enough to travel with the code, so that it can go on elsewhere.

    python -m train.music.keep_unfinished runs/writer runs/planner weights/unfinished

Writes writer.safetensors and planner.safetensors in numbers of eight bits, which cost less than a hundredth of a bit a note on
`val`, each with what is known of it beside it. `--start` of train_writer and train_planner reads them.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def keep(run: Path, out: Path) -> None:
    """Write the best weights of a run, and its best.json, as `out` with the suffixes .safetensors and .json."""
    out.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.to(torch.float8_e4m3fn).contiguous() for name, tensor in load_file(run / "best.safetensors").items()}
    save_file(tensors, out.with_suffix(".safetensors"))
    out.with_suffix(".json").write_text(json.dumps(json.loads((run / "best.json").read_text()), indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("writer", type=Path)
    parser.add_argument("planner", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    for name in ("writer", "planner"):
        keep(getattr(options, name), options.out / name)


if __name__ == "__main__":
    main()
