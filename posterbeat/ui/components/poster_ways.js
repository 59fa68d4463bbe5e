// A poster may be pasted or dropped anywhere on the page. What goes wrong on its way is said here, below its box.
const line = element.querySelector(".said");
const box = () => document.querySelector("#poster");
const shown = () => box()?.querySelector("img")?.src || "";
const button = (name) => box()?.querySelector(`button[aria-label="${name}"]`);

function say(words) {
  line.textContent = words; line.hidden = !words;
  if (!words) return;
  const place = box() || line;  // the words are about it: both are to be seen
  if (place.getBoundingClientRect().top < 0 || line.getBoundingClientRect().bottom > innerHeight) place.scrollIntoView({ block: "start", behavior: "smooth" });
}

// Compose waits for a poster that is on its way, so that it never composes for the one before.
function expectPoster() {
  const before = shown(), words = line.textContent;
  document.body.posterArrives = new Promise((resolve) => {
    const end = Date.now() + 8000;
    const look = () => { if (shown() !== before || (line.textContent && line.textContent !== words) || Date.now() > end) resolve(); else setTimeout(look, 40); };
    look();
  });
}

async function take(file) {
  if (file.type && !file.type.startsWith("image/")) { say("“" + file.name + "” is no picture: choose a JPEG, PNG or WebP of a poster."); return; }
  let input = box()?.querySelector("input[type=file]");
  if (!input) {  // the camera is open
    button("Upload file")?.click();
    await new Promise((done) => setTimeout(done, 150));
    input = box()?.querySelector("input[type=file]");
  }
  if (!input) return;
  const carried = new DataTransfer();
  carried.items.add(file); input.files = carried.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function paste() {
  try {
    for (const item of await navigator.clipboard.read()) {
      const kind = item.types.find((type) => type.startsWith("image/"));
      if (kind) { await take(new File([await item.getType(kind)], "pasted." + kind.slice(6), { type: kind })); return; }
    }
    say("There is no picture on the clipboard: copy one first.");
  } catch {  // not allowed, or no clipboard at all, as on plain http
    say("The browser does not let this page look at the clipboard: press Ctrl+V (on a Mac ⌘V) instead, or choose a file.");
  }
}

async function photograph(camera) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    for (const track of stream.getTracks()) track.stop();
    allowed = true; camera.click(); allowed = false;
  } catch (error) {
    say(error.name === "NotAllowedError" ? "The browser does not let this page use the camera: allow it there, or choose a file."
      : "No camera was found here: choose a file instead.");
  }
}

let allowed = false;
document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("#poster button");
  if (!pressed || !element.isConnected) return;
  const way = pressed.getAttribute("aria-label");
  const own = way === "Paste from clipboard" ? paste : way === "Capture from camera" && !allowed ? photograph : null;
  if (!own) return;
  event.stopImmediatePropagation(); event.preventDefault();
  say(""); own(pressed);
}, true);
document.addEventListener("change", (event) => { if (event.target.matches?.("#poster input[type=file]")) expectPoster(); }, true);
document.addEventListener("poster-comes", expectPoster);
document.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (!file || !element.isConnected) return;
  event.preventDefault(); take(file);
});
const carries = (event) => element.isConnected && [...(event.dataTransfer?.types || [])].includes("Files");
for (const over of ["dragenter", "dragover"]) {
  document.addEventListener(over, (event) => { if (carries(event)) { event.preventDefault(); box()?.classList.add("awaited"); } });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) box()?.classList.remove("awaited"); });
document.addEventListener("drop", (event) => {  // whatever is dropped beside the box would open in place of the page
  if (!carries(event)) return;
  box()?.classList.remove("awaited");
  if (event.target.closest("#poster .upload-container:not(.hidden)")) { expectPoster(); return; }  // the box takes it itself
  event.preventDefault(); event.stopPropagation();
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
}, true);
watch("value", () => say(props.value.said));
