"""MusiCNN: the pretrained network whose penultimate layer is the default representation of a track.

The trained weights come with the `musicnn` package; its code needs a TensorFlow of 2019, so the network is rebuilt here
from its description: Pons & Serra 2019, "musicnn: pre-trained convolutional neural networks for music audio tagging";
Pons et al. 2018, "End-to-end learning for music audio tagging at scale".
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from audio.decode import resample
from core.errors import EarmarkError
from core.quiet import quiet_stderr
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
# Of 257 clips of 45 s, eight patches against all fourteen that fit (benchmarks/patches.py, new artists, paired, 95 %):
# genre +0.2 points (-0.6 to +1.0); AUC of liked -0.7 (-1.9 to +0.5) and +0.7 (-0.3 to +1.6) for two listeners.
N_PATCHES = 8
BATCH = 8  # patches at once: more take more memory (20 MB each) and no less time
EPSILON = 1e-3  # of the batch norms
TIMBRAL = (0, 1)  # branches of the front end that see many bands at once; 2, 3 and 4 see one band for long

# The two networks: folder of the package, and the tags they were trained to hear.
NETWORKS: dict[str, tuple[str, ...]] = {"MSD_musicnn": MSD_TAGS, "MTT_musicnn": MTT_TAGS}
Weights = dict[str, np.ndarray]


def available() -> bool:
    """Say whether TensorFlow and the weights are installed, without importing either."""
    return find_spec("tensorflow") is not None and _weights_folder() is not None


class Heard(NamedTuple):
    """What the networks heard of a track, passage by passage."""

    starts: np.ndarray  # (patches,) seconds at which each begins; it lasts `PATCH_SECONDS`
    embeddings: np.ndarray  # (patches, 200) float32, of the network trained on the Million Song Dataset
    tags: np.ndarray  # (patches, 100) float32, probability of each of `core.vocabulary.TAG_NAMES`


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
        self._networks = _compile(tf, [_read_weights(tf, folder / name) for name in NETWORKS])

    def hear(self, y: np.ndarray, sr: int = SR, *, n_patches: int = N_PATCHES) -> Heard:
        """Hear up to `n_patches` passages of 3 s, spread evenly over the track.

        Parameters
        ----------
        y : np.ndarray, shape (samples,)
            Mono samples; shorter than a patch is repeated.
        sr : int
            Their rate in Hz; only the passages are resampled.
        n_patches : int
            At most; never more than fit without overlap.
        """
        starts = patch_starts(len(y), sr, n_patches) / sr
        return Heard(starts, *self.hear_patches(cut_patches(y, sr, n_patches)))

    def hear_patches(self, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return embeddings (n, 200) and tags (n, 100) of passages at 16 kHz, shape (n, samples of a patch)."""
        pieces = [self._networks(log_mel(patches[i : i + BATCH])) for i in range(0, len(patches), BATCH)]
        embeddings, msd, mtt = (np.concatenate(outputs) for outputs in zip(*pieces, strict=True))
        return embeddings, np.concatenate([msd, mtt], axis=1)

    def embed(self, y: np.ndarray, sr: int = SR) -> tuple[np.ndarray, np.ndarray]:
        """Return what `hear` heard on average: the embedding (200,) and the probability of each tag (100,)."""
        heard = self.hear(y, sr)
        return heard.embeddings.mean(axis=0), heard.tags.mean(axis=0)


