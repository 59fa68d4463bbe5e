"""The gate: what every request passes before gradio, so that each refusal is a sentence and nothing is fetched unasked."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from posterbeat.errors import PosterBeatError
from posterbeat.ui.page import text
from posterbeat.ui.server import request_body
from posterbeat.ui.server.callers import Places, Streams, Uploads, Visits, caller
from posterbeat.ui.server.fetch import fetch
from posterbeat.ui.server.front_page import Dressed, send_picture
from posterbeat.ui.server.previews import Previews
from posterbeat.ui.server.quiet_log import place
from posterbeat.ui.server.request_body import Refusal
from posterbeat.ui.server.responses import Answer, one_range, refuse
from posterbeat.ui.server.routes import CALLS, route
from posterbeat.ui.server.settings import Settings
from posterbeat.ui.server.uploads import folder, uploaded

_STREAMS = ("listen", "answer", "heartbeat", "progress")  # answers that go on
_MULTIPART = re.compile(rb"multipart/form-data\s*;.*\bboundary=\"?[\w'()+,./:=? -]{1,70}\"?\s*", re.I | re.S)
_WEB = re.compile(r"\s*https?:", re.I)
_log = logging.getLogger(__name__)


class Gate:
    """ASGI middleware before gradio: nothing passes but what `routes` lists.

    Parameters
    ----------
    settings
        Under which names the page is served, how many places a caller may take, and whether a poster may be named by its web
        address. It is then fetched here, from public servers only.
    """

    def __init__(self, app: ASGIApp, settings: Settings):
        self.app, self.settings = app, settings
        self._places, self._streams, self._visits = Places(settings.places), Streams(), Visits()
        self._uploads, self._previews = Uploads(settings.kept), Previews()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        ended = False

        async def hear() -> Message:
            nonlocal ended
            message = await receive()
            ended = not message.get("more_body")
            return message

        answer = Answer(scope["path"], send, lambda status: _log.error("A request failed with status %d.", status))
        try:
            await self._passed(scope, hear, answer)
        except Refusal as refusal:
            if not answer.begun:
                if not ended:
                    await request_body.let_end(hear)
                await refuse(send, refusal.status, refusal.sentence)
        except Exception as error:
            if answer.begun:
                raise
            _log.error("A request failed: %s", place(error))
            await refuse(send, 500, text.FAULT)

    async def _passed(self, scope: Scope, hear: Receive, answer: Send) -> None:
        headers = dict(scope["headers"])
        self._check_host(headers)
        taken, named = route(scope["method"], scope["path"])
        if taken is None:
            raise Refusal(404, text.CLOSED)
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        self._check_names(scope, taken, named, query)
        if taken == "picture":
            await send_picture(scope, hear, answer)
        elif taken == "front" and scope["method"] == "GET":
            await self.app(scope, request_body.limited(hear, request_body.MOST_JSON), Dressed(scope, answer))
        elif taken == "file" and (preview := await self._previews.of(scope["path"])):
            await FileResponse(preview, media_type="image/jpeg")(scope, hear, answer)
        elif taken in CALLS:
            await self._call(scope, hear, answer, taken, named, headers)
        elif taken in ("cancel", "reset"):
            wish = request_body.check_fields(await request_body.read_json(hear, headers))
            await self.app(_sized(scope, body := json.dumps(wish).encode()), request_body.again(body, hear), answer)
        elif taken == "upload":
            await self._upload(scope, hear, answer, query.get("upload_id"), headers)
        elif taken == "mcp" and scope["method"] == "POST":
            body = json.dumps(await request_body.read_json(hear, headers)).encode()
            await self.app(_sized(scope, body), request_body.again(body, hear), answer)
        elif taken in _STREAMS:
            who = caller(scope)
            if not self._streams.begin(who):
                raise Refusal(429, text.BUSY)
            try:
                await self.app(scope, request_body.limited(hear, request_body.MOST_JSON), answer)
            finally:
                self._streams.end(who)
        else:
            scope = {**scope, "headers": one_range(scope["headers"])}
            await self.app(scope, request_body.limited(hear, request_body.MOST_JSON), answer)

    def _check_names(self, scope: Scope, taken: str, named: dict[str, str], query: dict[str, str]) -> None:
        """Refuse names of sessions and events that are none or that nobody has, where a route brings one."""
        if taken in ("listen", "progress"):
            request_body.check_name(query.get("session_hash" if taken == "listen" else "upload_id"))
        elif taken in ("heartbeat", "answer"):
            request_body.check_name(named.get("session") or named["event"])
        if taken == "heartbeat":
            self._visit(scope, named["session"])
        elif taken in ("listen", "answer"):
            queue = scope["app"].get_blocks()._queue
            if not (query["session_hash"] in queue.pending_messages_per_session if taken == "listen"
                    else _is_awaited(queue, named["event"])):
                raise Refusal(404, text.NO_SESSION)

    async def _upload(self, scope: Scope, hear: Receive, answer: Send, named: str | None, headers: dict[bytes, bytes]) -> None:
        if named is not None:
            request_body.check_name(named)
        if not _MULTIPART.fullmatch(headers.get(b"content-type", b"")):
            raise Refusal(415, text.NOT_AN_UPLOAD)
        received = self._weighed(scope, request_body.few_files(request_body.limited(hear, request_body.MOST_UPLOAD)))
        try:
            await self.app(scope, received, answer)
        except (TypeError, ValueError) as error:  # what gradio's parser raises where parts are of the wrong kind
            raise Refusal(400, text.NOT_AN_UPLOAD) from error

    def _weighed(self, scope: Scope, receive: Receive) -> Receive:
        who = caller(scope)

        async def weighing() -> Message:
            message = await receive()
            if not self._uploads.note(who, len(message.get("body", b""))):
                raise Refusal(429, text.MUCH_UPLOADED)
            return message

        return weighing

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        """Refuse pages of others: a name that a stranger made point to this machine, or a request that his page sends here."""
        if self.settings.hosts is None:
            return
        for name, prefix in ((b"host", "//"), (b"origin", "")):
            said = headers.get(name)
            if said is None and name == b"origin":
                continue
            try:
                host = urlsplit(prefix + (said or b"").decode("latin-1")).hostname
            except ValueError:
                host = None
            if host is None or host.lower() not in self.settings.hosts:
                raise Refusal(421 if name == b"host" else 403, text.NOT_THIS_HOST)

    def _visit(self, scope: Scope, name: str) -> None:
        if not self._visits.note(caller(scope), name):
            raise Refusal(429, text.MANY_VISITS)

    async def _call(self, scope: Scope, hear: Receive, answer: Send, taken: str, named: dict[str, str],
                    headers: dict[bytes, bytes]) -> None:
        """A call of an endpoint or of one of the page's events, if it is one that gradio can answer and may let in."""
        page = scope["app"].get_blocks()
        wish = request_body.check_fields(await request_body.read_json(hear, headers), named=taken == "call/v2")
        asked = _asked(wish, taken, named.get("name"), page)
        if taken == "run" and asked.queue:
            raise Refusal(404, text.ONLY_IN_TURN)
        if isinstance(wish.get("session_hash"), str):
            self._visit(scope, wish["session_hash"])
        who = caller(scope)
        if asked.queue and self._places.full(who, page._queue):
            raise Refusal(429, text.BUSY)
        self._places.come(who)
        try:
            await self._localise(wish)
            body = json.dumps(wish).encode()
            await self.app(_sized(scope, body), request_body.again(body, hear), answer)
        finally:
            self._places.arrived(who)

    async def _localise(self, wish: dict[str, Any]) -> None:
        """Have every file that a call names be one that was uploaded, or fetched now where that is allowed."""
        fetched = False
        for file in list(_files(wish)):
            path = file.get("path")
            if not isinstance(file.get("meta", {}), dict) or not isinstance(path, str | None):
                raise Refusal(422, text.NOT_UPLOADED)
            if path is not None and _WEB.match(path):
                if not self.settings.by_address or fetched:
                    raise Refusal(422, text.NO_ADDRESSES)
                file["path"], fetched = await _fetched(path), True
            elif path is not None and not uploaded(path):
                raise Refusal(422, text.NOT_UPLOADED)


