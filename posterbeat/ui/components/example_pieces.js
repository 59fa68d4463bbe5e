const list = element.querySelector(".pieces"), audio = element.querySelector("audio"), said = element.querySelector("p");
let buttons = [], chosen = -1;
const mark = () => buttons.forEach((button, index) => {
  button.setAttribute("aria-pressed", String(index === chosen && !audio.paused));
});
function begin() {
  const rows = new Map();
  buttons = props.value.pieces.map((piece, index) => {
    if (!rows.has(piece.genre)) {
      const row = document.createElement("div"), name = document.createElement("b");
      row.setAttribute("role", "group"); row.setAttribute("aria-label", piece.genre);
      name.textContent = piece.genre; row.append(name); list.append(row); rows.set(piece.genre, row);
    }
    const button = document.createElement("button");
    button.type = "button"; button.textContent = piece.seed;
    button.setAttribute("aria-label", piece.genre + ", seed " + piece.seed);
    button.onclick = () => {
      if (index === chosen && audio.src) { if (audio.paused) audio.play(); else audio.pause(); return; }
      chosen = index; audio.pause(); audio.hidden = true; audio.removeAttribute("src");
      said.textContent = "The orchestra plays " + piece.genre + ", seed " + piece.seed + " ..."; mark();
      trigger("click", { index });
    };
    rows.get(piece.genre).append(button);
    return button;
  });
}
function show() {
  const value = props.value;
  if (!buttons.length) begin();
  if (!value.audio || value.chosen !== chosen) return;  // another was pressed meanwhile
  said.textContent = value.pieces[chosen].genre + ", seed " + value.pieces[chosen].seed;
  audio.src = value.audio.url; audio.hidden = false; audio.play().catch(() => {});
}
for (const change of ["play", "pause", "ended"]) audio.addEventListener(change, mark);
document.addEventListener("play", (event) => {  // one sound at a time on this page
  for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
}, true);
watch("value", show);
show();
