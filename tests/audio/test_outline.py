"""An outline tells where music changes, what it looks like and where to listen first."""

from __future__ import annotations

import numpy as np
import pytest

from audio.descriptors import ROW_NAMES, frame_features
from audio.musicnn import EMBEDDING_SIZE, PATCH_SECONDS, TAGS_SIZE, Heard
from audio.outline import EXCERPT, bounds, means, parts, telling_moment, waveform

pytest.importorskip("librosa")
SR = 22_050
RMS = ROW_NAMES.index("rms")


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(int(seconds * SR)).astype(np.float32)


def chord(seconds: float, *hertz: float) -> np.ndarray:
    t = np.arange(int(seconds * SR)) / SR
    return (0.1 * sum(np.sin(2 * np.pi * f * t) for f in hertz)).astype(np.float32)


def beats(seconds: float) -> np.ndarray:
    """Return a drum twice a second over a low tone."""
    t = np.arange(int(seconds * SR)) / SR
    hit = np.exp(-30 * (t % 0.5)) * np.random.default_rng(1).standard_normal(len(t))
    return (0.2 * hit + 0.05 * np.sin(2 * np.pi * 80 * t)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * SR), np.float32)


def heard_at(starts: list[float], odd: float) -> Heard:
    """Return what the networks might have heard: all passages alike but the one at `odd`."""
    embeddings = np.random.default_rng(2).normal(0, 0.1, (len(starts), EMBEDDING_SIZE)).astype(np.float32)
    embeddings[starts.index(odd)] += 3
    return Heard(np.array(starts), embeddings, np.zeros((len(starts), TAGS_SIZE), np.float32))


@pytest.fixture(scope="module")
def medley() -> np.ndarray:
    """Seventy-two seconds: noise, a chord from 0:22 on, drums from 0:50 on."""
    return np.concatenate([noise(22), chord(28, 220, 277.2, 329.6), beats(22)])


@pytest.fixture(scope="module")
def framed() -> np.ndarray:
    """Two minutes with 20 s of silence before and after: alike but for the drums from 0:35 to 0:50."""
    song = [chord(15, 220, 330), beats(15), chord(50, 220, 330)]
    return np.concatenate([silence(20), *song, silence(20)])


def test_bounds_are_where_the_music_changes(medley: np.ndarray) -> None:
    found = bounds(frame_features(medley), SR)
    assert found.dtype == np.float32 and found[0] == 0
    assert len(found) == 3
    np.testing.assert_allclose(found[1:], [22, 50], atol=1.5)


@pytest.mark.parametrize(("seconds", "least", "most"), [(15, 2, 2), (60, 2, 3), (150, 5, 7), (500, 12, 12)])
def test_there_are_more_segments_in_a_longer_track(seconds: float, least: int, most: int) -> None:
    frames = int(seconds * SR / 512)
    rows = np.random.default_rng(0).standard_normal((len(ROW_NAMES), frames)).astype(np.float32)
    found = bounds(rows, SR)
    assert least <= len(found) <= most
    assert np.diff([*found, seconds]).min() >= 4.9


def test_a_track_over_ten_minutes_has_bounds_too() -> None:
    frames = 3600 * SR // 512
    rows = np.zeros((len(ROW_NAMES), frames), np.float32)
    rows[0, frames // 3 :] = 1
    assert np.abs(bounds(rows, SR) - 1200).min() < 6.1


@pytest.mark.parametrize("y", [silence(60), silence(0.1), noise(8)], ids=["silence", "a snippet", "short"])
def test_what_is_silent_or_short_is_one_segment(y: np.ndarray) -> None:
    np.testing.assert_array_equal(bounds(frame_features(y), SR), [0])


def test_parts_are_means_of_about_five_seconds() -> None:
    rows = np.arange(2 * 862, dtype=np.float32).reshape(2, 862)  # 20 s
    found = parts(rows, SR)
    assert found.shape == (4, 2) and found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), rows.mean(axis=1), rtol=1e-3)
    np.testing.assert_allclose(found[0], rows[:, :215].mean(axis=1))


