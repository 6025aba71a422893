"""Claims about the window of a controller package: what it is for, and the way on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from app.package_window import show_package
from core.domain.package_look import LookedAt, PackageLook, PackageUse, unreadable
from core.errors import Advice
from ui.package_window import PackageWindow

LOOK = PackageLook(
    "a.exopkg",
    PackageUse.VIRTUAL_EXO,
    "This package is for a virtual exo only.",
    ("Nobody released it. [DEP-024]",),
    "It makes walking harder.",
    (("For whom", "the patient with the tag 01"),),
    (LookedAt(True, "whole", "All parts are there."), LookedAt(False, "dates", "It expired.", "Train anew.")),
    "as printed",
)


def texts(window: PackageWindow) -> list[str]:
    return [one.text() for one in window.findChildren(QLabel)]


def test_it_tells_the_verdict_why_for_whom_and_every_check(app: QApplication) -> None:
    window = PackageWindow(LOOK)

    told = texts(window)
    assert told[0] == LOOK.verdict and window.accessibleName() == LOOK.verdict
    assert {*LOOK.reasons, LOOK.warning, *LOOK.facts[0]} <= set(told)
    assert {"Whole: All parts are there.", "Dates, failed: It expired. Train anew."} <= set(told)
    assert window.minimumSizeHint().height() <= 660  # what is too long scrolls
    window.deleteLater()


def test_what_cannot_be_read_is_told_by_its_advice_and_can_be_copied(app: QApplication) -> None:
    advice = Advice("It is incomplete.", "Cut off.", "Copy it again.", "DEP-004")
    window = PackageWindow(unreadable("b.exopkg", advice))
    next(one for one in window.findChildren(QPushButton) if one.text() == "Copy as text").click()

    assert "It is incomplete. Cut off. Copy it again. [DEP-004]" in texts(window)
    assert QGuiApplication.clipboard().text() == advice.one_line()
    window.deleteLater()


@pytest.mark.parametrize(("press", "starts"), [("Open ExoTwin", True), ("Close", False)])
def test_it_leads_to_the_program_or_away(app: QApplication, tmp_path: Path, press: str, starts: bool) -> None:
    def click() -> None:
        (window,) = (
            one for one in app.topLevelWidgets() if isinstance(one, PackageWindow) and one.isVisible()
        )
        next(one for one in window.findChildren(QPushButton) if one.text() == press).click()

    QTimer.singleShot(0, app, click)

    assert show_package(LOOK, tmp_path) is starts
    assert app.quitOnLastWindowClosed() and list(tmp_path.iterdir()) == []
