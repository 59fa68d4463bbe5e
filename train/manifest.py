"""A folder's list of files with their sizes and checksums, and what is missing or damaged by it."""

import hashlib
import json
from pathlib import Path

NAME = "manifest.json"


def write_manifest(folder: Path, files: list[Path], **told) -> dict:
    """Write manifest.json: "files" with "bytes" and "sha256" of each, and whatever else is told; returns what it holds."""
    held = {path.name: {"bytes": path.stat().st_size, "sha256": checksum(path)} for path in files}
    manifest = {**told, "files": held}
    (folder / NAME).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def faults(folder: Path) -> list[str]:
    """What is wrong with the folder, a sentence each; nothing if it is whole."""
    try:
        listed = json.loads((folder / NAME).read_text())["files"]
        wanted = {name: (entry["bytes"], entry["sha256"]) for name, entry in listed.items()}
    except FileNotFoundError:
        return [f"{NAME} is missing: copy it first, it tells what else there must be."]
    except (ValueError, KeyError, TypeError):
        return [f"{NAME} is damaged: copy it again."]
    found = []
    for name, (size, digest) in wanted.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing ({size / 1e6:.1f} MB): copy it.")
        elif path.stat().st_size != size:
            found.append(f"{name} has {path.stat().st_size:,} bytes instead of {size:,}: copy it again.")
        elif checksum(path) != digest:
            found.append(f"{name} is damaged: copy it again.")
    return found
