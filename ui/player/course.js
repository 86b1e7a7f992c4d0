// The course of a track: its waveform in bars, its segments, a mark where listening begins, and what was heard of it.

const BAR_PX = 3;             // a bar of two pixels and a gap
const CUT_PX = 2;             // free on each side of where a segment begins
const MARK_PX = 8;            // above the bars, for the mark
const LINE_PX = 6;            // where there is no waveform, a line
const DRAG_PX = 8;            // a finger that moved less has tapped
const LOUDEST = 255;

// The drawing is for the eye; the slider above it, which shows nothing, is what a keyboard and a screen reader meet.
class Course {
  constructor(box, seek) {
    this.box = box;
    this.input = box.querySelector("input");
    this.seek = seek;
    this.width = this.height = this.length = 0;
    this.input.oninput = () => seek(Number(this.input.value));
    const keys = ["rewind", "forward", "before", "after"].flatMap((name) => actionNamed(name).keys);
    this.input.setAttribute("aria-keyshortcuts", keys.join(" "));
    new ResizeObserver(([entry]) => this.fit(entry.contentRect)).observe(box);
    this.listen();
  }

  // A mouse moves at once. A finger may be about to scroll the page: it counts when it moves along or is lifted.
  listen() {
    const { box } = this;
    box.onmousedown = (event) => {
      event.preventDefault();
      box.classList.add("pressed");   // a focus that came with the mouse needs no frame
      this.input.focus({ preventScroll: true });
    };
    this.input.onblur = () => box.classList.remove("pressed");
    box.onpointerdown = (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      box.setPointerCapture(event.pointerId);
      this.from = event.clientX;
      if (event.pointerType === "mouse") this.press(event);
    };
    box.onpointermove = (event) => {
      if (!box.hasPointerCapture(event.pointerId)) return;
      if (event.pointerType === "mouse" || Math.abs(event.clientX - this.from) > DRAG_PX) this.press(event);
    };
    box.onpointerup = (event) => {
      if (event.pointerType !== "mouse" && box.hasPointerCapture(event.pointerId)) this.press(event);
    };
  }

  press(event) {
    const { left, width } = this.box.getBoundingClientRect();
    this.seek(this.length * Math.min(1, Math.max(0, (event.clientX - left) / width)));
  }

  // What is on screen, drawn again only when it is another.
  show(card, length) {
    const drawn = [card.id, length, card.start, card.segments, card.waveform].join(" ");
    if (drawn === this.drawn) return;
    Object.assign(this, { drawn, length, card });
    this.draw();
  }

  fit({ width, height }) {
    Object.assign(this, { width, height });
    if (this.card) this.draw();
  }

  move(at) {
    this.box.style.setProperty("--heard", `${this.length ? Math.min(100, (100 * at) / this.length) : 0}%`);
  }

  draw() {
    const { box, card, width, height } = this;
    const { waveform } = card;
    box.classList.toggle("drawn", Boolean(waveform));
    const x = (seconds) => (this.length ? Math.round((width * seconds) / this.length) : 0);
    const bounds = waveform ? card.segments.slice(1).map(x) : [];
    const shape = waveform ? barsOf(pointsOf(waveform), width, height, bounds) : lineOf(width, height);
    for (const path of box.querySelectorAll(".rest path, .heard path")) path.setAttribute("d", shape);
    box.querySelector(".bounds").setAttribute("d", bounds.map((at) => `M${at} 0V${height}`).join(""));
    box.querySelector(".telling").setAttribute("d", waveform ? `M${x(card.start) - 5} ${-MARK_PX}h10l-5 7z` : "");
  }
}

const pointsOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

function lineOf(width, height) {
  const half = LINE_PX / 2;
  const end = `a${half} ${half} 0 0 1 0 `;
  return `M${half} ${height / 2 - half}h${width - LINE_PX}${end}${LINE_PX}h${LINE_PX - width}${end}${-LINE_PX}z`;
}

// As many bars as fit, each as high as its points are on average, around the middle; silence is a dot.
function barsOf(points, width, height, bounds) {
  const count = Math.floor((width + 1) / BAR_PX);
  const isCut = (left) => bounds.some((at) => left < at + CUT_PX && left + BAR_PX - 1 > at - CUT_PX);
  return Array.from({ length: count }, (_, bar) => {
    if (isCut(bar * BAR_PX)) return "";
    const from = Math.floor((bar * points.length) / count);
    const part = points.subarray(from, Math.max(from + 1, Math.floor(((bar + 1) * points.length) / count)));
    const share = part.reduce((sum, one) => sum + one, 0) / part.length / LOUDEST;
    const half = Math.max(1, Math.round((share * height) / 2));
    return `M${bar * BAR_PX} ${height / 2 - half}h${BAR_PX - 1}v${2 * half}h${1 - BAR_PX}z`;
  }).join("");
}

function segmentText(segments, at) {
  const now = segments.findLastIndex((begin) => begin <= at + AT_S) + 1;
  return segments.length > 1 && now ? `, segment ${now} of ${segments.length}` : "";
}

function legendOf(desk) {
  const loudness = desk.reply?.matched
    ? "Loud tracks are turned down so that all sound about equally loud. Settings, Playing, changes that."
    : "Tracks play as loud as they were made. Settings, Playing, changes that.";
  return `The mark above the waveform shows where a track begins to play: where it is most typical. ${loudness}`;
}
