"""By keyboard alone: the main action is at most two Tabs away, Enter presses it, and focus is seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QTabWidget, QWidget

from core.domain.record import RecordKind
from core.domain.subject import Subject
from core.session.flow import STEPS, Step
from tests.ui import records, samples
from ui import tab_order
from ui.asides import Aside
from ui.main_window import MainWindow
from ui.pages.frame import Page
from ui.session_context import SessionContext

LAPTOP = (1366, 690)  # what a screen 768 high leaves beside taskbar and title bar
PLACES = (*STEPS, *Aside)


class Windows(QObject):
    """Notes whatever shows itself as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(type(watched).__name__)
        return False


@pytest.fixture
def window(app: QApplication, context: SessionContext) -> MainWindow:
    window = MainWindow(context)
    window.resize(*LAPTOP)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    return window


@pytest.fixture
def whole_visit(context: SessionContext, subject: Subject) -> None:
    """A visit with a result of every step."""
    visit = context.store.start_visit(context.store.add_patient(subject))
    context.store.save(RecordKind.EMG, samples.emg(), visit_id=visit.id, summary="emg")
    records.fill(context.store, visit.id, Step.DEPLOY)
    context.open_visit(visit.id)


def main_button(page: Page) -> QWidget | None:
    return next((button for button in page.main_buttons if button.isVisible()), None)


def press(app: QApplication, window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(app.focusWidget() or window, key)


def tabs_to_main_action(app: QApplication, window: MainWindow, page: Page) -> int:
    wanted = main_button(page)
    assert wanted is not None and wanted.isEnabled()
    for pressed in range(1, 10):
        press(app, window, Qt.Key.Key_Tab)
        if app.focusWidget() is wanted:
            return pressed
    return 10


def assert_enter_presses(app: QApplication, window: MainWindow, page: Page) -> None:
    heard: list[bool] = []
    page.main_action.connect(lambda: heard.append(True))
    press(app, window, Qt.Key.Key_Return)
    assert heard == [True], page.title


def test_on_every_page_without_a_patient_enter_goes_to_where_to_begin_and_no_part_is_a_window_of_its_own(
    app: QApplication, window: MainWindow
) -> None:
    """A part that is shown before it has its place flashes on the screen and takes the keyboard away."""
    windows = Windows()
    for place in STEPS[:-1]:  # a report has nothing to begin with
        app.installEventFilter(windows)
        window.go_to(place)
        app.removeEventFilter(windows)
        assert windows.shown == [], place
        page = window.pages.page(place)
        assert tabs_to_main_action(app, window, page) <= 2, place
        assert_enter_presses(app, window, page)


def test_on_every_page_with_a_result_the_main_action_is_two_tabs_away_and_enter_presses_it(
    app: QApplication, window: MainWindow, whole_visit: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    for place in STEPS:
        window.go_to(place)
        page = window.pages.page(place)
        window.steps._rows[place].setFocus()  # as after a click on the step
        assert tabs_to_main_action(app, window, page) <= 2, place
        window.header._theme.setFocus()
        assert tabs_to_main_action(app, window, page) <= 2, place
        window.go_to(place)
        assert tabs_to_main_action(app, window, page) <= 2, place
        assert_enter_presses(app, window, page)


def test_tab_goes_through_everything_and_back_again(app: QApplication, window: MainWindow) -> None:
    window.go_to(Step.PATIENT)
    press(app, window, Qt.Key.Key_Tab)
    first, forth = app.focusWidget(), [app.focusWidget()]
    while len(forth) < 60:
        press(app, window, Qt.Key.Key_Tab)
        if app.focusWidget() is first:
            break
        forth.append(app.focusWidget())
    assert window.header._help in forth and window.tray._toggle in forth
    assert [row for row in window.steps._rows.values() if row in forth] == [window.steps._rows[Step.PATIENT]]
    back = []
    for _ in forth:
        press(app, window, Qt.Key.Key_Backtab)
        back.append(app.focusWidget())
    assert back == forth[::-1]


def test_enter_that_is_held_presses_once(app: QApplication, window: MainWindow) -> None:
    heard: list[bool] = []
    window.header._help.clicked.connect(lambda: heard.append(True))
    window.header._help.setFocus()
    none = Qt.KeyboardModifier.NoModifier
    for repeated in (False, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, none, "\r", repeated)
        QApplication.sendEvent(window.header._help, event)
    assert heard == [True]


def test_wherever_tab_stops_it_is_seen(app: QApplication, window: MainWindow, whole_visit: None) -> None:
    looked_at: set[tuple[str, str]] = set()
    for place in PLACES:
        window.go_to(place)
        QTest.qWait(20)
        page = window.pages.page(place)
        for widget in tab_order.stops(window, (window.pages,), page.main_buttons, window.steps):
            kind = (type(widget).__name__, str(widget.property("kind")))
            if kind not in looked_at:
                looked_at.add(kind)
                with_focus = _picture(window, widget, focused=True)
                assert with_focus != _picture(window, widget, focused=False), (kind, widget.accessibleName())
    assert len(looked_at) > 8


def _picture(window: MainWindow, widget: QWidget, *, focused: bool) -> QImage:
    if focused:
        tab_order.go([widget], None, forward=True)
    else:
        window._centre.setFocus()
    corner = widget.mapTo(window, widget.rect().topLeft())
    return window.grab(QRect(corner, widget.size()).adjusted(-3, -3, 3, 3)).toImage()


def test_every_drop_down_of_every_page_shows_its_last_entry(
    app: QApplication, window: MainWindow, whole_visit: None
) -> None:
    seen = 0
    for place in PLACES:
        window.go_to(place)
        for box in _drop_downs(window.pages.page(place)):
            seen += 1
            box.showPopup()
            view = box.view()
            view.scrollToBottom()
            last = view.visualRect(view.model().index(box.count() - 1, 0))
            shown, opened = view.viewport().rect(), view.window().geometry()
            box.hidePopup()
            assert shown.contains(last.adjusted(0, 0, -max(0, last.width() - shown.width()), 0)), box
            assert window.screen().geometry().contains(opened) and opened.height() <= LAPTOP[1], box
    assert seen > 3


def _drop_downs(page: Page) -> Iterator[QComboBox]:
    """Those that can be opened, on every tab."""
    tabs = [None, *(t for t in page.findChildren(QTabWidget) if t.isVisible())]
    done: set[QComboBox] = set()
    for tab in tabs:
        for number in range(1 if tab is None else tab.count()):
            if tab is not None:
                tab.setCurrentIndex(number)
            for box in page.findChildren(QComboBox):
                if box not in done and box.isVisible() and box.isEnabled() and box.count():
                    done.add(box)
                    yield box
