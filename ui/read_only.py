"""A record in which nothing can be changed now: every control that would is greyed, and says why.

What only looks (playing, turning, choosing what is drawn, searching) is marked by `looks` where it is made;
everything that is not is greyed, so that a new button is never forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)

from ui.pages.frame import Page
from ui.widgets.basics import only_looks

_CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QPlainTextEdit)
_PARTS_OF = (QTabBar, QAbstractItemView, QLineEdit)  # their own buttons: to scroll, to clear, the corner


def grey_what_changes(page: Page, why: str) -> None:
    """After every rendering, which may have switched controls on. Texts can still be read and copied."""
    for control in _changing(page):
        if isinstance(control, QLineEdit | QPlainTextEdit):
            control.setReadOnly(True)
        else:
            control.setEnabled(False)
        control.setToolTip(why)
        control.setAccessibleDescription(why)
    for view in page.findChildren(QAbstractItemView):
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)


def _changing(page: Page) -> Iterator[QWidget]:
    for control in page.findChildren(QWidget):
        if not isinstance(control, _CONTROLS) or isinstance(control.parent(), _PARTS_OF):
            continue
        if not _only_looks(control, page):
            yield control


def _only_looks(control: QWidget, page: Page) -> bool:
    """Marked itself, or a part of what is."""
    part: QWidget | None = control
    while part is not None and part is not page:
        if only_looks(part):
            return True
        part = part.parentWidget()
    return False
