"""How many times faster than it plays a file is analysed, on one core: prints one JSON object.

    python benchmarks/extraction.py FILES... [--skip-plain]

Each file is timed alone, in this process, with one thread; the figures are medians over the files. All but `decode`
include decoding. `plain_librosa` calls librosa's functions one by one on the waveform, as its documentation shows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy is imported, which reads them only then

from audio.analyse import analyse  # noqa: E402


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--skip-plain", action="store_true", help="leave out plain librosa, by far the slowest")
    options = parser.parse_args()

    seconds = [decode_only(file) for file in options.files]
    ways: dict[str, Callable[[str], object] | None] = {
        "decode": decode_only,
        "descriptors": analyse,
        "descriptors_embedding": with_embedding(),
        "plain_librosa": None if options.skip_plain else plain_librosa,
        "essentia": essentia if find_spec("essentia") else None,
        "bliss": None,
    }
    realtime = {name: way and median_realtime(way, options.files, seconds) for name, way in ways.items()}
    result = {
        "files": len(options.files),
        "audio_seconds": round(sum(seconds), 1),
        "realtime": realtime,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(result))


def median_realtime(way: Callable[[str], object], files: list[str], seconds: list[float]) -> float:
    """Return the median over the files of audio seconds per second of work."""
    way(files[0])  # the first call compiles and loads
    return round(statistics.median(length / timed(way, file) for file, length in zip(files, seconds, strict=True)), 1)


def timed(way: Callable[[str], object], file: str) -> float:
    """Return the seconds one call takes."""
    began = time.perf_counter()
    way(file)
    return time.perf_counter() - began


def decode_only(file: str) -> float:
    """Decode a file; return its seconds."""
    from audio.decode import decode

    return decode(file).duration


def with_embedding() -> Callable[[str], object] | None:
    """Return `analyse` with the networks loaded, or None where TensorFlow or the weights are not installed."""
    from audio import musicnn

    if not musicnn.available():
        return None
    networks = musicnn.Musicnn(threads=1)
    return lambda file: analyse(file, musicnn=networks)


def plain_librosa(file: str) -> None:
    """Call one librosa function per feature."""
    import librosa

    from audio.decode import decode

    y = decode(file).y
    librosa.feature.delta(librosa.feature.mfcc(y=y))
    for feature in (
        librosa.feature.chroma_stft,
        librosa.feature.spectral_contrast,
        librosa.feature.spectral_centroid,
        librosa.feature.spectral_bandwidth,
        librosa.feature.spectral_rolloff,
        librosa.feature.spectral_flatness,
        librosa.feature.zero_crossing_rate,
        librosa.feature.rms,
        librosa.feature.tonnetz,
        librosa.feature.tempo,
        librosa.onset.onset_strength,
        librosa.effects.hpss,
    ):
        feature(y=y)


def essentia(file: str) -> None:
    """Run Essentia's music extractor, where the person has installed it."""
    import essentia.standard

    essentia.standard.MusicExtractor()(file)


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


if __name__ == "__main__":
    main()
