"""How much one caller may take, and what is remembered of visits that are over."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from posterbeat.ui.server import callers
from posterbeat.ui.server.blocks import Page, _Messages
from posterbeat.ui.server.callers import Places, Streams, Uploads, Visits, caller
from posterbeat.ui.server.sessions import forget_unread
from posterbeat.ui.turns import Turns
from tests.in_loop import finished


def request(address):
    return {"client": (address, 5)}


def queue_of(*addresses):
    return SimpleNamespace(event_ids_to_events={
        number: SimpleNamespace(request=SimpleNamespace(scope=request(address))) for number, address in enumerate(addresses)})


def test_one_caller_s_places_are_bounded_and_leave_the_others_theirs():
    places = Places(3)
    queue = queue_of("1.1.1.1", "1.1.1.1", "2.2.2.2")
    assert not places.full("1.1.1.1", queue)
    places.come("1.1.1.1")  # on its way while another asks
    assert places.full("1.1.1.1", queue) and not places.full("2.2.2.2", queue)
    places.arrived("1.1.1.1")
    assert not places.full("1.1.1.1", queue)
    assert places._coming == {}


@pytest.mark.parametrize("address, who", [
    ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"), ("2001:db8:1:2:ffff::1", "2001:db8:1:2"),
    ("::1", "::1"), ("2001:db8::1", "2001:db8:0:0"), ("2001:db8::2:0:0:1", "2001:db8:0:0"), ("::ffff:192.0.2.7", "192.0.2.7")])
def test_addresses_of_one_household_are_one_caller(address, who):
    assert caller(request(address)) == who
    assert caller({"client": None}) == "?"


def test_a_caller_s_visits_are_bounded_in_number_and_age(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(callers.time, "monotonic", lambda: now[0])
    visits = Visits(3)
    assert [visits.note("a", name) for name in ("1", "2", "3", "4", "2")] == [True, True, True, False, True]
    assert visits.note("b", "4")
    now[0] = 299.0
    assert visits.note("a", "2") and not visits.note("a", "4")
    now[0] = 301.0
    assert visits.note("a", "4") and visits.note("a", "2")


def test_a_caller_s_open_answers_are_bounded():
    streams = Streams(2)
    assert [streams.begin(who) for who in ("a", "a", "a", "b")] == [True, True, False, True]
    streams.end("a")
    assert streams.begin("a")
    for who in ("a", "a", "b"):
        streams.end(who)
    assert streams._open == {}


def test_what_a_caller_uploads_is_bounded_while_it_is_kept(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(callers.time, "monotonic", lambda: now[0])
    uploads = Uploads(60, most=100)
    assert uploads.note("a", 60) and uploads.note("a", 40) and not uploads.note("a", 1) and uploads.note("b", 100)
    now[0] = 61.0
    assert uploads.note("a", 100)


def test_callers_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(callers, "_CALLERS", 5)
    visits = Visits(1)
    for number in range(50):
        assert visits.note(str(number), "x")
    assert len(visits._of) == 5


def test_messages_of_a_visit_that_was_forgotten_are_for_nobody():
    messages = _Messages(2)
    for name in "abc":
        messages[name] = asyncio.Queue()
    assert list(messages) == ["b", "c"]
    messages["a"].put_nowait("lost")
    assert "a" not in messages


def test_unread_answers_go_after_a_while_and_those_under_way_stay():
    busy = SimpleNamespace(session_hash="busy")
    queue = SimpleNamespace(event_ids_to_events={"e": busy}, pending_messages_per_session={"busy": 1, "left": 2},
                            pending_event_ids_session={"busy": {"e"}, "left": {"f"}, "lost": set()})
    since = {}
    forget_unread(queue, since, 0.05)
    assert set(queue.pending_messages_per_session) == {"busy", "left"} and set(since) == {"left", "lost"}
    time.sleep(0.06)
    forget_unread(queue, since, 0.05)
    assert set(queue.pending_messages_per_session) == set(queue.pending_event_ids_session) == {"busy"}
    forget_unread(queue, since, 0.05)
    assert since == {}


def test_turns_of_visitors_who_never_come_back_are_forgotten(monkeypatch):
    monkeypatch.setattr("posterbeat.ui.turns._MOST", 5)
    turns = Turns()
    numbers = [turns.ask(f"visitor {number}") for number in range(50)]
    assert len(turns._latest) == 5 and turns.begin("visitor 49", numbers[49]) and not turns.begin("visitor 3", numbers[3])
    again = turns.ask("visitor 49")
    turns.done("visitor 49", numbers[49])
    assert turns.begin("visitor 49", again)
    turns.done("visitor 49", again)
    assert "visitor 49" not in turns._latest


def test_a_call_without_a_visit_leaves_none_behind():
    import gradio as gr

    def three(value: str) -> int:
        if value == "odd":
            raise KeyError("secret")
        return 3

    with Page(analytics_enabled=False) as page:
        gr.api(three)
    page.queue()
    page.state_holder = SimpleNamespace(session_data={"event": 1, "visit": 2}, time_last_used={"event": 1, "visit": 2})
    function = next(iter(page.fns.values()))

    def ask(value, session):
        return finished(lambda: page.process_api(
            block_fn=function, inputs=[value], state=None, session_hash=session, event_id="event"))

    assert ask("even", "event")["data"] == [3]
    assert page.state_holder.session_data == page.state_holder.time_last_used == {"visit": 2}
    with pytest.raises(gr.Error) as told:
        ask("odd", "visit")
    assert "secret" not in told.value.message and told.value.message.endswith(".") and not told.value.print_exception
