"""All that learning needs in one folder, in files of at most 50 MB: for a machine with a GPU and little else.

    python -m train.pack pack                   posters, pieces, words and starting weights, with a manifest
    python -m train.pack --check pack           what is missing or damaged, file by file

`python -m train.on_gpu` learns from such a folder. Posters and pieces of `test` stay behind.
"""

import argparse
import sys
from pathlib import Path

from train.manifest import NAME, faults, write_manifest
from train.tables import sentences

MOST_BYTES = 48_000_000  # a file; with what surrounds the arrays under 50 MB
SPLITS = ("train", "val")


def starting_weights(weights: Path, out: Path, backbone: str, imagenet: bool = True) -> list[Path]:
    """Write what is there to start from: `start-picture`, `start-imagenet`, `start-planner` and `start-writer.safetensors`.

    Parameters
    ----------
    weights : holds `classifier` and `composer` as they ship
    backbone : of PosterNet
    imagenet : whether its ImageNet weights are wanted as well
    """
    from safetensors.torch import load_file, save_file

    from train.half_precision import halved
    from train.posters.shallow_views import imagenet_posternet

    networks = {"imagenet": imagenet_posternet(backbone).state_dict()} if imagenet else {}
    if (weights / "classifier/model.safetensors").exists():
        networks["picture"] = load_file(weights / "classifier/model.safetensors")
    if (weights / "composer/model.safetensors").exists():
        composer = load_file(weights / "composer/model.safetensors")
        for name, prefix in (("planner", "planner."), ("writer", "networks.")):
            networks[name] = {key.removeprefix(prefix): value for key, value in composer.items() if key.startswith(prefix)}
    written = []
    for name, tensors in networks.items():
        if tensors:  # a composer of another kind has neither planner nor writer
            written.append(out / f"start-{name}.safetensors")
            save_file(halved(tensors), written[-1])
            written[-1].chmod(0o644)
    return written


def pack(out: Path, posters: Path, midi: Path, prepared: Path, weights: Path, *, backbone: str = "tf_efficientnet_lite2",
         imagenet: bool = True, words: Path = Path("runs/historical/words"), most: int = 0) -> dict:
    """Write the pack; returns its manifest.

    Parameters
    ----------
    out : a new or empty folder
    posters, midi : as `train.posters.prepare` and `train.music.prepare` read them
    prepared : what `train.music.prepare` wrote; if it is not there it is made
    backbone, imagenet : as for `starting_weights`
    words : where the study's words are kept
    most : only about so many posters of each split, and pieces; 0: all
    """
    from train.music import packed as pieces
    from train.music import prepare
    from train.posters import packed as pictures
    from train.study import packed as study

    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise SystemExit(f"{out} is not empty: give a new folder.")
    if not prepared.exists():
        prepare.prepare(midi, prepared)
    files = []
    for split in SPLITS:
        files += pictures.write_shards(posters, out, split, MOST_BYTES, most)
    files += pieces.write_shards(prepared, out, MOST_BYTES, most)
    files += study.write_words(midi, out, words)
    files += starting_weights(weights, out, backbone, imagenet)
    return write_manifest(out, files, backbone=backbone)


@sentences()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is missing")
    parser.add_argument("--posters", type=Path, default=Path("../shared/data/posters"), help="posters.csv and the zips")
    parser.add_argument("--midi", type=Path, default=Path("../shared/data/midi"), help="midi.csv and the pieces")
    parser.add_argument("--prepared", type=Path, default=Path("data/music.npz"), help="what train.music.prepare wrote")
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of the weights to go on from")
    parser.add_argument("--backbone", default="tf_efficientnet_lite2", help="of PosterNet; any timm name")
    parser.add_argument("--imagenet", action=argparse.BooleanOptionalAction, default=True, help="the backbone's own weights, too")
    parser.add_argument("--words", type=Path, default=Path("runs/historical/words"), help="where the study's words are kept")
    parser.add_argument("--most", type=int, default=0, help="only about so many posters of a split, and pieces; 0: all")
    options = parser.parse_args()
    if options.check:
        found = faults(options.folder)
        print("\n".join(found) or f"All files of {NAME} are there and whole.")
        sys.exit(bool(found))
    manifest = pack(options.folder, options.posters, options.midi, options.prepared, options.weights,
                    backbone=options.backbone, imagenet=options.imagenet, words=options.words, most=options.most)
    sizes = [entry["bytes"] for entry in manifest["files"].values()]
    print(f"{len(sizes)} files, {sum(sizes) / 1e6:.0f} MB, the largest {max(sizes) / 1e6:.1f} MB, in {options.folder}")


if __name__ == "__main__":
    main()
