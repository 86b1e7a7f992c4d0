"""The rating desk in a real browser: no answer is lost, doubled or given to the wrong track, and the sound goes on."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.ui.browsing import Desk, Server, link, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("desk") / "home")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def desk(browser: Browser, server: Server) -> Iterator[Desk]:
    """Give a desk with the demo library, opened through its door; analysis goes on meanwhile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_role("button", name="Just show me").click()
    opened = Desk(page, server)
    page.get_by_test_id("earmark-title").wait_for(state="visible", timeout=120_000)
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def analysed(desk: Desk) -> Desk:
    """Give the desk once all 36 pieces were heard, on the Rate page."""
    if not desk.page.url.rstrip("/").endswith(str(desk.server.port)):
        link(desk, "Rate").click()
    connection = sqlite3.connect(desk.server.home / "earmark.db")
    try:
        count = "SELECT COUNT(*) FROM tracks WHERE state = 'analysed'"
        wait_until(lambda: connection.execute(count).fetchone()[0] == 36, 120, "all is analysed", desk.page)
    finally:
        connection.close()
    desk.settle()
    return desk


def test_the_demo_door_leads_to_a_playing_track(desk: Desk) -> None:
    wait_until(desk.plays, 10, "sound is heard", desk.page)


def test_one_key_is_one_answer_and_the_next_track_plays_without_a_gesture(desk: Desk) -> None:
    before = len(desk.server.rows())
    title = desk.press("1")
    desk.settle()
    assert [(row["title"], row["value"], row["source"]) for row in desk.server.rows()[before:]] == [
        (title, "liked", "person")
    ]
    wait_until(lambda: desk.title not in ("", title), 30, "another track was analysed", desk.page)
    assert desk.plays()


def test_quick_answers_are_all_kept_in_order_with_the_title_that_was_on_screen(analysed: Desk) -> None:
    chance = random.Random(0)
    before, given = len(analysed.server.rows()), []
    for key, value in [("1", "liked"), ("2", "semi"), ("3", "disliked")] * 2:
        title = analysed.title
        analysed.page.wait_for_timeout(chance.uniform(300, 900))
        assert analysed.title == title
        analysed.page.keyboard.press(key)
        given.append((title, value))
        wait_until(lambda title=title: analysed.title != title, 2, "the next title shows", analysed.page)
    analysed.settle()
    assert [(row["title"], row["value"]) for row in analysed.server.rows()[before:]] == given


def test_five_presses_within_a_tenth_of_a_second_are_one_answer(analysed: Desk) -> None:
    before = len(analysed.server.rows())
    analysed.page.evaluate(
        """async () => {
          for (let i = 0; i < 5; i += 1) {
            document.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
            await new Promise((done) => setTimeout(done, 20));
          }
        }"""
    )
    analysed.settle()
    analysed.page.wait_for_timeout(700)
    assert len(analysed.server.rows()) == before + 1


def test_a_held_key_is_one_answer(analysed: Desk) -> None:
    before = len(analysed.server.rows())
    for _ in range(20):
        analysed.page.keyboard.down("3")
        analysed.page.wait_for_timeout(100)
    analysed.page.keyboard.up("3")
    analysed.settle()
    assert len(analysed.server.rows()) == before + 1


def test_undo_brings_each_track_back_playing_with_its_earlier_answer_marked(analysed: Desk) -> None:
    a = analysed.press("1")
    b = analysed.press("3")
    analysed.settle()
    analysed.page.keyboard.press("u")
    wait_until(lambda: analysed.title == b, 5, "the second track is back", analysed.page)
    assert analysed.marked() == ["Disliked"]
    assert analysed.plays()
    analysed.settle()
    analysed.page.keyboard.press("u")
    wait_until(lambda: analysed.title == a, 5, "the first track is back", analysed.page)
    assert analysed.marked() == ["Liked"]
    undone = [row["title"] for row in analysed.server.rows() if row["undone_at"]]
    assert undone[-2:] == [a, b]


def test_an_answer_given_while_the_server_is_dead_is_saved_when_it_is_back(analysed: Desk) -> None:
    analysed.settle()
    before = len(analysed.server.rows())
    analysed.server.kill()
    title = analysed.title
    analysed.page.keyboard.press("2")
    wait_until(lambda: analysed.saved.startswith("Not saved"), 3, "it says that nothing is saved", analysed.page)
    following = analysed.title
    assert following != title
    analysed.page.wait_for_timeout(4500)
    assert not analysed.page.get_by_test_id("stDialog").is_visible(), "the desk says it in its own words"
    analysed.page.locator("#play").click(trial=True)  # the mouse still reaches the desk
    analysed.server.start()
    wait_until(lambda: analysed.saved == "Saved", 20, "the answer is saved", analysed.page)
    assert [(row["title"], row["value"]) for row in analysed.server.rows()[before:]] == [(title, "semi")]
    analysed.page.wait_for_timeout(3000)
    assert analysed.title == following


def test_a_reload_shows_the_track_that_waited(analysed: Desk) -> None:
    analysed.settle()
    title = analysed.title
    analysed.page.reload()
    wait_until(lambda: analysed.title != "", 20, "a title shows", analysed.page)
    assert analysed.title == title


