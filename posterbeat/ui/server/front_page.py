"""The page's head: what a shared link shows, the icon, and the language; gradio's own speak of gradio."""

import re
from html import escape
from pathlib import Path

from gradio.route_utils import get_root_url
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from posterbeat.ui.page import text

_PAGE = Path(__file__).resolve().parents[1] / "page"
PICTURES = {"/preview.jpg": _PAGE / "preview.jpg", "/favicon.ico": _PAGE / "icon.png"}
_WIDTH, _HEIGHT = 1200, 630  # of preview.jpg
_NOT_OURS = re.compile(rb"<meta\s+(?:property=\"og:|name=\"twitter:|name=\"description\")[^>]*>|"
                       rb"<link\s+rel=\"(?:manifest|icon)\"[^>]*>|<title>.*?</title>", re.S)
_BASE = re.compile(rb"<base\b[^>]*>")
# All that the page says is English, and so are gradio's own words then.
_ENGLISH = ('<script>Object.defineProperties(navigator, {language: {get: () => "en"}, languages: {get: () => ["en"]}});</script>')

# Beside gradio's own way for style sheets, which takes every rule for one of something within the page.
_PRINTED = f'<style media="print">{(_PAGE / "print.css").read_text(encoding="utf-8")}</style>'


class Dressed:
    """`send`, with the project's own head in the page's HTML.

    Parameters
    ----------
    scope
        Of the request for the page.
    """

    def __init__(self, scope: Scope, send: Send):
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._parts.append(message.get("body", b""))
            if not message.get("more_body"):
                body = dressed(b"".join(self._parts), get_root_url(Request(self._scope), "/", self._scope.get("root_path")))
                kept = [(name, value) for name, value in self._start["headers"] if name != b"content-length"]
                await self._send({**self._start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
                await self._send({"type": "http.response.body", "body": body})


def dressed(page: bytes, address: str) -> bytes:
    """The HTML of the page with the project's head; `address` is the page's own, without a slash at its end."""
    told = {"title": text.TITLE, "description": text.DESCRIPTION, "image": f"{address}/preview.jpg"}
    shared = {**told, "url": f"{address}/", "type": "website", "site_name": "PosterBeat", "image:alt": text.PREVIEW,
              "image:width": f"{_WIDTH}", "image:height": f"{_HEIGHT}"}
    head = "".join([
        f"<title>{escape(text.TITLE)}</title>", f'<meta name="description" content="{escape(text.DESCRIPTION)}">',
        '<link rel="icon" type="image/png" href="favicon.ico">', '<meta name="twitter:card" content="summary_large_image">',
        *(f'<meta property="og:{name}" content="{escape(said)}">' for name, said in shared.items()),
        *(f'<meta name="twitter:{name}" content="{escape(said)}">' for name, said in told.items()), _PRINTED, _ENGLISH])
    return _BASE.sub(lambda base: base[0] + head.encode(), _NOT_OURS.sub(b"", page), count=1)


async def send_picture(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request for one of `PICTURES`."""
    path = PICTURES[scope["path"]]
    await FileResponse(path, media_type=f"image/{'png' if path.suffix == '.png' else 'jpeg'}",
                       headers={"Cache-Control": "public, max-age=86400"})(scope, receive, send)
