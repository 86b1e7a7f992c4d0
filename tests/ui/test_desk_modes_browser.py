"""The keys and modes of the rating desk in a real browser: each does what the help says, by hand or on a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.common import answer, fill, one_transaction
from core.records import Outline, Question
from data.outlines import OutlineStore
from services import targets
from services.cards import MATCH
from services.demo import make_demo
from services.workspace import Workspace
from tests.ui.browsing import Desk, Server, link, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect

TRACKS = 160  # more than all tests answer
PHONE = {"width": 390, "height": 844}
THUMB = 48  # pixels
TELLING, BOUNDS = 4.5, [0.0, 4.0, 9.0, 15.0]  # seconds: where a track begins to play, and its segments begin
UNHEARD = 5  # one track of so many has no outline
LANGUAGES = ["English", "German", "French", "Spanish", "Turkish", "Japanese", "Russian", "Italian", "none"]
# The element that has the focus, through shadow roots, or "body".
FOCUS = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === document.body) return "body";
  return element.dataset.do ?? element.dataset.target ?? (element.id || element.className);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server on a home with real sound, some answers and two targets of the person's own."""
    folder = tmp_path_factory.mktemp("modes")
    workspace = Workspace(folder / "home")
    workspace.settings.set("home_id", "5eed" * 8)  # what is drawn by lot is the same every time
    pieces = make_demo(folder / "pieces")
    files = [folder / f"{i}{pieces[i % len(pieces)].suffix}" for i in range(TRACKS)]
    for i, file in enumerate(files):
        os.link(pieces[i % len(pieces)], file)
    library = fill(workspace, TRACKS, files=files)
    answer(workspace, library, "rating", 12)
    answer(workspace, library, "genre", 24)
    outline(workspace, library.ids)
    targets.add(workspace, "workout", ["no", "slow", "fast"], ordered=True, question="Good for running?")
    targets.add(workspace, "language", LANGUAGES)
    running = Server(folder / "home")
    yield running
    running.stop()


def outline(workspace: Workspace, ids: list[int]) -> None:
    """Say of the tracks in turn that they are loud and quiet; some have no outline."""
    waveform = np.random.default_rng(0).integers(20, 256, 400).astype(np.uint8)
    parts = np.zeros((4, 3), np.float32)
    with one_transaction(workspace) as database:
        for i, track_id in enumerate(ids):
            if i % UNHEARD:
                loudness = (-9.0, -23.0)[i % 2]
                made = Outline(loudness, 0.9, TELLING, np.array(BOUNDS, np.float32), waveform, parts)
                OutlineStore(database).put(track_id, made, 1)


@pytest.fixture(scope="module")
def opened(browser: Browser, server: Server) -> Iterator[Desk]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_test_id("earmark-title").wait_for(state="visible")
    wait_until(lambda: guess(Desk(page, server)), 30, "there is a guess", page)
    yield Desk(page, server)
    context.close()
    assert problems == []


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    """Give the desk as it is at first: ratings are asked for, nothing is hidden or open, no control has the focus."""
    pass_on(opened)
    yield opened
    page = opened.page
    page.keyboard.press("Escape")
    if not page.url.rstrip("/").endswith(str(opened.server.port)):
        link(opened, "Rate").click()
    page.evaluate(
        """() => {
          const desk = window.__earmark;
          desk.ask(["rating"]);
          if (desk.blind || desk.only) desk.send({ type: "mode", blind: false, only: false });
          desk.root.focus();
          desk.root.blur();
        }"""
    )
    wait_until(lambda: about(opened)["asks"] == ["rating"], 5, "ratings are asked for", page)


def about(desk: Desk) -> dict[str, Any]:
    """Return what the server said last."""
    said: dict[str, Any] = desk.page.evaluate("window.__earmark.reply")
    return said


def ask(desk: Desk, *names: str) -> None:
    desk.page.evaluate("names => window.__earmark.ask(names)", list(names))
    wait_until(lambda: about(desk)["asks"] == list(names), 5, "it is asked for", desk.page)
    pass_on(desk)


def pass_on(desk: Desk) -> None:
    """Put tracks aside until one comes that has no answer yet and a guess that is shown."""
    desk.settle()
    while (card := desk.page.evaluate("window.__earmark.card"))["hidden"] or card["labels"]:
        desk.press("s")
        desk.settle()


def guess(desk: Desk) -> str:
    """Return the likeliest genre on screen."""
    text = desk.page.locator("#guess").inner_text()
    return text.rpartition(" %")[0].partition(" %")[0].rpartition(" ")[0]


def last(desk: Desk, table: str = "labels") -> tuple[str, str, str]:
    """Return title, target and value of the newest answer on disk."""
    desk.settle()
    row = desk.server.rows(table)[-1]
    return row["title"], row["target"], row["value" if table == "labels" else "kind"]


def focus(desk: Desk) -> str:
    return str(desk.page.evaluate(FOCUS))


