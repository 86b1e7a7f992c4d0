// Every key in one table: it drives the keyboard, the buttons with data-do, their names of keys, and the help.

const SEEK_S = 5;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const CAPS = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", "Shift+S": "Shift S", "Shift+ArrowLeft": "Shift ←", "Shift+ArrowRight": "Shift →" };
const PLACES = { BracketLeft: "[", BracketRight: "]" };
const TEXT_INPUTS = new Set(["text", "search", "number", "email", "url", "tel", "password", "date", "time", "datetime-local", "month", "week"]);

// says: what the help says. when: the key has a use now. native: a control reached by Tab keeps this key, or all, for itself.
// here: only while no other part of the page has the focus. repeats: a held key goes on.
const ACTIONS = [
  { name: "answer", keys: DIGITS, says: (desk) => desk.numbersText, run: (desk, key) => desk.answerNumber(Number(key)) },
  { name: "accept", keys: ["Enter"], native: true, says: () => "The shown genre is right", run: (desk) => desk.accept() },
  { name: "genre", keys: ["g"], says: () => "Correct the genre: type, or choose with the arrows", run: (desk) => desk.choose("genre") },
  { name: "mood", keys: ["m"], says: () => "Say the mood", run: (desk) => desk.choose("mood") },
  { name: "skip", keys: ["s"], says: () => "Not now: it comes back later", run: (desk) => desk.skip("not now") },
  { name: "skips", keys: ["Shift+S"], says: () => "Other ways to put it aside: don't know, never ask", run: (desk) => desk.openSkips() },
  { name: "next", keys: ["n"], when: (desk) => desk.asks.length > 1, says: () => "Next track, when several things are asked in one go", run: (desk) => desk.next() },
  { name: "undo", keys: ["u"], says: () => "Take the last answer back", run: (desk) => desk.undo() },
  { name: "play", keys: [" "], native: true, says: () => "Play or pause", run: (desk) => desk.toggle() },
  { name: "rewind", keys: ["ArrowLeft"], native: true, repeats: true, says: () => `${SEEK_S} seconds back`, run: (desk) => desk.seek(-SEEK_S) },
  { name: "forward", keys: ["ArrowRight"], native: true, repeats: true, says: () => `${SEEK_S} seconds on`, run: (desk) => desk.seek(SEEK_S) },
  { name: "before", keys: ["[", "Shift+ArrowLeft"], native: "Shift+ArrowLeft", says: () => "Start of this segment, then of the one before", run: (desk) => desk.jump(-1) },
  { name: "after", keys: ["]", "Shift+ArrowRight"], native: "Shift+ArrowRight", says: () => "Next segment of the track", run: (desk) => desk.jump(1) },
  { name: "blind", keys: ["b"], says: () => "Blind: hide names and guesses, or show them again", run: (desk) => desk.switchBlind() },
  { name: "only", keys: ["o"], says: () => "One question: hide the rows of all others, or show them again", run: (desk) => desk.switchOnly() },
  { name: "back", keys: ["Escape"], here: true, when: (desk) => desk.card?.chosen, says: () => "Close what is open; leave a track you chose", run: (desk) => desk.goBack() },
  { name: "help", keys: ["?"], says: () => "These keys", run: (desk) => desk.openHelp() },
  { name: "asking", keys: [], run: (desk) => desk.openAsking() },
  { name: "retrain", keys: [], run: (desk) => desk.retrain() },
  { name: "close", keys: [], run: (desk) => desk.overlay?.close() },
];

const capsOf = (key) => CAPS[key] ?? (key.length === 1 ? key.toUpperCase() : key);
const shortcutOf = (key) => (key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key);
const actionNamed = (name) => ACTIONS.find((action) => action.name === name);

function actionOf(event, desk) {
  const key = keyOf(event);
  const action = ACTIONS.find((one) => one.keys.includes(key));
  return action && (action.when?.(desk) ?? true) ? { ...action, key } : null;
}

// Letters, digits and brackets go by what is printed on the key, else, on another keyboard, by its place.
function keyOf(event) {
  const { key, code } = event;
  const known = (one) => ACTIONS.some((action) => action.keys.includes(one));
  const shifted = `Shift+${key.length > 1 ? key : key.toUpperCase()}`;
  if (event.shiftKey && known(shifted)) return shifted;
  if (key.length > 1 && key !== "Dead") return key;
  if (known(key.toLowerCase())) return key.toLowerCase();
  if (/^(Digit|Numpad)\d$/.test(code) && !/[a-z]/i.test(key)) return code.slice(-1);
  if (code in PLACES && !event.shiftKey) return PLACES[code];
  return /^Key[A-Z]$/.test(code) && key > "\x7f" ? code.slice(-1).toLowerCase() : key;
}

// Shortcuts of the browser and the system are left alone; on many keyboards Alt or AltGr is part of writing a bracket.
function isChord(event) {
  const writes = event.altKey && (event.key === "[" || event.key === "]");
  return event.metaKey || (!writes && (event.ctrlKey || event.altKey));
}

// Gives the buttons of a box what the table says about them.
function nameKeys(box) {
  for (const button of box.querySelectorAll("[data-do]")) {
    const key = button.dataset.key ?? actionNamed(button.dataset.do).keys[0];
    if (!key || Number(key) > DIGITS.length) continue;
    button.setAttribute("aria-keyshortcuts", shortcutOf(key));
    const cap = button.querySelector("kbd");
    if (cap) cap.textContent = capsOf(key);
  }
}

function isText(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && TEXT_INPUTS.has(element.type);
}

function helpRows(desk) {
  const keyed = ACTIONS.filter((action) => action.keys.length);
  return keyed.map((action) => ({ caps: action.name === "answer" ? desk.numbers : action.keys.map(capsOf), says: action.says(desk) }));
}