def _sized(scope: Scope, body: bytes) -> Scope:
    """The scope of a request whose body was written anew."""
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}


def _is_awaited(queue: Any, event: str) -> bool:
    """Whether an event has an answer that can still be fetched: who left half way has none, though its work may go on."""
    going = queue.event_ids_to_events.get(event)
    visits = (visit for visit, events in list(queue.pending_event_ids_session.items()) if event in events)
    visit = going.session_hash if going else next(visits, event)
    return visit in queue.pending_messages_per_session


def _asked(wish: dict[str, Any], taken: str, name: str | None, page: Any) -> Any:
    """The function that a call is for, if there is one and it takes as many values; gradio would answer with an empty error.

    Values that a call by name leaves out at the end of its list are added to it, as they are where none is given.
    """
    public = {fn.api_name: fn for fn in page.fns.values() if fn.api_name and fn.api_visibility == "public"}
    if name and (taken.startswith("call") or wish.get("fn_index") is None):
        asked = public.get(name)
        if asked is None:
            raise Refusal(404, f"There is no such endpoint: choose from {', '.join(map(str, public))}.")
    else:  # the page names its events by number
        asked = page.fns.get(wish.get("fn_index"))
        if asked is None or not isinstance(wish.get("data"), list) or len(wish["data"]) != len(asked.inputs):
            raise Refusal(404, text.OUTDATED)
        if asked.api_name not in public:
            return asked
    names = [block.label or "" for block in asked.inputs]
    said = f"/{asked.api_name} takes {len(names)} values ({', '.join(names)})"
    if taken == "call/v2":
        unknown = [one for one in wish if one not in (*names, "oauth_token")]
        if unknown:
            raise Refusal(422, f"{said}, and no other.")
        if _enough(asked) and names[0] not in wish:  # all others may be left out
            raise Refusal(422, f"{said}, of which {names[0]} is missing.")
    elif not isinstance(wish.get("data"), list) or not _enough(asked) <= len(wish["data"]) <= len(names):
        raise Refusal(422, f"{said}, as the list \"data\".")
    else:  # a script that was written when the endpoint took fewer
        wish["data"] += [block.value for block in asked.inputs[len(wish["data"]):]]
    return asked


def _enough(asked: Any) -> int:
    """How many values a call must bring: only the first may be one that has no default."""
    return int(bool(asked.inputs) and asked.inputs[0].value is None)


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
