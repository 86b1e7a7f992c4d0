"""What can be set about playing, on the Settings page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from services import cards
from services.engine import Engine

ROOT = Path(__file__).resolve().parents[2]


def test_playing_all_tracks_equally_loud_can_be_switched_off(opened: Engine, fill: Any) -> None:
    fill(2)
    at = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=30).run()
    at.switch_page("views/settings.py").run()
    at.segmented_control(key="settings-part").set_value("Playing").run()
    switch = at.toggle(key="settings-match-loudness")
    assert not at.exception and switch.value is True
    switch.set_value(False).run()
    assert not at.exception and cards.matches_loudness(opened.workspace) is False
