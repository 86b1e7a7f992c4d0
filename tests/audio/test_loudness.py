"""Loudness is that of ITU-R BS.1770-4, as FFmpeg's ebur128 filter measures it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from audio.decode import decode
from audio.loudness import Meter

WITHIN = 0.1  # LU
FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")
SIDE = ("FL", "FR", "FC", "LFE", "SL", "SR")
LAYOUTS = {("FC",): "mono", ("FL", "FR"): "stereo", FIVE_ONE: "5.1", SIDE: "5.1(side)"}


def loudness(x: np.ndarray, sr: int, channels: tuple[str, ...] = ("FL", "FR"), chunk: int = 30_011) -> float | None:
    meter = Meter()
    for first in range(0, x.shape[1], chunk):
        meter.add(x[:, first : first + chunk], sr, channels)
    return meter.loudness()


def ebur128(x: np.ndarray, sr: int, channels: tuple[str, ...] = ("FL", "FR")) -> float:
    """Measure with FFmpeg's own filter."""
    layout = LAYOUTS[channels]
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=sr, format="fltp", layout=layout, time_base=Fraction(1, sr))
    meter, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(x), format="fltp", layout=layout)
    frame.sample_rate, frame.pts = sr, 0
    graph.push(frame)
    graph.push(None)
    found = float("nan")
    while True:
        try:
            found = float(graph.pull().metadata.get("lavfi.r128.I", found))
        except (av.error.BlockingIOError, av.error.EOFError):
            return found


def tone(sr: int, hz: float, seconds: float = 5.0, level: float = 0.3) -> np.ndarray:
    y = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * sr)) / sr)
    return np.stack([y, 0.5 * y]).astype(np.float32)


def noise(sr: int, seconds: float = 5.0, level: float = 0.1, channels: int = 2) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal((channels, int(seconds * sr)))).astype(np.float32)


def piece(sr: int) -> np.ndarray:
    """Chords with a beat, a pause, and a quiet passage that only the relative gate leaves out."""
    t = np.arange(12 * sr) / sr
    chord = sum(0.1 * np.sin(2 * np.pi * hz * t) for hz in (41, 55, 220, 277, 330, 1500))
    beat = np.exp(-20 * (t * 2 % 1)) * np.random.default_rng(1).standard_normal(len(t)) * 0.3
    level = np.select([t < 6, t < 7, t < 9], [1.0, 0.0, 0.02], 0.6)
    return (np.stack([chord + beat, chord - 0.5 * beat]) * level).astype(np.float32)


@pytest.mark.parametrize("sr", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_every_rate_is_measured_as_ffmpeg_does(sr: int) -> None:
    for x in (piece(sr), noise(sr), tone(sr, 997)):
        assert loudness(x, sr) == pytest.approx(ebur128(x, sr), abs=WITHIN)


@pytest.mark.parametrize("hz", [20, 25, 33.3, 60, 105, 440, 2_500, 12_000])
def test_every_pitch_is_measured_as_ffmpeg_does(hz: float) -> None:
    assert loudness(tone(44_100, hz), 44_100) == pytest.approx(ebur128(tone(44_100, hz), 44_100), abs=WITHIN)


@pytest.mark.parametrize("channels", LAYOUTS)
def test_every_layout_is_measured_as_ffmpeg_does(channels: tuple[str, ...]) -> None:
    x = noise(48_000, channels=len(channels)) * np.linspace(0.2, 1, len(channels), dtype=np.float32)[:, None]
    assert loudness(x, 48_000, channels) == pytest.approx(ebur128(x, 48_000, channels), abs=WITHIN)


def test_a_full_tone_has_the_loudness_the_standard_says() -> None:
    x = np.stack([tone(48_000, 997, level=1.0)[0]])
    assert loudness(x, 48_000, ("FL",)) == pytest.approx(-3.01, abs=0.02)


def test_channels_beside_the_listener_count_more_and_the_bass_effects_not() -> None:
    for place, gain in (("FL", 0.0), ("BL", 1.49), ("SR", 1.49)):
        alone = {name: noise(48_000, channels=1)[0] * (name == place) for name in ("FL", "LFE", place)}
        x = np.stack(list(alone.values()))
        assert loudness(x, 48_000, tuple(alone)) == pytest.approx(
            loudness(noise(48_000, channels=1), 48_000, ("FC",)) + gain, abs=0.02
        )
    only_bass = np.stack([noise(48_000)[0] * 0, noise(48_000)[0]])
    assert loudness(only_bass, 48_000, ("FL", "LFE")) is None


def test_a_pause_does_not_count() -> None:
    x = noise(44_100)
    with_pause = np.concatenate([x, 0 * x, 0.01 * x], axis=1)
    assert loudness(with_pause, 44_100) == pytest.approx(loudness(x, 44_100), abs=0.3)  # blocks half in the pause


def test_ten_times_quieter_is_20_lu_less() -> None:
    x = piece(44_100)
    assert loudness(0.1 * x, 44_100) == pytest.approx(loudness(x, 44_100) - 20, abs=0.01)


def test_how_the_samples_are_handed_over_does_not_matter() -> None:
    x = piece(44_100)
    figures = [loudness(x, 44_100, chunk=chunk) for chunk in (1_000, 44_100, 10**9)]
    assert figures == pytest.approx([figures[0]] * 3, abs=1e-3)


def test_a_rate_that_changes_on_the_way_is_no_matter() -> None:
    meter = Meter()
    meter.add(noise(44_100), 44_100, ("FL", "FR"))
    meter.add(noise(48_000), 48_000, ("FL", "FR"))
    meter.add(2**0.5 * noise(48_000, channels=1), 48_000, ("FC",))
    assert meter.loudness() == pytest.approx(loudness(noise(44_100), 44_100), abs=0.3)


def test_silence_has_no_loudness() -> None:
    assert loudness(np.zeros((2, 44_100), np.float32), 44_100) is None
    assert loudness(1e-6 * noise(44_100), 44_100) is None
    assert Meter().loudness() is None


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.2, 0.39])
def test_a_short_sound_has_about_the_loudness_of_a_long_one(seconds: float) -> None:
    assert loudness(noise(44_100, seconds), 44_100) == pytest.approx(loudness(noise(44_100), 44_100), abs=1.5)


def test_the_peak_is_the_largest_sample_of_any_channel() -> None:
    meter = Meter()
    for top in (0.2, -1.3, 0.7):
        meter.add(np.array([[0, 0.1], [0, top]], np.float32), 44_100, ("FL", "FR"))
    assert meter.peak == pytest.approx(1.3)


def test_impossible_samples_count_as_silence() -> None:
    x = noise(44_100)
    x[0, 1_000], x[1, 2_000], x[1, 3_000] = np.nan, np.inf, -np.inf
    meter = Meter()
    meter.add(x, 44_100, ("FL", "FR"))
    assert meter.loudness() == pytest.approx(loudness(noise(44_100), 44_100), abs=0.01)
    assert meter.peak < 1


@pytest.mark.parametrize("extension", [".flac", ".wav"])
def test_a_file_is_measured_while_it_is_decoded(song: Callable[..., Path], music: np.ndarray, extension: str) -> None:
    meter = Meter()
    decode(song(extension), on_channels=meter.add)
    assert meter.loudness() == pytest.approx(ebur128(music, 44_100), abs=WITHIN)
    assert meter.peak == pytest.approx(np.abs(music).max(), abs=1e-3)
