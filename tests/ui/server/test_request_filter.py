"""What the gate makes of a call of an endpoint that brings fewer values than it takes, or more."""

import json
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.components.api_component import Api

from posterbeat.ui.page import text
from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.settings import Settings
from tests.in_loop import finished


@pytest.fixture(scope="module")
def page():
    with gr.Blocks() as page:
        gr.on([], lambda: "hello", [], gr.JSON(label="word", visible=False), api_name="hello")
        inputs = [Api(default, {}, label=name) for name, default in (("genre", None), ("notes", None), ("warmth", 1.0))]
        gr.on([], lambda *values: values, inputs, gr.JSON(label="values", visible=False), api_name="play")
    return page


def call(page, body, name="v2/hello", method="POST"):
    """Status and body of what the gate answers to `call/NAME`; where it lets the call pass, 200 and what passed."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def behind(scope, receive, send):
        passed = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": passed["body"]})

    scope = {"type": "http", "method": method, "path": f"/gradio_api/call/{name}", "query_string": b"",
             "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
             "client": ("127.0.0.1", 1), "app": SimpleNamespace(get_blocks=lambda: page)}
    finished(Gate(behind, Settings()), scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


def test_an_endpoint_without_inputs_may_be_called(page):
    assert call(page, {}) == (200, {})


def test_an_endpoint_without_inputs_refuses_values(page):
    status, answer = call(page, {"genre": "horror"})
    assert status == 422 and answer["error"].startswith("/hello takes 0 values")


@pytest.mark.parametrize(("brought", "passed"), [(["horror"], ["horror", None, 1.0]), (["horror", 32], ["horror", 32, 1.0]),
                                                 (["horror", 32, 0.5], ["horror", 32, 0.5]), ([None], [None, None, 1.0])])
def test_values_left_out_at_the_end_of_a_list_are_the_defaults(page, brought, passed):
    assert call(page, {"data": brought}, "play") == (200, {"data": passed})


@pytest.mark.parametrize("brought", [[], ["horror", 32, 0.5, 1], "horror", {"genre": "horror"}, None])
def test_a_list_without_its_first_value_or_with_too_many_is_refused(page, brought):
    status, answer = call(page, {"data": brought}, "play")
    assert status == 422 and answer["error"] == '/play takes 3 values (genre, notes, warmth), as the list "data".'


@pytest.mark.parametrize(("messages", "status"), [({}, 404), ({"visit": None}, 200)])
@pytest.mark.parametrize("goes_on", [True, False])
def test_an_answer_that_was_left_half_way_is_not_there_to_be_fetched_again(messages, status, goes_on):
    """gradio would begin the answer and break it off."""
    queue = SimpleNamespace(pending_messages_per_session=messages, pending_event_ids_session={"visit": {"event"}},
                            event_ids_to_events={"event": SimpleNamespace(session_hash="visit")} if goes_on else {})
    answered, answer = call(SimpleNamespace(_queue=queue), {}, "play/event", "GET")
    assert answered == status and (status == 200 or answer["error"] == text.NO_SESSION)
