// The desk: what is asked, what the person does about it. One object lives as long as the browser tab.

const TOO_SOON_MS = 250;      // an answer before this was meant for the track before
const FLASH_MS = 1500;
const READ_MS = 4000;
const BEGUN_S = 2;            // after this a segment is gone back to its own start
const AT_S = 0.05;            // nearer to a start than this is at it
const CHECK_MS = 7000;        // how long the outcome of a surprise check is read
const TURNS = new Set(["undo", "asks", "play"]);   // the reply to these decides what is on screen
const SKIPS = { "not now": "Not now", "don't know": "Don't know", never: "Never ask (not music)" };
const HIDDEN = "Hidden track";
const NO_TARGET = { name: "rating", classes: [], question: "", noun: "rating" };

class Desk {
  constructor(home) {
    this.home = home;
    this.queue = [];
    this.reply = null;
    this.shown = null;          // id of the track on screen
    this.shownAt = 0;
    this.given = {};            // target -> answer, since the track came on screen
    this.pointed = false;       // did the mouse, not the Tab key, put the focus where it is?
    this.message = null;        // a sentence for the person
    this.outlasts = false;      // does it stay when the next track comes?
    this.known = [];            // the newest answers the server told of
    this.overlay = null;        // the chooser, menu or help that is open
    this.mode = "off";
    this.sound = new Sound({ time: () => paintTime(this), state: () => this.paint() });
    this.line = new Line(home, this);
    this.ticker = setInterval(() => paintSaved(this), 250);
    this.ended = new AbortController();
    this.listen();
  }

  listen() {
    const on = (place, name, run, capture = false) => place.addEventListener(name, run, { capture, signal: this.ended.signal });
    on(window, "pagehide", () => this.line.leave());
    on(window, "pageshow", (event) => { if (event.persisted) this.line.sync(); });
    on(document, "visibilitychange", () => { if (!document.hidden) this.line.sync(); });
    on(document, "pointerdown", (event) => { this.pointed = true; this.overlay?.onPointer(event); }, true);
    on(document, "keydown", (event) => this.onKey(event), true);
    if (!window.visualViewport) return;
    for (const name of ["resize", "scroll"]) on(window.visualViewport, name, () => this.fit());
  }

  // Another home is served at this address now: what is not saved waits in the browser until this one is back.
  end() {
    this.ended.abort();
    clearInterval(this.ticker);
    this.line.end();
    this.sound.end();
  }

  // -- what the server says -------------------------------------------------------------------------------

  receive(reply, sent) {
    const done = new Set([...reply.acked, ...Object.keys(reply.refused)]);
    const refusal = Object.values(reply.refused)[0];
    if (refusal) this.say(refusal);
    const before = this.known;
    this.known = reply.last;
    if (this.turning) {   // a newer reply will decide what is on screen; names must stay hidden until then
      if (this.reply) this.reply.mode = reply.mode;
      return;
    }
    const turned = sent.some((event) => isTurn(event) && done.has(event.id));
    this.reply = reply;
    this.queue = this.standing(reply.queue, turned);
    if (turned) this.given = {};
    this.follow();
    this.sound.level(this.queue, reply.matched);
    this.tellCheck(sent);
    this.tellUndo(sent, before);
    this.paint();
  }

  // The cards still to be answered. Unless the reply is to a turn, what is on screen stays there, with what is said of it.
  standing(cards, turned) {
    const left = cards
      .map((card) => ({ ...card, labels: { ...card.labels, ...this.unsaved(card) } }))
      .filter((card) => !this.isGone(card));
    const current = turned ? null : left.find((card) => card.id === this.shown);
    if (!current) return left;
    const { reason, hidden, guesses } = this.card;
    return [{ ...current, reason, hidden, ...(hidden ? { guesses } : {}) }, ...left.filter((card) => card !== current)];
  }

  unsaved(card) {
    const labels = this.pending.filter((event) => event.type === "label" && event.track === card.id);
    return Object.fromEntries(labels.map((event) => [event.target, event.value]));
  }

  isGone(card) {
    const about = this.pending.filter((event) => event.track === card.id);
    if (about.some((event) => event.type === "skip" || event.type === "leave")) return true;
    return about.some((event) => event.type === "label" && this.asks.includes(event.target)) && !this.open(card).length;
  }

  tellCheck(sent) {
    const newest = this.reply.last[0];
    if (newest?.check && sent.some((event) => event.id === newest.event)) this.say(newest.check.sentence, CHECK_MS);
  }

  tellUndo(sent, before) {
    if (!sent.some((event) => event.type === "undo" && this.reply.acked.includes(event.id))) return;
    const gone = this.takenBack(sent, before);
    if (gone) this.say(`Taken back: ${this.titleOf(gone)} (${gone.value}).`, READ_MS);
  }

