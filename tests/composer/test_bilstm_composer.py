import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from posterbeat.composer import network_input
from posterbeat.composer.bilstm_composer import BiLSTMComposer, ComposerConfig
from posterbeat.composer.excerpt import collate, stretch
from posterbeat.composer.find_repeats import bar_pointers
from posterbeat.composer.network import bits
from posterbeat.composer.quantised_matrix import smallest
from posterbeat.composer.repeat_plan import plan_form
from posterbeat.composer.request import Profiles
from posterbeat.composer.sampling import Writing
from posterbeat.composer.stepper import Stepper, Tables
from posterbeat.controls import Controls
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.genres import GENRES
from posterbeat.instruments import ENSEMBLES, families_of
from posterbeat.music.events import FIELDS
from tests.music.made import tune

_SHARES = "30 0 0 0 20 0 20 0 0 0 0 0 0 0 0 0 30"  # piano, bass, ensemble, drums
_PROFILES = {genre: [f"{100 + 10 * i} 6.0 {i % 2} 48 {i - 2} {_SHARES} 20 20 20 20 20" for i in range(4)]
             for genre in GENRES}


@pytest.fixture(scope="module")
def composer():
    torch.manual_seed(0)
    return BiLSTMComposer(ComposerConfig(width=32, reader=16, writer=48, head=32, heads=2, profiles=_PROFILES)).eval()


@pytest.mark.parametrize("notes", [32, 63, 64, 65, 300])
def test_exactly_the_notes_asked_for_come_out_and_survive_midi(composer, notes, tmp_path):
    score = composer.generate("comedy", notes=notes, seed=5)
    assert len(score) == notes
    assert sum(len(track.notes) for track in score.to_midi().instruments) == notes


def test_two_thousand_notes_come_out(composer):
    assert len(composer.generate("drama", notes=2000, seed=1, guidance=1)) == 2000


def test_one_seed_gives_one_piece_and_another_gives_another(composer):
    first = composer.generate({"horror": 0.7, "comedy": 0.3}, notes=100, seed=7)
    assert first == composer.generate({"horror": 0.7, "comedy": 0.3}, notes=100, seed=7)
    assert first != composer.generate({"horror": 0.7, "comedy": 0.3}, notes=100, seed=8)


def test_one_seed_gives_one_piece_in_another_process(composer, tmp_path):
    composer.save_pretrained(tmp_path)
    code = ("import sys; from posterbeat.composer.bilstm_composer import BiLSTMComposer as C; "
            "s = C.from_pretrained(sys.argv[1]).generate('action', notes=80, seed=3); "
            "print(s.onset.tolist(), s.pitch.tolist(), s.velocity.tolist(), s.program.tolist())")
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True).stdout
    here = BiLSTMComposer.from_pretrained(tmp_path).generate("action", notes=80, seed=3)
    assert out.strip() == f"{here.onset.tolist()} {here.pitch.tolist()} {here.velocity.tolist()} {here.program.tolist()}"


def test_the_step_by_step_writer_computes_what_learning_computes(composer, monkeypatch):
    """Every logit of every field of a written piece, against one teacher-forced pass over the whole piece."""
    steps = []
    plain = Stepper.logits
    monkeypatch.setattr(Stepper, "logits", lambda self, *a: steps.append(plain(self, *a)[0]) or steps[-1][None])
    monkeypatch.setitem(composer.__dict__, "_tables", Tables(composer.network, torch.float32))
    seen = {}
    write = Writing.write

    def keep(self, progress=None):
        seen["fields"], seen["writing"] = write(self, progress), self
        return seen["fields"]

    monkeypatch.setattr(Writing, "write", keep)
    composer.generate("action", notes=200, seed=11, guidance=1)
    fields, request, plan = seen["fields"], seen["writing"]._request, seen["writing"]._plan
    onset = np.cumsum(fields[:, 0])
    bars = int(onset[-1]) // request.bar + 1
    source = np.append(plan.source, np.full(bars, -1))[:bars].astype(np.int32)
    kind = np.append(plan.kind, np.full(bars, network_input.PLAN_NEW))[:bars][onset // request.bar]
    similarity = np.select([kind == network_input.PLAN_RECALL, kind == network_input.PLAN_LITERAL], [0.7, 0.9], 0.0)
    piece = {"fields": fields, "onset": onset, "bar": request.bar, "tempo": request.tempo, "density": request.density,
             "minor": request.minor, "genre": 0, "ensemble": request.families, "bar_similarity": similarity,
             "bar_pointer": bar_pointers(fields, onset, request.bar, source)}
    assert (kind != network_input.PLAN_NEW).any()
    with torch.no_grad():
        whole, _ = composer.network(collate([stretch(piece, 0, 4, "plan", 5)]))
    for index in range(200):
        for column in range(len(FIELDS)):
            torch.testing.assert_close(steps[index * 5 + column], whole[column][0, index], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.qint8])
