// A button for each part of the take on the screen. Built with DOM calls, never as markup.
const rows = element.querySelector(".parts");
let pressed = "";

function draw() {
  const parts = props.value?.parts || [], held = rows.contains(document.activeElement);
  rows.hidden = !parts.length;
  rows.replaceChildren(...parts.map((part) => {
    const button = document.createElement("button"), dot = document.createElement("i");
    button.type = "button"; button.title = "Rewrite this part";
    button.setAttribute("aria-label", "Rewrite this part: " + part.name);
    dot.style.setProperty("--family", part.colour); dot.setAttribute("aria-hidden", "true");
    button.append(dot, part.name);
    button.onclick = () => { pressed = part.name; trigger("select", { part: part.name }); };
    return button;
  }));
  if (!parts.length) return;
  const words = document.createElement("span");
  words.textContent = "Rewrite a part:"; words.setAttribute("aria-hidden", "true");
  rows.prepend(words);
  if (held) [...rows.querySelectorAll("button")].find((button) => button.textContent === pressed)?.focus();
}
watch("value", draw);
draw();
