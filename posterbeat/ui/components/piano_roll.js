// The piano roll is the player: it owns the <audio>, so that cursor and sound cannot part. Here it is drawn, and plan_strip.js
// draws the plan above it; mixing_desk.js, which follows, is the parts, and player.js what is pressed. Arguments given by gr.HTML: element, trigger, props, server, upload, watch.
const root = element.querySelector(".roll"), audio = root.querySelector("audio");
const score = root.querySelector(".score"), map = root.querySelector(".map"), legend = root.querySelector(".legend");
const play = root.querySelector(".play"), title = root.querySelector(".title"), time = root.querySelector(".clock"), caption = root.querySelector(".caption");
const zoomIn = root.querySelector(".zoom .in"), zoomOut = root.querySelector(".zoom .out");
const GOLD = "#f0bd5b", GRID = "#1f1b19", BAR = "#302a26";
const mixer = new Mixer(audio);
let piece = null, notes = [], span = 0, overview = null, ticking = 0, dragging = false;

const clock = (s) => Math.floor(s / 60) + ":" + String(Math.floor(s % 60)).padStart(2, "0");
const length = () => !piece?.live && Number.isFinite(audio.duration) ? audio.duration : (piece ? piece.seconds : 0);
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

function fit(canvas) {  // backing store in device pixels, drawing in CSS pixels
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  const w = Math.round(width * ratio), h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [pen, width, height];
}

function lanes(height) {  // pitched notes above, the drum kit in a lane of its own below
  const pitched = notes.filter((n) => !n.drum).map((n) => n.pitch), drums = notes.filter((n) => n.drum).map((n) => n.pitch);
  const floor = drums.length ? Math.round(height * (pitched.length ? 0.8 : 0)) : height;
  const scale = (values, top, bottom) => {
    if (!values.length) return null;
    const low = Math.min(...values) - 1, high = Math.max(...values) + 1, step = (bottom - top) / (high - low + 1);
    return { y: (pitch) => top + (high - pitch) * step, step };
  };
  return { pitched: scale(pitched, 4, floor - 2), drums: scale(drums, floor + 4, height - 4), floor };
}

function paint(pen, width, height, from, to, now, detail) {
  const perSecond = width / (to - from), lane = lanes(height);
  pen.fillStyle = "#090808"; pen.fillRect(0, 0, width, height);
  if (detail) {
    const beat = 60 / piece.tempo, perBar = piece.bar;
    for (let k = Math.ceil(from / beat); k * beat < to; k++) {
      const strong = k % perBar === 0;
      if (!strong && perSecond * beat < 14) continue;
      pen.fillStyle = strong ? BAR : GRID;
      pen.fillRect(Math.round((k * beat - from) * perSecond), 0, 1, height);
    }
    if (lane.drums && lane.pitched) { pen.fillStyle = BAR; pen.fillRect(0, lane.floor, width, 1); }
  }
  for (const n of notes) {
    if (n.start > to || n.end < from) continue;
    const { y, step } = n.drum ? lane.drums : lane.pitched, hidden = !level(n.part);
    const sounding = detail && !hidden && now >= n.start && now < n.end;
    const x = (n.start - from) * perSecond, w = Math.max(detail ? 2.5 : 1, (n.end - n.start) * perSecond - (detail ? 1 : 0));
    const h = Math.max(detail ? 3 : 1, Math.min(step * 0.86, 12));
    pen.globalAlpha = hidden ? 0.1 : sounding ? 1 : 0.38 + 0.5 * n.velocity / 127;
    pen.fillStyle = n.colour;
    if (!detail) { pen.fillRect(x, y(n.pitch), w, h); continue; }
    if (sounding) { pen.globalAlpha = 0.25; pen.fillRect(x - 3, y(n.pitch) - 3, w + 6, h + 6); pen.globalAlpha = 1; }
    pen.beginPath(); pen.roundRect(x, y(n.pitch), w, h, Math.min(2.5, h / 2)); pen.fill();
    if (sounding) { pen.globalAlpha = 0.55; pen.fillStyle = "#fff"; pen.fill(); }
  }
  pen.globalAlpha = 1;
}

function view(now) {  // the seconds that the roll shows: the cursor stays a third in, where there is room
  const total = Math.max(length(), 0.1), shown = Math.min(span, total), from = clamp(now - shown / 3, 0, total - shown);
  return [from, from + shown];
}

function draw() {
  if (!root.isConnected) return;
  if (!piece) { const [pen, w, h] = fit(score); idle(pen, w, h); return; }
  const now = mixer.turning ? mixer.heard() : audio.currentTime, [from, to] = view(now), total = Math.max(length(), 0.1);
  let [pen, w, h] = fit(score);
  paint(pen, w, h, from, to, now, true);
  cursor(pen, (now - from) / (to - from) * w, h);
  drawPlan(from, to);
  [pen, w, h] = fit(map);
  if (!overview || overview.width !== map.width || overview.height !== map.height) {  // costly, so kept until it changes
    paint(pen, w, h, 0, total, -1, false);
    overview = document.createElement("canvas"); overview.width = map.width; overview.height = map.height;
    overview.getContext("2d").drawImage(map, 0, 0);
  }
  pen.drawImage(overview, 0, 0, w, h);
  if (to - from < total) {
    pen.fillStyle = "rgb(240 189 91 / .16)"; pen.fillRect(from / total * w, 0, (to - from) / total * w, h);
  }
  cursor(pen, now / total * w, h);
  root.dataset.cursor = now.toFixed(3);
  map.setAttribute("aria-valuenow", now.toFixed(1));
  map.setAttribute("aria-valuetext", clock(now) + " of " + clock(total));
  time.textContent = clock(now) + " / " + clock(total);
}

