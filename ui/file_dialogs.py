"""The system's own file choosers; each opens where the last one of its kind was left."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from ui.preferences import Folder, Preferences

_DATA_DIR = "exotwin_data_dir"  # of the application: where the preferences are


def remember_folders_in(app: QApplication, data_dir: Path) -> None:
    """From now on folders are kept with the preferences of this data folder."""
    app.setProperty(_DATA_DIR, str(data_dir))


def ask_file(parent: QWidget, title: str, pattern: str) -> Path | None:
    """A file to read; None when nothing was chosen."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(_last(Folder.READ)), pattern)
    return _kept(Folder.READ, Path(name)) if name else None


def ask_files(parent: QWidget, title: str, pattern: str) -> tuple[Path, ...]:
    """Files to read, in the order of their names; empty when nothing was chosen."""
    names, _ = QFileDialog.getOpenFileNames(parent, title, str(_last(Folder.READ)), pattern)
    return tuple(_kept(Folder.READ, path) for path in sorted(map(Path, names)))


def ask_where(parent: QWidget, title: str, file_name: str, pattern: str) -> Path | None:
    """A file to write, with the ending of the proposed name; None when nothing was chosen."""
    proposed = str(_last(Folder.WRITTEN) / file_name)
    name, _ = QFileDialog.getSaveFileName(parent, title, proposed, pattern)
    if not name:
        return None
    path, ending = Path(name), Path(file_name).suffix
    return _kept(
        Folder.WRITTEN,
        path if path.suffix.lower() == ending else path.with_name(f"{path.name}{ending}"),
    )


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """A folder to write into; None when none was chosen."""
    name = QFileDialog.getExistingDirectory(parent, title, str(_last(Folder.WRITTEN)))
    return _kept(Folder.WRITTEN, Path(name) / "any").parent if name else None


def _last(folder: Folder) -> Path:
    preferences = _preferences()
    kept = None if preferences is None else preferences.folder(folder)
    return Path.home() if kept is None else kept


def _kept(folder: Folder, path: Path) -> Path:
    preferences = _preferences()
    if preferences is not None:
        preferences.keep_folder(folder, path.parent)
    return path


def _preferences() -> Preferences | None:
    """None where no data folder is open, as in tests of single pages."""
    app = QApplication.instance()
    data_dir = None if app is None else app.property(_DATA_DIR)
    return Preferences(Path(data_dir)) if data_dir else None
