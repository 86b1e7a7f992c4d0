"""Decoding gives librosa's samples, and plain words for what cannot be decoded."""

from __future__ import annotations

import csv
import os
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio import decode as decoding
from audio.decode import decode, resample
from audio.encode import CODECS
from core.errors import DecodeError

Song = Callable[..., Path]
TORTURE = Path(__file__).resolve().parents[3] / "shared" / "torture"


def wav(
    path: Path, data: bytes, *, kind: int = 1, bits: int = 16, channels: int = 1, claimed: int | None = None
) -> Path:
    """Write a WAV file by hand, with a header that may lie about its size."""
    frame = channels * bits // 8
    size = len(data) if claimed is None else claimed
    header = struct.pack("<HHIIHH", kind, channels, 44_100, 44_100 * frame, frame, bits)
    path.write_bytes(
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt \x10\0\0\0"
        + header
        + b"data"
        + struct.pack("<I", size)
        + data
    )
    return path


@pytest.mark.parametrize("extension", CODECS)
def test_every_codec_comes_back_with_its_length_and_loudness(song: Song, music: np.ndarray, extension: str) -> None:
    waveform = decode(song(extension))
    assert waveform.sr == 22_050 and waveform.y.dtype == np.float32 and waveform.complete
    assert waveform.duration == pytest.approx(4, abs=0.1)
    assert waveform.expected == pytest.approx(4, abs=0.1)
    assert waveform.y.std() == pytest.approx(music.mean(axis=0).std(), rel=0.05)  # mp3 rounds the clicks off


@pytest.mark.parametrize("sr", [16_000, 22_050, 44_100, 48_000])
def test_samples_are_those_of_librosa(song: Song, sr: int) -> None:
    librosa = pytest.importorskip("librosa")
    for extension in (".wav", ".flac"):
        path = song(extension)
        expected, _ = librosa.load(path, sr=sr)
        y = decode(path, sr).y
        assert abs(len(y) - len(expected)) <= 1
        np.testing.assert_allclose(y[: len(expected)], expected[: len(y)], atol=1e-6)


def test_mono_and_stereo_copies_are_equally_loud(song: Song, music: np.ndarray) -> None:
    mono = music.mean(axis=0)
    assert decode(song(".wav", y=np.stack([mono, mono]))).y.std() == pytest.approx(
        decode(song(".wav", y=mono)).y.std(), rel=1e-3
    )


@pytest.mark.parametrize("extension", [".flac", ".mp3", ".m4a", ".ogg"])
def test_a_passage_is_the_same_as_in_the_whole(song: Song, extension: str) -> None:
    path = song(extension)
    whole, passage = decode(path, 44_100).y, decode(path, 44_100, start=1.5, seconds=1).y
    assert len(passage) == 44_100
    shifts = [np.abs(whole[66_150 + s : 66_150 + s + 44_100] - passage).mean() for s in range(-1200, 1201, 1)]
    # Time stamps of mp3 are rough, those of AAC within a frame of 1024; elsewhere the passage starts on the sample.
    tolerance = {".mp3": 1200, ".m4a": 1024}.get(extension, 2)
    assert min(shifts) < 0.01 and abs(int(np.argmin(shifts)) - 1200) <= tolerance


@pytest.mark.parametrize("extension", CODECS)
def test_all_channels_are_shown_as_they_were(song: Song, music: np.ndarray, extension: str) -> None:
    shown: list[np.ndarray] = []

    def on_channels(x: np.ndarray, sr: int, names: tuple[str, ...]) -> None:
        assert names == ("FL", "FR") and sr in (44_100, 48_000)
        shown.append(x)

    path = song(extension)
    waveform = decode(path, on_channels=on_channels)
    whole = np.concatenate(shown, axis=1)
    np.testing.assert_array_equal(waveform.y, decode(path).y)  # watching changes nothing
    assert whole.dtype == np.float32 and whole.std(axis=1) == pytest.approx(music.std(axis=1), rel=0.05)


def test_a_file_that_was_cut_gives_what_can_be_heard(song: Song, music: np.ndarray) -> None:
    path = song(".flac", y=np.tile(music, 3))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    waveform = decode(path)
    assert not waveform.complete
    assert waveform.expected == pytest.approx(12, abs=0.1)
    assert 5 < waveform.duration < 7


