"""The terminal: the JSON scripts rely on, exit codes, and errors in one line."""

from __future__ import annotations

import json
import os
import plistlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from audio.descriptors import ROW_NAMES
from audio.encode import write_audio
from cli import NameList, cli, progress_text, time_text
from core.errors import EarmarkError
from core.records import Outline, Tags
from core.settings import home_path
from data.exchange import itunes
from services.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent
# Packages too slow to load for `--help`.
HEAVY = (
    "pandas",
    "numpy",
    "sklearn",
    "librosa",
    "numba",
    "av",
    "tensorflow",
    "keras",
    "sqlite_utils",
    "streamlit",
    "rich",
)
TOO_LARGE = str(2**63)  # for a number in SQLite
LISTENING: dict[str, object] = {"cores": None, "limit": None, "retry": False, "scheduler": None}
COMMANDS = {
    "import", "analyze", "status", "next", "label", "skip", "undo", "history", "labels", "features", "retrain",
    "evaluate", "predict", "classify", "export", "demo", "doctor", "run", "rescan", "exclude", "include", "scope",
    "genres", "duplicates", "backup", "restore", "outline", "arrays", "lyrics",
}  # fmt: skip


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="cli.py")


def run_json(*arguments: object) -> dict[str, Any]:
    """Run a command with --json and return the one object on standard output."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Give a folder with three songs and a text file."""
    y = (0.3 * np.sin(np.linspace(0, 400, 3200))).astype(np.float32)
    for name, artist in [("blues/One", "A"), ("jazz/Two [live]", "B"), ("jazz/Jóga", "Björk")]:
        path = tmp_path / "music" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_audio(path, y, 32_000, Tags(title=path.stem, artist=artist))
    (tmp_path / "music" / "notes.txt").touch()
    return tmp_path / "music"


# -- starting -------------------------------------------------------------------------------------


