"""The door of Apple's libraries: choosing a file, what it says it holds, what its stars mean, and what is imported."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services import apple, jobs
from services.engine import AT_START, Engine
from services.jobs import Coordinator
from ui.components.job_line import is_quiet

ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[..., AppTest]
Library = Callable[..., Path]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the app, on a page if one is named, and sees that nothing went wrong."""

    def go(view: str | None = None) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        if view is not None:
            at.switch_page(f"views/{view}.py").run()
        assert not at.exception, at.exception[0].message
        return at

    return go


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Give a function that writes a Library.xml of these tracks; they are numbered from 1."""

    def write(tracks: list[dict[str, Any]], name: str = "Library.xml") -> Path:
        head = {"Track Type": "File"}
        entries = {
            str(n): {**head, "Track ID": n, "Persistent ID": f"{n:016X}", **track} for n, track in enumerate(tracks, 1)
        }
        everything = {
            "Name": "Library",
            "Master": True,
            "Playlist Persistent ID": "A" * 16,
            "Playlist Items": [{"Track ID": n} for n in range(1, len(tracks) + 1)],
        }
        path = tmp_path / name
        path.write_bytes(plistlib.dumps({"Major Version": 1, "Tracks": entries, "Playlists": [everything]}))
        return path

    return write


@pytest.fixture
def rated(library: Library, song: Any) -> Path:
    """Give a library of four tracks: one file that is here, one that is not, one in the cloud, one podcast."""
    here = song("here.mp3")
    return library(
        [
            {"Name": "Here", "Location": f"file://{here.path}", "Size": here.size, "Rating": 100},
            {"Name": "Gone", "Location": "file:///elsewhere/gone.mp3", "Size": 5, "Rating": 40},
            {"Name": "Above", "Track Type": "Remote", "Loved": True, "Rating": 20},
            {"Name": "Talk", "Podcast": True, "Location": "file:///elsewhere/talk.mp3"},
        ]
    )


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    kinds = ("markdown", "caption", "error", "info", "success", "warning")
    return "\n".join(element.value for kind in kinds for element in at.get(kind))


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


def choose(at: AppTest, path: Path) -> AppTest:
    """Type a path into the door's field."""
    at.text_input(key="door-apple-path").set_value(str(path)).run()
    assert not at.exception, at.exception[0].message
    return at


def work(opened: Engine) -> None:
    """Do the oldest job that waits, as the coordinator would."""
    [job] = opened.workspace.jobs.open(kind="import")
    Coordinator(opened.workspace).run(until=job.id)


# -- choosing -----------------------------------------------------------------------------------------


