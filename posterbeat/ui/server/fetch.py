"""Posters by web address: fetched from public servers alone, and no more than a poster may be."""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from posterbeat.errors import PosterError
from posterbeat.picture_file import MAX_BYTES

PATIENCE = 15.0  # seconds for the whole of it
_HOPS = 3
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 addresses inside of IPv6 ones, private ones too


def fetch(address: str, target: Path) -> Path:
    """Fetch a file by http or https.

    The name is looked up once and the connection goes to the address that was found, so that a name cannot
    point elsewhere between the check and the connection; every redirection is checked alike.

    Parameters
    ----------
    target
        The file to write.

    Raises
    ------
    PosterError
        Not an address of a public server, no answer within `PATIENCE`, or more than `MAX_BYTES`.
    """
    end = time.monotonic() + PATIENCE
    try:
        for _ in range(_HOPS + 1):
            connection = _connect(address, end)
            # Timeouts bound each read, and a server may send a byte at a time.
            alarm = threading.Timer(_left(end), _hang_up, (connection.sock,))
            alarm.start()
            try:
                answer = _ask(connection, address)
                if answer.status in (301, 302, 303, 307, 308):
                    address = urljoin(address, answer.getheader("Location") or "")
                    continue
                if answer.status != 200:
                    raise PosterError(f"The poster's server answered with status {answer.status}: try another address.")
                target.write_bytes(_read(answer, end))
                return target
            finally:
                alarm.cancel()
                connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise PosterError("The poster could not be fetched from its address: download it and give the file.") from error
    raise PosterError("The poster's address redirects too often: download the poster and give the file.")


def public(address: str) -> bool:
    """Whether an IP address is one of the open internet, and no other written as such."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and (ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in _TRANSLATED):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _connect(address: str, end: float) -> http.client.HTTPConnection:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PosterError("A poster's address begins with http:// or https://, and this one leads elsewhere.")
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    found = {entry[4][0] for entry in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    if not found or not all(map(public, found)):  # one private address among public ones is a trick
        raise PosterError("Posters are fetched from public servers only: download it and give the file.")
    line = socket.create_connection((min(found), port), timeout=_left(end))
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=_left(end))
    if parts.scheme == "https":
        line = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    connection.sock = line
    return connection


def _ask(connection: http.client.HTTPConnection, address: str) -> http.client.HTTPResponse:
    parts = urlsplit(address)
    connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                       headers={"Accept": "image/*", "User-Agent": "posterbeat"})
    return connection.getresponse()


def _read(answer: http.client.HTTPResponse, end: float) -> bytes:
    content = bytearray()
    while block := answer.read1(1 << 16):
        content += block
        _left(end)
        if len(content) > MAX_BYTES:
            raise PosterError("The poster at this address is over the limit of 30 MB: give a smaller file.")
    _left(end)
    if answer.length:  # promised and not sent
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(content)


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
