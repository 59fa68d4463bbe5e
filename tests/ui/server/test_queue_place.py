"""Where a visitor stands among those that wait."""

from collections import defaultdict
from types import SimpleNamespace

from posterbeat.ui.server.queue_place import place_of
from posterbeat.ui.turns import COMPOSING


def queue_of(*sessions, took=None):
    times = defaultdict(SimpleNamespace)
    if took:
        times["compose"] = SimpleNamespace(avg_time=took)
    events = [SimpleNamespace(session_hash=session, fn="compose") for session in sessions]
    return SimpleNamespace(event_queue_per_concurrency_id={COMPOSING: SimpleNamespace(queue=events)}, process_time_per_fn=times)


def test_the_place_counts_those_before_and_the_time_that_theirs_and_the_own_take():
    assert place_of(queue_of("one", "two", "three", took=8.0), "three") == (2, 12.0)  # two are composed for at once
    assert place_of(queue_of("one", took=8.0), "one") == (0, 4.0)


def test_who_does_not_wait_has_no_place_and_no_time_is_made_up():
    assert place_of(queue_of("one"), "other") is None
    assert place_of(SimpleNamespace(event_queue_per_concurrency_id={}), "one") is None
    assert place_of(queue_of("one", "two"), "two") == (1, None)
