"""Send the models and the Space to the Hugging Face Hub; without --push, say what would be sent.

    python -m train.publish --namespace you            what would be sent
    python -m train.publish --namespace you --push     sends it; needs `hf auth login` or HF_TOKEN
"""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from posterbeat.errors import PosterBeatError, WeightsError
from posterbeat.hub import read_config

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("classifier", "words", "composer", "historical")  # the last one only where it is there: the page does without it
MODEL_FILES = ("config.json", "model.safetensors", "README.md", "metrics.json")
# What the page reads, and what README.md and the documents that it links to lead to. The models are repos of their own.
SPACE_FILES = ("app.py", "README.md", "SECURITY.md", "LICENSE", "requirements.txt", "packages.txt", "posterbeat/**/*",
               "examples/posters/*", "examples/soundtracks/*", "docs/*", "benchmarks/chart.svg", "train/README.md",
               "weights/*/README.md", "weights/*/metrics.json", "weights/*/*.png")


@dataclass(frozen=True)
class Parcel:
    """One repo to be sent: `files` maps the path in the repo to bytes or to the file here."""

    repo: str
    kind: str  # "model" or "space", the Hub's words
    files: dict[str, Path | bytes]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(len(file) if isinstance(file, bytes) else file.stat().st_size for file in self.files.values())


def parcels(namespace: str, root: Path = ROOT) -> list[Parcel]:
    """The model repos and the Space of `namespace`, checked.

    Raises
    ------
    WeightsError
        A model's file is missing or cannot be read.
    """
    if not re.fullmatch(r"\w[\w.-]{0,95}", namespace):
        raise PosterBeatError("Give the user or organisation to publish under: --namespace NAME.")
    models = {kind: f"{namespace}/posterbeat-{kind}" for kind in MODELS
              if kind != "historical" or (root / "weights" / kind).is_dir()}
    sent = []
    for kind, repo in models.items():
        folder = root / "weights" / kind
        for name in MODEL_FILES:
            if not (folder / name).is_file():
                raise WeightsError(f"{folder} holds no {name}: train and evaluate before publishing.")
        read_config(folder / "config.json")
        _check_tensors(folder / "model.safetensors")
        pictures = sorted(path.name for path in folder.glob("*.png"))  # which the card shows
        sent.append(Parcel(repo, "model", {name: folder / name for name in (*MODEL_FILES, *pictures)}))
    files = {path.relative_to(root).as_posix(): path for pattern in SPACE_FILES for path in sorted(root.glob(pattern))
             if path.is_file() and "__pycache__" not in path.parts}
    return [*sent, Parcel(f"{namespace}/posterbeat", "space",
                          files | {"README.md": space_readme((root / "README.md").read_text(), list(models.values()))})]


def _check_tensors(path: Path) -> None:
    try:
        with safe_open(path, framework="np"):  # reads the list of tensors and compares it with the file's length
            pass
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is truncated or not a safetensors file: train before publishing.") from error


def space_readme(readme: str, models: list[str]) -> bytes:
    """README.md whose front matter names the published models, so that the Space fetches them before it starts."""
    front, manual = re.fullmatch(r"---\n(.*?)\n---\n(.*)", readme, re.DOTALL).groups()
    front = re.sub(r"^(models|preload_from_hub):\n(?:  ?- .*\n?)*", "", front + "\n", flags=re.MULTILINE).rstrip()
    listed = "\n".join(f"  - {repo}" for repo in models)
    preload = "\n".join(f"  - {repo} config.json,model.safetensors" for repo in models)
    return f"---\n{front}\nmodels:\n{listed}\npreload_from_hub:\n{preload}\n---\n{manual}".encode()


def variables_of(parcels: list[Parcel]) -> dict[str, str]:
    """What tells the Space where its models are."""
    return {f"POSTERBEAT_{parcel.repo.rsplit('-', 1)[1].upper()}": parcel.repo for parcel in parcels if parcel.kind == "model"}


def push(parcel: Parcel, private: bool = False, variables: dict[str, str] | None = None) -> str:
    """Create the repo if need be and commit the files; returns the commit's address."""
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi()
    api.create_repo(parcel.repo, repo_type=parcel.kind, private=private, exist_ok=True,
                    **({"space_sdk": "gradio"} if parcel.kind == "space" else {}))
    for name, value in (variables or {}).items():
        api.add_space_variable(parcel.repo, name, value)
    operations = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=file if isinstance(file, bytes) else str(file))
                  for name, file in parcel.files.items()]
    return api.create_commit(parcel.repo, operations, commit_message="PosterBeat", repo_type=parcel.kind).commit_url


def main(words: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--namespace", required=True, help="user or organisation on the Hub")
    parser.add_argument("--push", action="store_true", help="send it (without: only say what would be sent)")
    parser.add_argument("--private", action="store_true", help="create the repos as private ones")
    wish = parser.parse_args(words)
    try:
        boxes = parcels(wish.namespace)
    except PosterBeatError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    for box in boxes:
        print(f"{box.kind} {box.repo}: {len(box.files)} files, {box.size / 1e6:.1f} MB")
        for name in box.files:
            print(f"  {name}")
        if wish.push:
            variables = variables_of(boxes) if box.kind == "space" else None
            print("sent:", push(box, wish.private, variables))
    if not wish.push:
        print("Nothing was sent: add --push to send it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
