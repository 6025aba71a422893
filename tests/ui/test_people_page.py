"""Claims about the screens in people mode: signing in, the lock, PINs under signatures, the people page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShortcut
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from core.domain.people import Action, PeopleRules, Role
from core.domain.record import Verdict
from core.domain.subject import Subject
from core.jobs.values import Done
from core.session.flow import Step
from core.store.repository import open_store
from tests.people import CHEAP, FIRST, MANAGER, NAMES, PIN, make_clinic, thing
from tests.ui import records
from tests.ui.board import HandBoard
from ui.asides import Aside
from ui.file_dialogs import ask_where
from ui.main_window import MainWindow
from ui.pages.people import PeoplePage
from ui.pages.report import ReportPage
from ui.session_context import SessionContext
from ui.signature import SignatureRequest, Signed
from ui.widgets.basics import Button
from ui.widgets.pin_cover import PinAnswer, PinKind

ALL_OF_PATIENT = {"Archive", "Export…", "Erase…", "New patient"}
PHYSICIAN, ASSISTANT = NAMES[Role.PHYSICIAN], NAMES[Role.ASSISTANT]


def shown(context: SessionContext) -> MainWindow:
    window = MainWindow(context)
    window.show()
    return window


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic")
    with open_store(folder) as store:
        make_clinic(store, (Role.PHYSICIAN, Role.ASSISTANT))
    return folder


@pytest.fixture
def with_people(made_once: Path, tmp_path: Path) -> None:
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def clinic(with_people: None, context: SessionContext) -> SessionContext:
    return context


@pytest.fixture
def window(clinic: SessionContext) -> Iterator[MainWindow]:
    window = shown(clinic)
    yield window
    window.close()


def answer(window: MainWindow, name: str, pin: str = PIN, **more: str) -> None:
    window.cover.answered.emit(PinAnswer(name, pin, **more))


def told(window: MainWindow) -> str:
    return window.cover._refused.text()


def test_without_accounts_the_window_says_so_and_asks_nothing(context: SessionContext) -> None:
    window = shown(context)
    assert window.header.person.text() == "Single-user mode"
    assert "nobody signed in" in window.header.person.toolTip()
    assert window.cover.isHidden() and window.pages.isVisible()
    window.close()


def test_a_window_opens_with_the_sign_in_and_shows_nothing_before(
    window: MainWindow, clinic: SessionContext
) -> None:
    cover = window.cover
    assert cover.isVisible() and not window.pages.isVisible() and not window.steps.isEnabled()
    assert window.header.person.text() == "Nobody signed in"
    assert cover.name.currentIndex() == -1 and cover.name.count() == 3  # nobody is proposed
    assert cover.pin.echoMode() == cover.pin.EchoMode.Password

    answer(window, PHYSICIAN, "999111")
    assert "Name and PIN do not fit." in told(window) and not cover.pin.text()
    answer(window, "")
    assert "Choose your name" in told(window)
    answer(window, PHYSICIAN)

    assert cover.isHidden() and window.pages.isVisible() and clinic.operator == PHYSICIAN
    assert window.header.person.text() == f"{PHYSICIAN}, physician"


def test_a_lock_closes_dialogs_and_forgets_the_message(window: MainWindow, clinic: SessionContext) -> None:
    answer(window, PHYSICIAN)
    chooser, printing = QFileDialog(window, "Save report"), QPrintDialog(window)
    chooser.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialogs: tuple[QDialog, ...] = (chooser, printing)
    for dialog in dialogs:
        dialog.show()
    clinic.show_message("P-0001 was saved.")

    window.desk.lock()

    assert not any(dialog.isVisible() for dialog in dialogs)
    assert all(dialog.result() == QDialog.DialogCode.Rejected for dialog in dialogs)
    assert "P-0001" not in window.tray._message.text() and window.cover.isVisible()
    for dialog in dialogs:
        dialog.deleteLater()


def test_a_file_that_is_being_chosen_is_not_chosen_once_the_screen_locks(
    window: MainWindow, clinic: SessionContext
) -> None:
    answer(window, PHYSICIAN)
    QTimer.singleShot(0, window.desk.lock)
    assert ask_where(window, "Save report", "P-0001.pdf", "PDF (*.pdf)") is None


def test_it_can_be_done_by_keys_alone(window: MainWindow, clinic: SessionContext) -> None:
    cover = window.cover
    cover.name.setFocus()
    QTest.keyClick(cover.name, Qt.Key.Key_Down)
    assert window.focusNextPrevChild(True) and QApplication.focusWidget() in (cover.pin, None)
    cover.pin.setText(PIN)
    QTest.keyClick(cover.pin, Qt.Key.Key_Return)
    present = clinic.store.people.present
    assert present is not None and present.name == cover.name.itemText(0)


def test_tab_stays_on_the_question_and_stop(window: MainWindow, clinic: SessionContext) -> None:
    window.header.show_exo(True)
    seen = set()
    for _step in range(12):
        window.focusNextPrevChild(True)
        widget = window.focusWidget()
        seen.add(widget)
        assert widget is not None
        assert window.cover.isAncestorOf(widget) or window.header.isAncestorOf(widget)
    assert window.header.stop_button in seen


def test_behind_the_lock_work_goes_on_and_the_exo_can_be_stopped(
    window: MainWindow, clinic: SessionContext, board: HandBoard
) -> None:
    answer(window, PHYSICIAN)
    clinic.connect_exo(clinic.jobs.submit("telemetry", {}))

    window.desk.lock()

    assert window.cover.isVisible() and not window.pages.isVisible()
    assert window.header.stop_button.isVisible() and window.header.stop_button.isEnabled()
    keys = {one.key().toString(): one for one in window.findChildren(QShortcut)}
    assert keys["F12"].isEnabled() and not keys["Ctrl+1"].isEnabled()
    keys["F12"].activated.emit()
    window.header.stop_button.click()
    assert [text for _id, text in board.sent] == ["stop", "stop"]
    answer(window, PHYSICIAN, "999111")
    assert window.cover.isVisible()
    answer(window, PHYSICIAN)
    assert window.cover.isHidden() and clinic.exo_job is not None


def test_no_patient_is_named_behind_the_lock(
    window: MainWindow, clinic: SessionContext, subject: Subject
) -> None:
    answer(window, PHYSICIAN)
    clinic.open_patient(clinic.store.add_patient(subject))
    assert window.header._visit.isVisible()
    window.desk.lock()
    assert not window.header._visit.isVisible() and not window.tray.isEnabled()
    answer(window, PHYSICIAN)
    assert window.header._visit.isVisible()


def test_the_screen_locks_when_nobody_touches_it(window: MainWindow, clinic: SessionContext) -> None:
    idle = window.desk._idle
    assert not idle.watching
    answer(window, PHYSICIAN)
    assert idle.watching and idle._timer.interval() == 10 * 60_000

    idle._timer.setInterval(40)
    idle._timer.start()
    QTest.qWait(25)
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, key)
    QTest.qWait(25)
    assert clinic.store.people.locked_by is None  # a key begins the time anew
    QTest.qWait(60)

    assert clinic.store.people.locked_by is not None and window.cover.isVisible() and not idle.watching


def test_what_follows_a_job_waits_behind_the_lock(window: MainWindow, clinic: SessionContext) -> None:
    answer(window, PHYSICIAN)
    done: list[str] = []
    window.desk.lock()
    clinic.once_unlocked(lambda: done.append("followed"))
    assert not done
    answer(window, PHYSICIAN)
    assert done == ["followed"]
    window.desk.lock()
    clinic.once_unlocked(lambda: done.append("of somebody else"))
    window.cover.left.emit()  # switch user
    answer(window, ASSISTANT)
    assert done == ["followed"]


def test_switching_the_user_stops_the_exo(
    window: MainWindow, clinic: SessionContext, board: HandBoard
) -> None:
    answer(window, PHYSICIAN)
    job_id = clinic.jobs.submit("telemetry", {})
    clinic.connect_exo(job_id)
    window.desk.switch_user()
    assert [text for _id, text in board.sent] == ["stop"] and clinic.store.people.present is None
    assert window.cover.isVisible()


def test_a_signature_asks_for_the_pin_and_can_be_left(window: MainWindow, clinic: SessionContext) -> None:
    answer(window, PHYSICIAN)
    signed: list[Signed] = []
    request = SignatureRequest(Action.RELEASE, "c1", "I release it.", signed.append)

    clinic.sign(request, ("typed", "typed"))
    assert window.cover.isVisible() and not signed
    window.cover.left.emit()
    assert window.cover.isHidden() and not signed
    clinic.sign(request, ("typed", "typed"))
    answer(window, PHYSICIAN, "999111")
    assert window.cover.isVisible() and not signed
    answer(window, PHYSICIAN)

    assert signed == [Signed(PHYSICIAN, "physician")]
    clinic.store.people.check(Action.RELEASE, by=PHYSICIAN, about="c1")


def test_four_eyes_ask_for_a_second_person(
    window: MainWindow, clinic: SessionContext, subject: Subject
) -> None:
    people = clinic.store.people
    people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, "P. Zweig")
    people.add("P. Zweig", Role.PHYSICIAN, FIRST, by=MANAGER, cost=CHEAP)
    people.change_own_pin("P. Zweig", FIRST, PIN, cost=CHEAP)
    people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, "rules")
    people.set_rules(PeopleRules(four_eyes=True), by=MANAGER)
    answer(window, PHYSICIAN)
    clinic.open_patient(clinic.store.add_patient(subject))
    visit = clinic.store.start_visit(clinic.patient_id or "")

    def release(by: Signed) -> None:
        clinic.store.decide(
            visit.id, "compare", Verdict.SIGNED, record_id="c1", by=by.name, role=by.role, second=by.second
        )

    about = thing(Action.RELEASE, "c1")
    clinic.sign(SignatureRequest(Action.RELEASE, about, "I release it.", release), ("", ""))
    cover = window.cover
    assert [cover.second.itemText(n) for n in range(cover.second.count())] == ["P. Zweig"]
    assert f"P. Zweig was given a PIN by {MANAGER}" in cover._question.words
    assert cover.second.currentIndex() == -1 and cover.second_pin.isVisible()
    answer(window, PHYSICIAN, second="P. Zweig", second_pin=PIN)

    assert [one.by for one in clinic.store.decisions(visit.id)] == ["P. Zweig", PHYSICIAN]


def test_a_first_pin_is_replaced_at_the_first_sign_in(window: MainWindow, clinic: SessionContext) -> None:
    clinic.store.people.prove(MANAGER, PIN, Action.MANAGE_PEOPLE, PHYSICIAN)
    clinic.store.people.give_pin(PHYSICIAN, FIRST, by=MANAGER, cost=CHEAP)

    answer(window, PHYSICIAN, FIRST)
    assert window.cover._question.kind is PinKind.OWN_PIN and window.cover.new_pin.isVisible()
    answer(window, PHYSICIAN, FIRST, new_pin="271828", again="314159")
    assert "differ" in told(window)
    answer(window, PHYSICIAN, FIRST, new_pin="271828", again="271828")

    assert window.cover.isHidden() and clinic.operator == PHYSICIAN


def test_what_the_role_does_not_cover_is_greyed_with_who_may(
    window: MainWindow, clinic: SessionContext
) -> None:
    answer(window, MANAGER)
    window.go_to(Step.PATIENT)
    page = window.pages.page(Step.PATIENT)
    main = page.main_buttons[0] if page.main_buttons[0].isVisible() else page.main_buttons[1]
    assert not main.isEnabled()
    assert "an assistant, a therapist or a physician may" in main.toolTip()
    assert "an assistant, a therapist or a physician may" not in window.header.person.toolTip()


def test_other_actions_are_greyed_too(window: MainWindow, clinic: SessionContext, subject: Subject) -> None:
    answer(window, PHYSICIAN)
    visit = clinic.store.start_visit(clinic.store.add_patient(subject))
    records.fill(clinic.store, visit.id, Step.MOTION)
    window.desk.switch_user()
    answer(window, ASSISTANT)
    clinic.open_visit(visit.id)
    window.go_to(Step.REPORT)
    page = window.pages.page(Step.REPORT)
    assert isinstance(page, ReportPage)
    others = [one for one in page.findChildren(Button) if one.text() in ("Print…", "Save as JSON…")]
    for button in (page.main_buttons[0], *others, page.interpretation.keep):
        assert not button.isEnabled() and "An assistant may not" in button.toolTip()
    assert len(others) == 2


@pytest.mark.parametrize(("name", "greyed"), [(ASSISTANT, {"Export…", "Erase…"}), (MANAGER, ALL_OF_PATIENT)])
def test_export_and_erase_are_greyed_with_who_may(
    window: MainWindow, clinic: SessionContext, subject: Subject, name: str, greyed: set[str]
) -> None:
    answer(window, PHYSICIAN)
    patient_id = clinic.store.add_patient(subject)
    window.desk.switch_user()
    answer(window, name)
    clinic.open_patient(patient_id)
    buttons = {one.text(): one for one in window.pages.page(Step.PATIENT).findChildren(Button)}
    assert {words for words in ALL_OF_PATIENT if not buttons[words].isEnabled()} == greyed
    assert "may not erase recordings or patients; a physician may" in buttons["Erase…"].toolTip()


# The page of people


def people_page(window: MainWindow) -> PeoplePage:
    window.go_to(Aside.PEOPLE)
    page = window.pages.page(Aside.PEOPLE)
    assert isinstance(page, PeoplePage)
    return page


def test_the_first_account_is_made_on_the_page_and_signed_in(context: SessionContext) -> None:
    window = shown(context)
    page = people_page(window)
    assert page.role.currentData() == Role.IT and not page.role.isEnabled() and not page.table.isVisible()

    page.added.emit(MANAGER, Role.IT, PIN, "another")
    assert context.store.people.single_user
    page.added.emit(MANAGER, Role.IT, PIN, PIN)

    assert context.operator == MANAGER and page.table.isVisible() and page.table.rowCount() == 1
    assert window.header.person.text() == f"{MANAGER}, IT"
    window.close()


def test_every_change_of_people_is_signed(window: MainWindow, clinic: SessionContext) -> None:
    answer(window, MANAGER)
    page = people_page(window)
    page.active_chosen.emit(ASSISTANT, False)
    assert window.cover.isVisible()
    answer(window, MANAGER)
    page.role_chosen.emit(PHYSICIAN, Role.ENGINEER)
    answer(window, MANAGER)
    page.rules_chosen.emit(PeopleRules(four_eyes=True, idle_min=5))
    answer(window, MANAGER)

    table = page.table
    rows = [[table.item(n, c).text() for c in range(3)] for n in range(3)]
    assert [ASSISTANT, "assistant", "not active"] in rows and [PHYSICIAN, "engineer", "active"] in rows
    assert clinic.store.people.rules == PeopleRules(True, 5) and page.four_eyes.isChecked()
    page.active_chosen.emit(MANAGER, False)
    answer(window, MANAGER)
    assert "stays as it is" in page._advice.accessibleName()


def test_who_may_not_manage_people_sees_them_greyed(window: MainWindow, clinic: SessionContext) -> None:
    answer(window, PHYSICIAN)
    page = people_page(window)
    page.name.setText("New")
    page.pin.setText(PIN)
    for button in (page.add, page.toggle, page.change_role, page.give_pin):
        assert not button.isEnabled() and "somebody from IT may" in button.toolTip()
    page.added.emit("New", Role.IT, PIN, PIN)
    answer(window, PHYSICIAN)
    assert "may not manage people" in told(window)


def test_a_running_job_ends_under_the_name_of_who_started_it(
    window: MainWindow, clinic: SessionContext, board: HandBoard, subject: Subject
) -> None:
    answer(window, PHYSICIAN)
    clinic.open_patient(clinic.store.add_patient(subject))
    clinic.store.start_visit(clinic.patient_id or "")
    job_id = clinic.submit("fit_twin")
    window.desk.lock()
    board.happens(job_id, Done(""))
    QTest.qWait(60)
    assert window.cover.isVisible()
