"""What the Models page reads: squares with their tracks, bins with their intervals, descriptors in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio.descriptors import DESCRIPTOR_NAMES
from core.errors import EarmarkError
from core.records import FoundFile, Label, Tags
from services import model_pages
from services.workspace import Workspace

KINDS = ["liked", "semi", "disliked"]
CENTROID = DESCRIPTOR_NAMES.index("spectral_centroid_mean")


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return Workspace(home)


def rate(workspace: Workspace, values: list[str], *, brightness: float, target: str = "rating") -> None:
    """Take in tracks of ten artists with an answer each; those of the last kind are brighter by so many deviations."""
    rng = np.random.default_rng(0)
    files = [FoundFile(f"/m/{i}.mp3", i, 1.0, Tags(title=f"S{i}", artist=f"A{i % 10}")) for i in range(len(values))]
    ids = list(workspace.tracks.add(files).added)
    for i, (track, value) in enumerate(zip(ids, values, strict=True)):
        described = rng.normal(size=len(DESCRIPTOR_NAMES))
        described[CENTROID] += brightness * (value == values[0])
        workspace.tracks.mark_analysed(track, f"c{i}", duration=60.0, note=None)
        workspace.features.put(track, {"descriptors": described}, {"descriptors": 1})
    workspace.labels.add([Label(f"l{i}", track, target, values[i]) for i, track in enumerate(ids)])


def test_what_tells_liked_tracks_apart_is_said_in_words(workspace: Workspace) -> None:
    rate(workspace, KINDS * 40, brightness=2.0)
    liked, disliked = model_pages.descriptors_that_matter(workspace, "rating")
    assert liked["sentence"] == "Liked tracks are brighter (spectral centroid)."
    assert liked["descriptors"][0]["difference"] > 1 > 3 * liked["descriptors"][0]["error"]
    assert disliked["sentence"] == "Disliked tracks are darker (spectral centroid)."


def test_luck_is_not_said(workspace: Workspace) -> None:
    rate(workspace, KINDS * 40, brightness=0.0)
    for row in model_pages.descriptors_that_matter(workspace, "rating"):
        assert row["descriptors"] == [] and "differ from the others in none of these clearly" in row["sentence"]


def test_of_two_answers_the_second_stands_for_both(workspace: Workspace) -> None:
    rate(workspace, ["rock", "jazz"] * 40, brightness=2.0, target="genre")
    [row] = model_pages.descriptors_that_matter(workspace, "genre")
    assert row["sentence"] == "Rock tracks are brighter (spectral centroid)."


def test_without_descriptors_or_answers_it_is_said_what_is_missing(workspace: Workspace) -> None:
    with pytest.raises(EarmarkError):
        model_pages.descriptors_that_matter(workspace, "rating")


def test_every_word_is_a_descriptor_there_is() -> None:
    assert set(model_pages.WORDS) <= set(DESCRIPTOR_NAMES)
    assert len(model_pages.glossary()) == len(model_pages.WORDS)


def test_many_tracks_of_one_artist_count_as_one_artist() -> None:
    rng = np.random.default_rng(0)
    inside = np.arange(200) % 2 == 0
    X = rng.normal(size=(200, 1)) + 0.5 * inside[:, None]
    each = model_pages.differences(X, inside, np.arange(200))
    few = model_pages.differences(
        np.repeat(X[:20], 10, axis=0), np.repeat(inside[:20], 10), np.repeat(np.arange(20), 10)
    )
    assert each[0][0] == pytest.approx(0.5, abs=0.3) and few[1][0] > 2 * each[1][0]


def test_intervals_hold_the_share_and_stay_within_0_and_1() -> None:
    for share, n in ((0.0, 5), (1.0, 5), (0.4, 25)):
        found = model_pages._wilson(share, n)
        assert -1e-9 <= found["low"] <= share <= found["high"] + 1e-9 <= 1 + 1e-8


def test_before_a_training_there_is_nothing(workspace: Workspace) -> None:
    assert model_pages.newest(workspace, "rating") is None
