"""Descriptors are librosa's figures, named, and finite whatever the sound."""

from __future__ import annotations

import numpy as np
import pytest

from audio import descriptors
from audio.descriptors import (
    DESCRIPTOR_NAMES,
    MINOR,
    ROW_NAMES,
    TOLERANCE,
    WHOLE_TRACK,
    describe,
    frame_features,
    hpss_shares,
    key,
    measure,
    statistics,
    tempo,
)

librosa = pytest.importorskip("librosa")
SR = 22_050


def music_like(seconds: float) -> np.ndarray:
    """A glide, a dying tone, a beat and some noise; like most files next to nothing above 10 kHz."""
    rng, t = np.random.default_rng(1), np.arange(int(seconds * 44_100)) / 44_100
    glide = 0.3 * np.sin(2 * np.pi * 220 * t * (1 + 0.01 * (t % 4))) + 0.2 * np.sin(2 * np.pi * 554 * t) * np.exp(
        -t % 2
    )
    x = glide + 0.5 * (np.arange(len(t)) % 22_050 < 60) + 0.02 * rng.standard_normal(len(t))
    return librosa.resample(x.astype(np.float32), orig_sr=44_100, target_sr=SR)


MUSIC = music_like(4)[:-37]  # fills no whole number of hops
SOUNDS = {
    "music": MUSIC,
    "silence": np.zeros(SR, np.float32),
    "music around silence": np.concatenate([MUSIC, np.zeros(SR, np.float32), MUSIC]),
    "clicks": (np.arange(4 * SR) % 11_025 == 5_000).astype(np.float32),
    "clipping": np.clip(8 * MUSIC, -1, 1),
    "0.2 s": MUSIC[: SR // 5],
    "less than a frame": MUSIC[:300],
    "whole hops": MUSIC[: 20 * 512],
    "long": np.tile(MUSIC, 10),
}


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    """Four seconds that fill no whole number of hops."""
    return MUSIC


def tuning(y: np.ndarray) -> float:
    frames = 1 + len(y) // 512
    return descriptors._tuning([descriptors._spectrum(y, descriptors._middle(frames, SR))], SR)


def librosas(y: np.ndarray) -> dict[str, np.ndarray]:
    """Call librosa's own function for every feature."""
    mfcc = librosa.feature.mfcc(y=y)
    chroma = librosa.feature.chroma_stft(y=y, tuning=tuning(y))
    return {
        "mfcc": mfcc,
        "mfcc_delta": librosa.feature.delta(mfcc) if mfcc.shape[1] >= 9 else np.zeros_like(mfcc),  # librosa refuses
        "chroma": chroma,
        "contrast": librosa.feature.spectral_contrast(y=y),
        "spectral_centroid": librosa.feature.spectral_centroid(y=y),
        "spectral_bandwidth": librosa.feature.spectral_bandwidth(y=y),
        "spectral_rolloff": librosa.feature.spectral_rolloff(y=y),
        "spectral_flatness": librosa.feature.spectral_flatness(y=y),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(y),
        "rms": librosa.feature.rms(y=y),
        "tonnetz": librosa.feature.tonnetz(chroma=chroma),
        "onset_strength": librosa.onset.onset_strength(y=y)[None],
    }


def group(rows: np.ndarray, feature: str) -> np.ndarray:
    """Return the rows of one feature, in order."""
    return np.stack([row for name, row in zip(ROW_NAMES, rows, strict=True) if feature_of(name) == feature])


def feature_of(row: str) -> str:
    """Return the feature a row belongs to: "mfcc" of "mfcc_01"."""
    return max((feature for feature in TOLERANCE if row.startswith(feature)), key=len)


def test_every_number_has_one_name(y: np.ndarray) -> None:
    values = describe(y)
    assert values.shape == (len(DESCRIPTOR_NAMES),) and values.dtype == np.float32
    assert len(set(DESCRIPTOR_NAMES)) == len(DESCRIPTOR_NAMES) == 4 * 72 + 7
    assert DESCRIPTOR_NAMES[-7:] == WHOLE_TRACK
    assert DESCRIPTOR_NAMES[:2] == ("mfcc_01_mean", "mfcc_01_std")


@pytest.mark.filterwarnings("ignore:n_fft=:UserWarning")
@pytest.mark.parametrize("name", SOUNDS)
def test_frames_are_those_of_librosa(name: str) -> None:
    sound = SOUNDS[name]
    rows, expected = frame_features(sound), librosas(sound)
    assert set(expected) == set(TOLERANCE)
    off = {feature: float(np.abs(group(rows, feature) - expected[feature]).max()) for feature in TOLERANCE}
    assert {feature: most for feature, most in off.items() if not most <= TOLERANCE[feature]} == {}


def test_blocks_do_not_show(y: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = frame_features(y)
    for size in (7, 64, 10**6):
        monkeypatch.setattr(descriptors, "BLOCK", size)
        monkeypatch.setattr(descriptors, "HOPS", size)
        off = np.abs(frame_features(y) - rows).max(axis=1)
        assert [n for n, most in zip(ROW_NAMES, off, strict=True) if most > TOLERANCE[feature_of(n)]] == []


def test_tuning_is_librosas() -> None:
    for cents in (-30, 0, 45):
        t = np.arange(2 * SR) / SR
        y = sum(np.sin(2 * np.pi * hz * 2 ** (cents / 1200) * t) for hz in (220, 330, 440, 660)).astype(np.float32)
        assert tuning(y) == librosa.estimate_tuning(S=np.abs(librosa.stft(y)) ** 2, sr=SR)


def test_tempo_is_librosas() -> None:
    rng = np.random.default_rng(0)
    for bpm in (80, 120, 140):
        onsets = 0.1 * rng.random(2000)
        onsets[(np.arange(0, 2000, 60 * SR / 512 / bpm)).astype(int)] += 5
        expected = librosa.feature.tempo(onset_envelope=onsets, sr=SR)[0]
        assert tempo(onsets)[0] == pytest.approx(expected)


def test_a_beat_is_sure_of_its_tempo_and_noise_is_not() -> None:
    onsets = 0.1 * np.random.default_rng(0).random(2000)
    noise = tempo(onsets)[1]
    onsets[:: int(60 * SR / 512 / 120)] += 5
    assert noise < 0.2 < 0.6 < tempo(onsets)[1] <= 1
    assert tempo(np.zeros(2000)) == (0, 0)


@pytest.mark.parametrize("note", range(12))
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_a_cadence_has_its_key(note: int, mode: str) -> None:
    thirds = {"major": (4, 4, 4), "minor": (3, 3, 4)}[mode]  # tonic, fourth, fifth
    chroma = np.full(12, 0.05)
    for root, third, weight in zip((0, 5, 7), thirds, (2, 1, 1), strict=True):
        for step in (0, third, 7):
            chroma[(note + root + step) % 12] += weight
    found, found_mode, confidence = key(chroma)
    assert (found, found_mode) == (note, mode == "major") and 0 < confidence < 1


def test_the_key_of_a_sound_is_heard() -> None:
    t = np.arange(SR) / SR
    chords = [(9, 12, 16), (2, 5, 9), (4, 8, 11), (9, 12, 16)]  # A minor, D minor, E major, A minor: from C up
    y = np.concatenate([sum(np.sin(2 * np.pi * 261.63 * 2 ** (n / 12) * t) for n in chord) for chord in chords])
    values = dict(zip(DESCRIPTOR_NAMES, describe(0.2 * y), strict=True))
    assert (values["key"], values["mode"]) == (9, 0) and values["key_confidence"] > 0.05


def test_what_has_no_notes_has_no_key() -> None:
    assert key(np.zeros(12)) == key(np.ones(12)) == (0, 0, 0)
    assert key(np.array(MINOR))[2] > 0.05
    assert key(np.random.default_rng(0).random(12) * 0.01 + 1)[2] < 0.5


def test_the_running_median_is_scipys() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    for shape in ((1, 3), (5, 40), (128, 50)):
        x = np.random.default_rng(0).random(shape).astype(np.float32)
        for size in (15, 17):
            expected = ndimage.median_filter(x, size=(size, 1), mode="reflect")
            np.testing.assert_array_equal(descriptors._median_filter(x, size), expected)


def test_shares_are_those_of_librosas_separation() -> None:
    mel = np.random.default_rng(0).random((128, 100)).astype(np.float32) ** 4
    mel[40] += 3
    mel[:, 20] += 3
    harmonic, percussive = librosa.decompose.hpss(np.sqrt(mel), kernel_size=descriptors.HPSS_KERNEL)
    expected = [float((part**2).sum() / mel.sum()) for part in (harmonic, percussive)]
    assert hpss_shares(mel) == pytest.approx(expected, rel=1e-4)


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
    described = measure(sound.astype(np.float32))
    assert np.isfinite(described.values).all() and np.isfinite(described.rows).all()
    assert described.rows.shape == (len(ROW_NAMES), 1 + len(sound) // 512)


def test_the_same_sound_gives_the_same_numbers(y: np.ndarray) -> None:
    np.testing.assert_array_equal(describe(y), describe(y.copy()))
