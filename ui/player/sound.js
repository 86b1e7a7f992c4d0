// The sound: three elements take turns. One plays, the others have loaded the next two tracks.

const AHEAD = 2;
const TIMES = ["timeupdate", "play", "pause", "durationchange"];

class Sound {
  // told.time: the position or the state of what plays changed; told.state: it is blocked, broken or neither any more.
  constructor(told) {
    this.told = told;
    this.blocked = false;       // the browser wants a gesture before it plays
    this.active = this.element();
    this.spares = Array.from({ length: AHEAD }, () => this.element());
    this.asked = this.asked.bind(this);
    window.addEventListener("earmark-seek", this.asked);
  }

  element() {
    const element = new Audio();
    element.preload = "auto";
    element.addEventListener("error", () => this.failed(element));
    for (const name of TIMES) element.addEventListener(name, () => {
      if (element !== this.active) return;
      this.told.time();
      this.tell();
    });
    return element;
  }

  // To whom it may concern on the page, such as the words of the song.
  tell() {
    const { track } = this.active.dataset;
    if (track) window.dispatchEvent(new CustomEvent("earmark-time", { detail: { track, position: this.position } }));
  }

  // A part of the page asks to go to a moment of a track; only of the one that plays.
  asked(event) {
    if (this.active.dataset.track !== event.detail.track) return;
    this.seek(event.detail.position);
    this.play();
  }

  get all() { return [this.active, ...this.spares]; }
  get broken() { return Boolean(this.active.dataset.broken); }
  get paused() { return this.active.paused; }
  get position() { return this.active.currentTime; }
  get duration() { return Number.isFinite(this.active.duration) ? this.active.duration : null; }

  // Plays a card at once where it was loaded ahead.
  turnTo(card) {
    const ready = this.spares.findIndex((spare) => holds(spare, card));
    const last = this.active;
    if (ready >= 0) [this.active, this.spares[ready]] = [this.spares[ready], last];
    if (ready >= 0) unload(last);
    else load(this.active, card);
    this.play();
  }

  prefetch(cards) {
    const wanted = cards.slice(0, AHEAD);
    for (const card of wanted) {
      if (this.spares.some((spare) => holds(spare, card))) continue;
      const free = this.spares.find((spare) => !wanted.some((one) => holds(spare, one)));
      if (free) load(free, card);
    }
  }

  // After the server was away: what could not be loaded is loaded again.
  reload(cards) {
    for (const element of this.all) {
      const card = cards.find((one) => holds(element, one));
      if (!card || !(element.dataset.broken || element.error)) continue;
      load(element, card);
      if (element === this.active) this.play();
    }
  }

  // What is still to come follows the server. What plays keeps its volume, unless the person switched the matching.
  level(cards, matched) {
    const switched = matched !== this.matched;
    this.matched = matched;
    for (const element of switched ? this.all : this.spares) {
      const card = cards.find((one) => holds(element, one));
      if (card) element.volume = card.gain;
    }
  }

  silence() { unload(this.active); }

  end() {
    window.removeEventListener("earmark-seek", this.asked);
    for (const element of this.all) unload(element);
  }

  // Only what plays is in the page. Moving an element stops it, so it is started again.
  place(slot) {
    if (slot.firstChild === this.active) return;
    const playing = !this.active.paused;
    slot.replaceChildren(this.active);
    if (playing) this.active.play().catch(() => {});
  }

  async play() {
    const element = this.active;
    try {
      await element.play();
      this.blocked = false;
    } catch (error) {
      if (error.name === "NotAllowedError" && element === this.active) this.blocked = true;
    }
    this.told.state();
  }

  toggle() {
    if (this.active.paused) this.play(); else this.active.pause();
  }

  seek(position) {
    if (this.duration !== null) this.active.currentTime = Math.min(Math.max(0, position), this.duration - 0.1);
  }

  failed(element) {
    if (!element.dataset.track || !element.getAttribute("src")) return;
    if (element.dataset.playable) { element.dataset.broken = "1"; this.told.state(); return; }
    start(element, true);
    if (element === this.active) this.play();
  }
}

const holds = (element, card) => element.dataset.track === String(card.id);

// The volume matches the loudness. Safari on iPhones and iPads does not let a page set it: there tracks play as they are.
// Web Audio could, but sound led through it falls silent where the browser suspends it: before a gesture, behind a lock.
function load(element, card) {
  Object.assign(element.dataset, { track: String(card.id), source: card.src, start: String(card.start) });
  element.volume = card.gain;
  delete element.dataset.broken;
  start(element, Boolean(card.mime) && element.canPlayType(card.mime) === "");
}

function start(element, playable) {
  if (playable) element.dataset.playable = "1"; else delete element.dataset.playable;
  element.src = `${element.dataset.source}${playable ? "?as=playable" : ""}#t=${element.dataset.start}`;
  element.load();
}

function unload(element) {
  element.pause();
  for (const name of ["track", "broken", "playable"]) delete element.dataset[name];
  element.removeAttribute("src");
  element.load();   // lets go of its connection
}
