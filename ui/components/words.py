"""Numbers and words as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
OUTCOMES = ("found", "instrumental", "not there", "failed", "")  # of looking for lyrics; "": nobody has looked
LANGUAGES: dict[str, str] = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "la": "Latin", "lt": "Lithuanian", "lv": "Latvian", "nb": "Norwegian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip
# What models look at, as it stands in a sentence.
INPUTS: dict[str, str] = {
    "musicnn": "the sound",
    "descriptors": "what is measured of the sound",
    "tags": "the words the sound suggests",
    "lyrics": "its words",
    "metadata": "year, length and plays",
    "frames": "its course",
    "mel": "its spectrum",
}
# What each kind of model does, for those who meet its name in a table.
MODELS: dict[str, str] = {
    "prior": "takes the words the sound suggests for the genre, and learns how far they fit yours",
    "logistic": "draws a straight line between the answers",
    "ordered": "lays all tracks on one line from disliked to liked, or as your answers lie",
    "knn": "asks the most similar tracks you answered",
    "svm": "draws a curved line between the answers",
    "ensemble": "lets one model for each input speak, and weighs them",
    "mlp": "a small network that hears the sound as a whole",
    "conv_lstm_attention": "a network that hears how a track goes, and what in it matters",
    "cnn": "a network that looks at the spectrum itself, without what was learned from other music",
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


PERCENT = "%.0f %%"  # the format of a column of shares times 100


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say how many there are.

    >>> counted(1, "track"), counted(1200, "track")
    ('1 track', '1,200 tracks')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def interval(low_high: Sequence[float] | None) -> str:
    """Say a 95 % interval of a share.

    >>> interval([0.614, 0.888]), interval(None)
    ('61-89 %', '')
    """
    return "" if low_high is None else f"{100 * low_high[0]:.0f}-{100 * low_high[1]:.0f} %"


def input_name(name: str) -> str:
    """Say what a model looks at: the name of an input, or of several joined by "+".

    >>> input_name("musicnn"), input_name("musicnn+lyrics"), input_name("my own")
    ('the sound', 'the sound and its words', 'my own')
    """
    return " and ".join(INPUTS.get(one, one) for one in name.split("+"))


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
