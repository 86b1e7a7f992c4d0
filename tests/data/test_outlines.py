"""Outlines: kept as they were heard, one per track, and going with their track."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.records import Outline
from services.workspace import Workspace


def outline(loudness: float | None = -14.0, telling: float = 61.5) -> Outline:
    return Outline(
        loudness=loudness,
        peak=0.98,
        telling=telling,
        bounds=np.array([0.0, 31.25, 90.5], np.float32),
        waveform=np.arange(400, dtype=np.uint8),
        parts=np.random.default_rng(0).normal(size=(48, 7)).astype(np.float32) * 1000,
    )


def test_an_outline_comes_back_as_it_was(workspace: Workspace, add_tracks: Any) -> None:
    [track] = add_tracks("A/one")
    put = outline()
    workspace.outlines.put(track, put, 1)
    got = workspace.outlines.get(track)
    assert got is not None
    assert (got.loudness, got.peak, got.telling) == (-14.0, 0.98, 61.5)
    np.testing.assert_array_equal(got.bounds, put.bounds)
    np.testing.assert_array_equal(got.waveform, put.waveform)
    np.testing.assert_allclose(got.parts, put.parts, rtol=1e-3)


def test_a_track_nobody_heard_has_none(workspace: Workspace, add_tracks: Any) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.outlines.put(one, outline(), 1)
    assert workspace.outlines.get(two) is None
    assert list(workspace.outlines.many([one, two])) == [one]


def test_a_newer_outline_takes_the_place_of_the_old(workspace: Workspace, add_tracks: Any) -> None:
    [track] = add_tracks("A/one")
    workspace.outlines.put(track, outline(telling=5.0), 1)
    workspace.outlines.put(track, outline(telling=9.0), 2)
    got = workspace.outlines.get(track)
    assert got is not None and got.telling == 9.0


def test_silence_has_no_loudness_and_does_not_count_for_the_median(workspace: Workspace, add_tracks: Any) -> None:
    assert workspace.outlines.median_loudness() is None
    tracks = add_tracks("A/one", "B/two", "C/three", "D/four")
    for track, loudness in zip(tracks, (-20.0, None, -9.0, -14.0), strict=True):
        workspace.outlines.put(track, outline(loudness), 1)
    assert workspace.outlines.median_loudness() == -14.0


def test_what_cannot_be_said_in_half_precision_stays_finite(workspace: Workspace, add_tracks: Any) -> None:
    [track] = add_tracks("A/one")
    huge = Outline(None, 0.0, 0.0, np.zeros(1), np.zeros(400), np.full((1, 3), 1e9))
    workspace.outlines.put(track, huge, 1)
    got = workspace.outlines.get(track)
    assert got is not None and np.isfinite(got.parts).all() and got.parts == pytest.approx(65504.0)


def test_when_two_tracks_become_one_the_outline_goes_along(workspace: Workspace, add_tracks: Any) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.outlines.put(two, outline(), 1)
    workspace.tracks.merge(keep=one, gone=two)
    assert workspace.outlines.get(one) is not None and workspace.outlines.get(two) is None


def test_an_outline_comes_back_with_its_track_when_an_act_is_taken_back(workspace: Workspace, add_tracks: Any) -> None:
    one, two = add_tracks("A/one", "B/two")
    workspace.outlines.put(two, outline(), 1)
    with workspace.acts.act("merge", "Two tracks made one") as act:
        workspace.tracks.merge(keep=one, gone=two)
    workspace.acts.undo(act)
    got = workspace.outlines.get(two)
    assert got is not None and workspace.outlines.get(one) is None
    np.testing.assert_array_equal(got.waveform, outline().waveform)
