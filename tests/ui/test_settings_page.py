"""The Settings page: folders, what is left out, genres, what was done, backups."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.records import FoundFile, Label, Tags
from data.playlists import NewPlaylist
from services import backup, genres, labeling, rescan, scope, targets
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
TAGS = ["Rock", "Hip Hop", "hip-hop", "Jazz"]

Visit = Callable[[str], AppTest]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens a part of the Settings page and sees that nothing went wrong."""

    def go(part: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        at.switch_page("views/settings.py").run()
        at.segmented_control(key="settings-part").set_value(part).run()
        assert not at.exception, at.exception[0].message
        assert at.title[0].value == "Settings" and at.header[0].value == part
        return at

    return go


@pytest.fixture
def tagged(opened: Engine) -> list[int]:
    """Give 12 analysed tracks with genre tags in two folders; the first is rated."""
    workspace = opened.workspace
    ids = []
    for i in range(12):
        file = FoundFile(f"/music/{'ab'[i % 2]}/{i}.mp3", i, 1.0, Tags(f"Song {i}", f"Artist {i}", genre=TAGS[i % 4]))
        [track_id] = workspace.tracks.add([file]).added
        workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
        ids.append(track_id)
    workspace.labels.add([Label("e", ids[0], "rating", "liked")])
    return ids


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    kinds = ("markdown", "caption", "error", "info", "warning", "success")
    return "\n".join(element.value for kind in kinds for element in at.get(kind))


def told(at: AppTest) -> str:
    return "\n".join(toast.value for toast in at.toast)


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


def keys(at: AppTest) -> list[str]:
    return [button.key for button in at.button]


# -- folders ----------------------------------------------------------------------------------------


def test_each_folder_says_how_many_tracks_it_holds(
    visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path
) -> None:
    opened.workspace.roots.add("/music/a")
    opened.workspace.roots.add(str(tmp_path))
    at = visit("Folders")
    assert "`/music/a`  \n6 tracks" in said(at) and f"`{tmp_path}`  \n0 tracks" in said(at)


def test_a_drive_that_is_not_connected_says_what_waits(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    roots = opened.workspace.roots
    roots.set_away(roots.add("/music"), True)
    at = visit("Folders")
    assert "Nothing is lost; 12 tracks wait for it." in at.warning[0].value


def test_a_folder_that_may_not_be_opened_says_so_in_one_sentence(
    visit: Visit, opened: Engine, tagged: list[int]
) -> None:
    roots = opened.workspace.roots
    roots.set_problem(roots.add("/music"), "/music cannot be opened: permission denied.")
    assert visit("Folders").warning[0].value == "/music cannot be opened: permission denied."


def test_looking_for_changes_is_asked_once_for_all_folders(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.roots.add("/music")
    at = click(visit("Folders"), "root-scan")
    assert [job.kind for job in opened.workspace.jobs.open()] == ["rescan"]
    assert at.button(key="root-scan").disabled


def test_what_the_last_look_found_is_said(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.roots.add("/music")
    job = opened.workspace.jobs.add("rescan", "import")
    opened.workspace.jobs.finish(job, "done", result={"added": 38, "changed": 0, "missing": 2})
    assert "The last look: 38 new, 2 not there any more." in said(visit("Folders"))


def test_the_look_at_every_start_can_be_turned_off(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.roots.add("/music")
    at = visit("Folders")
    assert at.toggle(key="root-at-start").value is True
    at.toggle(key="root-at-start").set_value(False).run()
    assert opened.workspace.settings.get("rescan_at_start") is False


def test_a_forgotten_folder_leaves_its_tracks(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.roots.add("/music")
    at = click(visit("Folders"), "root-forget-/music")
    assert opened.workspace.roots.records() == [] and opened.workspace.tracks.count()["tracks"] == 12
    assert "12 tracks from it stay in your library" in told(at)


def test_an_apple_library_that_is_newer_is_imported_with_the_answers_of_last_time(
    visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path
) -> None:
    file = tmp_path / "Library.xml"
    file.write_text("x")
    stamp = rescan.stamp_of(str(file))
    opened.workspace.roots.add(str(file), kind="library", stamp=stamp)
    answers = {"stars": {"3": "liked"}, "maps": [["/a", "/b"]], "look_in": []}
    opened.workspace.settings.set("apple_import", answers)
    assert f"root-again-{file}" not in keys(visit("Folders"))
    os.utime(file, (1, 1))
    at = visit("Folders")
    assert "The file is newer than that." in said(at)
    click(at, f"root-again-{file}")
    [job] = opened.workspace.jobs.open()
    assert (job.kind, job.params) == ("import", {"paths": [str(file)], **answers})


# -- left out ---------------------------------------------------------------------------------------


def test_a_genre_is_left_out_and_taken_in_again(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("Left out")
    assert "Nothing is left out." in said(at)
    at.segmented_control(key="leave-out-kind").set_value("Genre").run()
    at.selectbox(key="leave-out-genre").set_value("hip-hop").run()
    at = click(at, "leave-out")
    assert told(at) == "Left out: 6 tracks."
    assert len(scope.left_out(opened.workspace)) == 6
    assert "The genre hip-hop · 6 tracks" in said(at)
    at = click(at, "take-in-genre-hip-hop")
    assert told(at) == "Taken in again: 6 tracks." and not scope.left_out(opened.workspace)


def test_folders_and_playlists_can_be_chosen(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.roots.add("/music")
    opened.workspace.playlists.replace("apple", [NewPlaylist("Party", "list", "p", None, tagged[:3])])
    at = visit("Left out")
    assert at.selectbox(key="leave-out-folder").options == ["/music", "/music/a", "/music/b"]
    at.selectbox(key="leave-out-folder").set_value("/music/b").run()
    click(at, "leave-out")
    at.segmented_control(key="leave-out-kind").set_value("Playlist").run()
    [party] = at.selectbox(key="leave-out-playlist").options
    at.selectbox(key="leave-out-playlist").select_index(0).run()
    at = click(at, "leave-out")
    assert "The folder /music/b · 6 tracks" in said(at) and "The playlist Party · 3 tracks" in said(at)
    assert party == "Party · 2 tracks", "one of its three lies in the folder that is left out"
    assert at.caption[0].value == "There is no playlist to choose."


def test_single_tracks_are_taken_in_again(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    scope.leave_out_tracks(opened.workspace, tagged[:3])
    at = visit("Left out")
    assert at.multiselect[0].label == "3 single tracks left out"
    at.multiselect(key="left-out-tracks").set_value([tagged[0], tagged[1]]).run()
    click(at, "take-in-tracks")
    assert scope.left_out(opened.workspace) == {tagged[2]}


# -- what is asked ----------------------------------------------------------------------------------


def add_workout(at: AppTest) -> AppTest:
    at.text_input(key="asked-name").set_value("Workout")
    at.text_input(key="asked-answers").set_value("no, yes")
    return click(at, "asked-add")


def test_an_own_target_is_added_and_the_fields_are_empty_again(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("What is asked")
    assert "**Rating** · 1 answer  \ndisliked \\< semi \\< liked" in said(at)
    at = add_workout(at)
    made = targets.get(opened.workspace, "workout")
    assert (made.classes, made.kind) == (("no", "yes"), "nominal")
    assert told(at) == "Added: workout. Choose it on the Rate page to be asked."
    assert "**Workout** · no answers yet  \nno, yes" in said(at)
    assert at.text_input(key="asked-name").value == "" and at.text_input(key="asked-answers").value == ""


def test_an_ordered_target_has_its_own_question(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("What is asked")
    at.text_input(key="asked-question").set_value("Would you run to this?")
    at.checkbox(key="asked-ordered").check()
    add_workout(at)
    made = targets.get(opened.workspace, "workout")
    assert (made.kind, made.question) == ("ordered", "Would you run to this?")


def test_answers_that_will_not_do_are_refused_and_stay_in_the_field(
    visit: Visit, opened: Engine, tagged: list[int]
) -> None:
    at = visit("What is asked")
    at.text_input(key="asked-name").set_value("workout")
    at.text_input(key="asked-answers").set_value("yes")
    at = click(at, "asked-add")
    assert "2 to 9 different answers" in at.error[0].value
    assert at.text_input(key="asked-answers").value == "yes" and "workout" not in targets.every(opened.workspace)


def test_an_answer_that_was_given_has_to_stay(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    targets.add(opened.workspace, "workout", ["no", "yes"], question="Run?")
    labeling.answer(opened.workspace, tagged[0], "workout", "yes")
    at = visit("What is asked")
    at.text_input(key="asked-change-workout").set_value("no, maybe")
    at = click(at, "asked-save-workout")
    assert "answers that would be lost: yes (1)" in at.error[0].value
    at.text_input(key="asked-change-workout").set_value("no, maybe, yes")
    click(at, "asked-save-workout")
    made = targets.get(opened.workspace, "workout")
    assert (made.classes, made.question) == (("no", "maybe", "yes"), "Run?")


def test_moods_can_be_others_and_the_usual_ones_again(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("What is asked")
    at.text_input(key="asked-change-mood").set_value("sunny, rainy")
    at = click(at, "asked-save-mood")
    assert targets.get(opened.workspace, "mood").classes == ("sunny", "rainy")
    at = click(at, "asked-remove-mood")
    assert targets.get(opened.workspace, "mood").classes == ("energetic", "happy", "calm", "sad")
    assert at.text_input(key="asked-change-mood").value == "energetic, happy, calm, sad"


def test_a_removed_target_keeps_its_answers_and_comes_back(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    workspace = opened.workspace
    targets.add(workspace, "workout", ["no", "yes"])
    labeling.answer(workspace, tagged[0], "workout", "yes")
    at = click(visit("What is asked"), "asked-remove-workout")
    assert "workout" not in targets.every(workspace) and told(at) == "Removed: workout. Its 1 answer stays."
    at = visit("What was done")
    act = workspace.acts.all()[0]
    click(at, f"take-back-{act.id}")
    assert targets.get(workspace, "workout").classes == ("no", "yes")
    assert workspace.labels.current("workout")[tagged[0]].value == "yes"


# -- genres -----------------------------------------------------------------------------------------


def edit(at: AppTest, **changes: dict[int, Any]) -> AppTest:
    """Edit cells of the table, `genre={0: "Rap"}`, and save."""
    rows: dict[int, dict[str, Any]] = {}
    for column, cells in changes.items():
        for row, value in cells.items():
            rows.setdefault(row, {})[column] = value
    at.session_state["genre-table-0"] = {"edited_rows": rows, "added_rows": [], "deleted_rows": []}
    at.run()
    return click(at, "genre-save")


def names(opened: Engine) -> list[str]:
    return [row["genre"] for row in genres.tag_table(opened.workspace)]


def test_the_table_shows_how_each_genre_is_written(visit: Visit, tagged: list[int]) -> None:
    at = visit("Genres")
    [table] = [frame.value for frame in at.dataframe]
    assert table.genre.tolist() == ["hip-hop", "jazz", "rock"]
    assert table.written[0] == "Hip Hop (3), hip-hop (3)" and table.tracks.tolist() == [6, 3, 3]
    assert table.trained.all() and at.button(key="genre-save").disabled


def test_a_genre_gets_another_name(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    opened.workspace.labels.add([Label("g", tagged[1], "genre", "hip-hop")])
    at = edit(visit("Genres"), genre={0: "Rap"})
    assert names(opened) == ["Rap", "jazz", "rock"] and "It can be taken back" in told(at)
    assert opened.workspace.labels.current("genre")[tagged[1]].value == "Rap"
    assert labeling.acts(opened.workspace)[0]["title"] == "Renamed the genre hip-hop to Rap"


def test_two_genres_of_one_name_are_one(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    edit(visit("Genres"), genre={1: "rock"})
    assert names(opened) == ["hip-hop", "rock"]
    assert labeling.acts(opened.workspace)[0]["title"] == "Merged jazz into rock"


def test_an_empty_name_lets_a_tag_say_nothing(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    edit(visit("Genres"), genre={1: None})
    assert names(opened) == ["hip-hop", "rock", ""]
    edit(visit("Genres"), genre={2: "Bebop"})
    assert names(opened) == ["hip-hop", "Bebop", "rock"]


def test_what_is_trained_is_chosen(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = edit(visit("Genres"), trained={2: False})
    assert genres.trained(opened.workspace) == {"hip-hop", "jazz"} and told(at) == "Saved. 2 genres are trained."
    at = edit(visit("Genres"), trained={2: True})
    assert genres.trained(opened.workspace) is None and told(at) == "Saved. All genres are trained."


def test_one_genre_alone_cannot_be_trained(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = edit(visit("Genres"), trained={0: False, 1: False})
    assert "Choose at least 2" in at.error[0].value and genres.trained(opened.workspace) is None


def test_tags_are_accepted_as_labels_with_the_number_before(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("Genres")
    assert at.button(key="genre-accept").label == "Accept 12 tags as labels"
    at.multiselect(key="genre-accept-which").set_value(["jazz"]).run()
    assert at.button(key="genre-accept").label == "Accept 3 tags as labels"
    at = click(at, "genre-accept")
    assert told(at).startswith("3 tags accepted.") and opened.workspace.labels.counts()["genre"] == {"jazz": 3}
    at = click(at, "genre-accept")
    assert opened.workspace.labels.counts()["genre"]["hip-hop"] == 6
    assert "genre-accept" not in keys(at) and "has a label already" in said(at)


def test_without_tags_the_first_guesses_can_still_be_edited(visit: Visit, fill: Any) -> None:
    fill(3)
    at = visit("Genres")
    assert "No track says its genre yet" in said(at)
    assert at.text_area(key="settings-genre-table").value.startswith("rock: rock")


# -- what was done ----------------------------------------------------------------------------------


def test_acts_are_listed_and_taken_back(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    genres.accept_tags(opened.workspace)
    scope.leave_out(opened.workspace, "genre", "rock")
    at = visit("What was done")
    assert "Left out the genre rock: 3 tracks  \n:small[today " in said(at)
    newest, oldest = [act["id"] for act in labeling.acts(opened.workspace)]
    at = click(at, f"take-back-{newest}")
    assert told(at) == "Taken back: Left out the genre rock: 3 tracks."
    assert not scope.left_out(opened.workspace) and keys(at).count(f"take-back-{newest}") == 0
    click(at, f"take-back-{oldest}")
    assert opened.workspace.labels.counts().get("genre") is None


def test_what_was_changed_since_stays_and_that_is_said(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    for name in ("Rock and Roll", "Stone", "Rock"):
        genres.rename(opened.workspace, "rock", name)
    act = labeling.acts(opened.workspace)[1]["id"]
    at = click(visit("What was done"), f"take-back-{act}")
    assert told(at).endswith("What you answered, changed or had listened to since stays.")


def test_older_acts_come_when_asked_for(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    for track_id in tagged:
        scope.leave_out(opened.workspace, "track", track_id)
    at = visit("What was done")
    assert sum(key.startswith("take-back-") for key in keys(at)) == 10
    assert at.button(key="acts-show-more").label == "Show 2 more"
    at = click(at, "acts-show-more")
    assert sum(key.startswith("take-back-") for key in keys(at)) == 12 and "acts-show-more" not in keys(at)


# -- backup -----------------------------------------------------------------------------------------


def test_a_backup_is_made_where_the_person_says(
    visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path
) -> None:
    at = visit("Backup")
    assert "12 tracks, 1 rating" in said(at) and "No audio, no tokens." in said(at)
    assert at.text_input(key="backup-path").value.startswith(str(opened.workspace.home / "backups" / "earmark-"))
    at.text_input(key="backup-path").set_value(str(tmp_path / "mine.zip")).run()
    at = click(at, "backup-make")
    assert str(tmp_path / "mine.zip") in at.success[0].value and (tmp_path / "mine.zip").is_file()
    assert len(at.get("download_button")) == 1
    assert "There is a file of this name. It will be replaced." in said(at.run())


def test_a_backup_needs_a_whole_path(visit: Visit, tagged: list[int]) -> None:
    at = visit("Backup")
    at.text_input(key="backup-path").set_value("mine.zip").run()
    at = click(at, "backup-make")
    assert at.error[0].value.startswith("Nothing was written.") and not at.success


def test_restoring_shows_what_is_there_and_says_where_the_former_state_lies(
    visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path
) -> None:
    file = Path(backup.backup(opened.workspace, tmp_path / "mine.zip")["path"])
    opened.workspace.labels.add([Label(f"l{i}", i, "rating", "semi") for i in tagged[1:5]])
    at = visit("Backup")
    at.selectbox(key="restore-which").set_value("Another file").run()
    at.text_input(key="restore-path").set_value(str(file)).run()
    table = at.table[0].value.set_index("What")
    assert table.loc["Rating labels"].tolist() == ["1", "5"] and table.loc["Tracks"].tolist() == ["12", "12"]
    assert opened.workspace.labels.counts()["rating"] == {"semi": 4, "liked": 1}, "nothing is restored unasked"
    at = click(at, "restore-go")
    assert opened.workspace.labels.counts()["rating"] == {"liked": 1}
    [saved] = backup.automatic(opened.workspace)
    assert str(saved) in at.success[0].value
    assert backup.describe(saved).labels == {"rating": 5}
    assert "1 rating" in said(at)


def test_automatic_backups_can_be_restored(visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path) -> None:
    backup.restore(opened.workspace, backup.backup(opened.workspace, tmp_path / "mine.zip")["path"])
    [saved] = backup.automatic(opened.workspace)
    at = visit("Backup")
    assert [option.endswith("before a restore") for option in at.selectbox(key="restore-which").options] == [
        True,
        False,
    ]
    at.selectbox(key="restore-which").set_value(str(saved)).run()
    assert "What is here now is saved first" in said(at) and "restore-go" in keys(at)


def test_an_uploaded_file_that_is_no_backup_is_refused(visit: Visit, opened: Engine, tagged: list[int]) -> None:
    at = visit("Backup")
    at.selectbox(key="restore-which").set_value("Another file").run()
    at.file_uploader(key="restore-upload").upload("notes.zip", b"no zip at all", "application/zip").run()
    assert not at.exception and "notes.zip is no backup of Earmark" in at.error[0].value
    assert "restore-go" not in keys(at)


def test_an_uploaded_backup_is_restored(visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path) -> None:
    file = Path(backup.backup(opened.workspace, tmp_path / "mine.zip")["path"])
    opened.workspace.labels.add([Label("late", tagged[3], "rating", "semi")])
    at = visit("Backup")
    at.selectbox(key="restore-which").set_value("Another file").run()
    at.file_uploader(key="restore-upload").upload("mine.zip", file.read_bytes(), "application/zip").run()
    click(at, "restore-go")
    assert opened.workspace.labels.counts()["rating"] == {"liked": 1}


def test_a_restore_while_work_runs_says_what_to_do(
    visit: Visit, opened: Engine, tagged: list[int], tmp_path: Path
) -> None:
    from filelock import FileLock

    file = backup.backup(opened.workspace, tmp_path / "mine.zip")["path"]
    opened.workspace.jobs.add("analyze", "analysis")
    opened.workspace.jobs.take("analysis")
    at = visit("Backup")
    at.selectbox(key="restore-which").set_value("Another file").run()
    at.text_input(key="restore-path").set_value(file).run()
    with FileLock(opened.workspace.home / "coordinator.lock"):
        at = click(at, "restore-go")
    assert "Stop or pause it, then restore." in at.error[0].value
