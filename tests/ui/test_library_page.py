"""The Library page: its filters, a track opened, several chosen, and pairs that may be one recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.records import FoundFile, Label, LibraryRow, Tags
from data.external_ids import APPLE_ID
from data.playlists import NewPlaylist
from services import identity, labeling, scope, targets, visits
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]

Visit = Callable[[], AppTest]


@pytest.fixture
def visit(opened: Engine) -> Visit:
    """Give a function that opens the Library page and sees that nothing went wrong."""

    def go() -> AppTest:
        at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
        at.switch_page("views/library.py").run()
        assert not at.exception, at.exception[0].message
        assert at.title[0].value == "Library"
        return at

    return go


def said(at: AppTest) -> str:
    """Return every sentence on the page."""
    return "\n".join(element.value for kind in ("markdown", "caption", "error", "info") for element in at.get(kind))


def filters(at: AppTest) -> list[str]:
    return list(at.segmented_control(key="library-filter").options)


def pick(at: AppTest, *rows: int) -> AppTest:
    """Choose rows of the table."""
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception[0].message
    return at


def notes(at: AppTest) -> list[str]:
    return [toast.value for toast in at.toast]


# -- filters ------------------------------------------------------------------------------------------


def test_a_filter_is_there_when_something_is_in_it(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(6, ratings=["liked", "semi"])
    assert filters(visit()) == ["All 6", "Rated 2", "Unrated 4"]
    workspace = opened.workspace
    workspace.tracks.mark(ids[2], "unreadable", "the file is empty")
    workspace.tracks.mark_files_missing(["/music/3.mp3"])
    workspace.tracks.take_library([(None, LibraryRow(Tags(title="Above"), "cloud-only"))])
    workspace.tracks.take_library([(None, LibraryRow(Tags(title="Locked"), "protected", "/music/l.m4p"))])
    scope.leave_out_tracks(workspace, [ids[4], ids[5]])
    assert filters(visit())[3:] == ["Unreadable 1", "Missing 1", "In the cloud 1", "Protected 1", "Left out 2"]


def test_what_came_since_the_last_visit_can_be_shown(visit: Visit, opened: Engine, fill: Any) -> None:
    fill(3)
    visits.stay(opened.workspace)
    visits.arrive(opened.workspace)
    opened.workspace.tracks.add([FoundFile("/music/new.mp3", 9, 1.0, Tags(title="New"))])
    at = visit()
    at.segmented_control(key="library-filter").set_value("New since last visit").run()
    assert at.dataframe[0].value.title.tolist() == ["New"]


def test_a_library_in_the_cloud_says_how_much_can_be_used(visit: Visit, opened: Engine, fill: Any) -> None:
    fill(1)
    rows = [(None, LibraryRow(Tags(title=f"Above {i}"), "cloud-only")) for i in range(3)]
    opened.workspace.tracks.take_library(rows)
    assert "3 of 4 tracks are in Apple's cloud. Earmark needs files: 1 can be used." in said(visit())


# -- a track opened -----------------------------------------------------------------------------------


def test_a_chosen_row_opens_the_track(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(4, ratings=["liked", "semi"], genres=["jazz"])
    workspace = opened.workspace
    workspace.external_ids.put({ids[0]: {APPLE_ID: "A" * 16}})
    workspace.playlists.replace("apple:x", [NewPlaylist("Party *", "list", "p1", None, [ids[0]])])
    text = said(pick(visit(), 0))
    assert "Rating: **liked** (you)" in text and "Genre: **jazz** (you)" in text
    assert "`/music/0.mp3` (not there)" in text
    assert "Playlist: Party \\*" in text and "In your Apple Music library" in text
    assert "Artist 0 · 1:00" in text and "Listened to, file not found now" in text
    assert "Not in an Apple Music library" in said(pick(visit(), 1))


def test_other_rows_are_another_choice(visit: Visit, fill: Any) -> None:
    fill(4)
    at = pick(visit(), 3)
    assert "Song 3" in [header.value for header in at.header]
    at.text_input(key="library-search").set_value("song 1").run()
    assert not at.exception and [header.value for header in at.header] == []


def test_a_star_of_apples_is_answered_otherwise_in_the_open_track(visit: Visit, opened: Engine, fill: Any) -> None:
    track_id = fill(1)[0]
    opened.workspace.labels.add([Label("star", track_id, "rating", "liked", "itunes")])
    at = pick(visit(), 0)
    field = at.segmented_control(key=f"track-rating-{track_id}")
    assert field.value == "liked"
    field.set_value("disliked").run()
    assert not at.exception, at.exception[0].message
    label = opened.workspace.labels.current("rating")[track_id]
    assert (label.value, label.source) == ("disliked", "person")
    at.selectbox(key=f"track-genre-{track_id}").set_value("folk").run()
    assert opened.workspace.labels.current("genre")[track_id].value == "folk"
    assert "folk" in said(at)


def test_answers_to_other_targets_have_a_column_and_a_field_once_they_are_in_use(
    visit: Visit, opened: Engine, fill: Any
) -> None:
    ids = fill(2)
    assert not [name for name in visit().dataframe[0].value if "mood" in name or "workout" in name]
    targets.add(opened.workspace, "workout", ["no", "warm-up", "yes"], ordered=True)
    labeling.answer(opened.workspace, ids[1], "mood", "calm")
    at = pick(visit(), 0)
    table = at.dataframe[0].value
    assert table["answer mood"].tolist() == ["", "calm"] and table["answer workout"].tolist() == ["", ""]
    field = at.segmented_control(key=f"track-workout-{ids[0]}")
    assert list(field.options) == ["yes", "warm-up", "no"]
    field.set_value("yes").run()
    label = opened.workspace.labels.current("workout")[ids[0]]
    assert (label.value, label.asked) == ("yes", None) and "Workout: **yes** (you)" in said(at)


def test_the_open_track_is_played(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(2)
    opened.workspace.tracks.take_library([(None, LibraryRow(Tags(title="Above"), "cloud-only"))])
    at = click(pick(visit(), 1), "track-play")
    assert at.session_state["play"]["track"] == ids[1]
    at = pick(visit(), 2)
    assert at.button(key="track-play").disabled and at.dataframe[0].value["play"].isna().tolist() == [
        False,
        False,
        True,
    ]


def test_a_track_is_left_out_and_taken_in_again(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(3)
    at = click(pick(visit(), 1), "track-leave-out")
    assert scope.left_out(opened.workspace) == {ids[1]}
    assert notes(at) == ["Left out: 1 track."] and "**left out**" in said(at)
    at = click(at, "track-take-in")
    assert scope.left_out(opened.workspace) == frozenset() and notes(at) == ["Taken in again: 1 track."]


def test_a_track_left_out_with_its_folder_says_so(visit: Visit, opened: Engine, fill: Any) -> None:
    fill(2)
    scope.leave_out(opened.workspace, "folder", "/music")
    at = click(pick(visit(), 0), "track-take-in")
    assert len(scope.left_out(opened.workspace)) == 2
    assert notes(at) == ["Song 0 by Artist 0 is left out with its folder, genre or playlist."]


def test_several_tracks_are_left_out_at_once(visit: Visit, opened: Engine, fill: Any) -> None:
    ids = fill(5)
    at = pick(visit(), 0, 2, 4)
    assert at.button(key="tracks-leave-out").label == "Leave out 3 tracks"
    at = click(at, "tracks-leave-out")
    assert scope.left_out(opened.workspace) == {ids[0], ids[2], ids[4]}
    assert [act.title for act in opened.workspace.acts.all()] == ["Left out 3 tracks"]
    at = click(at, "tracks-take-in")
    assert scope.left_out(opened.workspace) == frozenset()


# -- one recording or two -----------------------------------------------------------------------------


@pytest.fixture
def twins(opened: Engine) -> list[int]:
    """Give two heard tracks of one artist, title and length, on two albums, that sound alike."""
    from audio.signature import NAME

    workspace = opened.workspace
    files = [
        FoundFile(f"/music/{i}.mp3", i, 1.0, Tags(title="Song", artist="A", album=f"Album {i}", duration=60.0))
        for i in range(2)
    ]
    ids = list(workspace.tracks.add(files).added)
    course = np.random.default_rng(0).normal(size=64)
    for i, track_id in enumerate(ids):
        workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
        workspace.features.put(track_id, {NAME: course}, {NAME: 1})
    return ids


def test_a_pair_is_shown_and_merged(visit: Visit, opened: Engine, twins: list[int]) -> None:
    assert len(identity.doubts(opened.workspace)) == 1
    at = visit()
    assert [place.label for place in at.expander if "may be" in place.label] == ["1 pair may be one recording"]
    at.session_state["doubts"] = True
    at.run()
    assert "Album 0" in said(at) and "Album 1" in said(at) and "the same sound" in said(at)
    at = click(at, f"doubt-{twins[0]}-{twins[1]}-same")
    assert opened.workspace.tracks.count()["tracks"] == 1
    assert notes(at) == ["Merged: Song. Every answer is kept."]
    assert [place.label for place in at.expander if "may be" in place.label] == []


def test_two_recordings_are_not_asked_about_again(visit: Visit, opened: Engine, twins: list[int]) -> None:
    at = visit()
    at.session_state["doubts"] = True
    at.run()
    at = click(at, f"doubt-{twins[0]}-{twins[1]}-two")
    assert opened.workspace.tracks.count()["tracks"] == 2
    assert [place.label for place in visit().expander if "may be" in place.label] == []
