// The words of a song. The player says where it is with "earmark-time"; a click on a line asks it to go there.

const FEELS = 0.05;      // VADER's own bounds of neutral
const STRONG = 0.5;
const AHEAD = 0.15;      // seconds: the eye is quicker than the ear

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".sheet");
  if (root.dataset.shown !== JSON.stringify(data)) paint(root, data);

  const follow = (event) => mark(root, data, event.detail);
  window.addEventListener("earmark-time", follow);
  return () => window.removeEventListener("earmark-time", follow);
}

function paint(root, data) {
  root.dataset.shown = JSON.stringify(data);
  root.tabIndex = 0;
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", `Words of ${data.title}`);
  const list = document.createElement("ol");
  list.append(...data.lines.map((line) => item(line, data.track)));
  root.replaceChildren(list);
}

function item(line, track) {
  const element = document.createElement("li");
  if (!line.text.trim()) { element.className = "empty"; element.setAttribute("aria-hidden", "true"); return element; }
  const timed = line.seconds !== null;
  element.classList.toggle("timed", timed);
  if (timed) {
    const time = document.createElement("time");
    time.textContent = clock(line.seconds);
    element.append(time);
  }
  element.append(feeling(element, line.sentiment), words(line, track, timed));
  return element;
}

// A shape says what the colour says: up or down, twice where it is strong.
function feeling(element, sentiment) {
  const mark = document.createElement("span");
  mark.className = "mark";
  if (sentiment === null || Math.abs(sentiment) < FEELS) return mark;
  const up = sentiment > 0;
  element.classList.add(up ? "positive" : "negative");
  const shape = document.createElement("span");
  shape.setAttribute("aria-hidden", "true");
  shape.textContent = (up ? "▲" : "▽").repeat(Math.abs(sentiment) >= STRONG ? 2 : 1);
  const said = document.createElement("span");
  said.className = "unseen";
  said.textContent = up ? "positive: " : "negative: ";
  mark.append(shape, said);
  mark.title = `${up ? "Positive" : "Negative"} ${sentiment.toFixed(2)}`;
  return mark;
}

function words(line, track, timed) {
  const element = document.createElement(timed ? "button" : "span");
  element.textContent = line.text;
  if (!timed) { element.className = "text"; return element; }
  element.type = "button";
  element.addEventListener("click", () =>
    window.dispatchEvent(new CustomEvent("earmark-seek", { detail: { track, position: line.seconds } })));
  return element;
}

// Marks the line that is sung and keeps it in sight, inside the sheet only: the page itself never jumps.
function mark(root, data, now) {
  const items = [...root.querySelectorAll("li")];
  const here = now.track === data.track ? sung(data.lines, now.position + AHEAD) : -1;
  if (root.dataset.here === String(here)) return;
  root.dataset.here = String(here);
  items.forEach((element, place) => {
    if (place === here) element.setAttribute("aria-current", "true"); else element.removeAttribute("aria-current");
  });
  if (here < 0 || root.matches(":focus-within")) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const top = items[here].offsetTop - root.offsetTop - root.clientHeight / 3;
  root.scrollTo({ top, behavior: still ? "auto" : "smooth" });
}

function sung(lines, position) {
  let found = -1;
  lines.forEach((line, place) => { if (line.seconds !== null && line.seconds <= position) found = place; });
  return found;
}
