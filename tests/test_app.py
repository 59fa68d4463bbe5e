"""The app over its API: `python app.py` on a free port, driven with gradio_client."""

import threading
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from posterbeat import GENRES
from tests.served import draw_poster, free_port, served, start
from tests.vision.lettered import lettered


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return Client(served(), verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture(scope="module")
def poster(tmp_path_factory):
    return handle_file(str(draw_poster(tmp_path_factory.mktemp("posters") / "red.png")))


def notes_of(path):
    return sum(len(instrument.notes) for instrument in pretty_midi.PrettyMIDI(str(path)).instruments)


def test_a_poster_is_read_with_all_five_confidences_and_its_colours(client, poster):
    reading = client.predict(poster, api_name="/read_poster")
    assert set(reading["probabilities"]) == set(GENRES)
    assert sum(reading["probabilities"].values()) == pytest.approx(1, abs=3e-6)  # five numbers of six places each
    assert reading["genre"] == max(reading["probabilities"], key=reading["probabilities"].get)
    assert reading["colours"]["mode"] in ("major", "minor")
    assert set(reading["picture"]) == set(GENRES)


def test_the_words_on_a_poster_are_told_with_their_places(client, tmp_path):
    lettered(["HAUNTED", "Evil never dies."], heights=(60, 30)).save(tmp_path / "poster.png")
    reading = client.predict(handle_file(str(tmp_path / "poster.png")), api_name="/read_poster")
    assert reading["words"]["title"] == "HAUNTED"
    line = next(line for line in reading["words"]["lines"] if line["text"] == "HAUNTED")
    assert len(line["box"]) == 4 and all(0 <= place <= 1 for place in line["box"])
    assert reading["probabilities"]["horror"] > reading["picture"]["horror"]


def test_a_poster_becomes_a_playable_wav_and_its_seed_gives_it_again(client, poster):
    wav, midi, about = client.predict(poster, notes=64, api_name="/poster_to_music")
    samples, rate = soundfile.read(wav)
    seconds = pretty_midi.PrettyMIDI(midi).get_end_time()
    assert rate == 44100 and samples.shape[1] == 2
    assert seconds <= len(samples) / rate <= seconds + 8
    assert -1.2 < 20 * np.log10(np.abs(samples).max()) < -0.8
    assert 20 * np.log10(np.sqrt((samples**2).mean())) > -45
    assert notes_of(midi) == about["notes"] == 64
    assert about["seconds"] == pytest.approx(len(samples) / rate, abs=0.01)
    _, again, about_again = client.predict(poster, notes=64, seed=about["seed"], api_name="/poster_to_music")
    assert about_again["seed"] == about["seed"]
    assert Path(again).read_bytes() == Path(midi).read_bytes()


def test_composing_needs_no_poster_and_takes_a_mixture(client):
    _, midi, about = client.predict(
        {"horror": 7, "comedy": 3}, notes=40, seed=2**32 - 1, tempo=90, mode="minor", api_name="/compose"
    )
    assert notes_of(midi) == 40 and about["seed"] == 2**32 - 1
    assert about["genre_mix"]["horror"] == pytest.approx(0.7)
    assert about["controls"]["tempo"] == 90


@pytest.mark.parametrize(
    "controls, says",
    [
        ({"notes": 31}, "32 to 2000"),
        ({"notes": 2001}, "32 to 2000"),
        ({"notes": 1.5}, "32 to 2000"),
        ({"notes": "many"}, "32 to 2000"),
        ({"notes": True}, "32 to 2000"),
        ({"temperature": 0}, "0.1 to 2.0"),
        ({"temperature": -1}, "0.1 to 2.0"),
        ({"temperature": "NaN"}, "0.1 to 2.0"),
        ({"genre": "western"}, "action, animation, comedy, drama, horror"),
        ({"genre": {}}, "action, animation"),
        ({"genre": {"horror": -1}}, "0 or more"),
        ({"genre": {"horror": 0}}, "above 0"),
        ({"seed": -1}, "0 to 4294967295"),
        ({"seed": 2**32}, "0 to 4294967295"),
        ({"ensemble": "kazoos"}, "orchestra"),
        ({"tempo": "fast"}, "40 to 220"),
    ],
    ids=str,
)
def test_a_wrong_control_is_answered_with_its_range(client, controls, says):
    with pytest.raises(AppError, match=says):
        client.predict(**{"genre": "horror", "notes": 32, **controls}, api_name="/compose")


def test_wrong_posters_are_answered_in_a_sentence_and_the_app_goes_on(client, poster, tmp_path):
    whole = draw_poster(tmp_path / "whole.jpg").read_bytes()
    wrong = {"text.jpg": b"this is no picture", "empty.jpg": b"", "cut.jpg": whole[: len(whole) // 2]}
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(AppError, match="JPEG"):
            client.predict(handle_file(str(tmp_path / name)), api_name="/read_poster")
    with pytest.raises(AppError, match="No poster"):
        client.predict(None, api_name="/poster_to_music")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    with pytest.raises(AppError, match="100 megapixels"):
        client.predict(handle_file(str(tmp_path / "huge.png")), api_name="/read_poster")
    assert client.predict(poster, api_name="/read_poster")["genre"] in GENRES


def test_the_heat_map_is_a_picture_of_the_poster(client, poster):
    lit = Image.open(client.predict(poster, api_name="/heatmap"))
    assert lit.size == (300, 450)
    assert np.asarray(lit.convert("RGB")).std() > 5


def test_two_clients_at_once_get_their_own_music(client, poster):
    answers = {}

    def ask(genre, seed):
        answers[genre] = client.predict(genre, notes=48, seed=seed, api_name="/compose")

    asking = [threading.Thread(target=ask, args=wish) for wish in (("horror", 5), ("comedy", 6))]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    for genre, seed in (("horror", 5), ("comedy", 6)):
        wav, midi, about = answers[genre]
        assert (about["genre"], about["seed"]) == (genre, seed)
        alone = client.predict(genre, notes=48, seed=seed, api_name="/compose")
        assert Path(alone[1]).read_bytes() == Path(midi).read_bytes()


def test_every_endpoint_and_parameter_is_documented(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {
        "/read_poster", "/compose", "/poster_to_music", "/heatmap", "/stream_soundtrack", "/go_on", "/rewrite"}
    for name, endpoint in endpoints.items():
        assert endpoint["description"], name
        for parameter in endpoint["parameters"]:
            if parameter["parameter_name"] not in ("poster", "midi"):  # a file, which gradio describes itself
                assert parameter["python_type"]["description"], (name, parameter["parameter_name"])


def test_the_app_does_not_start_without_its_weights(tmp_path):
    process = start(free_port(), tmp_path / "log", POSTERBEAT_CLASSIFIER=str(tmp_path / "no-weights"))
    assert process.wait(timeout=280) != 0
    assert "no-weights" in (tmp_path / "log").read_text()
