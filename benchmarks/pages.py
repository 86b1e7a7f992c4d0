"""What each page takes: prints one JSON object with seconds until it has settled, and the memory the server then holds.

    python benchmarks/pages.py N [--answers 300] [--rest]

A made-up library of N analysed tracks with words, of which some are rated and a model is trained; the real server and
Chromium. The pages are opened one after the other in one session, then all of them once more: what the second round
needs is what a person waits for who goes to and fro. `peak_mb` is the most the server held at any moment so far.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.common import answer, emit, fill, one_transaction  # noqa: E402
from benchmarks.lyrics import COMMON, THEME, made_up  # noqa: E402
from benchmarks.serving import chromium, peak_mb, resident_mb, server  # noqa: E402
from core.records import Lyrics  # noqa: E402
from data.features import FeatureStore  # noqa: E402
from data.lyrics import LyricsStore  # noqa: E402
from lyrics import features  # noqa: E402
from lyrics.language import REST  # noqa: E402
from services import training  # noqa: E402
from services.lyrics import SET  # noqa: E402
from services.workspace import Workspace  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("Library", "Playlists", "History", "Models", "Settings", "Rate")
ROW = 35  # pixels of a table's row
TEXTS = 200  # different songs; more would only take longer to make


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", type=int, metavar="N")
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--rest", action="store_true", help="look once more when the model of languages was given back")
    options = parser.parse_args()
    if options.tracks < options.answers:
        parser.error("N must not be smaller than --answers.")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "home")
        library = fill(workspace, options.tracks, descriptors=True)
        answer(workspace, library, "rating", options.answers)
        give_words(workspace, library.ids)
        training.retrain(workspace, "rating", ["ordered", "knn"])
        with server(workspace, log=Path(folder) / "run.log") as (url, pid), chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 1600})
            page.set_default_timeout(120_000)
            began = time.monotonic()
            page.goto(url)
            page.get_by_test_id("earmark-title").wait_for()
            settled(page)
            rows = [row("Rate, the first time", began, pid)]
            for turn in (1, 2):
                rows += [measured(f"{name}, {turn}", act, page, pid) for name, act in steps()]
            if options.rest:
                rows.append(measured("a minute later", wait_a_minute, page, pid))
        emit({"tracks": options.tracks, "answers": options.answers, "pages": rows})


def give_words(workspace: Workspace, ids: list[int]) -> None:
    """Give every track words, as if they had been found."""
    rng = random.Random(0)
    texts = [made_up(rng, rng.sample(COMMON, 12), rng.sample(THEME, 2)) for _ in range(TEXTS)]
    vectors = [features.vector(text, language="en", duration=200.0) for text in texts]
    with one_transaction(workspace) as database:
        store, sets = LyricsStore(database), FeatureStore(database)
        for place, track_id in enumerate(ids):
            store.put(Lyrics(track_id, "found", text=texts[place % TEXTS], source="made up", language="en"))
            sets.put(track_id, {SET: vectors[place % TEXTS]}, {SET: features.VERSION})


# -- a person who looks at everything -----------------------------------------------------------------


def steps() -> Iterator[tuple[str, Callable[[Page], None]]]:
    """Yield what is done, by name."""
    yield from ((name, lambda page, name=name: go_to(page, name)) for name in PAGES)
    yield "Lyrics", lambda page: go_to(page, "Lyrics")
    yield "Lyrics: a song", choose_song
    yield "Lyrics: which of its words are those of liked songs", settled
    yield "Lyrics: written by hand", write_words
    yield from ((f"Lyrics: {part}", lambda page, part=part: choose_part(page, part)) for part in ("Words", "Feelings"))
    yield "Lyrics: A song", lambda page: choose_part(page, "A song")  # as it was found


def measured(name: str, act: Callable[[Page], None], page: Page, pid: int) -> dict[str, Any]:
    """Do something and return what it took."""
    began = time.monotonic()
    act(page)
    return row(name, began, pid)


def row(name: str, began: float, pid: int) -> dict[str, Any]:
    """Return how long something took that began then, and the server's memory."""
    return {
        "what": name,
        "seconds": round(time.monotonic() - began, 2),
        "server_mb": resident_mb(pid),
        "peak_mb": peak_mb(pid),
    }


def go_to(page: Page, name: str) -> None:
    """Open a page by its link."""
    page.get_by_role("link", name=name, exact=True).click()
    settled(page)


def choose_part(page: Page, part: str) -> None:
    """Open a part of the Lyrics page."""
    page.get_by_test_id("stButtonGroup").first.get_by_text(part, exact=True).click()
    settled(page)


def choose_song(page: Page) -> None:
    """Choose the second song of the list, and wait for its words."""
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 130, box["y"] + 2.5 * ROW)
    page.get_by_text("Correct the words").wait_for()


def write_words(page: Page) -> None:
    """Replace the words of the song that is chosen."""
    page.get_by_text("Correct the words").click()
    page.get_by_label("Words, a line each").fill("A line that I wrote for this song tonight\nand another by the sea")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Written by you.").wait_for()
    settled(page)


def wait_a_minute(page: Page) -> None:
    """Wait until the server has given back the model that tells languages, and let the page run once more."""
    page.wait_for_timeout(1000 * (REST + 10))
    go_to(page, "Rate")


def settled(page: Page) -> None:
    """Wait until the page runs no more."""
    page.wait_for_timeout(100)
    page.locator("[data-test-script-state=notRunning]").wait_for()


if __name__ == "__main__":
    main()
