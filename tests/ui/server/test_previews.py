"""A poster that browsers cannot show is shown all the same, and stays what it was."""

import asyncio
from io import BytesIO

import pillow_heif
import pytest
from PIL import Image

from posterbeat.ui.server.previews import Previews
from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.settings import Settings
from tests.in_loop import finished


def asked(path):
    """Content type and body of what the gate answers for a file; None where gradio behind it answers."""
    sent, heard = [], []

    async def send(message):
        sent.append(message)

    async def receive():
        if not heard:
            heard.append(1)
            return {"type": "http.request", "body": b""}
        return await asyncio.Event().wait()  # a caller who waits for his answer

    async def behind(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"gradio's"})

    scope = {"type": "http", "method": "GET", "path": f"/gradio_api/file={path}", "query_string": b"",
             "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1)}

    async def answer():
        await Gate(behind, Settings())(scope, receive, send)

    finished(answer)
    body = b"".join(message.get("body", b"") for message in sent)
    return None if body == b"gradio's" else (dict(sent[0]["headers"])[b"content-type"], body)


def written(folder, kind):
    picture, path = Image.new("RGB", (2400, 3600), (180, 40, 60)), folder / "poster.any"
    if kind == "HEIC":
        pillow_heif.from_pillow(picture).save(path)
    else:
        picture.save(path, kind)
    return path


@pytest.fixture
def uploads(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    (tmp_path / "uploads" / "a1").mkdir(parents=True)
    return tmp_path / "uploads" / "a1"


@pytest.mark.parametrize("kind", ["TIFF", "HEIC"])
def test_tiff_and_heic_are_shown_as_jpeg(uploads, kind):
    path = written(uploads, kind)
    before = path.read_bytes()
    for _ in range(2):  # made, and then found
        said, body = asked(path)
        picture = Image.open(BytesIO(body))
        assert said == b"image/jpeg" and picture.format == "JPEG" and picture.size == (1067, 1600)
        assert max(abs(a - b) for a, b in zip(picture.getpixel((500, 800)), (180, 40, 60))) < 6
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_what_browsers_show_goes_out_as_it_is(uploads, kind):
    assert asked(written(uploads, kind)) is None


def test_nothing_but_uploads_is_opened(uploads, tmp_path):
    assert asked(written(tmp_path, "TIFF")) is None
    damaged = uploads / "cut.tif"
    damaged.write_bytes(written(tmp_path, "TIFF").read_bytes()[:3000])
    assert asked(damaged) is None and not (uploads / "preview-of-this.jpg").exists()
    assert finished(Previews().of, f"/gradio_api/file={uploads}/gone.tif") is None
