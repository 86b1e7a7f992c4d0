"""One pass over a file gives what is asked for, of any kind of file, and plain words where nothing can be heard."""

from __future__ import annotations

import multiprocessing
import os
import struct
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from audio import analyse as analysing
from audio import descriptors, musicnn
from audio.analyse import (
    FEATURE_VERSIONS,
    QUICK_VERSIONS,
    VERSIONS,
    analyse,
    analyse_in_worker,
    spoken,
    start_worker,
)
from audio.descriptors import DESCRIPTOR_NAMES
from audio.encode import write_audio
from audio.identity import content_id
from core.errors import DecodeError
from core.records import Analysis, Task

Song = Callable[..., Path]


class NoNetwork:
    """Stands where the networks would: a task that does not need them must not run them."""

    def hear(self, *_: object, **__: object) -> None:
        raise AssertionError("The networks were run for nothing.")


def test_a_whole_file_has_no_note(song: Song) -> None:
    path = song(".mp3")
    analysis = analyse(path)
    assert analysis.complete and analysis.note is None and not analysis.quick
    assert analysis.content_id == content_id(path)
    assert analysis.duration == pytest.approx(4, abs=0.1)
    assert list(analysis.features) == ["descriptors", "signature"]
    assert analysis.features["descriptors"].shape == (len(DESCRIPTOR_NAMES),)


def test_a_whole_file_has_an_outline(song: Song, music: np.ndarray) -> None:
    outline = analyse(song(".flac")).outline
    assert outline is not None
    assert outline.loudness == pytest.approx(-16, abs=4)
    assert outline.peak == pytest.approx(np.abs(music).max(), abs=1e-3)
    assert outline.bounds[0] == 0 and outline.telling == 0  # shorter than an excerpt
    assert outline.waveform.max() == 255 and outline.parts.shape == (1, len(descriptors.ROW_NAMES))


def test_only_what_is_asked_for_is_computed(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    path, networks = str(song(".flac")), NoNetwork()
    whole = analyse(path)
    for name in ("descriptors", "signature"):
        found = analyse(Task(path, (name,)), musicnn=networks)
        assert list(found.features) == [name] and found.outline is None
        np.testing.assert_array_equal(found.features[name], whole.features[name])
        assert found.content_id == whole.content_id
    monkeypatch.setattr(analysing.outline, "bounds", networks.hear)
    assert analyse(Task(path, ("descriptors", "signature")), musicnn=networks).outline is None
    monkeypatch.setattr(descriptors, "measure", networks.hear)
    assert list(analyse(Task(path, ("signature",))).features) == ["signature"]


def test_an_outline_alone_is_that_of_the_whole_analysis(song: Song) -> None:
    path = str(song(".flac"))
    alone, whole = analyse(Task(path, ("outline",))), analyse(path)
    assert alone.features == {} and alone.outline is not None and whole.outline is not None
    for name in ("loudness", "peak", "telling", "bounds", "waveform", "parts"):
        np.testing.assert_array_equal(getattr(alone.outline, name), getattr(whole.outline, name))


def test_a_quick_task_reads_less_and_says_so(tmp_path: Path, music: np.ndarray) -> None:
    path = write_audio(tmp_path / "long.flac", np.tile(music, 15), 44_100)
    quick, whole = analyse(Task(str(path), quick=True)), analyse(path)
    assert quick.quick and quick.content_id is None and quick.outline is None
    assert set(quick.features) == {"descriptors"}
    assert quick.duration == pytest.approx(60, abs=0.1)
    near = np.corrcoef(quick.features["descriptors"], whole.features["descriptors"])[0, 1]
    assert 0.9 < near < 1


def test_a_cut_file_says_what_is_used(song: Song, music: np.ndarray) -> None:
    path = song(".flac", y=np.tile(music, 20))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.4)])
    analysis = analyse(path)
    assert not analysis.complete
    assert (
        analysis.note
        == f"This file ends after {spoken(analysis.duration)} of 1:20; the part that can be heard is used."
    )