def notice(desk: Desk) -> str:
    return desk.page.locator("#notice").inner_text()


# -- confirm or correct -----------------------------------------------------------------------------------


def test_enter_accepts_the_shown_genre_and_the_track_stays(desk: Desk) -> None:
    shown = guess(desk)
    title = desk.press("Enter")
    assert last(desk) == (title, "genre", shown)
    assert desk.title == title
    assert f"{shown} (your answer)" in desk.page.locator("#guess").inner_text()


def test_a_genre_is_found_by_typing_and_taken_with_the_arrows(desk: Desk) -> None:
    field = desk.page.get_by_role("combobox", name="What genre is this?")
    title = desk.press("g")
    desk.page.keyboard.type("o")
    options = desk.page.get_by_role("option").all_inner_texts()
    assert len(options) > 2 and options[-1].split("\n")[0] == "New genre: o"
    desk.page.keyboard.press("ArrowDown")
    marked = desk.page.locator(f"#{field.get_attribute('aria-activedescendant')}")
    assert marked.get_attribute("aria-selected") == "true"
    wanted = marked.locator("span").inner_text().lower()
    assert wanted == options[1].split("\n")[0].lower()
    desk.page.keyboard.press("Enter")
    assert last(desk)[::2] == (title, wanted)
    assert not field.is_visible()


def typed_for_one(desk: Desk) -> tuple[str, str]:
    """Return a genre and what to type so that it alone fits, without being its whole name."""
    genres = about(desk)["genres"]
    begun = ((name, name[:n].lower()) for name in genres for n in range(2, len(name)))
    return next((name, typed) for name, typed in begun if sum(typed in other.lower() for other in genres) == 1)


@pytest.mark.parametrize(
    ("keys", "new"),
    [(["Enter"], False), (["ArrowDown", "Enter"], False), (["ArrowUp", "Enter"], True), (["Shift+Enter"], True)],
)
def test_a_new_genre_is_only_made_on_purpose_where_a_known_one_fits(desk: Desk, keys: list[str], new: bool) -> None:
    desk.settle()
    known, typed = typed_for_one(desk)
    title = desk.press("g")
    desk.page.keyboard.type(typed)
    desk.page.wait_for_timeout(100)
    for key in keys:
        desk.page.keyboard.press(key)
    stored = last(desk)
    if new:
        desk.press("u")  # the other cases need it unknown
        desk.settle()
    assert stored == (title, "genre", typed if new else known)


@pytest.mark.parametrize("key", ["g", "m"])
def test_in_an_empty_field_the_first_arrow_down_marks_the_first_option(desk: Desk, key: str) -> None:
    desk.press(key)
    assert desk.page.get_by_role("option", selected=True).count() == 0
    desk.page.keyboard.press("ArrowDown")
    assert desk.page.locator("#options li").first.get_attribute("aria-selected") == "true"


def test_a_new_genre_is_added_and_offered_from_then_on(desk: Desk) -> None:
    before = len(desk.server.rows())
    title = desk.press("g")
    desk.page.keyboard.type("Sea Shanty 12")  # no letter and no digit of it is an answer
    assert desk.page.get_by_role("option", selected=True).inner_text() == "New genre: Sea Shanty 12"
    desk.page.keyboard.press("Enter")
    assert last(desk) == (title, "genre", "Sea Shanty 12")
    assert len(desk.server.rows()) == before + 1
    wait_until(lambda: "Sea Shanty 12" in about(desk)["genres"], 5, "it is known", desk.page)
    desk.press("g")
    desk.page.keyboard.type("sea")
    assert desk.page.get_by_role("option", selected=True).locator("span").inner_text() == "Sea Shanty 12"


def test_escape_closes_the_chooser_and_the_focus_is_where_it_was(desk: Desk) -> None:
    desk.page.get_by_role("button", name="Undo").focus()
    desk.press("g")
    assert focus(desk) == "chooser-name"
    desk.page.keyboard.press("Escape")
    assert focus(desk) == "undo"
    assert not desk.page.locator("#chooser").is_visible()


def test_m_asks_for_the_mood_and_a_number_chooses_it(desk: Desk) -> None:
    title = desk.press("m")
    options = desk.page.get_by_role("option").all_inner_texts()
    desk.page.keyboard.press("2")
    assert last(desk) == (title, "mood", options[1].split("\n")[1].lower())
    assert desk.title == title


def test_what_has_fixed_answers_takes_no_new_one(desk: Desk) -> None:
    before = len(desk.server.rows())
    desk.press("m")
    desk.page.keyboard.type("nothing like it")
    assert desk.page.get_by_role("option").count() == 0
    desk.page.keyboard.press("Enter")
    desk.page.keyboard.press("Escape")
    desk.settle()
    assert len(desk.server.rows()) == before


