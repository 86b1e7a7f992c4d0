"""Every page as a person meets it: in an empty home, and with music, answers and models in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import FoundFile, Label, Prediction, Tags
from core.settings import VERSION
from services import training
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
VIEWS = ["rate", "library", "playlists", "history", "models", "settings"]
KINDS = ["liked", "semi", "disliked"]

Visit = Callable[..., AppTest]


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
def labelled(fill: Any) -> list[int]:
    """Give 30 analysed tracks: 24 rated, 6 with a genre."""
    return fill(30, ratings=KINDS * 8, genres=["jazz", "rock"] * 3)


@pytest.fixture
def trained(opened: Engine, labelled: list[int]) -> list[int]:
    """Give the same with a trained model that speaks."""
    training.retrain(opened.workspace, "rating", ["knn", "ordered"])
    return labelled


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    return "\n".join(element.value for kind in ("markdown", "caption", "error", "info") for element in at.get(kind))


def headings(at: AppTest) -> list[str]:
    """Return what stands above the parts of the page, whatever its size."""
    return [heading.value for heading in [*at.header, *at.subheader]]


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


# -- an empty home ----------------------------------------------------------------------------------


def test_an_empty_home_shows_the_three_doors_and_where_everything_stays(visit: Visit, opened: Engine) -> None:
    at = visit()
    assert at.title[0].value == "Sort your music by your own ear"
    assert headings(at) == ["Just show me", "My music folder", "My Apple Music library"]
    assert at.caption[-1].value == f"Everything stays on this computer: {opened.workspace.home}"


def test_the_demo_door_starts_the_demo_and_is_gone(visit: Visit, opened: Engine) -> None:
    at = click(visit(), "door-demo")
    assert [job.kind for job in opened.workspace.jobs.open()] == ["demo"]
    assert len(at.title) == 0
    assert "Making 36 short pieces: starting" in said(at)


def test_the_folder_door_counts_before_it_starts(visit: Visit, opened: Engine, song: Any, tmp_path: Path) -> None:
    song("one.mp3")
    song("two.flac")
    at = visit()
    at.text_input(key="door-folder-path").set_value(str(tmp_path)).run()
    assert "2 audio files" in at.success[0].value
    click(at, "door-folder-go")
    [job] = opened.workspace.jobs.open()
    assert (job.kind, job.params) == ("import", {"paths": [str(tmp_path)], "labels_from": None})


def test_a_folder_that_is_not_there_cannot_be_added(visit: Visit, opened: Engine, tmp_path: Path) -> None:
    at = visit()
    at.text_input(key="door-folder-path").set_value(str(tmp_path / "nothing")).run()
    assert not at.exception and len(at.warning) == 1
    assert "door-folder-go" not in [button.key for button in at.button]


@pytest.mark.parametrize("view", ["library", "playlists"])
def test_pages_of_an_empty_home_say_what_comes_first(visit: Visit, view: str) -> None:
    at = visit(view)
    assert at.title[0].value == view.capitalize()
    assert "No music yet" in said(at) or "your first playlist appears here" in said(at)


# -- with music -------------------------------------------------------------------------------------


def test_the_desk_has_the_page_to_itself_when_there_is_music(visit: Visit, labelled: list[int]) -> None:
    at = visit()
    assert len(at.title) == 0 and len(at.button) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_every_page_opens_with_and_without_a_trained_model(visit: Visit, opened: Engine, fill: Any, view: str) -> None:
    fill(30, ratings=KINDS * 8, genres=["jazz", "rock"] * 3)
    titles = [title.value for title in visit(view).title]
    assert titles == ([] if view == "rate" else [view.capitalize()])
    training.retrain(opened.workspace, "rating", ["ordered"])
    assert [title.value for title in visit(view).title] == titles


def test_the_library_lists_every_track_with_what_was_said(visit: Visit, trained: list[int]) -> None:
    at = visit("library")
    [table] = [frame.value for frame in at.dataframe]
    assert len(table) == 30
    assert table.your_rating.tolist()[:3] == KINDS and table.your_rating.tolist()[-1] == ""
    assert table.your_genre.tolist()[:2] == ["jazz", "rock"]
    assert table.predicted_rating.tolist()[24:27] == KINDS and table.sure[25].endswith(" %")


def test_the_library_is_filtered_and_searched(visit: Visit, labelled: list[int]) -> None:
    at = visit("library")
    options = at.segmented_control(key="library-filter").options
    assert [option if isinstance(option, str) else option.content for option in options] == [
        "All 30", "Rated 24", "Unrated 6",
    ]  # fmt: skip
    at.segmented_control(key="library-filter").set_value("Unrated 6").run()
    assert len(at.dataframe[0].value) == 6
    at.text_input(key="library-search").set_value("artist 5 29").run()
    assert at.dataframe[0].value.title.tolist() == ["Song 29"]
    at.text_input(key="library-search").set_value("no such song").run()
    assert len(at.dataframe) == 0 and "Nothing fits." in said(at)


def test_a_new_answer_is_in_the_library_at_once(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    assert visit("library").dataframe[0].value.your_rating[29] == ""
    opened.workspace.labels.add([Label("new", labelled[29], "rating", "liked")])
    assert visit("library").dataframe[0].value.your_rating[29] == "liked"


def test_predictions_made_since_are_in_the_library(visit: Visit, opened: Engine, trained: list[int]) -> None:
    workspace = opened.workspace
    [track] = workspace.tracks.add([FoundFile("/music/new.mp3", 999, 2.0, Tags(title="New", artist="N"))]).added
    workspace.tracks.mark_analysed(track, "new", duration=60.0, note=None)
    assert visit("library").dataframe[0].value.predicted_rating[30] == ""
    run = workspace.model_runs.current("rating")
    known = workspace.predictions.all("rating").values()
    workspace.predictions.replace(
        "rating", [*known, Prediction(track, "rating", "liked", {"liked": 0.9}, run.id if run else None)]
    )
    assert visit("library").dataframe[0].value.predicted_rating[30] == "liked"


def test_a_new_title_is_in_the_library_once_the_file_was_heard_again(
    visit: Visit, opened: Engine, labelled: list[int]
) -> None:
    workspace, track = opened.workspace, labelled[3]
    visit("library")
    workspace.tracks.add([FoundFile("/music/3.mp3", 999, 2.0, Tags(title="A Better Title", artist="Artist 3"))])
    workspace.tracks.mark_analysed(track, "sound 3", duration=60.0, note=None)
    workspace.features.put(track, {"musicnn": workspace.features.of_track(track)["musicnn"]}, {"musicnn": 1})
    assert visit("library").dataframe[0].value.title[3] == "A Better Title"


def test_files_that_cannot_be_read_are_listed_and_tried_again(
    visit: Visit, opened: Engine, labelled: list[int]
) -> None:
    opened.workspace.tracks.mark(labelled[0], "unreadable", "the file is empty")
    at = visit("library")
    table = at.dataframe[1].value
    assert table.reason.tolist() == ["the file is empty"]
    click(at, "library-retry")
    [job] = opened.workspace.jobs.open()
    assert (job.kind, job.params) == ("analyze", {"retry": True})


def test_what_waits_can_be_listened_to(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    opened.workspace.tracks.add([FoundFile("/music/new.mp3", 999, 2.0, Tags(title="New", artist="N"))])
    at = visit("library")
    assert "1 track not listened to yet." in said(at)
    click(at, "library-analyse")
    assert [job.kind for job in opened.workspace.jobs.open()] == ["analyze"]


# -- playlists --------------------------------------------------------------------------------------


def test_playlists_show_what_is_rated_and_what_is_predicted(visit: Visit, trained: list[int]) -> None:
    at = visit("playlists")
    assert headings(at)[:3] == ["Liked", "Semi", "Disliked"]
    assert "8 rated + 2 predicted" in said(at)
    at.segmented_control(key="playlist-source").set_value("Only what I rated").run()
    assert "8 rated + 0 predicted" in said(at) and "Your own answers" in said(at)
    at.selectbox(key="playlist-name").set_value("jazz").run()
    assert len(at.dataframe[0].value) == 3


def test_playlists_are_written_to_a_folder(visit: Visit, opened: Engine, song: Any, tmp_path: Path) -> None:
    file = song("one.mp3")
    [track] = opened.workspace.tracks.add([file]).added
    opened.workspace.tracks.mark_analysed(track, "one", duration=1.0, note=None)
    opened.workspace.labels.add([Label("e", track, "rating", "liked")])
    at = visit("playlists")
    at.selectbox(key="playlist-format").set_value("M3U8, for most players").run()
    at.text_input(key="playlist-folder").set_value(str(tmp_path / "out")).run()
    click(at, "playlist-write")
    assert "1 entry" in at.success[0].value and str(tmp_path / "out") in at.success[0].value
    assert "one.mp3" in (tmp_path / "out" / "liked_songs_playlist.m3u8").read_text("utf-8")


# -- models -----------------------------------------------------------------------------------------


def test_without_enough_answers_retraining_says_what_is_missing(visit: Visit, fill: Any) -> None:
    fill(4, ratings=["semi", "semi"])
    at = visit("models")
    assert at.button(key="models-retrain").disabled
    assert "6 more ratings, at least 2 liked and 2 disliked" in said(at)


def test_a_trained_model_says_how_good_it_is_and_what_it_does_not_know_yet(
    visit: Visit, opened: Engine, trained: list[int]
) -> None:
    opened.workspace.labels.add([Label(f"late {i}", i, "rating", "semi") for i in trained[24:27]])
    at = visit("models")
    assert "learned from 24 answers" in said(at) and "3 answers newer than this model" in said(at)
    table = next(frame.value for frame in at.dataframe if "Accuracy" in frame.value)
    assert table.Model.tolist() == ["always the usual answer", "ordered", "knn"]
    at.segmented_control(key="models-target").set_value("genre").run()
    assert "No trained model yet" in said(at) and "6 answers so far" in said(at)


def test_retrain_queues_a_job_once(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    at = click(visit("models"), "models-retrain")
    assert [job.params for job in opened.workspace.jobs.open(kind="retrain")] == [{"target": "rating"}]
    assert at.button(key="models-retrain").disabled and "Learning: starting" in said(at)


# -- settings ---------------------------------------------------------------------------------------


def test_settings_show_home_version_and_folders(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    opened.workspace.roots.add("/music")
    at = visit("settings")
    assert f"`{opened.workspace.home}`" in said(at)
    assert f"Earmark {VERSION}" in said(at)
    assert "`/music`" in said(at) and f"`{opened.workspace.home / 'labels.csv'}`" in said(at)


def test_the_number_of_cores_is_kept(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    at = visit("settings")
    at.number_input(key="settings-cores").set_value(1).run()
    assert not at.exception and opened.workspace.settings.get("cores") == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("loud: metal\nquiet: whispering", "no word for: whispering"),
        ("loud: metal", "Write at least two lines"),
        ("loud: metal\nquiet", "Write at least two lines"),
        ("", "Write at least two lines"),
    ],
)
def test_a_table_of_genres_with_unknown_words_or_a_wrong_form_is_not_kept(
    visit: Visit, opened: Engine, labelled: list[int], text: str, complaint: str
) -> None:
    at = visit("settings")
    at.segmented_control(key="settings-part").set_value("Genres").run()
    at.text_area(key="settings-genre-table").set_value(text)
    [save] = [button for button in at.button if button.label == "Save"]
    save.click().run()
    assert complaint in at.error[0].value and at.error[0].value.startswith("Not saved.")
    assert opened.workspace.settings.get("genre_tags") is None


def test_a_good_table_of_genres_is_kept(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    at = visit("settings")
    at.segmented_control(key="settings-part").set_value("Genres").run()
    at.text_area(key="settings-genre-table").set_value("loud: metal, Hard Rock\nquiet: ambient")
    [save] = [button for button in at.button if button.label == "Save"]
    save.click().run()
    assert not at.exception and len(at.error) == 0
    assert opened.workspace.settings.get("genre_tags") == {"loud": ["metal", "Hard Rock"], "quiet": ["ambient"]}
    assert at.text_area[0].value == "loud: metal, Hard Rock\nquiet: ambient"


# -- the line of running work -----------------------------------------------------------------------


def test_work_can_be_paused_and_stopped_from_every_page(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    jobs = opened.workspace.jobs
    job = jobs.add("analyze", "analysis")
    jobs.take("analysis")
    jobs.report(job, {"done": 3204, "total": 12041, "tracks_per_second": 5.1, "seconds_left": 1740.0, "failed": 2})
    at = visit("settings")
    assert "Listening: 3,204 of 12,041 · 5.1 tracks/s · 29 min left · 2 unreadable" in said(at)
    click(at, f"pause-{job}")
    assert jobs.report(job, jobs.get(job).progress) == "pause"
    jobs.finish(job, "paused")
    at = visit("library")
    assert "Listening: paused at 3,204 of 12,041" in said(at)
    click(at, f"resume-{job}")
    assert jobs.get(job).state == "queued"
    click(visit(), f"stop-{job}")
    assert jobs.get(job).state == "cancelled"


def test_a_failure_is_shown_until_it_is_read(visit: Visit, opened: Engine, labelled: list[int]) -> None:
    job = opened.workspace.jobs.add("import", "analysis")
    opened.workspace.jobs.finish(job, "failed", error="The folder is not there.")
    at = visit()
    assert at.error[0].value == "The folder is not there."
    click(at, f"failure-{job}")
    assert len(visit().error) == 0
