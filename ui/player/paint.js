// What the desk shows: everything here only reads the desk and writes the page.

const PLAY = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 1.5v13l11-6.5z"/></svg>';
const PAUSE = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 1.5h4v13H3zm6 0h4v13H9z"/></svg>';
const TOUCH = matchMedia("(pointer: coarse)").matches;
const KEPT = "Earmark does not answer. Your answers are kept in this browser; start Earmark again to save them.";

function paint(desk) {
  const { root, card } = desk;
  const held = focused();
  root.classList.toggle("dark", isDark(root));
  root.classList.toggle("blind", desk.blind);
  for (const id of ["stage", "answers"]) root.querySelector(`#${id}`).hidden = !card;
  root.querySelector("#chosen").hidden = !card?.chosen;
  paintNames(desk, card);
  if (card) paintAnswers(desk, card);
  paintGenre(desk, card);
  paintFurther(desk, card);
  paintNotice(desk, card);
  paintStrip(desk);
  paintFoot(desk);
  paintTime(desk);
  paintSaved(desk);
  if (held && root.contains(held) && !isSeen(held) && !root.hidden) desk.focus(null);
}

// -- the track ---------------------------------------------------------------------------------------------

function paintNames(desk, card) {
  const { root, blind } = desk;
  const title = card ? (blind ? HIDDEN : card.title) : "";
  const why = card ? (blind ? "You listen blind: names and guesses are hidden." : card.reason) : "";
  put(root, "#title", title);
  put(root, "#by", card && !blind ? [card.artist, card.album, card.year].filter(Boolean).join(" · ") : "");
  put(root, "#why", why);
  if (!card) return put(root, "#now", "");
  paintCover(root.querySelector("#cover"), card, blind);
  put(root, "#now", `Now: ${title}${blind ? "" : ` by ${card.artist}`}. ${why}`);
  tellSystem(card, blind);
}

function paintCover(box, card, blind) {
  const wanted = blind ? "" : card.cover;
  if (box.dataset.cover === wanted) return;
  box.dataset.cover = wanted;
  box.style.backgroundImage = "";
  box.textContent = blind ? "?" : (card.title || card.album || "?").trim().slice(0, 1).toUpperCase();
  if (blind) return;
  const picture = new Image();
  picture.onload = () => {
    if (box.dataset.cover !== wanted) return;
    box.style.backgroundImage = `url("${wanted}")`;
    box.textContent = "";
  };
  picture.src = wanted;
}

// Lock screens and media keys show it too.
function tellSystem(card, blind) {
  if (!("mediaSession" in navigator)) return;
  const about = blind ? { title: HIDDEN } : { title: card.title, artist: card.artist, album: card.album ?? "" };
  if (navigator.mediaSession.metadata?.title === about.title) return;
  navigator.mediaSession.metadata = new MediaMetadata(about);
}

function paintTime(desk) {
  const { root, card, sound } = desk;
  if (!root || !card) return;
  const length = sound.duration ?? card.duration ?? 0;
  const at = sound.position;
  const seek = root.querySelector("#seek");
  seek.max = String(Math.max(1, length));
  seek.value = String(at);
  seek.setAttribute("aria-valuetext", `${clock(at)} of ${clock(length)}${segmentText(card.segments, at)}`);
  desk.course.show(card, length);
  desk.course.move(at);
  put(root, "#time", `${clock(at)} / ${clock(length)}`);
  const button = root.querySelector("#play");
  const state = sound.paused ? "Play" : "Pause";
  if (button.getAttribute("aria-label") === state) return;
  button.setAttribute("aria-label", state);
  button.innerHTML = sound.paused ? PLAY : PAUSE;
}

// -- answers -----------------------------------------------------------------------------------------------

