// Built with DOM calls, never as markup: whatever lies in the browser's storage ends up in here.
const KEY = "posterbeat-takes", MOST = 12;  // kept in the browser; those with a star stay longest
const strip = element.querySelector(".takes");
const picture = (cover) => typeof cover === "string" && cover.startsWith("data:image/") ? cover : "";
let takes = [], pressed = null;

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) || "[]");
    return Array.isArray(kept) ? kept.filter((take) => take && typeof take.link === "string" && take.link.startsWith("?")) : [];
  } catch { return []; }  // no storage, or not ours
}
function keep() {
  try { localStorage.setItem(KEY, JSON.stringify(takes)); } catch { /* full or forbidden: they last as long as the page */ }
}
function merge() {  // the newest first; what the visitor said of a take stays
  const live = props.value?.takes || [], known = new Map(read().concat(takes).map((take) => [take.link, take]));
  const merged = live.map((take) => {
    const { star, name, cover } = known.get(take.link) || {};
    return { ...take, cover: take.cover || cover || null, star: Boolean(star), name: name || "" };
  });
  const here = new Set(live.map((take) => take.link));
  takes = [...merged, ...[...known.values()].filter((take) => !here.has(take.link))];
  for (let last = takes.length - 1; takes.length > MOST && last >= 0; last--) {
    if (!takes[last].star && !here.has(takes[last].link)) takes.splice(last, 1);
  }
}
function name(take) {
  const given = window.prompt("A name for this take:", take.name || take.title);
  if (given === null) return;
  take.name = given.trim().slice(0, 60); keep(); draw();
}
function show(take, live) {
  const item = document.createElement("span"), button = document.createElement("button"), words = document.createElement("span");
  const title = document.createElement("b"), about = document.createElement("span"), frame = document.createElement("i");
  const cover = picture(take.cover), shown = document.createElement(cover ? "img" : "span");
  const star = document.createElement("button"), rename = document.createElement("button"), called = take.name || take.genre;
  item.className = "take"; button.type = star.type = rename.type = "button"; button.className = "listen";
  button.dataset.link = take.link;
  button.setAttribute("aria-current", String(take.link === props.value?.current));
  button.setAttribute("aria-label", (live ? "Play: " : "Compose again: ") + called + ", " + take.title + ", " + take.about);
  if (cover) { shown.src = cover; shown.alt = ""; } else shown.className = "blank";
  title.textContent = called; about.textContent = take.about;
  frame.append(shown); words.append(title, about); button.append(frame, words);
  button.onclick = () => { pressed = take.link; trigger(live ? "click" : "select", { link: take.link }); };
  star.className = "star"; star.textContent = take.star ? "\u2605" : "\u2606";
  star.setAttribute("aria-pressed", String(Boolean(take.star))); star.setAttribute("aria-label", "Keep: " + called);
  star.onclick = () => { take.star = !take.star; keep(); draw(); strip.children[takes.indexOf(take)]?.querySelector(".star").focus(); };
  rename.className = "rename"; rename.textContent = "\u270e"; rename.setAttribute("aria-label", "Name: " + called);
  rename.onclick = () => name(take);
  item.append(button, star, rename);
  return item;
}
function draw() {
  const live = new Set((props.value?.takes || []).map((take) => take.link)), held = strip.contains(document.activeElement);
  strip.hidden = takes.length < (live.size ? 2 : 1);
  strip.replaceChildren(...takes.map((take) => show(take, live.has(take.link))));
  if (held && pressed) [...strip.querySelectorAll(".listen")].find((button) => button.dataset.link === pressed)?.focus();
}
watch("value", () => { merge(); keep(); draw(); });
merge(); draw();
