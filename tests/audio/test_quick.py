"""A few seconds found by seeking are those of the track, and stand for the whole."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from audio import quick
from audio.decode import SR, decode, resample
from audio.descriptors import DESCRIPTOR_NAMES
from audio.encode import write_audio
from audio.quick import hear_quickly, passages
from core.errors import DecodeError

SECONDS = 40
SAMPLES = int(np.ceil(quick.SECONDS * SR))


def rising(seconds: float, sr: int = 44_100) -> np.ndarray:
    """Return stereo whose pitch tells the time: 200 Hz, and 20 Hz more each second."""
    t = np.arange(int(seconds * sr)) / sr
    tone = 0.3 * np.sin(2 * np.pi * (200 * t + 10 * t**2))
    return np.stack([tone, tone]).astype(np.float32)


def time_of(piece: np.ndarray) -> float:
    """Return the moment in the middle of a piece of `rising`, in seconds."""
    hertz = np.fft.rfftfreq(len(piece), 1 / SR)
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)))) ** 2
    return float(((hertz * power).sum() / power.sum() - 200) / 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty seconds in each of the usual formats."""
    folder = tmp_path_factory.mktemp("quick")
    for extension in (".mp3", ".m4a", ".flac", ".ogg", ".opus", ".wav"):
        write_audio(folder / f"song{extension}", rising(SECONDS), 44_100)
    return folder


@pytest.mark.parametrize("extension", [".mp3", ".m4a", ".flac", ".ogg", ".opus", ".wav"])
def test_passages_are_spread_over_the_track(folder: Path, extension: str) -> None:
    found = passages(folder / f"song{extension}")
    assert found.sr == SR and found.duration == pytest.approx(SECONDS, abs=0.1)
    assert [len(piece) for piece in found.pieces] == [SAMPLES] * quick.COUNT
    np.testing.assert_allclose([time_of(piece) for piece in found.pieces], [5, 15, 25, 35], atol=0.2)


def test_the_samples_are_those_of_a_whole_decoding(folder: Path) -> None:
    piece, whole = passages(folder / "song.wav").pieces[1], decode(folder / "song.wav").y
    begin = int((15 - quick.SECONDS / 2) * SR)
    window = whole[begin - SR // 2 : begin + SAMPLES + SR // 2]
    likeness = np.correlate(window, piece) / np.linalg.norm(piece) ** 2
    assert likeness.max() == pytest.approx(1, abs=1e-3)


def test_an_mp3_is_not_read_up_to_the_passage(folder: Path) -> None:
    counts = Path("/proc/self/io")
    if not counts.exists():
        pytest.skip("This system does not say how much was read.")

    def read() -> int:
        return int(counts.read_text().split()[1])

    before = read()
    passages(folder / "song.mp3")
    assert read() - before < os.path.getsize(folder / "song.mp3") * 0.6


def test_count_and_seconds_can_be_chosen(folder: Path) -> None:
    found = passages(folder / "song.flac", count=2, seconds=1.5)
    assert [len(piece) for piece in found.pieces] == [33_075] * 2
    np.testing.assert_allclose([time_of(piece) for piece in found.pieces], [10, 30], atol=0.2)


def test_a_short_file_is_decoded_whole(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "short.mp3", rising(10), 44_100)
    (whole,), sr, duration = passages(file)
    np.testing.assert_array_equal(whole, decode(file).y)
    assert sr == SR and duration == len(whole) / SR


def test_a_file_that_ends_before_it_promised_is_decoded_whole(folder: Path, tmp_path: Path) -> None:
    data = (folder / "song.flac").read_bytes()
    file = tmp_path / "cut.flac"
    file.write_bytes(data[: len(data) // 2])
    (whole,), _, duration = passages(file)
    assert duration < 0.8 * SECONDS and len(whole) == duration * SR


def test_a_file_that_does_not_say_how_long_it_is_is_decoded_whole(folder: Path, tmp_path: Path) -> None:
    import av

    file = tmp_path / "stream.webm"
    with av.open(str(file), "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libopus", rate=48_000)
        y = resample(rising(30).T, 44_100, 48_000).T
        for first in range(0, y.shape[1] - 960, 960):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(y[:, first : first + 960]), "fltp", "stereo")
            frame.sample_rate = 48_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = passages(file)
    assert len(found.pieces) == 1 and found.duration == pytest.approx(30, abs=0.2)


@pytest.mark.parametrize("content", [b"", b"no sound at all"])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.mp3"
    file.write_bytes(content)
    with pytest.raises(DecodeError):
        passages(file)


def test_without_networks_there_are_descriptors(folder: Path) -> None:
    pytest.importorskip("librosa")
    features, duration = hear_quickly(folder / "song.m4a", None)
    assert list(features) == ["descriptors"] and duration == pytest.approx(SECONDS, abs=0.1)
    assert features["descriptors"].shape == (len(DESCRIPTOR_NAMES),)
    assert np.isfinite(features["descriptors"]).all()


def test_the_networks_hear_about_the_same(folder: Path) -> None:
    from audio import musicnn

    if not musicnn.available():
        pytest.skip("TensorFlow or the musicnn weights are not installed.")
    networks = musicnn.Musicnn(threads=1)
    quickly, _ = hear_quickly(folder / "song.mp3", networks)
    y = decode(folder / "song.mp3").y
    embedding, tags = networks.embed(y)
    assert list(quickly) == ["descriptors", "musicnn", "tags"]
    assert np.corrcoef(quickly["musicnn"], embedding)[0, 1] > 0.95
    assert np.corrcoef(quickly["tags"], tags)[0, 1] > 0.95
