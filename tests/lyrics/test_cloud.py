"""Word clouds: readable, in the colours asked for, the same every time."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from lyrics.cloud import SMALLEST, drawable, picture

WEIGHTS = {"harbour": 9.0, "kettle": 6.0, "rain": 5.0, "λόγια": 3.0, "дождь": 3.0, "straße": 2.0, "boats": 1.0}


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_a_picture_has_its_size_and_a_transparent_background() -> None:
    found = pixels(picture(WEIGHTS, colour="#3F5BA9", width=400, height=200))
    assert found.shape == (200, 400, 4)
    assert (found[..., 3] == 0).mean() > 0.3 and (found[..., 3] > 0).mean() > 0.02


def test_what_is_drawn_has_the_colour_asked_for() -> None:
    found = pixels(picture(WEIGHTS, colour="#3F5BA9"))
    assert {tuple(colour) for colour in found[found[..., 3] == 255][:, :3].tolist()} == {(0x3F, 0x5B, 0xA9)}


def test_faint_words_have_the_other_colour_and_stand_where_they_would() -> None:
    plain = pixels(picture(WEIGHTS, colour="#3F5BA9"))
    found = pixels(picture(WEIGHTS, colour="#3F5BA9", faint=["kettle", "rain"], faint_colour="#6B7280"))
    colours = {tuple(colour) for colour in found[found[..., 3] == 255][:, :3].tolist()}
    assert colours == {(0x3F, 0x5B, 0xA9), (0x6B, 0x72, 0x80)}
    np.testing.assert_array_equal(plain[..., 3], found[..., 3])


def test_the_same_words_give_the_same_picture() -> None:
    assert picture(WEIGHTS, colour="#3F5BA9") == picture(WEIGHTS, colour="#3F5BA9")
    assert picture(WEIGHTS, colour="#3F5BA9") != picture(WEIGHTS, colour="#3F5BA9", random_state=1)


@pytest.mark.parametrize("word", ["harbour", "straße", "дождь", "λόγια", "rock'n'roll", "ếch", "łódź", "şarkı"])
def test_words_the_font_has_letters_for_are_drawable(word: str) -> None:
    assert drawable(word)


@pytest.mark.parametrize("word", ["夜", "사랑", "ليل", "לילה", "ฝน", "बारिश", "🙂", "rain夜", ""])
def test_words_in_other_scripts_are_not(word: str) -> None:
    assert not drawable(word)


def test_words_that_cannot_be_drawn_are_left_out() -> None:
    assert picture(WEIGHTS | {"夜": 99.0}, colour="#3F5BA9") == picture(WEIGHTS, colour="#3F5BA9")


@pytest.mark.parametrize("weights", [{}, {"夜": 2.0}, {"rain": 0.0}, {"rain": -1.0}])
def test_nothing_to_draw_is_said(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no word"):
        picture(weights, colour="#3F5BA9")


def test_the_smallest_word_can_be_read() -> None:
    assert SMALLEST >= 12
    crowded = {f"word{n}": 1.0 + n for n in range(80)}
    assert picture(crowded, colour="#3F5BA9")