def test_each_further_target_has_a_button_that_opens_its_answers(desk: Desk) -> None:
    desk.settle()
    title = desk.title
    row = desk.page.get_by_role("group", name="More about this track")
    assert row.locator("button > span").all_inner_texts() == ["Mood", "Workout", "Language"]
    row.get_by_role("button", name="Workout").click()
    assert [text.split("\n")[1] for text in desk.page.get_by_role("option").all_inner_texts()] == ["Fast", "Slow", "No"]
    desk.page.get_by_role("option", name="Slow").click()
    assert last(desk) == (title, "workout", "slow")
    assert row.get_by_role("button", name="Workout slow").is_visible()
    assert focus(desk) == "workout"


# -- what is asked ----------------------------------------------------------------------------------------


def test_what_is_asked_for_is_chosen_in_a_menu_and_its_answers_are_the_large_buttons(desk: Desk) -> None:
    page = desk.page
    desk.settle()
    page.keyboard.press("Tab")  # whoever uses Tab has Enter on the buttons
    page.get_by_role("button", name="Asking for: Ratings").press("Enter")
    assert page.get_by_role("menuitemradio").all_inner_texts() == [
        "Ratings", "Genres", "Moods", "Workout", "Language", "Ratings and genres in one go",
    ]  # fmt: skip
    assert page.get_by_role("menuitemradio", name="Ratings", exact=True).get_attribute("aria-checked") == "true"
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until(lambda: about(desk)["asks"] == ["workout"], 5, "it is asked for", page)
    assert focus(desk) == "asking"
    assert page.locator("#asks").inner_text() == "Good for running? The highest first."
    answers = page.get_by_role("group", name="Good for running?").get_by_role("button")
    assert [text.split("\n")[:2] for text in answers.all_inner_texts()] == [["1", "Fast"], ["2", "Slow"], ["3", "No"]]
    assert page.get_by_role("button", name="Rating", exact=False).first.is_visible()
    title = desk.press("1")
    assert last(desk) == (title, "workout", "fast")
    assert desk.title != title


def test_when_genres_are_asked_for_right_and_correct_are_the_large_buttons(desk: Desk) -> None:
    assert not desk.page.locator("#asks").is_visible(), "ratings speak for themselves"
    ask(desk, "genre")
    assert desk.page.locator("#asks").inner_text().strip() == "What genre is this?"
    buttons = desk.page.get_by_role("group", name="What genre is this?").get_by_role("button")
    assert [text.split("\n")[:2] for text in buttons.all_inner_texts()] == [["Enter", "Right"], ["G", "Correct"]]
    shown = buttons.first.locator("em").inner_text().rpartition(" ")[0].rpartition(" ")[0]
    title = desk.press("Enter")
    assert last(desk) == (title, "genre", shown)
    assert desk.title != title
    title = desk.press("2")
    assert last(desk) == (title, "rating", "semi") and desk.title == title


def test_in_one_go_the_track_stays_until_both_are_answered_in_any_order(desk: Desk) -> None:
    ask(desk, "rating", "genre")
    title = desk.press("1")
    assert last(desk) == (title, "rating", "liked") and desk.title == title
    assert notice(desk) == "Rating: liked. Still open: genre."
    liked = desk.page.get_by_role("button", name="Liked", exact=False).first
    assert liked.get_attribute("aria-pressed") == "true"
    desk.press("3")  # a better thought
    assert last(desk) == (title, "rating", "disliked") and desk.title == title
    assert liked.get_attribute("aria-pressed") == "false"
    desk.press("Enter")
    assert last(desk)[:2] == (title, "genre") and desk.title != title
    pass_on(desk)
    title = desk.press("Enter")
    assert desk.title == title
    desk.press("2")
    assert last(desk) == (title, "rating", "semi") and desk.title != title


def test_next_leaves_open_what_is_not_answered(desk: Desk) -> None:
    ask(desk, "rating", "genre")
    title = desk.press("2")
    desk.settle()
    before = len(desk.server.rows())
    desk.press("n")
    desk.settle()
    assert desk.title != title and len(desk.server.rows()) == before
    title = desk.press("n")
    assert last(desk, "skips") == (title, "rating", "not now")


def test_undo_in_one_go_takes_one_answer_back_on_the_same_track(desk: Desk) -> None:
    ask(desk, "rating", "genre")
    title = desk.press("1")
    desk.press("u")
    desk.settle()
    wait_until(lambda: desk.marked() == ["Liked"], 5, "the earlier answer is marked", desk.page)
    assert desk.title == title
    assert desk.server.rows()[-1]["undone_at"]


# -- putting aside, seeking -------------------------------------------------------------------------------


@pytest.mark.parametrize(("down", "kind"), [(0, "not now"), (1, "don't know"), (2, "never")])
def test_the_menu_beside_not_now_says_how_a_track_is_put_aside(desk: Desk, down: int, kind: str) -> None:
    title = desk.press("Shift+S")
    assert desk.page.get_by_role("menu", name="Put it aside").get_by_role("menuitem").count() == 3
    for _ in range(down):
        desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("Enter")
    assert last(desk, "skips") == (title, "rating", kind)
    assert desk.title != title


