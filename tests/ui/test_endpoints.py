"""What scripts and language models rely on: the endpoints as they were written down, and the same as tools."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from gradio_client import Client

from posterbeat import GENRES
from tests.in_loop import finished
from tests.served import call, served

SNAPSHOT = Path(__file__).with_name("api.json")


@pytest.fixture(scope="module")
def client():
    return Client(served(), verbose=False)


def endpoints(client):
    """Names, parameters (type, default) and returns of every endpoint."""
    described = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    return {
        name: {
            "parameters": [
                {"name": p["parameter_name"], "type": p["python_type"]["type"], "required": not p["parameter_has_default"],
                 "default": p["parameter_default"]} for p in one["parameters"]],
            "returns": [{"label": r["label"], "type": r["python_type"]["type"]} for r in one["returns"]],
        } for name, one in sorted(described.items())
    }


def test_the_endpoints_are_those_that_were_promised(client):
    """A changed endpoint breaks scripts. If it has to change, write the snapshot anew with POSTERBEAT_SNAPSHOT=1."""
    now = json.loads(json.dumps(endpoints(client)))
    if os.environ.get("POSTERBEAT_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(now, indent=1) + "\n")
    assert now == json.loads(SNAPSHOT.read_text())


def test_a_soundtrack_is_handed_on_piece_by_piece_and_is_that_of_compose(client):
    outputs = list(client.submit("horror", notes=60, seed=3, api_name="/stream_soundtrack"))
    *heard, (nothing, midi, about) = outputs
    whole, _, plain = client.predict("horror", notes=60, seed=3, api_name="/compose")
    sound = np.concatenate([soundfile.read(path, dtype="int16")[0] for path, _, _ in heard])
    assert np.array_equal(sound, soundfile.read(whole, dtype="int16")[0])
    assert len(heard) > 3 and all(one["seed"] == 3 for _, _, one in heard)
    starts = np.cumsum([0, *(one["seconds"] for _, _, one in heard)])
    assert [one["from"] for _, _, one in heard] == pytest.approx(starts[:-1])
    assert nothing is None and midi.endswith(".mid") and about == plain


def test_a_list_of_the_nine_values_that_compose_once_took_still_composes():
    (_, midi, about), refusal = call(served(), "compose", ["drama", 40, 1.0, 3, None, 120, "minor", 0.5, "posterbeat"])
    assert refusal is None and midi["path"].endswith(".mid")
    assert about["notes"] == 40 and about["seed"] == 3
    assert about["controls"]["tempo"] == 120 and about["controls"]["chords"] is None


def test_a_language_model_can_use_them_as_tools():
    mcp = pytest.importorskip("mcp", reason="THE MCP SERVER WAS NOT TESTED: posterbeat[mcp] is not installed")
    from mcp.client.streamable_http import streamable_http_client

    async def talk():
        async with streamable_http_client(served() + "/gradio_api/mcp/") as (read, write, _):
            async with mcp.ClientSession(read, write) as session:
                await session.initialize()
                tools = {tool.name: tool for tool in (await session.list_tools()).tools}
                compose = next(name for name in tools if name.endswith("compose"))
                return tools, await session.call_tool(compose, {"genre": "horror", "notes": 32, "seed": 3})

    tools, answer = finished(talk)
    assert len(tools) == 7 and all(tool.description for tool in tools.values())
    genre = next(tool for name, tool in tools.items() if name.endswith("compose")).inputSchema["properties"]["genre"]
    assert any(name in json.dumps(genre) for name in GENRES)
    assert not answer.isError
    said = " ".join(getattr(part, "text", "") for part in answer.content)
    assert ".mid" in said and '"seed": 3' in said.replace("'", '"')
