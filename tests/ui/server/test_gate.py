"""What strangers send to the app: beside the queue, too much, too deep, under odd names, or of the wrong kind."""

import http.client
import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from posterbeat.ui.page import text
from tests.served import ask, call, log, served, upload

own_app = pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="only an own app's log can be read")
MUSIC = ["horror", 32, 1.0, 1, None, None, None, None, "posterbeat", *[None] * 5]
JSON = {"Content-Type": "application/json"}


def config():
    return json.loads(ask(served() + "/config")[1])


def refused(status, content, below=500):
    """The sentence of a refusal."""
    said = json.loads(content)
    assert 400 <= status < below, (status, content[:300])
    assert set(said) == {"detail", "error"} and said["detail"] == said["error"], content[:300]
    assert 20 < len(said["error"]) < 600 and said["error"][-1] in ".?!", said
    return said["error"]


def events():
    """The page's own events that wait for their turn, by number."""
    return [event for event in config()["dependencies"] if event["backend_fn"] and event["queue"] is not False]


@pytest.mark.parametrize("address", [
    "run/compose", "api/compose", "run/compose/", "run%2Fcompose", "run/predict", "api/anything"])
def test_nothing_that_takes_time_is_done_beside_the_queue(address):
    compose = next(event["id"] for event in config()["dependencies"] if event["api_name"] == "compose")
    wish = {"data": MUSIC, **({} if "compose" in address else {"fn_index": compose})}
    began = time.monotonic()
    assert refused(*ask(f"{served()}/gradio_api/{address}", wish)) == text.ONLY_IN_TURN
    assert time.monotonic() - began < 20


def test_no_event_of_the_page_leaves_the_queue_aside():
    for event in events():
        wish = {"data": [None] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "aside"}
        for way in ("run/predict", "api/predict"):
            assert refused(*ask(f"{served()}/gradio_api/{way}", wish)) == text.ONLY_IN_TURN, event


@pytest.mark.parametrize("path", [
    "/gradio_api/component_server", "/gradio_api/stream/x", "/gradio_api/stream/x/close", "/login", "/gradio_api/vibe-edit",
    "/gradio_api/process_recording", "/monitoring/x", "/docs", "/openapi.json", "/dev/reload",
    "/gradio_api/dev/reload", "/gradio_api/custom_component/a/client/b/c", "/gradio_api/login_check", "/gradio_api/token",
    "/gradio_api/run-history/records", "/gradio_api/stream/a/b/1/playlist.m3u8", "/logout"])
def test_only_what_the_page_uses_is_open(path):
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        assert refused(*ask(served() + path, None if method == "GET" else {}, method=method)) == text.CLOSED


@pytest.mark.parametrize("way", ["reset", "cancel", "queue/join", "call/compose", "call/v2/compose", "run/predict"])
def test_large_and_deep_values_stop_nobody(way):
    many, deep = b'{"event_id": [' + b"0," * 9_000_000 + b"0]}", b'{"event_id": ' + b"[" * 400_000 + b"]" * 400_000 + b"}"
    deeper = b'{"event_id": ' + b'{"a":' * 40 + b"0" + b"}" * 40 + b"}"
    slow = []
    with ThreadPoolExecutor(1) as aside:
        for body in (many, deep, deeper):
            going = aside.submit(ask, f"{served()}/gradio_api/{way}", body)
            while not going.done():
                began = time.monotonic()
                assert ask(served() + "/gradio_api/app_id")[0] == 200
                slow.append(time.monotonic() - began)
            status, content = going.result()
            assert status == (413 if body is many else 400), content[:200]
            refused(status, content)
    assert max(slow) < 5


STRINGS = [5, "x" * 65, ["a"], "a b", "../x", {}, True]
NUMBERS = ["3", True, 1.5, [1], 10**30]
FIELDS = {  # what each way takes, and what it does not
    "queue/join": {"session_hash": STRINGS, "fn_index": NUMBERS, "trigger_id": NUMBERS[:-1], "event_data": ["secret-value", [1]],
                   "data": ["secret-value", {"secret-value": 1}, 5]},
    "call/compose": {"session_hash": STRINGS, "event_id": STRINGS, "event_data": [5], "data": ["secret-value", {"a": 1}, None]},
    "run/predict": {"session_hash": STRINGS, "fn_index": NUMBERS, "data": ["secret-value"]},
    "cancel": {"session_hash": STRINGS, "event_id": STRINGS, "fn_index": NUMBERS[:-1]},
    "reset": {"event_id": STRINGS},
}


@pytest.mark.parametrize("way, field, value", [
    (way, field, value) for way, fields in FIELDS.items() for field, values in fields.items() for value in values], ids=str)
