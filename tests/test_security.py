"""What strangers may try: files that are not theirs, addresses inside the network, sizes, names, pickles."""

import contextlib
import http.client
import json
import os
import pickle
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from safetensors.numpy import save_file

from posterbeat import BiLSTMComposer, PosterClassifier, WeightsError
from posterbeat.ui.page import text
from posterbeat.ui.server import uploads
from tests.served import ROOT, ask, cache, call, draw_poster, served, upload

own_app = pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="only an own app is attacked")
FILE = {"_type": "gradio.FileData"}
EXAMPLE = ROOT / "examples" / "posters" / "horror.jpg"


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


def within(file):
    """A file as callers name it, in the forms that gradio tells apart."""
    return [file, {"path": file}, {"path": file, "meta": FILE}, {"path": file, "meta": FILE, "is_stream": True},
            {"path": file, "meta": {}}, {"path": file, "meta": FILE, "url": f"file://{file}"}]


@own_app
def test_no_endpoint_reads_a_file_that_was_not_uploaded(tmp_path):
    link = Path(cache()) / "link.jpg"
    link.unlink(missing_ok=True)
    link.symlink_to(EXAMPLE)
    for path in (str(EXAMPLE), f"{cache()}/../../../../../../../../{EXAMPLE}", str(link), "/etc/passwd", str(cache()), "", "\0",
                 "x" * 5000):
        for form in within(path):
            answer, refusal = call(served(), "heatmap", [form, None])  # the one that would show a picture
            assert answer is None and sentence(refusal), (form, refusal)
    for name, values in {"read_poster": [], "poster_to_music": [None, 32, 1, 1, None, None, None, None, True]}.items():
        answer, refusal = call(served(), name, [{"path": str(EXAMPLE)}, *values])
        assert answer is None and sentence(refusal)
    answer, refusal = call(served(), "compose", [{"path": "/etc/passwd", "meta": FILE}, 32, 1, 1, None, None, None, None])
    assert answer is None and sentence(refusal)
    link.unlink()


@own_app
@pytest.mark.parametrize("name", ["go_on", "rewrite"])
def test_no_midi_is_read_that_was_not_uploaded(name):
    others = (5, True, "x" * 5000, ["/etc/passwd"], [{"path": "/etc/passwd"}], {"path": 5}, {"size": 1})
    for form in (*within("/etc/passwd"), *others):
        answer, refusal = call(served(), name, [form, None if name == "rewrite" else 10])
        assert answer is None and refusal == text.NOT_UPLOADED, (form, refusal)


@own_app
def test_no_address_serves_a_file_from_elsewhere():
    link = Path(cache()) / "passwd.txt"
    link.unlink(missing_ok=True)
    link.symlink_to("/etc/passwd")
    paths = ["/etc/passwd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", f"{cache()}/../log", str(ROOT / "app.py"),
             str(EXAMPLE), str(link), "file:///etc/passwd", "//etc/passwd", "/proc/self/environ", "%00", "/etc/passwd%00.jpg"]
    for way in ("/gradio_api/file=", "/gradio_api/file/", "/static/../", "/static/..%2f..%2f", "/assets/..%2f..%2f..%2f..%2f",
                "/svelte/", "/gradio_api/custom_component/1/client/component/"):
        for path in paths:
            status, content = ask(served() + way + path)
            assert status >= 400 and b"root:" not in content and len(content) < 6000, (way, path, status)
    link.unlink()


@own_app
def test_a_hostile_name_stays_inside_the_uploads(tmp_path):
    poster = draw_poster(tmp_path / "poster.png").read_bytes()
    names = ["../../../../tmp/evil.png", "/etc/evil.png", "..\\..\\evil.png", "..", ".", "...", "a\0b.png", "$(touch evil).png",
             "-rf.png", "<img src=x onerror=alert(1)>.png", "é" * 300 + ".png", "x" * 9000 + ".png", "a\r\nX-Evil: 1.png",
             ".bashrc", "\u202egnp.exe", "\udcff.png"]
    around = sorted(cache().parent.iterdir())
    for name in names:
        status, said = upload(served(), name, poster)
        if status == 200:
            path = Path(json.loads(said)[0])
            assert path.is_relative_to(cache()) and ".." not in path.parts and "\n" not in str(path)
            answer, refusal = call(served(), "read_poster", [{"path": str(path)}])
            assert answer or sentence(refusal)
        else:
            assert 400 <= status < 500, (name, status, said)
    assert sorted(cache().parent.iterdir()) == around
    assert not Path("/tmp/evil.png").exists() and not (ROOT / "evil").exists()


