"""The Lyrics page in a real browser: the sung line is marked, a click on one goes there, everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.encode import write_audio
from benchmarks.lyrics_servers import ANOTHER, WORDS
from core.records import FoundFile, Label, Offer, Tags
from core.vocabulary import TAG_NAMES
from lyrics.providers import Verdict
from services.lyrics_search import keep
from services.workspace import Workspace
from tests.ui.browsing import ROW, Desk, Server, click_until, link, settled, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SR = 32_000
SECONDS = 60
TRACKS = 12
EVERY = 3  # seconds between two lines


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of twelve songs with words, rated in turn; the first has time stamps, one waits for a decision."""
    folder = tmp_path_factory.mktemp("lyrics")
    workspace = Workspace(folder / "home")
    rng = np.random.default_rng(0)
    ids = list(workspace.tracks.add([song(folder, number) for number in range(TRACKS)]).added)
    timed = "\n".join(f"[00:{EVERY * n:02}.00] {line}" for n, line in enumerate(WORDS.split("\n")))
    for number, track in enumerate(ids):
        workspace.tracks.mark_analysed(track, f"sound {number}", duration=float(SECONDS), note=None)
        sound, tags = rng.normal(size=6), rng.uniform(0.01, 0.2, len(TAG_NAMES))
        workspace.features.put(track, {"musicnn": sound, "tags": tags}, {"musicnn": 1, "tags": 1})
        own = WORDS if number % 2 == 0 else ANOTHER
        verdict = Verdict("found", Offer("LRCLIB", own, timed if number == 0 else None, match=1.0))
        if number == TRACKS - 1:
            offer = Offer("LRCLIB", WORDS, title="Song Tonight", artist="Hollow Pines", match=0.8)
            verdict = Verdict("not there", doubtful=(offer,))
        keep(workspace, workspace.tracks.get(track), verdict, ["your file", "a file beside it"])
    kinds = ("liked", "disliked")
    workspace.labels.add([Label(f"r{i}", track, "rating", kinds[i % 2]) for i, track in enumerate(ids[:8])])
    return folder / "home"


def song(folder: Path, number: int) -> FoundFile:
    """Write a minute of quiet noise."""
    y = (0.02 * np.random.default_rng(number).normal(size=SECONDS * SR)).astype(np.float32)
    tags = Tags(title=f"Song {number:02}", artist=f"Artist {number % 4}")
    path = write_audio(folder / f"{number}.mp3", y, SR, tags)
    return FoundFile(str(path), path.stat().st_size, path.stat().st_mtime, tags)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    running = Server(home)
    yield running
    running.stop()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Desk]:
    """Give a browser on the Lyrics page with the first song chosen."""
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_test_id("earmark-title").wait_for(state="visible")
    opened = Desk(page, server)
    link(opened, "Lyrics").click()
    page.get_by_text("Words of 11 of 12 tracks").wait_for()
    choose_first(page)
    yield opened
    context.close()
    assert problems == []


def choose_first(page: Page) -> None:
    """Choose the first song of the list by its title."""
    settled(page)
    shown = page.get_by_role("region", name="Words of Song 00")
    click_until(shown, page.get_by_test_id("stDataFrame").first, lambda box: (box["x"] + 130, box["y"] + 1.5 * ROW))


def current(page: Page) -> str:
    """Return the line that is marked, nothing where none is."""
    line = page.locator("li[aria-current=true]")
    return line.locator("button").inner_text() if line.count() else ""


def test_the_line_that_is_sung_is_marked_and_a_click_goes_to_another(desk: Desk) -> None:
    page, lines = desk.page, WORDS.split("\n")
    assert current(page) == ""
    page.get_by_role("button", name="Play", exact=True).last.click()
    wait_until(lambda: current(page) != "", 15, "a line is marked while the song plays", page)
    page.get_by_role("button", name=lines[12]).click()
    wait_until(lambda: current(page) == lines[12], 10, "the line that was clicked is marked", page)
    wait_until(lambda: current(page) == lines[13], 10, "and then the one after it", page)


def test_lines_say_how_they_feel_in_shape_and_word(desk: Desk) -> None:
    page = desk.page
    marked = page.locator("li.negative, li.positive")
    assert marked.count() >= 2
    assert {mark.strip(" :") for mark in marked.locator(".unseen").all_inner_texts()} <= {"positive", "negative"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_part_fits_and_has_no_accessibility_violations(
    browser: Browser, server: Server, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 1400}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found: list[object] = []
    try:
        page.goto(f"http://127.0.0.1:{server.port}/lyrics")
        page.get_by_text("Words of 11 of 12 tracks").wait_for(timeout=60_000)
        page.get_by_text("1 track to decide about").click()
        choose_first(page)
        for part, sign in (
            ("A song", "Correct the words"),
            ("Words", "All the words"),
            ("Feelings", "On average"),
            ("Coverage", "Lyrics are your private copy"),
        ):
            page.get_by_test_id("stButtonGroup").first.get_by_text(part, exact=True).click()
            page.get_by_text(sign).first.wait_for()
            settled(page)
            violations = Axe().run(page).response["violations"]
            found += [(part, one["id"], [node["target"] for node in one["nodes"]]) for one in violations]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append((part, "too wide"))
    finally:
        context.close()
    assert found == []
