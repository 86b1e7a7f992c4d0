"""How long a rating key takes to the next title and to its sound, in a real browser: prints one JSON object.

    python benchmarks/rating_latency.py N [--answers 200] [--analysing]

A made-up library of N analysed tracks (many share a piece of the demo library), the real server, Chromium with the
autoplay policy a person has. Each track is answered 450 to 900 ms after its title appeared. Times run in the page, from
the key event to the frame that shows the new title, and to the first frame in which the sound has moved on; save_ms is
the time of the message that carried the answer. At the end the database is compared with what was on screen.
`--analysing` lets the coordinator listen to other files meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from audio.encode import write_audio  # noqa: E402
from benchmarks.common import emit, fill, percentiles  # noqa: E402
from benchmarks.serving import START_S, chromium, resident_mb, server  # noqa: E402
from core.errors import EarmarkError  # noqa: E402
from core.records import ANALYSED_STATES, Tags  # noqa: E402
from services import analysis, labeling, library  # noqa: E402
from services.demo import make_demo  # noqa: E402
from services.workspace import Workspace  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

WAIT_S = (0.45, 0.9)  # from a title to its answer: a person who knows the track at once
VALUES = {"1": "liked", "2": "semi", "3": "disliked"}
SETTLED = 50  # answers after which the server's memory is looked at first
TITLE_S = 20.0  # after which a title that does not come is an error
WAITING_PER_ANSWER = 4  # files that wait for analysis: more than are heard meanwhile
WAITING_SECONDS = 60.0  # of sound in each
SR = 22_050  # Hz
SLOW_MS = 300.0  # what 95 of 100 titles must stay below

# Says "here" to Python for each title, key and first movement of the sound; asks nothing of the page from outside,
# because Playwright's evaluate counts as a gesture and would unlock the sound.
WATCH = """
(() => {
  let title = null, shown = 0, key = null, sound = null, before = null, host = null;
  const find = () => {
    if (host && host.isConnected) return host;
    for (const one of document.querySelectorAll("*")) {
      if (one.shadowRoot?.querySelector("[data-testid=earmark-title]")) return host = one;
    }
    return null;
  };
  window.addEventListener("keydown", (event) => {
    if (event.isTrusted && !event.repeat && "123".includes(event.key)) {
      key = { at: event.timeStamp, title };
      window.earmarkSeen({ kind: "key", key: event.key, title });
    }
  }, true);
  const look = () => {
    requestAnimationFrame(look);
    const root = find()?.shadowRoot;
    if (!root) return;
    const text = root.querySelector("[data-testid=earmark-title]").textContent;
    if (text && text !== title) {
      title = text; sound = key; before = null;
      const from = key;
      setTimeout(() => {   // after this frame was painted
        window.earmarkSeen({ kind: "title", title: text, ms: from && performance.now() - from.at });
      });
      key = null;
    }
    const audio = root.querySelector("#sound audio");
    if (!sound || key || !audio || audio.paused || audio.seeking || audio.readyState < 3) { before = null; return; }
    const now = { audio, at: audio.currentTime };
    const moved = before && before.audio === audio ? now.at - before.at : 0;
    before = now;
    if (moved > 0 && moved < 0.5) {
      window.earmarkSeen({ kind: "sound", title: text, ms: performance.now() - sound.at });
      sound = null;
    }
  };
  requestAnimationFrame(look);
})();
"""


@dataclass
class Seen:
    """What the page said: titles on screen, keys, and how long things took."""

    title: str | None = None
    title_at: float = 0.0
    answers: list[tuple[str | None, str]] = field(default_factory=list)  # title on screen, value
    title_ms: list[float] = field(default_factory=list)
    sound_ms: list[float] = field(default_factory=list)
    save_ms: list[float] = field(default_factory=list)

    def take(self, event: dict[str, Any]) -> None:
        """Keep one message of the page."""
        if event["kind"] == "key":
            self.answers.append((event["title"], VALUES[event["key"]]))
        elif event["kind"] == "sound":
            self.sound_ms.append(event["ms"])
        else:
            self.title, self.title_at = event["title"], time.monotonic()
            if event["ms"] is not None:
                self.title_ms.append(event["ms"])

    def finished(self, request: Request) -> None:
        """Time a message to the desk that carried an answer, until its acknowledgement was there."""
        if request.url.endswith("/earmark/desk") and json.loads(request.post_data or "{}").get("events"):
            self.save_ms.append(request.timing["responseEnd"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=int, metavar="N")
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--analysis", "--analysing", action="store_true", dest="analysing")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.tracks <= options.answers:
        parser.error("N must be larger than --answers, or there is nothing left to ask.")

    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "home")
        make_library(workspace, Path(folder) / "music", options.tracks)
        if options.analysing:
            let_wait(workspace, Path(folder) / "waiting", options.answers * WAITING_PER_ANSWER)
        with server(workspace, log=Path(folder) / "run.log") as (url, pid):
            if options.analysing:
                wait_for_analysis(workspace, options.tracks)
            heard = analysed(workspace)
            seen, memory = rate(url, pid, options.answers, random.Random(options.seed))
            heard = analysed(workspace) - heard
            analysing = bool(workspace.jobs.open(kind="analyze"))
        emit(
            {
                "tracks": options.tracks,
                "answers": options.answers,
                **compare(workspace, seen),
                "title_ms": percentiles(seen.title_ms),
                "sound_ms": percentiles(seen.sound_ms),
                "save_ms": percentiles(seen.save_ms),
                "slow_titles": [
                    i for i, ms in enumerate(seen.title_ms, 1) if ms > SLOW_MS
                ],  # the answers they followed
                "sounds_timed": len(seen.sound_ms),
                "server_mb": memory,
                "analysed_meanwhile": heard,
                "analysing_at_the_end": analysing,
            }
        )


# -- the library ------------------------------------------------------------------------------------


def make_library(workspace: Workspace, folder: Path, n: int) -> None:
    """Fill a home with n tracks whose files are hard links to the pieces of the demo library."""
    pieces = make_demo(folder / "pieces")
    files = [folder / f"{i // 1000}" / f"{i}{pieces[i % len(pieces)].suffix}" for i in range(n)]
    for i, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        os.link(pieces[i % len(pieces)], file)
    fill(workspace, n, files=files, outlines=True)


def let_wait(workspace: Workspace, folder: Path, n: int) -> None:
    """Import n files that were not heard yet, no two alike, and queue their analysis."""
    folder.mkdir()
    for i in range(n):
        noise = np.random.default_rng(i).integers(-4, 5, int(WAITING_SECONDS * SR))  # quiet: FLAC makes it small
        tags = Tags(title=f"Waiting {i + 1}", artist=f"Waiting artist {i + 1}")
        write_audio(folder / f"{i}.flac", (noise / 32_768).astype(np.float32), SR, tags)
    library.add(workspace, [folder])
    analysis.start(workspace)


def wait_for_analysis(workspace: Workspace, before: int) -> None:
    """Wait until the first of the waiting files was heard: until then the children only start."""
    end = time.monotonic() + START_S
    while analysed(workspace) <= before:
        if time.monotonic() > end:
            raise EarmarkError(f"The analysis did not begin within {START_S:.0f} s.")
        time.sleep(0.2)


def analysed(workspace: Workspace) -> int:
    """Return how many tracks were heard."""
    counts = workspace.tracks.count()
    return sum(counts.get(state, 0) for state in ANALYSED_STATES)


# -- a person ---------------------------------------------------------------------------------------


def rate(url: str, pid: int, answers: int, lot: random.Random) -> tuple[Seen, dict[str, float]]:
    """Answer so many tracks in a new browser, and look at the server's memory."""
    seen = Seen()
    memory = {"after_50": resident_mb(pid)}
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.expose_function("earmarkSeen", seen.take)
        page.add_init_script(WATCH)
        page.on("requestfinished", seen.finished)
        page.goto(url)
        for number in range(1, answers + 1):
            next_title(page, seen, than=seen.answers[-1][0] if seen.answers else None)
            page.wait_for_timeout(max(0.0, 1000 * (seen.title_at + lot.uniform(*WAIT_S) - time.monotonic())))
            page.keyboard.press(lot.choice(list(VALUES)))
            if number == min(SETTLED, answers):
                memory["after_50"] = resident_mb(pid)
        next_title(page, seen, than=seen.answers[-1][0])
        page.wait_for_timeout(2000)  # the last sound, and the last answer on its way to the disk
        memory["last"] = resident_mb(pid)
    return seen, memory


def next_title(page: Page, seen: Seen, *, than: str | None) -> None:
    """Wait until another title is on screen."""
    end = time.monotonic() + TITLE_S
    while seen.title is None or seen.title == than:
        if time.monotonic() > end:
            raise EarmarkError(f"No new title appeared within {TITLE_S:.0f} s after {len(seen.answers)} answers.")
        page.wait_for_timeout(5)


def compare(workspace: Workspace, seen: Seen) -> dict[str, int]:
    """Return how many labels there are, and how many of them, in order, are what was pressed on what was on screen."""
    rows = [(e["title"], e["value"]) for e in reversed(labeling.history(workspace, None)) if e["source"] == "person"]
    return {"rows": len(rows), "rows_right": sum(a == b for a, b in zip(rows, seen.answers, strict=False))}


if __name__ == "__main__":
    main()