@own_app
def test_hostile_headers_do_no_harm():
    status, said = upload(served(), "plain.txt", b"plain")
    plain = f"{served()}/gradio_api/file={json.loads(said)[0]}"
    evil = [{"Range": "bytes=1-2-3"}, {"Range": "bytes=99999999999-1"}, {"Range": "bytes=-"}, {"Cookie": "a=" + "b" * 20_000},
            {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-For": "\x7f" * 99},
            {"Origin": "http://evil.example"}, {"Content-Type": "multipart/form-data"},
            {"Content-Type": "a/b; boundary=" + "x" * 5000}, {"Authorization": "Bearer " + "x" * 999},
            {"x-gradio-user": "mcp"}, {"Accept-Language": "\xff" * 500}]
    for headers in evil:
        for address in (served() + "/", plain, served() + "/config"):
            status, content = ask(address, headers=headers)
            assert b"Traceback" not in content and b".py" not in content[:2000], headers
            assert status < 500 or sentence(json.loads(content)["error"])
        status, content = ask(served() + "/gradio_api/upload", b"--", headers)
        assert 400 <= status < 500, (headers, status)
    assert b"evil.example" not in ask(served() + "/")[1]


@own_app
def test_too_much_is_refused_while_it_comes():
    for name, size in (("upload", 43_000_000), ("call/compose", 1_100_000)):
        line = http.client.HTTPConnection(served().removeprefix("http://"), timeout=240)
        kind = {"Content-Type": "multipart/form-data; boundary=edge" if name == "upload" else "application/json"}
        start = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'
        sent = 0

        def parts(size=size, start=start):  # without a length: chunked
            nonlocal sent
            yield start
            while sent < 3 * size:
                sent += 1 << 20
                yield bytes(1 << 20)

        try:
            line.request("POST", f"/gradio_api/{name}", body=parts(), headers=kind, encode_chunked=True)
        except OSError:  # the app hung up, having heard enough
            pass
        try:
            answer = line.getresponse()
            assert answer.status == 413 and sentence(json.loads(answer.read())["error"])
        except (OSError, http.client.HTTPException):
            assert sent < 3 * size
        line.close()
    assert ask(served() + "/config")[0] == 200


def test_who_sends_too_much_still_reads_why():
    """The sentence comes although it was refused long before the end of what is sent."""
    for _ in range(5):
        status, said = ask(f"{served()}/gradio_api/call/compose", {"data": ["x" * 4_000_000]})
        assert status == 413 and sentence(json.loads(said)["error"])


@own_app
def test_nothing_is_fetched_by_web_address_unless_it_was_switched_on():
    with listening() as (port, asked):
        for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0"):
            address = f"http://{host}:{port}/x.png"
            for form in within(address):
                if form != address:  # as a plain text it is no poster
                    assert call(served(), "read_poster", [form])[1] == text.NO_ADDRESSES
            assert call(served(), "read_poster", [address])[0] is None
            assert call(served(), "compose", [{"path": address, "meta": FILE}, *[None] * 7])[0] is None
            for way in ("file=", "file=%20", "file/", "proxy=", "FILE="):
                assert ask(f"{served()}/gradio_api/{way}{address}")[0] >= 400
            status, _ = ask(served() + "/gradio_api/queue/join", {"fn_index": 0, "session_hash": "x", "data": [
                {"path": address, "meta": FILE}, None, None, None]})
            assert status >= 400
        assert asked == []


@own_app
@pytest.mark.parametrize("path", ["deep_link?session_hash=x", "process_recording", "vibe-edit", "runs", "run-history/records"])
def test_what_gradio_offers_beyond_the_page_is_closed(path):
    for method in ("GET", "POST"):
        assert ask(f"{served()}/gradio_api/{path}", method=method)[0] == 404


@own_app
def test_the_page_s_own_events_pass_but_not_by_name():
    config = json.loads(ask(served() + "/config")[1])
    quiet = [event for event in config["dependencies"] if event["queue"] is False and event["backend_fn"] and not event["inputs"]]
    answers = []
    for event in quiet:
        address = f"{served()}/gradio_api/run/{event['api_name'] or 'predict'}"
        answers.append(ask(address, {"data": [], "fn_index": event["id"], "session_hash": "abc"})[0])
        assert ask(address, {"data": []})[0] == 404
    assert 200 in answers and 404 not in answers  # some want to know what was clicked


class _Trap:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("model", [PosterClassifier, BiLSTMComposer])
@pytest.mark.parametrize("name", ["model.safetensors", "model.pt", "pytorch_model.bin", "config.json"])
def test_a_pickle_is_never_read(model, name, tmp_path):
    weights, sprung = tmp_path / "weights", tmp_path / "sprung"
    weights.mkdir()
    (weights / "config.json").write_text("{}")
    save_file({}, weights / "model.safetensors")
    (weights / name).write_bytes(pickle.dumps(_Trap(sprung)))
    with pytest.raises(WeightsError) as refused:
        model.from_pretrained(weights)
    assert str(refused.value).endswith(".") and not sprung.exists()
    with pytest.raises(WeightsError):
        model.from_pretrained(weights / name)
    assert not sprung.exists()


def test_no_code_of_ours_can_unpickle():
    unpickling = re.compile(r"torch\.load\(|\bpickle\b|joblib|read_pickle|allow_pickle=True|weights_only=False")
    found = [str(path) for path in [ROOT / "app.py", *(ROOT / "posterbeat").rglob("*.py")]
             for line in path.read_text().splitlines() if unpickling.search(line.split("#")[0])
             and not line.lstrip().startswith(('"', "No ")) and "No pickle" not in line]
    assert found == []


def test_the_lock_holds_the_tested_versions_with_their_hashes():
    """After a change of the requirements: make lock."""
    rows = [row for row in (ROOT / "requirements.lock").read_text().splitlines() if not row.startswith("#")]
    found = [re.fullmatch(r"([\w.-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", row) for row in rows]
    assert len(found) > 100 and all(found)  # so there is no address of an index either
    locked = {canonicalize_name(row[1]): row[2] for row in found}
    pins = dict(row.split("==") for row in (ROOT / "constraints.txt").read_text().splitlines() if "==" in row and row[0] != "#")
    assert not {name for name, version in pins.items() if locked.get(canonicalize_name(name), version) != version}
    asked = {canonicalize_name(Requirement(row).name) for row in (ROOT / "requirements.txt").read_text().splitlines()
             if row and row[0] != "#"}
    assert asked <= locked.keys()


def test_old_files_go_and_the_page_s_own_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "files"))
    take, shown = uploads.folder(), uploads.root() / "abc"
    shown.mkdir()
    for path in (take / "take.wav", shown / "example.jpg", uploads.root() / "upload-broken-off"):
        path.write_bytes(b"content")
    uploads.sweep(60, {str(shown / "example.jpg")})
    assert len(list(uploads.root().iterdir())) == 3
    uploads.sweep(0, {str(shown / "example.jpg")})
    assert list(uploads.root().iterdir()) == [shown]
    assert uploads.root().stat().st_mode & 0o077 == 0


def test_an_upload_that_was_broken_off_goes_before_whole_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(uploads, "_BROKEN_OFF", 0)
    take = uploads.folder()
    (take / "take.wav").write_bytes(b"content")
    (tmp_path / "tmpabc").write_bytes(b"half a pos")
    uploads.sweep(60)
    assert list(tmp_path.iterdir()) == [take]