def test_the_sound_goes_on_from_page_to_page(analysed: Desk) -> None:
    analysed.press("1")
    analysed.page.wait_for_timeout(300)
    before = analysed.sound()
    link(analysed, "Library").click()
    analysed.page.get_by_role("heading", name="Library").wait_for()
    assert analysed.plays()
    assert analysed.sound() > before
    link(analysed, "Rate").click()
    analysed.page.wait_for_timeout(800)
    assert analysed.plays()


def test_typing_in_a_text_field_answers_nothing(analysed: Desk) -> None:
    link(analysed, "Library").click()
    field = analysed.page.get_by_placeholder("Title, artist or album")
    field.click()
    before = len(analysed.server.rows()) + len(analysed.server.rows("skips"))
    analysed.page.keyboard.type("12 s")
    analysed.settle()
    assert field.input_value() == "12 s"
    assert len(analysed.server.rows()) + len(analysed.server.rows("skips")) == before
    field.fill("")
    analysed.page.keyboard.press("Enter")


@pytest.mark.parametrize("place", ["a table", "a switch", "a choice", "a slider", "a picture"])
def test_keys_answer_wherever_the_mouse_left_the_focus(analysed: Desk, place: str) -> None:
    click_on(analysed, place)
    before = len(analysed.server.rows())
    title = analysed.press("2")
    analysed.settle()
    assert [(row["title"], row["value"]) for row in analysed.server.rows()[before:]] == [(title, "semi")]


def click_on(desk: Desk, place: str) -> None:
    page = desk.page
    if place == "a picture":
        return desk.page.locator("#cover").click()
    if place == "a slider":
        link(desk, "Playlists").click()
        return page.get_by_test_id("stSlider").click()
    link(desk, "Library").click()
    if place == "a table":
        return page.get_by_test_id("stDataFrame").first.click()
    if place == "a choice":
        return page.get_by_role("radio", name="Rated").or_(page.get_by_role("button", name="Rated")).first.click()
    page.get_by_text("Add music").first.click()
    page.get_by_label("Folder or file").fill(str(desk.server.home))
    page.keyboard.press("Tab")
    return page.get_by_text("The folders are named after genres").click()


def test_keys_rate_at_once_after_a_part_was_chosen_to_ask_about(analysed: Desk) -> None:
    page, before = analysed.page, len(analysed.server.rows())
    page.get_by_role("button", name="Asking about: everything").click()
    page.get_by_role("radio", name="Year", exact=True).or_(page.get_by_role("button", name="Year", exact=True)).click()
    page.get_by_label("Year", exact=True).last.click()
    page.keyboard.type("2")  # typed into the field, not an answer
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Everything again").wait_for()
    assert len(analysed.server.rows()) == before
    page.wait_for_timeout(1500)  # the desk hears of it with its next message
    given = []
    if page.locator("#title").is_visible():  # the tests before may have answered all of that year
        given.append((analysed.press("1"), "liked"))
        wait_until(lambda: len(analysed.server.rows()) == before + 1, 5, "it is answered", page)
    page.get_by_role("button", name="Everything again").click()
    page.get_by_role("button", name="Asking about: everything").wait_for()
    page.wait_for_timeout(1500)
    given.append((analysed.press("3"), "disliked"))
    wait_until(lambda: len(analysed.server.rows()) == before + len(given), 5, "it is answered", page)
    rows = [(row["title"], row["value"]) for row in analysed.server.rows()[before:]]
    assert rows == given


def test_genre_is_accepted_with_enter_and_corrected_by_typing(analysed: Desk) -> None:
    title = analysed.press("Enter")
    analysed.settle()
    assert (analysed.server.rows()[-1]["title"], analysed.server.rows()[-1]["target"]) == (title, "genre")
    assert analysed.title == title, "a genre given while ratings are asked for does not move on"
    analysed.page.keyboard.press("g")
    analysed.page.keyboard.type("Night Drive 1")
    analysed.page.keyboard.press("Enter")
    analysed.settle()
    assert (analysed.server.rows()[-1]["title"], analysed.server.rows()[-1]["value"]) == (title, "Night Drive 1")


def test_two_tabs_never_ask_the_same_track(analysed: Desk) -> None:
    second = Desk(analysed.page.context.new_page(), analysed.server)
    second.page.goto(f"http://127.0.0.1:{analysed.server.port}/")
    second.page.get_by_test_id("earmark-title").wait_for(state="visible")
    before, given = len(analysed.server.rows()), []
    try:
        for _ in range(2):
            for tab in (analysed, second):
                tab.page.bring_to_front()
                given.append(tab.press("1"))
                tab.settle()
    finally:
        second.page.close()
        analysed.page.bring_to_front()
    assert len(set(given)) == 4
    assert sorted(row["title"] for row in analysed.server.rows()[before:]) == sorted(given)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_a_phone_and_has_no_accessibility_violations(analysed: Desk, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    browser = analysed.page.context.browser
    assert browser is not None
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    try:
        for name in ("", "library", "playlists", "models", "settings"):
            page.goto(f"http://127.0.0.1:{analysed.server.port}/{name}")
            page.get_by_test_id("earmark-title").wait_for(state="visible")
            page.wait_for_timeout(2000)
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            violations = Axe().run(page).response["violations"]
            if violations or wide:
                found[name or "rate"] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations], wide
    finally:
        context.close()
    assert found == {}
