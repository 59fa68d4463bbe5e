"""The app as its visitors have it: `python app.py` in a process of its own, one for the whole test run."""

import atexit
import contextlib
import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # a browser, or None


def start(port: int, log: Path, command: Sequence[str] = (sys.executable, "app.py"), **environment: str) -> subprocess.Popen:
    """Run the app, its output going to a file (a pipe nobody reads would stop it)."""
    environment = {
        **os.environ,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_MCP_SERVER": str(importlib.util.find_spec("mcp") is not None),
        "OMP_NUM_THREADS": "1",
        **environment,
    }
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def served() -> str:
    """Address of the running app; it is started at the first call and stopped with the test run.

    POSTERBEAT_URL names one that already runs, such as a Space.
    """
    if os.environ.get("POSTERBEAT_URL"):
        return os.environ["POSTERBEAT_URL"].rstrip("/")
    return _app()[0]


def memory() -> float:
    """Megabytes that the running app holds now."""
    return held(_app()[1].pid)


def held(pid: int) -> float:
    """Megabytes that a process and all that it began hold now; what they share counts once. 0 where the system does not tell."""
    return sum(map(_megabytes, _family(pid)))


def standing() -> list[int]:
    """The processes of the running app that stay: right now, so ask when it does nothing."""
    return list(_family(_app()[1].pid))


@contextlib.contextmanager
def at_rest() -> Iterator[None]:
    """The running app, if there is one, stands still in here: idle as it is, it takes a tenth of a core."""
    pids = _family(_app()[1].pid) if _app.cache_info().currsize and hasattr(signal, "SIGSTOP") else []
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def resident(pids: Sequence[int]) -> float:
    """Megabytes in which some processes' pages lie, shared ones counted for each. 0 where the system does not tell."""
    return sum(_megabytes(pid, "Rss:") for pid in pids)


def _family(pid: int) -> Sequence[int]:
    """A process and its descendants; none once it has ended."""
    with contextlib.suppress(OSError):
        children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
        return [pid, *(other for child in children.split() for other in _family(int(child)))]
    return []


def _megabytes(pid: int, kind: str = "Pss:") -> float:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next((line for line in lines if line.startswith(kind)), "0 0").split()[1]) / 1024
    return 0.0


def cache() -> Path:
    """The folder of the running app's uploads and results."""
    return next(_app()[2].glob("run-*"))


def log() -> str:
    """What the running app has said."""
    return (_app()[2].parent / "log").read_text()


@functools.cache
def _app() -> tuple[str, subprocess.Popen, Path]:
    port, home = free_port(), Path(tempfile.mkdtemp(prefix="posterbeat-tests-"))
    process = start(port, home / "log", GRADIO_TEMP_DIR=str(home / "cache"),
                    POSTERBEAT_PLACES="200")  # more than there are: it has but one caller
    atexit.register(process.terminate)
    address = f"http://127.0.0.1:{port}"
    await_answer(process, home / "log", lambda: urllib.request.urlopen(address + "/config", timeout=10).read())
    return address, process, home / "cache"


def await_answer(process: subprocess.Popen, log: Path, call: Callable[[], Any]) -> None:
    """Return once `call` does without an OSError; RuntimeError with the end of the log if the app ends or never answers."""
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("The app did not start: " + log.read_text()[-2000:])
        try:
            call()
            return
        except OSError:
            time.sleep(0.5)
    process.terminate()
    raise RuntimeError("The app did not answer: " + log.read_text()[-2000:])


def ask(address: str, body: Any = None, headers: dict | None = None, method: str | None = None) -> tuple[int, bytes]:
    """Status and content of an answer, whatever the status; a body that is not bytes goes as JSON."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    wish = urllib.request.Request(address, body, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(wish, timeout=240) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def call(app: str, name: str, values: list | dict) -> tuple[Any, str | None]:
    """One call of an endpoint, as curl makes it: what came back and None, or None and the refusal."""
    named = isinstance(values, dict)
    status, said = ask(f"{app}/gradio_api/call/{'v2/' if named else ''}{name}", values if named else {"data": values})
    if status != 200:
        return None, json.loads(said)["error"]
    status, said = ask(f"{app}/gradio_api/call/{name}/{json.loads(said)['event_id']}")
    kind, content = said.decode().strip().split("\n\n")[-1].split("\n", 1)
    content = json.loads(content.removeprefix("data: "))
    return (content, None) if kind == "event: complete" else (None, content["error"])


def upload(app: str, name: str, content: bytes) -> tuple[int, bytes]:
    """Upload a file under any name that a header can hold."""
    head = f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode(errors="surrogateescape")
    return ask(f"{app}/gradio_api/upload", head + content + b"\r\n--edge--\r\n",
               {"Content-Type": "multipart/form-data; boundary=edge"})


def draw_poster(path: Path, colour: tuple[int, int, int] = (140, 20, 30)) -> Path:
    """A small poster with a sky, a figure and a title."""
    poster = Image.new("RGB", (300, 450), colour)
    pen = ImageDraw.Draw(poster)
    for y in range(450):
        pen.line([(0, y), (300, y)], fill=tuple(round(c * (1 - y / 600)) for c in colour))
    pen.ellipse((90, 80, 210, 200), fill=(250, 230, 180))
    pen.polygon([(150, 180), (100, 400), (200, 400)], fill=(15, 15, 20))
    pen.text((60, 410), "THE LAST TEST", fill="white")
    poster.save(path)
    return path
