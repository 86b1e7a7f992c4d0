"""The Models page in a real browser: a square that is clicked lists tracks that play, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.encode import write_audio
from core.records import FoundFile, Label, Tags
from core.vocabulary import TAG_NAMES
from services import model_pages, training
from services.workspace import Workspace
from tests.ui.browsing import ROW, Desk, Server, click_until, link, settled, still, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SR = 32_000
KINDS = ["liked", "semi", "disliked"]
RATED, TRACKS = 24, 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of 30 short songs, 24 rated, with two trainings; the first kept its guesses as the second did."""
    folder = tmp_path_factory.mktemp("models")
    workspace = Workspace(folder / "home")
    rng = np.random.default_rng(0)
    ids = list(workspace.tracks.add([song(folder, number) for number in range(TRACKS)]).added)
    for number, track in enumerate(ids):
        workspace.tracks.mark_analysed(track, f"sound {number}", duration=2.0, note=None)
        sound = 2 * (np.arange(6) % 3 == number % 3) + rng.normal(size=6)
        tags = rng.uniform(0.01, 0.2, len(TAG_NAMES))
        workspace.features.put(track, {"musicnn": sound, "tags": tags}, {"musicnn": 1, "tags": 1})
    workspace.labels.add([Label(f"r{i}", track, "rating", KINDS[i % 3]) for i, track in enumerate(ids[:RATED])])
    for _ in range(2):
        training.retrain(workspace, "rating", ["ordered", "knn"])
    return folder / "home"


def song(folder: Path, number: int) -> FoundFile:
    """Write two seconds of noise."""
    y = (0.1 * np.random.default_rng(number).normal(size=2 * SR)).astype(np.float32)
    tags = Tags(title=f"Song {number}", artist=f"Artist {number % 6}")
    path = write_audio(folder / f"{number}.mp3", y, SR, tags)
    return FoundFile(str(path), path.stat().st_size, path.stat().st_mtime, tags)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    running = Server(home)
    yield running
    running.stop()


@pytest.fixture
def desk(browser: Browser, server: Server) -> Iterator[Desk]:
    """Give a browser on the Models page, which was reached as a person reaches it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_test_id("earmark-title").wait_for(state="visible")
    opened = Desk(page, server)
    link(opened, "Models").click()
    page.get_by_role("heading", name="What is taken for what").wait_for()
    settled(page)
    yield opened
    context.close()
    assert problems == []


def test_a_click_on_a_square_lists_its_tracks_and_one_of_them_plays(desk: Desk, home: Path) -> None:
    page = desk.page
    answered, guessed, expected = square(home)
    click(page, answered, guessed)
    assert [page.get_by_label(name).input_value() for name in ("Answered", "Guessed")] == [answered, guessed]
    press_play(page, answered, guessed)
    wait_until(lambda: desk.title == expected[0], 10, "the first track of the square is on the screen", page)
    wait_until(desk.plays, 5, "it is heard", page)


def test_the_square_that_was_clicked_before_is_chosen_again_by_a_click(desk: Desk, home: Path) -> None:
    page = desk.page
    answered, guessed, _ = square(home)
    click(page, answered, guessed)
    other = next(kind for kind in KINDS if kind != answered)
    page.get_by_label("Answered").scroll_into_view_if_needed()
    page.wait_for_timeout(600)
    page.get_by_label("Answered").click()
    page.get_by_role("option", name=other, exact=True).click()
    settled(page)
    page.get_by_text(f"answered {other}, guessed {guessed}.").wait_for()
    settled(page)
    click(page, answered, guessed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_all_of_it_fits_and_has_no_accessibility_violations(
    browser: Browser, server: Server, scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    try:
        page.goto(f"http://127.0.0.1:{server.port}/models")
        page.get_by_role("heading", name="Past trainings").wait_for(timeout=60_000)
        settled(page)
        for name in ("What these models are", "Which ones"):
            for part in page.get_by_text(name, exact=True).all():
                part.click()
        page.get_by_label("Compare with").scroll_into_view_if_needed()
        page.wait_for_timeout(600)
        page.get_by_label("Compare with").click()
        page.get_by_role("option").first.click()
        page.get_by_text("both were measured on").wait_for()
        settled(page)
        violations = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    finally:
        context.close()
    assert ([(v["id"], [n["target"] for n in v["nodes"]]) for v in violations], wide) == ([], False)


def square(home: Path) -> tuple[str, str, list[str]]:
    """Return the right square with most tracks, which is not the one shown first, and their titles in order."""
    workspace = Workspace(home)
    run = model_pages.newest(workspace, "rating")
    assert run is not None
    found = {kind: model_pages.cell(workspace, run, kind, kind) for kind in KINDS}
    kind = max(KINDS, key=lambda one: len(found[one]))
    tracks = workspace.tracks.many([row["id"] for row in found[kind]])
    return kind, kind, [tracks[row["id"]].title for row in found[kind]]


def click(page: Page, answered: str, guessed: str) -> None:
    """Click into a square, not on its middle, until its tracks are listed."""
    order = ["disliked", "semi", "liked"]
    column, row = order.index(guessed) + 0.25, order.index(answered) + 0.7
    click_until(
        page.get_by_text(f"answered {answered}, guessed {guessed}."),
        page.locator("[class*=st-key-confusion-] .nsewdrag").first,
        lambda box: (box["x"] + box["width"] * column / 3, box["y"] + box["height"] * row / 3),
    )


def press_play(page: Page, answered: str, guessed: str) -> None:
    """Press the play button of the first track listed below the squares."""
    listed = page.get_by_text(f"answered {answered}, guessed {guessed}.")
    box = still(listed.locator("xpath=following::*[@data-testid='stDataFrame'][1]"))
    page.mouse.click(box["x"] + 22, box["y"] + 1.5 * ROW)
    settled(page)