def test_a_chosen_library_says_what_it_holds_before_anything_is_imported(
    visit: Visit, opened: Engine, rated: Path
) -> None:
    at = visit()
    assert at.title[0].value == "Sort your music by your own ear"
    choose(at, rated)
    assert at.title[0].value == "My Apple Music library"
    text = said(at)
    assert "3 tracks, 0 playlists.** 1 file is here; 1 was not found." in text
    assert "1 of 3 tracks is in Apple's cloud. Earmark needs files: 1 can be used." in text
    assert "Not music, so not taken in: 1 podcast." in text
    assert opened.workspace.jobs.open() == [] and opened.workspace.tracks.count()["tracks"] == 0


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("nothing.xml", None, "is not there"),
        ("Library.txt", "words", "its name would end in .xml"),
        ("wrong.xml", "<plist><dict></dict></plist>", "not a library or playlist"),
        ("words.xml", "no xml at all", "words.xml"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(
    visit: Visit, opened: Engine, tmp_path: Path, name: str, content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    at = choose(visit(), tmp_path / name)
    assert sentence in said(at)
    assert "door-apple-go" not in [button.key for button in at.button]


def test_another_file_can_be_chosen(visit: Visit, rated: Path) -> None:
    at = click(choose(visit(), rated), "door-apple-back")
    assert at.title[0].value == "Sort your music by your own ear"


def test_a_library_without_music_cannot_be_imported(visit: Visit, library: Library) -> None:
    at = choose(visit(), library([]))
    assert "holds no music" in said(at) and "door-apple-go" not in [button.key for button in at.button]


def test_a_dropped_file_is_kept_in_the_home(visit: Visit, opened: Engine, rated: Path) -> None:
    at = visit()
    [uploader] = at.get("file_uploader")
    uploader.upload("My Library.xml", rated.read_bytes(), "text/xml").run()
    assert not at.exception, at.exception[0].message
    kept = opened.workspace.home / "imports" / "My Library.xml"
    assert kept.read_bytes() == rated.read_bytes()
    assert at.title[0].value == "My Apple Music library" and str(kept) in said(at)


# -- importing ----------------------------------------------------------------------------------------


def test_the_answers_of_each_line_are_imported(visit: Visit, opened: Engine, rated: Path) -> None:
    at = choose(visit(), rated)
    assert [at.selectbox(key=f"door-apple-line-{line}").value for line in ("loved", "5", "2")] == [
        "liked", "liked", "disliked",
    ]  # fmt: skip
    at.selectbox(key="door-apple-line-2").set_value("ignore").run()
    click(at, "door-apple-go")
    [job] = opened.workspace.jobs.open()
    assert job.params == {
        "paths": [str(rated)],
        "stars": {**apple.ANSWERS, "2": "ignore"},
        "maps": [],
        "look_in": [],
    }
    assert "Reading Library.xml: starting" in said(at)


def test_all_stars_are_ignored_at_once_and_used_again(visit: Visit, rated: Path) -> None:
    at = click(choose(visit(), rated), "door-apple-stars")
    values = {line: at.selectbox(key=f"door-apple-line-{line}").value for line in ("loved", "5", "2")}
    assert values == {"loved": "liked", "5": "ignore", "2": "ignore"}
    click(at, "door-apple-stars")
    assert at.selectbox(key="door-apple-line-2").value == "disliked"


def test_files_are_found_in_the_folder_the_person_points_at(
    visit: Visit, opened: Engine, library: Library, song: Any, tmp_path: Path
) -> None:
    file = song("moved.mp3")
    at = choose(visit(), library([{"Name": "M", "Location": "file:///old/moved.mp3", "Size": file.size}]))
    assert "0 files are here; 1 was not found." in said(at)
    at.text_input(key="door-apple-point-path").set_value(str(tmp_path)).run()
    click(at, "door-apple-look")
    assert "1 of 1 found by name and size." in said(at) and "1 file is here." in said(at)
    click(at, "door-apple-go")
    [job] = opened.workspace.jobs.open()
    assert job.params["look_in"] == [str(tmp_path)]


def test_the_report_is_filtered_searched_and_saved(visit: Visit, rated: Path) -> None:
    at = choose(visit(), rated)
    assert len(at.dataframe) == 0
    at.session_state["door-apple-report"] = True
    at.run()
    assert at.dataframe[0].value.found.tolist() == ["where the file says", "not found", "in Apple's cloud"]
    at.segmented_control(key="door-apple-report-found").set_value("not found").run()
    assert at.dataframe[0].value.title.tolist() == ["Gone"]
    at.text_input(key="door-apple-report-search").set_value("no such file").run()
    assert len(at.dataframe) == 0 and "Nothing fits." in said(at)
    at.text_input(key="door-apple-report-search").set_value("GONE elsewhere").run()
    assert len(at.dataframe[0].value) == 1
    assert [button.label for button in at.get("download_button")] == ["Save this table (CSV)"]


def test_what_was_taken_in_is_said_and_can_be_taken_back(visit: Visit, opened: Engine, rated: Path) -> None:
    at = click(choose(visit(), rated), "door-apple-go")
    work(opened)
    at = visit("library")
    assert "Library.xml: 3 tracks (3 new), 3 ratings and 0 playlists are in." in said(at)
    assert "1 is in Apple's cloud, 1 file was not found. Not taken in: 1 podcast." in said(at)
    [number] = [button.key for button in at.button if str(button.key).startswith("taken-back-")]
    click(at, str(number))
    assert opened.workspace.tracks.count()["tracks"] == 0
    assert "are in." not in said(visit())


def test_the_sentence_goes_when_it_was_read(visit: Visit, opened: Engine, rated: Path) -> None:
    click(choose(visit(), rated), "door-apple-go")
    work(opened)
    at = visit("library")
    [number] = [button.key for button in at.button if str(button.key).startswith("taken-read-")]
    click(at, str(number))
    assert "are in." not in said(at) and opened.workspace.tracks.count()["tracks"] == 3


def test_importing_again_offers_the_answers_of_last_time(visit: Visit, opened: Engine, rated: Path) -> None:
    at = choose(visit(), rated)
    at.selectbox(key="door-apple-line-5").set_value("semi").run()
    click(at, "door-apple-go")
    work(opened)
    at = visit("library")
    at.text_input(key="library-apple-path").set_value(str(rated)).run()
    assert at.selectbox(key="library-apple-line-5").value == "semi"
    assert "3 tracks in your library already" in said(at)


def test_a_library_in_the_cloud_says_so_calmly_and_can_be_imported(
    visit: Visit, opened: Engine, library: Library
) -> None:
    at = choose(visit(), library([{"Name": "A", "Track Type": "Remote", "Rating": 80}]))
    assert "Earmark needs files: 0 can be used." in said(at) and "import it all the same" in said(at)
    click(at, "door-apple-go")
    work(opened)
    at = visit("library")
    assert "1 of 1 track is in Apple's cloud." in said(at)


# -- looking for changes ------------------------------------------------------------------------------


def test_a_look_for_changes_at_the_start_is_quiet_until_it_finds_something(visit: Visit, opened: Engine) -> None:
    jobs.submit(opened.workspace, "rescan", AT_START)
    [job] = opened.workspace.jobs.open()
    assert is_quiet(job) and "Looking for changes" not in said(visit("library"))
    opened.workspace.jobs.report(job.id, {"tracks": 40, "added": 2})
    assert "Looking for changes: 40 tracks so far" in said(visit("library"))


def test_a_look_for_changes_that_was_asked_for_is_shown(visit: Visit, opened: Engine) -> None:
    jobs.submit(opened.workspace, "rescan", {})
    at = visit("library")
    assert "Looking for changes: starting" in said(at)
    [job] = opened.workspace.jobs.open()
    opened.workspace.jobs.finish(job.id, "done", result={"added": 0})
    at.run()
    assert [toast.value for toast in at.toast] == ["Nothing has changed."]
