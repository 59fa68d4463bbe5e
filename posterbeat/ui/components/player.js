// What is pressed in the player: in the piano roll itself, on the keyboard, on a headset. It follows piano_roll.js.
const loop = root.querySelector(".loop"), volume = root.querySelector(".volume"), live = root.querySelector(".live");
const cover = root.querySelector(".cover"), invitation = root.querySelector(".invitation"), mini = root.querySelector(".mini");

function linkedCover(link) {  // the small poster in the fragment of the link that opened the page
  const [, code] = /^#poster=([\w-]+)$/.exec(location.hash) || [];
  if (!code || (link && link !== location.search)) return "";
  return "data:image/webp;base64," + code.replaceAll("-", "+").replaceAll("_", "/");
}
function picture(image, source) { image.hidden = !source; if (source) image.src = source; else image.removeAttribute("src"); }
function present(piece, invited) {  // what stands around the score
  const source = (piece || invited)?.cover || (invited || piece ? linkedCover(piece?.link) : "");
  picture(cover, piece ? source : ""); picture(invitation.querySelector("img"), invited ? source : "");
  cover.alt = piece && source ? "The poster of this music" : "";
  invitation.hidden = !invited; loop.disabled = !piece;
  live.textContent = piece && piece.play ? "The music is ready: " + piece.title + ", " + clock(piece.seconds) + "." : "";
  mini.querySelector("span").textContent = piece ? piece.title : "";
  if (!navigator.mediaSession) return;
  navigator.mediaSession.metadata = piece ? new MediaMetadata({ title: piece.title, artist: "posterbeat",
    artwork: source ? [{ src: source, sizes: "120x180", type: "image/webp" }] : [] }) : null;
}

document.addEventListener("click", (event) => { if (event.target.closest?.("#compose, #another, #keep, .takes, .roll")) mixer.wake(); }, true);
function compose() { document.querySelector("#compose")?.click(); }  // an invitation is taken up
function pressed() { if (root.dataset.state === "invited") compose(); else toggle(); }

const along = (canvas, event) => clamp((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth, 0, 1);
score.addEventListener("click", (event) => { const [from, to] = view(audio.currentTime); seek(from + along(score, event) * (to - from)); });
map.addEventListener("pointerdown", (event) => { dragging = true; map.setPointerCapture(event.pointerId); seek(along(map, event) * length()); });
map.addEventListener("pointermove", (event) => { if (dragging) seek(along(map, event) * length()); });
for (const end of ["pointerup", "pointercancel"]) map.addEventListener(end, () => { dragging = false; });
map.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -15, PageUp: 15, Home: -1e9, End: 1e9 }[event.key];
  if (event.key === " " || event.key === "Enter") toggle(); else if (step) seek(audio.currentTime + step); else return;
  event.preventDefault();
});
play.addEventListener("click", pressed);
invitation.querySelector("button").addEventListener("click", compose);
mini.querySelector("button").addEventListener("click", toggle);
loop.addEventListener("click", () => { audio.loop = !audio.loop; loop.setAttribute("aria-pressed", String(audio.loop)); });
volume.addEventListener("input", () => { audio.volume = Number(volume.value); });
document.addEventListener("keydown", (event) => {  // Space plays and pauses, wherever it has no other meaning
  if (event.key !== " " || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !piece || !root.isConnected) return;
  if (event.target.closest?.("button, a, summary, select, textarea, input:not([type=range]), [contenteditable], [role=slider], [role=dialog]")) return;
  event.preventDefault(); toggle();
});
for (const [action, act] of [["play", toggle], ["pause", toggle], ["seekbackward", () => seek(audio.currentTime - 10)],
  ["seekforward", () => seek(audio.currentTime + 10)], ["seekto", (how) => seek(how.seekTime)]]) {
  try { navigator.mediaSession?.setActionHandler(action, act); } catch { /* this browser has no such key */ }
}
let away = false;
function small() { mini.hidden = !away || !piece || (audio.paused && mini.hidden); }  // once there, it stays to go on with
new IntersectionObserver(([seen]) => { away = !seen.isIntersecting; small(); }).observe(play);
for (const change of ["play", "pause"]) audio.addEventListener(change, small);
zoomIn.addEventListener("click", () => zoom(1 / 1.6));
zoomOut.addEventListener("click", () => zoom(1.6));
const name = (what) => { for (const button of [play, mini.querySelector("button")]) button.setAttribute("aria-label", what); };
audio.addEventListener("play", () => { root.dataset.playing = ""; name("Pause"); start(); });
for (const end of ["pause", "ended"]) audio.addEventListener(end, () => { delete root.dataset.playing; name("Play"); draw(); });
for (const move of ["seeked", "loadedmetadata"]) audio.addEventListener(move, () => { overview = null; limits(); draw(); });
new ResizeObserver(() => { overview = null; draw(); }).observe(root);
watch("value", load);
load();
