"""Word clouds: words as large as they weigh, in one colour, or two, on no background."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

SMALLEST, LARGEST = 20, 96  # pixels: below, nobody reads
MOST = 60  # words
SCALE = 0.5  # how far size follows weight rather than rank
# What the package's own font (DroidSansMono) has letters for.
DRAWN = re.compile(r"[\u0020-\u024f\u0370-\u03ff\u0400-\u04ff\u1e00-\u1eff'’-]+")


def drawable(word: str) -> bool:
    """Say whether the font has letters for a word: Latin, Greek and Cyrillic ones.

    >>> drawable("läufst"), drawable("夜")
    (True, False)
    """
    return DRAWN.fullmatch(word) is not None


def picture(
    weights: Mapping[str, float],
    *,
    colour: str,
    faint: Collection[str] = (),
    faint_colour: str | None = None,
    width: int = 800,
    height: int = 420,
    random_state: int = 0,
) -> bytes:
    """Draw words by weight.

    Parameters
    ----------
    weights : mapping of word to float
        Above 0; words in other scripts than the font's are left out.
    colour : str
        "#RRGGBB".
    faint : collection of str
        Words that have the other colour.
    faint_colour : str, optional
        By default there is no other.
    width, height : int
        Pixels.
    random_state : int
        The same picture for the same number.

    Returns
    -------
    bytes
        A PNG with a transparent background.

    Raises
    ------
    ValueError
        There is no word to draw.
    """
    words = {word: float(weight) for word, weight in weights.items() if weight > 0 and drawable(word)}
    if not words:
        raise ValueError("no word to draw")
    from wordcloud import WordCloud

    cloud = WordCloud(
        width=width,
        height=height,
        mode="RGBA",
        background_color=None,
        max_words=MOST,
        min_font_size=SMALLEST,
        max_font_size=LARGEST,
        relative_scaling=SCALE,
        prefer_horizontal=1.0,  # words that stand on end are hard to read
        color_func=_Colours(colour, dict.fromkeys(faint, faint_colour or colour)),
        random_state=random.Random(random_state),
        font_path=_font(),
        margin=8,  # pixels, so that two words in a row do not read as one
    ).generate_from_frequencies(words)
    content = io.BytesIO()
    cloud.to_image().save(content, format="PNG", optimize=True)
    return content.getvalue()


class _Colours:
    """The colour of each word; the package asks for a function."""

    def __init__(self, colour: str, others: Mapping[str, str]) -> None:
        self._colour, self._others = colour, others

    def __call__(self, word: str, *args: Any, **about: Any) -> str:
        return self._others.get(word, self._colour)


@lru_cache(maxsize=1)
def _font() -> str:
    from wordcloud.wordcloud import FONT_PATH

    return str(FONT_PATH)