@torch.inference_mode()
def test_smaller_numbers_leave_the_chances_of_every_field_as_they_are(composer, kind):
    """The same steps with the matrices in smaller numbers: no chance moves by more than a hundredth."""
    if kind == torch.qint8 and smallest() != kind:
        pytest.skip("THIS PROCESSOR OR PYTORCH DOES NOT MULTIPLY WHOLE NUMBERS")
    if kind == torch.float16 and "fbgemm" not in torch.backends.quantized.supported_engines:
        pytest.skip("THIS PYTORCH DOES NOT MULTIPLY HALF PRECISION")
    request = (torch.tensor([[3, 4, 0, 2]]), torch.eye(5)[:1], torch.ones(1, 18))
    plain, small = (Stepper(Tables(composer.network, of), *request) for of in (torch.float32, kind))
    random = np.random.default_rng(0)
    hint = np.tile(np.array([0, 17, 0, 0, 0]), (3, 1))
    for index in range(60):
        note = np.append(random.integers(0, 8, 5), [index % 4, 0, index // 4 % 8])
        chances = []
        for stepper in (plain, small):
            stepper.advance(note, network_input.progress_buckets(index, 100), hint, 0, hint)
            stepper.see_line(np.array([[60, 3, 4, 2], [256, 0, 0, 0]]))
            chances.append([stepper.logits(column, [1, 2, 60, 4][:column]).softmax(1) for column in range(len(FIELDS))])
        for one, two in zip(*chances):
            assert (one - two).abs().max() < 0.01


def test_every_parameter_learns(composer):
    """Two stretches: one with genre, ensemble and recall, one without."""
    from posterbeat.composer.find_repeats import matches, recalled_bars
    from posterbeat.music.events import encode
    events = encode(tune(bars=24))
    source, similarity = recalled_bars(events.fields, events.onset, events.bar)
    match, length = matches(events.fields)
    piece = {"fields": events.fields, "onset": events.onset, "bar": events.bar, "tempo": 120, "density": 5, "minor": False,
             "genre": 2, "ensemble": np.ones(17), "match": match, "match_length": length,
             "bar_pointer": bar_pointers(events.fields, events.onset, events.bar, source),
             "bar_similarity": similarity[events.onset // events.bar]}
    batch = collate([stretch(piece, 64, 2, hint, 1) for hint in ("match", "plan", "none")])
    composer.zero_grad()
    bits(composer.network(batch)[0], batch.target).mean().backward()
    still = [name for name, p in composer.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    composer.zero_grad()
    assert still == []


def test_notes_past_the_end_of_a_piece_count_nothing(composer):
    score = tune(bars=4)
    whole = composer.bits_per_note(score, "comedy")
    assert np.isfinite(whole)
    assert composer.bits_per_note(score, "comedy", limit=10) != whole


def test_a_phrase_is_not_read_before_it_is_finished(composer):
    """What comes after a note never changes the logits of that note."""
    from posterbeat.composer.find_repeats import matches
    from posterbeat.music.events import encode
    events = encode(tune(bars=16))

    def logits(fields):
        onset = np.cumsum(fields[:, 0].astype(int))
        match, length = matches(fields)
        piece = {"fields": fields, "onset": onset, "bar": 48, "tempo": 120, "density": 5, "minor": False, "genre": 2,
                 "ensemble": np.ones(17), "match": match, "match_length": length}
        with torch.no_grad():
            return composer.network(collate([stretch(piece, 0, 3, "match", 5)]))[0]

    changed = events.fields.copy()
    changed[100:, 2] = (changed[100:, 2] + 7) % 128
    changed[100:, 0] = 5
    for before, after in zip(logits(events.fields), logits(changed)):
        torch.testing.assert_close(before[0, :100], after[0, :100])


def test_only_the_instruments_asked_for_play(composer):
    for name in ENSEMBLES:
        score = composer.generate("action", notes=60, seed=2, ensemble=name)
        assert families_of(name)[score.family].all(), name


def test_tempo_mode_and_unknown_requests():
    profiles = Profiles(_PROFILES)
    mix = dict.fromkeys(GENRES, 0.2)
    request = profiles.draw(np.random.default_rng(0), mix, Controls(tempo=77, mode="minor"))
    assert request.tempo == 77
    assert request.minor
    for wrong in ({"tempo": 5}, {"density": 2}, {"mode": "dorian"}, {"ensemble": "kazoo"}):
        with pytest.raises(ParameterError):
            profiles.draw(np.random.default_rng(0), mix, Controls(**wrong))


def test_a_piece_ends_on_a_held_chord_of_the_tonic(composer):
    for seed in range(5):
        score = composer.generate("drama", notes=100, seed=seed, mode="major")
        last = score.onset == score.onset.max()
        assert last.sum() >= 3
        assert score.onset.max() % score.bar == 0
        assert (score.duration[last] >= score.bar).all()
        assert (score.duration[last] <= 2 * score.bar).all()
        assert len(set(score.pitch[last] % 12)) <= 3


def test_no_note_sounds_twice_at_once(composer):
    score = composer.generate("horror", notes=400, seed=9, temperature=2.0)
    keys = list(zip(score.onset.tolist(), score.family.tolist(), score.pitch.tolist()))
    assert len(set(keys)) == len(keys)


def test_plans_recall_only_what_was_there():
    for seed in range(50):
        plan = plan_form(np.random.default_rng(seed), bars=10 + seed)
        assert (plan.source < np.arange(len(plan.source))).all()
        assert ((plan.source >= 0) == (plan.kind != network_input.PLAN_NEW)).all()
        assert plan.section[0] in plan.section[1:]
        assert len(plan.source) >= 10 + seed


@pytest.mark.parametrize("wrong", [
    {"notes": 31}, {"notes": 2001}, {"notes": 1.5}, {"notes": "many"}, {"notes": True}, {"temperature": 0},
    {"temperature": float("nan")}, {"temperature": -1}, {"temperature": 2.1}, {"seed": -1}, {"seed": 2**32},
])
def test_controls_outside_their_range_are_refused(composer, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong)).capitalize()):
        composer.generate("horror", **wrong)


def test_an_exception_in_progress_stops_the_writing(composer):
    def stop(done, total):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        composer.generate("horror", notes=100, seed=0, progress=stop)


def test_weights_that_do_not_fit_are_refused(composer, tmp_path):
    composer.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"writer": 64}))
    with pytest.raises(WeightsError, match="model.safetensors"):
        BiLSTMComposer.from_pretrained(tmp_path)
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(data[:-100])
    with pytest.raises(WeightsError, match="model.safetensors"):
        BiLSTMComposer.from_pretrained(tmp_path)


def test_composing_takes_one_thread_and_gives_the_others_back(composer):
    usual, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        composer.generate("drama", notes=32, progress=lambda *_: seen.append(torch.get_num_threads()))
        assert set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(usual)
