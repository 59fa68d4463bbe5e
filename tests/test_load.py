"""Mixed traffic from several clients at once: every answer is the one that was asked for, and memory stays where it is.

The short form runs with the other tests; `make soak` takes half an hour (POSTERBEAT_SOAK, in seconds).
"""

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from posterbeat import GENRES, Score
from tests.served import cache, draw_poster, memory, served

SECONDS = float(os.environ.get("POSTERBEAT_SOAK", "30"))
CLIENTS = 16 if SECONDS > 100 else 6
WARM = 0.4  # share of the time after which memory should have settled

pytestmark = pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="memory can only be read of an own app")


class Guest(threading.Thread):
    """Reads and composes in turns until `until`, and checks every answer."""

    def __init__(self, number: int, posters: dict[str, Path], until: float):
        super().__init__()
        self.number, self.posters, self.until = number, posters, until
        self.answers, self.polite, self.wrong = 0, 0, []

    def run(self):
        try:
            client, random = Client(served(), verbose=False), np.random.default_rng(self.number)
            expected = {}
            while time.monotonic() < self.until:
                if random.random() < 0.4:
                    name = random.choice(list(self.posters))
                    reading = client.predict(handle_file(str(self.posters[name])), api_name="/read_poster")
                    if expected.setdefault(name, reading["probabilities"]) != reading["probabilities"]:
                        self.wrong.append(f"another reading of {name}")
                else:
                    genre, notes = str(random.choice(GENRES)), int(random.integers(32, 60))
                    seed = int(random.integers(2**32))
                    try:
                        _, midi, about = client.predict(genre, notes=notes, seed=seed, api_name="/compose")
                    except Exception as error:  # a full queue may refuse, in words
                        if "full" not in str(error).lower():
                            raise
                        self.polite += 1
                        continue
                    if (about["genre"], about["seed"], len(Score.from_midi(midi))) != (genre, seed, notes):
                        self.wrong.append(f"asked for {genre} {seed} {notes}, got {about['genre']} {about['seed']}")
                self.answers += 1
        except Exception as error:
            self.wrong.append(repr(error)[:300])


@pytest.mark.timeout(int(SECONDS) + 600)
def test_mixed_traffic(tmp_path):
    posters = {name: draw_poster(tmp_path / f"{name}.png", colour)
               for name, colour in (("red", (140, 20, 30)), ("blue", (20, 40, 150)), ("white", (240, 240, 240)))}
    memory()  # starts the app, outside the time that counts
    begin = time.monotonic()
    guests = [Guest(number, posters, begin + SECONDS) for number in range(CLIENTS)]
    for guest in guests:
        guest.start()
    held = []
    while any(guest.is_alive() for guest in guests):
        time.sleep(1)
        held.append((time.monotonic() - begin, memory()))
    assert not [wrong for guest in guests for wrong in guest.wrong]
    assert all(guest.answers for guest in guests)
    seconds, megabytes = np.array(held).T
    settled = seconds > WARM * seconds[-1]
    if SECONDS > 100:  # a slope needs minutes
        assert np.polyfit(seconds[settled] / 60, megabytes[settled], 1)[0] < 1
    assert megabytes.max() < 3000
    assert sum(file.stat().st_size for file in cache().rglob("*") if file.is_file()) < 3e9
