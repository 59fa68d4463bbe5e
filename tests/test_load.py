"""Mixed traffic from several clients at once: every answer is the one that was asked for, and memory stays where it is.

The short form runs with the other tests; `make soak` takes half an hour (POSTERBEAT_SOAK, in seconds) and writes
tools/reports/soak.json.
"""

import contextlib
import json
import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from posterbeat import GENRES, Score
from tests.report import report
from tests.served import ask, cache, call, draw_poster, memory, resident, served, standing, upload

SECONDS = float(os.environ.get("POSTERBEAT_SOAK", "40"))
LONG = SECONDS > 300  # a slope needs minutes
KEPT = float(os.environ.get("POSTERBEAT_KEPT", "3600"))
CLIENTS = 16
WARM = 0.4  # share of the time after which memory should have settled
SLOPE = 1.0  # megabytes a minute
A_CLIENT = 40e6  # bytes of files that a client's latest pieces may take, for every minute that files are kept

pytestmark = pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="memory can only be read of an own app")


class Guest(threading.Thread):
    """Reads, composes and asks for what is not allowed, in turns until `until`, and checks every answer."""

    def __init__(self, number: int, posters: dict[str, Path], until: float):
        super().__init__()
        self.number, self.posters, self.until = number, posters, until
        self.answers, self.wrong, self.expected = Counter(), [], {}

    def run(self):
        try:
            client, random = Client(served(), verbose=False), np.random.default_rng(self.number)
            while time.monotonic() < self.until:
                kind = str(random.choice(["read", "compose", "poster to music", "refused"], p=[0.4, 0.35, 0.1, 0.15]))
                try:
                    self.once(client, random, kind)
                except Exception as error:
                    if "full" not in str(error).lower():  # a full queue may refuse, in words
                        raise
                    kind = "told that the queue is full"
                self.answers[kind] += 1
        except Exception as error:
            self.wrong.append(repr(error)[:300])

    def once(self, client, random, kind):
        name = str(random.choice(list(self.posters)))
        poster, genre = handle_file(str(self.posters[name])), str(random.choice(GENRES))
        notes, seed = int(random.integers(32, 60)), int(random.integers(2**32))
        if kind == "read":
            self.check_reading(name, client.predict(poster, api_name="/read_poster"))
        elif kind == "refused":
            answer, refusal = call(served(), "compose", {"genre": genre, "notes": -notes, "seed": seed})
            if answer or f"not -{notes}." not in refusal and "full" not in refusal:
                self.wrong.append(f"asked for {-notes} notes, was told {refusal}")
        else:
            music = {"notes": notes, "seed": seed}
            _, midi, about = (client.predict(genre, **music, api_name="/compose") if kind == "compose" else
                              client.predict(poster, genre, **music, api_name="/poster_to_music"))
            if (about["genre"], about["seed"], len(Score.from_midi(midi))) != (genre, seed, notes):
                self.wrong.append(f"asked for {genre} {seed} {notes}, got {about['genre']} {about['seed']}")
            if kind == "poster to music":
                self.check_reading(name, about["reading"])

    def check_reading(self, name, reading):
        if self.expected.setdefault(name, reading["probabilities"]) != reading["probabilities"]:
            self.wrong.append(f"another reading of {name}")


def stored() -> int:
    """Bytes of the files that the app keeps."""
    size = 0
    for folder, _, names in os.walk(cache()):  # which, unlike rglob, does not mind folders that go meanwhile
        for name in names:
            with contextlib.suppress(OSError):
                size += os.stat(os.path.join(folder, name)).st_size
    return size


@pytest.mark.timeout(int(SECONDS) + 600)
def test_mixed_traffic(tmp_path):
    posters = {name: draw_poster(tmp_path / f"{name}.png", colour)
               for name, colour in (("red", (140, 20, 30)), ("blue", (20, 40, 150)), ("white", (240, 240, 240)))}
    call(served(), "compose", {"genre": "drama", "notes": 32})  # the start is outside of the time that counts
    stay = standing()
    begin = time.monotonic()
    guests = [Guest(number, posters, begin + SECONDS) for number in range(CLIENTS)]
    for guest in guests:
        guest.start()
    held = []
    while any(guest.is_alive() for guest in guests):
        time.sleep(1)
        held.append((time.monotonic() - begin, memory(), resident(stay), stored()))
    seconds, megabytes, lasting, files = np.array(held).T
    settled = (seconds > WARM * SECONDS) & (seconds < SECONDS)  # before the first of the clients have done
    # A process that only plays or writes one piece takes its memory along when it ends: what grows, grows in those that stay.
    growth, slope = (float(np.polyfit(seconds[settled] / 60, of[settled], 1)[0]) for of in (megabytes, lasting))
    answers, wrong = sum((guest.answers for guest in guests), Counter()), [said for guest in guests for said in guest.wrong]
    report("soak", "half an hour" if SECONDS >= 1800 else f"{SECONDS / 60:.0f} minutes", clients=CLIENTS, answers=dict(answers),
           wrong_answers_and_errors=len(wrong), seconds=round(float(seconds[-1])), most_megabytes=round(megabytes.max()),
           megabytes_a_minute_of_processes_that_stay=round(slope, 2), megabytes_a_minute_of_all=round(growth, 2),
           files_are_kept_seconds=KEPT, most_megabytes_of_files=round(files.max() / 1e6),
           megabytes_of_files_at_the_end=round(files[-1] / 1e6))
    assert not wrong
    assert set(stay) <= set(standing())
    assert all(guest.answers.total() for guest in guests)
    assert megabytes.max() < 3000
    assert files.max() < CLIENTS * A_CLIENT * (1 + min(KEPT, SECONDS) / 60)
    if LONG:
        assert slope < SLOPE


def test_a_full_queue_is_answered_politely_and_empties(tmp_path):
    path = json.loads(upload(served(), "poster.png", draw_poster(tmp_path / "poster.png").read_bytes())[1])[0]

    def join(_):
        return ask(f"{served()}/gradio_api/call/read_poster", {"data": [{"path": path}]})

    with ThreadPoolExecutor(16) as threads:
        said = list(threads.map(join, range(150)))
    refused = [json.loads(content)["detail"] for status, content in said if status == 503]
    assert refused and all("full" in sentence and sentence.endswith(".") for sentence in refused)
    assert all(status in (200, 503) for status, _ in said)
    waiting = [json.loads(content)["event_id"] for status, content in said if status == 200]
    status, answer = ask(f"{served()}/gradio_api/call/read_poster/{waiting[-1]}")  # whoever was let in is served
    assert status == 200 and b"event: complete" in answer
    assert call(served(), "read_poster", [{"path": path}])[0]
