"""Lyrics in the terminal: the JSON scripts rely on, and sentences a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benchmarks.lyrics_servers import ANOTHER, ARTIST, DURATION, WORDS, Servers, lrc, serving
from cli import cli
from core.records import FoundFile, Label, Tags
from services import tokens
from services.workspace import Workspace

TOKEN = "a-token-that-nobody-may-see-1234567890"


def run(*arguments: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=typed, prog_name="cli.py")


def run_json(*arguments: object) -> dict[str, Any]:
    """Run a command with --json and return the one object on standard output."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def servers(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """Give both services on this computer, and six tracks of the artist they know."""
    monkeypatch.delenv(tokens.GENIUS, raising=False)
    monkeypatch.setattr("lyrics.web.APART", 0.0)
    titles = ["Found", "Silent", "Absent", "Broken", "Nearly There", "Timed"]
    files = [
        FoundFile(f"/music/{title}.mp3", n, 1.0, Tags(title=title, artist=ARTIST, duration=DURATION))
        for n, title in enumerate(titles, 1)
    ]
    workspace = Workspace(home)
    ids = workspace.tracks.add(files).added
    answers = zip(ids, ["liked", "semi", "liked", "semi", "disliked", "disliked"], strict=True)
    workspace.labels.add([Label(f"l{track}", track, "rating", value) for track, value in answers])
    plays = {
        "Found": "right",
        "Silent": "instrumental",
        "Broken": "garbage",
        "Nearly There": "nearly",
        "Timed": "synced",
    }
    with serving(plays) as running:
        monkeypatch.setenv("EARMARK_LRCLIB", running.lrclib)
        monkeypatch.setenv("EARMARK_GENIUS", running.genius)
        yield running


def take_back() -> None:
    """Undo the newest act."""
    assert run("undo", "--act", run_json("history", "--acts")["acts"][0]["id"]).exit_code == 0


def test_both_sources_are_off_until_they_are_turned_on(servers: Servers) -> None:
    state = run_json("lyrics", "sources")
    assert state["sources"] == {"your file": True, "a file beside it": True, "LRCLIB": False, "Genius": False}
    assert run_json("lyrics", "fetch")["not_there"] == 6 and servers.requests == []
    assert run_json("lyrics", "sources", "lrclib", "on")["sources"]["LRCLIB"] is True


def test_fetch_says_what_came_of_each_track(servers: Servers) -> None:
    run("lyrics", "sources", "lrclib", "on")
    result = run_json("lyrics", "fetch")
    outcomes = {one["title"]: one["outcome"] for one in result["tracks"]}
    assert outcomes == {
        "Found": "found", "Silent": "instrumental", "Absent": "not there", "Broken": "failed",
        "Nearly There": "not there", "Timed": "found",
    }  # fmt: skip
    counts = {key: result[key] for key in ("looked", "found", "instrumental", "not_there", "failed", "to_decide")}
    assert counts == {"looked": 6, "found": 2, "instrumental": 1, "not_there": 2, "failed": 1, "to_decide": 1}
    assert run_json("lyrics", "status")["due"] == 0


def test_fetch_in_words_names_failures_and_what_to_do_next(servers: Servers) -> None:
    run("lyrics", "sources", "lrclib", "on")
    said = run("lyrics", "fetch").stdout
    assert "6 looked for: 2 songs with words, 1 instrumental, 2 not there, 1 failed." in said
    assert "LRCLIB sent something that is no list of lyrics." in said and "cli.py lyrics offers" in said


def test_show_gives_lines_with_times_and_feelings(servers: Servers) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    shown = run_json("lyrics", "show", "/music/Timed.mp3")
    assert shown["text"] == WORDS and shown["source"] == "LRCLIB" and shown["match"] == 1.0
    assert shown["language"] == "en" and shown["lines"][0]["seconds"] == 8.0
    assert "From LRCLIB, fits 100 %." in run("lyrics", "show", "/music/Timed.mp3").stdout


def test_words_lists_the_parts_and_compares_two(servers: Servers) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    run("lyrics", "write", "/music/Timed.mp3", typed=ANOTHER)
    assert run_json("lyrics", "words")["parts"] == {"disliked": 1, "liked": 1}
    found = run_json("lyrics", "words", "disliked")
    assert found["against"] == "liked" and "kettle" in [term["word"] for term in found["terms"]]
    assert "No track with lyrics has 'jazz' as its rating" in run("lyrics", "words", "jazz").stderr
    assert "by rating, genre, artist, not by 'mood'" in run("lyrics", "words", "x", "--by", "nonsense").stderr.replace(
        "nonsense", "mood"
    )


def test_offers_are_listed_taken_and_refused(servers: Servers) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    (offer,) = run_json("lyrics", "offers")["offers"]
    assert offer["track_title"] == "Nearly There" and offer["title"] == "Nearly There Tonight"
    assert run_json("lyrics", "take", offer["id"])["outcome"] == "found"
    assert run("lyrics", "take", offer["id"]).exit_code == 1
    take_back()
    assert run_json("lyrics", "refuse", offer["id"])["title"] == "Nearly There"
    assert run_json("lyrics", "offers")["offers"] == []


def test_wrong_write_and_clear_can_be_undone(servers: Servers, tmp_path: Path) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    (tmp_path / "mine.lrc").write_text(lrc(), "utf-8")
    assert run_json("lyrics", "write", "/music/Absent.mp3", tmp_path / "mine.lrc")["language"] == "en"
    assert run_json("lyrics", "wrong", "/music/Found.mp3")["title"] == "Found"
    assert run_json("lyrics", "clear", "--all") == {"cleared": 4, "kept": 1}
    take_back()
    assert run_json("lyrics", "status")["found"] == 2
    assert run_json("lyrics", "clear", "/music/Absent.mp3", "--by-hand") == {"cleared": 1, "kept": 0}


def test_features_leave_under_their_names(servers: Servers, tmp_path: Path) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    assert run("features", "export", tmp_path / "features.csv", "--set", "lyrics").exit_code == 0
    head = (tmp_path / "features.csv").read_text("utf-8").split("\n")[0].split(",")
    assert {"lyrics_repetition", "lyrics_sentiment_mean", "lyrics_language_en", "lyrics_words_255"} <= set(head)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["clear"], 2, "Name tracks, or --all."),
        (["sources", "lrclib"], 2, "Say a source and on or off"),
        (["sources", "napster", "on"], 1, "There is no source called 'napster'. There are: LRCLIB, Genius."),
        (["sources", "genius", "on"], 1, "Genius needs an access token of your own."),
        (["show", "/music/Nowhere.mp3"], 1, "Nowhere.mp3"),
        (["wrong", "/music/Found.mp3"], 1, "There are no lyrics of Found that could be wrong."),
        (["take", "99"], 1, "No lyrics with the number 99 wait for a decision any more."),
        (["words", "liked"], 1, "No track with lyrics has a rating yet."),
    ],
)
def test_bad_input_gets_one_sentence(arguments: list[str], code: int, says: str, servers: Servers) -> None:
    result = run("lyrics", *arguments)
    assert result.exit_code == code and says in result.stderr


def test_a_token_is_typed_unseen_and_never_printed(servers: Servers) -> None:
    result = run("lyrics", "sources", "--token", typed=f"{TOKEN}\n")
    assert result.exit_code == 0 and TOKEN not in result.stdout + result.stderr
    assert run_json("lyrics", "sources")["token"] == "Settings"
    assert run_json("lyrics", "sources", "--forget-token")["token"] is None


def test_nothing_that_is_exported_holds_lyrics(servers: Servers, tmp_path: Path, home: Path) -> None:
    run("lyrics", "sources", "lrclib", "on")
    run("lyrics", "fetch")
    for arguments in (
        ["labels", "export", tmp_path / "labels.csv"],
        ["features", "export", tmp_path / "features.csv", "--set", "lyrics"],
        ["export", "--all", "--out", tmp_path / "playlists"],
    ):
        run(*arguments)
    files = [
        path for path in [*tmp_path.rglob("*"), home / "labels.csv"] if path.is_file() and home not in path.parents
    ]
    assert len(files) >= 4
    assert not [path for path in files if b"harbour" in path.read_bytes().lower()]
