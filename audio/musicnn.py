"""MusiCNN: the pretrained network whose penultimate layer is the default representation of a track.

The trained weights come with the `musicnn` package; its code needs a TensorFlow of 2019, so the network is rebuilt here
from its description: Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging";
Pons et al. 2018, "End-to-end learning for music audio tagging at scale".
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from audio.decode import resample
from core.errors import EarmarkError
from core.vocabulary import MSD_TAGS, MTT_TAGS

NAME = "musicnn"
VERSION = 1  # of the embedding; raise it when the same file would give other numbers
TAGS_NAME = "tags"
TAGS_VERSION = 1
EMBEDDING_SIZE = 200
TAGS_SIZE = len(MSD_TAGS) + len(MTT_TAGS)

SR = 16000  # Hz
N_FFT = 512
HOP = 256
N_MELS = 96
PATCH_FRAMES = 187  # what the network was trained on: 3 s
PATCH_SECONDS = ((PATCH_FRAMES - 1) * HOP + N_FFT) / SR
# Eight patches spread over the track gave the same accuracy as all twenty of a 60 s clip (genre .789; four .757).
N_PATCHES = 8
EPSILON = 1e-3  # of the batch norms

# The two networks: folder of the package, and the tags they were trained to hear.
NETWORKS: dict[str, tuple[str, ...]] = {"MSD_musicnn": MSD_TAGS, "MTT_musicnn": MTT_TAGS}
Weights = dict[str, np.ndarray]


def available() -> bool:
    """Say whether TensorFlow and the weights are installed, without importing either."""
    return find_spec("tensorflow") is not None and _weights_folder() is not None


class Musicnn:
    """Both networks, loaded and ready.

    Parameters
    ----------
    threads : int
        For TensorFlow; 1 for children that share the cores. Only the first `Musicnn` of a process decides.
    """

    def __init__(self, *, threads: int = 1) -> None:
        folder = _weights_folder()
        if folder is None or find_spec("tensorflow") is None:
            raise EarmarkError(
                "The MusiCNN embedding needs TensorFlow and the musicnn package: see the README, Install."
            )
        tf = _tensorflow(threads)
        self._networks = [_compile(tf, _read_weights(tf, folder / name)) for name in NETWORKS]

    def embed(self, y: np.ndarray, sr: int = SR) -> tuple[np.ndarray, np.ndarray]:
        """Hear up to `N_PATCHES` passages of 3 s, spread evenly over the track.

        Parameters
        ----------
        y : np.ndarray, shape (samples,)
            Mono samples; shorter than a patch is repeated.
        sr : int
            Their rate in Hz; only the passages are resampled.

        Returns
        -------
        embedding : np.ndarray, shape (200,)
            Mean over the patches of the penultimate layer of the network trained on the Million Song Dataset.
        tags : np.ndarray, shape (100,)
            Mean probability of each of `core.vocabulary.TAG_NAMES`.
        """
        patches = log_mel(cut_patches(y, sr))
        (embeddings, msd), (_, mtt) = (network(patches) for network in self._networks)
        tags = np.concatenate([msd, mtt], axis=1)
        return embeddings.mean(axis=0), tags.mean(axis=0)


def cut_patches(y: np.ndarray, sr: int, n_patches: int = N_PATCHES) -> np.ndarray:
    """Cut passages of `PATCH_SECONDS` spread evenly over a track, at 16 kHz.

    A track shorter than all patches together gives as many as fit without overlap, and at least one.

    Returns
    -------
    np.ndarray, shape (patches, samples of a patch)
    """
    length = int(np.ceil(PATCH_SECONDS * sr))
    y = np.resize(y, max(len(y), length)) if len(y) < length else y
    count = min(n_patches, max(1, len(y) // length))
    starts = np.linspace(0, len(y) - length, count).round().astype(int) if count > 1 else [(len(y) - length) // 2]
    passages = np.stack([y[start : start + length] for start in starts], axis=1)
    return resample(passages, sr, SR)[: (PATCH_FRAMES - 1) * HOP + N_FFT].T


def log_mel(patches: np.ndarray) -> np.ndarray:
    """Return what the network looks at: log10(10000 x mel power + 1) of each passage.

    Parameters
    ----------
    patches : np.ndarray, shape (patches, samples)
        At 16 kHz.

    Returns
    -------
    np.ndarray, shape (patches, 187, 96)
    """
    frames = np.lib.stride_tricks.sliding_window_view(patches, N_FFT, axis=1)[:, ::HOP]
    window, mel = _filters()
    spectrum = np.fft.rfft(frames * window, axis=-1)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log10(10000 * (power @ mel) + 1).astype(np.float32)


@cache
def _filters() -> tuple[np.ndarray, np.ndarray]:
    """Return the Hann window (512,) and the mel filters (257, 96), both float32."""
    import librosa

    window = librosa.filters.get_window("hann", N_FFT).astype(np.float32)
    return window, np.ascontiguousarray(librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=N_MELS).T)


def _weights_folder() -> Path | None:
    """Return the folder of the installed musicnn package, without importing it: its code no longer runs."""
    spec = find_spec("musicnn")
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    return next((folder for folder in folders if all((folder / name / ".index").exists() for name in NETWORKS)), None)


def _tensorflow(threads: int) -> Any:
    """Import TensorFlow as quietly as it can be, on the processor only."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with _quiet_stderr():
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:  # already running: the first one decided
            pass
        tf.zeros(1) + 1  # starts the runtime, which prints too
    return tf


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Send what C++ code prints on standard error to nowhere; a TensorFlow that fails still raises."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _read_weights(tf: Any, folder: Path) -> Weights:
    """Read a published checkpoint: its files have no name before the dot, which the reader refuses; copies get one."""
    with tempfile.TemporaryDirectory() as copies:
        for ending in (".index", ".data-00000-of-00001"):
            shutil.copyfile(folder / ending, Path(copies) / f"weights{ending}")
        reader = tf.train.load_checkpoint(str(Path(copies) / "weights"))
        names = [name for name in reader.get_variable_to_shape_map() if "Adam" not in name and "power" not in name]
        return {name: reader.get_tensor(name) for name in names}