  // The newest answer that is no longer among the last ones: sent together with the undo, or known before.
  takenBack(sent, before) {
    const titles = new Map(this.queue.map((card) => [card.id, card.title]));
    const answers = sent.filter((event) => event.type === "label" || event.type === "skip").reverse();
    const own = answers.map(({ id, track, value, kind }) => ({ event: id, track, title: titles.get(track), value: value ?? kind }));
    const left = new Set(this.reply.last.map((one) => one.event));
    return [...own, ...before].find((one) => one.title && !left.has(one.event));
  }

  comeBack() {
    delete this.root?.querySelector("#cover").dataset.cover;
    this.sound.reload(this.queue);
  }

  // -- what is asked, and what may be seen ------------------------------------------------------------------

  get card() { return this.queue[0] ?? null; }
  get pending() { return this.line.outbox.events; }
  get turning() { return this.pending.some(isTurn); }
  get asks() { return this.reply?.asks ?? ["rating"]; }
  get targets() { return this.reply?.targets ?? []; }
  get first() { return this.target(this.asks[0]) ?? NO_TARGET; }
  get blind() { return this.switched("blind"); }
  get only() { return this.switched("only"); }

  target(name) { return this.targets.find((target) => target.name === name) ?? null; }

  // A mode as the person last switched it, whether the server knows yet or not.
  switched(name) {
    const event = this.pending.findLast((one) => one.type === "mode" && name in one);
    return event ? event[name] : Boolean(this.reply?.mode?.[name]);
  }

  // The targets that have a row of their own below the answers.
  get rows() {
    const further = this.targets.filter((target) => target !== this.first);
    return this.only ? further.filter((target) => this.asks.includes(target.name)) : further;
  }

  isOnScreen(name) { return name === this.first.name || this.rows.some((target) => target.name === name); }

  open(card) { return this.asks.filter((name) => !(name in card.labels)); }

  // The guess on screen, as [class, probability], the likeliest first; none where it must not be known.
  guesses(card, name) {
    if (this.blind) return [];   // what a card hides does not come from the server
    return Object.entries(card.guesses[name]?.proba ?? {}).sort((a, b) => b[1] - a[1]);
  }

  // The target that digits answer: the first one asked that has classes, else the rating.
  get numbered() {
    const asked = this.asks.map((name) => this.target(name)).find((target) => target?.classes);
    return asked ?? (this.isOnScreen("rating") ? this.target("rating") : null);
  }

  get numbers() { return DIGITS.slice(0, classesOf(this.numbered).length); }
  get numbersText() {
    const names = classesOf(this.numbered).slice(0, DIGITS.length).map(capital).join(", ");
    return isOwnOrder(this.numbered) ? `${names}: the highest first` : names;
  }

  titleOf(event) { return this.blind && event.track === this.shown ? "This track" : event.title; }

  // -- what is on screen ------------------------------------------------------------------------------------

  follow() {
    const card = this.card;
    if ((card?.id ?? null) !== this.shown) this.show(card);
    this.sound.prefetch(this.queue.slice(1));
  }

  show(card) {
    this.shown = card?.id ?? null;
    if (!this.outlasts) this.message = null;
    this.given = {};
    if (this.overlay !== this.help) this.overlay?.close();
    this.paint();
    this.shownAt = performance.now();
    if (!card) return this.sound.silence();
    this.sound.turnTo(card);
    this.place();
  }

  place() {
    const slot = this.root?.querySelector("#sound");
    if (slot) this.sound.place(slot);
  }

  advance() {
    this.queue = this.queue.slice(1);
    this.follow();
    this.paint();
  }

  // -- answering --------------------------------------------------------------------------------------------

  answerNumber(number) {
    const value = classesOf(this.numbered)[number - 1];
    if (value) this.answer(this.numbered.name, value);
    else this.flash("No answer has this number.");
  }

  answer(target, value) {
    const card = this.ready();
    if (!card) return;
    const goes = this.asks.includes(target) && this.open(card).every((name) => name === target);
    if (!goes && this.given[target] === value) return this.say(this.progress(card, target, value));
    card.labels = { ...card.labels, [target]: value };
    this.given[target] = value;
    this.send({ type: "label", track: card.id, target, value, shown: this.blind ? null : card.guesses[target]?.proba ?? null });
    if (!goes) return this.say(this.progress(card, target, value));
    if (this.asks.length > 1 || card.chosen) this.leave(card);
    else this.advance();
  }

  progress(card, target, value) {
    const open = this.asks.includes(target) ? this.open(card) : [];
    return `${capital(target)}: ${value}.` + (open.length ? ` Still open: ${open.join(", ")}.` : "");
  }

