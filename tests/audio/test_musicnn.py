"""The rebuilt network hears what the published one was trained to hear."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio import musicnn
from audio.decode import decode
from audio.musicnn import EPSILON, N_PATCHES, NETWORKS, PATCH_SECONDS, SR, Musicnn, Weights, cut_patches, log_mel
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


def published(tf: Any, weights: Weights, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Run the network layer by layer as it was published, on patches (n, 187, 96)."""

    def norm(x: Any, number: int) -> Any:
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        mean, variance = weights[f"{name}/moving_mean"], weights[f"{name}/moving_variance"]
        return (x - mean) / np.sqrt(variance + EPSILON) * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def conv(x: Any, number: int, *, surrounded: bool = False, padding: str = "VALID") -> Any:
        name = f"conv2d_{number}" if number else "conv2d"
        x = tf.pad(x, [[0, 0], [3, 3], [0, 0], [0, 0]]) if surrounded else x
        return tf.nn.relu(tf.nn.conv2d(x, weights[f"{name}/kernel"], 1, padding) + weights[f"{name}/bias"])

    image = norm(patches[..., None], 0)
    branches = [conv(image, i, surrounded=True) for i in (0, 1)] + [conv(image, i, padding="SAME") for i in (2, 3, 4)]
    front = tf.concat([tf.reduce_max(norm(x, i), axis=2) for i, x in enumerate(branches, 1)], axis=2)
    mid = [norm(conv(front[..., None], 5, surrounded=True), 6)[:, :, 0]]
    for i in (6, 7):
        mid.append(norm(conv(mid[-1][..., None], i, surrounded=True), i + 1)[:, :, 0] + mid[-1])
    channels = tf.concat([front, *mid], axis=2)
    pooled = tf.stack([tf.reduce_max(channels, axis=1), tf.reduce_mean(channels, axis=1)], axis=2)
    flat = norm(tf.reshape(pooled, [len(patches), -1]), 9)
    embedding = norm(tf.nn.relu(flat @ weights["dense/kernel"] + weights["dense/bias"]), 10)
    return embedding.numpy(), tf.sigmoid(embedding @ weights["dense_1/kernel"] + weights["dense_1/bias"]).numpy()


@needs_networks
def test_folding_the_norms_changes_no_number(networks: Musicnn, music: np.ndarray) -> None:
    tf, folder = musicnn._tensorflow(1), musicnn._weights_folder()
    assert folder is not None
    patches = cut_patches(np.concatenate([music.mean(axis=0), np.zeros(2 * 44_100, np.float32)]), 44_100)
    embeddings, tags = networks.hear_patches(patches)
    expected = [published(tf, musicnn._read_weights(tf, folder / name), log_mel(patches)) for name in NETWORKS]
    np.testing.assert_allclose(embeddings, expected[0][0], atol=5e-5)
    np.testing.assert_allclose(tags, np.concatenate([msd_or_mtt for _, msd_or_mtt in expected], axis=1), atol=5e-6)


@needs_networks
def test_passages_are_heard_one_by_one(networks: Musicnn, music: np.ndarray) -> None:
    y = np.tile(music.mean(axis=0), 4)  # 16 s
    heard = networks.hear(y, 44_100)
    assert heard.embeddings.shape == (5, 200) and heard.tags.shape == (5, 100)
    np.testing.assert_allclose(heard.starts, np.linspace(0, 16 - PATCH_SECONDS, 5), atol=1e-3)
    embedding, tags = networks.embed(y, 44_100)
    np.testing.assert_allclose(embedding, heard.embeddings.mean(axis=0))
    np.testing.assert_allclose(tags, heard.tags.mean(axis=0))
    alone = networks.hear(y[-int(np.ceil(PATCH_SECONDS * 44_100)) :], 44_100)
    np.testing.assert_allclose(alone.embeddings[0], heard.embeddings[-1], atol=1e-3)


@needs_networks
def test_many_passages_are_heard_in_batches(networks: Musicnn, monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.random.default_rng(0).normal(0, 0.1, 10 * SR).astype(np.float32)
    together = networks.hear(y)
    monkeypatch.setattr(musicnn, "BATCH", 2)
    np.testing.assert_allclose(networks.hear(y).embeddings, together.embeddings, atol=5e-5)
    assert len(networks.hear(y, n_patches=2).starts) == 2


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