def test_wrong_kinds_in_the_fields_are_refused_in_a_sentence(way, field, value):
    given = {"cancel": {"session_hash": "a", "fn_index": 1, "event_id": "b"}, "reset": {"event_id": "b"}}
    wish = {**given.get(way, {"data": MUSIC, "fn_index": 0, "session_hash": "a"}), field: value}
    assert "secret" not in refused(*ask(f"{served()}/gradio_api/{way}", wish))


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                  "application/jsonp", "x" * 300])
def test_a_call_says_that_it_is_json(kind):
    """Without that a page elsewhere could send it from its visitors' browsers, unasked."""
    for way in ("call/compose", "queue/join", "run/predict", "cancel", "reset"):
        line = http.client.HTTPConnection(served().removeprefix("http://"), timeout=60)
        headers = {"Content-Type": kind} if kind else {}
        line.request("POST", f"/gradio_api/{way}", body=json.dumps({"data": MUSIC}), headers=headers)
        answer = line.getresponse()
        assert refused(answer.status, answer.read()) == text.NOT_SAID_JSON
        line.close()


@pytest.mark.parametrize("path, status", [
    ("queue/data?session_hash=nosuch", 404), ("queue/data", 422), (f"queue/data?session_hash={'x' * 5000}", 422),
    ("call/compose/nosuch", 404), (f"call/compose/{'x' * 90}", 422), ("heartbeat/" + "x" * 90, 422),
    ("heartbeat/" + quote("a b"), 422), ("upload_progress", 422), (f"upload_progress?upload_id={'x' * 500}", 422)])
def test_unknown_and_endless_names_are_refused_in_a_sentence(path, status):
    answered, content = ask(f"{served()}/gradio_api/{path}")
    assert answered == status and refused(answered, content)


def test_undo_without_a_take_says_so():
    undo = next(event for event in config()["dependencies"] if event["api_name"] == "undo")
    status, said = ask(f"{served()}/gradio_api/run/undo", {"fn_index": undo["id"], "session_hash": "a", "data": [None, None]})
    assert refused(status, said, 501) == text.NOT_THERE


@pytest.mark.parametrize("odd", [None, {}, {"index": "x"}, {"index": 10**9}, {"index": -1}, {"index": [[1]]}, {"index": None},
                                 {"value": "secret-value"}], ids=str)
def test_odd_events_of_the_page_are_answered_in_a_sentence(odd):
    for event in config()["dependencies"]:
        if not event["backend_fn"] or event["api_name"] in (
                "compose", "poster_to_music", "stream_soundtrack", "go_on", "rewrite"):
            continue
        wish = {"data": ["secret-value"] * len(event["inputs"]), "event_data": odd, "fn_index": event["id"],
                "session_hash": "odd", "trigger_id": event["targets"][0][0] if event["targets"] else None}
        status, said = ask(f"{served()}/gradio_api/{'run/predict' if event['queue'] is False else 'queue/join'}", wish)
        if event["queue"] is False:
            assert status == 200 or refused(status, said, 501), (event, said)
            assert "secret-value" not in said.decode() or status == 200
            continue
        if status == 200:
            for kind, content in heard("odd"):
                if kind == "process_completed" and not content["success"]:
                    sentence = content["output"]["error"]
                    assert sentence and sentence[-1] in ".?!" and "secret" not in sentence, (event, content)
        else:
            refused(status, said)


def heard(visit):
    """What the queue tells a visit until it has no more to tell."""
    status, said = ask(f"{served()}/gradio_api/queue/data?session_hash={visit}")
    assert status == 200
    for row in said.decode().splitlines():
        if row.startswith("data: "):
            content = json.loads(row.removeprefix("data: "))
            yield content["msg"], content


@pytest.mark.parametrize("kind, body", [
    ("multipart/form-data", b"--edge--"), ("multipart/form-data; boundary=", b"--edge--"), ("text/plain", b"x"),
    ("multipart/form-data; boundary=" + "x" * 9000, b"--edge--"), ("multipart/mixed; boundary=edge", b"--edge--"),
    ("multipart/form-data; boundary=edge", b"no part"),
    ("multipart/form-data; boundary=edge", b"--edge\r\nX: 1\r\n\r\na\r\n--edge--"),
    ("multipart/form-data; boundary=edge",
     b'--edge\r\nContent-Disposition: form-data; name="files"\r\n\r\na text\r\n--edge--\r\n')], ids=lambda value: str(value)[:40])
def test_what_is_no_upload_is_refused_in_a_sentence(kind, body):
    assert refused(*ask(served() + "/gradio_api/upload", body, {"Content-Type": kind})) == text.NOT_AN_UPLOAD


def test_one_upload_brings_few_files():
    part = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="%d.png"\r\n\r\nx\r\n'
    body = b"".join(part % number for number in range(900)) + b"--edge--\r\n"
    status, said = ask(served() + "/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=edge"})
    assert status == 413 and "files" in refused(status, said)