  accept() {
    if (!this.showsRow("genre")) return;
    const value = this.card && this.acceptable(this.card);
    if (value) this.answer("genre", value);
    else this.flash("There is no genre to accept here. Press G to write one.");
  }

  // The genre that Enter says is right: the guess, or on a chosen track the answer it has.
  acceptable(card) {
    const before = card.labels.genre;
    if (before) return card.chosen && !this.given.genre ? before : null;
    return this.guesses(card, "genre")[0]?.[0] ?? null;
  }

  choose(name) {
    const target = this.target(name);
    if (!target || !this.showsRow(name)) return;
    const card = this.ready();
    if (card) this.chooser.open({ ...this.choices(target, card), choose: (value) => this.answer(name, value) });
  }

  showsRow(name) {
    if (this.isOnScreen(name)) return true;
    this.flash("Only one question is asked now. Press O for the others.");
    return false;
  }

  choices(target, card) {
    const guesses = card ? Object.fromEntries(this.guesses(card, target.name)) : {};
    const known = target.classes ? classesOf(target) : [...Object.keys(guesses), ...(target.name === "genre" ? this.reply.genres : [])];
    const given = card?.labels[target.name];
    const hint = (value) => (value === given ? "your answer" : value in guesses ? percent(guesses[value]) : "");
    const options = [...new Set(known)].map((value) => ({ value, hint: hint(value) }));
    return { name: target.name, question: `${target.question} ${orderText(target)}`.trim(), options, free: !target.classes };
  }

  change(event) {
    const target = this.target(event.target);
    if (!target) return;
    const question = `Change “${this.titleOf(event)}”: ${event.value}`;
    const choose = (value) => this.send({ type: "label", track: event.track, target: target.name, value, shown: null });
    this.chooser.open({ ...this.choices(target, null), question, choose });
  }

  skip(kind) {
    const card = this.ready();
    if (!card) return;
    this.send({ type: "skip", track: card.id, target: this.open(card)[0] ?? this.first.name, kind });
    this.advance();
  }

  // What decided that this track was asked is put aside if it is still open; the rest just stays open.
  next() {
    if (this.asks.length < 2) return;
    const card = this.ready();
    if (!card) return;
    if (this.first.name in card.labels) this.leave(card);
    else this.skip("not now");
  }

  // Lets a track go that would stay on screen otherwise.
  leave(card) {
    this.send({ type: "leave", track: card.id });
    this.advance();
  }

  undo() {
    if (!this.reply || this.turning) return this.flash("One moment.");
    if (!this.reply.last.length && !this.pending.length) return this.flash("There is nothing to take back.");
    this.send({ type: "undo" });
  }

  ready() {
    const card = this.card;
    if (!card || this.turning) { this.flash("One moment."); return null; }
    if (performance.now() - this.shownAt < TOO_SOON_MS) { this.flash("That was quick: listen a moment first."); return null; }
    return card;
  }

  send(event) {
    this.line.send(event);
    paintSaved(this);
  }

  // -- choosing what is asked and shown -----------------------------------------------------------------------

  ask(names) {
    if (this.turning || names.join() === this.asks.join()) return;
    this.send({ type: "asks", value: names });
  }

  switchBlind() {
    this.send({ type: "mode", blind: !this.blind });
    this.say(this.blind ? "Blind: names and guesses are hidden." : "Names and guesses are shown again.", READ_MS);
  }

  switchOnly() {
    this.send({ type: "mode", only: !this.only });
    this.say(this.only ? "One question at a time." : "All questions are shown again.", READ_MS);
  }

  // A page asks for a track once per nonce; a reload of the tab does not play it again.
  chosen(wanted) {
    if (!wanted || wanted.nonce === this.lastNonce) return;
    this.lastNonce = wanted.nonce;
    const key = `earmark.play.${this.home}`;
    try {
      if (sessionStorage.getItem(key) === String(wanted.nonce)) return;
      sessionStorage.setItem(key, String(wanted.nonce));
    } catch { /* storage is off: a reload may play it once more */ }
    this.send({ type: "play", track: wanted.track });
  }

  goBack() {
    if (this.card?.chosen) this.leave(this.card);
  }

  toggle() { if (this.card) this.sound.toggle(); }

  seek(seconds) { this.seekTo(this.sound.position + seconds); }

  seekTo(position) {
    if (!this.card) return;
    this.sound.seek(position);
    paintTime(this);
  }

  // Back is to the start of this segment, or of the one before where this one has only begun.
  jump(step) {
    if (!this.card) return;
    const { segments } = this.card;
    if (segments.length < 2) return this.flash("No segments are known in this track.");
    const at = this.sound.position;
    if (step < 0) return this.seekTo(segments.findLast((begin) => begin < at - BEGUN_S) ?? 0);
    const next = segments.find((begin) => begin > at + AT_S);
    if (next === undefined) this.flash("This is the last segment.");
    else this.seekTo(next);
  }

