"""Every stack of the reference study reads, learns and composes; its files come back; its words hold what is meant."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from posterbeat import PosterBeat
from posterbeat.errors import ParameterError, WeightsError
from posterbeat.hub import weights_are_there
from posterbeat.instruments import DRUMS
from posterbeat.music.historical import (
    STACKS,
    STEP,
    WINDOW,
    HistoricalStack,
    StackConfig,
    pitches_of,
    score_of,
    vocabulary,
    words_of,
)
from posterbeat.music.score import Score

SHORT = (0, 1, 2, 3)  # a short window keeps composing quick
WORDS = ("0.4.7", "2.5.9", "p60", "p62", "p64", "p67")


def make(name):
    torch.manual_seed(0)
    return HistoricalStack(StackConfig(name, "comedy", WORDS, (3, 2, 9, 5, 4, 1)))


@pytest.fixture(scope="module", params=sorted(STACKS))
def stack(request):
    return make(request.param)


def stop(done, total):
    raise KeyboardInterrupt


def layers(stack):
    """The published layers in order: name and size."""
    told = []
    for layer in stack.layers:
        if hasattr(layer, "lstm"):
            told.append(("BiLSTM" if layer.lstm.bidirectional else "LSTM", layer.lstm.hidden_size))
        elif isinstance(layer, torch.nn.Linear):
            told.append(("Dense", layer.out_features))
        elif isinstance(layer, torch.nn.Dropout):
            told.append(("dropout", layer.p))
        else:
            told.append((type(layer).__name__, None))
    return told


@pytest.mark.parametrize(("name", "published"), [
    ("first", [("LSTM", 512), ("dropout", 0.3), ("LSTM", 256), ("Dense", 256), ("dropout", 0.3), ("Dense", 6)]),
    ("second", [("BiLSTM", 512), ("dropout", 0.3), ("BiLSTM", 512), ("Dense", 6)]),
    ("final", [("BiLSTM", 512), ("BiLSTM", 512), ("BiLSTM", 512), ("BatchNorm1d", None), ("dropout", 0.3),
               ("Dense", 256), ("ReLU", None), ("BatchNorm1d", None), ("dropout", 0.3), ("Dense", 6)]),
])
def test_a_stack_has_the_layers_that_were_published(name, published):
    assert layers(make(name)) == published


def test_a_window_gives_logits_of_every_word_and_gradients_reach_every_weight(stack):
    windows = torch.randint(0, len(WORDS), (4, 12))
    stack.train()
    logits = stack(windows)
    assert logits.shape == (4, len(WORDS))
    torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 3])).backward()
    for name, weight in stack.named_parameters():
        assert weight.grad is not None and torch.isfinite(weight.grad).all(), name
    assert sum(float(weight.grad.abs().sum()) for weight in stack.parameters()) > 0
    stack.zero_grad()


def test_a_stack_learns_a_planted_rule():
    """The word after a window is the window's last: the loss falls well below guessing."""
    stack = make("first")
    stack.train()
    optimiser = torch.optim.RMSprop(stack.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
    generator = torch.Generator().manual_seed(1)
    for _ in range(60):
        windows = torch.randint(0, len(WORDS), (32, 4), generator=generator)
        windows[:, 1:] = windows[:, :1]
        loss = torch.nn.functional.cross_entropy(stack(windows), windows[:, -1])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 1.2  # guessing gives ln 6 = 1.79


@pytest.mark.parametrize("notes", [32, 50])
def test_a_piece_has_exactly_the_notes_asked_for_on_the_fixed_step(stack, notes):
    heard = []
    score = stack.generate("comedy", notes=notes, seed=3, opening=SHORT,
                           progress=lambda done, total: heard.append((done, total)))
    assert len(score) == notes
    assert (score.onset % STEP == 0).all() and (np.diff(score.onset) <= STEP).all()
    assert heard[-1] == (notes, notes)


def test_the_same_seed_gives_the_same_piece(stack):
    mix = {"comedy": 0.5, "drama": 0.5}
    one, two = (stack.generate(mix, notes=32, seed=8, likeliest=False, opening=SHORT) for _ in range(2))
    assert one == two
    assert one != stack.generate("comedy", notes=32, seed=9, likeliest=False, opening=SHORT)


def test_without_an_opening_a_window_of_a_hundred_words_is_drawn_by_the_seed():
    stack, read = make("first"), []
    stack.layers.register_forward_pre_hook(lambda layers, inputs: read.append(inputs[0]))
    for seed in (1, 1, 2):
        with pytest.raises(KeyboardInterrupt):
            stack.generate("comedy", notes=32, seed=seed, progress=stop)
    assert all(windows.shape == (1, WINDOW, 1) for windows in read)
    assert torch.equal(read[0], read[1]) and not torch.equal(read[0], read[2])


def test_composing_can_be_stopped():
    with pytest.raises(KeyboardInterrupt):
        make("first").generate("comedy", notes=32, opening=SHORT, progress=stop)


@pytest.mark.parametrize("wrong", [{"notes": 31}, {"notes": 2001}, {"notes": True}, {"temperature": 0.0},
                                   {"temperature": 2.1}, {"seed": -1}, {"seed": 2 ** 32}, {"tempo": 5},
                                   {"genre_mix": "western"}])
def test_a_control_out_of_range_is_refused(wrong):
    with pytest.raises(ParameterError):
        make("first").generate(**{"genre_mix": "comedy", "notes": 32, **wrong})


def test_the_signature_starts_as_the_composers_does():
    import inspect

    names = list(inspect.signature(HistoricalStack.generate).parameters)
    assert names[1:5] == ["genre_mix", "notes", "temperature", "seed"]


def test_a_stack_comes_back_from_its_folder_in_half_precision(stack, tmp_path):
    stack.save(tmp_path)
    again = HistoricalStack.from_pretrained(tmp_path)
    assert again.config == stack.config
    assert (tmp_path / "model.safetensors").stat().st_size < 40e6
    windows = torch.randint(0, len(WORDS), (2, 20))
    with torch.no_grad():
        assert torch.allclose(again(windows), stack.eval()(windows), atol=2e-2)


@pytest.mark.parametrize("damage", ["missing", "foreign", "shape"])
def test_a_missing_foreign_or_misshapen_tensor_is_refused(tmp_path, damage):
    make("first").save(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    name = "layers.5.weight"
    if damage == "missing":
        del tensors[name]
    elif damage == "foreign":
        tensors["more"] = torch.zeros(2)
    else:
        tensors[name] = tensors[name][:3].contiguous()
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError):
        HistoricalStack.from_pretrained(tmp_path)


def test_pieces_written_side_by_side_are_those_written_alone(stack):
    rng = np.random.default_rng(4)
    openings = rng.integers(0, len(WORDS), (3, 8))
    together = stack.write(openings, 12)
    for opening, words in zip(openings, together):
        alone, = stack.write(opening[None], 12)
        assert words[:len(alone)] == alone and sum(len(pitches_of(word)) for word in alone) >= 12


def test_a_window_that_comes_again_is_not_read_again():
    stack, read = make("first"), []
    stack.layers.register_forward_pre_hook(lambda layers, inputs: read.append(len(inputs[0])))
    with torch.no_grad():
        stack.layers[-1].bias[:] = torch.tensor([0.0, 0, 9, 0, 0, 0])  # one note for ever
    words, again = stack.write(np.array([[0, 1, 5, 3], [0, 1, 5, 3]]), 40)
    assert words == again == ["p60"] * 40
    assert read == [1] * 5  # five windows until all words are that note


def test_the_study_s_stack_composes_in_place_of_the_composer(tmp_path):
    make("first").save(tmp_path)
    beat = PosterBeat(None, None, historical=tmp_path)
    track = beat.compose("drama", notes=32, seed=5, tempo=90, composer="historical")
    assert track.composer == "historical" and track.score.tempo == 90
    assert track.score == HistoricalStack.from_pretrained(tmp_path).generate("drama", notes=32, seed=5, tempo=90)
    with pytest.raises(ParameterError, match="'posterbeat' or 'historical'"):
        beat.compose("drama", notes=32, composer="mozart")


def test_without_its_weights_asking_for_the_study_s_stack_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("posterbeat.hub.weights_folder", lambda kind: tmp_path / kind)
    monkeypatch.delenv("POSTERBEAT_HISTORICAL", raising=False)
    beat = PosterBeat(None, None)
    assert not weights_are_there("historical")
    with pytest.raises(WeightsError, match="config.json and model.safetensors"):
        beat.compose("drama", notes=32, composer="historical")


def test_words_are_pitches_and_chords_of_the_busiest_instrument():
    score = Score([0, 12, 12, 12, 24, 24, 24, 30], [6] * 8, [60, 60, 64, 79, 48, 60, 36, 90],
                  [80] * 8, [0, 0, 0, 0, 0, 0, DRUMS, 40])
    assert words_of(score) == ["p60", "0.4.7", "0"]
    assert words_of(Score([0, 6], [6, 6], [36, 38], [80, 80], [DRUMS, DRUMS])) == []
    assert pitches_of("p72") == [72]
    assert pitches_of("0.4.7") == [60, 64, 67]


def test_words_sound_on_the_fixed_step_up_to_the_last_note_asked_for():
    score = score_of(["p72", "0.4.7", "p50"], 3, tempo=80)
    assert score.onset.tolist() == [0, STEP, STEP] and score.pitch.tolist() == [72, 60, 64] and score.tempo == 80


def test_a_vocabulary_counts_words():
    assert vocabulary([["p60", "0.4.7"], ["p60"]]) == (["0.4.7", "p60"], [1, 2])


def test_a_stack_leaves_out_words_that_it_never_saw():
    assert make("first").number(["p60", "p1", "p62"]).tolist() == [2, 3]


def test_an_unknown_stack_is_refused():
    with pytest.raises(ParameterError):
        StackConfig("fourth", "comedy", WORDS, (1,) * 6)
