"""How long each station takes here, and what others need for the same: make bench, or python -m benchmarks --json FILE

Medians, with the models loaded and one warm-up run before. Two threads by default, as on a small Space. The peers have
random weights (see `peers`); `--no-peers` leaves them out.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import peers
from benchmarks.peers import median_seconds

POSTER = Path(__file__).resolve().parents[1] / "examples/posters/horror.jpg"
IMPORT = "import posterbeat; posterbeat.PosterBeat; from posterbeat import PosterClassifier, BiLSTMComposer"
FIRST = f"from posterbeat import PosterBeat; print(PosterBeat.load().read({str(POSTER)!r}).genre)"
LENGTHS = (32, 100, 300, 1000, 2000)  # notes, for the cost against length


def fresh(code: str, runs: int) -> float:
    """Seconds of a Python process that runs `code`."""
    return median_seconds(lambda run: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True), runs)


def measure(runs: int, threads: int) -> dict:
    """Seconds of every station, and what they were measured with."""
    cold = {"import in a fresh process": fresh(IMPORT, min(runs, 3)),
            "from process start to the first poster read": fresh(FIRST, min(runs, 3))}
    import torch

    from posterbeat import PosterBeat
    from posterbeat.audio.render import render, renderer_name

    torch.set_num_threads(threads)
    start = time.perf_counter()
    beat = PosterBeat.load()
    loading = time.perf_counter() - start
    whole = {}
    with tempfile.TemporaryDirectory() as folder:
        def soundtrack(notes):
            track = beat(POSTER, notes=notes, seed=0)
            track.save(Path(folder) / "out.mp3")
            return track

        for notes in (300, 1000):
            music = soundtrack(notes).score.seconds
            whole[f"poster to mp3, {notes} notes ({music:.0f} s of music)"] = median_seconds(
                lambda run, notes=notes: soundtrack(notes), min(runs, 3))
    midi = beat.compose("horror", 1000, seed=1).midi
    return {
        "machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "threads": threads,
        "python": platform.python_version(), "torch": torch.__version__, "renderer": renderer_name(), "runs": runs,
        "seconds": {
            **cold,
            "load both networks": loading,
            "read a poster": median_seconds(lambda run: beat.read(POSTER), 4 * runs),
            **{f"write {notes} notes": median_seconds(
                lambda run, notes=notes: beat.compose("horror", notes, seed=run), min(runs, 3)) for notes in LENGTHS},
            f"play 1000 notes ({midi.get_end_time():.0f} s of music)": median_seconds(lambda run: render(midi), min(runs, 3)),
            **whole,
        },
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def compare(notes: int = 1000) -> dict[str, float]:
    """Seconds that the peers need."""
    from posterbeat import BiLSTMComposer
    from posterbeat.audio.render import SOUNDFONTS
    from posterbeat.hub import weights_folder
    from posterbeat.vision.classifier import PosterClassifier

    classifier = PosterClassifier.from_pretrained(weights_folder("classifier"))
    backbone, size = classifier.network.built_with["backbone"], classifier.input_size[-2:]
    font = next((Path(name).expanduser() for name in SOUNDFONTS if Path(name).expanduser().exists()), None)
    played = {}
    if font and shutil.which("fluidsynth"):
        with tempfile.TemporaryDirectory() as folder:
            piece = BiLSTMComposer.from_pretrained(weights_folder("composer")).generate("horror", notes=notes, seed=1)
            piece.to_midi().write(str(Path(folder) / "piece.mid"))
            played[f"play {notes} notes, fluidsynth's own command"] = peers.fluidsynth(
                Path(folder) / "piece.mid", font, Path(folder) / "piece.wav")
    return {
        **played,
        "a note, the tutorial's way (final stack, window of 100)": peers.tutorial_note(),
        "a note, Llama-type model of 230 M parameters": peers.llama_note(),
        "a second of sound, MusicGen-small's decoder": peers.musicgen_second(),
        "a picture, the bare backbone at PosterNet's size": peers.reader(backbone, tuple(size)),
        "a picture, ResNet-50 at 224 x 224": peers.reader("resnet50", (224, 224)),
        "a picture, CLIP ViT-B/32 at 224 x 224": peers.reader("vit_base_patch32_clip_224", (224, 224)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-peers", action="store_true", help="only posterbeat's own stations")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wish = parser.parse_args()
    figures = measure(wish.runs, wish.threads)
    if not wish.no_peers:
        figures["peers"] = compare()
    for name, seconds in {**figures["seconds"], **figures.get("peers", {})}.items():
        print(f"{name:60} {1000 * seconds:9.0f} ms")
    print(f"{figures['threads']} threads, {figures['cores']} cores, torch {figures['torch']}, {figures['renderer']}, "
          f"{figures['peak_memory_mb']:.0f} MB at most")
    if wish.json:
        wish.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