def test_damage_in_the_middle_is_skipped(song: Song) -> None:
    path = song(".mp3")
    data = bytearray(path.read_bytes())
    data[40_000:43_000] = os.urandom(3000)
    path.write_bytes(data)
    assert decode(path).duration > 3.5


def test_a_lying_header_neither_allocates_nor_waits(tmp_path: Path) -> None:
    path = wav(tmp_path / "lie.wav", np.ones(44_100, np.int16).tobytes(), claimed=0xFFFF_0000)
    assert decode(path).duration == pytest.approx(1, abs=0.01)


def test_more_than_the_longest_is_not_decoded(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_SECONDS", 1.0)
    waveform = decode(song(".mp3"))
    assert waveform.duration == 1.0 and waveform.complete


def test_impossible_samples_become_silence(tmp_path: Path) -> None:
    data = np.tile(np.array([0.5, np.nan, np.inf, -np.inf], np.float32), 11_025)
    y = decode(wav(tmp_path / "nan.wav", data.tobytes(), kind=3, bits=32), 44_100).y
    np.testing.assert_array_equal(y[:4], [0.5, 0, 0, 0])


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.int16), (32, np.int32)])
def test_integer_samples_have_full_scale_one(tmp_path: Path, bits: int, dtype: type) -> None:
    top = np.iinfo(dtype).max
    y = decode(wav(tmp_path / "top.wav", np.full(44_100, top, dtype).tobytes(), bits=bits), 44_100).y
    assert y[100] == pytest.approx(1, abs=0.01)


def test_six_channels_are_averaged(tmp_path: Path) -> None:
    data = np.zeros((44_100, 6), np.int16)
    data[:, 0] = 16_384
    y = decode(wav(tmp_path / "six.wav", data.tobytes(), channels=6), 44_100).y
    assert y[100] == pytest.approx(0.5 / 6, abs=1e-3)


def test_a_name_that_looks_like_an_address_is_a_file(song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    path = song(".wav")
    odd = path.rename(path.with_name("http: Live [%d] #1?.wav"))
    monkeypatch.chdir(odd.parent)
    assert decode(odd.name).complete


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()
    with pytest.raises(DecodeError, match="the file is empty"):
        decode(tmp_path / "a.mp3")


def test_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="it is a folder"):
        decode(tmp_path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match="not there"):
        decode(tmp_path / "gone.mp3")


def test_a_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Dear diary, today I listened to music. " * 20)
    with pytest.raises(DecodeError, match="not an audio file"):
        decode(tmp_path / "a.txt")


def test_noise_is_no_audio_file(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(DecodeError):
        decode(tmp_path / "a.flac")


def test_a_picture_has_no_sound(tmp_path: Path) -> None:
    from services.demo import cover

    (tmp_path / "a.png").write_bytes(cover("Night Bus"))
    with pytest.raises(DecodeError, match="no sound in it, only pictures"):
        decode(tmp_path / "a.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_locked_file_says_so(song: Song) -> None:
    path = song(".wav")
    path.chmod(0)
    with pytest.raises(DecodeError, match="permission"):
        decode(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(DecodeError, match="not an ordinary file"):
        decode(tmp_path / "pipe.mp3")


def test_resampling_keeps_channels_apart(music: np.ndarray) -> None:
    both = resample(music.T, 44_100, 16_000)
    assert both.shape == (64_000, 2)
    np.testing.assert_allclose(both[:, 0], resample(music[0], 44_100, 16_000), atol=1e-6)


@pytest.mark.skipif(not TORTURE.exists(), reason="the folder of broken files is not here")
def test_verdicts_on_broken_files_agree_with_ffmpeg() -> None:
    agreement: Counter[bool] = Counter()
    with open(TORTURE / "verdicts.tsv", encoding="utf-8", newline="") as verdicts:
        for row in csv.DictReader(verdicts, delimiter="\t"):
            try:
                verdict = "yes" if decode(TORTURE / row["file"]).complete else "partly"
            except DecodeError:
                verdict = "no"
            agreement[verdict == row["decodes"]] += 1
            if float(row["seconds"] or 0) > 0.02:  # FFmpeg's versions differ by a few milliseconds of priming
                assert (verdict == "no") == (row["decodes"] == "no"), row["file"]
    assert agreement[False] <= 5