def _compile(tf: Any, weights: Weights) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return a function from patches (n, 187, 96) to embeddings (n, 200) and tag probabilities (n, 50)."""
    tensors = {name: tf.constant(value) for name, value in weights.items()}
    graph = tf.function(
        lambda x: network(tf, tensors, x),
        input_signature=[tf.TensorSpec([None, PATCH_FRAMES, N_MELS], tf.float32)],
        autograph=False,  # plain ops: nothing to rewrite, and no files left in the temp folder
    )

    def run(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        embeddings, tags = graph(tf.constant(patches))
        return embeddings.numpy(), tags.numpy()

    return run


def network(tf: Any, weights: dict[str, Any], patches: Any) -> tuple[Any, Any]:
    """Run MusiCNN on patches of shape (n, 187, 96): front end, mid end, back end.

    Its tag probabilities are those of the published graph to 1e-7.
    """

    def norm(x: Any, number: int) -> Any:
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        scale = weights[f"{name}/gamma"] / tf.sqrt(weights[f"{name}/moving_variance"] + EPSILON)
        return x * scale + (weights[f"{name}/beta"] - weights[f"{name}/moving_mean"] * scale)

    def conv(x: Any, number: int, padding: str = "VALID") -> Any:
        name = f"conv2d_{number}" if number else "conv2d"
        return tf.nn.relu(tf.nn.conv2d(x, weights[f"{name}/kernel"], 1, padding) + weights[f"{name}/bias"])

    def pad_time(x: Any) -> Any:
        return tf.pad(x, [[0, 0], [3, 3], [0, 0], [0, 0]])

    def dense(x: Any, name: str) -> Any:
        return tf.matmul(x, weights[f"{name}/kernel"]) + weights[f"{name}/bias"]

    # Front end: two timbral filters (7 frames high in time, wide in frequency), three temporal ones.
    image = norm(patches[..., tf.newaxis], 0)
    timbral = [conv(pad_time(image), number) for number in (0, 1)]
    temporal = [conv(image, number, "SAME") for number in (2, 3, 4)]
    front = tf.concat([tf.reduce_max(norm(x, i), axis=2) for i, x in enumerate(timbral + temporal, 1)], axis=2)

    def mid_layer(x: Any, number: int) -> Any:
        """One convolution over time and all channels: (n, time, channels) -> (n, time, 64)."""
        return norm(conv(pad_time(x[..., tf.newaxis]), number), number + 1)[:, :, 0]

    mid = [mid_layer(front, 5)]
    for number in (6, 7):
        mid.append(mid_layer(mid[-1], number) + mid[-1])
    channels = tf.concat([front, *mid], axis=2)

    # Back end: each channel's maximum and mean over time, side by side.
    pooled = tf.stack([tf.reduce_max(channels, axis=1), tf.reduce_mean(channels, axis=1)], axis=2)
    flat = norm(tf.reshape(pooled, [-1, 2 * channels.shape[2]]), 9)
    embedding = norm(tf.nn.relu(dense(flat, "dense")), 10)
    return embedding, tf.sigmoid(dense(embedding, "dense_1"))