function paintAnswers(desk, card) {
  const { root, first } = desk;
  const classes = classesOf(first);
  const box = root.querySelector("#choices");
  rebuild(box, [first.name, classes], () => {
    box.classList.toggle("many", classes.length > 4);
    box.style.setProperty("--n", String(Math.min(classes.length || 2, 5)));
    box.style.setProperty("--n-narrow", String(classes.length > 4 ? 3 : classes.length || 2));
    return first.classes ? classes.map((value, index) => answerButton(first, value, index)) : confirmButtons();
  });
  paintQuestion(root, first, box);
  nameKeys(box);
  if (first.classes) paintClasses(desk, card, box);
  else paintConfirm(desk, card, box);
  root.querySelector("#next").hidden = desk.asks.length < 2;
}

// Ratings speak for themselves; any other large buttons stand below their question.
function paintQuestion(root, target, box) {
  const shown = target.name !== "rating";
  root.querySelector("#asks").hidden = !shown;
  put(root, "#question", shown ? target.question : "");
  put(root, "#order", orderText(target));
  if (shown) { box.removeAttribute("aria-label"); box.setAttribute("aria-labelledby", "question"); }
  else { box.removeAttribute("aria-labelledby"); box.setAttribute("aria-label", target.question); }
}

function answerButton(target, value, index) {
  const colour = target.name === "rating" ? ` ${value}` : "";
  return make("button", { type: "button", class: `answer${colour}`, "data-value": value, "data-do": "answer", "data-key": index + 1 },
    ...(index < DIGITS.length ? [make("kbd")] : []), make("span", {}, capital(value)), make("em"));
}

function confirmButtons() {
  return [
    make("button", { type: "button", class: "answer", "data-do": "accept" }, make("kbd"), make("span", {}, "Right"), make("em")),
    make("button", { type: "button", class: "answer", "data-do": "genre" }, make("kbd"), make("span", {}, "Correct"), make("em")),
  ];
}

function paintClasses(desk, card, box) {
  const { name } = desk.first;
  const guesses = Object.fromEntries(desk.guesses(card, name));
  for (const button of box.children) {
    const { value } = button.dataset;
    put(button, "em", value in guesses ? percent(guesses[value]) : "");
    button.setAttribute("aria-pressed", String(card.labels[name] === value));
    button.classList.toggle("earlier", card.earlier[name] === value);
  }
}

function paintConfirm(desk, card, box) {
  const [accept, correct] = box.children;
  const value = desk.acceptable(card);
  const p = Object.fromEntries(desk.guesses(card, "genre"))[value];
  accept.hidden = !value;
  put(accept, "em", value ? [value, p === undefined ? "" : percent(p)].join(" ") : "");
  put(correct, "em", card.labels.genre ?? "");
}

function paintGenre(desk, card) {
  const row = desk.root.querySelector("#genre");
  const target = desk.target("genre");
  const first = desk.first === target;
  row.hidden = !card || !target || !(first || desk.rows.includes(target));
  if (row.hidden) return;
  const isOpen = desk.asks.includes("genre") && !(("genre") in card.labels);
  row.classList.toggle("open", isOpen);
  put(row, ".label", isOpen && !first ? target.question : "Genre");
  put(row, "#guess", genreText(desk, card));
  row.querySelector("#accept").hidden = first || !desk.acceptable(card);
  row.querySelector("#correct").hidden = first;
}

function genreText(desk, card) {
  const before = card.earlier.genre ? ` (before: ${card.earlier.genre})` : "";
  if (card.labels.genre) return `${card.labels.genre} (your answer)${before}`;
  if (desk.blind) return "My guess is hidden.";
  if (card.hidden && !card.guesses.genre) return "I keep my guess to myself this time.";
  const text = desk.guesses(card, "genre").map(([name, p]) => `${name} ${percent(p)}`).join("  ·  ");
  return (text || "not guessed yet") + before;
}

// One quiet button for each further target: its name, and the answer or the likeliest class.
function paintFurther(desk, card) {
  const row = desk.root.querySelector("#further");
  const further = desk.rows.filter((target) => target.name !== "genre");
  row.hidden = !card || !further.length;
  if (row.hidden) return;
  rebuild(row, further.map((target) => target.name), () => further.map((target) => furtherButton(desk, target)));
  nameKeys(row);
  further.forEach((target, index) => paintFurtherButton(desk, card, target, row.children[index]));
}

