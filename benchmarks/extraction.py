"""How many times faster than it plays a file is analysed, on one core: prints one JSON object.

    python benchmarks/extraction.py FILES... [--skip-plain]

Every way runs in a process of its own with one thread, so that neither memory nor compiled code of one helps another;
the figures are medians over the files. `realtime` goes by the clock, `realtime_cpu` by the processor's time, which is
the one to go by while other programs run. All but `decode` include decoding:

decode                 mono samples at 22,050 Hz
descriptors_alone      and what describes the sound
descriptors            all that `analyse` does without the networks: content id, descriptors, signature, loudness,
                       segments, waveform, telling moment
descriptors_embedding  and the embedding and tags of MusiCNN
plain_librosa          librosa's functions one by one on the waveform, as its documentation shows
essentia, bliss        MusicExtractor and Song, where the person has installed them; else null
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before numpy is imported, which reads them only then; children inherit them

from audio import musicnn  # noqa: E402
from audio.analyse import analyse  # noqa: E402
from audio.decode import decode  # noqa: E402
from benchmarks.common import emit  # noqa: E402
from core.records import Task  # noqa: E402

Way = Callable[[str], object]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--skip-plain", action="store_true", help="leave out plain librosa, by far the slowest")
    parser.add_argument("--only", nargs="+", choices=WAYS, default=list(WAYS), help="measure these ways and no others")
    options = parser.parse_args()
    emit(compare(options.files, [n for n in options.only if not (options.skip_plain and n == "plain_librosa")]))


def compare(files: list[str], names: list[str]) -> dict[str, Any]:
    """Return the figures of some ways; those not asked for or not installed are None."""
    lengths = [decode(file).duration for file in files]
    measured = {name: in_a_child(name, files) if name in names else None for name in WAYS}
    realtime, realtime_cpu = (
        {name: _realtime(None if found is None else found[clock], lengths) for name, found in measured.items()}
        for clock in ("seconds", "cpu")
    )
    return {
        "files": len(files),
        "audio_seconds": round(sum(lengths), 1),
        "realtime": realtime,
        "realtime_cpu": realtime_cpu,
        "ratios": ratios(measured),
        "cpu_seconds": {name: found and round(sum(found["cpu"]), 2) for name, found in measured.items()},
        "peak_mb": max(found["peak_mb"] for found in measured.values() if found),
        "peak_mb_each": {name: found and found["peak_mb"] for name, found in measured.items()},
    }


def in_a_child(name: str, files: list[str]) -> dict[str, Any] | None:
    """Run one way in a new process: seconds and CPU seconds of each file, the most memory held in MB."""
    if not WAYS[name][0]():
        return None
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, files).result()


def measure(name: str, files: list[str]) -> dict[str, Any]:
    """Time one way on each file, here."""
    way = WAYS[name][1]()
    way(files[0])  # the first call compiles and loads
    seconds, cpu = zip(*(timed(way, file) for file in files), strict=True)
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak_mb()}


def timed(way: Way, file: str) -> tuple[float, float]:
    """Return the seconds one call takes, on the clock and of the processor."""
    began, cpu = time.perf_counter(), time.process_time()
    way(file)
    return time.perf_counter() - began, time.process_time() - cpu


def ratios(measured: dict[str, Any]) -> dict[str, float | None]:
    """Return what the ways are held to: medians over the files, of processor time, which other programs blur less."""

    def ratio(slow: str, quick: str) -> float | None:
        a, b = measured[slow], measured[quick]
        if not a or not b:
            return None
        return round(statistics.median(x / y for x, y in zip(a["cpu"], b["cpu"], strict=True)), 2)

    return {
        "plain_librosa_to_descriptors": ratio("plain_librosa", "descriptors"),
        "descriptors_to_decode": ratio("descriptors", "decode"),
        "descriptors_alone_to_decode": ratio("descriptors_alone", "decode"),
    }


def _realtime(seconds: list[float] | None, lengths: list[float]) -> float | None:
    if seconds is None:
        return None
    return round(statistics.median(x / y for x, y in zip(lengths, seconds, strict=True)), 1)


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


# -- the ways ---------------------------------------------------------------------------------------


def decode_only() -> Way:
    """Decode, no more."""
    return decode


def descriptors_alone() -> Way:
    """Ask `analyse` for the descriptors only."""
    return lambda file: analyse(Task(file, ("descriptors",)))


def everything_but_networks() -> Way:
    """Ask `analyse` for all it has without the networks."""
    return analyse


def with_embedding() -> Way:
    """Ask `analyse` for everything."""
    networks = musicnn.Musicnn(threads=1)
    return lambda file: analyse(file, musicnn=networks)


def plain_librosa() -> Way:
    """Call one librosa function per feature."""
    import librosa

    functions = (
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
    )

    def run(file: str) -> None:
        y = decode(file).y
        librosa.feature.delta(librosa.feature.mfcc(y=y))
        for function in functions:
            function(y=y)

    return run


def essentia() -> Way:
    """Run Essentia's music extractor."""
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    return lambda file: essentia.standard.MusicExtractor()(file)


def bliss() -> Way:
    """Run bliss, the analysis of several players."""
    import bliss_audio

    return bliss_audio.Song


def _always() -> bool:
    return True


# Name -> whether it can run here, and what makes it; both are called where it runs.
WAYS: dict[str, tuple[Callable[[], bool], Callable[[], Way]]] = {
    "decode": (_always, decode_only),
    "descriptors_alone": (_always, descriptors_alone),
    "descriptors": (_always, everything_but_networks),
    "descriptors_embedding": (musicnn.available, with_embedding),
    "plain_librosa": (_always, plain_librosa),
    "essentia": (lambda: find_spec("essentia") is not None, essentia),
    "bliss": (lambda: find_spec("bliss_audio") is not None, bliss),
}


if __name__ == "__main__":
    main()