def test_a_key_that_came_too_soon_is_answered_with_a_sentence_that_stays(desk: Desk) -> None:
    page = desk.page
    pass_on(desk)
    while any(card["hidden"] for card in page.evaluate("window.__earmark.queue.slice(0, 2)")):
        desk.press("s")  # how a surprise check went would be said instead
        pass_on(desk)
    before = len(desk.server.rows())
    page.evaluate(
        """async () => {
          const wait = (ms) => new Promise((done) => setTimeout(done, ms));
          for (const [key, ms] of [["1", 100], ["2", 400], ["3", 700]]) {
            document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            await wait(ms);
          }
        }"""
    )
    assert notice(desk) == "That was quick: listen a moment first."
    desk.settle()
    assert [row["value"] for row in desk.server.rows()[before:]] == ["liked", "disliked"]


def test_s_puts_aside_and_u_brings_back(desk: Desk) -> None:
    title = desk.press("s")
    assert last(desk, "skips") == (title, "rating", "not now")
    desk.press("u")
    wait_until(lambda: desk.title == title, 5, "it is back", desk.page)


def test_a_menu_closed_with_escape_does_nothing(desk: Desk) -> None:
    before = len(desk.server.rows("skips"))
    title = desk.press("Shift+S")
    desk.page.keyboard.press("1")  # no answer while a menu is open
    desk.page.keyboard.press("Escape")
    desk.settle()
    assert desk.title == title and len(desk.server.rows("skips")) == before
    assert not desk.page.get_by_role("menu").first.is_visible()


def test_the_arrows_move_five_seconds_and_space_pauses(desk: Desk) -> None:
    wait_until(desk.plays, 10, "it plays", desk.page)
    desk.press(" ")
    before = desk.sound()
    desk.page.keyboard.press("ArrowRight")
    assert desk.sound() == pytest.approx(before + 5, abs=0.1)
    desk.page.get_by_role("slider", name="Position in the track").focus()
    desk.page.keyboard.press("ArrowLeft")
    assert desk.sound() == pytest.approx(before, abs=0.1)
    assert not desk.plays()
    desk.press(" ")
    wait_until(desk.plays, 5, "it plays again", desk.page)


# -- the course of a track --------------------------------------------------------------------------------


@pytest.fixture
def drawn(desk: Desk) -> Iterator[Desk]:
    """Give the desk paused on a track that has an outline."""
    page = desk.page
    while page.evaluate("window.__earmark.card.waveform === null"):
        desk.press("s")
    wait_until(lambda: page.evaluate("window.__earmark.sound.duration"), 10, "its length is known", page)
    page.evaluate("window.__earmark.sound.active.pause()")
    yield desk
    page.evaluate("window.__earmark.sound.play()")


def slider(desk: Desk) -> str:
    return str(desk.page.get_by_role("slider", name="Position in the track").get_attribute("aria-valuetext"))


def test_a_track_begins_at_its_telling_moment_which_is_marked(desk: Desk) -> None:
    desk.press("s")
    while desk.page.evaluate("window.__earmark.card.waveform === null"):
        desk.press("s")
    wait_until(desk.plays, 10, "it plays", desk.page)
    assert TELLING < desk.sound() < TELLING + 5
    [course], [mark] = boxes(desk, "#course"), boxes(desk, ".telling")
    length = desk.page.evaluate("window.__earmark.sound.duration")
    expected = course["x"] + course["width"] * TELLING / length
    assert mark["x"] + mark["width"] / 2 == pytest.approx(expected, abs=1)


def test_a_press_on_the_waveform_and_a_drag_along_it_seek(drawn: Desk) -> None:
    page = drawn.page
    [course] = boxes(drawn, "#course")
    length = page.evaluate("window.__earmark.sound.duration")
    middle = course["y"] + course["height"] / 2
    framed = "() => getComputedStyle(window.__earmark.course.box).outlineStyle !== 'none'"
    page.locator("#play").focus()
    page.keyboard.press("Tab")
    assert focus(drawn) == "seek" and page.evaluate(framed)
    page.keyboard.press("Shift+Tab")
    page.mouse.click(course["x"] + course["width"] * 0.28, middle)
    assert focus(drawn) == "seek" and not page.evaluate(framed), "only who works with the keyboard needs the frame"
    assert drawn.sound() == pytest.approx(length * 0.28, abs=0.1)
    assert slider(drawn) == "0:05 of 0:20, segment 2 of 4"
    page.mouse.down()
    page.mouse.move(course["x"] + course["width"] * 0.88, middle + 100, steps=3)
    assert drawn.sound() == pytest.approx(length * 0.88, abs=0.1), "a drag may leave the line"
    page.mouse.up()
    page.mouse.move(course["x"], middle)
    assert slider(drawn) == "0:17 of 0:20, segment 4 of 4"
    [needle] = boxes(drawn, ".needle")
    heard = page.evaluate("(({ position, duration }) => position / duration)(window.__earmark.sound)")
    assert needle["x"] + needle["width"] / 2 == pytest.approx(course["x"] + course["width"] * heard, abs=1)


