// The parts below the notes: each can be silenced, heard alone, made softer, and what is heard follows at once. What each part plays is
// fetched when it is first needed. It follows piano_roll.js.
let desks = [], apart = null, telling = 0;  // for each part { muted, solo, volume }; the promise of what the parts play

function level(part) {  // how loud a part is, 0 to 1
  const one = desks[part];
  if (!one) return 1;
  return (desks.some((other) => other.solo) ? one.solo : !one.muted) ? one.volume : 0;
}
function desk(piece) {
  desks = piece.parts.map(() => ({ muted: false, solo: false, volume: 1 })); apart = null;
  legend.replaceChildren(...piece.parts.flatMap((part, index) => part.notes ? [strip_of(part, index)] : []));
}
function strip_of(part, index) {
  const row = document.createElement("span"), mute = document.createElement("button"), solo = document.createElement("button");
  const volume = document.createElement("input"), dot = document.createElement("i"), one = desks[index];
  row.className = "part"; row.setAttribute("role", "group"); row.setAttribute("aria-label", part.name);
  dot.style.setProperty("--family", part.colour);
  mute.type = solo.type = "button"; mute.className = "mute"; mute.append(dot, part.name + " " + part.notes);
  mute.title = "Heard or silent"; mute.setAttribute("aria-pressed", "true");
  mute.onclick = () => { one.muted = !one.muted; mute.setAttribute("aria-pressed", String(!one.muted)); mixed(); };
  solo.className = "solo"; solo.textContent = "S"; solo.title = "Hear it alone"; solo.setAttribute("aria-label", "Solo: " + part.name);
  solo.setAttribute("aria-pressed", "false");
  solo.onclick = () => { one.solo = !one.solo; solo.setAttribute("aria-pressed", String(one.solo)); mixed(); };
  Object.assign(volume, { type: "range", min: 0, max: 1, step: 0.05, value: 1, className: "level" });
  volume.setAttribute("aria-label", "Volume of " + part.name);
  volume.oninput = () => { one.volume = Number(volume.value); mixed(); };
  if (!piece.stems?.length) mute.disabled = solo.disabled = volume.disabled = true;
  row.append(mute, solo, volume);
  return row;
}
async function mixed() {
  overview = null; draw();
  const taken = piece.take, levels = () => piece.parts.map((_, part) => level(part));
  clearTimeout(telling);
  telling = setTimeout(() => trigger("select", { levels: levels() }), 350);
  if (!mixer.wake()) return;
  mixer.mix(levels());
  mixer.file = piece.audio.url;
  apart ??= mixer.apart(new Parts(piece.stems, piece.parts.length, piece.samples));
  const there = await apart;
  if (!there && piece && piece.take === taken) apart = null;  // the next press tries again
}
