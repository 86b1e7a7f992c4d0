"""The rebuilt network hears what the published one was trained to hear."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audio import musicnn
from audio.decode import decode
from audio.musicnn import N_PATCHES, SR, Musicnn, cut_patches, log_mel
from core.vocabulary import TAG_NAMES

ROOT = Path(__file__).resolve().parents[2]
MUSIC = ROOT.parent / "shared" / "music"
needs_networks = pytest.mark.skipif(
    not musicnn.available(), reason="TensorFlow or the musicnn weights are not installed"
)


@pytest.fixture(scope="module")
def networks() -> Musicnn:
    """Both networks, loaded once."""
    return Musicnn(threads=1)


@pytest.mark.parametrize(("seconds", "count"), [(0.01, 1), (3, 1), (7, 2), (20, 6), (30, N_PATCHES), (200, N_PATCHES)])
def test_patches_are_spread_over_the_track(seconds: float, count: int) -> None:
    y = np.arange(int(seconds * SR), dtype=np.float32)
    patches = cut_patches(y, SR)
    assert patches.shape == (count, 186 * 256 + 512)
    if count > 1:
        assert patches[0, 0] == 0 and patches[-1, -1] == len(y) - 1


def test_other_rates_are_resampled_after_cutting() -> None:
    assert cut_patches(np.zeros(44_100 * 40, np.float32), 44_100).shape == (N_PATCHES, 186 * 256 + 512)


def test_the_network_sees_librosas_mel_spectrogram() -> None:
    librosa = pytest.importorskip("librosa")
    patch = np.random.default_rng(0).standard_normal(186 * 256 + 512).astype(np.float32)
    mel = librosa.feature.melspectrogram(y=patch, sr=SR, n_fft=512, hop_length=256, n_mels=96, center=False)
    seen = log_mel(patch[None])
    assert seen.shape == (1, 187, 96) and seen.dtype == np.float32
    np.testing.assert_allclose(seen[0], np.log10(10_000 * mel.T + 1), atol=1e-4)


def test_asking_whether_it_is_there_does_not_load_tensorflow() -> None:
    code = "import sys; from audio import musicnn; musicnn.available(); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@needs_networks
def test_shapes_and_ranges(networks: Musicnn) -> None:
    embedding, tags = networks.embed(np.random.default_rng(0).standard_normal(5 * SR).astype(np.float32) * 0.1)
    assert embedding.shape == (200,) and embedding.dtype == np.float32
    assert tags.shape == (len(TAG_NAMES),) and tags.dtype == np.float32
    assert tags.min() >= 0 and tags.max() <= 1


@needs_networks
@pytest.mark.parametrize("y", [np.zeros(100, np.float32), np.zeros(SR * 5, np.float32), np.ones(1, np.float32)])
def test_silence_and_snippets_are_heard_without_complaint(networks: Musicnn, y: np.ndarray) -> None:
    embedding, tags = networks.embed(y)
    assert np.isfinite(embedding).all() and np.isfinite(tags).all()


@needs_networks
def test_the_rate_of_the_samples_hardly_matters(networks: Musicnn, music: np.ndarray) -> None:
    from audio.decode import resample

    y = music.mean(axis=0)
    (low, _), (high, _) = networks.embed(resample(y, 44_100, SR)), networks.embed(resample(y, 44_100, 22_050), 22_050)
    assert np.corrcoef(low, high)[0, 1] > 0.99


@needs_networks
@pytest.mark.skipif(not MUSIC.exists(), reason="the folder of real music is not here")
def test_electronic_music_is_heard_as_electronic_and_rock_as_rock(networks: Musicnn) -> None:
    with open(MUSIC / "genre_labels.csv", encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    heard = {}
    for genre in ("electronic", "classical", "rock"):
        clips = [decode(MUSIC / row["path"]) for row in labels if row["value"] == genre][::20]
        mean = np.mean([networks.embed(clip.y, clip.sr)[1] for clip in clips], axis=0)
        heard[genre] = dict(zip(TAG_NAMES, mean, strict=True))
    assert heard["electronic"]["msd:electronic"] > 0.2 > 0.1 > heard["classical"]["msd:electronic"]
    assert heard["rock"]["msd:rock"] > 0.12 > heard["electronic"]["msd:rock"]
    assert heard["classical"]["mtt:classical"] > 0.3 > heard["rock"]["mtt:classical"]