def test_a_finger_finds_a_place_in_the_track_and_scrolls_across_it(drawn: Desk) -> None:
    page = drawn.page
    [course] = boxes(drawn, "#course")
    length = page.evaluate("window.__earmark.sound.duration")
    touch = page.context.new_cdp_session(page)

    def finger(x: float, *down: float) -> float:
        """Put a finger on a share of the course, move it down the page, lift it; return where the sound is then."""
        at = {"x": course["x"] + course["width"] * x, "y": course["y"] + 20}
        for n, y in enumerate((0.0, *down)):
            points = [{**at, "y": at["y"] + y}]
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if n else "touchStart", "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        return drawn.sound() / length

    assert finger(0.8) == pytest.approx(0.8, abs=0.01)
    assert finger(0.1, 60.0, 120.0) == pytest.approx(0.8, abs=0.01), "that scrolls the page"


def test_the_brackets_jump_from_segment_to_segment(drawn: Desk) -> None:
    page = drawn.page
    page.evaluate("window.__earmark.seekTo(0)")
    seen = []
    for key in ("]", "]", "Shift+ArrowRight", "]", "[", "Shift+ArrowLeft", "[", "[", "["):
        page.keyboard.press(key)
        seen.append(round(drawn.sound(), 1))
    assert seen == [4, 9, 15, 15, 9, 4, 0, 0, 0]
    for start, reached in ((12, 9), (10.5, 4)):  # a segment that has only begun is left
        page.evaluate("start => window.__earmark.seekTo(start)", start)
        page.keyboard.press("[")
        assert drawn.sound() == pytest.approx(reached, abs=0.05)


# What keyboards say of the key that writes "]", and whether the next segment is meant.
BRACKETS = [
    ({"key": "]", "code": "Digit9", "ctrlKey": True, "altKey": True}, True),  # AltGr on a German keyboard
    ({"key": "]", "code": "Digit6", "altKey": True}, True),  # and on that of a Mac
    ({"key": "+", "code": "BracketRight"}, True),  # the key in its place
    ({"key": "Dead", "code": "BracketRight"}, True),
    ({"key": "}", "code": "BracketRight", "shiftKey": True}, False),
    ({"key": "]", "code": "BracketRight", "ctrlKey": True}, False),  # the browser's own
    ({"key": "]", "code": "BracketRight", "metaKey": True}, False),
    ({"key": "+", "code": "NumpadAdd"}, False),
]


def test_brackets_are_found_on_every_keyboard(drawn: Desk) -> None:
    press = """keys => {
      window.__earmark.seekTo(0);
      document.dispatchEvent(new KeyboardEvent("keydown", { ...keys, bubbles: true }));
      return Math.round(window.__earmark.sound.position);
    }"""
    assert [drawn.page.evaluate(press, keys) for keys, _ in BRACKETS] == [4 if jumps else 0 for _, jumps in BRACKETS]


def test_a_loud_track_is_turned_down_unless_that_is_switched_off(desk: Desk) -> None:
    page, settings = desk.page, Workspace(desk.server.home).settings
    volume = "window.__earmark.sound.active.volume"
    seen: dict[float, float] = {}
    while len(seen) < 2:
        desk.settle()
        if (card := page.evaluate("window.__earmark.card"))["waveform"]:
            seen[card["gain"]] = page.evaluate(volume)
        if len(seen) < 2 or card["gain"] == 1:
            desk.press("s")
    assert seen == {1: 1, 0.355: pytest.approx(0.355)}  # 9 dB
    while page.evaluate(f"{volume} === 1"):
        desk.press("s")
        desk.settle()
    settings.set(MATCH, False)
    wait_until(lambda: page.evaluate(volume) == 1, 5, "it plays as loud as it was made", page)
    settings.set(MATCH, True)
    wait_until(lambda: page.evaluate(volume) < 1, 5, "it is turned down again", page)


def test_a_track_without_a_waveform_has_a_line_and_nothing_moves(drawn: Desk) -> None:
    page = drawn.page
    before = boxes(drawn, "#course, #answers, #time")
    page.evaluate("window.__earmark.receive = () => {}")  # a message would bring the waveform back meanwhile
    page.evaluate(
        "window.__earmark.card.waveform = null; window.__earmark.card.segments = []; window.__earmark.paint()"
    )
    assert boxes(drawn, "#course, #answers, #time") == before
    assert page.locator(".course:not(.drawn)").count() == 1
    assert slider(drawn).endswith(" of 0:20")
    page.keyboard.press("]")
    assert notice(drawn) == "No segments are known in this track."
    page.evaluate("delete window.__earmark.receive")
    wait_until(lambda: page.locator(".course.drawn").count(), 5, "the next message brings it back", page)