def test_a_very_long_file_says_what_is_used(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.decode.MAX_SECONDS", 2.0)
    monkeypatch.setattr(analysing, "MAX_SECONDS", 2.0)
    path = song(".flac")
    analysis = analyse(path)
    assert analysis.complete and analysis.note == "The first 2 s of 4 s are used."
    assert analysis.content_id == content_id(path)  # of the whole file


def test_every_set_has_a_version() -> None:
    assert FEATURE_VERSIONS == {"descriptors": 2, "musicnn": 1, "tags": 1, "signature": 1}
    assert VERSIONS == {**FEATURE_VERSIONS, "outline": 1}
    assert QUICK_VERSIONS == {"descriptors": -2, "musicnn": -1, "tags": -1}


@pytest.mark.skipif(not musicnn.available(), reason="TensorFlow or the musicnn weights are not installed")
def test_a_spawned_child_analyses_with_the_networks(song: Song) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=start_worker) as pool:
        path = song(".m4a")
        analysis = pool.submit(analyse_in_worker, path).result(timeout=120)
        quick = pool.submit(analyse_in_worker, Task(str(path), quick=True)).result(timeout=60)
        tags = pool.submit(analyse_in_worker, Task(str(path), ("tags",))).result(timeout=60)
        with pytest.raises(DecodeError, match="not there") as caught:
            pool.submit(analyse_in_worker, path.with_name("gone.m4a")).result(timeout=60)
    assert set(analysis.features) == set(FEATURE_VERSIONS)
    assert analysis.features["musicnn"].shape == (200,) and analysis.features["tags"].shape == (100,)
    assert set(quick.features) == set(QUICK_VERSIONS)
    assert list(tags.features) == ["tags"] and tags.outline is None
    np.testing.assert_array_equal(tags.features["tags"], analysis.features["tags"])
    assert caught.value.reason == "the file is not there"


# -- odd files --------------------------------------------------------------------------------------


def heard(path: Path) -> Analysis:
    """Analyse in full, quickly too, and check what holds for every file."""
    began = time.monotonic()
    analysis = analyse(path)
    assert time.monotonic() - began < 30  # no figure, only: it does not hang
    assert all(np.isfinite(vector).all() for vector in analysis.features.values())
    outline = analysis.outline
    assert outline is not None and np.isfinite(outline.parts).all() and np.isfinite(outline.peak)
    assert outline.loudness is None or np.isfinite(outline.loudness)
    assert 0 <= outline.telling <= analysis.duration and outline.bounds[0] == 0
    quick = analyse(Task(str(path), quick=True))
    assert np.isfinite(quick.features["descriptors"]).all()
    return analysis


def wave(path: Path, data: bytes, *, sr: int = 44_100, channels: int = 1, claimed: int | None = None) -> Path:
    """Write 16-bit samples with a header that may lie about how many they are."""
    size = len(data) if claimed is None else claimed
    form = struct.pack("<HHIIHH", 1, channels, sr, 2 * channels * sr, 2 * channels, 16)
    head = b"RIFF" + struct.pack("<I", min(size + 36, 2**32 - 1)) + b"WAVEfmt \x10\0\0\0" + form
    path.write_bytes(head + b"data" + struct.pack("<I", size) + data)
    return path


def test_a_silent_file_has_no_loudness(song: Song) -> None:
    analysis = heard(song(".flac", y=np.zeros((2, 3 * 44_100), np.float32)))
    assert analysis.complete and analysis.outline is not None
    assert analysis.outline.loudness is None and analysis.outline.peak == 0
    assert analysis.outline.waveform.max() == 0


def test_a_fifth_of_a_second_is_enough(song: Song, music: np.ndarray) -> None:
    for extension in (".wav", ".mp3", ".m4a"):
        analysis = heard(song(extension, y=music[:, :8_820]))
        assert analysis.duration == pytest.approx(0.2, abs=0.08)
        assert analysis.outline is not None and analysis.outline.loudness is not None


@pytest.mark.parametrize("sr", [8_000, 192_000])
def test_unusual_rates_are_heard(tmp_path: Path, sr: int) -> None:
    t = np.arange(2 * sr) / sr
    y = 0.5 * np.sin(2 * np.pi * 1_000 * t) + 0.01 * np.random.default_rng(0).standard_normal(len(t))
    analysis = heard(wave(tmp_path / "odd.wav", (y * 32_767).astype(np.int16).tobytes(), sr=sr))
    assert analysis.duration == pytest.approx(2, abs=0.01)
    assert analysis.outline is not None and analysis.outline.loudness == pytest.approx(-9, abs=0.5)
    values = dict(zip(DESCRIPTOR_NAMES, analysis.features["descriptors"], strict=True))
    assert values["key"] == 11  # 1000 Hz is nearly a B


