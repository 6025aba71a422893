"""Deploy: the order of the acts, the second deliberate act, the live link and the stop."""

from __future__ import annotations

import json
import time

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.domain.controller import UNATTENDED_APPROVER, Comparison, Package
from core.domain.record import RecordKind, Verdict
from core.errors import refuse
from core.jobs.values import Done, Message, Refused, Sample
from core.session.flow import Step, StepState
from core.session.release import sign_comparison
from tests.ui import records, walks
from tests.ui.board import HandBoard
from tests.ui.deploying import deploy_page, signed_records
from ui.presenters import deploy_text
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.hold_button import HOLD_MS, HoldButton


def test_without_a_signature_nothing_can_be_packed(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page, _ = deploy_page(context)
    assert page._stack.currentWidget() is page._empty
    assert "sign" in page._empty._detail.text()


def test_the_signed_comparison_goes_into_the_package(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed_records(context, visit_id, packed=False)
    page, _ = deploy_page(context)
    page.main_action.emit()
    assert board.jobs["job-1"].spec.params == {
        "controller_id": made[Step.TRAIN],
        "comparison_id": made[Step.COMPARE],
    }


def test_a_locked_key_asks_for_the_passphrase_and_hands_it_to_the_job_alone(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    signed_records(context, visit_id, packed=False)
    page, _ = deploy_page(context)
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


def test_a_package_of_an_earlier_version_says_what_to_do_and_is_not_transferred(
    context: SessionContext, visit_id: str
) -> None:
    """It lacks the limits of the person's gait, as its controller does: packing again would be refused."""
    made = signed_records(context, visit_id, packed=False)
    records.pack(context.store, visit_id, made, envelope=None)
    page, _ = deploy_page(context)
    page.ports.setEditText("/dev/ttyACM0")
    assert "Train again" in page._package_words.text() and "Pack again" not in page._package_words.text()
    assert not page._main.isEnabled() and "Go back to Train" in page._why_not.text()
    assert "Train the controller again" in page._headline.text()
    assert page._secondary_actions == ()


def test_the_page_tells_in_one_sentence_when_the_exo_gives_nothing(
    context: SessionContext, visit_id: str
) -> None:
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
    assert records.GAIT.sentence(records.LIMITS.hip_range_rad) in page._package_words.text()


def test_a_package_that_holds_no_persons_signature_is_packed_anew_once_there_is_one(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    by, role, record_id = UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, made[Step.COMPARE]
    context.store.decide(visit_id, Step.COMPARE.value, Verdict.SIGNED, record_id=record_id, by=by, role=role)
    records.put_on_exo(context.store, visit_id, records.pack(context.store, visit_id, made))
    page, presenter = deploy_page(context)
    assert page._main.text() == "Go on with Report"
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
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
    page.ports.setEditText("/dev/ttyACM0")
    page.confirmed.emit("P-0042")
    board.happens("job-1", Refused(refuse(code, "What.", "Why.", "Next.").advice))
    context.jobs._hand_over()
    assert page._advice._code.text() == code


def test_a_transfer_needs_an_exo_and_says_so(context: SessionContext, visit_id: str) -> None:
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
    assert not page._main.isEnabled()
    assert "Choose an exo first" in page._why_not.text()


def test_only_the_patients_own_code_starts_the_transfer(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
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
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
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
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
    context.start_virtual_exo = lambda device: f"/dev/pts/{device}"
    page.start_virtual.emit()
    _until(app, lambda: page.address == "/dev/pts/Hippo_L1")  # the patient's own exo
    assert page._main.isEnabled()
    shown = [page.ports.currentText(), *(page.ports.itemText(n) for n in range(page.ports.count()))]
    assert set(shown) == {"Virtual exo"}  # nobody knows it by the path of its terminal


def test_a_virtual_exo_that_does_not_start_is_told_with_its_code(
    app: QApplication, context: SessionContext, visit_id: str
) -> None:
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)

    def fails(device: str) -> str:
        raise refuse("EXO-090", "The virtual exo did not start.", "No answer.", "Try again.")

    context.start_virtual_exo = fails
    page.start_virtual.emit()
    _until(app, lambda: page._advice._code.text() == "EXO-090")


def test_after_the_transfer_the_exo_is_watched(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
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
    page, _ = deploy_page(context)
    page.ports.setEditText("/dev/pts/3")
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


@pytest.mark.slow
def test_a_short_press_does_not_arm(app: QApplication) -> None:
    button = HoldButton("Hold to arm")
    emitted: list[bool] = []
    button.held.connect(lambda: emitted.append(True))
    button.pressed.emit()
    QTest.qWait(HOLD_MS // 4)
    button.released.emit()
    QTest.qWait(HOLD_MS)
    assert emitted == []
    button.pressed.emit()
    QTest.qWait(HOLD_MS + 200)
    assert emitted == [True]


def test_a_difference_in_the_read_back_is_said_loudly(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    page, presenter = deploy_page(context)
    assert "equal to what was approved" in page._done_words.text()
    assert page._headline.text() == "The virtual exo runs the approved controller of P-0042."
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], readback_sha256="00" * 32)
    presenter.refresh()
    assert "DIFFERENT" in page._done_words.text() and "other bytes" in page._headline.text()


def _until(app: QApplication, true: object, seconds: float = 5.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)
    assert true()


def test_a_worse_controller_is_shown_with_its_verdict_and_the_reason_of_its_release(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.TRAIN)
    comparison = Comparison(walks.gaits(*records.GAITS), records.scores(1.04), "")
    made[Step.COMPARE] = context.store.save(
        RecordKind.COMPARISON, comparison, visit_id=visit_id, inputs=(made[Step.TRAIN],), summary=""
    )
    sign_comparison(context.store, made[Step.COMPARE], by="Dr. Weber", role="physician", reason="a first fit")
    package = records.pack(context.store, visit_id, made)
    page, presenter = deploy_page(context)
    words = page.release.words.text()
    assert page.release.isVisibleTo(page)
    assert "makes walking harder in simulation: 4.0 % higher metabolic rate" in words
    assert words.endswith("Dr. Weber, physician, released it in spite of that, because: a first fit")
    records.put_on_exo(context.store, visit_id, package)
    presenter.refresh()
    assert presenter._state().tone is Tone.WARN  # kept, but not simply well


def test_a_controller_that_helps_has_no_strip_of_warnings(context: SessionContext, visit_id: str) -> None:
    signed_records(context, visit_id, packed=True)
    page, _ = deploy_page(context)
    assert not page.release.isVisibleTo(page)


def test_doing_again_what_an_older_package_did_is_its_transfer_and_not_another_package(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = signed_records(context, visit_id, packed=True)
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY])
    made[Step.DEPLOY] = records.pack(context.store, visit_id, made)
    page, presenter = deploy_page(context)
    page.ports.setEditText("/dev/pts/3")
    assert context.status(Step.DEPLOY).state is StepState.STALE
    page.redo.emit()
    assert page._confirm.isVisible() and not board.states()
    assert presenter.meanwhile == ""  # nothing runs that needs the exo
