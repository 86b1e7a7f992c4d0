"""Other versions of what was answered: found by their names among the artist's own tracks, however many there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio.signature import NAME
from core.records import FoundFile, Tags
from services import versions
from services.versions import Twin, joined_groups, twins
from services.workspace import Workspace


def add(workspace: Workspace, *names: tuple[str | None, str], album_artist: str | None = None) -> list[int]:
    """Take in tracks of (artist, title) and return their ids."""
    start = workspace.tracks.count()["tracks"]
    files = [
        FoundFile(f"/music/{n}.mp3", n, 1.0, Tags(title=title, artist=artist, album_artist=album_artist))
        for n, (artist, title) in enumerate(names, start)
    ]
    return list(workspace.tracks.add(files).added)


def test_a_live_version_is_found_and_another_song_is_not(workspace: Workspace) -> None:
    said, live, other, cover = add(
        workspace, ("Nina", "Stars"), ("Nina", "Stars (Live)"), ("Nina", "Feelings"), ("Janis", "Stars")
    )
    assert twins(workspace, [live, other, cover], [said]) == {live: Twin(said, "live version")}


@pytest.mark.parametrize("spelt", ["The Nina", "nina", "Nina feat. Bob", "NIÑA"])
def test_an_artist_spelt_in_another_way_is_the_same(workspace: Workspace, spelt: str) -> None:
    said, live = add(workspace, ("Nina", "Stars"), (spelt, "Stars (Live)"))
    assert list(twins(workspace, [live], [said])) == [live]


def test_the_artist_of_the_album_stands_in_for_the_tracks(workspace: Workspace) -> None:
    [said] = add(workspace, (None, "Stars"), album_artist="Nina")
    [live] = add(workspace, ("Nina", "Stars - Live"))
    assert list(twins(workspace, [live], [said])) == [live]


def test_tracks_without_an_artist_are_nobodys_versions(workspace: Workspace) -> None:
    said, live, unknown = add(workspace, (None, "Stars"), (None, "Stars (Live)"), ("Unknown Artist", "Stars"))
    assert twins(workspace, [live, unknown], [said]) == {}


def test_of_several_answered_versions_the_newest_answer_counts(workspace: Workspace) -> None:
    first, second, live = add(workspace, ("Nina", "Stars"), ("Nina", "Stars (Demo)"), ("Nina", "Stars (Live)"))
    assert twins(workspace, [live], [first, second])[live].track_id == second
    assert twins(workspace, [live], [second, first])[live].track_id == first


def test_a_new_name_counts_at_once(workspace: Workspace) -> None:
    said, live = add(workspace, ("Nina", "Stars"), ("Nina", "Feelings"))
    assert twins(workspace, [live], [said]) == {}
    workspace.tracks.add([FoundFile("/music/1.mp3", 1, 2.0, Tags(title="Stars (Live)", artist="Nina"))])
    assert list(twins(workspace, [live], [said])) == [live]


def test_only_the_tracks_of_the_artists_are_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = add(workspace, *[(f"Artist {n % 50}", f"Song {n}") for n in range(500)])
    read: list[int] = []
    many = workspace.tracks.many
    monkeypatch.setattr(workspace.tracks, "many", lambda wanted: read.extend(wanted) or many(wanted))
    twins(workspace, ids[:2], ids[2:])
    assert set(read) == set(ids[::50] + ids[1::50])


def test_of_an_artist_with_thousands_the_newest_are_compared(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "NAMED", 2)
    names = [("Bach", "Air"), ("Bach", "Badinerie"), ("Bach", "Chaconne"), ("Bach", "Air (Live)")]
    air, badinerie, chaconne, live = add(workspace, *names)
    assert twins(workspace, [live], [air, badinerie, chaconne]) == {}
    assert list(twins(workspace, [live], [badinerie, chaconne, air])) == [live]


def test_without_answers_nothing_is_a_version(workspace: Workspace) -> None:
    assert twins(workspace, add(workspace, ("Nina", "Stars")), []) == {}


def test_one_recording_under_two_names_is_one_group_when_models_are_measured(workspace: Workspace, fill: Any) -> None:
    ids = fill(4)
    rng = np.random.default_rng(0)
    sound = rng.normal(size=60)
    again = sound + 0.01 * rng.normal(size=60)
    for track_id, vector in zip(ids, (sound, again, *rng.normal(size=(2, 60))), strict=True):
        workspace.features.put(track_id, {NAME: vector}, {NAME: 1})
    groups = np.array(["abba", "a b b a", "nina", "kate"])
    assert joined_groups(workspace, ids, groups).tolist() == ["a b b a", "a b b a", "nina", "kate"]
    assert joined_groups(workspace, ids[2:], groups[2:]).tolist() == ["nina", "kate"]
