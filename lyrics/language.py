"""Which language words are in, told offline by py3langid; None rather than a guess."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from lyrics.cleaning import clean
from lyrics.words import is_vocable

FEWEST = 15  # letters, without vocables and repeated lines: below, single lines are told wrong too often
FEWEST_SIGNS = 6  # letters of scripts that write a syllable or a word with one
SURE = 0.8  # confidence from which 589 of 593 verses of real songs were told right; below it 40 of 68
DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # kana, Chinese characters, Hangul
KANA, HANGUL = re.compile(r"[\u3040-\u30ff]"), re.compile(r"[\uac00-\ud7af]")
ANYWHERE = frozenset({"baby", "okay", "ok", "hallelujah"})  # sung in every language
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
REST = 60.0  # seconds without a question after which the model's memory is given back


class _Model:
    """The model, read when the first question comes (0.6 s, 75 MB) and given back after a rest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: Any = None
        self._used = 0.0

    def classify(self, words: str) -> tuple[str, float]:
        """Return the language and how sure it is, 0 to 1."""
        with self._lock:
            self._used = time.monotonic()
            if self._identifier is None:
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
                self._look_after(REST)
            code, confidence = self._identifier.classify(words)
        return str(code), float(confidence)

    def _look_after(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._rest)
        timer.daemon = True
        timer.start()

    def _rest(self) -> None:
        with self._lock:
            left = self._used + REST - time.monotonic()
            if left > 0:
                self._look_after(left)
            else:
                self._identifier = None


_model = _Model()


def detect(text: str) -> str | None:
    """Return the language most of a text is in.

    Headers, vocables ("la la la", "oh yeah") and lines said before do not count.

    Parameters
    ----------
    text : str
        Words of a song, as a source wrote them or cleaned.

    Returns
    -------
    str or None
        ISO 639-1 code, None where too little is left or the language is not sure.

    >>> detect("Walking down the empty street, I think of you"), detect("la la la oh yeah")
    ('en', None)
    """
    lines = dict.fromkeys(filter(None, map(_telling, clean(text).split("\n"))))
    words = "\n".join(lines)
    letters = sum(map(str.isalpha, words))
    dense = len(DENSE.findall(words))
    if letters < FEWEST and dense < FEWEST_SIGNS:
        return None
    code, confidence = _model.classify(words)
    if dense > letters / 2:
        return _of_its_script(words, code)
    return code if confidence >= SURE else None


def _telling(line: str) -> str:
    """Return the words of a line that belong to a language."""
    return " ".join(word for word in WORD.findall(line.lower()) if word not in ANYWHERE and not is_vocable(word))


def _of_its_script(words: str, code: str) -> str:
    """Return the language that writes with these signs; only Japanese has kana, only Korean Hangul."""
    if len(HANGUL.findall(words)) > len(words) / 4:
        return "ko"
    return "ja" if KANA.search(words) else "zh" if code not in ("ja", "zh") else code