def test_help_names_every_command_and_takes_no_heavy_import(tmp_path: Path) -> None:
    code = f"import sys, cli; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
    start = time.perf_counter()
    shown = subprocess.run([sys.executable, "cli.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - start
    names = {line.split()[0] for line in shown.stdout.split("Commands:")[1].splitlines() if line.strip()}
    assert names >= COMMANDS
    assert seconds < 5, "half a second on a quiet machine; this only catches a heavy import"


def walk_commands(command: click.Command, name: str = "") -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(name, command)]
    return [found for key, inner in command.commands.items() for found in walk_commands(inner, f"{name} {key}".strip())]


@pytest.mark.parametrize(("name", "command"), walk_commands(cli))
def test_every_command_takes_json_and_explains_itself(name: str, command: click.Command) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert "--json" in options or name == "run"
    assert command.help
    assert run(*name.split(), "--help").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["import"], ["nonsense"], ["label", "1", "rating"], ["next", "-n", "0"], ["export", "--format", "pls"],
        ["export", "--all", "--playlist", "liked"], ["retrain", "--models", "a,,b"], ["exclude", "genre"],
        ["classify"], ["import", "music", "--preview"], ["import", "x.xml", "--stars", "some"],
        ["undo", "--act", TOO_LARGE], ["undo", "-n", TOO_LARGE], ["history", "--limit", TOO_LARGE],
        ["analyze", "--limit", TOO_LARGE], ["next", "-n", TOO_LARGE],
    ],
)  # fmt: skip
def test_wrong_usage_exits_with_two(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "/no/such/folder"], "is not there"),
        (["import", "Library.xml"], "is not there"),
        (["import", "README.md", "--preview", "--answer", "6=liked"], "There is no line '6'"),
        (["import", "README.md", "--answer", "3=meh"], "is not a rating"),
        (["import", "README.md", "--answer", "5"], "LINE=RATING"),
        (["backup", "/no/such/folder/b.zip"], "The folder /no/such/folder is not there"),
        (["import", "README.md", "--map", "C:/Music"], "OLD=NEW"),
        (["restore", "none.zip"], "none.zip"),
        (["undo", "--act", "7"], "No act has the number 7"),
        (["exclude", "folder", "/no/such/folder"], "/no/such/folder"),
        (["exclude", "genre", "polka"], "polka"),
        (["scope", "year", "soon"], "soon"),
        (["genres", "train", "rock"], "2"),
        (["duplicates", "merge", "1", "2"], "No track has the number 1"),
        (["classify", "--xml-file", "none.xml"], "none.xml cannot be read"),
        (["label", "99", "rating", "liked"], "No track has the number 99"),
        (["label", TOO_LARGE, "rating", "liked"], f"No track has the number {TOO_LARGE}"),
        (["skip", TOO_LARGE], f"No track has the number {TOO_LARGE}"),
        (["exclude", "track", TOO_LARGE], f"No track has the number {TOO_LARGE}"),
        (["include", "track", TOO_LARGE], f"No track has the number {TOO_LARGE}"),
        (["duplicates", "apart", TOO_LARGE, "1"], f"No track has the number {TOO_LARGE}"),
        (["predict", "--track", TOO_LARGE], f"No track has the number {TOO_LARGE}"),
        (["label", "nowhere.mp3", "rating", "liked"], "not in the library"),
        (["labels", "import", "none.csv"], "none.csv cannot be read"),
        (["features", "export", "f.csv"], "Nothing is analysed yet"),
        (["export", "--playlist", "polka"], "There is no playlist"),
        (["next", "--target", "colour"], "colour"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_is_one_line_on_standard_error_and_exits_with_one(
    arguments: list[str], message: str, as_json: bool
) -> None:
    result = run(*arguments, *(["--json"] if as_json else []))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_ctrl_c_exits_with_130_and_says_that_everything_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("services.library.add", interrupt)
    result = run("import", ".")
    assert (result.exit_code, result.stdout) == (130, "")
    assert "Everything done so far is kept" in result.stderr


def test_what_a_library_prints_does_not_join_the_json(monkeypatch: pytest.MonkeyPatch) -> None:
    def noisy(workspace: Workspace) -> dict[str, Any]:
        sys.stdout.write("a library says hello")
        return {"tracks": np.int64(3), "share": float("nan"), "vector": np.array([1.0, np.inf])}

    monkeypatch.setattr("services.library.status", noisy)
    assert run_json("status") == {"tracks": 3, "share": None, "vector": [1.0, None]}


def test_the_home_can_be_named_on_the_line_or_in_the_environment(home: Path, tmp_path: Path) -> None:
    run_json("status")
    assert (home / "earmark.db").exists()
    run_json("--home", tmp_path / "other", "status")
    assert (tmp_path / "other" / "earmark.db").exists()


# -- music and answers ------------------------------------------------------------------------------


def test_import_says_what_it_found(music: Path) -> None:
    result = run_json("import", music, "--labels-from", "folder")
    assert set(result) == {
        "tracks", "added", "updated", "moved", "unreadable", "ignored", "cloud_only", "protected", "missing",
        "podcasts", "other", "playlists", "labels", "withdrawn",
    }  # fmt: skip
    assert (result["tracks"], result["ignored"], result["labels"]) == (3, {".txt": 1}, {"genre": 3})
    assert run_json("import", music)["added"] == 0
    assert run_json("status") == {
        "tracks": 3, "analyzed": 0, "in_passing": 0, "unreadable": 0, "missing": 0, "cloud_only": 0, "protected": 0,
        "labels": {"rating": 0, "genre": 3},
        "current_model": {"rating": None, "genre": None},
    }  # fmt: skip


def test_unreadable_files_do_not_change_the_exit_code(music: Path) -> None:
    (music / "broken.mp3").write_bytes(b"this is text" * 50)
    result = run("import", music)
    assert result.exit_code == 0
    assert "1 cannot be read:" in result.stdout
    assert str(music / "broken.mp3") in result.stdout


def test_answers_are_kept_taken_back_and_listed(music: Path) -> None:
    run_json("import", music)
    [first] = run_json("label", "1", "rating", "liked")["events"]
    assert (first["track"], first["target"], first["value"], first["source"]) == (1, "rating", "liked", "person")
    run_json("label", music / "jazz" / "Jóga.flac", "genre", "Pop")
    [skipped] = run_json("skip", "2")["events"]
    assert skipped["kind"] == "skip"
    undone = run_json("undo", "-n", "2")["events"]
    assert [event["kind"] for event in undone] == ["skip", "label"]
    events = run_json("history")["events"]
    assert [event["undone_at"] is None for event in events] == [False, False, True]
    assert [event["event_id"] for event in run_json("history", "--limit", "1")["events"]] == [skipped["event_id"]]
    assert run_json("undo", "-n", "5")["events"][0]["event_id"] == first["event_id"]


def test_labels_go_out_and_come_in(music: Path, tmp_path: Path) -> None:
    run_json("import", music)
    run_json("label", "1", "rating", "semi")
    assert run_json("labels", "export", tmp_path / "l.csv") == {"path": str(tmp_path / "l.csv"), "exported": 1}
    (tmp_path / "l.csv").write_text("path,target,value\nOne.flac,rating,liked\nx.flac,rating,liked\n")
    result = run_json("--home", tmp_path / "b", "labels", "import", tmp_path / "l.csv")
    assert result == {"imported": 0, "unmatched": ["One.flac", "x.flac"], "new_targets": []}
    result = run_json("labels", "import", tmp_path / "l.csv")
    assert result == {"imported": 1, "unmatched": ["x.flac"], "new_targets": []}
    assert run_json("history")["events"][0]["value"] == "liked"


def test_playlists_are_written_where_they_are_wanted(music: Path, tmp_path: Path) -> None:
    run_json("import", music, "--labels-from", "folder")
    run_json("label", "1", "rating", "liked")
    result = run_json("export", "--all", "--out", tmp_path / "out", "--rated-only")
    assert {Path(file["path"]).name: file["tracks"] for file in result["files"]} == {
        "liked_songs_playlist.xml": 1, "semi-liked_songs_playlist.xml": 0, "disliked_songs_playlist.xml": 0,
        "blues.xml": 1, "jazz.xml": 2,
    }  # fmt: skip
    one = run_json("export", "--playlist", "jazz", "--format", "m3u8", "--out", tmp_path / "j.m3u8")
    assert one["files"] == [{"path": str(tmp_path / "j.m3u8"), "tracks": 2, "not_found": 0}]
    run_json("export", "--playlist", "jazz", "--format", "m3u8", "--relative", "--out", tmp_path / "j.m3u8")
    assert (tmp_path / "j.m3u8").read_text().splitlines()[-1].startswith("music/jazz/")
    assert Path(run_json("export")["files"][0]["path"]).name == "liked_songs_playlist.xml"


def test_people_get_tables_with_titles_as_they_are(music: Path) -> None:
    run_json("import", music)
    run_json("label", "3", "rating", "liked")
    shown = run("history").stdout
    assert "Two [live]" in shown
    assert "liked" in shown
    for command in (
        ["status"],
        ["undo"],
        ["undo"],
        ["history"],
        ["predict"],
        ["next"],
        ["export"],
        ["import", str(music)],
    ):
        result = run(*command)
        assert (result.exit_code, bool(result.stdout.strip())) == (0, True), (command, result.stderr)


def test_long_lines_are_not_broken_when_they_go_to_a_file(music: Path, tmp_path: Path) -> None:
    run_json("import", music)
    folder = tmp_path / ("a long name " * 12).strip()
    assert str(folder / "liked_songs_playlist.xml") in run("export", "--all", "--out", folder).stdout


# -- what others do the work of -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "function", "positional", "named"),
    [
        (["analyze", "--jobs", "2", "--limit", "9"], "analysis.analyze", (), LISTENING | {"cores": 2, "limit": 9}),
        (["analyze", "--retry"], "analysis.analyze", (), LISTENING | {"retry": True}),
        (["analyze", "--scheduler", "tcp://a:1"], "analysis.analyze", (), LISTENING | {"scheduler": "tcp://a:1"}),
        (["retrain", "--models", "a, b"], "training.retrain", ("rating",), {"families": ["a", "b"]}),
        (["evaluate", "--features", "a,b+c"], "evaluating.evaluate", ("rating",), {"features": ["a", "b+c"]}),
        (["next", "-n", "3", "--strategy", "margin"], "labeling.next_questions", ("rating", 3, "margin"), {}),
        (["predict", "--track", "1"], "predicting.predict", ("rating",), {"track_id": 1}),
        (["classify", "x.mp3"], "predicting.classify", (["x.mp3"],), {}),
    ],
)  # fmt: skip
def test_options_reach_the_service(
    music: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    function: str,
    positional: tuple[object, ...],
    named: dict[str, object],
) -> None:
    run_json("import", music)
    calls: list[tuple[tuple[object, ...], dict[str, object]]] = []
    monkeypatch.setattr(f"services.{function}", lambda workspace, *a, **k: calls.append((a, k)) or {"done": True})
    run_json(*arguments)
    [(given, options)] = calls
    assert given == positional
    assert {key: options[key] for key in named} == named


