"""A person's own targets: added, changed, removed, asked, learned and guessed like those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import EarmarkError
from core.vocabulary import MOOD_TAGS, MSD_TAGS
from services import labeling, library, predicting, targets, training
from services.learning import FeatureCache, quick_model
from services.workspace import Workspace


def test_rating_genre_and_mood_ship(workspace: Workspace) -> None:
    assert list(targets.every(workspace)) == ["rating", "genre", "mood"]
    assert list(targets.in_use(workspace)) == ["rating", "genre"]


def test_an_own_target_is_added_answered_and_taken_back_as_one_act(workspace: Workspace, fill: Any) -> None:
    ids = fill(3)
    added = targets.add(workspace, " Workout ", ["no", " Yes "])
    assert (added["name"], added["classes"], added["own"]) == ("workout", ["no", "Yes"], True)
    assert labeling.answer(workspace, ids[0], "workout", "YES")["value"] == "Yes"
    with pytest.raises(EarmarkError, match="Choose one of: no, Yes"):
        labeling.answer(workspace, ids[1], "workout", "maybe")
    act = workspace.acts.all()[0]
    assert act.title == "Added workout: no, Yes"
    workspace.acts.undo(act.id)
    assert "workout" not in targets.every(workspace)
    assert workspace.labels.counts()["workout"] == {"Yes": 1}, "answers stay"


@pytest.mark.parametrize(
    ("name", "classes", "sentence"),
    [
        ("rating", ["a", "b"], "cannot be changed"),
        ("", ["a", "b"], "is no name"),
        ("x" * 31, ["a", "b"], "is no name"),
        ("pace", ["slow"], "2 to 9"),
        ("pace", ["slow", "Slow"], "2 to 9"),
        ("pace", [str(n) for n in range(10)], "2 to 9"),
        ("pace", ["slow", "f" * 31], "too long for a button"),
    ],
)
def test_what_cannot_be_a_target_is_said_in_one_sentence(
    workspace: Workspace, name: str, classes: list[str], sentence: str
) -> None:
    with pytest.raises(EarmarkError, match=sentence):
        targets.add(workspace, name, classes)
    assert workspace.targets.all() == [] and workspace.acts.all() == []


def test_answers_that_are_in_use_cannot_be_dropped(workspace: Workspace, fill: Any) -> None:
    ids = fill(2)
    targets.add(workspace, "pace", ["slow", "fast"])
    labeling.answer(workspace, ids[0], "pace", "slow")
    with pytest.raises(EarmarkError, match=r"slow \(1\)"):
        targets.add(workspace, "pace", ["fast", "faster"])
    assert targets.add(workspace, "pace", ["slow", "medium", "fast"])["classes"] == ["slow", "medium", "fast"]


def test_mood_takes_other_answers_and_gets_its_own_back(workspace: Workspace) -> None:
    targets.add(workspace, "mood", ["bright", "dark"])
    assert targets.get(workspace, "mood").classes == ("bright", "dark")
    targets.remove(workspace, "mood")
    assert targets.get(workspace, "mood").classes == ("energetic", "happy", "calm", "sad")
    with pytest.raises(EarmarkError, match="ships with Earmark"):
        targets.remove(workspace, "genre")


def test_mood_is_not_reset_while_answers_would_be_lost(workspace: Workspace, fill: Any) -> None:
    ids = fill(1)
    targets.add(workspace, "mood", ["bright", "calm"])
    labeling.answer(workspace, ids[0], "mood", "bright")
    with pytest.raises(EarmarkError, match=r"mood has answers that would be lost: bright \(1\). Keep them in the list"):
        targets.remove(workspace, "mood")
    assert targets.get(workspace, "mood").classes == ("bright", "calm")
    labeling.answer(workspace, ids[0], "mood", "calm")
    targets.remove(workspace, "mood")
    assert targets.get(workspace, "mood").classes == ("energetic", "happy", "calm", "sad")


def test_the_answers_to_a_target_that_is_removed_stay(workspace: Workspace, fill: Any) -> None:
    ids = fill(1)
    targets.add(workspace, "workout", ["no", "yes"])
    labeling.answer(workspace, ids[0], "workout", "yes")
    targets.remove(workspace, "workout")
    assert workspace.labels.counts() == {"workout": {"yes": 1}}


def test_mood_is_guessed_from_what_the_network_hears_before_any_answer(workspace: Workspace, fill: Any) -> None:
    ids = fill(12)
    quiet = np.full(100, 0.01)
    quiet[[MSD_TAGS.index(tag) for tag in MOOD_TAGS["calm"]]] = 0.9
    workspace.features.put(ids[0], {"tags": quiet}, {"tags": 1})
    quick = quick_model(workspace, "mood", FeatureCache(workspace).read(), {})
    assert quick is not None and quick.name == "prior" and next(iter(quick.of(ids[0]))) == "calm"


def test_an_own_target_of_which_the_tags_say_nothing_waits_for_answers(workspace: Workspace, fill: Any) -> None:
    ids = fill(12)
    targets.add(workspace, "workout", ["no", "yes"])
    analysed = FeatureCache(workspace).read()
    assert quick_model(workspace, "workout", analysed, {}) is None
    for number, track_id in enumerate(ids[:6]):
        labeling.answer(workspace, track_id, "workout", "yes" if number % 3 else "no")
    quick = quick_model(workspace, "workout", analysed, workspace.labels.current("workout"))
    assert quick is not None and quick.name == "logistic" and set(quick.classes) == {"no", "yes"}


def test_an_ordered_target_of_ones_own_is_trained_in_its_order(workspace: Workspace, fill: Any) -> None:
    ids = fill(48)
    targets.add(workspace, "energy", ["low", "middle", "high"], ordered=True)
    for number, track_id in enumerate(ids):
        labeling.answer(workspace, track_id, "energy", ("low", "middle", "high")[number % 3])
    result = training.retrain(workspace, "energy", ["ordered"])
    assert result["model"] == "ordered" and result["scores"]["accuracy"] > 0.8
    assert [q["probabilities"] for q in labeling.next_questions(workspace, "energy")] == []
    assert predicting.predict(workspace, "energy", ids[0])[0]["value"] == "low"


def test_labels_of_an_unknown_target_bring_it_along(workspace: Workspace, fill: Any, tmp_path: Path) -> None:
    fill(3)
    file = tmp_path / "labels.csv"
    file.write_text("path,target,value\n/music/0.mp3,workout,yes\n/music/1.mp3,workout,no\n", "utf-8")
    assert library.labels_import(workspace, file)["new_targets"] == ["workout"]
    assert targets.get(workspace, "workout").classes == ("yes", "no")


def test_the_desk_asks_several_targets_in_one_go_and_remembers_it(workspace: Workspace) -> None:
    assert labeling.asks(workspace) == ["rating"]
    labeling.choose_asks(workspace, ["rating", "genre", "rating"])
    labeling.choose_mode(workspace, blind=True)
    again = Workspace(workspace.home)
    assert labeling.asks(again) == ["rating", "genre"] and labeling.mode(again) == {"blind": True, "only": False}
    targets.add(workspace, "pace", ["slow", "fast"])
    labeling.choose_asks(workspace, ["pace"])
    targets.remove(workspace, "pace")
    assert labeling.active_target(workspace) == "rating", "what is gone is not asked"


def test_the_answers_of_a_target_are_playlists(workspace: Workspace, fill: Any, tmp_path: Path) -> None:
    from services import playlists

    ids = fill(9)
    targets.add(workspace, "workout", ["no", "yes"])
    labeling.answer(workspace, ids[0], "workout", "yes")
    file = playlists.export_one(workspace, "Workout:Yes", format="csv", out=tmp_path / "w.csv")["files"][0]
    assert file["tracks"] + file["not_found"] == 1
    with pytest.raises(EarmarkError, match="workout:no, workout:yes"):
        playlists.export_one(workspace, "workout:maybe")
