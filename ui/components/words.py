"""Numbers and words as a person reads them."""

from __future__ import annotations

import re

import pandas as pd

WITHOUT_EMBEDDING = (
    "TensorFlow or the MusiCNN weights are not installed here, so Earmark learns from descriptors of the sound instead."
    " It works, but needs more ratings, and cannot guess a genre before your first answer."
)
RATINGS: dict[str, str] = {"liked": "Liked", "semi": "Semi", "disliked": "Disliked"}
STATES: dict[str, str] = {
    "new": "not listened to yet",
    "analysed": "listened to",
    "quick": "a few seconds listened to",
    "partly": "listened to in part",
    "unreadable": "cannot be read",
    "missing": "not found",
    "protected": "protected by Apple",
    "cloud-only": "in Apple's cloud",
}
SOURCES: dict[str, str] = {
    "person": "you",
    "csv": "a CSV",
    "itunes": "Apple Music",
    "dataset": "folder or tags",
}
# Why something was asked, by its code; the history says it in these words.
ASKED: dict[str, str] = {
    "audit": "surprise check",
    "repeat": "repeat",
    "doubt": "doubtful answer",
    "stars": "stars in Apple Music",
    "aside": "put aside before",
    "version": "another version of an answered one",
    "chosen": "you chose it",
    "taken back": "answer taken back",
    "cover": "a part not known yet",
    "torn": "could go either way",
    "disagree": "models disagreed",
    "settles": "settles similar ones",
    "far": "far from the others",
    "lot": "drawn by lot",
    "line": "in turn",
}
SKIPPED: dict[str, str] = {"not now": "Not now", "don't know": "Don't know", "never": "Never ask"}


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


def cloud_sentence(cloud: int, tracks: int, usable: int) -> str:
    """Say how much of a library cannot be listened to because it has no file.

    >>> cloud_sentence(11310, 12041, 731)
    "11,310 of 12,041 tracks are in Apple's cloud. Earmark needs files: 731 can be used."
    >>> cloud_sentence(1, 1, 0)
    "1 of 1 track is in Apple's cloud. Earmark needs files: 0 can be used."
    """
    are = "is" if cloud == 1 else "are"
    share = f"{cloud:,} of {counted(tracks, 'track')} {are}"
    return f"{share} in Apple's cloud. Earmark needs files: {usable:,} can be used."


def clock(seconds: float | None) -> str:
    """Say how long a track is.

    >>> clock(222.4), clock(3725), clock(None)
    ('3:42', '1:02:05', '')
    """
    if seconds is None or pd.isna(seconds):
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def literal(text: str) -> str:
    r"""Return a text so that Markdown shows it as it is.

    >>> print(literal("*NSYNC [live] $5"))
    \*NSYNC \[live\] \$5
    """
    return re.sub(r"([\\`*_\[\]<>#$~|])", r"\\\1", text)


def readable(text: str | None) -> str:
    """Return a path as it can be shown; bytes that are no letters become question marks."""
    return (text or "").encode("utf-8", "replace").decode("utf-8")


def together(table: pd.DataFrame) -> pd.Series[str]:
    """Return the texts of each row as one, in small letters: what a search looks through."""
    texts = table.fillna("").astype(str)
    return texts.iloc[:, 0].str.cat(texts.iloc[:, 1:], sep=" ").str.casefold()
