"""Display preferences, kept beside the record so that it travels with the data folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings

from ui.theme import Mode

_MODE = "look/mode"


class Preferences:
    """Reads and writes `preferences.ini` of a data folder; what is missing or unknown has its default."""

    def __init__(self, data_dir: Path) -> None:
        self._settings = QSettings(str(data_dir / "preferences.ini"), QSettings.Format.IniFormat)

    @property
    def mode(self) -> Mode:
        kept = self._settings.value(_MODE)
        return Mode(kept) if kept in tuple(Mode) else Mode.LIGHT

    def keep_mode(self, mode: Mode) -> None:
        self._settings.setValue(_MODE, mode.value)
        self._settings.sync()
