"""Time arrays hold librosa's mel spectrogram and the features of each second, in few bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audio import musicnn, slices
from audio.decode import SR, decode
from audio.descriptors import ROW_NAMES, frame_features
from audio.encode import write_audio
from audio.identity import content_id
from audio.slices import (
    Wanted,
    decibels,
    frame_sequence,
    kinds_here,
    make,
    mel_slices,
    patch_embeddings,
    require,
    slice_starts,
)
from core.errors import DecodeError, EarmarkError

librosa = pytest.importorskip("librosa")


def swelling(seconds: float) -> np.ndarray:
    """Return noise that grows, with a tone."""
    t = np.arange(int(seconds * SR)) / SR
    noise = np.random.default_rng(0).standard_normal(len(t)) * t / max(seconds, 1)
    return (0.2 * noise + 0.1 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


def test_levels_are_librosas_to_a_quarter_of_a_decibel() -> None:
    y = swelling(5)
    power = librosa.feature.melspectrogram(y=y, sr=SR, n_mels=128, pad_mode="constant")
    expected = librosa.power_to_db(power, amin=1e-8, top_db=None)
    (found,) = decibels(mel_slices(y))
    assert found.shape == expected.shape == (128, 216)
    assert np.abs(found - expected).max() <= slices.STEP_DB / 2 + 0.01


def test_slices_are_bytes_spread_over_the_track() -> None:
    y = np.zeros(100 * SR, np.float32)
    y[-5 * SR :] = swelling(5)
    found = mel_slices(y)
    assert found.shape == (12, 128, 216) and found.dtype == np.uint8
    assert not found[:-1, :, :-4].any() and found[-1].any()
    starts = slice_starts(len(y))
    assert starts[0] == 0 and starts[-1] == 95 * SR


@pytest.mark.parametrize(("seconds", "count"), [(0.01, 1), (4, 1), (9.9, 1), (12, 2), (60, 12), (600, 12)])
def test_a_short_track_has_fewer_slices(seconds: float, count: int) -> None:
    assert len(slice_starts(int(seconds * SR))) == count


def test_a_slice_in_the_middle_hears_what_surrounds_it() -> None:
    y = swelling(11)
    power = librosa.feature.melspectrogram(y=y[6 * SR - 1024 :], sr=SR, n_mels=128, center=False)[:, :200]
    found = decibels(mel_slices(y)[1])[:, :200]
    assert np.abs(found - librosa.power_to_db(power, amin=1e-8, top_db=None)).max() < 0.3


@pytest.mark.parametrize("y", [np.zeros(10, np.float32), np.zeros(SR * 6, np.float32)])
def test_silence_is_the_floor(y: np.ndarray) -> None:
    assert decibels(mel_slices(y)).max() == slices.FLOOR_DB
    assert np.isfinite(frame_sequence(y)).all()


def test_the_loudest_tone_fits() -> None:
    y = np.sin(2 * np.pi * 1000 * np.arange(5 * SR) / SR).astype(np.float32)
    assert mel_slices(y).max() < 255


def test_a_sequence_has_a_row_of_features_a_second() -> None:
    y = swelling(7)
    found = frame_sequence(y)
    assert found.shape == (7, len(ROW_NAMES)) and found.dtype == np.float16
    rows = frame_features(y)
    np.testing.assert_allclose(found[0], rows[:, :43].mean(axis=1), rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(found.mean(axis=0), rows.mean(axis=1), rtol=1e-2, atol=1e-2)


def test_a_file_gives_the_kinds_wanted(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "a.flac", swelling(6), SR)
    found = make(Wanted(str(file), content_id(file), ("frames",)))
    assert list(found) == ["frames"]
    np.testing.assert_array_equal(found["frames"], frame_sequence(decode(file).y))
    assert list(make(Wanted(str(file), content_id(file), ("mel", "frames")))) == ["mel", "frames"]


@pytest.mark.skipif(not musicnn.available(), reason="needs TensorFlow and the weights")
def test_patches_are_what_the_analysis_hears() -> None:
    y = swelling(11)
    found = patch_embeddings(y)
    assert found.shape == (3, 200) and found.dtype == np.float16
    embedding, _ = musicnn.Musicnn().embed(y, SR)
    np.testing.assert_allclose(found.mean(axis=0, dtype=np.float32), embedding, atol=5e-3)
    assert patch_embeddings(swelling(60)).shape == (8, 200)


def test_without_tensorflow_there_are_the_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(musicnn, "available", lambda: False)
    assert kinds_here() == ("mel", "frames")
    require(("mel", "frames"))
    with pytest.raises(EarmarkError, match="patches need TensorFlow"):
        require(("mel", "patches"))


def test_a_file_whose_sound_is_another_now_is_refused(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "a.flac", swelling(6), SR)
    heard = content_id(file)
    write_audio(file, swelling(7), SR)
    with pytest.raises(DecodeError, match="changed"):
        make(Wanted(str(file), heard, ("mel",)))
