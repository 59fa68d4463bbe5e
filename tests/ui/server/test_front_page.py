"""The page's head as a crawler reads it: the project's own, with a picture that can be fetched."""

import re
import urllib.error
import urllib.request
from html.parser import HTMLParser
from io import BytesIO

import gradio as gr
import pytest
from PIL import Image
from starlette.middleware import Middleware

from posterbeat.ui.page import text
from posterbeat.ui.server.request_filter import Gate
from posterbeat.ui.server.settings import Settings
from tests.served import free_port


class Head(HTMLParser):
    """What the tags of a head say: `said` by property or name, `links` by rel."""

    def __init__(self, page):
        super().__init__()
        self.said, self.links, self.language = {}, {}, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "meta" and "content" in attributes:
            name = attributes.get("property") or attributes.get("name")
            assert name is None or name not in self.said, f"{name} is said twice"
            self.said[name] = attributes["content"]
        if tag == "link":
            self.links[attributes["rel"]] = attributes["href"]


@pytest.fixture(scope="module")
def get():
    """A function from a path of a small page behind the gate to its answer: headers and body."""
    with gr.Blocks(title=text.TITLE) as page:
        gr.Textbox()
    page.launch(server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True,
                app_kwargs={"middleware": [Middleware(Gate, settings=Settings(hosts=None))]})

    def answer(path, **headers):
        wish = urllib.request.Request(page.local_url.rstrip("/") + path, headers={"Host": "films.example", **headers})
        with urllib.request.urlopen(wish, timeout=60) as found:
            return found.headers, found.read()

    yield answer
    page.close()


def test_a_shared_link_shows_the_project_and_nobody_else(get):
    page = get("/")[1].decode()
    head = Head(page.split("</head>")[0])
    assert head.said["og:title"] == head.said["twitter:title"] == text.TITLE
    assert head.said["og:description"] == head.said["twitter:description"] == head.said["description"] == text.DESCRIPTION
    assert re.findall(r"<title>(.*?)</title>", page) == [text.TITLE]
    told = [value for name, value in head.said.items() if name and name.startswith(("og:", "twitter:"))]
    assert not [value for value in told if "gradio" in value.lower() or "github" in value.lower()]
    assert head.language == "en" and "manifest" not in head.links


@pytest.mark.parametrize("headers, root", [({}, "http://films.example"),
                                           ({"x-forwarded-proto": "https", "x-forwarded-host": "a.example"}, "https://a.example")])
def test_its_picture_has_an_address_that_answers_with_it(get, headers, root):
    head = Head(get("/", **headers)[1].decode().split("</head>")[0])
    assert head.said["og:url"] == f"{root}/"
    assert head.said["og:image"] == head.said["twitter:image"] == f"{root}/preview.jpg"
    headers, picture = get("/preview.jpg")
    assert headers["content-type"] == "image/jpeg"
    size = Image.open(BytesIO(picture)).size
    assert size == (int(head.said["og:image:width"]), int(head.said["og:image:height"])) and len(picture) < 300_000


def test_the_icon_is_the_project_s(get):
    head = Head(get("/")[1].decode().split("</head>")[0])
    headers, icon = get("/" + head.links["icon"])
    assert headers["content-type"] == "image/png" and Image.open(BytesIO(icon)).size == (192, 192)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get("/manifest.json")  # the page is no app to install


def test_a_host_cannot_write_into_the_page(get):
    page = get("/", **{"x-forwarded-host": 'a"><script>alert(1)</script>'})[1].decode()
    assert "<script>alert(1)" not in page
