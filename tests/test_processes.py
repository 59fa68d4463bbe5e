"""A process ends with the one that started it, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PARENT = """
import time
from multiprocessing import get_context
from posterbeat.processes import end_with_parent

def work(pipe):
    end_with_parent()
    pipe.send(1)
    while True:
        pow(3, 10**5)  # busy in Python, as a worker is

if __name__ == "__main__":
    ours, theirs = get_context("spawn").Pipe()
    child = get_context("spawn").Process(target=work, args=(theirs,))
    child.start()
    ours.recv()
    print(child.pid, flush=True)
    time.sleep(60)
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whether a process is alive")
@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_worker_ends_with_its_parent(way, tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    running = subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"PYTHONPATH": str(ROOT)})
    worker = int(running.stdout.readline())
    assert alive(worker)
    running.send_signal(getattr(signal, way))
    running.wait()
    deadline = time.monotonic() + 30
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = alive(worker)
    if left:
        os.kill(worker, signal.SIGKILL)
    assert not left
