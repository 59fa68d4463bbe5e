"""BiLSTMComposer: writes a score for a genre or a mixture of genres."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from posterbeat.composer import network_input
from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.find_repeats import matches
from posterbeat.composer.network import MEMORY, PHRASE, PLAYERS, Batch, ComposerNetwork, bits
from posterbeat.composer.repeat_plan import plan_form
from posterbeat.composer.request import Profiles
from posterbeat.composer.sampling import Writing
from posterbeat.composer.stepper import Tables
from posterbeat.controls import Controls, asked_for
from posterbeat.cpu import forked
from posterbeat.errors import WeightsError
from posterbeat.genres import GENRES, mixture
from posterbeat.hub import load_strict, read_config, read_tensors, resolve, single_precision
from posterbeat.instruments import FAMILIES, choose_programs
from posterbeat.music.events import decode, encode
from posterbeat.music.key import estimate_key, shift_to_common_key
from posterbeat.music.score import STEPS_PER_BEAT, Score


class ComposerConfig(PreTrainedConfig):
    """Sizes of the network, attributes of real pieces that requests are drawn from (`request.Profiles`), notes learned from."""

    model_type = "posterbeat-composer"

    def __init__(self, width: int = 256, reader: int = 320, writer: int = 512, head: int = 384, heads: int = 4,
                 profiles: dict | None = None, notes_seen: int = 0, **rest):
        super().__init__(**rest)
        self.width, self.reader, self.writer, self.head, self.heads = width, reader, writer, head, heads
        self.profiles, self.notes_seen = profiles or {}, notes_seen


class BiLSTMComposer(PreTrainedModel):
    """A bidirectional LSTM reads the phrases written so far, an LSTM writes the next phrase note by note."""

    config_class = ComposerConfig
    base_model_prefix = "network"

    def __init__(self, config: ComposerConfig):
        super().__init__(config)
        self.network = ComposerNetwork(
            width=config.width, reader=config.reader, writer=config.writer, head=config.head, heads=config.heads,
            condition_sizes=network_input.CONDITION_SIZES)
        self.post_init()

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.network)

    def _init_weights(self, module) -> None:
        """Keep PyTorch's own initialisation of every layer."""

    @classmethod
    def from_pretrained(cls, source: str | Path, **_) -> "BiLSTMComposer":
        """Load from a folder or a Hub repository (`owner/name[@revision]`).

        Raises
        ------
        WeightsError
            Files that are missing, damaged or of another model: tensors must match the config exactly.
        """
        folder = resolve(source)
        path = folder / "config.json"
        if read_config(path).get("model_type") != ComposerConfig.model_type:  # transformers would only warn
            raise WeightsError(f"{path} is not a composer's: its model_type must be {ComposerConfig.model_type}.")
        try:
            model = cls(ComposerConfig.from_pretrained(folder))
        except (TypeError, ValueError, RuntimeError) as error:
            raise WeightsError(f"{path} does not describe a composer ({type(error).__name__}): fetch it again.") from error
        load_strict(model, read_tensors(folder / "model.safetensors"), folder / "model.safetensors")
        return model.eval()

    def generate(self, genre_mix: str | Mapping[str, float], notes: int = 600, temperature: float = 1.0, seed: int | None = 0, *,
                 controls: Controls | None = None, guidance: float = 3.0, top_p: float = 0.96,
                 progress: Callable[[int, int], None] | None = None, **named: Any) -> Score:
        """Write a piece of exactly `notes` notes.

        Parameters
        ----------
        genre_mix : a genre, or weights of genres
        notes, temperature, seed, named : the fields of `Controls`; the same seed and controls on one machine give the same score.
            What is left open the seed chooses as the genre does
        controls : all of them at once, instead of the keywords
        guidance : how strongly the genre is followed, 1 (as learned) upwards
        top_p : share of the probability that each field is sampled from
        progress : called as progress(written, notes); an exception that it raises stops the writing

        Raises
        ------
        ParameterError
            A value outside its range.
        """
        mix = mixture(genre_mix)
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        single_precision(self)
        forked()
        random = np.random.default_rng(controls.seed)
        request = Profiles(self.config.profiles).draw(random, mix, controls)
        bars = max(2, round(controls.notes / max(request.density * request.bar / STEPS_PER_BEAT, 1)))
        plan = plan_form(random, bars)
        weights = np.array([mix[genre] for genre in GENRES], np.float32)
        writing = Writing(self._tables, request, plan, weights, controls, top_p=top_p, guidance=guidance, random=random)
        fields = writing.write(progress)
        programs = choose_programs(random, mix)
        score = decode(fields, programs, tempo=request.tempo, bar=request.bar, shift=-request.shift)
        return score.without_overlaps()

    @torch.inference_mode()
    def bits_per_note(self, score: Score, genre_mix: str | Mapping[str, float], *, limit: int = 2000,
                      attributes: bool = True) -> float:
        """Negative log2-likelihood of a score, bits a note, teacher forced over its first `limit` notes.

        The network is told the genre and, with `attributes`, the piece's tempo, density, mode and ensemble; the metre
        and how many notes there are it is always told. Repetition is only looked for in the notes before.
        """
        batch = self.told(score, genre_mix, limit=limit, attributes=attributes)
        note_bits = bits(self.network(batch)[0], batch.target)
        return float(note_bits[0, :min(len(score), limit)].mean())

    def told(self, score: Score, genre_mix: str | Mapping[str, float], *, limit: int = 2000,
             attributes: bool = True) -> Batch:
        """Everything that `bits_per_note` shows the network of a score, as a batch of one."""
        single_precision(self)
        forked()
        mix = mixture(genre_mix)
        tonic, mode = estimate_key(score)
        events = encode(score, shift_to_common_key(tonic, mode))
        pointer, length = matches(events.fields)
        beats = max(1.0, (events.onset[-1] + STEPS_PER_BEAT) / STEPS_PER_BEAT)
        piece = {
            "fields": events.fields, "onset": events.onset, "bar": events.bar, "match": pointer, "match_length": length,
            "tempo": score.tempo, "density": len(events) / beats, "minor": mode == "minor", "genre": 0,
            "ensemble": np.bincount(events.fields[:, 1], minlength=len(FAMILIES)) / len(events),
        }
        row = stretch(piece, 0, -(-min(len(events), limit) // PHRASE), "match", MEMORY)
        row["mix"] = np.array([mix[genre] for genre in GENRES], np.float32)
        if not attributes:
            row["condition"][:3] = network_input.condition_buckets(None, None, None, events.bar)[:3]
            row["ensemble"] = np.zeros(PLAYERS, np.float32)
        return collate([row])


# So that transformers' AutoModel.from_pretrained knows a composer by its config.json.
AutoConfig.register(ComposerConfig.model_type, ComposerConfig, exist_ok=True)
AutoModel.register(ComposerConfig, BiLSTMComposer, exist_ok=True)
