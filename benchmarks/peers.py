"""What others need for the same job on the same machine. Weights are random: speed does not depend on them.

Each function returns seconds for one unit, the median of a few runs after one that is not counted.
"""

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import torch

FRAMES_A_SECOND = 50  # of MusicGen's codes
TOKENS_A_NOTE = 3  # onset, length, and instrument with pitch, as in the Anticipatory Music Transformer


def median_seconds(work: Callable[[int], object], runs: int) -> float:
    """Median duration of `work(run)` for run = 1 ... runs, after `work(0)`, which is not counted."""
    work(0)
    times = []
    for run in range(1, runs + 1):
        start = time.perf_counter()
        work(run)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def tutorial_note(runs: int = 5) -> float:
    """The LSTM tutorial's way with the reference study's final stack: a window of 100 words read again for each note."""
    from posterbeat.music.historical import WINDOW, HistoricalStack, StackConfig

    words = tuple(str(pitch) for pitch in range(300))
    stack = HistoricalStack(StackConfig("final", "comedy", words, (1,) * 300)).eval()
    window = torch.randint(0, 300, (1, WINDOW))
    with torch.inference_mode():
        return median_seconds(lambda run: stack(window), runs)


def musicgen_second(frames: int = 25) -> float:
    """A second of sound by MusicGen-small's decoder (24 layers of 1024, two rows for guidance), without text and EnCodec."""
    from transformers import MusicgenForCausalLM
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    config = MusicgenDecoderConfig(vocab_size=2048, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16,
                                   ffn_dim=4096, num_codebooks=4)
    model = MusicgenForCausalLM(config).eval()
    codes = torch.zeros(2 * 4, 1, dtype=torch.long)
    text = torch.zeros(2, 12, 1024)
    return _frames(model, codes, frames, encoder_hidden_states=text) * FRAMES_A_SECOND


def llama_note(notes: int = 10) -> float:
    """A note by a Llama-type MIDI model of 230 M parameters (12 layers of 1024, key and value cache)."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(vocab_size=14000, hidden_size=1024, intermediate_size=4096, num_hidden_layers=12,
                         num_attention_heads=16, max_position_embeddings=4096)
    model = LlamaForCausalLM(config).eval()
    return _frames(model, torch.zeros(1, 1, dtype=torch.long), notes * TOKENS_A_NOTE) * TOKENS_A_NOTE


def _frames(model, token: torch.Tensor, count: int, **more) -> float:
    """Median seconds of a step with cache, of `count` steps after the first."""
    cache, times = None, []
    with torch.inference_mode():
        for _ in range(count + 1):
            start = time.perf_counter()
            cache = model(input_ids=token, past_key_values=cache, use_cache=True, **more).past_key_values
            times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def reader(name: str, size: tuple[int, int], runs: int = 10) -> float:
    """A picture through a timm network, decoding left out."""
    import timm

    model = timm.create_model(name, pretrained=False).eval()
    picture = torch.zeros(1, 3, *size)
    with torch.inference_mode():
        return median_seconds(lambda run: model(picture), runs)


def fluidsynth(midi: Path, soundfont: Path, out: Path) -> float:
    """FluidSynth's own command writing a file."""
    command = ["fluidsynth", "-ni", "-F", str(out), "-r", "44100", str(soundfont), str(midi)]
    return median_seconds(lambda run: subprocess.run(command, check=True, capture_output=True), 3)
