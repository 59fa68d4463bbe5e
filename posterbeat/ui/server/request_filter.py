"""The gate: what every request passes before gradio, so that each refusal is a sentence and nothing is fetched unasked.

gradio downloads whatever any value names by web address, relays pages through `/file=https://...`, writes visitors' sessions
to disk as deep links, and answers what it did not expect with an empty error.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posterbeat.errors import PosterBeatError
from posterbeat.picture_file import MAX_BYTES
from posterbeat.ui.page import text
from posterbeat.ui.server.fetch import fetch
from posterbeat.ui.server.uploads import folder, uploaded

MOST_JSON = 1_000_000  # bytes: hundreds of times what the page or a script sends
MOST = MAX_BYTES * 4 // 3 + MOST_JSON  # a poster and what is around it, also in base64
_LINGER = 5.0  # seconds, and MOST bytes, for which a body that is refused is still taken in
_CLOSED = re.compile(r"/(file[=/]\s*https?:|proxy=|gradio_api/(deep_link|process_recording|run-history|runs|vibe))", re.I)
_CALL = re.compile(r"/gradio_api/(?:(?P<way>run|api|call|call/v2)/(?P<name>[^/]+)|queue/join)/?$")
_WEB = re.compile(r"\s*https?:", re.I)
_log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Gate:
    """ASGI middleware before gradio.

    Parameters
    ----------
    by_address
        Whether a poster may be named by its web address. It is then fetched here, from public servers only.
    """

    def __init__(self, app: ASGIApp, by_address: bool = False):
        self.app, self.by_address = app, by_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = ended = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        async def hear() -> Message:
            nonlocal ended
            message = await receive()
            ended = not message.get("more_body")
            return message

        async def refuse(refusal: Refusal) -> None:
            if begun:
                return
            if not ended:
                await _let_end(hear)
            said = {"detail": refusal.sentence, "error": refusal.sentence}
            await JSONResponse(said, refusal.status)(scope, hear, send)

        try:
            if _CLOSED.search(scope["path"]):
                raise Refusal(404, text.CLOSED)
            call = _CALL.search(scope["path"])
            if call and scope["method"] == "POST":
                body = await _whole(hear, MOST_JSON)
                given = _again(await self._checked(body, call, scope), hear)
            else:
                given = _counted(hear, MOST)
            await self.app(scope, given, answer)
        except Refusal as refusal:
            await refuse(refusal)
        except Exception as error:
            if begun:
                raise
            _log.error("A request failed: %s", place(error))
            await refuse(Refusal(500, text.FAULT))

    async def _checked(self, body: bytes, call: re.Match, scope: Scope) -> bytes:
        """The body, if it is one that gradio can answer; files that it names by web address are then local ones."""
        try:
            wish = json.loads(body)
            named = list(_files(wish))
        except (ValueError, RecursionError) as error:
            raise Refusal(400, text.NOT_JSON) from error
        _check_call(wish, call, scope["app"].get_blocks())
        fetched = False
        for file in named:
            path = file.get("path")
            if not isinstance(file.get("meta", {}), dict) or not isinstance(path, str | None):
                raise Refusal(422, text.NOT_UPLOADED)
            if path is not None and _WEB.match(path):
                if not self.by_address or fetched:
                    raise Refusal(422, text.NO_ADDRESSES)
                file["path"], fetched = await _fetched(path), True
            elif path is not None and not uploaded(path):
                raise Refusal(422, text.NOT_UPLOADED)
        return json.dumps(wish).encode() if fetched else body


def place(error: BaseException) -> str:
    """An exception's kind and where it arose: what a log may hold, since messages may tell names of visitors' files."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _check_call(wish: Any, call: re.Match, page: Any) -> None:
    """Refuse what gradio would answer with an empty error: no such endpoint, or not its number of values."""
    if not isinstance(wish, dict):
        raise Refusal(422, text.NOT_JSON)
    public = {fn.api_name: fn for fn in page.fns.values() if fn.api_name and fn.api_visibility == "public"}
    if call["name"] and (call["way"].startswith("call") or wish.get("fn_index") is None):
        asked = public.get(call["name"])
        if asked is None:
            raise Refusal(404, f"There is no such endpoint: choose from {', '.join(map(str, public))}.")
    else:  # the page names its events by number
        index = wish.get("fn_index")
        asked = page.fns.get(index) if isinstance(index, int) else None
        if asked is None or not isinstance(wish.get("data"), list):
            raise Refusal(404, text.OUTDATED)
        if asked.api_name not in public:
            return
    names = [block.label or "" for block in asked.inputs]
    said = f"/{asked.api_name} takes {len(names)} values ({', '.join(names)})"
    if call["way"] == "call/v2":
        unknown = [name for name in wish if name not in (*names, "oauth_token")]
        if unknown:
            raise Refusal(422, f"{said}, and no {unknown[0][:40]!r}.")
        if asked.inputs[0].value is None and names[0] not in wish:  # all others may be left out
            raise Refusal(422, f"{said}, of which {names[0]} is missing.")
    elif not isinstance(wish.get("data"), list) or len(wish["data"]) != len(names):
        raise Refusal(422, f"{said}, as the list \"data\".")


def _files(value: Any) -> Iterator[dict]:
    """Every object inside a value that names a file."""
    if isinstance(value, dict):
        if "path" in value or "meta" in value:
            yield value
        for part in value.values():
            yield from _files(part)
    elif isinstance(value, list):
        for part in value:
            yield from _files(part)


async def _fetched(address: str) -> str:
    try:
        return str(await asyncio.to_thread(fetch, address, folder() / "poster"))
    except PosterBeatError as error:
        raise Refusal(422, str(error)) from error


async def _whole(receive: Receive, most: int) -> bytes:
    body = b""
    counted = _counted(receive, most)
    while True:
        message = await counted()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return body


def _counted(receive: Receive, most: int) -> Receive:
    """`receive`, until more than `most` bytes have come."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise Refusal(413, f"This is over the limit of {most // 1_000_000} MB: send less.")
        return message

    return counting


def _again(body: bytes, receive: Receive) -> Receive:
    """`receive` for a body that was read already."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _let_end(receive: Receive) -> None:
    """Take in what is still being sent, and forget it: who is cut off while sending never reads why."""
    with contextlib.suppress(TimeoutError, Refusal):
        async with asyncio.timeout(_LINGER):
            counted = _counted(receive, MOST)
            while (await counted()).get("more_body"):
                pass
