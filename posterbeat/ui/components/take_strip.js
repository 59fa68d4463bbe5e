// Built with DOM calls, never as markup: file names of visitors end up in here.
const strip = element.querySelector(".takes");
function show() {
  const takes = props.value || [];
  strip.hidden = takes.length < 2;
  strip.replaceChildren(...takes.map((take, index) => {
    const button = document.createElement("button"), words = document.createElement("div");
    const name = document.createElement("b"), seed = document.createElement("span");
    button.type = "button"; button.dataset.index = index;
    button.setAttribute("aria-current", String(take.current));
    button.setAttribute("aria-label", "Play: " + take.title + ", " + take.about);
    const picture = document.createElement(take.poster ? "img" : "div"), frame = document.createElement("i");
    if (take.poster) { picture.src = take.poster.url; picture.alt = ""; } else picture.className = "blank";
    name.textContent = take.genre; seed.textContent = take.about;
    frame.append(picture); words.append(name, seed); button.append(frame, words);
    button.onclick = () => trigger("click", { index });
    return button;
  }));
}
watch("value", show);
show();
