"""Deploy: the order of the acts, the second deliberate act, the live link and the stop."""

from __future__ import annotations

import json
import time

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.devices.exo_faults import row_words
from core.domain.controller import UNATTENDED_APPROVER, Approver, Handover, Package
from core.domain.exo_news import ExoStatusMessage, asked_to_keep, asked_to_roll_back
from core.domain.record import Verdict
from core.errors import refuse
from core.jobs.values import Cancelled, Done, Event, Message, Progress, Refused, Sample
from core.session.flow import Step, StepState
from tests.ui import records
from tests.ui.board import HandBoard
from ui.pages.deploy import DeployPage
from ui.presenters import deploy_text
from ui.presenters.deploy import DeployPresenter
from ui.session_context import SessionContext
from ui.widgets.hold_button import HOLD_MS, HoldButton


def deploy(context: SessionContext) -> tuple[DeployPage, DeployPresenter]:
    page = DeployPage()
    presenter = DeployPresenter(page, context)
    presenter.refresh()
    page.resize(1000, 700)
    page.show()
    return page, presenter


def signed(context: SessionContext, visit_id: str, *, packed: bool) -> dict[Step, str]:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    records.sign(context.store, visit_id, made)
    if packed:
        made[Step.DEPLOY] = records.pack(context.store, visit_id, made)
    return made


