"""What the screens remember, kept beside the record so that it travels with the data folder."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from core.vault.places import is_protected
from ui.theme import Mode

_MODE, _PATIENT, _VISIT, _WINDOW = "look/mode", "open/patient", "open/visit", "window/place"


class Folder(StrEnum):
    """What a person chose in a folder; recordings come from elsewhere than reports go to."""

    READ = "read"
    WRITTEN = "written"


class Preferences:
    """Reads and writes `preferences.ini` of a data folder; what is missing or unknown has its default."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._settings = QSettings(str(data_dir / "preferences.ini"), QSettings.Format.IniFormat)

    @property
    def mode(self) -> Mode:
        kept = self._settings.value(_MODE)
        return Mode(kept) if kept in tuple(Mode) else Mode.LIGHT

    def keep_mode(self, mode: Mode) -> None:
        self._keep(_MODE, mode.value)

    @property
    def patient_and_visit(self) -> tuple[str, str]:
        """Ids of what was open last; empty where nothing was. They may be gone from the record."""
        return self._text(_PATIENT), self._text(_VISIT)

    def keep_patient_and_visit(self, patient_id: str | None, visit_id: str | None) -> None:
        self._keep(_PATIENT, patient_id or "")
        self._keep(_VISIT, visit_id or "")

    @property
    def window(self) -> QByteArray | None:
        """Place and size of the window as Qt writes them; None before the first time."""
        kept = self._settings.value(_WINDOW)
        return kept if isinstance(kept, QByteArray) and not kept.isEmpty() else None

    def keep_window(self, place: QByteArray) -> None:
        self._keep(_WINDOW, place)

    def folder(self, folder: Folder) -> Path | None:
        """Where the last file dialog of this kind was left; None where there is no such folder any more."""
        kept = self._text(f"folder/{folder.value}")
        return Path(kept) if kept and Path(kept).is_dir() else None

    def keep_folder(self, folder: Folder, path: Path) -> None:
        """Not where the data folder is encrypted: names of folders may be those of patients."""
        if not is_protected(self._data_dir):
            self._keep(f"folder/{folder.value}", str(path))

    def _text(self, name: str) -> str:
        kept = self._settings.value(name)
        return kept if isinstance(kept, str) else ""

    def _keep(self, name: str, value: str | QByteArray) -> None:
        self._settings.setValue(name, value)
        self._settings.sync()