  openSkips() {
    if (!this.ready()) return;
    this.skips.open(Object.entries(SKIPS).map(([kind, words]) => ({ words, run: () => this.skip(kind) })));
  }

  openAsking() {
    const single = this.targets.map((target) => [target.name]);
    this.asking.open([...single, ["rating", "genre"]].map((names) => (
      { words: inOneGo(names), checked: names.join() === this.asks.join(), run: () => this.ask(names) })));
  }

  openHelp() { this.help.open(); }

  // -- keys and focus -----------------------------------------------------------------------------------------

  onKey(event) {
    if (this.mode === "off" || isChord(event) || event.isComposing) return;
    if (event.key === "Tab") this.pointed = false;
    if (this.overlay?.onKey(event)) return;
    const focus = event.composedPath()[0];
    if (isText(focus)) return;
    const action = actionOf(event, this);
    if (!action || !this.isOurs(action, focus)) return;
    take(event);
    if (event.repeat && !action.repeats) return;
    action.run(this, action.key);
  }

  isOurs(action, focus) {
    const elsewhere = focus instanceof Element && focus !== document.body && focus !== this.root;
    if (action.here) return !elsewhere || this.root.contains(focus);
    const native = action.native === true || action.native === action.key;
    return !native || !elsewhere || this.pointed || focus.id === "seek";   // reached by Tab: the key is the control's own
  }

  // Puts the focus on an element, or where that is gone, on the desk itself: never on nothing.
  focus(element) {
    (isSeen(element) ? element : this.root).focus({ preventScroll: true });
  }

  // -- mounting -----------------------------------------------------------------------------------------------

  mount(root, { mode, play }, retrain) {
    const fresh = this.root !== root;
    this.retrain = retrain;
    this.root = root;
    if (this.mode !== mode) this.overlay?.close();
    this.mode = mode;
    root.dataset.mode = mode;
    root.hidden = mode === "off";
    if (fresh) this.wire();
    this.place();
    this.chosen(play);
    this.paint();
  }

  wire() {
    const find = (selector) => this.root.querySelector(selector);
    this.overlay = null;
    this.chooser = new Chooser(this, find("#chooser"));
    this.skips = new Menu(this, find("#skips"), find("[data-do=skips]"));
    this.asking = new Menu(this, find("#asking"), find("[data-do=asking]"));
    this.help = new Help(this, find("#help"));
    this.root.onclick = (event) => {
      const button = event.target.closest("[data-do]");
      if (button) actionNamed(button.dataset.do).run(this, button.dataset.key);
    };
    this.course = new Course(find("#course"), (position) => this.seekTo(position));
    nameKeys(this.root);
    new ResizeObserver(() => this.fit()).observe(find("#answers"));
  }

  // Tells the styles how high the answers are, and which part of the page a phone's keyboard leaves.
  fit() {
    const seen = window.visualViewport;
    const sizes = { "--answers": this.root?.querySelector("#answers").offsetHeight, "--seen-top": seen?.offsetTop, "--seen-height": seen?.height };
    for (const [name, size] of Object.entries(sizes)) this.root?.style.setProperty(name, `${size ?? 0}px`);
  }

  // -- telling ------------------------------------------------------------------------------------------------

  say(text, ms, outlasts = false) {
    Object.assign(this, { message: text, outlasts });
    clearTimeout(this.hush);
    if (ms) this.hush = setTimeout(() => this.say(null), ms);
    this.paint();
  }

  flash(text) {
    this.say(text, FLASH_MS, true);
    this.root?.classList.remove("flash");
    void this.root?.offsetWidth;   // so that it shakes again
    this.root?.classList.add("flash");
    clearTimeout(this.calm);
    this.calm = setTimeout(() => this.root?.classList.remove("flash"), FLASH_MS);
  }

  paint() {
    if (this.root && this.mode !== "off") paint(this);
  }
}

const isTurn = (event) => TURNS.has(event.type);

// In the order of their numbers: of ordered classes the best comes first.
function classesOf(target) {
  const classes = target?.classes ?? [];
  return target?.kind === "ordered" ? classes.toReversed() : classes;
}

const isOwnOrder = (target) => target?.kind === "ordered" && target.name !== "rating";

// Says which end the answers of an own ordered target begin at.
const orderText = (target) => (isOwnOrder(target) ? "The highest first." : "");

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".player");
  if (!root || !data) return;
  if (window.__earmark?.home !== data.home) {
    window.__earmark?.end();
    window.__earmark = new Desk(data.home);
  }
  window.__earmark.mount(root, data, () => setTriggerValue("retrain", window.__earmark.first.name));
}
