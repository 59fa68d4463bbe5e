"""BiLSTMComposer: plans a piece for a genre or a mixture of genres, then writes it part by part."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from posterbeat.composer.asked import Asked, asked_of, check_room, ended, layout
from posterbeat.composer.brief import Brief, Profiles
from posterbeat.composer.finished_piece import finished
from posterbeat.composer.likelihood import bits_by_kind
from posterbeat.composer.parts import Arrangement
from posterbeat.composer.plan import Plan
from posterbeat.composer.plan_drawing import PlanDrawing
from posterbeat.composer.planner import Planner
from posterbeat.composer.planner_step import PlannerTables
from posterbeat.composer.revision import Revision, revision_of
from posterbeat.composer.sections import outline
from posterbeat.composer.writer import ReaderWriter
from posterbeat.composer.writer_step import WriterTables
from posterbeat.composer.writing import Sampling, Stays, Writing
from posterbeat.controls import Controls, asked_for
from posterbeat.cpu import forked, one_thread
from posterbeat.errors import WeightsError
from posterbeat.genres import GENRES, mixture
from posterbeat.hub import load_strict, read_config, read_tensors, resolve, single_precision, weights_mark
from posterbeat.instruments import DRUMS, ENSEMBLES, on_keyboard
from posterbeat.music.events import DURATIONS, VELOCITY_BINS
from posterbeat.music.outline import Outline
from posterbeat.music.score import Score
from posterbeat.notation.metres import METRES
from posterbeat.notation.players import players
from posterbeat.steps import Step

_PLAN_GUIDANCE = 1.2  # chosen on `val`
_OVER_ASKED_CHORDS = {"chords": 1.5, "bass": 1.5}  # of `Sampling`, where a user named the chords


class ComposerConfig(PreTrainedConfig):
    """Attributes of real pieces that briefs are drawn from (`brief.Profiles`), and how much was learned from.

    planner, networks : sizes that differ from those of `Planner` and `ReaderWriter`, by the names of their parameters
    """

    model_type = "posterbeat-arranger"  # the composer before it was "posterbeat-composer"; its weights are refused

    def __init__(self, profiles: list[str] | None = None, notes_seen: int = 0, plans_seen: int = 0,
                 planner: dict[str, int] | None = None, networks: dict[str, int] | None = None, **rest):
        super().__init__(**rest)
        self.profiles, self.notes_seen, self.plans_seen = profiles or [], notes_seen, plans_seen
        self.planner, self.networks = planner or {}, networks or {}


class BiLSTMComposer(PreTrainedModel):
    """A planner draws sections, chords and who plays what; a bidirectional LSTM reads the plan, an LSTM writes its notes."""

    config_class = ComposerConfig
    base_model_prefix = "networks"
    mark = ""  # which weights these are, as `hub.weights_mark` tells; unknown until they are loaded

    def __init__(self, config: ComposerConfig):
        super().__init__(config)
        self.planner, self.networks = Planner(**config.planner), ReaderWriter(**config.networks)
        self.post_init()

    def _init_weights(self, module) -> None:
        """Keep PyTorch's own initialisation of every layer."""

    @cached_property
    def _plan_tables(self) -> PlannerTables:
        return PlannerTables(self.planner)

    @cached_property
    def _note_tables(self) -> WriterTables:
        return WriterTables(self.networks)

    @cached_property
    def _profiles(self) -> Profiles:
        return Profiles(self.config.profiles)

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
        model.mark = weights_mark(folder)
        return model.eval()

    def generate(self, genre_mix: str | Mapping[str, float], notes: int | None = None, temperature: float = 1.0,
                 seed: int | None = 0, *, controls: Controls | None = None,
                 progress: Callable[[int, int], None] | None = None, on_bar: Callable[[Score, int], None] | None = None,
                 **named: Any) -> Score:
        """Write a piece of exactly `notes` notes, or of so many `seconds`.

        Parameters
        ----------
        genre_mix : a genre, or weights of genres
        notes, temperature, seed, named : the fields of `Controls`
        controls : all of them at once, instead of the keywords
        progress : called as progress(written, notes), after each bar that is planned with none written yet; an exception that it
            raises stops the work
        on_bar : called as on_bar(bar, until) with the notes of each bar as soon as it is finished, and the onset before which
            no note will be added; first, with no notes and 0, when the plan is there. Each bar has the `plan` of the whole

        Raises
        ------
        ParameterError
            A value outside its range, two that contradict each other, or more chords than the piece has bars.
        """
        mix = mixture(genre_mix)
        controls = asked_for(controls, notes=notes, temperature=temperature, seed=seed, **named)
        single_precision(self)
        forked()
        random = np.random.default_rng(controls.seed)
        plan, brief = self.planned(controls, mix, random, progress)
        told, closing = outline(plan, brief), None if controls.seconds is None else layout(controls.seconds, brief)[1]

        def score_of(piece: Arrangement, bars: slice) -> Score:
            cells = piece.start[::len(brief.parts)]
            score = to_score(piece, brief, told, slice(cells[bars.start], cells[bars.stop]))
            return ended(score, plan.bars - 1, closing)

        def tell(piece: Arrangement, bar: int) -> None:
            on_bar(score_of(piece, slice(bar, bar + 1)), (bar + 1) * piece.bar)

        if on_bar is not None:
            starts = np.zeros(plan.bars * len(brief.parts) + 1, int)
            on_bar(score_of(Arrangement(brief.parts, brief.bar, starts, np.zeros((0, 4), np.uint8)), slice(0, 0)), 0)
        piece = self.write(brief, plan, mix, random, sampling=_sampling(controls), progress=progress,
                           on_bar=tell if on_bar else None)
        return score_of(piece, slice(0, plan.bars))

    def bits_per_note(self, score: Score, genre_mix: str | Mapping[str, float], *, limit: int = 2000) -> float:
        """Negative log2-likelihood of a score, bits a note, over its first bars that hold at most `limit` notes.

        All that has to be decided is counted: who plays, the plan, and the notes that the plan does not repeat.
        """
        single_precision(self)
        forked()
        return bits_by_kind(self.networks, self.planner, finished(score, mixture(genre_mix)), limit)["all"]

    def planned(self, controls: Controls, mix: Mapping[str, float], random: np.random.Generator,
                progress: Callable[[int, int], None] | None = None) -> tuple[Plan, Brief]:
        """Draw a brief and a plan that keep to what is asked for; raises ParameterError as `generate` does."""
        names = controls.instruments or (controls.ensemble and ENSEMBLES[controls.ensemble])
        brief = self._profiles.draw(
            random, mix, tempo=controls.tempo, density=controls.density, mode=controls.mode, key=controls.tonality,
            bar=controls.metre and METRES[controls.metre], players=names and players(names), seconds=controls.seconds)
        asked = asked_of(controls, brief)
        plan = self.plan(brief, mix, asked, random, temperature=controls.temperature,
                         on_bar=_nothing_yet(progress, controls.notes or brief.density * controls.seconds * brief.tempo / 60))
        check_room(asked, plan.bars - 1, controls)
        return plan, brief

    def take_step(self, score: Score, step: Step, genre_mix: str | Mapping[str, float], *, controls: Controls,
                  progress: Callable[[int, int], None] | None = None) -> Score:
        """A finished piece after one more step: it goes on, or some of it is written anew.

        Parameters
        ----------
        controls : that it was composed with; its temperature and chords hold on
        progress : as in `generate`

        Raises
        ------
        ParameterError
            The piece has no such part or bars, or would become too long.
        ScoreError
            The piece is too large.
        """
        return self.revise(revision_of(score, step, controls), genre_mix, controls=controls, progress=progress)

    def revise(self, revision: Revision, genre_mix: str | Mapping[str, float], *, controls: Controls,
               progress: Callable[[int, int], None] | None = None) -> Score:
        """A piece with some of it written anew, or more of it; all else stays note for note. Parameters as in `take_step`."""
        mix, random = mixture(genre_mix), np.random.default_rng(revision.seed)
        single_precision(self)
        forked()
        plan = self.plan(revision.known.brief, mix, revision.asked, random, temperature=controls.temperature,
                         on_bar=_nothing_yet(progress, len(revision.known.score)))
        revision.check_size(plan)
        written = self.write(revision.known.brief, plan, mix, random, sampling=_sampling(controls),
                             closing=revision.closing, stays=revision.stays, progress=progress)
        return revision.joined(written, plan)

    def plan(self, brief: Brief, mix: Mapping[str, float], asked: Asked, random: np.random.Generator, *,
             temperature: float = 1.0, guidance: float = _PLAN_GUIDANCE, on_bar: Callable[[], None] = lambda: None) -> Plan:
        """Draw a plan of the notes or bars, and over the chords, that are asked for; `on_bar` is called after each bar."""
        weights = np.array([mix[genre] for genre in GENRES], np.float32)
        with one_thread():
            return PlanDrawing(self._plan_tables, brief, weights, asked=asked, guidance=guidance, temperature=temperature,
                               random=random).draw(on_bar)

    def write(self, brief: Brief, plan: Plan, mix: Mapping[str, float], random: np.random.Generator, *, temperature: float = 1.0,
              sampling: Sampling | None = None, closing: bool = True, stays: Stays | None = None,
              progress: Callable[[int, int], None] | None = None,
              on_bar: Callable[[Arrangement, int], None] | None = None) -> Arrangement:
        """Write the notes of a plan, in the common key (C major or A minor), but for the cells that stay; see `Writing.write`."""
        weights = np.array([mix[genre] for genre in GENRES], np.float32)
        with one_thread():
            return Writing(self._note_tables, brief, plan, weights, sampling or Sampling(temperature=temperature), random,
                           closing=closing, stays=stays).write(progress, on_bar)


