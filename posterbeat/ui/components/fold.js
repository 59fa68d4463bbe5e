// A title that unfolds what stands below it; the style sheet follows aria-expanded.
const button = element.querySelector(".fold");
button.textContent = props.value;
button.onclick = () => button.setAttribute("aria-expanded", String(button.ariaExpanded !== "true"));
