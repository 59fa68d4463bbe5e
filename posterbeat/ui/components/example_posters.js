const shelf = element.querySelector(".shelf");
function show() {
  shelf.replaceChildren(...(props.value || []).map((sample, index) => {
    const button = document.createElement("button"), picture = document.createElement("img");
    button.type = "button"; button.setAttribute("aria-label", "Take the example poster: " + sample.name);
    picture.src = sample.poster.url; picture.alt = ""; picture.loading = "lazy";
    button.append(picture);
    button.onclick = () => {
      if (document.querySelector("#poster img")?.src !== picture.src) document.dispatchEvent(new Event("poster-comes"));
      document.body.pickedPoster = sample.poster;  // scripts.py puts it into the box at once: of two presses the last one counts
      trigger("click", { index });
    };
    return button;
  }));
}
watch("value", show);
show();