def patch_starts(samples: int, sr: int, n_patches: int = N_PATCHES) -> np.ndarray:
    """Return the first sample of each passage, spread evenly: as many as fit without overlap, and at least one."""
    length = _patch_samples(sr)
    count = min(n_patches, max(1, samples // length))
    if count == 1:
        return np.array([max(0, samples - length) // 2])
    return np.linspace(0, samples - length, count).round().astype(int)


def cut_patches(y: np.ndarray, sr: int, n_patches: int = N_PATCHES) -> np.ndarray:
    """Cut passages of `PATCH_SECONDS` spread evenly over a track, at 16 kHz.

    A track shorter than all patches together gives as many as fit without overlap, and at least one.

    Returns
    -------
    np.ndarray, shape (patches, samples of a patch)
    """
    length = _patch_samples(sr)
    y = np.resize(y, length) if len(y) < length else y
    passages = np.stack([y[start : start + length] for start in patch_starts(len(y), sr, n_patches)], axis=1)
    return resample(passages, sr, SR)[: (PATCH_FRAMES - 1) * HOP + N_FFT].T


def _patch_samples(sr: int) -> int:
    return int(np.ceil(PATCH_SECONDS * sr))


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
    with quiet_stderr():
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:  # already running: the first one decided
            pass
        tf.zeros(1) + 1  # starts the runtime, which prints too
    return tf


def _read_weights(tf: Any, folder: Path) -> Weights:
    """Read a published checkpoint: its files have no name before the dot, which the reader refuses; copies get one."""
    with tempfile.TemporaryDirectory() as copies:
        for ending in (".index", ".data-00000-of-00001"):
            shutil.copyfile(folder / ending, Path(copies) / f"weights{ending}")
        reader = tf.train.load_checkpoint(str(Path(copies) / "weights"))
        names = [name for name in reader.get_variable_to_shape_map() if "Adam" not in name and "power" not in name]
        return {name: reader.get_tensor(name) for name in names}


def _compile(tf: Any, weights: list[Weights]) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Return a function from patches (n, 187, 96) to MSD embeddings (n, 200), MSD tags and MTT tags (n, 50 each).

    The numbers are those of the published graph to 1e-5; both networks run in one graph, since their front ends look at
    the same patches, and that is where nine tenths of the time go.
    """
    branches = [_branch(tf, weights, number) for number in range(5)]
    tensors = [{name: tf.constant(value) for name, value in network.items()} for network in weights]

    def both(patches: Any) -> tuple[Any, Any, Any]:
        image = patches[..., tf.newaxis]
        fronts = zip(*(tf.split(branch(image), len(weights), axis=2) for branch in branches), strict=True)
        heard = [back_end(tf, own, tf.concat(front, axis=2)) for own, front in zip(tensors, fronts, strict=True)]
        (embedding, msd), (_, mtt) = heard
        return embedding, msd, mtt

    graph = tf.function(
        both,
        input_signature=[tf.TensorSpec([None, PATCH_FRAMES, N_MELS], tf.float32)],
        autograph=False,  # plain ops: nothing to rewrite, and no files left in the temp folder
    )
    return lambda patches: [output.numpy() for output in graph(tf.constant(patches))]


def _branch(tf: Any, weights: list[Weights], number: int) -> Callable[[Any], Any]:
    """Return one branch of the front ends: (n, 187, 96, 1) -> (n, 187, filters of all networks).

    As published: batch norm, convolution, ReLU, batch norm, maximum over the frequencies. The norm before is folded
    into the filters; ReLU and the norm after keep the order of what they see, or reverse it, so that they are left for
    the maximum (for the minimum, where the norm's factor is negative): a thirtieth of the numbers.
    """
    folded = [_fold(network, number) for network in weights]
    kernel, *rest = (np.concatenate(values, axis=-1) for values in zip(*folded, strict=True))
    kernel, (bias, sign, scale, shift) = tf.constant(kernel), map(tf.constant, rest)
    timbral = number in TIMBRAL

    def branch(image: Any) -> Any:
        padded = tf.pad(image, [[0, 0], [3, 3], [0, 0], [0, 0]]) if timbral else image
        filtered = tf.nn.conv2d(padded, kernel, 1, "VALID" if timbral else "SAME")
        return tf.nn.relu(sign * tf.reduce_max(filtered, axis=2) + bias) * scale + shift

    return branch


def _fold(weights: Weights, number: int) -> tuple[np.ndarray, ...]:
    """Return a branch's filters on the plain image, the bias at each frame, and sign, scale and shift of its norm."""
    kernel, bias = _layer(weights, "conv2d", number)
    (scale_in, shift_in), (scale, shift) = _norm(weights, 0), _norm(weights, number + 1)
    sign = np.where(scale < 0, -1, 1).astype(np.float32)
    # What the first norm adds reaches only the taps inside the patch: zeros surround it after that norm.
    moved = shift_in * (_taps_inside(len(kernel)) @ kernel.sum(axis=(1, 2)))
    return kernel * scale_in * sign, (bias + moved).astype(np.float32), sign, scale, shift


def _taps_inside(height: int) -> np.ndarray:
    """Say of each frame which rows of a filter of that height lie inside the patch; (187, height) of 0 and 1."""
    seen = np.arange(PATCH_FRAMES)[:, None] + np.arange(height) - (height - 1) // 2
    return ((seen >= 0) & (seen < PATCH_FRAMES)).astype(np.float32)


def _layer(weights: Weights, kind: str, number: int) -> tuple[Any, Any]:
    """Return kernel and bias of a layer by Keras's way of counting: conv2d, conv2d_1, ..."""
    name = f"{kind}_{number}" if number else kind
    return weights[f"{name}/kernel"], weights[f"{name}/bias"]


def _norm(weights: Weights, number: int) -> tuple[Any, Any]:
    """Return what a batch norm multiplies by and adds."""
    name = f"batch_normalization_{number}" if number else "batch_normalization"
    scale = weights[f"{name}/gamma"] / (weights[f"{name}/moving_variance"] + EPSILON) ** 0.5
    return scale, weights[f"{name}/beta"] - weights[f"{name}/moving_mean"] * scale


def back_end(tf: Any, weights: dict[str, Any], front: Any) -> tuple[Any, Any]:
    """Return embeddings and tag probabilities of what the front end gave, (n, 187, 561): mid end and back end."""

    def mid_layer(x: Any, number: int) -> Any:
        """One convolution over time and all channels: (n, time, channels) -> (n, time, 64)."""
        kernel, bias = _layer(weights, "conv2d", number)
        scale, shift = _norm(weights, number + 1)
        padded = tf.pad(x, [[0, 0], [3, 3], [0, 0]])
        return tf.nn.relu(tf.nn.conv1d(padded, kernel[:, :, 0], 1, "VALID") + bias) * scale + shift

    mid = [mid_layer(front, 5)]
    for number in (6, 7):
        mid.append(mid_layer(mid[-1], number) + mid[-1])
    channels = tf.concat([front, *mid], axis=2)

    # Each channel's maximum and mean over time, side by side.
    pooled = tf.stack([tf.reduce_max(channels, axis=1), tf.reduce_mean(channels, axis=1)], axis=2)
    scale, shift = _norm(weights, 9)
    flat = tf.reshape(pooled, [-1, 2 * channels.shape[2]]) * scale + shift
    (kernel, bias), (scale, shift) = _layer(weights, "dense", 0), _norm(weights, 10)
    embedding = tf.nn.relu(tf.matmul(flat, kernel) + bias) * scale + shift
    kernel, bias = _layer(weights, "dense", 1)
    return embedding, tf.sigmoid(tf.matmul(embedding, kernel) + bias)