def test_doctor_exits_with_one_when_something_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = run_json("doctor")
    assert sound["ok"] is True
    assert {"name", "ok", "detail"} == set(sound["checks"][0])
    monkeypatch.setattr("services.doctor.PACKAGES", ("no_such_package",))
    result = run("doctor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False
    assert result.stderr == "Something is wrong: packages.\n"


def test_run_hands_its_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    launch = pytest.importorskip("services.launch")
    calls: list[dict[str, object]] = []
    monkeypatch.setattr(launch, "run", lambda **options: calls.append(options) or 3)
    assert run("--home", tmp_path, "run", "--browser", "none", "--port", "8600").exit_code == 3
    assert calls == [{"home": str(tmp_path), "browser": "none", "port": 8600}]


def test_the_demo_becomes_a_library(home: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(folder: Path, *, progress: Callable[[int, int], None]) -> list[Path]:
        folder.parent.mkdir(exist_ok=True)
        os.rename(music, folder)
        progress(3, 3)
        return list(folder.rglob("*.flac"))

    monkeypatch.setattr("services.demo.make_demo", make)
    assert run_json("demo")["added"] == 3
    assert all(str(track.path).startswith(str(home)) for track in Workspace(home).tracks.all())


# -- libraries ------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, music: Path) -> Path:
    """Give a Library.xml of the three songs, one in a cloud and a podcast."""
    songs = [
        {
            "Name": path.stem,
            "Artist": "X",
            "Genre": "(17)",
            "Location": itunes.location(f"/old/{path.relative_to(music)}"),
            "Size": path.stat().st_size,
            "Rating": stars,
        }
        for path, stars in zip(sorted(music.rglob("*.flac")), (100, 60, 0), strict=True)
    ]
    others = [{"Name": "Far", "Artist": "Y", "Track Type": "Remote", "Loved": True}, {"Name": "Talk", "Podcast": True}]
    tracks = {
        str(n): {"Track ID": n, "Persistent ID": f"{n:016X}", **track} for n, track in enumerate([*songs, *others], 1)
    }
    lists = [
        {"Name": "Library", "Master": True, "Playlist Items": [{"Track ID": n} for n in range(1, 6)]},
        {"Name": "Party", "Playlist Persistent ID": "F" * 16, "Playlist Items": [{"Track ID": 4}, {"Track ID": 1}]},
    ]
    path = tmp_path / "Library.xml"
    path.write_bytes(plistlib.dumps({"Major Version": 1, "Tracks": tracks, "Playlists": lists}))
    return path


def test_a_library_is_looked_at_before_it_is_taken_in(library: Path, music: Path, tmp_path: Path, home: Path) -> None:
    report = tmp_path / "report.csv"
    shown = run_json("import", library, "--preview", "--report", report, "--map", f"/old={music}")["libraries"][0]
    assert {name: shown[name] for name in ("tracks", "files", "cloud_only", "podcasts", "playlists")} == {
        "tracks": 4, "files": 3, "cloud_only": 1, "podcasts": 1, "playlists": 1,
    }  # fmt: skip
    assert {line["words"]: line["becomes"] for line in shown["labels"]} == {
        "Loved or favourite": "liked", "5 stars": "liked", "3 stars": "semi",
    }  # fmt: skip
    assert report.read_text().count("by the map you gave") == 3
    assert Workspace(home).tracks.count()["tracks"] == 0
    assert "Nothing was imported yet" in run("import", library, "--preview").stdout


def test_a_library_is_taken_in_and_taken_back(library: Path, music: Path, home: Path) -> None:
    result = run_json("import", library, "--look-in", music, "--answer", "3=ignore")
    assert {name: value for name, value in result.items() if value} == {
        "tracks": 4, "added": 4, "cloud_only": 1, "podcasts": 1, "playlists": 1, "labels": {"rating": 2},
    }  # fmt: skip
    assert run_json("status")["labels"]["rating"] == 2
    assert (home / "labels.csv").read_text().count("itunes") == 2
    [act] = run_json("history", "--acts")["acts"]
    assert act["title"] == "Library.xml: 4 tracks, 2 ratings, 1 playlist"
    assert "Library.xml" in run("history", "--acts").stdout
    assert "Taken back: Library.xml" in run("undo", "--act", act["id"]).stdout
    assert run_json("status")["tracks"] == 0
    assert run_json("import", library, "--stars", "ignore")["labels"] == {"rating": 1}  # Loved is no star


def test_an_import_of_labels_names_the_target_it_brings(music: Path, tmp_path: Path) -> None:
    run_json("import", music)
    (tmp_path / "l.csv").write_text("path,target,value\nOne.flac,workuot,yes\n")
    assert run("labels", "import", tmp_path / "l.csv").stdout.splitlines() == [
        "1 label imported.", "New: workuot (yes, not yes).",
    ]  # fmt: skip
    assert run_json("labels", "import", tmp_path / "l.csv")["new_targets"] == []


def test_one_thing_is_said_as_one(library: Path, music: Path, tmp_path: Path) -> None:
    shown = run("import", library, "--look-in", music).stdout
    for line in ("1 is only in Apple's cloud.", "1 podcast was left out.", "1 playlist."):
        assert line in shown.splitlines()
    assert run("exclude", "track", "1").stdout == "1 track.\n"
    (tmp_path / "l.csv").write_text("path,target,value\nOne.flac,rating,liked\nx.flac,rating,liked\n")
    assert run("labels", "import", tmp_path / "l.csv").stdout.splitlines()[:2] == [
        "1 label imported.", "1 path is not in the library (or could be several tracks):",
    ]  # fmt: skip
    assert run_json("history", "--acts")["acts"][0]["title"] == "l.csv: 1 label"
    assert "3 tags became genre labels: rock 3." in run("genres", "accept").stdout.lower()
    assert run("genres", "accept").stdout.startswith("Nothing new")
    assert run("backup", tmp_path / "b.zip").stdout.startswith(f"{tmp_path / 'b.zip'}: 4 tracks, 3 genre labels, ")


def test_what_came_since_an_act_stays_and_that_is_said(library: Path, music: Path) -> None:
    run("import", library, "--look-in", music)
    run("label", "1", "rating", "disliked")
    shown = run("undo", "--act", run_json("history", "--acts")["acts"][0]["id"]).stdout
    assert shown.startswith("Taken back: Library.xml: 4 tracks")
    assert shown.endswith(". What you answered, changed or had listened to since stays.\n")


def test_a_playlist_goes_back_with_its_ids(library: Path, music: Path, tmp_path: Path) -> None:
    run("import", library, "--map", f"/old={music}")
    [file] = run_json("export", "--playlist", "Party", "--out", tmp_path / "party.xml")["files"]
    assert (file["tracks"], file["from_apple"], file["not_found"]) == (2, 2, 0)
    written = plistlib.loads((tmp_path / "party.xml").read_bytes())
    assert [item["Track ID"] for item in written["Playlists"][0]["Playlist Items"]] == [4, 1]
    source = plistlib.loads(library.read_bytes())["Tracks"]["1"]
    assert {key: written["Tracks"]["1"][key] for key in ("Persistent ID", "Location")} == {
        key: source[key] for key in ("Persistent ID", "Location")
    }


def test_what_is_left_out_is_listed_and_taken_in_again(music: Path) -> None:
    run("import", music)
    assert run_json("exclude", "folder", music / "jazz")["tracks"] == 2
    run_json("exclude", "track", music / "blues" / "One.flac")
    assert [one["kind"] for one in run_json("exclude")["exclusions"]] == ["folder", "track"]
    assert run_json("include", "folder", music / "jazz")["tracks"] == 2
    assert "One" in run("exclude").stdout


def test_the_scope_is_said_and_changed(library: Path, music: Path) -> None:
    run("import", library, "--map", f"/old={music}")
    assert run_json("scope")["kind"] == "everything"
    assert run_json("scope", "playlist", "Party")["kind"] == "playlist"
    assert "Party" in run("scope").stdout
    assert run_json("scope", "everything")["kind"] == "everything"


def test_genre_tags_are_named_accepted_and_merged(library: Path, music: Path) -> None:
    run("import", library, "--map", f"/old={music}")
    assert run_json("genres", "list")["genres"][0]["tags"] == {"(17)": 3}
    assert run_json("genres", "accept", "rock")["accepted"] == 3
    run_json("genres", "rename", "rock", "Loud")
    assert run_json("status")["labels"]["genre"] == 3
    assert "Loud" in run("genres", "list").stdout


def test_rescan_says_what_changed(music: Path) -> None:
    run("import", music)
    (music / "blues" / "One.flac").unlink()
    result = run_json("rescan")
    assert {name: result[name] for name in ("added", "changed", "missing")} == {"added": 0, "changed": 0, "missing": 1}
    assert result["seconds"] >= 0
    assert "Nothing changed" in run("rescan").stdout


def test_a_backup_brings_everything_back(music: Path, tmp_path: Path) -> None:
    run("import", music, "--labels-from", "folder")
    run_json("backup", tmp_path / "b.zip")
    run("undo", "--act", run_json("history", "--acts")["acts"][0]["id"])
    assert run_json("status")["labels"]["genre"] == 0
    assert Path(run_json("restore", tmp_path / "b.zip")["saved"]).exists()
    assert run_json("status")["labels"]["genre"] == 3


def test_tracks_of_a_library_are_classified(library: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def listen(workspace: Workspace, files: list[str], **_: object) -> dict[str, Any]:
        asked.append(files)
        return {"files": [], "unreadable": []}

    monkeypatch.setattr("services.predicting.classify", listen)
    arguments = ["classify", "--xml_file", library, "--map", f"/old={music}"]
    result = run_json(*arguments, "--start_index", 2, "--max_tracks", 2)
    assert len(asked[0]) == 1
    assert result["unreadable"] == [{"path": "Far", "reason": "in Apple's cloud"}]
    run_json(*arguments)
    assert len(asked[1]) == 3


def test_the_course_of_a_track_is_shown_once_it_was_heard(music: Path) -> None:
    run_json("import", music)
    track = run_json("next", "-n", "1")["tracks"] or [{"id": 1}]
    early = run("outline", track[0]["id"])
    assert early.exit_code == 1 and "was not heard whole yet" in early.stderr
    workspace = Workspace(home_path())
    means = np.full((2, len(ROW_NAMES)), 0.1, np.float32)
    found = Outline(-14.0, 1.0, 61.0, np.array([0.0, 30.0]), np.zeros(400, np.uint8), means)
    workspace.outlines.put(1, found, 1)
    assert run_json("outline", "1")["loudness"] == -14.0
    said = run("outline", "1").stdout
    assert "-14.0 LUFS, peak 0.0 dB; listen first at 1:01." in said and "Segments begin at 0:00, 0:30." in said


# -- words ------------------------------------------------------------------------------------------


def test_progress_says_what_is_known() -> None:
    assert progress_text({}) == ""
    assert progress_text({"tracks": 1200, "added": 3}) == "1,200 tracks"
    assert progress_text({"done": 3, "total": 12_041, "realtime_factor": 182.4, "seconds_left": 7300}) == (
        "3 of 12,041 · 182 x real time · 2.0 h left"
    )
    assert progress_text({"done": 3, "total": 9, "phase": "quick"}).startswith("A first listen, a few seconds of each")
    assert [time_text(seconds) for seconds in (0, 59, 60, 3599)] == ["0 s", "59 s", "1 min", "60 min"]


def test_lists_of_names_forgive_blanks_and_refuse_gaps() -> None:
    assert NameList().convert("a, b+c", None, None) == ["a", "b+c"]
    with pytest.raises(click.BadParameter):
        NameList().convert("a,,b", None, None)


def test_errors_of_several_lines_are_said_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(workspace: Workspace) -> dict[str, Any]:
        raise EarmarkError("first\nsecond")

    monkeypatch.setattr("services.library.status", fail)
    assert run("status").stderr == "first second\n"
