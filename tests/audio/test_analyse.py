"""One pass over a file gives everything that is kept of it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from audio import analyse as analysing
from audio import musicnn
from audio.analyse import FEATURE_VERSIONS, analyse, analyse_in_worker, spoken, start_worker
from audio.descriptors import DESCRIPTOR_NAMES
from audio.identity import content_id
from core.errors import DecodeError

Song = Callable[..., Path]


def test_a_whole_file_has_no_note(song: Song) -> None:
    path = song(".mp3")
    analysis = analyse(path)
    assert analysis.complete and analysis.note is None
    assert analysis.content_id == content_id(path)
    assert analysis.duration == pytest.approx(4, abs=0.1)
    assert list(analysis.features) == ["descriptors", "signature"]
    assert analysis.features["descriptors"].shape == (len(DESCRIPTOR_NAMES),)


def test_a_cut_file_says_what_is_used(song: Song, music: np.ndarray) -> None:
    path = song(".flac", y=np.tile(music, 20))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.4)])
    analysis = analyse(path)
    assert not analysis.complete
    assert (
        analysis.note
        == f"This file ends after {spoken(analysis.duration)} of 1:20; the part that can be heard is used."
    )


def test_a_very_long_file_says_what_is_used(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.decode.MAX_SECONDS", 2.0)
    monkeypatch.setattr(analysing, "MAX_SECONDS", 2.0)
    analysis = analyse(song(".flac"))
    assert analysis.complete and analysis.note == "The first 2 s of 4 s are used."


def test_what_cannot_be_decoded_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(DecodeError, match="empty"):
        analyse(tmp_path / "a.mp3")


def test_every_feature_set_has_a_version() -> None:
    assert FEATURE_VERSIONS == {"descriptors": 1, "musicnn": 1, "tags": 1, "signature": 1}


@pytest.mark.skipif(not musicnn.available(), reason="TensorFlow or the musicnn weights are not installed")
def test_a_spawned_child_analyses_with_the_networks(song: Song) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=start_worker) as pool:
        path = song(".m4a")
        analysis = pool.submit(analyse_in_worker, path).result(timeout=120)
        with pytest.raises(DecodeError, match="not there") as caught:
            pool.submit(analyse_in_worker, path.with_name("gone.m4a")).result(timeout=60)
    assert set(analysis.features) == set(FEATURE_VERSIONS)
    assert analysis.features["musicnn"].shape == (200,) and analysis.features["tags"].shape == (100,)
    assert caught.value.reason == "the file is not there"