function furtherButton(desk, target) {
  const keyed = target.name === "mood";
  const attributes = { type: "button", class: "plain", "data-target": target.name, "aria-haspopup": "listbox" };
  const own = keyed ? { "data-do": "mood" } : { onclick: () => desk.choose(target.name) };
  return make("button", { ...attributes, ...own }, ...(keyed ? [make("kbd")] : []), make("span", {}, capital(target.name)), make("em"));
}

function paintFurtherButton(desk, card, target, button) {
  const given = card.labels[target.name];
  const [guess, p] = desk.guesses(card, target.name)[0] ?? [];
  const isOpen = !given && desk.asks.includes(target.name);
  put(button, "span", isOpen ? target.question : capital(target.name));
  put(button, "em", given ?? (guess ? `${guess} ${percent(p)}` : ""));
  button.classList.toggle("given", Boolean(given));
  button.classList.toggle("open", isOpen);
}

// -- sentences ---------------------------------------------------------------------------------------------

function paintNotice(desk, card) {
  put(desk.root, "#notice", desk.message ?? noticeText(desk, card) ?? "");
}

function noticeText(desk, card) {
  if (!card) return desk.reply ? desk.reply.notice ?? "One moment." : "Opening your library.";
  if (desk.line.away && desk.line.late) return KEPT;
  if (desk.sound.broken) return "This track cannot be played here. You can still answer, or put it aside.";
  if (desk.sound.blocked) return TOUCH ? "Tap the play button to start." : "Press Space to start.";
  return null;
}

// -- the foot ----------------------------------------------------------------------------------------------

function paintStrip(desk) {
  const events = (desk.reply?.last ?? []).map((event) => ({ ...event, title: desk.titleOf(event) }));
  rebuild(desk.root.querySelector("#strip"), events, () => events.map((event) => stripButton(desk, event)));
}

function stripButton(desk, event) {
  const colour = event.target === "rating" && event.kind === "label" ? event.value : "";
  const check = event.check ? [make("span", { class: "check", "aria-hidden": "true" }, event.check.right ? "✓" : "≠"),
    make("span", { class: "unseen" }, event.check.sentence)] : [];
  return make("button", { type: "button", title: event.check?.sentence, "aria-haspopup": "listbox", onclick: () => desk.change(event) },
    make("span", { class: "name" }, event.title), make("span", { class: `mark ${colour}` }, event.value), ...check);
}

function paintFoot(desk) {
  const { root } = desk;
  put(root, "#counts", countsText(desk));
  put(root, "#asked", inOneGo(desk.asks));
  root.querySelector("#retrain").hidden = !desk.reply?.model.newer;
  root.querySelector("[data-do=blind]").setAttribute("aria-pressed", String(desk.blind));
  root.querySelector("[data-do=only]").setAttribute("aria-pressed", String(desk.only));
}

function countsText(desk) {
  const { name, noun } = desk.first;
  const n = desk.reply?.counts?.[name] ?? 0;
  const answered = name === "rating" ? "rated" : n === 1 ? noun : `${noun}s`;
  const model = desk.reply?.model ?? {};
  const newer = model.name && model.newer ? ` · ${model.newer.toLocaleString("en")} newer than the model` : "";
  return `${n.toLocaleString("en")} ${answered}${newer}`;
}

function paintSaved(desk) {
  const { root, line } = desk;
  if (!root) return;
  const { late } = line;
  if (late !== desk.wasLate) { desk.wasLate = late; desk.paint(); return; }
  const waits = Boolean(line.outbox.oldest);
  root.querySelector("#saved").dataset.state = late ? "late" : waits ? "saving" : "saved";
  put(root, "#saved", late ? "Not saved - reconnecting" : waits ? "Saving" : "Saved");
}
