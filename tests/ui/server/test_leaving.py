"""Whoever presses Stop, or closes the page, gives the place back at once, however much a link asked for."""

import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.served import ask, served, standing

# Of 300 seconds of many notes, and then all of it anew, four times: a minute's work and more.
LINK = "?action=1&seed=7&seconds=300&tempo=180&density=1&steps=" + ",".join(f"rewrite::1-200:{seed}" for seed in range(4))
pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")


class Visit:
    """A page that is open, as the browser keeps it: a line that stands, and calls under one name."""

    def __init__(self, name):
        self.app, self.name = served(), name
        self._events = {event["id"]: event for event in json.loads(ask(f"{self.app}/config")[1])["dependencies"]}
        self._inputs = {block["id"]: block for block in json.loads(ask(f"{self.app}/config")[1])["components"]}
        self._line = self._read(f"/gradio_api/heartbeat/{name}")

    def _read(self, path):
        line = http.client.HTTPConnection(urlsplit(self.app).netloc, timeout=60)
        line.request("GET", path)
        return line, line.getresponse()

    def _event(self, name):
        return next(number for number, event in self._events.items() if event["api_name"] == name)

    def call(self, number, values, event=None, trigger=None):
        status, said = ask(f"{self.app}/gradio_api/queue/join", {
            "fn_index": number, "data": values, "session_hash": self.name, "event_data": event, "trigger_id": trigger})
        assert status == 200, said

    def answer(self):
        line, answer = self._read(f"/gradio_api/queue/data?session_hash={self.name}")
        for told in answer:
            if told.startswith(b"data:") and json.loads(told[5:])["msg"] == "process_completed":
                line.close()
                return json.loads(told[5:])["output"]["data"]

    def follow(self, link):
        """Ask for the take of a link, as a take of an earlier visit is asked for."""
        asked = self._event("ask_again")
        self.call(asked, [], {"link": link}, self._events[asked]["targets"][0][0])
        told = dict(zip(self._events[asked]["outputs"], self.answer()))
        turn = next(number for number, value in told.items() if isinstance(value, int) and not isinstance(value, bool))
        work = next(number for number, event in self._events.items()
                    if event["trigger_after"] == asked and event["api_name"] and event["api_name"].startswith("perform"))
        values = [None if self._inputs[one]["type"] == "state" else self._inputs[one]["props"].get("value")
                  for one in self._events[work]["inputs"]]
        values[self._events[work]["inputs"].index(turn)] = told[turn]
        self.call(work, values)

    def stop(self):
        self.call(self._event("halt"), [])

    def leave(self):
        line, answer = self._line
        answer.close()
        line.close()


def until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("end", ["stop", "leave"])
def test_a_piece_ends_with_its_visitor(end):
    visit = Visit(f"who-will-{end}")
    before = set(standing())
    visit.follow(LINK)
    until(lambda: set(standing()) - before, 60)
    time.sleep(1)  # it is in the midst of it
    assert set(standing()) - before
    getattr(visit, end)()
    until(lambda: not set(standing()) - before, 10)
    time.sleep(1)
    assert not set(standing()) - before  # and nothing is begun for it again
