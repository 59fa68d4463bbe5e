"""The app as its visitors have it: `python app.py` in a process of its own, one for the whole test run."""

import atexit
import functools
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent


def start(port: int, log: Path, **environment: str) -> subprocess.Popen:
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
        return subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output)


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
    status = Path(f"/proc/{_app()[1].pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def cache() -> Path:
    """The folder of the running app's uploads and results."""
    return _app()[2]


@functools.cache
def _app() -> tuple[str, subprocess.Popen, Path]:
    port, home = free_port(), Path(tempfile.mkdtemp(prefix="posterbeat-tests-"))
    process = start(port, home / "log", GRADIO_TEMP_DIR=str(home / "cache"))
    atexit.register(process.terminate)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("The app did not start: " + (home / "log").read_text()[-2000:])
        try:
            urllib.request.urlopen(address + "/config", timeout=10).read()
            return address, process, home / "cache"
        except OSError:
            time.sleep(0.5)
    process.terminate()
    raise RuntimeError("The app did not answer: " + (home / "log").read_text()[-2000:])


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
