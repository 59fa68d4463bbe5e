// Built with DOM calls, never as markup: anybody can write anything on a poster.
const FEW = 4;  // shown before the rest is asked for
const words = element.querySelector(".words");
let open = false;
function line(one) {
  const item = document.createElement("span"), field = document.createElement("input"), strike = document.createElement("button");
  item.className = one.loud ? "loud" : "";
  field.value = one.text; field.maxLength = 200; field.spellcheck = false; field.dir = "auto";
  field.size = Math.min(40, Math.max(3, one.text.length));
  field.setAttribute("aria-label", "A line on the poster, to be corrected");
  field.onchange = () => { if (field.value.trim() !== one.text) trigger("click", { index: one.index, text: field.value.trim() }); };
  field.onkeydown = event => { if (event.key === "Enter") field.blur(); };
  strike.type = "button"; strike.textContent = "\u00d7";
  strike.setAttribute("aria-label", "Strike out: " + one.text);
  strike.onclick = () => trigger("click", { index: one.index, text: "" });
  item.append(field, strike);
  return item;
}
function show() {
  const value = props.value, parts = [];
  words.hidden = !value || !(value.said || value.lines.length);
  if (!words.hidden) {
    const shown = open ? value.lines : value.lines.slice(0, FEW);
    parts.push(...shown.map(line));
    if (value.genre) {
      const arrow = document.createElement("b");
      arrow.textContent = "\u2192 " + value.genre;
      parts.push(arrow);
    }
    if (value.said) {
      const said = document.createElement("p");
      said.textContent = value.said;
      parts.push(said);
    }
    if (value.lines.length > FEW) {
      const more = document.createElement("button");
      more.type = "button"; more.className = "more"; more.setAttribute("aria-expanded", String(open));
      more.textContent = open ? "Fewer" : "All " + value.lines.length + " lines";
      more.onclick = () => { open = !open; show(); };
      parts.push(more);
    }
  }
  words.replaceChildren(...parts);
}
watch("value", show);
show();
