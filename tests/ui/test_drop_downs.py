"""Drop-downs: the list opens beside its field and shows every entry whole, to the last, in every theme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QComboBox

from tests.ui.waiting import until
from ui import theme
from ui.widgets.basics import fit_list
from ui.widgets.patient_form import PatientForm
from ui.widgets.visit_notes_form import VisitNotesForm


@pytest.fixture(params=list(theme.Mode))
def themed(app: QApplication, request: pytest.FixtureRequest) -> Iterator[QApplication]:
    before = theme.current().mode
    theme.apply(app, request.param)
    yield app
    theme.apply(app, before)


def assert_whole(box: QComboBox) -> None:
    """Open the list, go to its end, and look at its place, its last and its longest entry."""
    box.showPopup()
    view = box.view()
    until(view.isVisible)
    view.scrollToBottom()
    last = view.visualRect(view.model().index(box.count() - 1, 0))
    longest = max(view.fontMetrics().horizontalAdvance(box.itemText(n)) for n in range(box.count()))
    shown, field = view.viewport(), QRect(box.mapToGlobal(box.rect().topLeft()), box.size())
    opened = view.window().geometry()
    box.hidePopup()
    assert last.top() >= 0 and last.bottom() < shown.height() and longest + 8 <= shown.width()
    assert not opened.intersects(field.adjusted(0, 3, 0, -3))  # what is chosen now can be read meanwhile


@pytest.mark.parametrize("count", [2, 9, 28])
def test_the_last_entry_is_shown_whole_in_a_narrow_field(themed: QApplication, count: int) -> None:
    box = QComboBox()
    box.addItems([f"entry {number} of a list with long words" for number in range(count)])
    fit_list(box)
    box.setFixedWidth(80)
    box.show()
    assert_whole(box)
    box.close()


def test_every_list_of_the_patient_is_whole(themed: QApplication) -> None:
    for form in (PatientForm(), VisitNotesForm()):
        form.resize(620, 300)
        form.show()
        for box in form.findChildren(QComboBox):
            if box.count():
                assert_whole(box)
        form.close()
