// Sound that is mixed here: a piece while it is written, each stretch fetched when it is there and set beside the last, on the sample.
// <audio> leads: it plays silence as long as the piece, so that whatever acts on it acts on what is heard. piano_roll.js follows.
const RATE = 44100, HEADER = 44;  // samples a second; bytes before the first one in a WAV file
const AHEAD = 10, STRETCH = 4, APART = 0.06;  // seconds: fetched before they are heard; of one fetch; by which <audio> may differ
const NEAR = 0.3;  // seconds: <audio> tells of what it was told to do a little late
const STORE = 3;  // seconds that must be there after the sound ran out

function silence(seconds) {  // as a WAV file of 8 bits and 8 kHz
  const length = Math.ceil(seconds * 8000), bytes = new Uint8Array(HEADER + length).fill(128), view = new DataView(bytes.buffer);
  const put = (at, text) => [...text].forEach((letter, place) => { bytes[at + place] = letter.charCodeAt(0); });
  put(0, "RIFF"); view.setUint32(4, 36 + length, true); put(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true); view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true); view.setUint16(32, 1, true); view.setUint16(34, 8, true); put(36, "data"); view.setUint32(40, length, true);
  return URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
}

class WaveFile {  // a WAV file of 16 bits, stereo, that may still grow; `samples` of it are there
  constructor(url) { this.url = url; this.parts = 1; this.samples = 0; this.whole = false; }
  async stretch(from, context) {
    const to = Math.min(this.samples, from + STRETCH * RATE), first = HEADER + 4 * from, last = HEADER + 4 * to - 1;
    const answer = await fetch(this.url, { headers: { Range: `bytes=${first}-${last}` }, cache: "no-store" });
    if (!answer.ok) throw new Error("The sound is gone.");
    let bytes = await answer.arrayBuffer();
    if (answer.status !== 206) bytes = bytes.slice(first, last + 1);  // someone between gave all of it
    const waves = new Int16Array(bytes, 0, 2 * (to - from)), buffer = context.createBuffer(2, to - from, RATE);
    for (let side = 0; side < 2; side++) {
      const channel = buffer.getChannelData(side);
      for (let k = 0; k < channel.length; k++) channel[k] = waves[2 * k + side] / 32768;
    }
    return { buffer, from, samples: to - from };
  }
}

class Parts {  // what each part plays: a FLAC file for every four seconds, in which the parts lie one after another
  constructor(files, parts, samples) { this.files = files; this.parts = parts; this.samples = samples; this.whole = true; this.url = ""; }
  async stretch(from, context) {
    const number = Math.floor(from / (STRETCH * RATE)), answer = await fetch(this.files[number].url);
    if (!answer.ok) throw new Error("The parts are gone.");
    const buffer = await context.decodeAudioData(await answer.arrayBuffer());
    return { buffer, from: number * STRETCH * RATE, samples: buffer.length / this.parts };
  }
}

class Mixer {
  constructor(audio) {
    this.audio = audio; this.source = null; this.nodes = new Set(); this.gains = []; this.run = 0; this.zero = null; this.next = 0;
    this.turn = 0; this.turning = false; this.starting = false; this.held = false; this.wanted = null; this.adjusted = 0; this.told = -1;
    audio.addEventListener("play", () => { if (this.source && !this.turning && !this.follows()) this.begin(); });
    for (const end of ["pause", "ended"]) audio.addEventListener(end, () => { if (this.source && !this.turning) this.rest(); });
    audio.addEventListener("seeking", () => {
      if (this.source && !this.turning && !audio.paused && !this.follows()) this.begin();
    });
    audio.addEventListener("volumechange", () => this.level());
    setInterval(() => this.look(), 100);
  }

  wake() {  // within a press of a button, where browsers let sound begin
    if (!this.context && window.AudioContext) {
      this.context = new AudioContext({ sampleRate: RATE }); this.out = this.context.createGain(); this.out.connect(this.context.destination);
      this.level();
    }
    this.context?.resume();
    return Boolean(this.context);
  }
  level() { if (this.out) this.out.gain.value = this.audio.muted ? 0 : this.audio.volume; }

