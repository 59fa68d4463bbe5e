"""What the page says."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from posterbeat.controls import COMPOSER_KINDS, DEFAULT_NOTES, NOTES, to_text
from posterbeat.genres import GENRES
from posterbeat.steps import Cut, GoOn, Step

if TYPE_CHECKING:  # these pull in torch, which the page need not wait for
    from posterbeat.colours import PosterColours
    from posterbeat.vision.text_reader import TextLine

OURS = COMPOSER_KINDS[0]

TITLE = "PosterBeat: a soundtrack for any film poster"
DESCRIPTION = "Give it a film poster. It reads the genre and composes the soundtrack: listen, download it, send it on."
PREVIEW = "A film poster beside the notes of its soundtrack"  # what the picture of a shared link shows

MASTHEAD = """<h1>poster<span>beat</span></h1>
<p>Give it a film poster. It reads the genre and composes the soundtrack.</p>"""

OWN = "the poster's own"
MIXED = "a mixture of my own"
LINKED = "as the link or the take says"
GENRE_CHOICES = [
    ("The poster's own", OWN),
    *((name.capitalize(), name) for name in GENRES),
    ("A mixture of my own", MIXED),
]
FROM_LINK, FROM_TAKE = ("As the link says", LINKED), ("As in that take", LINKED)  # offered once there is one
STEMS = "Stems (ZIP of WAV)"
USE_SETTINGS = "Use these settings"
MAKING = {".mp3": "Making the MP3 ...", ".mp4": "Making the film ...", ".zip": "Packing the parts ...",
          ".musicxml": "Writing the score ...",
          ".pdf": "Engraving ..."}
INVITED = "Press Play, and this piece is composed again, note for note. It takes a few seconds."

DROP = "Drop a film poster here,\npaste it, or click to choose one"
SHOW_HEATMAP, SHOW_POSTER = "Show what it looked at", "Show the poster again"
EXAMPLE_PIECES = """<h2>Hear some</h2>
<p>Five pieces per genre, numbered by their seeds, 600 notes each, none of them hand-picked.</p>"""
EXAMPLE_POSTERS = "Or try one of these, drawn for films that do not exist:"
FOLLOW_COLOURS = "Let the poster's colours, or your changes to them, set tempo, mode and density"
AT_ONCE = "Compose as soon as a poster has been read"
READ_WORDS = "Read the poster's words beside its picture"
ADVANCED = "Advanced: mixture, colours, instruments, chords"
ABOUT_MIXTURE = "<b>Blend the genres.</b> The sliders start from what was read on the poster."

LENGTH = 60  # seconds, unless the visitor says otherwise
ABOUT_LENGTH = "In seconds, to a proper close."
ABOUT_TEMPERATURE = "Low plays safe, high takes risks."
LEFT_OPEN = "any"
ABOUT_INSTRUMENTS = "Exactly these play, eight at most; none: the composer chooses. For two violins, add a second violin."
ABOUT_CHORDS = "One bar each, repeated to the end. Two in a bar: Am | F G"
ABOUT_KEY = "Such as D minor."
ABOUT_METRE = "Beats in a bar."
ABOUT_NOTES = f"{NOTES[0]} to {NOTES[1]}, of all instruments together."
COMPOSERS = ("This project's", "The reference study's, of 2019")
ABOUT_STUDY = ("The study's stack learned only comedy and heeds notes, tempo and seed alone: without a number of notes it writes "
               f"{DEFAULT_NOTES}, and it is slow.")
STUDY = "Music by the stack of 2019"

NO_POSTER = "Add a poster or choose a genre first: there is nothing to compose for yet."
GONE = "This take was removed after an hour: compose it again with the same settings and seed."
NO_STUDY = "The study's composer is not offered here: this project's composes in its place."
NO_LINK = "What was kept of this take says too little to compose it again."
NOT_THERE = "The previous take is no longer kept here."
OTHER_WEIGHTS = ("Another version of the composer wrote this take, and this one would write other music: ask for its MIDI or MP3 "
                 "file, or draw a new seed to have this version compose with the same settings.")
LONGER = 30  # seconds, at Go on
WAKING = "Waking the composer"
ASKED = "One moment"
NOTHING_YET = "Compose something first."
STOPPED = "Stopped. Nothing was kept."
STOPPED_IN_TIME = "Stopped. What was written until then can be kept as a take."
ENDING = "This server is shutting down, and nothing was kept: try again in a minute."
FAULT = "Something went wrong here, and it was logged: try again, or with other settings."
NO_ROOM = "The server has no room to write the music: try again later, or with fewer notes."

# What callers of the API read when they ask for what is not there.
NOT_UPLOADED = ("A file is named by the path that its upload gave, and this is no such file (or it was removed after an "
                "hour): upload it again.")
NO_ADDRESSES = "Files are not fetched by web address here: upload the file."
NOT_JSON = "The request is not a JSON object that can be read: see /?view=api for what is expected."
CLOSED = "This is not offered here."
OUTDATED = "The page has changed since it was loaded: load it again."
NOTHING = "There is nothing at this address: see /?view=api for what is offered."
NOT_SAID_JSON = "The request does not say that it is JSON: send it with the header Content-Type: application/json."
NO_NAME = "A session or event is named by at most 64 letters, digits, dots, hyphens and underscores."
NO_SESSION = "There is no such call, or its answer was fetched already: call again."
NO_FILE = "This file is not offered, or was removed after an hour."
NO_RANGE = "The file has no such part: ask for one that lies within it."
NOT_MCP = "The tools answer over MCP's streamable HTTP: accept application/json and text/event-stream."
NOT_AN_UPLOAD = "An upload is multipart/form-data that brings its file in the field \"files\": send it so."
TOO_SLOW = "The request did not come to its end within a minute: send it again."
TOO_MUCH = "This is more than is taken here: a file has at most 30 MB."
ONLY_IN_TURN = "This is done in turn: call it at /gradio_api/call/ and its name, and fetch the answer from there."
FULL = "The queue is full: try again in a minute."
BUSY = "You have as many requests running here as one caller may have: wait for one of them."
MUCH_UPLOADED = "So much has been uploaded from your address that no more is taken now: try again in an hour."
MANY_VISITS = "There are too many visits from your address at once: try again in five minutes."
NOT_THIS_HOST = ("The page is not offered under this name, or not to pages of another one; whoever runs it can allow a name in "
                 "POSTERBEAT_HOSTS.")
SILENT = "This server cannot play music at present, and it was noted: try again later, or tell whoever runs it."

STEPS = ("Reading", "Composing", "Rendering")


def waiting(place: int, seconds: float | None) -> str:
    """The steps, none of them begun, and how long it will be: `place` pieces are before this one, 0 if it is next."""
    before = {0: "Yours is next", 1: "One piece is before yours"}.get(place, f"{place} pieces are before yours")
    about = f", in about {5 * max(1, math.ceil(seconds / 5))} seconds" if seconds else ""
    return stage(None, f"The composer is busy. {before}{about}.")


def stage(step: int | None, text: str = "", share: float | None = None) -> str:
    """The three steps as a list, those before `step` done (None: none has begun); a bar where a share of the step is known."""
    begun = [] if step is None else ["class='done'"] * step + ["class='now' aria-current='step'"]
    marks = begun + [""] * len(STEPS)
    items = "".join(f"<li {mark}>{name}</li>" for mark, name in zip(marks, STEPS))
    bar = ""
    if share is not None:
        bar = f'<div class="bar" aria-hidden="true"><i style="--share:{100 * share:.0f}%"></i></div>'
    line = f"<p>{escape(text)}</p>" if text else ""
    return f'<div class="stage" role="status"><ol>{items}</ol>{bar}{line}</div>'


def notice(*lines: str, leaves: bool = True) -> str:
    """Lines where the steps were; they leave after some seconds, unless they are to stay until something else comes."""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return f'<div class="stage{" notice" if leaves else ""}" role="status">{said}</div>'


def keep(seconds: float) -> str:
    """What the button says that makes a take of what was written before Stop."""
    return f"Keep these {round(seconds)} seconds"


def left_out(refused: Sequence[str]) -> str:
    """What a link asked for in vain, where the steps are shown later."""
    return notice("Part of the link was left out:", *refused, leaves=False)


def refused(sentence: str) -> str:
    """Why nothing is composed, beside Compose; nothing where `sentence` is empty."""
    return f'<p class="said" role="alert">{escape(sentence)}</p>' if sentence else ""


def genres_read(probabilities: Mapping[str, float]) -> str:
    """The genre that was read, and the share of each, as HTML."""
    order = sorted(probabilities, key=probabilities.get, reverse=True)
    rows = "".join(
        f'<li><span>{name}</span><i aria-hidden="true"><b style="width: {100 * probabilities[name]:.1f}%"></b></i>'
        f"<em>{100 * probabilities[name]:.0f}%</em></li>" for name in order)
    return f'<h2 class="output-class">{order[0]}</h2><ul aria-label="Genres that were read">{rows}</ul>'


def number(text: str | None) -> int | str | None:
    """What a visitor typed as a number: a number, nothing (None), or the text itself, for the check to refuse."""
    text = (text or "").strip()
    try:
        return int(text) if text else None
    except ValueError:
        return text


def mix_words(mix: dict[str, float]) -> str:
    """Such as "horror 70 %, comedy 30 %"; shares below half a per cent are left out."""
    parts = [
        f"{name} {100 * share:.0f} %"
        for name, share in sorted(mix.items(), key=lambda item: -item[1])
        if share >= 0.005
    ]
    return ", ".join(parts)


def done(step: Step) -> str:
    """What was done with a take, in words: "Violin anew"."""
    if isinstance(step, GoOn):
        return f"{step.seconds:g} s longer"
    if isinstance(step, Cut):
        return f"ends after bar {step.bars}"
    bars = f" in bars {step.bars[0]} to {step.bars[1]}" if step.bars else ""
    return f"{'all parts' if step.part is None else step.part}{bars} anew"


def facts(take) -> str:
    """What is needed to make a take (`take.Take`) again, as a line of HTML that unfolds."""
    controls = take.controls
    first = f"Seed <b>{controls.seed}</b> · {escape(mix_words(take.genre_mix))}"
    parts = [controls.length, f"temperature {controls.temperature:g}"]
    if controls.composer_kind != OURS:
        parts.append("composed by the reference study's stack, which knows only comedy")
    else:
        said = {"tempo": "{:.0f} beats a minute", "density": "density {:.2f}"}
        parts += [escape(said[name].format(value) if name in said else to_text(value))
                  for name, value in controls.steering.items() if value is not None]
    parts += [escape(done(step)) for step in take.steps]
    parts.append(f"played by {escape(take.renderer)}")
    cover = take.cover if take.cover and "poster=" not in take.link else ""  # an example is named in the link itself
    return (
        f'<details class="facts" data-link="{escape(take.link)}" data-cover="{cover}"><summary>{first}</summary>'
        f'<p>{", ".join(parts)}</p></details>'
    )


def heat(jpeg: bytes, genre: str) -> str:
    """The heat-map with what it shows, as HTML."""
    return (
        f'<figure class="heat"><img alt="The poster in grey, lit where it spoke for {genre}" '
        f'src="{inline("image/jpeg", jpeg)}"><figcaption>Lit: what spoke for {genre}</figcaption></figure>'
    )


def inline(kind: str, content: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:{kind};base64,{b64encode(content).decode()}"


def sheet(pages: list[str]) -> str:
    """Engraved pages, each an SVG, as HTML to scroll in."""
    shown = "".join(
        f'<img alt="Sheet music, page {number} of {len(pages)}" src="{inline("image/svg+xml", page.encode())}">'
        for number, page in enumerate(pages, 1)
    )
    return f'<div class="pages" tabindex="0" role="group" aria-label="Sheet music">{shown}</div>'


def outlines(lines: Sequence[TextLine], loud: Collection[int], size: tuple[int, int]) -> str:
    """Frames around the lines of a poster of `size` (width, height), bold around those that spoke, as HTML that lies over it."""
    width, height = size
    frames = "".join(
        f'<rect class="{"loud" if index in loud else ""}" x="{left * width:.1f}" y="{top * height:.1f}" '
        f'width="{(right - left) * width:.1f}" height="{(bottom - top) * height:.1f}"/>'
        for index, (left, top, right, bottom) in enumerate(line.box for line in lines)
    )
    return f'<svg class="outlines" viewBox="0 0 {width} {height}" aria-hidden="true">{frames}</svg>' if frames else ""


def colours_line(colours: PosterColours | None) -> str:
    """What the poster's colours say, as a line of HTML."""
    if not colours:
        return '<p class="facts">Add a poster, and its colours are read here.</p>'
    return (
        f'<p class="facts"><b>{escape(colours.sentence)}</b>. Lighter than {100 * colours.lightness:.0f} %, '
        f"more saturated than {100 * colours.saturation:.0f} % and warmer than {100 * colours.warmth:.0f} % "
        "of posters.</p>"
    )
