"""Loudness: how loud a track is to the ear (ITU-R BS.1770-4, integrated and gated), heard while it is being decoded."""

from __future__ import annotations

from functools import cache

import numpy as np

ABSOLUTE_GATE = -70.0  # LUFS; blocks below it are silence
RELATIVE_GATE = -10.0  # LU against the mean of the blocks above the first gate: pauses and fades do not count
OFFSET = -0.691  # makes a 1 kHz tone of full scale in one channel -3.01 LUFS
PIECES_PER_BLOCK = 4  # a block lasts 400 ms, the next begins 100 ms later
PIECES_PER_SEGMENT = 4  # filtered at once by one Fourier transform
SEGMENTS = 4  # transformed side by side: fewer do not fill the processor's vector registers
SETTLING = 0.05  # seconds; after that the filter's echo is more than 100 dB down
# Channels beside and behind the listener count more; the bass effects are left out.
WEIGHTS = dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "TBL", "TBC", "TBR", "SDL", "SDR"), 1.41)
LOW = frozenset({"LFE", "LFE2"})
LOUDEST = 1e3  # beyond any real float recording; keeps powers finite
LOWEST_RATE = 10  # Hz; below it there is no piece of 100 ms

# The two filters of the K-weighting as analogue prototypes, so that they can be had at every rate (the standard lists
# numbers for 48 kHz only): corner in Hz, quality, gain in dB. Mansbridge, Finn & Reiss 2012; FFmpeg uses the same.
SHELF = (1681.974450955533, 0.7071752369554196, 3.999843853973347)
SHELF_BEND = 0.4996667741545416
HIGH_PASS = (38.13547087602444, 0.5003270373238773)


