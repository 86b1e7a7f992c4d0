"""Numbers and words as a person reads them."""

from __future__ import annotations

import pandas as pd

WITHOUT_EMBEDDING = (
    "TensorFlow or the MusiCNN weights are not installed here, so Earmark learns from descriptors of the sound instead."
    " It works, but needs more ratings, and cannot guess a genre before your first answer."
)
RATINGS: dict[str, str] = {"liked": "Liked", "semi": "Semi", "disliked": "Disliked"}


def percent(share: float | None) -> str:
    """Say a share.

    >>> percent(0.482), percent(0.998), percent(None)
    ('48 %', 'over 99 %', '')
    """
    if share is None or pd.isna(share):
        return ""
    return "over 99 %" if 0.99 < share < 1 else f"{100 * share:.0f} %"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say how many there are.

    >>> counted(1, "track"), counted(1200, "track")
    ('1 track', '1,200 tracks')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
