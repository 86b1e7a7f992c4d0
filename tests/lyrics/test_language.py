"""Languages of songs: told from whole songs and verses, not guessed from a few sounds."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lyrics import language
from lyrics.language import detect

VERSES = {
    "en": (
        "I walked along the river when the evening lights came on\n"
        "and every window told me that the summer days were gone"
    ),
    "de": (
        "Ich gehe durch die leeren Straßen und denke nur an dich\n"
        "der Regen fällt auf meine Schuhe, doch keiner wartet mehr auf mich"
    ),
    "fr": (
        "Je marche seul le long du fleuve quand la nuit tombe sur la ville\n"
        "et je repense à ces étés où tu dansais sur la presqu'île"
    ),
    "es": "Camino solo por la orilla cuando se apaga la ciudad\ny pienso en todas las palabras que no te pude regalar",
    "it": "Cammino solo lungo il fiume quando si spegne la città\ne penso a tutte le parole che non ti ho detto mai",
    "pt": (
        "Caminho sozinho pela praia quando a cidade adormeceu\n"
        "e lembro de todas as palavras que o meu coração não disse"
    ),
    "nl": (
        "Ik loop alleen langs het water wanneer de avond is gekomen\n"
        "en denk aan al die mooie dagen waar wij nog samen over dromen"
    ),
    "sv": "Jag går ensam längs med ån när kvällen har blivit sen\noch tänker på de dagar då du ännu var min vän",
    "da": "Jeg går alene ned ad gaden, når aftenen er blevet sen\nog tænker på de lyse dage, hvor du endnu var min ven",
    "pl": (
        "Idę sam wzdłuż rzeki, kiedy gasną światła miasta\n"
        "i myślę o wszystkich słowach, których nie zdążyłem powiedzieć"
    ),
    "tr": "Akşam olunca tek başıma yürüyorum kıyıda\nsana söyleyemediğim bütün sözleri düşünüyorum",
    "fi": "Kävelen yksin joen rantaa kun kaupunki jo nukkuu\nja mietin niitä sanoja joita en sinulle sanonut",
    "ru": "Я иду один вдоль реки, когда гаснут огни\nи вспоминаю те слова, что не успел тебе сказать",
    "uk": "Я йду один уздовж ріки, коли згасають вогні\nі згадую усі слова, що не встиг тобі сказати",
    "el": "Περπατώ μόνος στο ποτάμι όταν σβήνουν τα φώτα\nκαι σκέφτομαι τα λόγια που δεν σου είπα ποτέ",
    "ar": "أمشي وحيدا على ضفة النهر حين تنام المدينة\nوأتذكر كل الكلمات التي لم أقلها لك",
    "he": "אני הולך לבדי לאורך הנהר כשהעיר כבר ישנה\nוחושב על כל המילים שלא אמרתי לך",
    "ja": "夜の川沿いをひとりで歩いている\nあなたに言えなかった言葉を思い出す",
    "zh": "我一个人走在河边 城市已经睡了\n想起那些没有对你说过的话",
    "ko": "도시가 잠든 밤에 나 홀로 강가를 걸어\n너에게 하지 못한 말들을 생각해",
    "cs": "Kráčím sám podél řeky, když ve městě zhasínají světla\na myslím na slova, která jsem ti nikdy neřekl",
    "hu": (
        "Egyedül megyek a folyó mentén, amikor a város már alszik\nés a szavakra gondolok, amiket nem mondtam el neked"
    ),
    "ro": "Merg singur de-a lungul râului când orașul adoarme\nși mă gândesc la cuvintele pe care nu ți le-am spus",
}


@pytest.mark.parametrize(("language", "verse"), VERSES.items(), ids=VERSES.keys())
def test_a_verse_tells_its_language(language: str, verse: str) -> None:
    assert detect(verse) == language


@pytest.mark.parametrize("language", VERSES)
def test_headers_vocables_and_page_noise_do_not_decide(language: str) -> None:
    noise = (
        "[Verse 1: Nina]\n{}\n\n[Chorus]\nOh yeah, la la la, hey hey hey\nOh yeah, la la la, hey hey hey\n(x2)12Embed"
    )
    assert detect(noise.format(VERSES[language])) == language


@pytest.mark.parametrize(
    "text",
    ["", "\n", "la la la oh yeah", "na na na hey hey", "oh", "hello", "uh uh yeah uh",
     "[Chorus]", "12345", "♪ ♪", "la la la\n" * 40,
     "oh baby, oh baby\n" * 20, "ooh aah", "hmm", "愛"],
)  # fmt: skip
def test_what_is_too_short_to_tell_is_not_guessed(text: str) -> None:
    assert detect(text) is None


def test_a_line_said_again_counts_once() -> None:
    once = VERSES["de"] + "\nbaby come on with me tonight"
    assert detect(once + "\nbaby come on with me tonight" * 30) == detect(once) == "de"


def test_the_answer_is_always_the_same() -> None:
    assert len({detect(VERSES["nl"]) for _ in range(5)}) == 1


CODES = {"English": "en", "German": "de", "Spanish": "es", "French": "fr"}


def test_real_songs_are_told_right_and_verses_hardly_ever_wrong(shared: Callable[[str], Path]) -> None:
    folder = shared("lyrics/jamendo")
    with (folder / "songs.csv").open(encoding="utf-8") as file:
        said = {Path(row["Filepath"]).stem: CODES[row["Language"]] for row in csv.DictReader(file)}
    texts = {path.stem: path.read_text("utf-8") for path in folder.glob("*.txt")}
    assert sum(detect(text) == said[name] for name, text in texts.items()) >= len(texts) - 1
    verses = [(said[name], verse) for name, text in texts.items() for verse in text.split("\n\n") if verse.strip()]
    answers = [(language, detect(verse)) for language, verse in verses]
    assert sum(found not in (None, language) for language, found in answers) <= 0.01 * len(answers)
    assert sum(found is not None for _, found in answers) >= 0.8 * len(answers)


def test_the_models_memory_is_given_back_after_a_rest_and_the_next_question_reads_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(language, "REST", 0.2)
    model = language._Model()
    assert model.classify("walking down the empty street")[0] == "en" and model._identifier is not None
    deadline = time.monotonic() + 20
    while model._identifier is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert model._identifier is None
    assert model.classify("je marche seul dans la rue vide")[0] == "fr"
