"""Draw the example posters: films that do not exist, one per genre.

    python examples/draw_posters.py [--only GENRE ...] [--out FOLDER]
"""

import argparse
from importlib import import_module
from pathlib import Path

from posterbeat.genres import GENRES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=GENRES, default=GENRES)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "posters")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for genre in arguments.only:
        poster = import_module(f"artwork.{genre}").draw()
        poster.save(arguments.out / f"{genre}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
