"""A decoder of HEIC pictures that does what the picture says, in every Python that is started with this folder in PYTHONPATH.

`die` ends the process as a crash in a decoder's C code would. `meet FOLDER` waits until two processes are at this point.
"""

import os
import signal
import time
from pathlib import Path

from PIL import Image

HEAD = b"\0\0\0\x18ftypheic"


def decode(file, name=None):
    word, _, folder = file.read()[len(HEAD):].decode().partition(" ")
    if word == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    Path(folder, str(os.getpid())).touch()
    end = time.monotonic() + 60
    while len(os.listdir(folder)) < 2:
        if time.monotonic() > end:
            raise OSError("nobody came")
        time.sleep(0.01)
    return Image.new("RGB", (60, 90), "navy")


Image.register_open("HEIF", decode, lambda head: head.startswith(HEAD))
