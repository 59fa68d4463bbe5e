"""What runs in the visitor's browser at some events of the page."""

# On a phone the screen lies below the fold: bring it into view when composing starts.
SCROLL = """() => {
  if (window.innerWidth < 760) document.querySelector("#stage").scrollIntoView({behavior: "smooth"});
}"""
# The file made on demand is put behind a hidden download button, which is then pressed.
DELIVER = """() => {
  setTimeout(() => (document.querySelector("#hidden-download a") || document.querySelector("#hidden-download")).click(), 150);
}"""

# The link lies in the line of facts; where there is no clipboard (plain http), it is shown to be copied by hand.
COPY_LINK = """() => {
  const facts = document.querySelector("#facts .facts"), button = document.querySelector("#copy-link");
  if (!facts) return;
  const link = new URL(facts.dataset.link, location.href).href;
  const done = () => {
    button.textContent = "Link copied";
    setTimeout(() => { button.textContent = "Copy link"; }, 2500);
  };
  if (navigator.clipboard) navigator.clipboard.writeText(link).then(done, () => window.prompt("The link:", link));
  else window.prompt("The link:", link);
}"""

# Compose as soon as the reading is there, if the visitor asked for it: once a poster, though it may be reported twice.
COMPOSE_AT_ONCE = """(wanted, poster) => {
  const page = document.body.dataset, read = poster ? poster.path : "";
  if (wanted && read && read !== page.read) document.querySelector("#compose")?.click();
  page.read = read;
  return [wanted, poster];
}"""
