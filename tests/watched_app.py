"""`python app.py`, with every attempt to reach another machine written down: `python tests/watched_app.py FILE [lonely]`.

With `lonely` it runs in a network of its own (`unshare -n`), in which loopback is brought up first.
"""

import fcntl
import importlib
import runpy
import socket
import struct
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
HERE = ("127.", "0.0.0.0", "::1", "localhost")

if "lonely" in sys.argv:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))

book = open(sys.argv[1], "w", buffering=1)


def note(event: str, values: tuple) -> None:
    """Write down names that are looked up, and addresses that are connected to, unless they are this machine's."""
    if event == "socket.getaddrinfo":
        host = values[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(values[1], tuple):
        host = values[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not host.startswith(HERE):
        book.write(f"{event} {host}\n")


sys.addaudithook(note)
# FluidSynth's library cannot be made to fail; its program, which plays where the library is not found, can.
importlib.import_module("posterbeat.audio.stream").library = lambda: None
sys.argv = ["app.py"]
runpy.run_path("app.py", run_name="__main__")