  open(source, seconds) {  // from now on this is what is heard
    this.close(); this.source = source; this.next = 0; this.starting = true;
    this.lead(seconds, 0, true);
  }
  close() {
    this.rest(); this.source = null; this.held = this.turning = this.starting = false; this.turn++;
    if (this.silent) { URL.revokeObjectURL(this.silent); this.silent = ""; }
  }
  more(samples) {  // the source has grown
    this.source.samples = samples;
    if (this.starting || !this.audio.paused) this.fill(this.run);  // at once, even while <audio> gets ready
    if (this.held && samples - this.audio.currentTime * RATE > STORE * RATE) this.go();
  }
  mix(levels) {  // how loud each part is, at once
    levels.forEach((level, part) => {
      if (!this.gains[part]) { this.gains[part] = this.context.createGain(); this.gains[part].connect(this.out); this.gains[part].gain.value = level; }
      this.gains[part].gain.setTargetAtTime(level, this.context.currentTime, 0.01);
    });
  }
  async apart(source) {  // the parts in place of the whole, from where it is
    const { audio } = this, seconds = source.samples / RATE;
    try { await source.stretch(Math.round(this.heard() * RATE), this.context); } catch { return false; }  // so that it lies near by
    if (!this.source) {
      this.source = source;
      this.lead(seconds, audio.currentTime, !audio.paused);
    } else if (this.zero === null) {
      this.source = source;
    } else {
      const moment = Math.ceil((this.context.currentTime + 0.12) * RATE);
      for (const node of this.nodes) node.stop(moment / RATE);
      this.source = source; this.next = moment - this.zero; this.run++;
      this.fill(this.run);
    }
    return true;
  }
  finish(samples, seconds) {  // and is whole
    this.source.samples = samples; this.source.whole = true;
    const playing = this.held || !this.audio.paused;
    this.held = false;
    this.lead(seconds, this.heard(), playing);
  }
  go() { this.held = false; this.audio.play().catch(() => {}); }

  lead(seconds, at, playing) {  // silence of another length leads; what sounds meanwhile sounds on
    const { audio } = this, former = this.silent;
    const turn = ++this.turn;
    this.turning = true; this.wanted = null;
    const turned = () => {
      if (turn !== this.turn) return;
      const started = this.starting;
      this.turning = this.starting = false;
      if (audio.paused) this.rest(); else if (this.zero === null && !started) this.begin();
    };
    audio.addEventListener("loadedmetadata", () => {
      if (turn !== this.turn) return;
      audio.currentTime = this.wanted ?? (playing ? this.heard(at) : at);
      if (this.wanted !== null) { this.rest(); this.starting = false; }
      if (playing) audio.play().then(turned, turned); else turned();
    }, { once: true });
    this.silent = audio.src = silence(seconds); audio.load();
    if (former) URL.revokeObjectURL(former);
  }
  follows() {  // what is heard is what <audio> is at, or was just told to be at
    const told = performance.now() < this.adjusted + 1000 ? this.told : -1;
    return this.zero !== null && [this.heard(), told].some((time) => Math.abs(time - this.audio.currentTime) < NEAR);
  }
  seek(to) { if (this.turning) this.wanted = to; else this.audio.currentTime = to; }

  heard(otherwise = this.audio.currentTime) {  // which second of the piece leaves the loudspeaker now
    if (this.zero === null) return otherwise;
    return Math.max(0, this.context.currentTime - this.zero / RATE - (this.context.outputLatency || 0));
  }
  rest() {
    this.run++; this.zero = null;
    for (const node of this.nodes) node.stop();
    this.nodes.clear();
  }
  begin() {
    this.rest(); this.wake();
    this.next = Math.round(this.audio.currentTime * RATE);
    this.fill(this.run);
  }
  async fill(run) {
    if (this.filling === run) return;
    this.filling = run;
    try {
      while (run === this.run && this.next < this.source.samples && this.next / RATE < this.heard() + AHEAD) {
        const stretch = await this.source.stretch(this.next, this.context);
        if (run === this.run) this.set(stretch);
      }
    } catch { if (run === this.run) this.give(); } finally { if (this.filling === run) this.filling = 0; }
  }
  set({ buffer, from, samples }) {  // beside the one before; if it comes too late, all is put off
    const soon = Math.ceil((this.context.currentTime + 0.015) * RATE);
    if (this.zero === null || this.zero + this.next < soon) this.zero = soon - this.next;
    const skipped = this.next - from;
    for (let part = 0; part < this.source.parts; part++) {
      const node = this.context.createBufferSource();
      node.buffer = buffer; node.connect(this.source.parts > 1 ? this.gains[part] : this.out);
      node.onended = () => this.nodes.delete(node);
      node.start((this.zero + this.next) / RATE, (part * samples + skipped) / RATE, (samples - skipped) / RATE); this.nodes.add(node);
    }
    this.next = from + samples;
  }
  look() {
    const { audio, source } = this;
    if (!source || audio.paused || this.turning) return;
    this.fill(this.run);
    const heard = this.heard(), left = this.next / RATE - heard;
    if (left < 0.05 && this.next >= source.samples && !source.whole) {  // written more slowly than it plays
      this.held = true; audio.pause();
      audio.currentTime = Math.min(heard, source.samples / RATE);
    } else if (this.zero !== null && Math.abs(heard - audio.currentTime) > APART && performance.now() > this.adjusted + 1000) {
      this.adjusted = performance.now(); this.told = audio.currentTime = heard;
    }
  }
  give() {  // it cannot be fetched: the browser plays the file itself, if there is more of it than that
    const { whole } = this.source, url = this.source.url || this.file, at = this.heard(), playing = !this.audio.paused;
    this.close();
    if (!whole) return;
    this.audio.addEventListener("loadedmetadata", () => { this.audio.currentTime = at; if (playing) this.go(); }, { once: true });
    this.audio.src = url; this.audio.load();
  }
}
