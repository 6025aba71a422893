"""Forces: the tab of Motion says where forces come from, shows them per gait cycle and starts their job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from core.domain.body import Joint, JointKind, Side
from core.domain.exo_log import ExoLog
from core.domain.findings import Severity
from core.domain.kinetics import ForceSource
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.jobs.table import JOB_TABLE
from core.jobs.values import Done
from core.session.flow import JOBS, Step
from core.session.force_curves import residual_words
from tests.ui.board import HandBoard
from tests.ui.force_samples import kinetics, with_exo, with_twin
from tests.ui.samples import doubtful_motion, finding, landmarks, motion, squat_motion
from tests.ui.waiting import until
from ui.pages.forces import ForcesPanel, ForceView, Plane
from ui.pages.motion import MotionPage
from ui.plots.curves import CurveStyle, JointPanel
from ui.presenters.force_curves import force_panels, force_table, source_line
from ui.presenters.forces import JOB
from ui.presenters.motion import MotionPresenter
from ui.session_context import SessionContext
from ui.theme import Tone
from ui.widgets.worn_exo import WornExo


@pytest.fixture
def page(context: SessionContext) -> MotionPage:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    return page


def solved(context: SessionContext, visit_id: str, *, planes: bool = True, trial: bool = False) -> str:
    store = context.store
    seen = store.save(RecordKind.LANDMARKS, landmarks(), visit_id=visit_id, summary="seen")
    inputs = (seen,)
    if trial:
        inputs = (
            seen,
            store.save(RecordKind.LABORATORY_TRIAL, a_trial(), visit_id=visit_id, summary="trial"),
        )
    found = replace(motion(), sagittal_only=not planes)
    return store.save(RecordKind.MOTION, found, visit_id=visit_id, summary="motion", inputs=inputs)


def a_trial() -> LaboratoryTrial:
    marker = np.zeros((2, 1, 3))
    return LaboratoryTrial(
        ("LASI",), np.array([0.0, 0.01]), marker, (), np.zeros(0), (), None, "walk.c3d", ()
    )


def test_the_job_is_one_of_this_step() -> None:
    assert JOB in JOB_TABLE and JOB in JOBS[Step.MOTION]


def show(context: SessionContext) -> None:
    context.record_changed.emit()


def shown(panel: ForcesPanel) -> list[JointPanel]:
    return [plot.panel for plot in panel.grid.plots.values() if plot.panel is not None]


def test_without_forces_the_tab_says_what_they_need_and_starts_the_job(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    motion_id = solved(context, visit_id)
    show(context)
    assert page.forces._empty._sentence.text() == "Compute the forces of this walk"
    assert "estimated from the motion" in page.forces._empty._detail.text()
    page.forces._empty._button.click()
    (job,) = board.jobs.values()
    assert (job.spec.kind, job.spec.params) == ("inverse_dynamics", {"motion_id": motion_id})
    assert page.forces._empty._sentence.text() == "The forces are being computed."
    assert page.forces._empty._button.isHidden()


def test_a_motion_from_a_laboratory_is_computed_with_its_force_plates(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    motion_id = solved(context, visit_id, trial=True)
    show(context)
    assert "the force plates of the laboratory's file" in page.forces._empty._detail.text()
    page.forces.compute.emit()
    (job,) = board.jobs.values()
    trial = context.store.latest(visit_id, RecordKind.LABORATORY_TRIAL)
    assert trial is not None
    assert job.spec.params == {"motion_id": motion_id, "trial_id": trial.id}


def test_a_motion_with_an_open_question_waits_with_its_forces(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    context.store.save(RecordKind.MOTION, doubtful_motion(), visit_id=visit_id, summary="doubtful")
    show(context)
    assert "must be settled first" in page.forces._empty._detail.text()
    assert page.forces._empty._button.isHidden()


def test_a_movement_without_strides_offers_no_forces(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    context.store.save(RecordKind.MOTION, squat_motion(), visit_id=visit_id, summary="squat")
    show(context)
    assert "no complete stride" in page.forces._empty._sentence.text()
    assert page.forces._empty._button.isHidden()


def test_forces_of_an_earlier_motion_are_marked_and_computed_again(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    first = solved(context, visit_id)
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(first,))
    show(context)
    assert page.forces.head.stale.isHidden() and page.forces.head.button.isHidden()
    second = solved(context, visit_id)
    show(context)
    assert "solved again" in page.forces.head.stale.text() and not page.forces.head.stale.isHidden()
    page.forces.head.button.click()
    (job,) = board.jobs.values()
    assert job.spec.params == {"motion_id": second}
    assert not page.forces.head.button.isEnabled()


def test_measured_and_estimated_are_told_apart_in_words_and_in_the_look() -> None:
    plates, estimated = kinetics(), kinetics(ForceSource.ESTIMATED)
    assert source_line(plates) == ("Measured by force plates: 3 left and 2 right strides.", Tone.OK)
    words, tone = source_line(estimated)
    assert words.startswith("Estimated from the motion, not measured") and tone is Tone.WARN
    styles = [force_panels(one, motion())[0].panels[0].curves[0].style for one in (plates, estimated)]
    assert styles == [CurveStyle.MEASURED, CurveStyle.ESTIMATED]


def test_the_simulated_twin_is_drawn_beside_an_estimate_and_named_so() -> None:
    forces = with_twin(kinetics(ForceSource.ESTIMATED))
    ground, moments, *_ = force_panels(forces, motion())
    assert "Simulated: by a body that tracks the motion" in ground.note
    estimate, simulated = ground.panels[0].curves
    assert (estimate.label, simulated.label) == ("Estimated", "Simulated (twin)")
    assert simulated.style is CurveStyle.DEFAULT and simulated.sd is None
    np.testing.assert_allclose(simulated.mean, 1.1 * estimate.mean)
    assert all(len(panel.curves) == 1 for panel in moments.panels)
    assert "Simulated" not in force_panels(kinetics(), motion())[0].note


def test_how_far_the_twin_is_from_the_estimate_is_told() -> None:
    words = residual_words(with_twin(kinetics(ForceSource.ESTIMATED)))
    assert "vertical forces 10 % of body weight from them, and needs 2 % of body weight and 12 N·m" in words
    assert "twin" not in residual_words(kinetics(ForceSource.ESTIMATED))


def test_a_worn_exo_is_named() -> None:
    assert (
        "What the exo gave is taken off"
        in source_line(replace(kinetics(), exo_moment_nm=np.zeros((40, 14))))[0]
    )


def test_curves_are_the_records_mean_and_spread_over_strides() -> None:
    forces = kinetics()
    moments = next(one for one in force_panels(forces, motion()) if one.view is ForceView.MOMENTS)
    ankle = next(p for p in moments.panels if p.title == "Left ankle dorsiflexion moment")
    column = list(JointKind).index(JointKind.ANKLE)
    strides = forces.cycles[0].moment_nm_kg[:, :, column]
    np.testing.assert_allclose(ankle.curves[0].mean, strides.mean(axis=0))
    assert ankle.curves[0].sd is not None
    np.testing.assert_allclose(ankle.curves[0].sd, strides.std(axis=0, ddof=1))
    assert ankle.band is not None and ankle.toe_off_fraction == 0.62


def test_both_feet_are_pushed_inwards_with_the_same_sign() -> None:
    ground = force_panels(kinetics(), replace(motion(), sagittal_only=False))[0]
    inward = [panel for panel in ground.panels if panel.title.endswith("sideways force")]
    assert [panel.side for panel in inward] == [Side.LEFT, Side.RIGHT]
    assert all(panel.curves[0].mean.max() == pytest.approx(0.05 * 1.1, rel=0.02) for panel in inward)


def test_planes_change_the_rows_and_ground_forces_have_none(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    assert {panel.kind.label for panel in shown(page.forces)} == {
        "Hip flexion moment", "Knee flexion moment", "Ankle dorsiflexion moment",
    }  # fmt: skip
    page.forces.choose(ForceView.POWERS, Plane.FRONTAL)
    assert {panel.kind.label for panel in shown(page.forces)} == {
        "Hip adduction power", "Subtalar inversion power",
    }  # fmt: skip
    page.forces.choose(ForceView.MOMENTS, Plane.TRANSVERSE)
    assert {panel.kind.label for panel in shown(page.forces)} == {"Hip rotation moment"}
    page.forces.choose(ForceView.GROUND)
    assert {panel.unit for panel in shown(page.forces)} == {" BW"}
    assert page.forces.planes.isHidden()


def test_one_camera_offers_the_sagittal_plane_only(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id, planes=False)
    estimated = kinetics(ForceSource.ESTIMATED)
    context.store.save(RecordKind.KINETICS, estimated, visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    assert page.forces.plane is Plane.SAGITTAL and not page.forces.planes.isEnabled()
    assert page.forces.planes.toolTip() == "One camera sees the sagittal plane only."
    page.forces.choose(ForceView.GROUND)
    assert not [panel for panel in shown(page.forces) if "sideways" in panel.title]


def test_a_side_without_known_forces_says_so_and_is_no_crash() -> None:
    forces = kinetics(strides=(1, 0))
    panels = force_panels(forces, motion())[0].panels
    left, right = panels[0], panels[1]
    assert left.curves[0].sd is None and right.curves == ()
    assert right.missing == "no stride with known forces"
    rows = {row.name: row.cells for row in force_table(forces, sagittal_only=True).rows}
    assert rows["Vertical force (BW)"] == ("0.00 to 1.10", "–")


def test_the_numbers_have_work_of_each_joint_with_real_minus_signs() -> None:
    rows = {row.name: row.cells for row in force_table(kinetics(), sagittal_only=True).rows}
    assert rows["Hip flexion work (J/kg)"] == ("+0.24 / −0.12", "+0.30 / −0.12")
    assert rows["Ankle dorsiflexion moment (N·m/kg)"][1].startswith("−1.23 to")


def test_the_residual_is_told_against_body_weight_and_findings_are_shown(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    forces = kinetics(findings=(finding(code="KIN-001"), finding(Severity.NOTE, "KIN-016")))
    context.store.save(RecordKind.KINETICS, forces, visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    assert "24 N (4 % of body weight) and 10 N·m" in page.forces._residual.text()
    codes = [one.advice.code for one in page._findings._findings]
    assert [code for code in codes if code.startswith("KIN")] == ["KIN-001", "KIN-016"]
    assert source_line(forces)[1] is Tone.WARN
    context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="again")
    show(context)
    codes = [one.advice.code for one in page._findings._findings]
    assert not any(code.startswith("KIN") for code in codes)  # they are about the earlier motion


def test_a_shown_curve_is_exported_with_its_unit(app: QApplication) -> None:
    panel = force_panels(kinetics(), motion())[0].panels[0]
    header, first, *_ = panel.table().splitlines()
    assert header == (
        "gait cycle (%),normal mean (BW),normal SD (BW),With force plates mean (BW),With force plates SD (BW)"
    )
    assert first.startswith("0.000,0.011,")


def test_a_press_in_a_force_curve_shows_that_moment_and_the_video_moves_its_cursor(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    chosen: list[tuple[Side, float]] = []
    page.moment_chosen.connect(lambda side, at: chosen.append((side, at)))
    page.forces.grid.cursor_moved.emit(Side.LEFT, 0.5)
    assert chosen == [(Side.LEFT, 0.5)]
    page.show_moment(Side.LEFT, 0.25)
    plot = next(p for (_, side), p in page.forces.grid.plots.items() if side is Side.LEFT)
    assert plot._cursor_fraction == 0.25


# A worn exo ---------------------------------------------------------------------------------------


def test_what_a_worn_exo_gave_stands_beside_the_persons_own_moment(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    context.store.save(
        RecordKind.KINETICS, with_exo(kinetics()), visit_id=visit_id, summary="", inputs=(made,)
    )
    show(context)
    assert "exo.csv: left hip flexion and right hip flexion" in page.forces._exo.text()
    by_title = {panel.title: panel for panel in shown(page.forces)}
    _own, exo = by_title["Left hip flexion moment"].curves
    assert (exo.label, exo.style) == ("Worn exo", CurveStyle.WITH_EXO)
    np.testing.assert_allclose(exo.mean, 0.1)
    assert len(by_title["Left knee flexion moment"].curves) == 1
    assert "both together are the net moment" in page.forces._note.text()
    rows = {row.name: row.cells for row in force_table(with_exo(kinetics()), sagittal_only=True).rows}
    assert rows["Hip flexion moment of the exo (N·m/kg)"] == ("0.10 to 0.10", "0.10 to 0.10")


def test_a_log_that_was_told_is_read_and_then_goes_into_the_forces(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    motion_id = solved(context, visit_id, trial=True)
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(motion_id,))
    show(context)
    card = page.forces.exo_card
    page.forces.worn.click()
    assert not card.isHidden() and card.none.isHidden() and card.walk.isHidden()
    assert not card.take.isEnabled()
    card.choose_file(Path("exo.csv"))
    card.offset.setText("soon")
    assert not card.take.isEnabled()
    card.offset.setText("-1,5")
    card.positive.setCurrentIndex(2)
    card.device.setCurrentIndex(1)
    card.take.click()

    (read,) = board.jobs.values()
    assert read.spec.kind == "import_exo_log" and card.isHidden()
    said = {"offset_s": -1.5, "positive": "extension", "device": "Hippo_L1"}
    assert read.spec.params == {"motion_id": motion_id, "file": "exo.csv", **said}
    assert not page.forces.worn.isEnabled()  # one at a time
    log = ExoLog((Joint.HIP_FLEXION_L,), np.zeros(1), np.zeros((1, 1)), 0.0, "", "exo.csv", ())
    log_id = context.store.save(RecordKind.EXO_LOG, log, visit_id=visit_id, summary="")
    board.happens(read.spec.id, Done(log_id))
    until(lambda: any(job.spec.kind == JOB for job in board.jobs.values()))
    (solving,) = (job for job in board.jobs.values() if job.spec.kind == JOB)
    assert solving.spec.params["exo_log_id"] == log_id


def test_forces_without_an_exo_that_the_record_holds_say_so(
    context: SessionContext, board: HandBoard, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    trial = context.store.info(made).provenance.inputs[0][0]
    log = ExoLog((Joint.HIP_FLEXION_L,), np.zeros(1), np.zeros((1, 1)), 0.0, "", "exo.csv", ())
    log_id = context.store.save(RecordKind.EXO_LOG, log, visit_id=visit_id, summary="", inputs=(trial,))
    inputs = (made, log_id)
    context.store.save(
        RecordKind.KINETICS, with_exo(kinetics()), visit_id=visit_id, summary="", inputs=inputs
    )
    show(context)
    page.forces.worn.click()
    assert not page.forces.exo_card.none.isHidden()
    page.forces.exo_card.none.click()
    (without,) = board.jobs.values()
    assert without.spec.params == {"motion_id": made}
    board.happens(without.spec.id, Done("nothing was kept"))
    page.forces.compute.emit()
    again = tuple(board.jobs.values())[-1]
    assert again.spec.params == {"motion_id": made, "exo_log_id": log_id}
    board.happens(again.spec.id, Done("nothing was kept"))
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    assert "it is not accounted for in these forces" in page.forces._exo.text()
    page.forces.compute.emit()
    assert tuple(board.jobs.values())[-1].spec.params == {"motion_id": made}  # put aside, and stays so


def test_another_motion_forgets_what_was_being_said_of_an_exo(
    context: SessionContext, page: MotionPage, visit_id: str
) -> None:
    made = solved(context, visit_id)
    context.store.save(RecordKind.KINETICS, kinetics(), visit_id=visit_id, summary="", inputs=(made,))
    show(context)
    page.forces.exo_card.choose_file(Path("exo.csv"))
    page.forces.exo_card.offset.setText("3")
    solved(context, visit_id)
    show(context)
    assert page.forces.exo_card.answer() == WornExo(None) and not page.forces.exo_card.take.isEnabled()