@pytest.mark.parametrize("asked, status", [
    ("bytes=0-3", 206), ("bytes=4-", 206), ("bytes=-3", 206), ("bytes=9-5", 200), ("bytes=0-1,4-5", 200), ("bytes=0-0,-1", 200),
    ("bytes=1-2-3", 200), ("bytes=-", 200), ("bytes=99999999-", 416), ("bytes=99999999-999999999", 416), ("bytes=a-b", 200),
    ("items=0-3", 200), ("bytes=0-99999999", 206), ("bytes=" + ",".join(f"{n}-{n}" for n in range(5000)), 200),
    ("bytes=0-" + "9" * 5000, 200)], ids=lambda value: str(value)[:30])
def test_parts_of_a_file(asked, status):
    content = bytes(range(256)) * 4
    path = json.loads(upload(served(), "whole.bin", content)[1])[0]
    line = http.client.HTTPConnection(served().removeprefix("http://"), timeout=60)
    for method in ("GET", "HEAD"):
        line.request(method, f"/gradio_api/file={path}", headers={"Range": asked, "Cookie": "secret=1"})
        answer = line.getresponse()
        said = answer.read()
        assert answer.status == status and answer.getheader("Cookie") is None
        if status == 206:
            first, last = map(int, re.fullmatch(r"bytes (\d+)-(\d+)/1024", answer.getheader("Content-Range")).groups())
            assert said == (content[first:last + 1] if method == "GET" else b"") and last > first
        elif status == 200:
            assert said == (content if method == "GET" else b"")
        else:
            assert answer.getheader("Content-Range") == "bytes */1024"
    line.close()


def test_no_answer_is_taken_for_what_it_is_not():
    script = next(name for name in re.findall(r"assets/[\w.-]+\.js", ask(served() + "/")[1].decode()))
    path = json.loads(upload(served(), "page.html", b"<script>alert(1)</script>")[1])[0]
    for address in ("/", "/config", "/nosuch", f"/{script}", "/theme.css", f"/gradio_api/file={path}",
                    "/gradio_api/file=/etc/passwd", "/gradio_api/info", "/gradio_api/heartbeat/" + "x" * 90):
        line = http.client.HTTPConnection(served().removeprefix("http://"), timeout=60)
        line.request("GET", address)
        answer = line.getresponse()
        assert answer.getheader("X-Content-Type-Options") == "nosniff", address
        if address.endswith(".js"):
            assert "javascript" in answer.getheader("Content-Type")
        if path in address:
            assert answer.getheader("Content-Disposition").startswith("attachment")
        line.close()


HERE = ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:99"]


@pytest.mark.skipif(bool(os.environ.get("POSTERBEAT_URL")), reason="another app may be served under other names")
@pytest.mark.parametrize("host, origin, allowed", [
    *((host, None, True) for host in HERE), *((host, f"http://{host}", True) for host in HERE),
    ("evil.example", None, False), ("evil.example", "http://evil.example", False),
    ("evil.example:80", "http://evil.example:80", False),
    ("localhost", "http://evil.example", False), ("localhost", "null", False), ("localhost.evil.example", None, False),

    ("", None, False), ("[::1", None, False), ("localhost@evil.example", None, False), ("10.0.0.1", None, False)])
def test_a_name_that_was_not_asked_to_be_served_is_not(host, origin, allowed):
    """A stranger's name may point to this machine, and his page then asks in a visitor's browser."""
    for method, path, body in (("GET", "/config", None), ("POST", "/gradio_api/call/compose", json.dumps({"data": []}))):
        line = http.client.HTTPConnection(served().removeprefix("http://"), timeout=60)
        line.putrequest(method, path, skip_host=True)
        for name, value in {"Host": host, **({"Origin": origin} if origin else {}), **JSON}.items():
            line.putheader(name, value)
        if body:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body.encode() if body else None)
        answer = line.getresponse()
        said = answer.read()
        expected = (422 if body else 200,) if allowed else (400, 403, 421)  # 422: let in, and no values
        assert answer.status in expected, (answer.status, said[:200])
        line.close()


def test_thousands_of_calls_that_nobody_listens_to_do_not_stop_the_queue(tmp_path):
    """gradio keeps messages of two thousand visits, and its queue ended for good where those of a waiting one were dropped."""
    wish = {"genre": "drama", "notes": 300, "seed": 3}
    with ThreadPoolExecutor(8) as threads:
        going = threads.submit(call, served(), "compose", wish)

        def miss(_):
            return ask(f"{served()}/gradio_api/call/read_poster", {"data": [None]})[0]

        assert set(threads.map(miss, range(2200))) <= {200, 429, 503}
        answer, refusal = going.result()
    until = time.monotonic() + 120  # those that nobody listens to hold their places until their turn has come
    while (said := call(served(), "compose", {"genre": "drama", "notes": 32})[1]) and time.monotonic() < until:
        time.sleep(1)
    assert said is None
    assert answer or refusal


@own_app
def test_the_log_holds_no_trace_and_nothing_that_was_sent():
    said = log()
    assert "Traceback" not in said and "secret" not in said and "evil.example" not in said
