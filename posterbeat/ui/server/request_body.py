"""What a request carries: taken in up to a limit, parsed aside, and handed on with nothing in it that was not asked for."""

import asyncio
import contextlib
import json
import re
from typing import Any

from starlette.types import Message, Receive

from posterbeat.picture_file import MAX_BYTES
from posterbeat.ui.page import text

MOST_JSON = 1_000_000  # bytes: hundreds of times what the page or a script sends
MOST_UPLOAD = MAX_BYTES * 4 // 3 + MOST_JSON  # a poster, also in base64, and what is around it
_DEEPEST = 32  # values inside of values
_FILES = 8  # of one upload, each of which is an open file while it comes
_SLOWEST = 60.0  # seconds that a call may take to come
_LINGER = 5.0  # seconds, and MOST_UPLOAD bytes, for which a body that is refused is still taken in
_NAME = re.compile(r"[\w.-]{1,64}", re.ASCII)
_KINDS = {"session_hash": str, "event_id": str, "fn_index": int, "trigger_id": int}


class Refusal(Exception):
    """A request that is answered with a status and a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def check_name(name: Any) -> None:
    """Refuse what is no name of a session or an event: they are remembered, and so must be short."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(422, text.NO_NAME)


def check_fields(wish: Any, named: bool = False) -> dict[str, Any]:
    """A call's fields, those left out that no caller need set.

    Parameters
    ----------
    named
        Whether the fields are the endpoint's own values (as in `call/v2`), and may be any.
    """
    if not isinstance(wish, dict):
        raise Refusal(422, text.NOT_JSON)
    if named:
        return wish
    for field, kind in _KINDS.items():
        value = wish.get(field)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise Refusal(422, text.NOT_JSON)
        if value is not None and kind is str:
            check_name(value)
    if not isinstance(wish.get("event_data"), dict | None):
        raise Refusal(422, text.NOT_JSON)
    return {name: wish[name] for name in (*_KINDS, "data", "event_data") if wish.get(name) is not None}


async def read_json(receive: Receive, headers: dict[bytes, bytes]) -> Any:
    """The value of a JSON body of at most MOST_JSON bytes, nested at most _DEEPEST deep.

    Raises
    ------
    Refusal
    """
    if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
        raise Refusal(415, text.NOT_SAID_JSON)  # a page elsewhere may send any other kind without asking
    body = bytearray()
    counted = limited(receive, MOST_JSON)
    try:
        async with asyncio.timeout(_SLOWEST):
            while True:
                message = await counted()
                body += message.get("body", b"")
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    break
    except TimeoutError as error:
        raise Refusal(408, text.TOO_SLOW) from error
    return await asyncio.to_thread(_parsed, bytes(body))


def _parsed(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, text.NOT_JSON) from error
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise Refusal(400, text.NOT_JSON)
        inside = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [part for parts in inside for part in parts]
    return value


def limited(receive: Receive, most: int) -> Receive:
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


def few_files(receive: Receive) -> Receive:
    """`receive` for an upload, until it has brought more files than a visitor has to send."""
    found, end = 0, b""

    async def counting() -> Message:
        nonlocal found, end
        message = await receive()
        seen = end + message.get("body", b"").lower()
        found += seen.count(b"content-disposition")
        end = seen[-(len(b"content-disposition") - 1):]
        if found > _FILES:
            raise Refusal(413, f"An upload brings at most {_FILES} files: send fewer.")
        return message

    return counting


def again(body: bytes, receive: Receive) -> Receive:
    """`receive` for a body that was read already."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def let_end(receive: Receive) -> None:
    """Take in what is still being sent, and forget it: who is cut off while sending never reads why."""
    with contextlib.suppress(TimeoutError, Refusal):
        async with asyncio.timeout(_LINGER):
            counted = limited(receive, MOST_UPLOAD)
            while (await counted()).get("more_body"):
                pass
