"""Descriptors are librosa's figures, named, and finite whatever the sound."""

from __future__ import annotations

import numpy as np
import pytest

from audio import descriptors
from audio.descriptors import DESCRIPTOR_NAMES, ROW_NAMES, describe, frame_features, hpss_shares, statistics, tempo

librosa = pytest.importorskip("librosa")
SR = 22_050


@pytest.fixture(scope="module")
def y(music: np.ndarray) -> np.ndarray:
    """Four seconds and a bit that fill no whole number of hops."""
    return librosa.resample(music.mean(axis=0), orig_sr=44_100, target_sr=SR)[:-37]


@pytest.fixture(scope="module")
def rows(y: np.ndarray) -> dict[str, np.ndarray]:
    """The frame features by name."""
    return dict(zip(ROW_NAMES, frame_features(y), strict=True))


def group(rows: dict[str, np.ndarray], start: str) -> np.ndarray:
    """Return the rows whose name begins so, in order."""
    return np.stack([row for name, row in rows.items() if name.startswith(start)])


def tuning(y: np.ndarray) -> float:
    return descriptors._tuning(y, SR, slice(0, 1 + len(y) // 512))


def test_every_number_has_one_name(y: np.ndarray) -> None:
    values = describe(y)
    assert values.shape == (len(DESCRIPTOR_NAMES),) and values.dtype == np.float32
    assert len(set(DESCRIPTOR_NAMES)) == len(DESCRIPTOR_NAMES) == 4 * 72 + 3
    assert DESCRIPTOR_NAMES[:2] == ("mfcc_01_mean", "mfcc_01_std")


@pytest.mark.parametrize(
    ("start", "function", "tolerance"),
    [
        ("mfcc_0", lambda y: librosa.feature.mfcc(y=y)[:9], 1e-3),
        ("mfcc_delta", lambda y: librosa.feature.delta(librosa.feature.mfcc(y=y)), 1e-3),
        ("chroma", lambda y: librosa.feature.chroma_stft(y=y, tuning=tuning(y)), 1e-4),
        ("contrast", lambda y: librosa.feature.spectral_contrast(y=y), 0.05),  # dB
        ("spectral_centroid", lambda y: librosa.feature.spectral_centroid(y=y), 0.05),  # Hz
        ("spectral_bandwidth", lambda y: librosa.feature.spectral_bandwidth(y=y), 0.05),  # Hz
        ("spectral_rolloff", lambda y: librosa.feature.spectral_rolloff(y=y), 11.0),  # Hz: one bin
        ("spectral_flatness", lambda y: librosa.feature.spectral_flatness(y=y), 1e-4),
        ("zero", lambda y: librosa.feature.zero_crossing_rate(y), 1e-6),
        ("rms", lambda y: librosa.feature.rms(y=y), 1e-6),
        ("tonnetz", lambda y: librosa.feature.tonnetz(chroma=librosa.feature.chroma_stft(y=y, tuning=tuning(y))), 1e-4),
        ("onset", lambda y: librosa.onset.onset_strength(y=y)[None], 1e-4),
    ],
)
def test_frames_are_those_of_librosa(y, rows, start, function, tolerance) -> None:
    expected = function(y)
    np.testing.assert_allclose(group(rows, start), expected, atol=tolerance)


def test_blocks_do_not_show(y: np.ndarray, rows: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "BLOCK", 7)
    np.testing.assert_allclose(frame_features(y), np.stack(list(rows.values())), atol=2e-2)


def test_tuning_is_librosas(y: np.ndarray) -> None:
    power = np.abs(librosa.stft(y)) ** 2
    assert tuning(y) == pytest.approx(librosa.estimate_tuning(S=power, sr=SR), abs=0.02)


def test_tempo_is_librosas() -> None:
    rng = np.random.default_rng(0)
    for bpm in (80, 120, 140):
        onsets = 0.1 * rng.random(2000)
        onsets[(np.arange(0, 2000, 60 * SR / 512 / bpm)).astype(int)] += 5
        expected = librosa.feature.tempo(onset_envelope=onsets, sr=SR)[0]
        assert tempo(onsets) == pytest.approx(expected)


def test_statistics_are_the_moments() -> None:
    scipy_stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(0).gamma(2.0, size=(3, 500))
    expected = np.stack([x.mean(1), x.std(1), scipy_stats.skew(x, axis=1), scipy_stats.kurtosis(x, axis=1)], axis=1)
    np.testing.assert_allclose(statistics(x), expected, rtol=1e-6)


def test_a_constant_row_has_no_shape() -> None:
    np.testing.assert_array_equal(statistics(np.full((1, 1000), 0.1, np.float32))[0, 1:], 0)


def test_a_tone_is_harmonic_and_a_click_percussive() -> None:
    t = np.arange(5 * SR) / SR
    names = {name: i for i, name in enumerate(DESCRIPTOR_NAMES)}
    tone = describe(0.3 * np.sin(2 * np.pi * 440 * t))
    clicks = describe((np.arange(len(t)) % 11_025 == 5000).astype(np.float32))
    harmonic, percussive = names["harmonic_share"], names["percussive_share"]
    assert tone[harmonic] > 0.9 > 0.1 > tone[percussive]
    assert clicks[percussive] > 0.9 > 0.1 > clicks[harmonic]


def test_shares_lie_between_nothing_and_all() -> None:
    shares = hpss_shares(np.random.default_rng(0).random((128, 100)).astype(np.float32))
    assert min(shares) > 0 and sum(shares) <= 1.0001
    assert hpss_shares(np.zeros((128, 5), np.float32)) == (0.0, 0.0)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(SR),
        np.zeros(1),
        np.ones(SR),
        np.eye(1, SR, 5000)[0],
        np.eye(1, 300, 100)[0],
        np.random.default_rng(0).standard_normal(3000),
        1e3 * np.random.default_rng(0).standard_normal(SR),
        1e-12 * np.random.default_rng(0).standard_normal(SR),
    ],
    ids=["silence", "one sample", "constant", "click", "very short", "short noise", "far too loud", "next to silent"],
)
def test_every_sound_has_finite_descriptors(sound: np.ndarray) -> None:
    assert np.isfinite(describe(sound.astype(np.float32))).all()


def test_the_same_sound_gives_the_same_numbers(y: np.ndarray) -> None:
    np.testing.assert_array_equal(describe(y), describe(y.copy()))
