"""What goes back: every refusal a sentence that repeats nothing, and every answer taken for what it says it is."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from posterbeat.ui.page import text

_SAID = {  # what gradio refuses, by status
    400: text.NOT_JSON, 401: text.CLOSED, 403: text.NO_FILE, 404: text.NOTHING, 405: text.CLOSED, 406: text.NOT_MCP,
    413: text.TOO_MUCH, 415: text.NOT_SAID_JSON, 416: text.NO_RANGE, 422: text.NOT_JSON, 429: text.BUSY, 503: text.FULL,
}
_KEPT = (b"content-range", b"allow")  # headers of a refusal that say more
_MOST = 64_000  # bytes of a refusal that are looked at
_RANGE = re.compile(rb"bytes=(\d{0,18})-(\d{0,18})")


class Answer:
    """`send`, with a sentence in place of whatever else a refusal may say.

    Parameters
    ----------
    path
        What was asked for.
    log
        Called with the status of a failure of ours.
    """

    def __init__(self, path: str, send: Send, log: Callable[[int], None]):
        self._said = {**_SAID, 400: text.NOT_AN_UPLOAD} if path.endswith("/upload") else _SAID
        self._send, self._log = send, log
        self.begun = False
        self._held: list[Message] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-Content-Type-Options"] = "nosniff"
            if message["status"] >= 400:
                self._held = [message]
                return
        if not self._held:
            self.begun = True
            await self._send(message)
            return
        self._held.append(message)
        if not message.get("more_body"):
            await self._refuse()

    async def _refuse(self) -> None:
        start, *parts = self._held
        self._held, self.begun = [], True
        content = b"".join(part.get("body", b"") for part in parts)
        sentence = _own_sentence(content)
        if sentence is None:
            sentence = self._said.get(start["status"], text.FAULT if start["status"] >= 500 else text.NOT_JSON)
            if start["status"] >= 500 and start["status"] not in _SAID:
                self._log(start["status"])
        kept = [(name, value) for name, value in start["headers"] if name.lower() in _KEPT]
        await refuse(self._send, start["status"], sentence, kept)


def _own_sentence(content: bytes) -> str | None:
    """What a handler of ours said: gradio puts it, and nothing else, under "error" beside its "title"."""
    try:
        said = json.loads(content[:_MOST])
    except ValueError:
        return None
    sentence = said.get("error") if isinstance(said, dict) and "title" in said else None
    return sentence if isinstance(sentence, str) else None


async def refuse(send: Callable[[Message], Awaitable[None]], status: int, sentence: str,
                 besides: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with a status, a sentence, and headers `besides` the usual ones."""
    body = json.dumps({"detail": sentence, "error": sentence}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()),
               (b"x-content-type-options", b"nosniff"), *besides]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def one_range(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without a Range that asks for several parts or makes no sense: the whole is answered then, as RFC 9110 allows.

    What stays is written so that Starlette answers it, as all others, and not gradio, which sends the request's headers back.
    """
    asked = [value for name, value in headers if name == b"range"]
    found = _RANGE.fullmatch(asked[0].strip()) if len(asked) == 1 else None
    others = [(name, value) for name, value in headers if name != b"range"]
    if not found or not (found[1] or found[2]) or (found[1] and found[2] and int(found[1]) > int(found[2])):
        return others
    return [*others, (b"range", b"bytes= %s-%s" % found.groups())]