def test_the_next_two_tracks_are_loaded_and_three_elements_are_used_again(desk: Desk) -> None:
    loaded = """() => {
      const { sound, queue } = window.__earmark;
      window.kept ??= sound.all.map((element, at) => (element.number = at));
      const holds = sound.all.map((element) => [element.dataset.track, element.readyState >= 3]);
      const wanted = queue.slice(0, 3).map((card) => [String(card.id), true]);
      return JSON.stringify(holds.sort()) === JSON.stringify(wanted.sort())
        && sound.all.map((element) => element.number).sort().join() === "0,1,2";
    }"""
    for key in ("1", "2", "3", "2"):
        wait_until(lambda: desk.page.evaluate(loaded), 10, "three tracks are loaded", desk.page)
        desk.press(key)


# -- help -------------------------------------------------------------------------------------------------


def test_the_help_lists_every_key_and_holds_the_focus(desk: Desk) -> None:
    page, title = desk.page, desk.title
    page.get_by_role("button", name="Undo").focus()
    before = len(desk.server.rows())
    desk.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    caps = dialog.locator("kbd").all_inner_texts()
    assert caps == ["1", "2", "3", "Enter", "G", "M", "S", "Shift S", "N", "U", "Space", "←", "→",
                    "[", "Shift ←", "]", "Shift →", "B", "O", "Esc", "?"]  # fmt: skip
    assert all(dialog.locator("td").all_inner_texts())
    assert "equally loud" in dialog.locator("#legend").inner_text()
    page.keyboard.press("1")
    for key in ("Tab", "Tab", "Tab", "Shift+Tab"):
        page.keyboard.press(key)
        assert dialog.evaluate("dialog => dialog.contains(dialog.getRootNode().activeElement)")
    page.keyboard.press("Escape")
    assert focus(desk) == "undo"
    desk.press("?")
    page.keyboard.press("?")
    assert not dialog.is_visible() and desk.title == title
    assert len(desk.server.rows()) == before


def test_c_and_r_stay_free(desk: Desk) -> None:
    title, before = desk.title, len(desk.server.rows())
    desk.press("c")
    desk.press("r")
    assert (desk.title, len(desk.server.rows())) == (title, before)


# -- modes ------------------------------------------------------------------------------------------------


def test_blind_mode_hides_every_name_and_guess(desk: Desk) -> None:
    page = desk.page
    ask(desk, "rating", "genre")
    card = page.evaluate("window.__earmark.card")
    desk.press("b")
    desk.press("1")  # the last answers must not name what still plays
    desk.settle()
    player = page.locator("section.player")
    texts = player.inner_text() + player.aria_snapshot() + page.title() + player.evaluate("root => root.innerHTML")
    metadata = page.evaluate("(({ title, artist }) => [title, artist].join())(navigator.mediaSession.metadata)")
    for name in (card["title"], card["artist"], card["album"], card["cover"]):
        assert not re.search(rf"{re.escape(name)}(?!\d)", texts + metadata)
    assert desk.title == "Hidden track" and "%" not in player.inner_text()
    assert page.locator("#strip").get_by_role("button").first.inner_text().startswith("This track")
    assert not page.locator("#accept").is_visible()
    assert page.get_by_role("button", name="Blind").get_attribute("aria-pressed") == "true"
    assert desk.server.rows()[-1]["guess_hidden"] == 1
    desk.press("n")
    desk.settle()
    assert card["title"] in page.locator("#strip").inner_text(), "it was heard"
    page.get_by_role("button", name="Blind").click()
    wait_until(lambda: desk.title != "Hidden track", 5, "names are shown again", page)


def test_one_question_hides_the_rows_of_all_others(desk: Desk) -> None:
    page = desk.page
    desk.press("o")
    assert not page.locator("#genre").is_visible() and not page.locator("#further").is_visible()
    before = len(desk.server.rows())
    desk.press("Enter")
    desk.press("g")
    assert notice(desk) == "Only one question is asked now. Press O for the others."
    assert len(desk.server.rows()) == before and not page.locator("#chooser").is_visible()
    page.get_by_role("button", name="One question").click()
    assert page.locator("#genre").is_visible() and page.locator("#further").is_visible()


def test_a_surprise_check_shows_no_guess_and_says_afterwards_how_it_went(desk: Desk) -> None:
    page = desk.page
    desk.settle()
    track = page.evaluate("window.__earmark.queue.findLast(card => !card.labels.genre).id")
    surprise = Question(
        track, "rating", "Listen first: I keep my guess to myself this time.", {"liked": 0.8, "semi": 0.2},
        asked="audit", guess_hidden=True,
    )  # fmt: skip
    Workspace(desk.server.home).questions.ask([surprise], first=True)
    page.reload()
    wait_until(lambda: page.evaluate("window.__earmark?.card?.id") == track, 20, "it is asked", page)
    desk.settle()
    assert page.locator("#why").inner_text() == "Listen first: I keep my guess to myself this time."
    assert "%" not in page.locator("#answers").inner_text()
    assert page.locator("#accept").is_visible(), "the genre is another matter"
    title = desk.press("1")
    wait_until(lambda: notice(desk) == "I had guessed liked. Right.", 5, "it says how it went", page)
    assert last(desk) == (title, "rating", "liked")
    mark = page.locator("#strip").get_by_role("button").first
    assert mark.get_attribute("title") == "I had guessed liked. Right."
    assert page.locator("#notice").get_attribute("role") == "status"


