"""Genres: tags are evidence until they are accepted, names can be changed and changed back, and some are trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.errors import EarmarkError, NotEnoughLabelsError
from core.records import FoundFile, Label, Prediction, Tags
from core.vocabulary import TAG_NAMES
from services import datasets, genres, labeling, playlists, scope
from services.learning import FeatureCache, Quick, genre_table, quick_model
from services.workspace import Workspace

Add = Callable[..., list[int]]


@pytest.fixture
def add(workspace: Workspace) -> Add:
    """Give a function that takes in one analysed track for each genre tag."""

    def tracks(*tags: str | None) -> list[int]:
        start = workspace.tracks.count()["tracks"]
        rng = np.random.default_rng(start)
        ids = []
        for i, genre in enumerate(tags, start):
            about = Tags(title=f"Song {i}", artist=f"Artist {i % 5}", genre=genre, duration=60.0)
            [track_id] = workspace.tracks.add([FoundFile(f"/music/{i}.mp3", 1000 + i, 5.0, about)]).added
            workspace.tracks.mark_analysed(track_id, f"sound {i}", duration=60.0, note=None)
            features = {"musicnn": 4 * (np.arange(12) % 3 == i % 3) + rng.normal(size=12)}
            features["tags"] = rng.uniform(0.01, 0.2, len(TAG_NAMES))
            workspace.features.put(track_id, features, dict.fromkeys(features, 1))
            ids.append(track_id)
        return ids

    return tracks


def think(workspace: Workspace) -> Quick:
    quick = quick_model(workspace, "genre", FeatureCache(workspace).read(), workspace.labels.current("genre"))
    assert quick is not None
    return quick


def labels(workspace: Workspace) -> dict[int, tuple[str, str]]:
    return {i: (label.value, label.source) for i, label in workspace.labels.current("genre").items()}


def by_name(workspace: Workspace) -> dict[str, dict[str, Any]]:
    return {row["genre"]: row for row in genres.tag_table(workspace)}


def take_back(workspace: Workspace) -> None:
    workspace.acts.undo(workspace.acts.all()[0].id)


# -- names ------------------------------------------------------------------------------------------


def test_tags_are_read_in_one_spelling_that_of_the_first_guesses(workspace: Workspace, add: Add) -> None:
    ids = add("Hip-Hop/Rap", "(7)", "HIP HOP", "Other", None, "Chap-Hop")
    read = [genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in ids]
    assert read == ["hip-hop", "hip-hop", "hip-hop", None, None, "Chap-Hop"]


def test_tags_are_spelt_as_the_person_writes_the_genre(workspace: Workspace, add: Add, rate: Any) -> None:
    a, b = add("Hip-Hop/Rap", "Rock")
    rate({b: "Hip Hop"}, "genre")
    assert genres.genre_of_track(workspace, workspace.tracks.get(a)) == "Hip Hop"


def test_a_tag_can_be_renamed_and_named_back(workspace: Workspace, add: Add) -> None:
    a, b = add("Electronica", "Electronic")
    assert genres.rename(workspace, "Electronica", "Synth") == {"name": "Synth", "labels": 0}
    assert [genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in (a, b)] == ["Synth", "electronic"]
    assert workspace.acts.all()[0].title == "Renamed the genre Electronica to Synth"
    take_back(workspace)
    assert genres.names(workspace) == {}
    assert genres.genre_of_track(workspace, workspace.tracks.get(a)) == "electronic"


def test_renaming_a_genre_takes_all_its_tags_along(workspace: Workspace, add: Add) -> None:
    ids = add("Electronica", "Electronic", "(52)")
    genres.rename(workspace, "electronic", "Synth")
    assert {genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in ids} == {"Synth"}


def test_a_tag_can_be_told_to_say_nothing(workspace: Workspace, add: Add, rate: Any) -> None:
    a, b = add("Favourites", "Favourites")
    rate({b: "Favourites"}, "genre")
    genres.rename(workspace, "Favourites", "")
    assert genres.genre_of_track(workspace, workspace.tracks.get(a)) is None
    assert labels(workspace) == {b: ("Favourites", "person")}
    assert workspace.acts.all()[0].title == "The tag Favourites says nothing now"


def test_merging_writes_the_labels_anew_and_keeps_the_history(workspace: Workspace, add: Add, rate: Any) -> None:
    a, b, c, d = add(None, None, None, "Rap")
    rate({a: "Rap", b: "hip hop", c: "Jazz"}, "genre")
    workspace.labels.add([Label("from a table", d, "genre", "rap", source="csv")])
    before = workspace.labels.current("genre")
    assert genres.merge(workspace, ["Rap", "hip hop"], "Hip-Hop") == {"name": "Hip-Hop", "labels": 3}
    assert labels(workspace) == {
        a: ("Hip-Hop", "person"), b: ("Hip-Hop", "person"), c: ("Jazz", "person"), d: ("Hip-Hop", "csv"),
    }  # fmt: skip
    assert workspace.labels.current("genre")[a].created_at == before[a].created_at
    assert len(labeling.history(workspace)) == 7
    assert genres.genre_of_track(workspace, workspace.tracks.get(d)) == "Hip-Hop"
    assert workspace.acts.all()[0].title == "Merged Rap and hip hop into Hip-Hop"
    take_back(workspace)
    assert workspace.labels.current("genre") == before and genres.names(workspace) == {}
    assert len(workspace.acts.all()) == 0


def test_merging_twice_leads_everything_to_the_last_name_and_back(workspace: Workspace, add: Add) -> None:
    ids = add("Trip Hop", "Downtempo", "Chillout")
    genres.merge(workspace, ["Trip Hop"], "Downtempo")
    genres.merge(workspace, ["Downtempo"], "Chillout")
    read = [genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in ids]
    assert read == ["Chillout"] * 3
    genres.rename(workspace, "Chillout", "Slow")
    assert [genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in ids] == ["Slow"] * 3
    genres.rename(workspace, "Slow", "Trip Hop")
    assert [genres.genre_of_track(workspace, workspace.tracks.get(i)) for i in ids] == ["Trip Hop"] * 3


def test_taking_a_second_change_of_names_back_leaves_the_first(workspace: Workspace, add: Add) -> None:
    add("Rap", "Trip Hop")
    genres.rename(workspace, "Rap", "Rhymes")
    first = genres.names(workspace)
    genres.rename(workspace, "Trip Hop", "Slow")
    take_back(workspace)
    assert genres.names(workspace) == first


def test_the_table_can_be_reset_and_labels_stay(workspace: Workspace, add: Add, rate: Any) -> None:
    a, b = add("Rap", None)
    rate({b: "Rap"}, "genre")
    assert genres.reset(workspace) is False
    genres.rename(workspace, "Rap", "Rhymes")
    assert genres.reset(workspace) is True
    assert genres.names(workspace) == {} and labels(workspace) == {b: ("Rhymes", "person")}
    assert genres.genre_of_track(workspace, workspace.tracks.get(a)) == "Rap"


def test_a_genre_that_no_track_has_cannot_be_renamed(workspace: Workspace, add: Add) -> None:
    add("Rap")
    with pytest.raises(EarmarkError, match=r"No track has the genre 'polka'\. There are: Rap, "):
        genres.rename(workspace, "polka", "x")
    with pytest.raises(EarmarkError, match="Nothing to merge"):
        genres.merge(workspace, ["Rap"], "Rap")
    with pytest.raises(EarmarkError, match="A genre cannot be empty"):
        genres.merge(workspace, ["Rap"], " ")
    assert genres.names(workspace) == {} and workspace.acts.all() == []


def test_a_playlist_of_a_merged_genre_holds_what_was_predicted_under_the_old_name(
    workspace: Workspace, add: Add
) -> None:
    a, b = add("Rap", "Jazz")
    run = workspace.model_runs.add(target="genre", family="knn", features="musicnn", labels=9, classes=[], scores={})
    guesses = [Prediction(i, "genre", value, {value: 0.9}, run) for i, value in ((a, "Rap"), (b, "Hip-Hop"))]
    workspace.predictions.replace("genre", guesses)
    genres.merge(workspace, ["Rap"], "Hip-Hop")
    assert {name: len(entries) for name, entries in playlists.contents(workspace, "genre").items()} == {"Hip-Hop": 2}


# -- tags as evidence -------------------------------------------------------------------------------


def test_the_table_of_tags_says_what_is_behind_each_genre(workspace: Workspace, add: Add, rate: Any) -> None:
    ids = add("Rock", "rock", "Rock", "Hip-Hop/Rap", "Other", None)
    rate({ids[0]: "rock", ids[1]: "jazz"}, "genre")
    rows = by_name(workspace)
    assert list(rows) == ["rock", "hip-hop", "jazz", ""]
    assert rows["rock"] == {
        "genre": "rock", "tags": {"Rock": 2, "rock": 1}, "tracks": 3, "labelled": 1, "to_accept": 1,
        "left_out": False, "trained": True,
    }  # fmt: skip
    assert rows["hip-hop"]["to_accept"] == 1 and rows["hip-hop"]["tags"] == {"Hip-Hop/Rap": 1}
    assert rows["jazz"]["tracks"] == 0 and rows["jazz"]["labelled"] == 1
    assert rows[""]["tags"] == {"Other": 1} and rows[""]["trained"] is False
    scope.leave_out(workspace, "genre", "Hip Hop")
    genres.choose_trained(workspace, ["rock", "jazz"])
    rows = by_name(workspace)
    assert rows["hip-hop"]["left_out"] and not rows["hip-hop"]["trained"] and not rows["rock"]["left_out"]
    assert rows["hip-hop"]["to_accept"] == 0


def test_tags_are_no_labels_until_they_are_accepted(workspace: Workspace, add: Add) -> None:
    ids = add("Rock", "Rock", "Jazz", None)
    assert labels(workspace) == {}
    assert genres.accept_tags(workspace) == {"accepted": 3, "genres": {"rock": 2, "jazz": 1}}
    assert labels(workspace) == {
        ids[0]: ("rock", "dataset"), ids[1]: ("rock", "dataset"), ids[2]: ("jazz", "dataset"),
    }  # fmt: skip
    [act] = workspace.acts.all()
    assert (act.kind, act.title) == ("genres", "Accepted 3 genre tags: rock, jazz")
    assert genres.accept_tags(workspace) == {"accepted": 0, "genres": {}} and len(workspace.acts.all()) == 1


def test_accepted_tags_can_be_taken_back_as_one(workspace: Workspace, add: Add) -> None:
    add("Rock", "Jazz", "Blues", "Soul")
    genres.accept_tags(workspace)
    assert workspace.acts.all()[0].title.startswith("Accepted 4 genre tags: ")
    assert workspace.acts.all()[0].title.endswith(", ...")
    take_back(workspace)
    assert labels(workspace) == {}
    assert genres.accept_tags(workspace)["accepted"] == 4


def test_what_the_person_or_a_table_said_stays_above_accepted_tags(workspace: Workspace, add: Add, rate: Any) -> None:
    a, b, c = add("Rock", "Rock", "Rock")
    rate({a: "jazz"}, "genre")
    workspace.labels.add([Label("from a table", b, "genre", "blues", source="csv")])
    assert genres.accept_tags(workspace, ["ROCK"])["accepted"] == 1
    assert labels(workspace) == {a: ("jazz", "person"), b: ("blues", "csv"), c: ("rock", "dataset")}
    rate({c: "soul"}, "genre")
    assert labels(workspace)[c] == ("soul", "person")


def test_only_chosen_genres_are_accepted_and_those_left_out_are_not_by_themselves(
    workspace: Workspace, add: Add
) -> None:
    add("Rock", "Jazz", "Podcast")
    scope.leave_out(workspace, "genre", "Podcast")
    assert genres.accept_tags(workspace, ["jazz"])["genres"] == {"jazz": 1}
    assert genres.accept_tags(workspace)["genres"] == {"rock": 1}
    with pytest.raises(EarmarkError, match=r"No track has the genre 'polka'\. There are: Podcast, jazz, rock\."):
        genres.accept_tags(workspace, ["polka"])


def test_a_renamed_genre_replaces_its_accepted_labels_when_accepted_again(workspace: Workspace, add: Add) -> None:
    [a] = add("Electronica")
    genres.accept_tags(workspace)
    genres.rename(workspace, "Electronica", "Synth")
    assert labels(workspace) == {a: ("electronic", "dataset")}
    assert genres.accept_tags(workspace)["accepted"] == 1
    assert labels(workspace) == {a: ("Synth", "dataset")}


# -- which are trained ------------------------------------------------------------------------------


def test_only_the_chosen_genres_are_trained_and_the_labels_of_others_stay(
    workspace: Workspace, add: Add, rate: Any
) -> None:
    ids = add(*[None] * 30)
    rate({track: ("rock", "jazz", "Talk")[n % 3] for n, track in enumerate(ids)}, "genre")
    assert genres.trained(workspace) is None and datasets.dataset(workspace, "genre").classes == (
        "Talk",
        "jazz",
        "rock",
    )
    assert genres.choose_trained(workspace, ["Rock", "jazz"]) == {"Rock", "jazz"}
    data = datasets.dataset(workspace, "genre")
    assert data.classes == ("jazz", "rock") and len(data.y) == 20
    assert set(think(workspace).classes) == {"jazz", "rock"}
    assert len(workspace.labels.current("genre")) == 30
    assert workspace.acts.all()[0].title == "Train on 2 genres: Rock, jazz"
    take_back(workspace)
    assert genres.trained(workspace) is None


def test_all_genres_can_be_trained_again(workspace: Workspace, add: Add) -> None:
    add("Rock", "Jazz")
    genres.choose_trained(workspace, ["rock", "jazz"])
    assert genres.choose_trained(workspace, None) is None
    assert genres.trained(workspace) is None


def test_first_guesses_are_of_the_chosen_genres_only_while_the_table_stays_whole(
    workspace: Workspace, add: Add
) -> None:
    add("Rock", "Chap-Hop")
    genres.choose_trained(workspace, ["rock", "metal", "Chap-Hop"])
    assert think(workspace).classes == ("Chap-Hop", "metal", "rock")
    assert np.allclose(think(workspace).proba[:, 0], 1 / 3)  # MusiCNN has no word for it
    assert "jazz" in genre_table(workspace)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ([], "No genre is chosen: a model learns to tell genres apart. Choose at least 2."),
        (["rock"], "rock alone cannot be trained: a model learns to tell genres apart."),
        (["rock", "Rock"], "alone cannot be trained"),
        (["rock", "polka"], "No track has the genre 'polka'"),
    ],
)
def test_a_choice_that_cannot_be_trained_is_refused(
    workspace: Workspace, add: Add, chosen: list[str], why: str
) -> None:
    add("Rock")
    with pytest.raises(EarmarkError) as error:
        genres.choose_trained(workspace, chosen)
    assert why in str(error.value) and genres.trained(workspace) is None


def test_too_few_labels_of_the_chosen_genres_are_counted(workspace: Workspace, add: Add, rate: Any) -> None:
    ids = add(*[None] * 20)
    rate({track: "Talk" if n > 1 else ("rock", "jazz")[n] for n, track in enumerate(ids)}, "genre")
    genres.choose_trained(workspace, ["rock", "jazz"])
    with pytest.raises(NotEnoughLabelsError, match="6 more genre labels"):
        datasets.dataset(workspace, "genre")


def test_two_spellings_of_a_genre_are_learned_as_one_and_stay_as_they_were_typed(
    workspace: Workspace, add: Add, rate: Any
) -> None:
    a, b, c, d = add(None, None, None, None)
    rate({a: "Hip Hop", b: "Hip Hop", c: "hip-hop", d: "Jazz"}, "genre")
    quick = think(workspace)
    assert [name for name in quick.classes if name.casefold().startswith("hip")] == ["Hip Hop"]
    assert [name for name in quick.classes if name.casefold() == "jazz"] == ["Jazz"]
    assert len(playlists.contents(workspace, "genre", rated_only=True)["Hip Hop"]) == 3
    assert labels(workspace)[c] == ("hip-hop", "person")
