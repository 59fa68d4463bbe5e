"""What the environment says about serving the page: read and checked once, before gradio reads any of it.

gradio reads some of these as it is imported, some as it is launched, and answers what it cannot use with a traceback, another
port, or not at all.
"""

import ipaddress
import math
import os
import socket
import tempfile
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from posterbeat.errors import ParameterError
from posterbeat.ui.server.run_folder import RunFolder, default_folder

KEPT = 3600.0  # seconds that a visitor's files are kept
PLACES = 10  # of those who are served or wait, that one caller may take
_HERE = ("localhost", "127.0.0.1", "::1")
_PRIVATE = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"


@dataclass(frozen=True)
class Settings:
    """How the page is served.

    Attributes
    ----------
    host : str, name or address to listen at, an IPv6 address without brackets
    port : int
    hosts : frozenset of str or None, the names under which the page may be asked for; None for any
    kept : float, seconds that uploads and results are kept
    places : int, of one caller among those who are served or wait
    by_address : bool, whether posters are fetched by web address
    disk : float or None, bytes that uploads and results may take; None for half of what is free without them
    """

    host: str = "127.0.0.1"
    port: int = 7860
    hosts: frozenset[str] | None = frozenset(_HERE)
    kept: float = KEPT
    places: int = PLACES
    by_address: bool = False
    disk: float | None = None


def read_settings(environment: MutableMapping[str, str]) -> Settings:
    """The settings that an environment's variables say.

    Raises
    ------
    ParameterError
        One of them cannot be used; the sentence names it.
    """
    host = environment.get("GRADIO_SERVER_NAME", "").strip().removeprefix("[").removesuffix("]") or "127.0.0.1"
    port = _number(environment, "GRADIO_SERVER_PORT", 7860, 1, 65535, "a port, 1 to 65535")
    kept = _number(environment, "POSTERBEAT_KEPT", KEPT, 1, 10**8, "seconds, 1 to 100000000")
    disk = _number(environment, "POSTERBEAT_DISK", 0, 100, 10**9, "megabytes, 100 to 1000000000") * 1e6 or None
    places = _number(environment, "POSTERBEAT_PLACES", PLACES, 1, 10**6, "a number of places, 1 or more")
    if places != int(places) or port != int(port):
        name = "POSTERBEAT_PLACES" if places != int(places) else "GRADIO_SERVER_PORT"
        raise ParameterError(f"{name} must be a whole number, not {environment[name][:40]!r}.")
    by_address = environment.get("POSTERBEAT_BY_ADDRESS", "").lower() in ("1", "true", "yes")
    return Settings(host, int(port), _hosts(host, environment), kept, int(places), by_address, disk)


def _number(environment: MutableMapping[str, str], name: str, default: float, least: float, most: float, what: str) -> float:
    said = environment.get(name, "").strip()
    if not said:
        return default
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not least <= number <= most:  # and so not for NaN
        raise ParameterError(f"{name} must be {what}, not {said[:40]!r}.")
    return number


def _hosts(host: str, environment: MutableMapping[str, str]) -> frozenset[str] | None:
    """A name that a stranger makes point to this machine is none of them; a page for everybody takes any, unless told."""
    named = {name.strip().lower() for name in environment.get("POSTERBEAT_HOSTS", "").split(",") if name.strip()}
    if not named and (_everywhere(host) or environment.get("GRADIO_SHARE", "").lower() == "true"):
        return None
    root = urlsplit(environment.get("GRADIO_ROOT_PATH", "")).hostname
    return frozenset({*_HERE, host.lower(), *named, *([root] if root else [])})


def _everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def check_free(host: str, port: int) -> None:
    """Make sure that the page can be served there.

    Raises
    ------
    ParameterError
        Somebody else listens there, the machine has no such address, or the port is not for this user.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ParameterError(f"GRADIO_SERVER_NAME must be a name or address of this machine, not {host[:100]!r}.") from error
    family, kind, protocol, _, address = found[0]
    try:
        with socket.socket(family, kind, protocol) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind(address)
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else "cannot be used"
        raise ParameterError(f"Port {port} at {host} cannot be used ({reason}): stop what listens there, or give another address "
                             "in GRADIO_SERVER_NAME and GRADIO_SERVER_PORT.") from error


def settle(environment: MutableMapping[str, str] = os.environ) -> tuple[Settings, list[RunFolder]]:
    """Read the settings, make folders for this run, and leave in the environment what gradio can use.

    Call it before gradio is imported.

    Returns
    -------
    settings, folders
        The folders are this run's own, for visitors' files and for what is made on the way to them; remove them at the end.

    Raises
    ------
    PosterBeatError
        A setting cannot be used.
    """
    settings = read_settings(environment)
    given = environment.get("GRADIO_TEMP_DIR")
    files = RunFolder(Path(given).absolute() if given else default_folder())
    between = RunFolder(Path(tempfile.gettempdir()).absolute())
    environment["GRADIO_TEMP_DIR"] = str(files.path)
    environment["TMPDIR"] = tempfile.tempdir = str(between.path)  # for the programs that are started, and for this one
    environment["GRADIO_SERVER_PORT"] = str(settings.port)
    environment["GRADIO_SERVER_NAME"] = "127.0.0.1"  # gradio tries the port there, with IPv4 alone; where to listen, it is told
    # Whoever is on this machine could pretend to be a proxy, and so to be many callers. A Space has nobody but its proxy.
    environment.setdefault("FORWARDED_ALLOW_IPS", _PRIVATE if environment.get("SPACE_ID") else "")
    return settings, [files, between]