# -- chosen tracks and other pages ------------------------------------------------------------------------


def choose(desk: Desk, track: int, nonce: str) -> None:
    """Do what a page does that puts a track on screen."""
    desk.page.evaluate("([track, nonce]) => window.__earmark.chosen({ track, nonce })", [track, nonce])


def test_a_chosen_track_plays_at_once_with_its_answers_and_is_left_without_one(desk: Desk) -> None:
    page = desk.page
    answered = next(row for row in desk.server.rows() if row["target"] == "rating" and row["source"] == "person")
    desk.settle()
    title, before = desk.title, len(desk.server.rows())
    choose(desk, answered["track_id"], "once")
    wait_until(lambda: desk.title == answered["title"], 5, "it is on screen", page)
    wait_until(desk.plays, 5, "it plays", page)
    pressed = page.locator("#choices [aria-pressed=true]")
    assert pressed.get_attribute("data-value") == answered["value"]
    desk.press("Escape")
    wait_until(lambda: desk.title == title, 5, "the question is back", page)
    choose(desk, answered["track_id"], "once")
    desk.settle()
    assert desk.title == title, "one nonce is one request"
    page.reload()
    wait_until(lambda: desk.title == title, 20, "the question is still there", page)
    choose(desk, answered["track_id"], "once")
    desk.settle()
    assert desk.title == title and len(desk.server.rows()) == before


def test_an_answer_to_a_chosen_track_is_saved_and_the_questions_go_on(desk: Desk) -> None:
    desk.settle()
    title = desk.title
    chosen = desk.page.evaluate("window.__earmark.queue.at(-1)")
    choose(desk, chosen["id"], "to answer")
    wait_until(lambda: desk.title == chosen["title"], 5, "it is on screen", desk.page)
    assert desk.page.get_by_role("button", name="Back to the questions").is_visible()
    desk.press("3")
    assert last(desk) == (chosen["title"], "rating", "disliked")
    assert desk.title == title


def test_a_page_puts_a_track_on_screen_that_plays_and_is_rated_there(desk: Desk) -> None:
    page = desk.page
    desk.settle()
    title = desk.title
    link(desk, "Library").click()
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    page.wait_for_timeout(1000)  # the table draws itself
    table.click(position={"x": 58, "y": 52})  # the button of the first row
    wait_until(lambda: page.evaluate("window.__earmark.card.chosen"), 10, "it is on screen", page)
    wait_until(desk.plays, 5, "it plays", page)
    chosen = desk.press("2")
    assert last(desk) == (chosen, "rating", "semi")
    assert desk.title == title


def test_what_plays_is_rated_from_another_page(desk: Desk) -> None:
    page = desk.page
    link(desk, "Library").click()
    page.get_by_role("heading", name="Library").wait_for()
    assert page.locator("section.player").bounding_box()["height"] < 200  # type: ignore[index]
    title = desk.press("2")
    assert last(desk) == (title, "rating", "semi") and desk.title != title
    title = desk.title
    page.get_by_role("button", name="Liked").first.click()
    assert last(desk) == (title, "rating", "liked")
    desk.press("u")
    wait_until(lambda: notice(desk) == f"Taken back: {title} (liked).", 5, "it says what was taken back", page)
    desk.press("g")
    page.keyboard.type("jazz")
    title = desk.title
    page.keyboard.press("Enter")
    assert last(desk)[:2] == (title, "genre")


# -- focus, names, phone ----------------------------------------------------------------------------------


def test_the_focus_is_never_lost_after_a_click(desk: Desk) -> None:
    page = desk.page

    def button(name: str) -> Callable[[], None]:
        return lambda: page.locator("section.player").get_by_role("button", name=name).first.click()

    def option() -> None:
        page.get_by_role("option").first.click()

    def item(name: str) -> Callable[[], None]:
        return lambda: page.locator(f'[role^=menuitem]:visible:has-text("{name}")').click()

    steps = [
        [button("Right")],
        [button("Liked")],
        [button("Correct"), option],
        [button("Mood"), option],
        [button("Undo")],
        [button("Not now")],
        [button("Other ways"), item("Don't know")],
        [lambda: page.locator("#strip button").first.click(), option],
        [button("One question")],
        [button("One question")],
        [button("Blind")],
        [button("Blind")],
        [button("Asking for"), item("in one go")],
        [button("Semi"), button("Next")],
        [button("Keys"), lambda: page.get_by_role("dialog").get_by_role("button", name="Close").click()],
    ]
    lost = []
    neutral = steps[-3]  # after its menu the keys are the desk's again
    for step in steps:
        desk.settle()
        for click in step:
            click()
            page.wait_for_timeout(100)
            if focus(desk) == "body":
                lost.append(steps.index(step))
        if step is neutral:
            assert focus(desk) == "player"
    assert lost == []


