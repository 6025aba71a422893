"""Opens the results of a study from its folder, in a window beside the main one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from core.cohort.summary_file import read_summary
from core.errors import UserError
from ui.file_dialogs import ask_folder
from ui.theme import Tone


def choose_study(parent: QWidget, tell: Callable[[str, Tone], None]) -> None:
    """Ask for the folder; what cannot be shown is told."""
    folder = ask_folder(parent, "The folder of a study on virtual patients")
    if folder is None:
        return
    try:
        summary = read_summary(folder)
    except UserError as error:
        tell(error.advice.one_line(), Tone.STOP)
        return
    from ui.study_window import StudyWindow  # its plots are needed by few, and the program starts without

    window = StudyWindow(summary)
    window.setParent(parent, Qt.WindowType.Window)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.show()
