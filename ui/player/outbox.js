// Events not yet saved: kept in the browser until the server says they are on disk.

class Outbox {
  constructor(home, tab) {
    this.prefix = `earmark.outbox.${home}.`;
    this.key = this.prefix + tab;
    this.events = this.recover();
    this.remember();
  }

  recover() {
    const found = [];
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(this.prefix)) {
          found.push(...JSON.parse(localStorage.getItem(key)));
          localStorage.removeItem(key);
        }
      }
    } catch { /* storage is off: the outbox lives in this tab only */ }
    return found;
  }

  remember() {
    try {
      if (this.events.length) localStorage.setItem(this.key, JSON.stringify(this.events));
      else localStorage.removeItem(this.key);
    } catch { /* as above */ }
  }

  add(event) {
    this.events.push({ id: crypto.randomUUID(), at: Date.now(), ...event });
    this.remember();
  }

  drop(ids) {
    const done = new Set(ids);
    this.events = this.events.filter((event) => !done.has(event.id));
    this.remember();
  }

  get oldest() { return this.events[0] ?? null; }
}