def test_screen_readers_hear_the_title_once_and_know_the_keys(desk: Desk) -> None:
    page = desk.page
    desk.settle()
    card = page.evaluate("window.__earmark.card")
    said = page.locator("#now")
    assert said.get_attribute("role") == "status"
    assert said.inner_text() == f"Now: {card['title']} by {card['artist']}. {card['reason']}"
    keys = page.locator("section.player [aria-keyshortcuts]")
    known = {keys.nth(i).get_attribute("aria-keyshortcuts") for i in range(keys.count())}
    assert known >= {"1", "2", "3", "Enter", "G", "M", "S", "Shift+S", "N", "U", "Space", "B", "O", "?", "Escape"}
    buttons = page.locator("section.player button")
    names = [buttons.nth(i).evaluate("one => one.ariaLabel ?? one.textContent.trim()") for i in range(buttons.count())]
    assert all(names)


@pytest.fixture
def phone(browser: Browser, server: Server, desk: Desk) -> Iterator[Desk]:
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_test_id("earmark-title").wait_for(state="visible")
    opened = Desk(page, server)
    opened.settle()
    yield opened
    context.close()
    desk.settle()


def boxes(desk: Desk, selector: str) -> list[FloatRect]:
    """Return the places of the visible ones, in pixels of the screen."""
    every = [one.bounding_box() for one in desk.page.locator(selector).all() if one.is_visible()]
    return [box for box in every if box is not None]


def test_a_thumb_reaches_every_answer_on_a_phone(phone: Desk) -> None:
    assert all(box["height"] >= THUMB for box in boxes(phone, "#play, #course"))
    for asked in (["rating"], ["genre"], ["rating", "genre"], ["language"]):
        ask(phone, *asked)
        places = boxes(phone, "#answers button:not([role])")
        assert len(places) >= 5
        for box in places:
            assert box["height"] >= THUMB and box["width"] >= THUMB
            assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
            assert box["y"] > PHONE["height"] / 2 and box["y"] + box["height"] <= PHONE["height"]
        assert not [(a, b) for i, a in enumerate(places) for b in places[:i] if overlap(a, b)]
    assert len(places) == len(LANGUAGES) + 3
    phone.page.get_by_role("button", name="Turkish").tap()
    assert last(phone)[1:] == ("language", "Turkish")
    ask(phone, "rating")
    phone.page.get_by_role("button", name="Other ways").tap()
    items = boxes(phone, "#skips [role=menuitem]")
    assert len(items) == 3 and all(box["height"] >= THUMB and box["y"] > 0 for box in items)
    phone.page.get_by_role("menuitem", name="Never ask").tap()
    assert last(phone, "skips")[1:] == ("rating", "never")
    assert not phone.page.evaluate("document.documentElement.scrollWidth > innerWidth")


def overlap(a: FloatRect, b: FloatRect) -> bool:
    across = a["x"] + a["width"] > b["x"] + 0.5 and b["x"] + b["width"] > a["x"] + 0.5
    return across and a["y"] + a["height"] > b["y"] + 0.5 and b["y"] + b["height"] > a["y"] + 0.5


def test_the_chooser_stays_above_the_keyboard_of_a_phone(phone: Desk) -> None:
    page = phone.page
    page.get_by_role("button", name="Correct").tap()
    page.set_viewport_size({"width": 390, "height": 400})  # what a keyboard leaves
    page.wait_for_timeout(200)
    [sheet] = boxes(phone, "#chooser")
    assert sheet["y"] >= 0 and sheet["y"] + sheet["height"] <= 400
    title = phone.title
    page.get_by_role("option").nth(1).tap()
    assert last(phone)[:2] == (title, "genre")
    page.keyboard.press("?")
    [help] = boxes(phone, "#help")
    assert help["y"] >= 0 and help["y"] + help["height"] <= 400


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_the_desk_has_no_accessibility_violations_whatever_is_open(
    browser: Browser, server: Server, desk: Desk, look: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(
        viewport=PHONE if look == "phone" else {"width": 1280, "height": 900},  # type: ignore[arg-type]
        color_scheme="dark" if look == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_test_id("earmark-title").wait_for(state="visible")
    seen = Desk(page, server)
    ask(seen, "rating", "genre")
    seen.press("1")  # so that an answer is marked and a sentence is said
    found = {}
    for opened, keys in {"desk": "", "chooser": "g", "mood": "m", "menu": "Shift+S", "help": "?", "blind": "b"}.items():
        seen.settle()
        if keys:
            page.keyboard.press(keys)
        page.wait_for_timeout(300)
        violations = Axe().run(page).response["violations"]
        if violations:
            found[opened] = [(v["id"], [n["target"] for n in v["nodes"]]) for v in violations]
        page.keyboard.press("Escape")
    context.close()
    assert found == {}
