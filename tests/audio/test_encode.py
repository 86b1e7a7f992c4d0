"""Written files can be read, carry their tags, and appear only when whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from audio.decode import decode
from audio.encode import CODECS, mime_type, transcode, write_audio
from audio.metadata import read_tags
from core.errors import DecodeError, EarmarkError

Song = Callable[..., Path]


def test_mono_and_stereo_stay_what_they_are(tmp_path: Path, music: np.ndarray) -> None:
    for y, channels in ((music, 2), (music[0], 1)):
        with av.open(str(write_audio(tmp_path / "a.flac", y, 44_100))) as container:
            assert container.streams.audio[0].channels == channels


@pytest.mark.parametrize("sr", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("extension", CODECS)
def test_any_rate_can_be_written(tmp_path: Path, extension: str, sr: int) -> None:
    y = 0.3 * np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
    waveform = decode(write_audio(tmp_path / f"a{extension}", y, sr))
    assert waveform.duration == pytest.approx(1, abs=0.1)
    assert waveform.y.std() == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_wav_and_flac_keep_every_sample_to_sixteen_bits(song: Song, music: np.ndarray) -> None:
    for extension in (".wav", ".flac"):
        np.testing.assert_allclose(decode(song(extension), 44_100).y, music.mean(axis=0), atol=2 / 32_768)


def test_too_loud_is_clipped_not_wrapped(tmp_path: Path) -> None:
    assert decode(write_audio(tmp_path / "a.wav", np.full(4410, 3.0), 44_100), 44_100).y.min() > 0.99


def test_an_unknown_ending_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match=r"\.mp3, \.m4a"):
        write_audio(tmp_path / "a.xyz", np.zeros(100), 44_100)


def test_nothing_is_left_when_writing_fails(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("no music")
    with pytest.raises(DecodeError):
        transcode(tmp_path / "a.mp3", tmp_path / "b.flac")
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp3"]


@pytest.mark.parametrize("extension", [".flac", ".m4a", ".opus"])
def test_a_copy_for_the_browser_sounds_the_same(song: Song, tmp_path: Path, extension: str) -> None:
    original = song(".mp3")
    copy = decode(transcode(original, tmp_path / f"copy{extension}"))
    assert copy.duration == pytest.approx(decode(original).duration, abs=0.05)
    assert copy.y.std() == pytest.approx(decode(original).y.std(), rel=0.02)


def test_a_copy_of_a_damaged_file_has_the_part_that_can_be_heard(song: Song, tmp_path: Path) -> None:
    path = song(".flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert decode(transcode(path, tmp_path / "copy.flac")).duration > 1.5


def test_lossless_apple_files_can_be_copied(tmp_path: Path, music: np.ndarray) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("alac", rate=44_100)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(music, format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert read_tags(path).codec == "alac"
    np.testing.assert_allclose(decode(transcode(path, tmp_path / "b.flac")).y, decode(path).y, atol=1e-4)


def test_pictures_are_known_by_their_first_bytes() -> None:
    assert mime_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert mime_type(b"hello") == "application/octet-stream"
