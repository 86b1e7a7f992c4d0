"""What is left out is asked nowhere, taught by nothing and in no playlist; what is chosen is asked alone."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import EarmarkError
from core.records import FoundFile, Tags
from core.vocabulary import TAG_NAMES
from data.playlists import NewPlaylist
from services import datasets, genres, labeling, playlists, scope, training
from services.asking import Learner, rank_now
from services.desk import Desk
from services.learning import FeatureCache, quick_model
from services.workspace import Workspace

Add = Callable[..., list[int]]


@pytest.fixture
def add(workspace: Workspace) -> Add:
    """Give a function that takes in n analysed tracks: `add(3, "/music/a", genre="Rock", year=1994)`."""

    def tracks(n: int, folder: str = "/music", *, genre: str | None = None, year: int | None = None) -> list[int]:
        start = workspace.tracks.count()["tracks"]
        rng = np.random.default_rng(start)
        ids = []
        for i in range(start, start + n):
            tags = Tags(title=f"Song {i}", artist=f"Artist {i % 5}", genre=genre, year=year, duration=60.0)
            [track_id] = workspace.tracks.add([FoundFile(f"{folder}/{i}.mp3", 1000 + i, 5.0, tags)]).added
            workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
            features = {"musicnn": 4 * (np.arange(12) % 3 == i % 3) + rng.normal(size=12)}
            features["tags"] = rng.uniform(0.01, 0.2, len(TAG_NAMES))
            workspace.features.put(track_id, features, dict.fromkeys(features, 1))
            ids.append(track_id)
        return ids

    return tracks


@pytest.fixture
def desk(workspace: Workspace, learner: Learner) -> Desk:
    return Desk(workspace, learner)


def playlist(
    workspace: Workspace, name: str, tracks: list[int], *, kind: str = "list", parent: str | None = None
) -> str:
    """Make a playlist and return what names it also after it was imported anew."""
    workspace.playlists.replace("apple", [NewPlaylist(name, kind, f"id of {name}", parent, tracks)])
    return next(one.key for one in workspace.playlists.all() if one.name == name)


def asked(workspace: Workspace, target: str = "rating") -> set[int]:
    return {question["id"] for question in labeling.next_questions(workspace, target, 100)}


def queue(desk: Desk, showing: int | None = None, *events: dict[str, Any]) -> list[int]:
    reply = desk.sync({"tab": "one", "events": list(events), "showing": showing})
    return [card["id"] for card in reply["queue"]]


def notice(desk: Desk) -> str:
    reply = desk.sync({"tab": "one", "events": [], "showing": None})
    assert reply["queue"] == []
    return str(reply["notice"])


def newest_act(workspace: Workspace) -> Any:
    return workspace.acts.all()[0]


def go_away(workspace: Workspace, path: str) -> None:
    workspace.roots.set_away(workspace.roots.add(path), True)


# -- leaving out ------------------------------------------------------------------------------------


def test_without_exclusions_nothing_is_left_out(workspace: Workspace, add: Add) -> None:
    add(3)
    assert scope.left_out(workspace) == frozenset() and scope.not_asked(workspace) == frozenset()
    assert scope.described(workspace) == []


def test_a_folder_means_the_tracks_below_it_and_none_of_a_folder_that_begins_alike(
    workspace: Workspace, add: Add
) -> None:
    rock, rockabilly = add(2, "/music/Rock"), add(1, "/music/Rockabilly")
    deeper = add(1, "/music/Rock/90s")
    assert scope.leave_out(workspace, "folder", "/music/Rock/") == {
        "kind": "folder", "value": "/music/Rock", "tracks": 3,
    }  # fmt: skip
    assert scope.left_out(workspace) == {*rock, *deeper} and not scope.left_out(workspace) & set(rockabilly)


def test_a_folder_is_found_however_its_accents_are_written(workspace: Workspace, add: Add) -> None:
    ids = add(2, unicodedata.normalize("NFD", "/music/Björk"))
    scope.leave_out(workspace, "folder", unicodedata.normalize("NFC", "/music/Björk"))
    assert scope.left_out(workspace) == set(ids)


def test_a_track_with_another_file_elsewhere_is_not_left_out_with_a_folder(workspace: Workspace, add: Add) -> None:
    here, both = add(2, "/music/a")
    copy = FoundFile("/music/b/copy.mp3", 99, 6.0, Tags(title="Song 1", artist="Artist 1"))
    [twin] = workspace.tracks.add([copy]).added
    workspace.tracks.mark_analysed(twin, "sound 1", duration=60.0, note=None)
    scope.leave_out(workspace, "folder", "/music/a")
    assert scope.left_out(workspace) == {here}
    scope.leave_out(workspace, "folder", "/music/b")
    assert scope.left_out(workspace) == {here, both}
    scope.take_in(workspace, "folder", "/music/b")
    assert scope.left_out(workspace) == {here}
    workspace.tracks.mark_files_missing(["/music/b/copy.mp3"])
    assert scope.left_out(workspace) == {here, both}


def test_a_genre_means_every_way_a_tag_writes_it_and_the_persons_own_label(
    workspace: Workspace, add: Add, rate: Any
) -> None:
    tagged = [*add(1, genre="Hip-Hop/Rap"), *add(1, genre="(7)"), *add(1, genre="hip hop")]
    said, other = add(2, genre="Rock")
    rate({said: "HIP HOP"}, "genre")
    assert scope.leave_out(workspace, "genre", "HipHop")["tracks"] == 4
    assert scope.left_out(workspace) == {*tagged, said} and other not in scope.left_out(workspace)


def test_a_label_given_later_counts_at_once(workspace: Workspace, add: Add, rate: Any) -> None:
    podcast, other = *add(1, genre="Podcast"), *add(1)
    scope.leave_out(workspace, "genre", "podcast")
    assert scope.left_out(workspace) == {podcast}
    rate({other: "Podcast"}, "genre")
    assert scope.left_out(workspace) == {podcast, other}
    labeling.undo(workspace)
    assert scope.left_out(workspace) == {podcast}


def test_a_genre_left_out_stays_so_under_its_new_name(workspace: Workspace, add: Add) -> None:
    ids = add(2, genre="Podcast")
    scope.leave_out(workspace, "genre", "Podcast")
    genres.rename(workspace, "Podcast", "Talk")
    assert scope.left_out(workspace) == set(ids)
    assert scope.take_in(workspace, "genre", "Talk")["tracks"] == 2


def test_a_playlist_means_its_tracks_and_a_folder_of_playlists_all_in_it(workspace: Workspace, add: Add) -> None:
    a, b, c, d = add(4)
    number = playlist(workspace, "Sleep", [a, b])
    playlist(workspace, "Family", [], kind="folder")
    playlist(workspace, "Children", [c], parent="id of Family")
    assert scope.leave_out(workspace, "playlist", "sleep")["value"] == number
    assert scope.left_out(workspace) == {a, b}
    assert scope.leave_out(workspace, "playlist", "Family")["tracks"] == 1
    assert scope.left_out(workspace) == {a, b, c}
    playlist(workspace, "Sleep", [a, d])  # changed by the next import, and no longer
    assert scope.left_out(workspace) == {a, c, d}


def test_a_playlist_left_out_stays_so_when_it_was_taken_back_and_imported_again(workspace: Workspace, add: Add) -> None:
    ids = add(3)
    with workspace.acts.act("import", "Library.xml"):
        playlist(workspace, "Sleep", ids[:2])
    scope.leave_out(workspace, "playlist", "Sleep")
    scope.choose(workspace, "playlist", "Sleep")
    workspace.acts.undo(workspace.acts.all()[-1].id)
    assert (scope.left_out(workspace), scope.asked_only(workspace)) == (set(), None)
    playlist(workspace, "Sleep", ids[1:])
    assert scope.left_out(workspace) == scope.asked_only(workspace) == set(ids[1:])


def test_tracks_imported_later_into_what_is_left_out_are_left_out(workspace: Workspace, add: Add) -> None:
    add(1, "/music/Talk")
    scope.leave_out(workspace, "folder", "/music/Talk")
    assert len(scope.left_out(workspace)) == 1
    later = add(1, "/music/Talk")
    assert set(later) < scope.left_out(workspace)


def test_leaving_out_and_taking_in_are_acts_that_can_be_taken_back(workspace: Workspace, add: Add) -> None:
    ids = add(3, "/music/Talk")
    scope.leave_out(workspace, "folder", "/music/Talk")
    act = newest_act(workspace)
    assert (act.kind, act.title) == ("leave out", "Left out the folder /music/Talk: 3 tracks")
    workspace.acts.undo(act.id)
    assert scope.left_out(workspace) == frozenset()
    scope.leave_out(workspace, "folder", "/music/Talk")
    scope.take_in(workspace, "folder", "/music/Talk")
    assert scope.left_out(workspace) == frozenset()
    assert newest_act(workspace).title == "Took in again the folder /music/Talk: 3 tracks"
    workspace.acts.undo(newest_act(workspace).id)
    assert scope.left_out(workspace) == set(ids)


def test_leaving_out_twice_is_one_act(workspace: Workspace, add: Add) -> None:
    [track] = add(1)
    scope.leave_out(workspace, "track", track)
    assert scope.leave_out(workspace, "track", str(track))["tracks"] == 1
    assert [act.title for act in workspace.acts.all()] == ["Left out Song 0 by Artist 0"]


def test_several_tracks_are_left_out_and_taken_in_as_one_act(workspace: Workspace, add: Add) -> None:
    a, b, c = add(3)
    assert scope.leave_out_tracks(workspace, [a, b, a]) == {"kind": "track", "value": [a, b], "tracks": 2}
    assert [act.title for act in workspace.acts.all()] == ["Left out 2 tracks"]
    assert scope.left_out(workspace) == {a, b}
    with pytest.raises(EarmarkError, match="No track has the number 999"):
        scope.leave_out_tracks(workspace, [c, 999])
    assert scope.left_out(workspace) == {a, b}
    assert scope.take_in_tracks(workspace, [a, b, c])["tracks"] == 2
    assert scope.left_out(workspace) == frozenset()
    workspace.acts.undo(newest_act(workspace).id)
    assert scope.left_out(workspace) == {a, b}


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("artist", "x", "'artist' cannot be left out. Choose one of: folder, genre, playlist, track."),
        ("folder", "/elsewhere", "No music of this library lies in /elsewhere. No folder was added yet."),
        ("genre", "polka", "No track has the genre 'polka'. There are: "),
        ("playlist", "Sleep", "There is no playlist 'Sleep'. There are: none yet."),
        ("track", "999", "No track has the number 999"),
    ],
)
def test_what_is_not_there_cannot_be_left_out(workspace: Workspace, add: Add, kind: str, value: str, why: str) -> None:
    add(1, genre="Rock")
    with pytest.raises(EarmarkError) as error:
        scope.leave_out(workspace, kind, value)
    assert why in str(error.value)
    assert scope.described(workspace) == [] and workspace.acts.all() == []


def test_playlists_of_one_name_are_told_apart_by_number(workspace: Workspace, add: Add) -> None:
    workspace.playlists.replace("apple", [NewPlaylist("Mix", "list", name, None, add(1)) for name in ("one", "two")])
    with pytest.raises(EarmarkError, match="2 playlists are called 'Mix'"):
        scope.leave_out(workspace, "playlist", "Mix")


def test_what_is_not_left_out_cannot_be_taken_in(workspace: Workspace, add: Add) -> None:
    a, b = add(2, "/music/Talk")
    scope.leave_out(workspace, "folder", "/music/Talk")
    with pytest.raises(EarmarkError, match="Song 0 by Artist 0 is left out with its folder, genre or playlist"):
        scope.take_in(workspace, "track", a)
    with pytest.raises(EarmarkError, match="Left out of this kind: the folder /music/Talk"):
        scope.take_in(workspace, "folder", "/music")
    assert scope.left_out(workspace) == {a, b}


def test_what_is_left_out_is_described_in_words(workspace: Workspace, add: Add) -> None:
    a, b = add(2, "/music/Talk", genre="Podcast")
    number = playlist(workspace, "Sleep", [a])
    for kind, value in (("folder", "/music/Talk"), ("genre", "podcast"), ("playlist", number), ("track", b)):
        scope.leave_out(workspace, kind, value)
    assert scope.described(workspace) == [
        {"kind": "folder", "value": "/music/Talk", "name": "the folder /music/Talk", "tracks": 2},
        {"kind": "genre", "value": "Podcast", "name": "the genre Podcast", "tracks": 2},
        {"kind": "playlist", "value": number, "name": "the playlist Sleep", "tracks": 1},
        {"kind": "track", "value": str(b), "name": "Song 1 by Artist 1", "tracks": 1},
    ]
    workspace.playlists.replace("apple", [], complete=True)
    assert scope.described(workspace)[2]["name"] == "a playlist that is no longer there"


def test_every_thread_may_ask_what_is_left_out(workspace: Workspace, add: Add) -> None:
    ids = add(5, genre="Podcast")
    scope.leave_out(workspace, "genre", "Podcast")
    seen: list[frozenset[int]] = []
    threads = [threading.Thread(target=lambda: seen.append(scope.not_asked(workspace))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [set(ids)] * 8


def test_it_is_worked_out_once_while_nothing_changes(
    workspace: Workspace, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(3, genre="Podcast")
    scope.leave_out(workspace, "genre", "Podcast")
    scope.choose(workspace, "genre", "Podcast")
    scope.not_asked(workspace)
    for name in ("all", "known_files"):
        monkeypatch.setattr(workspace.tracks, name, lambda: pytest.fail("read again"))
    scope.not_asked(workspace)
    scope.left_out(workspace)


def test_what_takes_long_may_lag_a_little_behind_the_library_but_not_behind_a_choice(workspace: Workspace) -> None:
    worked: list[int] = []

    def slowly() -> int:
        time.sleep(workspace.memo.CHEAP)
        worked.append(1)
        return len(worked)

    def ask(choices: int, library: int, *, patient: bool = True) -> int:
        return int(workspace.memo.get("x", slowly, choices=choices, library=library, patient=patient))

    assert [ask(1, 1), ask(1, 2)] == [1, 1]
    assert [ask(2, 2), ask(2, 3), ask(2, 3, patient=False)] == [2, 2, 3]


# -- what leaving out does --------------------------------------------------------------------------


def test_what_is_left_out_is_asked_nowhere_and_keeps_its_labels(workspace: Workspace, add: Add, rate: Any) -> None:
    talk, music = add(4, "/music/Talk"), add(6, "/music/Songs")
    rate({talk[0]: "liked", music[0]: "disliked"})
    scope.leave_out(workspace, "folder", "/music/Talk")
    assert asked(workspace) == set(music[1:]) and asked(workspace, "genre") == set(music)
    assert workspace.labels.current("rating")[talk[0]].value == "liked"
    scope.take_in(workspace, "folder", "/music/Talk")
    assert asked(workspace) == {*music[1:], *talk[1:]}


def test_labels_of_what_is_left_out_teach_nothing(workspace: Workspace, add: Add, rate: Any) -> None:
    talk, music = add(2, "/music/Talk"), add(6, "/music/Songs")
    rate({talk[0]: "liked", talk[1]: "disliked", music[0]: "liked"})
    analysed = FeatureCache(workspace).read()
    assert quick_model(workspace, "rating", analysed, workspace.labels.current("rating")) is not None
    scope.leave_out(workspace, "folder", "/music/Talk")
    assert quick_model(workspace, "rating", analysed, workspace.labels.current("rating")) is None


def test_retraining_learns_from_what_is_not_left_out(workspace: Workspace, add: Add, rate: Any) -> None:
    talk, music = add(12, "/music/Talk"), add(12, "/music/Songs")
    rate({track: ("liked", "disliked")[n % 2] for n, track in enumerate([*talk, *music])})
    scope.leave_out(workspace, "folder", "/music/Talk")
    assert datasets.dataset(workspace, "rating").ids.tolist() == music
    scope.leave_out(workspace, "folder", "/music/Songs")
    assert "Still needed to train on rating: 8 more ratings" in (datasets.missing(workspace, "rating") or "")


def test_what_is_left_out_is_in_no_playlist_rated_or_predicted(
    workspace: Workspace, add: Add, rate: Any, tmp_path: Path
) -> None:
    ids = add(12)
    rate({ids[0]: "liked", ids[1]: "disliked", ids[2]: "liked"})
    every = {entry.track.id for entries in playlists.contents(workspace).values() for entry in entries}
    scope.leave_out_tracks(workspace, [ids[0], ids[5]])
    left = {entry.track.id for entries in playlists.contents(workspace).values() for entry in entries}
    assert every == set(ids) and every - left == {ids[0], ids[5]}
    files = playlists.export_all(workspace, tmp_path, format="csv")["files"]
    assert sum(file["tracks"] + file["not_found"] for file in files[:3]) == 10


def test_first_questions_come_from_the_parts_that_are_not_left_out(workspace: Workspace, add: Add) -> None:
    add(40, "/music/Talk")
    music = add(6, "/music/Songs")
    scope.leave_out(workspace, "folder", "/music/Talk")
    ranked = rank_now(workspace, "rating", FeatureCache(workspace).read())
    assert {q.track_id for q in ranked.questions} == set(music)
    assert all("40 tracks like this" not in reason for reason in (q.reason for q in ranked.questions))


# -- asking about a part ----------------------------------------------------------------------------


def test_everything_is_asked_at_first(workspace: Workspace, add: Add) -> None:
    ids = add(4)
    assert scope.chosen(workspace) == ("everything", "") and scope.asked_only(workspace) is None
    assert scope.scope_text(workspace) == "Everything: 4 tracks, 0 rated" and asked(workspace) == set(ids)


@pytest.mark.parametrize(
    ("value", "kept", "name", "tracks"),
    [("1994", "1994", "1994", 2), ("1990s", "1990-1999", "1990s", 5), ("1990-1999", "1990-1999", "1990s", 5),
     ("1994 – 2001", "1994-2001", "1994 to 2001", 6)],
)  # fmt: skip
def test_years_and_decades_can_be_asked_about_alone(
    workspace: Workspace, add: Add, value: str, kept: str, name: str, tracks: int
) -> None:
    add(2, year=1994), add(3, year=1999), add(1, year=2001), add(1)
    found = scope.choose(workspace, "year", value)
    assert (found["value"], found["name"], found["tracks"]) == (kept, name, tracks)
    assert len(asked(workspace)) == tracks


def test_the_scope_is_said_with_how_far_it_is(workspace: Workspace, add: Add, rate: Any) -> None:
    nineties = add(4, year=1994)
    add(2, year=2001)
    rate({nineties[0]: "liked"})
    assert scope.choose(workspace, "year", "1990s")["text"] == "Only 1990s: 4 tracks, 1 rated"
    scope.leave_out(workspace, "track", nineties[3])
    assert scope.scope_text(workspace) == "Only 1990s: 3 tracks, 1 rated"
    assert scope.scope_text(workspace, "genre") == "Only 1990s: 3 tracks, 0 with a genre"


def test_playlists_and_genres_can_be_asked_about_alone(workspace: Workspace, add: Add) -> None:
    rock, jazz = add(3, genre="Rock"), add(3, genre="Jazz")
    playlist(workspace, "Party", [rock[0], jazz[0]])
    assert scope.choose(workspace, "playlist", "Party")["name"] == "the playlist Party"
    assert asked(workspace) == {rock[0], jazz[0]}
    scope.choose(workspace, "genre", "jazz")
    assert asked(workspace) == set(jazz)
    scope.choose(workspace)
    assert asked(workspace) == {*rock, *jazz}


def test_new_tracks_are_those_since_the_last_visit_or_of_a_week(workspace: Workspace, add: Add, rate: Any) -> None:
    old = add(2)
    assert scope.choose(workspace, "new")["tracks"] == 2
    workspace.settings.set("visit", {"last": datetime.now(UTC).isoformat(timespec="microseconds")})
    new = add(3)
    rate({new[0]: "liked"})
    assert scope.asked_only(workspace) == set(new) and asked(workspace) == set(new[1:])
    assert scope.scope_text(workspace) == "Only new tracks: 3 tracks, 1 rated"
    workspace.settings.set("visit", {"last": (datetime.now(UTC) - timedelta(days=1)).isoformat()})
    assert scope.asked_only(workspace) == {*old, *new}


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [("mood", "sad", "'mood' cannot be asked about alone"), ("year", "soon", "'soon' is no year. Write 1994, 1990s"),
     ("year", "1850", "No track of the library is from 1850. It has 1994 to 1994."),
     ("genre", "polka", "No track has the genre 'polka'"), ("playlist", "x", "There is no playlist 'x'")],
)  # fmt: skip
def test_a_part_that_is_not_there_cannot_be_chosen(
    workspace: Workspace, add: Add, kind: str, value: str, why: str
) -> None:
    add(1, year=1994)
    with pytest.raises(EarmarkError, match=why):
        scope.choose(workspace, kind, value)
    assert scope.chosen(workspace).kind == "everything"


def test_the_choices_that_exist_are_listed_with_their_tracks(workspace: Workspace, add: Add) -> None:
    ids = [*add(2, genre="Rock", year=1994), *add(1, genre="hip hop", year=1999), *add(1, year=2001)]
    number = playlist(workspace, "Party", ids[:3])
    playlist(workspace, "Empty", [])
    listed = scope.choices(workspace)
    assert listed["playlists"] == [{"kind": "playlist", "value": number, "name": "Party", "tracks": 3}]
    assert [(one["name"], one["tracks"]) for one in listed["genres"]] == [("rock", 2), ("hip-hop", 1)]
    assert [(one["value"], one["name"], one["tracks"]) for one in listed["decades"]] == [
        ("1990-1999", "1990s", 3), ("2000-2009", "2000s", 1),
    ]  # fmt: skip
    assert [one["value"] for one in listed["years"]] == ["1994", "1999", "2001"]
    assert listed["new"] == [{"kind": "new", "value": "", "name": "new tracks", "tracks": 4}]
    for one in [one for part in listed.values() for one in part]:
        assert scope.choose(workspace, one["kind"], one["value"])["tracks"] == one["tracks"]


def test_the_scope_narrows_asking_and_nothing_else(workspace: Workspace, add: Add, rate: Any) -> None:
    nineties, later = add(12, year=1994), add(12, year=2004)
    rate({track: ("liked", "disliked")[n % 2] for n, track in enumerate([*nineties[:8], *later[:8]])})
    before = datasets.dataset(workspace, "rating").ids.tolist()
    scope.choose(workspace, "year", "1994")
    assert datasets.dataset(workspace, "rating").ids.tolist() == before
    assert sum(len(entries) for entries in playlists.contents(workspace).values()) == 24
    assert asked(workspace) == set(nineties[8:])


# -- drives that are not connected ------------------------------------------------------------------


def test_tracks_of_a_drive_that_is_away_wait_and_stay_in_the_playlists(
    workspace: Workspace, add: Add, rate: Any
) -> None:
    drive, here = add(3, "/Volumes/Music/a"), add(3, "/music")
    rate({drive[0]: "liked"})
    go_away(workspace, "/Volumes/Music")
    assert scope.away(workspace) == set(drive) == scope.not_asked(workspace)
    assert asked(workspace) == set(here)
    assert [entry.track.id for entry in playlists.contents(workspace, rated_only=True)["liked"]] == [drive[0]]
    workspace.roots.set_away(workspace.roots.add("/Volumes/Music"), False)
    assert scope.away(workspace) == frozenset() and asked(workspace) == {*here, *drive[1:]}
    assert {track.state for track in workspace.tracks.all()} == {"analysed"}


# -- the desk ---------------------------------------------------------------------------------------


def test_leaving_out_the_folder_of_the_track_on_screen_shows_another(
    workspace: Workspace, add: Add, desk: Desk, learner: Learner
) -> None:
    add(6, "/music/a"), add(6, "/music/b")
    shown = queue(desk)[0]
    folder = str(Path(str(workspace.tracks.get(shown).path)).parent)
    scope.leave_out(workspace, "folder", folder)
    cards = queue(desk, shown)
    assert shown not in cards and len(cards) == 5
    assert not set(cards) & scope.left_out(workspace)
    waiting = {question.track_id for question in workspace.questions.waiting("rating")}
    assert not waiting & scope.left_out(workspace)


def test_the_track_on_screen_stays_while_it_may_be_asked(workspace: Workspace, add: Add, desk: Desk) -> None:
    ids = add(12, year=1994)
    add(12, year=2004)
    shown = queue(desk)[0]
    other = next(track for track in ids if track != shown)
    scope.leave_out(workspace, "track", other)
    assert queue(desk, shown)[0] == shown
    scope.choose(workspace, "year", str(workspace.tracks.get(shown).year))
    assert queue(desk, shown)[0] == shown


def test_choosing_a_scope_changes_the_next_question_at_once(workspace: Workspace, add: Add, desk: Desk) -> None:
    add(60)
    few = add(3, year=1994)
    shown = queue(desk)[0]
    event = {"id": "1", "type": "scope", "kind": "year", "value": "1994"}
    reply = desk.sync({"tab": "one", "events": [event], "showing": shown})
    assert reply["acked"] == ["1"] and reply["scope"] == "Only 1994: 3 tracks, 0 rated"
    assert {card["id"] for card in reply["queue"]} == set(few)
    reply = desk.sync({"tab": "one", "events": [{"id": "2", "type": "scope", "kind": "everything"}], "showing": few[0]})
    assert reply["scope"] is None and len(reply["queue"]) == 5
    bad = desk.sync({"tab": "one", "events": [{"id": "3", "type": "scope", "kind": "year", "value": "x"}]})
    assert bad["refused"]["3"].startswith("'x' is no year.")


def test_a_choice_made_elsewhere_wakes_the_learner(
    workspace: Workspace, add: Add, desk: Desk, learner: Learner
) -> None:
    add(12)
    talk = add(3, "/music/Talk")
    queue(desk)
    scope.leave_out(Workspace(workspace.home), "folder", "/music/Talk")
    queue(desk)

    def unwanted() -> set[int]:
        rankings = [learner.ranked(target) for target in ("rating", "genre")]
        asked = {q.track_id for ranked in rankings if ranked for q in ranked.questions}
        return asked & set(talk) if all(rankings) else {0}

    deadline = time.monotonic() + 30
    while unwanted() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert unwanted() == set()


def test_an_answer_taken_back_returns_though_another_part_was_chosen_since(
    workspace: Workspace, add: Add, desk: Desk
) -> None:
    add(8, year=1994), add(8, year=2004)
    scope.choose(workspace, "year", "1994")
    shown = queue(desk)[0]
    queue(desk, shown, {"id": "1", "type": "label", "track": shown, "target": "rating", "value": "liked"})
    scope.choose(workspace, "year", "2004")
    cards = queue(desk, None, {"id": "2", "type": "undo"})
    assert cards[0] == shown and {workspace.tracks.get(i).year for i in cards[1:]} == {2004}
    scope.choose(workspace, "year", "2004")
    assert shown not in queue(desk)


def test_answers_about_what_is_left_out_are_not_newer_than_the_model(
    workspace: Workspace, add: Add, desk: Desk, rate: Any
) -> None:
    ids = add(30)
    rate({track: ("liked", "disliked")[n % 2] for n, track in enumerate(ids[:20])})
    run = training.retrain(workspace, "rating", ["ordered"])["run"]
    workspace.model_runs.make_current(run)
    rate({ids[20]: "liked", ids[21]: "liked"})
    assert desk.sync({"tab": "one"})["model"]["newer"] == 2
    scope.leave_out(workspace, "track", ids[20])
    assert desk.sync({"tab": "one"})["model"]["newer"] == 1


def test_when_the_scope_is_done_the_desk_says_so(workspace: Workspace, add: Add, desk: Desk, rate: Any) -> None:
    nineties = add(2, year=1994)
    add(2, year=2004)
    scope.choose(workspace, "year", "1990s")
    rate(dict.fromkeys(nineties, "liked"))
    assert notice(desk) == "Everything in 1990s is answered. Ask about everything again?"
    scope.choose(workspace)
    assert len(queue(desk)) == 2


def test_a_scope_that_is_still_listened_to_is_not_called_done(
    workspace: Workspace, add: Add, desk: Desk, rate: Any, fill: Any
) -> None:
    add(1)
    workspace.settings.set("visit", {"last": datetime.now(UTC).isoformat(timespec="microseconds")})
    rate(dict.fromkeys(add(2), "liked"))
    fill(3, state="new")
    scope.choose(workspace, "new")
    said = "Of new tracks 2 are ready and answered, 3 are still to be listened to."
    assert notice(desk) == f"{said} Ask about everything again?"


def test_a_scope_with_everything_left_out_says_there_is_nothing(workspace: Workspace, add: Add, desk: Desk) -> None:
    add(2, "/music/Talk", year=1994), add(2, year=2004)
    scope.choose(workspace, "year", "1994")
    scope.leave_out(workspace, "folder", "/music/Talk")
    assert notice(desk) == "There is nothing to ask in 1994. Ask about everything again?"


def test_when_everything_is_left_out_the_desk_says_so(workspace: Workspace, add: Add, desk: Desk) -> None:
    add(3)
    scope.leave_out(workspace, "folder", "/music")
    assert notice(desk) == "Everything is left out, so there is nothing to ask. Take something in again."


def test_when_the_rest_is_left_out_the_desk_says_so(workspace: Workspace, add: Add, desk: Desk, rate: Any) -> None:
    add(2, "/music/Talk")
    scope.leave_out(workspace, "folder", "/music/Talk")
    rate(dict.fromkeys(add(2), "liked"))
    assert notice(desk).startswith("You have answered everything that is not left out.")


def test_when_the_rest_is_on_a_drive_that_is_away_the_desk_says_that_nothing_is_lost(
    workspace: Workspace, add: Add, desk: Desk, rate: Any
) -> None:
    add(3, "/Volumes/Music/a")
    rate(dict.fromkeys(add(1), "liked"))
    go_away(workspace, "/Volumes/Music")
    assert notice(desk) == "The drive 'Music' is not connected. Nothing is lost; 3 tracks wait for it."


def test_what_is_still_to_be_listened_to_is_said_before(workspace: Workspace, add: Add, desk: Desk, fill: Any) -> None:
    add(2, "/music/Talk")
    fill(3, state="new")
    scope.leave_out(workspace, "folder", "/music/Talk")
    workspace.jobs.add("analyze", "analysis")
    assert notice(desk).startswith("Listening to your first tracks")
