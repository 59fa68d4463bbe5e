"""What runs in the visitor's browser at some events of the page."""

import json

from posterbeat.controls import COMPOSER_KINDS

# Compose waits for a poster that is on its way; then the steps are brought into view, and Stop with them.
# Beyond the inputs, a script is given the outputs' values; what it returns is sent.
_BEGIN = """async (...values) => {
  await document.body.posterArrives;
  const act = document.querySelector("#act"), screen = document.querySelector("#screen").getBoundingClientRect();
  document.body.dataset.began = document.activeElement?.closest("#compose, #another, #takes button") ? "1" : "";
  if (innerWidth < 760) act.scrollIntoView({ behavior: "smooth" });
  else if (screen.top < 0 || screen.top > innerHeight - 160) act.scrollIntoView({ behavior: "smooth", block: "nearest" });
  return values.slice(0, INPUTS);
}"""


def begin(inputs: int) -> str:
    """What runs at a press that begins a piece of work, before its handler, which takes so many inputs."""
    return _BEGIN.replace("INPUTS", str(inputs))


def focus(*targets: str, after: int = 100, only_if: str = "true") -> str:
    """Give the focus to the first control there is, some milliseconds later, where the one that had it is gone or at rest now."""
    return f"""() => {{
  setTimeout(() => {{
    const lost = document.activeElement === document.body || document.activeElement?.id === "stop";
    const next = {json.dumps(targets)}.map((one) => document.querySelector(one)).find(Boolean);
    if (lost && {only_if}) next?.focus({{ preventScroll: true }});
  }}, {after});
}}"""


# The player comes into view with the music: what was above it may have moved it away.
SHOW_PLAYER = """() => {
  const play = document.querySelector(".roll .play").getBoundingClientRect(), block = innerWidth < 760 ? "start" : "nearest";
  if (play.top < 0 || play.bottom > innerHeight) document.querySelector("#act").scrollIntoView({ behavior: "smooth", block });
}"""
_BY_BUTTON = "document.body.dataset.began"
# Stop gets the focus only when it can be pressed, or a key that is held down would stop at once what it has begun.
FOCUS_STOP = focus("#stop", after=900, only_if=_BY_BUTTON)
FOCUS_PLAY = focus(".roll .play:not(:disabled)", "#compose", only_if=_BY_BUTTON)
FOCUS_COMPOSE = focus("#compose")
FOCUS_SHEET = focus("#engrave")

# The file made on demand is put behind a hidden download button, which is then pressed.
DELIVER = """() => {
  setTimeout(() => (document.querySelector("#hidden-download a") || document.querySelector("#hidden-download")).click(), 150);
}"""

# The link lies in the line of facts; a small copy of the visitor's own poster in its fragment, which no server gets to see.
_LINK = """
  const facts = document.querySelector("#facts .facts");
  if (!facts) return;
  const link = new URL(facts.dataset.link, location.href);
  const [, code] = facts.dataset.cover.split(",");
  if (code) link.hash = "poster=" + code.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  else if (link.search === location.search) link.hash = location.hash;
"""

# Where there is no clipboard (plain http), the link is shown to be copied by hand.
COPY_LINK = "() => {" + _LINK + """
  const button = document.querySelector("#copy-link");
  const done = () => {
    button.textContent = "Link copied";
    setTimeout(() => { button.textContent = "Copy link"; }, 2500);
  };
  if (navigator.clipboard) navigator.clipboard.writeText(link.href).then(done, () => window.prompt("The link:", link.href));
  else window.prompt("The link:", link.href);
}"""
SHARE = "() => {" + _LINK + """
  navigator.share({ title: document.querySelector(".roll .title").textContent, url: link.href }).catch(() => {});
}"""

PICKED = "() => [document.body.pickedPoster]"

# A refused poster gives way to the one before it, unless another came in its place while it was looked at.
TAKE_BACK = """(poster, said) => {
  if (!said?.refused || poster?.path !== said.refused) return [{ __type__: "update" }];
  return [said.former];
}"""

# Compose as soon as the reading is there, if the visitor asked for it: once a poster, though it may be reported twice.
COMPOSE_AT_ONCE = """(wanted, poster) => {
  const page = document.body.dataset, read = poster ? poster.path : "";
  if (wanted && read && read !== page.read) document.querySelector("#compose")?.click();
  page.read = read;
  return [wanted, poster];
}"""

# From now on the settings are kept: before, they would be those of an empty page. And a list that is left is closed: gradio
# leaves it open, over whatever lies below.
ARRIVED = """() => {
  document.body.dataset.arrived = "1";
  document.addEventListener("focusout", ({ target }) => setTimeout(() => {
    if (target.role !== "combobox" || target === document.activeElement || target.ariaExpanded !== "true") return;
    target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  }, 120));
  document.body.classList.toggle("can-share", Boolean(navigator.share));
}"""


# The length as minutes and seconds beside its name; it is at rest where a number of notes, or the study's composer, leaves it
# without effect.
LENGTH = """(seconds, notes, composer) => {
  const clock = Math.floor(seconds / 60) + ":" + String(Math.round(seconds % 60)).padStart(2, "0");
  document.querySelector("#seconds")?.style.setProperty("--clock", '"' + clock + '"');
  return [{ __type__: "update", interactive: !notes?.trim() && composer === """ + json.dumps(COMPOSER_KINDS[0]) + """ }];
}"""


def keep(names: list[str]) -> str:
    """Keep the values of as many widgets by these names in the browser; of the poster, where it lies."""
    return """(...values) => {
  if (!document.body.dataset.arrived) return [{ __type__: "update" }];
  const kept = Object.fromEntries(""" + json.dumps(names) + """.map((name, place) => [name, values[place]]));
  kept.poster = kept.poster ? kept.poster.path : null;
  return [kept];
}"""


def making(button: str, words: str) -> str:
    """The button of this id at rest, with words that say what goes on; pressed once more meanwhile, nothing follows."""
    return f"""() => {{
  const page = document.body.dataset;
  if (page.{button}) throw new Error("It is being made.");  // which gradio takes for a refusal
  page.{button} = "1";
  return [{{ __type__: "update", interactive: false, value: {json.dumps(words)} }}];
}}"""


def made(button: str, label: str) -> str:
    """The button as it was."""
    return f"""() => {{
  delete document.body.dataset.{button};
  return [{{ __type__: "update", interactive: true, value: {json.dumps(label)} }}];
}}"""
