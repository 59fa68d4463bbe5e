"""Who asks, and how much of the app one caller may take: places in the queue, and visits that are remembered."""

import ipaddress
import time
from collections import OrderedDict
from typing import Any

VISITS = 200  # of one caller that are remembered at a time: a browser has one for every page that is open
STREAMS = 100  # of one caller that are open at a time: a page has two
BYTES = 600_000_000  # of uploads of one caller, while they are kept
_LONGEST = 300.0  # seconds for which a visit counts after its last request
_CALLERS = 20_000  # remembered at a time


def caller(scope: dict[str, Any]) -> str:
    """The address that a request came from; those of one IPv6 household count as one."""
    said = (scope.get("client") or ("?",))[0]
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said
    if address.version == 4 or address.is_loopback:
        return said
    return str(address.ipv4_mapped or ":".join(part.lstrip("0") or "0" for part in address.exploded.split(":")[:4]))


class Places:
    """How many of one caller are served or wait: gradio knows those that it has let in, this class those that are on their way.

    Parameters
    ----------
    most
        Of one caller.
    """

    def __init__(self, most: int):
        self.most = most
        self._coming: dict[str, int] = {}

    def full(self, who: str, queue: Any) -> bool:
        """Whether a caller has all that he may have, `queue` being gradio's."""
        inside = sum(caller(event.request.scope) == who for event in list(queue.event_ids_to_events.values()))
        return inside + self._coming.get(who, 0) >= self.most

    def come(self, who: str) -> None:
        """Note that a request is on its way in."""
        self._coming[who] = self._coming.get(who, 0) + 1

    def arrived(self, who: str) -> None:
        """Note that gradio has let it in, or has not."""
        self._coming[who] -= 1
        if not self._coming[who]:
            del self._coming[who]


class Streams:
    """How many answers that go on are open to one caller."""

    def __init__(self, most: int = STREAMS):
        self.most = most
        self._open: dict[str, int] = {}

    def begin(self, who: str) -> bool:
        """Note one that begins; False if this caller has too many."""
        if self._open.get(who, 0) >= self.most:
            return False
        self._open[who] = self._open.get(who, 0) + 1
        return True

    def end(self, who: str) -> None:
        """Note one that has ended."""
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]


class Uploads:
    """How much callers have uploaded of late.

    Parameters
    ----------
    kept
        Seconds for which uploads are kept, and count.
    """

    def __init__(self, kept: float, most: int = BYTES):
        self.kept, self.most = kept, most
        self._of: OrderedDict[str, tuple[float, int]] = OrderedDict()  # since when, and how many bytes

    def note(self, who: str, size: int) -> bool:
        """Note what has come; False if this caller has sent too much."""
        now = time.monotonic()
        since, before = self._of.get(who, (now, 0))
        if now - since > self.kept:
            since, before = now, 0
        self._of[who] = since, before + size
        if len(self._of) > _CALLERS:
            self._of.popitem(last=False)
        return before + size <= self.most


class Visits:
    """The names under which callers have visited of late."""

    def __init__(self, most: int = VISITS):
        self.most = most
        self._of: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()

    def note(self, who: str, name: str) -> bool:
        """Note a visit; False if this caller has too many at a time."""
        now = time.monotonic()
        names = self._of.setdefault(who, OrderedDict())
        self._of.move_to_end(who)
        if len(self._of) > _CALLERS:
            self._of.popitem(last=False)
        while names and now - next(iter(names.values())) > _LONGEST:
            names.popitem(last=False)
        if name not in names and len(names) >= self.most:
            return False
        names[name] = now
        names.move_to_end(name)
        return True
