// A button for each part of the take on the screen, and which of its bars are meant. Built with DOM calls, never as markup.
const rows = element.querySelector(".parts");
const [first, last] = [["from", "First bar"], ["to", "Last bar"]].map(([name, words]) => {
  const field = document.createElement("input");
  Object.assign(field, { type: "text", inputMode: "numeric", className: name, maxLength: 12, autocomplete: "off" });
  field.setAttribute("aria-label", words + " to be written anew");
  return field;
});
const playing = document.createElement("button"), bars = document.createElement("span");
playing.type = "button"; playing.textContent = "Section that plays"; playing.title = "Its first and last bar, as the player stands now";
playing.className = "playing"; playing.onclick = () => {
  const { sections, bar } = props.value, now = 1 + Math.floor(Number(document.querySelector(".roll").dataset.cursor || 0) / bar);
  const section = sections.find((one) => one.first <= now && now <= one.last) || sections.at(-1);
  first.value = section.first; last.value = section.last;
};
bars.className = "bars"; bars.append("in bars", first, "to", last, playing);
let pressed = "", before = "";

function asked() {  // first and last bar as they were typed; none means the whole piece
  const from = first.value.trim(), to = last.value.trim();
  return from || to ? [from || "1", to || String(props.value.bars)] : null;
}
function draw() {
  const { parts = [], sections = [], bars: count } = props.value || {}, held = rows.contains(document.activeElement) && document.activeElement;
  rows.hidden = !parts.length;
  if (JSON.stringify(sections) !== before) first.value = last.value = "";  // a piece of another form
  before = JSON.stringify(sections); first.placeholder = "1"; last.placeholder = String(count || "");
  rows.replaceChildren(...parts.map((part) => {
    const button = document.createElement("button"), dot = document.createElement("i");
    button.type = "button"; button.title = "Rewrite this part";
    button.setAttribute("aria-label", "Rewrite this part: " + part.name);
    dot.style.setProperty("--family", part.colour); dot.setAttribute("aria-hidden", "true");
    button.append(dot, part.name);
    button.onclick = () => { pressed = part.name; trigger("select", { part: part.name, bars: asked() }); };
    return button;
  }));
  if (!parts.length) return;
  const words = document.createElement("span");
  words.textContent = "Rewrite a part:"; words.setAttribute("aria-hidden", "true");
  rows.prepend(words); rows.append(bars);
  if (held) (bars.contains(held) ? held : [...rows.querySelectorAll("button")].find((button) => button.textContent === pressed))?.focus();
}
watch("value", draw);
draw();
