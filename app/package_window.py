"""The window of a controller package, shown until it is closed or ExoTwin shall start."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from core.domain.package_look import PackageLook
from ui import theme
from ui.package_window import PackageWindow
from ui.preferences import Preferences


def show_package(look: PackageLook, data_dir: Path) -> bool:
    """Show what was found, in the colours of the data folder; whether ExoTwin shall start."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("ExoTwin")
    theme.apply(app, Preferences(data_dir).mode)
    app.setQuitOnLastWindowClosed(False)  # the main window may still come
    window = PackageWindow(look)
    window.show()
    loop = QEventLoop()
    wanted: list[bool] = []

    def choose(open_program: bool) -> None:
        wanted.append(open_program)
        loop.quit()

    window.chosen.connect(choose)
    loop.exec()
    window.hide()
    window.deleteLater()
    app.setQuitOnLastWindowClosed(True)
    return wanted[:1] == [True]
