// What opens above the desk: one thing at a time, closed with Escape, and the focus goes back to where it was.

class Overlay {
  constructor(desk, box) {
    this.desk = desk;
    this.box = box;
  }

  show() {
    this.desk.overlay?.close();
    this.from = focused();
    this.box.hidden = false;
    this.desk.overlay = this;
  }

  close() {
    if (this.desk.overlay !== this) return;
    const held = this.box.contains(this.box.getRootNode().activeElement);
    this.desk.overlay = null;
    this.box.hidden = true;
    if (held) this.desk.focus(this.from);
  }

  holds(event) { return event.composedPath().includes(this.box); }

  // Says whether a key was meant for it, and no longer for the desk.
  onKey(event) {
    if (event.key !== "Escape") return this.holds(event) && this.onOwnKey(event);
    take(event);
    this.close();
    return true;
  }

  onOwnKey() { return false; }

  onPointer() { /* stays open while something else is pressed */ }
}

function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

// -- the chooser: a field that finds, a list below it ------------------------------------------------------

const NARROW = matchMedia("(max-width: 640px)");

class Chooser extends Overlay {
  constructor(desk, box) {
    super(desk, box);
    this.input = box.querySelector("input");
    this.list = box.querySelector("[role=listbox]");
    this.input.oninput = () => this.find();
    box.onsubmit = (event) => { event.preventDefault(); this.choose(this.marked); };
    this.list.onpointerdown = (event) => event.preventDefault();   // the focus, and a phone's keyboard, stay where they are
    this.list.onclick = (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    };
  }

  // about: {question, options: [{value, hint}], free: may a new one be written, name, choose: (value) => ...}
  open(about) {
    this.about = about;
    this.show();
    put(this.box, "#chooser-label", about.question);
    this.input.placeholder = about.free ? "Type to find, or write a new one" : "Type to find, or press its number";
    this.input.value = "";
    this.find();
    this.input.focus();
  }

  // On a phone it lies above the page, its answers and its head; elsewhere it stands in its place.
  show() {
    super.show();
    this.box.popover = NARROW.matches ? "manual" : null;
    if (NARROW.matches) this.box.showPopover();
  }

  close() {
    super.close();
    this.box.popover = null;
  }

  get typed() { return this.input.value.trim().replace(/\s+/g, " "); }

  find() {
    const typed = this.typed.toLowerCase();
    const rank = (value) => (value === typed ? 0 : value.startsWith(typed) ? 1 : value.includes(typed) ? 2 : 3);
    this.options = this.about.options
      .map((option) => ({ ...option, rank: rank(option.value.toLowerCase()) }))
      .filter((option) => option.rank < 3)
      .sort((a, b) => (typed ? a.rank - b.rank : 0));
    this.fits = this.options.length;
    if (this.about.free && typed && this.options[0]?.rank !== 0) {
      this.options.push({ value: this.typed, words: `New ${this.about.name}: ${this.typed}`, key: this.fits ? "Shift Enter" : "" });
    }
    this.paint();
    this.mark(typed && this.options.length ? 0 : -1);
  }

  paint() {
    this.list.replaceChildren(...this.options.map((option, index) => {
      const words = make("span", {}, option.words ?? capital(option.value));
      const key = option.key ? [make("kbd", {}, option.key)] : [];
      const cap = this.about.free || index >= DIGITS.length ? [] : [make("kbd", { "aria-hidden": "true" }, DIGITS[index])];
      const hint = option.hint ? [make("em", {}, option.hint)] : [];
      return make("li", { role: "option", id: `option-${index}`, "aria-selected": "false" }, ...cap, words, ...key, ...hint);
    }));
    this.list.hidden = !this.options.length;
    this.input.setAttribute("aria-expanded", String(this.options.length > 0));
  }

  mark(index) {
    this.marked = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", `option-${index}`);
    this.list.children[index].scrollIntoView({ block: "nearest" });
  }

  // A new one stands last and is reached by going up from the first: going down stays among what is known.
  move(step) {
    const last = this.options.length - 1;
    if (last < 0) return;
    if (step < 0) this.mark(this.marked <= 0 ? last : this.marked - 1);
    else this.mark(this.marked + 1 < this.fits ? this.marked + 1 : 0);
  }

  choose(index) {
    const option = this.options[index];
    if (!option) return;
    this.close();
    this.about.choose(option.value);
  }

  onOwnKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const number = this.about.free ? -1 : DIGITS.indexOf(event.key);
    if (step) { take(event); this.move(step); }
    else if (number >= 0 && !event.repeat) { take(event); this.choose(number); }
    else if (event.key === "Enter" && event.repeat) take(event);
    else if (event.key === "Enter" && event.shiftKey && this.fits < this.options.length) { take(event); this.choose(this.fits); }
    return true;
  }
}

// -- menus -------------------------------------------------------------------------------------------------

class Menu extends Overlay {
  constructor(desk, box, button) {
    super(desk, box);
    this.button = button;
  }

  // items: [{words, checked: true or false where one of them is chosen, run}]
  open(items) {
    if (this.desk.overlay === this) return this.close();
    this.show();
    this.button.setAttribute("aria-expanded", "true");
    this.box.replaceChildren(...items.map(({ words, checked, run }) => make("button", {
      type: "button", tabindex: "-1", role: checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": checked, onclick: (event) => this.take(run, event.detail > 0),
    }, words)));
    (this.box.querySelector("[aria-checked=true]") ?? this.box.firstChild).focus();
  }

  // After a click the keys are the desk's again; who works with the keyboard stays on the button.
  take(run, pointed) {
    this.close();
    if (pointed) this.desk.focus(null);
    run();
  }

  close() {
    this.button.setAttribute("aria-expanded", "false");
    super.close();
  }

  onKey(event) {
    if (event.key === "Tab") { this.close(); return true; }
    return super.onKey(event);
  }

  onOwnKey(event) {
    const items = [...this.box.children];
    const at = items.indexOf(focused());
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) { take(event); items.at(to % items.length).focus(); }
    else if (event.repeat) take(event);
    return true;
  }

  onPointer(event) {
    if (!this.holds(event) && !event.composedPath().includes(this.button)) this.close();
  }
}

// -- help --------------------------------------------------------------------------------------------------

class Help extends Overlay {
  constructor(desk, box) {
    super(desk, box);
    box.onclose = () => this.close();
    box.onclick = (event) => { if (event.target === box) this.close(); };   // beside the sheet
  }

  open() {
    this.show();
    const rows = helpRows(this.desk);
    this.box.querySelector("tbody").replaceChildren(...rows.map(({ caps, says }) => make("tr", {},
      make("th", { scope: "row" }, ...caps.map((cap) => make("kbd", {}, cap))), make("td", {}, says))));
    put(this.box, "#legend", legendOf(this.desk));
    this.box.showModal();
    this.box.querySelector("[data-do=close]").focus();
  }

  close() {
    if (this.desk.overlay !== this) return;
    this.desk.overlay = null;
    this.box.close();
    this.box.hidden = true;
    this.desk.focus(this.from);
  }

  onKey(event) {
    if (event.key === "Escape" || event.key === "?") { take(event); this.close(); return true; }
    if (event.key === "Tab") this.turn(event);
    return true;
  }

  turn(event) {
    const stops = [...this.box.querySelectorAll("button, [tabindex='0']")];
    take(event);
    stops.at((stops.indexOf(focused()) + (event.shiftKey ? -1 : 1)) % stops.length).focus();
  }
}
