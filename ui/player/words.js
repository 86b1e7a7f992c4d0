// Words for numbers and names, and small helpers on elements.

const PLURALS = { rating: "ratings", genre: "genres", mood: "moods" };   // own targets keep the name they were given

const percent = (p) => (p > 0.99 ? "over 99 %" : p < 0.01 ? "under 1 %" : `${Math.round(100 * p)} %`);
const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const plural = (name) => PLURALS[name] ?? name;
const inOneGo = (names) => capital(names.map(plural).join(" and ")) + (names.length > 1 ? " in one go" : "");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element[name] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function put(root, selector, text) {
  const node = root.querySelector(selector);
  if (node.textContent !== text) node.textContent = text;
}

// Builds a box anew only when its content changed; the focus stays at its place in the row.
function rebuild(box, content, build) {
  const signature = JSON.stringify(content);
  if (box.dataset.signature === signature) return;
  const held = [...box.querySelectorAll("button")].indexOf(box.getRootNode().activeElement);
  box.dataset.signature = signature;
  box.replaceChildren(...build());
  if (held >= 0) [...box.querySelectorAll("button")].slice(0, held + 1).at(-1)?.focus();
}

function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element === document.body ? null : element;
}

const isSeen = (element) => Boolean(element?.isConnected) && element.getClientRects().length > 0;

function isDark(root) {
  const [r, g, b] = (getComputedStyle(root).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return r + g + b > 380;   // light text: a dark theme
}
