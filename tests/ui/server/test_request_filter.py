"""What the gate makes of a call of an endpoint that takes nothing."""

import json
from types import SimpleNamespace

import gradio as gr
import pytest

from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.settings import Settings
from tests.in_loop import finished


@pytest.fixture(scope="module")
def page():
    with gr.Blocks() as page:
        gr.on([], lambda: "hello", [], gr.JSON(label="word", visible=False), api_name="hello")
    return page


def call(page, body):
    """Status and body of what the gate answers to `call/v2/hello`; where it lets the call pass, 200 and what passed."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": json.dumps(body).encode()}

    async def behind(scope, receive, send):
        passed = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": passed["body"]})

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/call/v2/hello", "query_string": b"",
             "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
             "client": ("127.0.0.1", 1), "app": SimpleNamespace(get_blocks=lambda: page)}
    finished(Gate(behind, Settings()), scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent))


def test_an_endpoint_without_inputs_may_be_called(page):
    assert call(page, {}) == (200, {})


def test_an_endpoint_without_inputs_refuses_values(page):
    status, answer = call(page, {"genre": "horror"})
    assert status == 422 and answer["error"].startswith("/hello takes 0 values")