def _nothing_yet(progress: Callable[[int, int], None] | None, notes: float) -> Callable[[], None]:
    """What tells that none of so many notes is written while they are planned, so that the work can be stopped then, too."""
    return (lambda: None) if progress is None else partial(progress, 0, max(1, round(notes)))


def _sampling(controls: Controls) -> Sampling:
    """How notes are drawn for these controls."""
    sampling = Sampling(temperature=controls.temperature)
    return sampling if controls.chords is None else replace(sampling, **_OVER_ASKED_CHORDS)


def to_score(piece: Arrangement, brief: Brief, plan: Outline, rows: slice = slice(None)) -> Score:
    """An arrangement, or some of its notes, and the plan that it follows as a score in the brief's own key and tempo."""
    notes, part = piece.notes[rows], piece.part_of_notes()[rows]
    program = np.array([one.program for one in piece.parts])[part]
    pitch = notes[:, 1].astype(int)
    pitch = on_keyboard(np.where(program == DRUMS, pitch, pitch - brief.shift))
    width = 128 // VELOCITY_BINS
    return Score(piece.onsets()[rows], DURATIONS[notes[:, 2]], pitch, notes[:, 3].astype(int) * width + width // 2, program,
                 tempo=brief.tempo, bar=piece.bar, part=part, plan=plan)


# So that transformers' AutoModel.from_pretrained knows a composer by its config.json.
AutoConfig.register(ComposerConfig.model_type, ComposerConfig, exist_ok=True)
AutoModel.register(ComposerConfig, BiLSTMComposer, exist_ok=True)
