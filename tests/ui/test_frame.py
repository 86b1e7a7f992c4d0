"""What stands above every page: the part that is asked about, and the line that welcomes a person back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import FoundFile, Label, Tags
from data.playlists import NewPlaylist
from services import scope, visits
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[..., AppTest]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the app, on a page if one is named, and sees that nothing went wrong."""

    def go(view: str | None = None) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        if view is not None:
            at.switch_page(f"views/{view}.py").run()
            assert at.title[0].value == view.capitalize()
        assert not at.exception, at.exception[0].message
        return at

    return go


@pytest.fixture
def songs(opened: Engine) -> list[int]:
    """Give six analysed tracks of two decades and genres; two are in a playlist, the first is rated."""
    workspace = opened.workspace
    ids = []
    for i in range(6):
        tags = Tags(f"Song {i}", f"Artist {i}", genre="Jazz" if i < 2 else "Rock", year=1994 + 10 * (i % 2))
        [track_id] = workspace.tracks.add([FoundFile(f"/music/{i}.mp3", i, 1.0, tags)]).added
        workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
        ids.append(track_id)
    workspace.playlists.replace("apple", [NewPlaylist("Party", "list", "p", None, ids[:2])])
    workspace.labels.add([Label("e", ids[0], "rating", "liked")])
    return ids


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    return "\n".join(element.value for kind in ("markdown", "caption") for element in at.get(kind))


def keys(at: AppTest) -> list[str]:
    return [button.key for button in at.button]


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


# -- what is asked about ------------------------------------------------------------------------------


def choose(at: AppTest, kind: str | None = None) -> AppTest:
    """Open the choices, and those of a kind."""
    at.session_state["scope-open"] = True
    at.run()
    if kind is not None:
        at.segmented_control(key="scope-kind").set_value(kind).run()
    assert not at.exception, at.exception[0].message
    return at


def test_nothing_is_read_while_the_choices_are_closed(
    visit: Visit, songs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "choices", lambda _: pytest.fail("the choices were read"))
    at = visit()
    assert len(at.selectbox) == 0 and len(at.dataframe) == 0


def test_the_line_is_on_the_rate_page_alone(visit: Visit, opened: Engine, songs: list[int]) -> None:
    scope.choose(opened.workspace, "genre", "Rock")
    assert "scope-everything" in keys(visit())
    assert "scope-everything" not in keys(visit("library"))


@pytest.mark.parametrize(
    ("kind", "part", "option", "text"),
    [
        ("Playlist", "playlists", "Party · 2 tracks", "2 tracks, 1 rated"),
        ("Genre", "genres", "rock · 4 tracks", "4 tracks, 0 rated"),
        ("Year", "years", "1990s · 3 tracks", "3 tracks, 1 rated"),
        ("Year", "years", "2004 · 3 tracks", "3 tracks, 0 rated"),
    ],
)
def test_a_part_is_chosen_and_everything_again(
    visit: Visit, opened: Engine, songs: list[int], kind: str, part: str, option: str, text: str
) -> None:
    at = choose(visit(), kind)
    field = at.selectbox(key=f"scope-{part}")
    field.select_index(field.options.index(option)).run()
    assert not at.exception and scope.chosen(opened.workspace).kind == kind.lower()
    assert text in said(at), "how far this part is"
    assert at.session_state["scope-open"] is False and len(at.selectbox) == 0, "the keys are the player's again"
    at = click(at, "scope-everything")
    assert scope.chosen(opened.workspace).kind == "everything" and "scope-everything" not in keys(at)


def test_new_tracks_can_be_asked_about_alone(visit: Visit, opened: Engine, songs: list[int]) -> None:
    at = choose(visit(), "New")
    assert at.button(key="scope-new").label == "Only what came since your last visit: 6 tracks"
    at = click(at, "scope-new")
    assert scope.chosen(opened.workspace).kind == "new" and "6 tracks, 1 rated" in said(at)


def test_without_tags_and_playlists_only_new_ones_can_be_chosen(visit: Visit, fill: Any) -> None:
    fill(3)
    at = choose(visit())
    assert list(at.segmented_control(key="scope-kind").options) == ["New"]


# -- welcome ------------------------------------------------------------------------------------------


@pytest.fixture
def returned(opened: Engine, songs: list[int]) -> None:
    """Let the person come back to what they had, and to one new track."""
    visits.stay(opened.workspace)
    visits.arrive(opened.workspace)
    opened.workspace.tracks.add([FoundFile("/music/new.mp3", 9, 1.0, Tags("New"))])


def test_the_first_visit_has_no_welcome(visit: Visit, songs: list[int]) -> None:
    assert "Welcome back" not in said(visit())


@pytest.mark.usefixtures("returned")
def test_a_person_who_comes_back_is_told_what_waits(visit: Visit) -> None:
    assert "Welcome back: 1 rated, 1 new track." in said(visit())


@pytest.mark.usefixtures("returned")
def test_the_welcome_is_closed_for_this_visit(visit: Visit, opened: Engine) -> None:
    at = click(visit(), "welcome-close")
    assert "Welcome back" not in said(at) and "Welcome back" not in said(visit())
    visits.stay(opened.workspace)
    visits.arrive(opened.workspace)
    assert "Welcome back" in said(visit()), "the next visit has its own"


@pytest.mark.usefixtures("returned")
def test_going_to_another_page_ends_the_welcome(visit: Visit) -> None:
    assert "Welcome back" not in said(visit("library"))
    assert "Welcome back" not in said(visit())


@pytest.mark.usefixtures("returned")
def test_drives_that_are_away_are_part_of_the_welcome(visit: Visit, opened: Engine) -> None:
    roots = opened.workspace.roots
    roots.set_away(roots.add("/music"), True)
    assert "Nothing is lost; 7 tracks wait for it." in said(visit())
