// The plan above the notes: sections, chord names that scroll with the roll, and for each part a block a bar, bright where it plays
// something new, dimmer where it varies, dim where it repeats. It follows piano_roll.js and is drawn with it.
const strip = root.querySelector(".plan");
const SHADES = { N: 0.95, v: 0.6, "=": 0.28 }, NAMED = 34, ROW = 8;  // heights in pixels: of the names, and of a part

function planned(piece) {  // a piece came, or none
  const plan = piece && piece.plan;
  strip.hidden = !plan;
  if (!plan) return;
  strip.style.height = NAMED + ROW * plan.parts.length + 4 + "px";
  strip.setAttribute("aria-label", plan.words);
}

function drawPlan(from, to) {
  const plan = piece && piece.plan;
  if (!plan) return;
  const [pen, width, height] = fit(strip), perSecond = width / (to - from), at = (bar) => (bar * plan.bar - from) * perSecond;
  const first = Math.max(0, Math.floor(from / plan.bar)), last = Math.min(plan.chords.length, Math.ceil(to / plan.bar));
  pen.fillStyle = "#090808"; pen.fillRect(0, 0, width, height);
  pen.textBaseline = "top"; pen.font = "600 12px system-ui, sans-serif";
  for (const section of plan.sections) {
    const left = at(section.first - 1), right = at(section.last);
    if (right < 0 || left > width) continue;
    pen.fillStyle = BAR; pen.fillRect(left, 0, 1, height);
    pen.fillStyle = GOLD; pen.fillText(section.name, clamp(left + 4, 4, Math.max(4, right - 12)), 3);  // stays while its section is seen
  }
  pen.font = "12px system-ui, sans-serif"; pen.fillStyle = "#d8cfc2";
  let free = 0;  // where the last name ended: what has no room is left out
  for (let bar = first; bar < last; bar++) {
    plan.chords[bar].forEach((name, place, names) => {
      const before = place ? names[place - 1] : bar ? plan.chords[bar - 1].at(-1) : "", x = Math.max(at(bar + place / names.length), 0) + 4;
      if ((name === before && bar > first) || x < free) return;
      pen.fillText(name, x, 18); free = x + pen.measureText(name).width + 6;
    });
  }
  plan.parts.forEach((part, row) => {
    pen.fillStyle = part.colour;
    for (let bar = first; bar < last; bar++) {
      const shade = SHADES[part.cells[bar]];
      if (!shade) continue;
      pen.globalAlpha = shade;
      pen.fillRect(at(bar) + 1, NAMED + ROW * row, Math.max(1, plan.bar * perSecond - 2), ROW - 2);
    }
    pen.globalAlpha = 1;
  });
}