function cursor(pen, x, height) {
  pen.fillStyle = "rgb(240 189 91 / .22)"; pen.fillRect(x - 4, 0, 8, height);  // a glow; canvas shadows are slow
  pen.fillStyle = GOLD; pen.fillRect(x - 1, 0, 2, height);
}

function idle(pen, width, height) {  // what is to come: bars, and a tune that is not lit yet
  pen.fillStyle = "#090808"; pen.fillRect(0, 0, width, height);
  const beat = 28, tune = [4, 6, 7, 9, 7, 6, 4, 2, 4, 5, 7, 11, 9, 7, 6, 4], step = height / 16;
  for (let k = 1; k * beat < width; k++) { pen.fillStyle = k % 4 ? GRID : BAR; pen.fillRect(k * beat, 0, 1, height); }
  for (let k = 0; k * beat < width; k++) {
    pen.globalAlpha = 0.5 * (1 - k * beat / width); pen.fillStyle = k % 4 === 3 ? GOLD : "#8a6d3a";
    pen.beginPath(); pen.roundRect(k * beat + 3, (13 - tune[k % 16]) * step, beat * (k % 4 === 3 ? 0.85 : 0.5), 6, 2.5); pen.fill();
    if (k % 4) continue;
    pen.fillStyle = "#6d4f60"; pen.beginPath(); pen.roundRect(k * beat + 3, (14 + k / 4 % 2) * step - 4, beat * 3.2, 6, 2.5); pen.fill();
  }
  pen.globalAlpha = 1;
}

function tick() { draw(); ticking = audio.paused ? 0 : requestAnimationFrame(tick); }
function start() { if (!ticking) ticking = requestAnimationFrame(tick); }
function seek(to) { if (piece) { mixer.seek(clamp(to, 0, Math.max(0, length() - 0.05))); draw(); } }
function toggle() { if (piece) { if (audio.paused) audio.play().catch(() => {}); else audio.pause(); } }

function zoom(factor) {
  span = clamp(span * factor, 4, Math.max(4, length()));
  limits(); draw();
}
function limits() { zoomIn.disabled = !piece || span <= 4; zoomOut.disabled = !piece || span >= length(); }

let before = null, left = "";  // what stood here before a piece began to be written; the take whose writing is no longer followed
function load() {
  const value = props.value;
  if (value && value.stopped) {
    if (piece && piece.live) { left = piece.take; show(before); }
  } else if (value && value.live) {
    if (value.take !== left) follow(value);
  } else if (piece && piece.live && value && value.take === piece.take) {
    complete(value);
  } else {
    if (piece && piece.live) left = piece.take;
    show(value);
  }
}

function follow(value) {  // a piece that is being written: its notes so far, and so much of its sound
  if (!piece || piece.take !== value.take) {
    before = piece && !piece.live ? { ...piece, play: false } : before;
    clear(); piece = value; root.dataset.state = "live"; present(piece, null); describe();
    span = clamp((score.clientWidth || 640) / 36, 8, Math.max(8, piece.seconds));
    play.disabled = !mixer.wake(); map.tabIndex = 0;
    if (!play.disabled) mixer.open(new WaveFile(value.audio.url), value.longest);
  } else { piece = value; describe(); }
  if (mixer.source) mixer.more(value.samples);
  planned(piece); overview = null; draw();
}
function complete(value) {  // it is written, and is heard on
  piece = value; root.dataset.state = "ready"; overview = null; present(piece, null); planned(piece); describe(); desk(piece);
  if (mixer.source) mixer.finish(value.samples, value.samples / RATE);
  else { play.disabled = false; audio.src = piece.audio.url; audio.load(); if (piece.play) audio.play().catch(() => {}); }
  draw();
}

function clear() {
  mixer.close(); mixer.file = "";
  audio.pause(); overview = null; legend.replaceChildren(); delete root.dataset.playing;
}
function show(value) {
  clear();
  piece = value && value.notes ? value : null;
  const invited = !piece && value && value.invited ? value : null;
  before = piece ? { ...piece, play: false } : invited;
  root.dataset.state = piece ? "ready" : invited ? "invited" : "empty";
  play.disabled = !piece && !invited; map.tabIndex = piece ? 0 : -1;
  present(piece, invited); planned(piece);
  if (!piece) {
    notes = []; audio.removeAttribute("src"); title.textContent = invited ? invited.invited : "Your soundtrack";
    time.textContent = invited ? invited.words : "Add a poster and press Compose: its music plays here."; caption.textContent = ""; score.setAttribute("aria-label", "Piano roll, empty");
    limits(); draw(); return;
  }
  describe(); desk(piece);
  span = clamp((score.clientWidth || 640) / 36, 8, Math.max(8, piece.seconds));
  audio.src = piece.audio.url; audio.load();
  limits(); draw();
  if (piece.play) audio.play().catch(() => {});  // a browser may want a press of the button first
}
function describe() {  // notes and words
  notes = [];
  for (let k = 0; k < piece.notes.length; k += 5) {
    const [start, last, pitch, velocity, part] = piece.notes.slice(k, k + 5), { drum, colour } = piece.parts[part];
    notes.push({ start: start / 1000, end: (start + last) / 1000, pitch, velocity, part, drum, colour });
  }
  title.textContent = piece.title; caption.textContent = piece.caption;
  score.setAttribute("aria-label", piece.summary);
  map.setAttribute("aria-valuemax", piece.seconds.toFixed(1));
  limits();
}
