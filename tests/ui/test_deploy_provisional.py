"""Deploy: the supervised walk with a provisional controller, keeping it, taking it back, rolling back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.deploy.walk_recorder import match
from core.devices.exo_faults import safety_row_text
from core.domain.controller import Approver, Handover
from core.domain.declarations import keep_declaration
from core.domain.exo_status import ExoStatusMessage, parse_confirm_command, parse_roll_back_command
from core.domain.exo_walk import ExoWalk
from core.domain.release import reason_to_go_back
from core.errors import refuse
from core.jobs.values import Cancelled, Done, Event, Message, Progress, Refused, Sample
from core.session.flow import Step, StepState
from tests.ui import records
from tests.ui.board import HandBoard
from tests.ui.deploying import deploy_page, signed_records
from ui.pages.deploy import DeployPage
from ui.presenters.deploy import DeployPresenter
from ui.presenters.deploy_text import walk_sentence
from ui.session_context import SessionContext
from ui.theme import Tone


def provisional_page(
    context: SessionContext, board: HandBoard, visit_id: str
) -> tuple[DeployPage, DeployPresenter]:
    """The transfer has just ended, and the exo is watched by `job-2`."""
    made = signed_records(context, visit_id, packed=True)
    page, presenter = deploy_page(context)
    page.ports.setEditText("/dev/pts/3")
    page.confirmed.emit("P-0042")
    provisional = records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], stage=Handover.PROVISIONAL)
    board.happens("job-1", Done(provisional))
    context.jobs._hand_over()
    assert board.jobs["job-2"].spec.params == {"address": "/dev/pts/3", "deployment_id": provisional}
    return page, presenter


def send_event(context: SessionContext, board: HandBoard, event: Event) -> None:
    board.happens("job-2", event)
    context.jobs._hand_over()


def send_status(context: SessionContext, board: HandBoard, **values: object) -> None:
    send_event(context, board, Message(ExoStatusMessage(**values).to_text()))


def now(page: DeployPage) -> str:
    """The current step."""
    return next(line.text() for line in page.provisional.lines if line.property("role") == "strong")


def test_on_trial_the_page_says_what_comes_next(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = provisional_page(context, board, visit_id)
    send_status(context, board, is_provisional=True)
    assert "half torque" in page._headline.text()
    send_event(context, board, Sample(0.1, {"state": 1.0}))
    assert "simulated wearer stands" in page._exo_words.text() and "five steps" in now(page)
    assert not page._main.isEnabled() and not page.arm_button.isEnabled()
    send_event(context, board, Sample(0.2, {"state": 2.0}))
    assert now(page).startswith("Hold to arm") and page.arm_button.isEnabled()
    send_event(context, board, Sample(0.3, {"state": 4.0, "strides_left": 4.0, "strides_right": 3.0}))
    assert "4 left, 3 right" in now(page)
    send_event(context, board, Sample(0.4, {"state": 4.0, "strides_left": 10.0, "strides_right": 10.0}))
    assert now(page).startswith("Stop the exo")


def test_keeping_needs_a_walk_a_name_a_role_and_a_held_button(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = provisional_page(context, board, visit_id)
    send_event(context, board, Sample(0.1, {"state": 2.0}))
    assert not page._main.isEnabled()
    send_status(context, board, is_provisional=True, may_keep=True)
    assert page._main.isEnabled() and not page.keep.isVisible()
    page.main_action.emit()
    assert (
        page.keep.isVisible() and "P-0042" in page.keep._words.text() and "Hippo" in page.keep._words.text()
    )
    assert page.keep.approver.given == ("", "") and not page.keep.keep.isEnabled()
    page.keep.approver.name.setText("A. Berger")
    page.keep.approver.role.setText("physician")
    page.keep.keep.held.emit()
    (job_id, command) = board.sent[-1]
    assert job_id == "job-2"
    assert parse_confirm_command(command) == Approver("A. Berger", "physician", page.keep._words.text())


def test_on_a_virtual_exo_nobody_declares_that_somebody_walked(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    """In the declaration, in what is shown on the way to it, and in what goes to the record."""
    page, _ = provisional_page(context, board, visit_id)
    shown = [line.text() for line in page.provisional.lines]
    send_status(context, board, is_provisional=True, may_keep=True, virtual=True)
    page.main_action.emit()
    page.keep.approver.role.setText("physician")
    page.keep.keep.held.emit()
    signed = parse_confirm_command(board.sent[-1][1])
    assert signed is not None and "P-0042 has not walked with it" in signed.meaning
    assert "supervision" not in signed.meaning and "virtual exo" in page.keep.keep.text()
    assert "Simulated walk" in page.provisional._title.text()
    assert not any("person" in words for words in shown)
    assert any("the virtual Hippo" in words for words in shown)


def test_a_worn_exo_is_kept_with_the_words_of_who_saw_the_patient_walk() -> None:
    assert keep_declaration("P-1", "Hippo hip exo", virtual=False).startswith("I have seen P-1 walk with")


def test_a_refusal_of_the_exo_becomes_advice_on_the_page(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = provisional_page(context, board, visit_id)
    advice = refuse("EXO-022", "The exo is not ready.", "Why.", "Let the person stand still.").advice
    send_status(context, board, is_provisional=True, refused=advice)
    assert page._advice._code.text() == "EXO-022"


def test_a_fault_is_told_in_a_clinicians_words_and_can_be_acknowledged(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = provisional_page(context, board, visit_id)
    said: list[str] = []
    context.message_shown.connect(lambda words, _tone: said.append(words))
    send_event(context, board, Sample(0.1, {"state": 4.0}))
    assert not page.acknowledge_button.isVisible()
    send_event(context, board, Progress(None, f"Fault: zero torque. {safety_row_text(9).sentence}"))
    send_event(context, board, Sample(0.2, {"state": 5.0}))
    assert "sensor fell behind" in page._exo_words.text()
    assert said[-1] == "The exo has stopped: zero torque."
    page.acknowledge_button.click()
    assert board.sent[-1] == ("job-2", "acknowledge")


def test_a_link_that_ends_while_the_exo_assists_is_told(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    page, _ = provisional_page(context, board, visit_id)
    said: list[str] = []
    context.message_shown.connect(lambda words, _tone: said.append(words))
    send_event(context, board, Sample(0.1, {"state": 4.0}))
    send_event(context, board, Refused(refuse("EXO-003", "The connection was lost.", "Why.", "Next.").advice))
    assert any("zero torque by itself" in words for words in said)
    assert page._advice._code.text() == "EXO-003"


def test_taking_back_ends_the_watch(context: SessionContext, board: HandBoard, visit_id: str) -> None:
    page, _ = provisional_page(context, board, visit_id)
    assert page._connect.text() == "Take back"
    page._connect.click()
    assert board.cancelled == ["job-2"]


def test_a_controller_that_was_taken_back_can_be_transferred_again(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    records.put_on_exo(context.store, visit_id, made[Step.DEPLOY], stage=Handover.REVERTED, confirmed=False)
    page, _ = deploy_page(context)
    assert "taken back" in page._headline.text() and page._main.text() == "Transfer…"
    assert context.status(Step.DEPLOY).state is StepState.ATTENTION
    page.main_action.emit()
    assert page._confirm.isVisible()


def test_going_back_to_the_controller_before_needs_a_name_and_a_role_that_somebody_typed(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    page, presenter = deploy_page(context)
    page.ports.setEditText("/dev/pts/3")
    page.connect_wanted.emit(True)
    board.happens("job-1", Message(ExoStatusMessage(earlier="1.0.0").to_text()))
    context.jobs._hand_over()
    assert ("roll_back", "Go back to version 1.0.0…") in page._secondary_actions
    page.secondary_action.emit("roll_back")
    assert not board.sent and page.keep._title.text() == "Go back to version 1.0.0"
    assert page.keep.isVisible() and not page._package.isVisible()  # or STOP EXO lay below the edge
    assert page.keep.approver.given == ("", "") and not page.keep.keep.isEnabled()
    page.keep.approver.name.setText("C. Novak")
    page.keep.approver.role.setText("orthotist")
    assert page.keep.reason.isVisible() and not page.keep.keep.isEnabled()
    page.keep.reason.setText("The newer one pulls.")
    assert page.keep.keep.isEnabled()
    page.keep.keep.held.emit()
    request = parse_roll_back_command(board.sent[-1][1])
    assert request is not None and (request.name, request.role) == ("C. Novak", "orthotist")
    assert reason_to_go_back(request.meaning) == "The newer one pulls."
    assert "P-0042" in request.meaning and not page.keep.isVisible()
    assert "virtual exo, which nobody wears" in request.meaning
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
    page, _ = deploy_page(context)
    assert page._deck.currentWidget() is page.walk
    assert "gave the torque that was predicted" in page.walk._sentence.text()
    assert "11 left and 10 right simulated strides" in page.walk._sentence.text()
    assert "r 0.99" in page.walk._likeness[0].text() and "N·m/kg" in page.walk._likeness[0].text()
    page.ports.setEditText("/dev/pts/3")
    page.connect_wanted.emit(True)
    board.happens("job-1", Sample(0.1, {"state": 4.0}))
    context.jobs._hand_over()
    assert page._deck.currentWidget() is page._curves  # while the exo moves, the exo now


@pytest.mark.parametrize(("gain", "gave"), [(1.0, True), (0.5, False), (2.0, False)])
def test_a_torque_of_the_right_shape_but_another_size_is_not_the_predicted_one(
    context: SessionContext, visit_id: str, gain: float, gave: bool
) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    walk = context.store.load(records.walk(context.store, visit_id, made[Step.DEPLOY]), ExoWalk)
    delivered = gain * walk.delivered_nm
    scaled = match(walk.predicted_nm, delivered, walk.assisting, 60.0)
    words, tone = walk_sentence(replace(walk, delivered_nm=delivered, match=scaled))
    assert scaled.correlation == pytest.approx(walk.match.correlation)
    assert ("gave the torque that was predicted" in words) is gave and "% of it off on average)" in words
    assert tone is (Tone.OK if gave else Tone.WARN)