def test_a_snippet_has_one_part() -> None:
    assert parts(np.ones((3, 2), np.float32), SR).tolist() == [[1, 1, 1]]
    assert means(np.ones((3, 2), np.float32), 5).shape == (2, 3)


def test_the_picture_shows_the_loudest_part_at_full_height() -> None:
    y = np.concatenate([np.full(4000, 0.1), np.full(4000, -0.4)]).astype(np.float32)
    picture = waveform(y)
    assert picture.shape == (400,) and picture.dtype == np.uint8
    assert set(picture[:200].tolist()) == {64} and set(picture[200:].tolist()) == {255}


@pytest.mark.parametrize("y", [silence(1), np.full(500, 3e-5, np.float32), np.zeros(0, np.float32)])
def test_silence_has_a_flat_picture(y: np.ndarray) -> None:
    assert not waveform(y).any()


@pytest.mark.parametrize("samples", [1, 399, 401, 12_345])
def test_every_length_gives_four_hundred_points(samples: int) -> None:
    assert waveform(np.full(samples, 0.5, np.float32)).tolist() == [255] * 400


def is_alike(start: float) -> bool:
    """Say whether an excerpt of `framed` lies in the chord, but for a second at its ends."""
    return 19 <= start <= 21 or 49 <= start <= 86


def test_the_telling_moment_is_not_in_silence_nor_in_the_odd_part(framed: np.ndarray) -> None:
    assert is_alike(telling_moment(framed, SR, None, frame_features(framed)))


def test_it_is_where_what_was_heard_is_like_the_rest(framed: np.ndarray) -> None:
    starts = [0.0, 25.0, 40.0, 55.0, 70.0, 85.0, 100.0, 117.0]
    rows = frame_features(framed)
    assert is_alike(telling_moment(framed, SR, heard_at(starts, odd=40.0), rows))
    start = telling_moment(framed, SR, heard_at(starts, odd=70.0), rows)
    assert is_alike(start) and not start <= 70 <= start + EXCERPT


def test_passages_in_silence_do_not_count_though_they_are_many(framed: np.ndarray) -> None:
    starts = [2.0, 4.0, 6.0, 25.0, 55.0, 70.0, 85.0, 112.0, 114.0, 117.0]
    heard = heard_at(starts, odd=25.0)
    heard.embeddings[4:6] += 3  # what sounds is alike, and unlike the silence; only at 85 s it is like that
    start = telling_moment(framed, SR, heard, frame_features(framed))
    assert is_alike(start) and not start <= 85 <= start + EXCERPT


def test_a_loud_moment_in_a_silent_track_is_found() -> None:
    y = np.concatenate([silence(40), chord(6, 220, 330), silence(40)])
    assert 31 <= telling_moment(y, SR, None, frame_features(y)) <= 40.1


def test_the_excerpt_begins_with_its_segment(framed: np.ndarray) -> None:
    rows = frame_features(framed)
    free = telling_moment(framed, SR, None, rows, begins=np.array([0.0]))
    assert free > 10
    for away, snapped in [(-4.0, True), (2.5, True), (-6.0, False), (4.0, False)]:
        begins = np.array([0.0, free + away])
        assert telling_moment(framed, SR, None, rows, begins=begins) == pytest.approx(free + away if snapped else free)


@pytest.mark.parametrize("seconds", [0.01, 3, 14.9, 15.1, 16])
@pytest.mark.parametrize("with_network", [True, False])
def test_it_always_lies_in_the_track(seconds: float, with_network: bool) -> None:
    y = noise(seconds)
    last = max(0.0, seconds - PATCH_SECONDS)
    heard = Heard(np.array([last]), np.ones((1, EMBEDDING_SIZE)), np.ones((1, TAGS_SIZE))) if with_network else None
    assert 0 <= telling_moment(y, SR, heard, frame_features(y)) <= max(0.0, len(y) / SR - EXCERPT)


def test_silence_has_a_telling_moment_too() -> None:
    y = silence(40)
    assert 0 <= telling_moment(y, SR, None, frame_features(y)) <= 25
