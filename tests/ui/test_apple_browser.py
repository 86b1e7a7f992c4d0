"""An Apple Music library in a real browser: in through its door, rated on, its folder renamed, and in once more."""

from __future__ import annotations

import plistlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.encode import write_audio
from core.records import Tags
from data.exchange import itunes
from tests.ui.browsing import Desk, Server, link, settled, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SR = 32_000
RATINGS = [100, 100, 80, 60, 40, 40, 40, None, None]  # Apple's, of 0 to 100; the last two tracks are unrated
UNASKED = 4  # tracks whose stars count: they are not asked about


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a folder of nine short songs by three artists, and a Library.xml beside it that rates seven of them."""
    folder = tmp_path / "My Music"
    folder.mkdir()
    tracks = {}
    for number, rating in enumerate(RATINGS, 1):
        tags = Tags(title=f"Piece {number}", artist=f"Artist {number % 3}", album=f"Album {number % 3}")
        path = write_audio(folder / f"{number:02} Piece {number}.mp3", sound(number), SR, tags)
        tracks[str(number)] = {
            "Track ID": number,
            "Persistent ID": f"{number:016X}",
            "Track Type": "File",
            "Name": tags.title,
            "Artist": tags.artist,
            "Album": tags.album,
            "Size": path.stat().st_size,
            "Total Time": 4000,
            "Location": itunes.location(str(path)),
            **({} if rating is None else {"Rating": rating}),
        }
    everything = {"Name": "Library", "Master": True, "Playlist Items": [{"Track ID": n} for n in range(1, 10)]}
    content = {"Major Version": 1, "Application Version": "1.2.5.7", "Tracks": tracks, "Playlists": [everything]}
    (tmp_path / "Library.xml").write_bytes(plistlib.dumps(content))
    return folder


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    """Give a browser at the doors of an empty home."""
    server = Server(tmp_path / "browser home")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    yield Desk(page, server)
    context.close()
    server.stop()
    assert problems == []


@pytest.mark.timeout(600)  # it listens to nine songs, and waits for the worst of busy computers
def test_a_library_is_taken_in_rated_moved_and_taken_in_again(desk: Desk, music: Path, tmp_path: Path) -> None:
    page, library = desk.page, tmp_path / "Library.xml"

    page.get_by_label("Or its path").fill(str(library))
    page.get_by_text("9 files are here.").wait_for()
    settled(page)
    answer(page, "What 2 stars means", "Ignore")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Library.xml: 9 tracks (9 new), 4 ratings").wait_for()
    page.get_by_role("button", name="Understood").click()
    wait_until(lambda: states(desk) == {"analysed": 9}, 240, "all is analysed", page)

    before = rate_all(desk)
    assert sorted(before) == [f"Piece {number}" for number in range(UNASKED + 1, len(RATINGS) + 1)]

    moved = music.rename(tmp_path / "Music from the old computer")
    link(desk, "Library").click()
    page.get_by_text("Add an Apple Music library").click()
    page.get_by_label("Or its path").fill(str(library))
    page.get_by_text("0 files are here; 9 were not found.").wait_for()
    assert page.get_by_label("What 2 stars means").input_value() == "Ignore"
    page.get_by_label("Folder", exact=True).fill(str(moved))
    page.get_by_role("button", name="Look there").click()
    page.get_by_text("9 of 9 found by name and size.").wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Library.xml: 9 tracks (0 new), 4 ratings").wait_for()
    wait_until(lambda: states(desk) == {"analysed": 9} and idle(desk), 60, "the moved files are known", page)

    answers = [row for row in desk.server.rows() if row["source"] == "person" and not row["undone_at"]]
    assert {row["title"]: row["value"] for row in answers} == before and len(answers) == len(before)
    link(desk, "Rate").click()
    page.wait_for_timeout(2500)
    assert not page.get_by_test_id("earmark-title").is_visible() or desk.title == "", "nothing is asked twice"

    link(desk, "Playlists").click()
    settled(page)
    exported = export(page, tmp_path / "out")
    assert len(exported) == len(RATINGS)
    assert all(Path(path).is_file() and Path(path).parent == moved for path in exported)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_doors_and_what_is_behind_them_fit_a_phone(desk: Desk, music: Path, tmp_path: Path, scheme: str) -> None:
    browser = desk.page.context.browser
    assert browser is not None
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    try:
        page.goto(desk.page.url)
        page.get_by_role("heading", name="My Apple Music library").wait_for()
        settled(page)
        found["doors"] = problems_of(page)
        page.get_by_label("Or its path").fill(str(tmp_path / "Library.xml"))
        page.get_by_text("9 files are here.").wait_for()
        page.get_by_text("Where each file was found").click()
        page.get_by_text("all 9").wait_for()
        settled(page)
        found["preview"] = problems_of(page)
    finally:
        context.close()
    assert found == {"doors": ([], False), "preview": ([], False)}


def problems_of(page: Page) -> tuple[list[str], bool]:
    """Return what screen readers would stumble over, and whether the page is wider than the screen."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{v['id']} {[n['target'] for n in v['nodes']]}" for v in violations], bool(wide)


def sound(number: int) -> np.ndarray:
    """Return a few seconds unlike those of any other number."""
    t = np.arange(4 * SR) / SR
    chord = sum(np.sin(2 * np.pi * 110 * (1 + number / 7) * k * t) / k for k in (1, 2, 3))
    return (0.2 * chord * (1 + np.sin(2 * np.pi * (1 + number) * t)) / 2).astype(np.float32)


def answer(page: Page, label: str, value: str) -> None:
    """Choose from a list; one that is opened while the page still scrolls is closed again."""
    page.get_by_label(label).scroll_into_view_if_needed()
    page.wait_for_timeout(600)
    page.get_by_label(label).click()
    page.get_by_role("option", name=value).click()
    settled(page)


def rate_all(desk: Desk) -> dict[str, str]:
    """Answer by key until nothing is asked any more; return what was answered, by title."""
    given: dict[str, str] = {}
    for key, value in [("1", "liked"), ("2", "semi"), ("3", "disliked")] * 3:
        wait_until(lambda: desk.title not in ("", *given) or len(given) == 5, 15, "a title shows", desk.page)
        if len(given) == len(RATINGS) - UNASKED:
            break
        title = desk.press(key)
        assert title not in given, "asked twice"
        given[title] = value
    desk.settle()
    return given


def states(desk: Desk) -> dict[str, int]:
    """Return how many tracks are in each state."""
    connection = sqlite3.connect(desk.server.home / "earmark.db")
    try:
        return dict(connection.execute("SELECT state, COUNT(*) FROM tracks GROUP BY state").fetchall())
    finally:
        connection.close()


def idle(desk: Desk) -> bool:
    """Tell whether no job is open."""
    connection = sqlite3.connect(desk.server.home / "earmark.db")
    try:
        sql = "SELECT COUNT(*) FROM jobs WHERE state IN ('queued', 'running')"
        return connection.execute(sql).fetchone()[0] == 0
    finally:
        connection.close()


def export(page: Page, folder: Path) -> list[str]:
    """Write every rated track's playlist to a folder and return the paths in the three files of ratings."""
    page.get_by_text("Only what I rated").click()
    settled(page)
    answer(page, "Format", "M3U8, for most players")
    page.get_by_label("Folder").fill(str(folder))
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("button", name="Write all playlists to this folder").click()
    page.get_by_text(f"in {folder}").wait_for()
    lines = [line for file in folder.glob("*_songs_playlist.m3u8") for line in file.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
