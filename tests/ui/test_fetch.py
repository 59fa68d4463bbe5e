"""Posters by web address: from public servers alone, and whoever misbehaves is told of in a sentence."""

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from posterbeat import PosterError
from posterbeat.ui.server import fetch, request_filter
from posterbeat.ui.server.settings import Settings
from tests.in_loop import finished
from tests.served import draw_poster

FILE = {"_type": "gradio.FileData"}


def sentence(text):
    return isinstance(text, str) and 20 < len(text) < 600 and text[-1] in ".?!" and "Traceback" not in text and "\n" not in text


@contextlib.contextmanager
def listening(answer=lambda request: request.send_error(404)):
    """A server on loopback; yields its port and the list of the paths that were asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            answer(self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


PRIVATE = ["http://127.0.0.1:{}", "http://localhost:{}", "http://[::1]:{}", "http://0.0.0.0:{}", "http://2130706433:{}", "http://0x7f.1:{}",
           "http://[::ffff:127.0.0.1]:{}", "http://[64:ff9b::7f00:1]:{}", "http://[2002:7f00:1::]:{}", "http://10.0.0.1:{}",
           "http://172.16.0.1:{}", "http://192.168.0.1:{}", "http://100.64.0.1:{}", "http://169.254.169.254:{}", "http://[fe80::1]:{}",
           "http://[fd00::1]:{}", "http://user@127.0.0.1:{}", "file:///etc/passwd", "gopher://127.0.0.1:{}", "http://", "http://:{}",
           "http://127.0.0.1:99999", "http://a..b:{}/", "http://224.0.0.1:{}", "https://127.0.0.1:{}"]


@pytest.mark.parametrize("address", PRIVATE)
def test_where_addresses_are_taken_private_ones_are_not(address, tmp_path):
    with listening() as (port, asked):
        with pytest.raises(PosterError) as refused:
            fetch.fetch(address.format(port) + "/x.png", tmp_path / "poster")
    assert sentence(str(refused.value)) and not asked and not list(tmp_path.iterdir())


@pytest.fixture
def loopback_is_public(monkeypatch):
    """127.0.0.1 stands for the open internet, every other address stays what it is."""
    real = fetch.public
    monkeypatch.setattr(fetch, "public", lambda ip: ip == "127.0.0.1" or real(ip))


def send(content, status=200, **headers):
    def answer(request):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(content)
        except OSError:
            pass
    return answer


def drip(request):
    """A status line, and then a header that never ends."""
    with contextlib.suppress(OSError):
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
        for _ in range(40):
            request.wfile.write(b"x")
            time.sleep(0.1)


def test_a_public_poster_is_fetched(loopback_is_public, tmp_path):
    poster = draw_poster(tmp_path / "poster.png").read_bytes()
    with listening(send(poster)) as (port, asked):
        assert fetch.fetch(f"http://127.0.0.1:{port}/a?b=1", tmp_path / "got").read_bytes() == poster
    assert asked == ["/a?b=1"]


@pytest.mark.parametrize("answer, says, patience", [
    (send(b"", 302, Location="http://127.0.0.2/x"), "public servers only", 60),
    (send(b"", 302, Location="file:///etc/passwd"), "http://", 60),
    (send(b"", 302, Location="/again"), "too often", 60),
    (send(b"", 302), "too often", 60),
    (send(b"", 404), "status 404", 60),
    (send(bytes(31_000_000)), "30 MB", 60),
    (send(b"short", **{"Content-Length": "500"}), "could not be fetched", 60),
    (lambda request: threading.Event().wait(3), "could not be fetched", 1),
    (drip, "could not be fetched", 1),
], ids=["private", "file", "loop", "nowhere", "missing", "large", "cut", "slow", "drip"])
def test_a_server_that_misbehaves_is_told_in_a_sentence(answer, says, patience, loopback_is_public, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "PATIENCE", patience)
    with listening(answer) as (port, _):
        with pytest.raises(PosterError, match=says) as refused:
            fetch.fetch(f"http://127.0.0.1:{port}/x", tmp_path / "poster")
    assert sentence(str(refused.value)) and not list(tmp_path.iterdir())


def test_a_name_that_has_a_private_address_too_is_refused(monkeypatch, tmp_path):
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(PosterError, match="public servers only"):
        fetch.fetch("http://rebinding.example/x", tmp_path / "poster")


async def through_gate(wish, by_address):
    """What reaches gradio, or the gate's refusal."""
    seen = []

    async def app(scope, receive, send):
        seen.append(json.loads((await receive())["body"]))

    async def receive():
        return {"type": "http.request", "body": json.dumps(wish).encode(), "more_body": False}

    async def note(message):
        seen.append(message)

    poster = SimpleNamespace(label="poster", value=None)
    function = SimpleNamespace(api_name="read_poster", api_visibility="public", inputs=[poster], queue=True)
    queue = SimpleNamespace(event_ids_to_events={})
    page = SimpleNamespace(get_blocks=lambda: SimpleNamespace(fns={0: function}, _queue=queue))
    scope = {"type": "http", "method": "POST", "path": "/gradio_api/call/read_poster", "app": page, "query_string": b"",
             "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")], "client": ("127.0.0.1", 1)}
    await request_filter.Gate(app, Settings(by_address=by_address))(scope, receive, note)
    return seen


@pytest.mark.parametrize("by_address", [False, True])
def test_gradio_never_sees_a_web_address(by_address, loopback_is_public, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with listening(send(b"a poster")) as (port, asked):
        wish = {"data": [{"path": f"http://127.0.0.1:{port}/x", "meta": FILE}]}
        seen = finished(through_gate, wish, by_address)
    if by_address:
        path = Path(seen[0]["data"][0]["path"])
        assert path.read_bytes() == b"a poster" and path.is_relative_to(tmp_path) and asked == ["/x"]
    else:
        assert seen[0]["status"] == 422 and asked == []
