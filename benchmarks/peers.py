"""What others need for the same job on the same machine, in single precision as posterbeat itself.

Weights are random, since speed does not depend on them. Each function gives a `timing.Work`. Those that write note by
note or frame by frame do a few steps a round and go on from there in the next; what a step costs later in the piece, with
more to look back on, is not counted against them.
"""

import subprocess
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.timing import Work

FRAMES_A_SECOND = 50  # of MusicGen's codes
TOKENS_A_NOTE = 3  # onset, length, and instrument with pitch, as in the Anticipatory Music Transformer


def tutorial(notes: int) -> Work:
    """Notes by the LSTM tutorial's way with the reference study's final stack: 100 words are read again for each."""
    from posterbeat.music.historical import WINDOW, HistoricalStack, StackConfig

    words = tuple(str(pitch) for pitch in range(300))
    stack = HistoricalStack(StackConfig("final", "comedy", words, (1,) * len(words))).eval()
    window = torch.randint(0, len(words), (1, WINDOW), generator=torch.Generator().manual_seed(0))

    def write(_: int) -> float:
        with torch.inference_mode():
            for _ in range(notes):
                stack(window)
        return notes

    return write


def llama(notes: int, layers: int = 12) -> Work:
    """Notes by a Llama-type MIDI model with key and value cache; 12 layers of width 1024 are 230 M parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(vocab_size=14000, hidden_size=1024, intermediate_size=4096, num_hidden_layers=layers,
                         num_attention_heads=16, max_position_embeddings=4096)
    step = _Steps(LlamaForCausalLM(config).eval(), torch.zeros(1, 1, dtype=torch.long))
    return lambda _: step.run(notes * TOKENS_A_NOTE) / TOKENS_A_NOTE


def musicgen(frames: int, layers: int = 24) -> Work:
    """Seconds of sound by MusicGen-small's decoder, two rows for guidance; reading the text and EnCodec are left out."""
    from transformers import MusicgenForCausalLM
    from transformers.models.musicgen.configuration_musicgen import MusicgenDecoderConfig

    config = MusicgenDecoderConfig(vocab_size=2048, hidden_size=1024, num_hidden_layers=layers, num_attention_heads=16,
                                   ffn_dim=4096, num_codebooks=4)
    step = _Steps(MusicgenForCausalLM(config).eval(), torch.zeros(2 * 4, 1, dtype=torch.long),
                  encoder_hidden_states=torch.zeros(2, 12, 1024))
    return lambda _: step.run(frames) / FRAMES_A_SECOND


class _Steps:
    """A transformer that is asked for one step after another."""

    def __init__(self, model: torch.nn.Module, token: torch.Tensor, **more: Any):
        self._model, self._token, self._more, self._cache = model, token, more, None

    def run(self, count: int) -> int:
        with torch.inference_mode():
            for _ in range(count):
                said = self._model(input_ids=self._token, past_key_values=self._cache, use_cache=True, **self._more)
                self._cache = said.past_key_values
        return count


def reader(name: str, size: tuple[int, int], poster: Path) -> Work:
    """A poster file through a timm network at a size (height, width)."""
    import timm

    return reading(timm.create_model(name, pretrained=False).eval(), size, poster)


def reading(network: torch.nn.Module, size: tuple[int, int], poster: Path) -> Work:
    """A poster file decoded, brought to a size (height, width) and passed forwards."""
    import numpy as np

    def read(_: int) -> None:
        with Image.open(poster) as picture:
            small = picture.convert("RGB").resize(size[::-1], Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(small, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        with torch.inference_mode():
            network(pixels.contiguous(memory_format=torch.channels_last))

    return read


def fluidsynth(midi: Path, soundfont: Path, out: Path, seconds: float) -> Work:
    """FluidSynth's own command writing a file of so many seconds."""
    command = ["fluidsynth", "-ni", "-F", str(out), "-r", "44100", str(soundfont), str(midi)]

    def play(_: int) -> float:
        subprocess.run(command, check=True, capture_output=True)
        return seconds

    return play