class Meter:
    """Takes samples as they come and says at the end how loud they were.

    Every channel is filtered at its own rate, by multiplying spectra of overlapping segments; two channels share one
    complex transform, as its real and its imaginary part.
    """

    def __init__(self) -> None:
        self.peak = 0.0  # largest magnitude of a sample so far
        self._kind: tuple[int, tuple[str, ...]] = (0, ())
        self._lanes: list[np.ndarray] = []  # what the next segment begins with, two channels in each
        self._powers: list[np.ndarray] = []  # of pieces of 100 ms, weighted and added over the channels
        self._rest = (0.0, 0.0)  # power of a last piece that is not whole, and what share of a piece it is

    def add(self, x: np.ndarray, sr: int, channels: tuple[str, ...]) -> None:
        """Take the next samples.

        Parameters
        ----------
        x : np.ndarray, shape (channels, samples)
            Floats, full scale 1.
        sr : int
            Their rate in Hz; may change on the way, as may the channels.
        channels : tuple of str
            FFmpeg's names of the places: "FL", "FR", "LFE" and so on.
        """
        top = max(float(x.max(initial=0)), -float(x.min(initial=0)))
        if not top <= LOUDEST:  # also true for NaN
            x = np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0).clip(-LOUDEST, LOUDEST)
            top = float(np.abs(x).max(initial=0))
        self.peak = max(self.peak, top)
        if (sr, channels) != self._kind:
            self._change(sr, channels)
        if self._lanes:
            heard = [(row, WEIGHTS.get(name, 1.0)) for row, name in zip(x, channels, strict=True) if name not in LOW]
            pairs = [heard[i : i + 2] for i in range(0, len(heard), 2)]
            self._lanes = [_joined(lane, pair) for lane, pair in zip(self._lanes, pairs, strict=True)]
            self._filter_whole_segments()

    def loudness(self) -> float | None:
        """Return the integrated loudness in LUFS of all that came, None for silence.

        Less than a block of 400 ms, for which the standard says nothing, counts as one block of its own length.
        """
        self._change(0, ())
        powers = np.concatenate([np.empty(0), *self._powers])
        if len(powers) >= PIECES_PER_BLOCK:
            return integrated(np.lib.stride_tricks.sliding_window_view(powers, PIECES_PER_BLOCK).mean(axis=1))
        power, share = self._rest
        return integrated(np.array([(powers.sum() + power) / max(len(powers) + share, 1e-9)]))

    def _change(self, sr: int, channels: tuple[str, ...]) -> None:
        """Finish with the samples of one kind and get ready for another."""
        self._finish()
        self._kind = sr, channels
        heard = sum(name not in LOW for name in channels) if sr >= LOWEST_RATE else 0
        silence = np.zeros(_settling(sr) if heard else 0, np.complex64)
        self._lanes = [silence] * (heard // 2) + [silence.real] * (heard % 2)

    def _filter_whole_segments(self) -> None:
        sr = self._kind[0]
        advance, settling = PIECES_PER_SEGMENT * (sr // 10), _settling(sr)
        count = (len(self._lanes[0]) - settling) // advance // SEGMENTS * SEGMENTS
        if count:
            self._powers.append(_piece_powers([lane[: settling + count * advance] for lane in self._lanes], sr))
            self._lanes = [lane[count * advance :].copy() for lane in self._lanes]

    def _finish(self) -> None:
        """Take what is left of the samples of one kind: whole pieces count, and remember the last one."""
        sr = self._kind[0]
        left = len(self._lanes[0]) - _settling(sr) if self._lanes else 0
        if not left:
            return
        padding = -left % (PIECES_PER_SEGMENT * (sr // 10))
        powers = _piece_powers([np.pad(lane, (0, padding)) for lane in self._lanes], sr)
        whole, rest = divmod(left, sr // 10)
        self._powers.append(powers[:whole])
        self._rest = (float(powers[whole]), rest / (sr // 10)) if rest else (0.0, 0.0)
        self._lanes = []


def _joined(lane: np.ndarray, pair: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Return a lane, longer by the samples of its one or two channels."""
    longer = np.empty(len(lane) + len(pair[0][0]), lane.dtype)
    longer[: len(lane)] = lane
    for part, (samples, weight) in zip((longer.real, longer.imag), pair, strict=False):
        np.multiply(samples, np.float32(weight**0.5), out=part[len(lane) :], casting="same_kind")
    return longer


def integrated(powers: np.ndarray) -> float | None:
    """Return the loudness in LUFS of blocks, those that are silent or far below the others left out.

    Parameters
    ----------
    powers : np.ndarray, shape (blocks,)
        Mean square after the K-weighting, added over the channels by weight.

    >>> round(integrated(np.array([0.5, 0.5, 0.001, 0.0])), 2)  # the quiet third and the silent fourth do not count
    -3.7
    """
    heard = powers[_lufs(powers) > ABSOLUTE_GATE]
    if not len(heard):
        return None
    heard = heard[_lufs(heard) > _lufs(heard.mean()) + RELATIVE_GATE]
    return float(_lufs(heard.mean()))


def _lufs(power: np.ndarray) -> np.ndarray:
    return OFFSET + 10 * np.log10(np.maximum(power, 1e-30))


def _piece_powers(lanes: list[np.ndarray], sr: int) -> np.ndarray:
    """Return the mean square of each piece of 100 ms after the K-weighting, added over the channels."""
    return np.sum([_energies(lane, sr) for lane in lanes], axis=0) / (sr // 10)


def _energies(x: np.ndarray, sr: int) -> np.ndarray:
    """Filter one channel, or two as the parts of complex numbers, and add up the squares of each piece."""
    from scipy import fft

    settling, piece = _settling(sr), sr // 10
    advance = PIECES_PER_SEGMENT * piece
    segments = np.lib.stride_tricks.sliding_window_view(x, settling + advance)[::advance]
    forth, back = (fft.fft, fft.ifft) if x.dtype.kind == "c" else (fft.rfft, fft.irfft)
    energies = []
    for first in range(0, len(segments), SEGMENTS):
        spectrum = forth(segments[first : first + SEGMENTS], axis=1)
        spectrum *= _weighting(sr)[: spectrum.shape[1]]
        filtered = back(spectrum, settling + advance, axis=1, overwrite_x=True)[:, settling:]
        squares = np.ascontiguousarray(filtered).view(np.float32).reshape(-1, piece * (1 + (x.dtype.kind == "c")))
        energies.append(np.einsum("ij,ij->i", squares, squares))
    return np.concatenate(energies).astype(np.float64)


@cache
def _settling(sr: int) -> int:
    """Return how many samples a segment begins early; so many that its length suits the Fourier transform."""
    from scipy import fft

    advance = PIECES_PER_SEGMENT * (sr // 10)
    return int(fft.next_fast_len(advance + int(np.ceil(SETTLING * sr)))) - advance


@cache
def _weighting(sr: int) -> np.ndarray:
    """Return the K-weighting's response at every frequency of a segment's transform, complex64."""
    length = _settling(sr) + PIECES_PER_SEGMENT * (sr // 10)
    delay = np.exp(-2j * np.pi * np.fft.fftfreq(length))
    powers = np.stack([np.ones(length), delay, delay**2])
    response = np.ones(length, complex)
    for b, a in k_weighting(sr):
        response *= (b @ powers) / (a @ powers)
    return response.astype(np.complex64)


def k_weighting(sr: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return the numerator and denominator of the two filters at one rate: the head's shelf, then the high-pass.

    >>> k_weighting(48_000)[0][0].round(5)  # as the standard's first table has them
    array([ 1.53512, -2.6917 ,  1.19839])
    """
    corner, q, gain = SHELF
    k = np.tan(np.pi * min(corner / sr, 0.49))
    high = 10 ** (gain / 20)
    bend = high**SHELF_BEND
    scale = 1 + k / q + k * k
    shelf = np.array([high + bend * k / q + k * k, 2 * (k * k - high), high - bend * k / q + k * k]) / scale
    poles = np.array([1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale])
    corner, q = HIGH_PASS
    k = np.tan(np.pi * min(corner / sr, 0.49))
    scale = 1 + k / q + k * k
    return (shelf, poles), (
        np.array([1.0, -2.0, 1.0]),
        np.array([1.0, 2 * (k * k - 1) / scale, (1 - k / q + k * k) / scale]),
    )