def test_mono_and_six_channels_are_heard(tmp_path: Path, music: np.ndarray) -> None:
    mono = (music.mean(axis=0) * 20_000).astype(np.int16)
    one = heard(wave(tmp_path / "mono.wav", mono.tobytes()))
    six = heard(wave(tmp_path / "six.wav", np.repeat(mono, 6).tobytes(), channels=6))
    assert one.outline is not None and six.outline is not None
    # Five of the six count, two of them 1.41-fold: 10 log10(3 + 2 x 1.41).
    assert six.outline.loudness == pytest.approx(one.outline.loudness + 7.65, abs=0.05)
    same = np.isclose(one.features["descriptors"], six.features["descriptors"], rtol=0.02, atol=0.02)
    assert same.mean() > 0.9


def test_only_a_cover_is_nothing_to_hear(tmp_path: Path) -> None:
    from services.demo import cover

    path = tmp_path / "cover.mp3"
    picture = b"\0image/png\0\x03\0" + cover("Tide")
    frame = b"APIC" + struct.pack(">I", len(picture)) + b"\0\0" + picture
    size = len(frame)
    path.write_bytes(b"ID3\x03\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + frame)
    for task in (Task(str(path)), Task(str(path), quick=True)):
        with pytest.raises(DecodeError):
            analyse(task)


def test_a_file_without_content_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    for task in (Task(str(tmp_path / "a.mp3")), Task(str(tmp_path / "a.mp3"), quick=True)):
        with pytest.raises(DecodeError, match="empty"):
            analyse(task)


@pytest.mark.parametrize("extension", [".mp3", ".m4a", ".ogg", ".opus", ".wav"])
def test_a_truncated_file_is_heard_as_far_as_it_goes(song: Song, music: np.ndarray, extension: str) -> None:
    path = song(extension, y=np.tile(music, 3))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    if extension == ".m4a":  # its index was at the end
        with pytest.raises(DecodeError, match="too damaged"):
            analyse(path)
    else:
        assert 5 < heard(path).duration < 9


def test_a_misnamed_file_is_heard(song: Song, tmp_path: Path) -> None:
    analysis = heard(song(".flac").rename(tmp_path / "really flac.mp3"))
    assert analysis.complete and analysis.duration == pytest.approx(4, abs=0.01)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    for quick in (False, True):
        with pytest.raises(DecodeError, match="not an ordinary file"):
            analyse(Task(str(tmp_path / "pipe.mp3"), quick=quick))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_locked_file_says_so(song: Song) -> None:
    path = song(".wav")
    path.chmod(0)
    with pytest.raises(DecodeError, match="permission"):
        analyse(path)


def test_a_header_that_promises_hours_is_not_believed(tmp_path: Path, music: np.ndarray) -> None:
    data = (music[0] * 20_000).astype(np.int16).tobytes()
    analysis = heard(wave(tmp_path / "lie.wav", data, claimed=2**32 - 64))
    assert analysis.duration == pytest.approx(4, abs=0.01)


def test_an_mp3_that_lies_about_its_length_is_heard_as_it_is(song: Song) -> None:
    path = song(".mp3")
    data = bytearray(path.read_bytes())
    at = max(data.find(b"Xing"), data.find(b"Info"))
    assert at > 0
    data[at + 8 : at + 12] = struct.pack(">I", 2_000_000)  # frames: 14 hours
    path.write_bytes(data)
    analysis = heard(path)
    assert analysis.duration == pytest.approx(4, abs=0.1)
    assert not analysis.complete and "ends after 4 s" in (analysis.note or "")


def test_of_ten_hours_no_more_is_heard_than_the_longest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audio.decode.MAX_SECONDS", 300.0)
    monkeypatch.setattr(analysing, "MAX_SECONDS", 300.0)
    sr = 1_000  # Hz: a low rate keeps the file small; what comes of it is as long as any
    path = write_audio(tmp_path / "mix.flac", np.broadcast_to(np.float32(0), 36_000 * sr), sr)
    analysis = heard(path)
    assert analysis.complete and analysis.duration == 300
    assert analysis.note == "The first 5:00 of 10:00:00 are used."
    assert analysis.content_id == content_id(path)


def test_a_duration_is_said_as_a_person_would() -> None:
    assert [spoken(seconds) for seconds in (0.4, 59, 60, 3_599, 3_600)] == ["0 s", "59 s", "1:00", "59:59", "1:00:00"]