def test_without_a_signature_nothing_can_be_packed(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = deploy(context)
    assert page._stack.currentWidget() is page._empty
    assert "sign" in page._empty._detail.text()


def test_the_signed_comparison_goes_into_the_package(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed(context, visit_id, packed=False)
    page, _ = deploy(context)
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params == {
        "controller_id": made[Step.TRAIN],
        "comparison_id": made[Step.COMPARE],
    }


def test_a_locked_key_asks_for_the_passphrase_and_hands_it_to_the_job_alone(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    signed(context, visit_id, packed=False)
    page, _ = deploy(context)
    assert not page.passphrase.isVisible()
    page.main_action.emit()
    locked = refuse("KEY-001", "The site key is locked.", "It is in a file.", "Type the passphrase.")
    board.happens("job-1", Refused(locked.advice))
    context.jobs._hand_over()
    assert page.passphrase.isVisible() and page._advice._code.text() == "KEY-001"
    page.passphrase.setText("correct horse battery")
    page.passphrase.returnPressed.emit()
    assert board.jobs["job-2"].spec.params["passphrase_follows"] is True
    assert "correct horse" not in str(board.jobs["job-2"].spec)
    assert board.sent == [("job-2", "secret:correct horse battery")]
    assert page.passphrase.text() == "" and not page.passphrase.isVisible()


def test_an_unsigned_package_of_an_earlier_version_says_what_to_do(
    context: SessionContext, visit_id: str
) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    assert "Pack again" in page._package_words.text()


def test_a_package_that_holds_no_persons_signature_is_packed_anew_once_there_is_one(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    by, role, record_id = UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, made[Step.COMPARE]
    context.store.decide(visit_id, Step.COMPARE.value, Verdict.SIGNED, record_id=record_id, by=by, role=role)
    records.put_on_exo(context.store, visit_id, records.pack(context.store, visit_id, made))
    page, presenter = deploy(context)
    assert page._main.text() == "Go on with Report"
    assert presenter._proposed_approver() == ("A. Berger", "")  # never the command line
    records.sign(context.store, visit_id, made)
    presenter.refresh()
    assert page._main.text() == "Pack controller"


def test_a_package_for_a_virtual_exo_says_why_before_the_transfer(
    context: SessionContext, visit_id: str
) -> None:
    package = Package(
        "c.exopkg", records.SHA256, 44_000, "Hippo_L1", "tag", records.LIMITS, key_id="k",
        virtual_only="No person released it.",
    )  # fmt: skip
    assert deploy_text.package_lines(package)[-1] == "Good for a virtual exo only. No person released it."


@pytest.mark.parametrize("code", ["DEP-010", "DEP-011", "DEP-013", "DEP-014", "DEP-017", "DEP-018"])
def test_a_refused_transfer_shows_its_advice(
    context: SessionContext, board: HandBoard, visit_id: str, code: str
) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    page.ports.setEditText("/dev/ttyACM0")
    page.confirmed.emit("P-0042")
    board.happens("job-1", Refused(refuse(code, "What.", "Why.", "Next.").advice))
    context.jobs._hand_over()
    assert page._advice._code.text() == code


def test_a_transfer_needs_an_exo_and_says_so(context: SessionContext, visit_id: str) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    assert not page._main.isEnabled()
    assert "Choose an exo first" in page._why_not.text()


def test_only_the_patients_own_code_starts_the_transfer(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    page.ports.setEditText("/dev/ttyACM0")
    page.main_action.emit()
    assert board.jobs == {}
    assert "P-0042" in page._confirm_words.text() and "Hippo" in page._confirm_words.text()
    page.code.setText("P-0043")
    assert not page.transfer.isEnabled()
    page.code.setText("P-0042")
    page.transfer.click()
    assert board.jobs["job-1"].spec.params == {
        "package_id": made[Step.DEPLOY],
        "address": "/dev/ttyACM0",
        "confirmed_patient": "P-0042",
        "confirmed_device": "Hippo_L1",
    }


def test_found_ports_are_offered_by_name_and_used_by_address(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    page.look_for_exos.emit()
    ports = [{"address": "/dev/ttyACM0", "description": "Teensyduino USB Serial", "usb": True}]
    board.happens("job-1", Message(json.dumps(ports)))
    context.jobs._hand_over()
    page.ports.setCurrentIndex(0)
    assert "Teensyduino" in page.ports.currentText()
    assert page.address == "/dev/ttyACM0"


def test_the_virtual_exo_starts_without_holding_up_the_screen(
    app: QApplication, context: SessionContext, visit_id: str
) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    context.start_virtual_exo = lambda: "/dev/pts/9"
    page.start_virtual.emit()
    _until(app, lambda: page.address == "/dev/pts/9")
    assert page._main.isEnabled()


def test_a_virtual_exo_that_does_not_start_is_told_with_its_code(
    app: QApplication, context: SessionContext, visit_id: str
) -> None:
    signed(context, visit_id, packed=True)
    page, _ = deploy(context)

    def fails() -> str:
        raise refuse("EXO-090", "The virtual exo did not start.", "No answer.", "Try again.")

    context.start_virtual_exo = fails
    page.start_virtual.emit()
    _until(app, lambda: page._advice._code.text() == "EXO-090")


def test_after_the_transfer_the_exo_is_watched(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed(context, visit_id, packed=True)
    page, _ = deploy(context)
    page.ports.setEditText("/dev/pts/3")
    page.confirmed.emit("P-0042")
    board.happens("job-1", Done(made[Step.DEPLOY]))
    context.jobs._hand_over()
    assert board.jobs["job-2"].spec.kind == "telemetry"
    assert context.exo_job == "job-2"


def test_arming_needs_a_ready_exo_and_a_held_button(
    app: QApplication, context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.DEPLOY)
    page, _ = deploy(context)
    page.connect_wanted.emit(True)
    assert not page.arm_button.isEnabled()
    board.happens("job-1", Sample(0.1, {"state": 2.0, "torque_left": 0.0, "torque_right": 0.0}))
    context.jobs._hand_over()
    assert page.arm_button.isEnabled()
    page.arm.emit()
    board.happens("job-1", Sample(0.2, {"state": 4.0}))
    context.jobs._hand_over()
    assert "Active" in page._exo_words.text()
    page.stop_button.click()
    assert board.sent == [("job-1", "arm"), ("job-1", "stop")]


def test_a_short_press_does_not_arm(app: QApplication) -> None:
    button = HoldButton("Hold to arm")
    told: list[bool] = []
    button.held.connect(lambda: told.append(True))
    button.pressed.emit()
    QTest.qWait(HOLD_MS // 4)
    button.released.emit()
    QTest.qWait(HOLD_MS)
    assert told == []
    button.pressed.emit()
    QTest.qWait(HOLD_MS + 200)
    assert told == [True]


def test_a_difference_in_the_read_back_is_said_loudly(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    page, presenter = deploy(context)
    assert "equal to what was approved" in page._done_words.text()
    assert page._headline.text() == "The virtual exo runs the approved controller of P-0042."
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], readback_sha256="00" * 32)
    presenter.refresh()
    assert "DIFFERENT" in page._done_words.text() and "other bytes" in page._headline.text()


# On trial -----------------------------------------------------------------------------------------


def is_provisional(
    context: SessionContext, board: HandBoard, visit_id: str
) -> tuple[DeployPage, DeployPresenter]:
    """The transfer has just ended, and the exo is watched by `job-2`."""
    made = signed(context, visit_id, packed=True)
    page, presenter = deploy(context)
    page.ports.setEditText("/dev/pts/3")
    page.confirmed.emit("P-0042")
    trial = records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], stage=Handover.ON_TRIAL)
    board.happens("job-1", Done(trial))
    context.jobs._hand_over()
    assert board.jobs["job-2"].spec.params == {"address": "/dev/pts/3", "deployment_id": trial}
    return page, presenter


def tells(context: SessionContext, board: HandBoard, event: Event) -> None:
    board.happens("job-2", event)
    context.jobs._hand_over()


def news(context: SessionContext, board: HandBoard, **values: object) -> None:
    tells(context, board, Message(ExoStatusMessage(**values).to_text()))


def now(page: DeployPage) -> str:
    """The line of the trial that is for now."""
    return next(line.text() for line in page.trial.lines if line.property("role") == "strong")


def test_on_trial_the_page_says_what_comes_next(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = is_provisional(context, board, visit_id)
    news(context, board, is_provisional=True)
    assert "half torque" in page._headline.text()
    tells(context, board, Sample(0.1, {"state": 1.0}))
    assert "stand still" in page._exo_words.text() and "five steps" in now(page)
    assert not page._main.isEnabled() and not page.arm_button.isEnabled()
    tells(context, board, Sample(0.2, {"state": 2.0}))
    assert now(page).startswith("Hold to arm") and page.arm_button.isEnabled()
    tells(context, board, Sample(0.3, {"state": 4.0, "strides_left": 4.0, "strides_right": 3.0}))
    assert "4 left, 3 right" in now(page)
    tells(context, board, Sample(0.4, {"state": 4.0, "strides_left": 10.0, "strides_right": 10.0}))
    assert now(page).startswith("Stop the exo")


def test_keeping_needs_a_walk_a_name_a_role_and_a_held_button(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = is_provisional(context, board, visit_id)
    tells(context, board, Sample(0.1, {"state": 2.0}))
    assert not page._main.isEnabled()
    news(context, board, is_provisional=True, may_keep=True)
    assert page._main.isEnabled() and not page.keep.isVisible()
    page.main_action.emit()
    assert (
        page.keep.isVisible() and "P-0042" in page.keep._words.text() and "Hippo" in page.keep._words.text()
    )
    assert page.keep.approver.name.text() == "A. Berger" and not page.keep.keep.isEnabled()
    page.keep.approver.role.setText("physician")
    page.keep.keep.held.emit()
    (job_id, command) = board.sent[-1]
    assert job_id == "job-2"
    assert asked_to_keep(command) == Approver("A. Berger", "physician", page.keep._words.text())


def test_a_refusal_of_the_exo_becomes_advice_on_the_page(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = is_provisional(context, board, visit_id)
    advice = refuse("EXO-022", "The exo is not ready.", "Why.", "Let the person stand still.").advice
    news(context, board, is_provisional=True, refused=advice)
    assert page._advice._code.text() == "EXO-022"


def test_a_fault_is_told_in_a_clinicians_words_and_can_be_acknowledged(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = is_provisional(context, board, visit_id)
    said: list[str] = []
    context.said.connect(lambda words, _tone: said.append(words))
    tells(context, board, Sample(0.1, {"state": 4.0}))
    assert not page.acknowledge_button.isVisible()
    tells(context, board, Progress(None, f"Fault: zero torque. {row_words(9).sentence}"))
    tells(context, board, Sample(0.2, {"state": 5.0}))
    assert "sensor fell behind" in page._exo_words.text()
    assert said[-1] == "The exo has stopped: zero torque."
    page.acknowledge_button.click()
    assert board.sent[-1] == ("job-2", "acknowledge")


def test_a_link_that_ends_while_the_exo_assists_is_told(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = is_provisional(context, board, visit_id)
    said: list[str] = []
    context.said.connect(lambda words, _tone: said.append(words))
    tells(context, board, Sample(0.1, {"state": 4.0}))
    tells(context, board, Refused(refuse("EXO-003", "The connection was lost.", "Why.", "Next.").advice))
    assert any("zero torque by itself" in words for words in said)
    assert page._advice._code.text() == "EXO-003"


def test_taking_back_ends_the_watch(context: SessionContext, board: HandBoard, visit_id: str) -> None:
    page, _ = is_provisional(context, board, visit_id)
    assert page._connect.text() == "Take back"
    page._connect.click()
    assert board.cancelled == ["job-2"]


def test_a_controller_that_was_taken_back_can_be_transferred_again(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], stage=Handover.TAKEN_BACK, confirmed=False)
    page, _ = deploy(context)
    assert "taken back" in page._headline.text() and page._main.text() == "Transfer…"
    assert context.status(Step.DEPLOY).state is StepState.ATTENTION
    page.main_action.emit()
    assert page._confirm.isVisible()


def test_one_click_goes_back_to_the_controller_before(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    page, presenter = deploy(context)
    page.connect_wanted.emit(True)
    board.happens("job-1", Message(ExoStatusMessage(earlier="1.0.0").to_text()))
    context.jobs._hand_over()
    assert ("roll_back", "Go back to version 1.0.0") in page._secondary_actions
    page.secondary_action.emit("roll_back")
    asked = asked_to_roll_back(board.sent[-1][1])
    assert asked is not None and asked.name == "A. Berger" and "P-0042" in asked.meaning
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], stage=Handover.ROLLED_BACK)
    presenter.refresh()
    assert "earlier controller of P-0042" in page._headline.text()
    board.happens("job-1", Cancelled())
    context.jobs._hand_over()
    assert context.status(Step.DEPLOY).state is StepState.DONE


def test_after_a_walk_the_delivered_torque_lies_over_the_predicted(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    records.walk(context.store, visit_id, made[Step.DEPLOY])
    page, _ = deploy(context)
    assert page._deck.currentWidget() is page.walk
    assert "gave the torque that was predicted" in page.walk._sentence.text()
    assert "r 0.99" in page.walk._likeness[0].text() and "N·m/kg" in page.walk._likeness[0].text()
    page.connect_wanted.emit(True)
    board.happens("job-1", Sample(0.1, {"state": 4.0}))
    context.jobs._hand_over()
    assert page._deck.currentWidget() is page._curves  # while the exo moves, the exo now


def _until(app: QApplication, true: object, seconds: float = 5.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)
    assert true()
