// The line to the server: one message is heartbeat, events, acknowledgement and the next tracks.

const BEAT_MS = 1000;         // between two messages when nothing happens
const BEAT_BUSY_MS = 300;     // while something is unsaved or nothing is on screen
const LATE_MS = 2000;         // unsaved for longer: say so
const TIMEOUT_MS = 4000;
const BATCH = 200;            // events in one message: the server takes no longer ones

class Line {
  constructor(home, desk) {
    this.home = home;
    this.desk = desk;
    this.tab = crypto.randomUUID();
    this.outbox = new Outbox(home, this.tab);
    this.away = false;        // the last message did not get through
    this.ended = false;
    this.beat = this.beat.bind(this);
    setTimeout(this.beat, 0);
  }

  end() {
    this.ended = true;
    clearTimeout(this.timer);
  }

  get late() { return Boolean(this.outbox.oldest) && Date.now() - this.outbox.oldest.at > LATE_MS; }

  send(event) {
    this.outbox.add(event);
    this.sync();
  }

  leave() { navigator.sendBeacon("/earmark/leave", this.tab); }

  beat() {
    clearTimeout(this.timer);
    this.sync();
    const busy = this.outbox.oldest || !this.desk.card;
    if (!this.ended) this.timer = setTimeout(this.beat, busy ? BEAT_BUSY_MS : BEAT_MS);
  }

  async sync() {
    if (this.ended) return;
    if (this.underWay) { this.again = true; return; }
    this.underWay = true;
    try {
      await this.exchange();
    } finally {
      this.underWay = false;
    }
    if (this.again) { this.again = false; this.sync(); }
  }

  async exchange() {
    const sent = this.outbox.events.slice(0, BATCH);
    let reply;
    try {
      reply = await this.post({ home: this.home, tab: this.tab, events: sent, showing: this.desk.shown });
    } catch {
      this.away = true;   // not reachable: the outbox keeps everything, the next beat tries again
      dismissFramework();
      return;
    }
    const returned = this.away;
    this.away = false;
    this.outbox.drop([...reply.acked, ...Object.keys(reply.refused)]);
    this.desk.receive(reply, sent);
    if (returned) this.desk.comeBack();
  }

  async post(message) {
    const answer = await fetch("/earmark/desk", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }
}

// The framework's own dialog about the connection is hidden by page.css, but makes the page deaf to the mouse: close it.
function dismissFramework() {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app || app.dataset.testConnectionState === "CONNECTED") return;
  document.querySelector("[data-testid=stDialog]:not(:has([data-testid=stVerticalBlock])) button[aria-label=Close]")?.click();
}
