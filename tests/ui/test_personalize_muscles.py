"""Personalize: what the EMG changed, and weakness that goes into the twin only by name and role."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import Joint, Side
from core.domain.deficits import Deficits
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.muscle_calibration import FIBRE, LENGTHS_STAY
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind, Verdict
from core.domain.twin import GENERIC_BODY, Twin
from core.jobs.values import Done
from core.session.flow import Step
from tests.kinetics import known_person
from tests.kinetics.known_person import WEAK_CALF
from tests.ui import force_samples, muscle_records, records
from tests.ui.board import HandBoard
from tests.ui.test_learning_pages import personalize, tell
from ui.pages.personalize import EMG_TAB, TWIN_TAB, WEAKNESS_TAB, PersonalizePage
from ui.plots.moment_courses import MomentCourses, shown_span_s
from ui.presenters import emg_muscles, weakness
from ui.presenters.emg_muscles import calibration_verdict, moment_courses, parameter_table
from ui.presenters.personalize import muscle_facts
from ui.presenters.weakness import grouped
from ui.session_context import SessionContext
from ui.theme import Tone

CALF = "Weakness, left plantarflexors"


def test_a_calibrated_length_says_that_the_simulated_twin_keeps_its_own() -> None:
    found = force_samples.muscle_calibration()
    length = replace(found.parameters[0], name=f"{FIBRE}, left soleus")
    rows = parameter_table(replace(found, parameters=(length, *found.parameters))).rows
    assert [LENGTHS_STAY in row.tip for row in rows] == ["fibre" in row.name for row in rows]
    assert any("fibre" in row.name for row in rows)


def texts(table) -> list[list[str]]:
    return [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


@pytest.fixture
def made(context: SessionContext, visit_id: str) -> dict[Step, str]:
    return records.fill(context.store, visit_id, Step.MOTION)


def assessed(context: SessionContext, visit_id: str, made: dict[Step, str]) -> str:
    return muscle_records.add_all(context.store, visit_id, made[Step.MOTION])


def test_without_emg_or_moments_the_page_says_what_to_do_first(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page, presenter = personalize(context)
    assert not page.muscles.action.button.isEnabled()
    assert page.muscles.action.why_not == emg_muscles.NO_EMG
    assert page.weakness.action.why_not == weakness.NO_SOURCE
    muscle_records.add_emg(context.store, visit_id)
    presenter.refresh()
    assert page.muscles.action.why_not == emg_muscles.NO_MOMENTS
    muscle_records.add_kinetics(context.store, visit_id, made[Step.MOTION])
    presenter.refresh()
    assert page.muscles.action.button.isEnabled() and page.weakness.action.button.isEnabled()


def test_calibration_fits_a_body_first_where_there_is_none_of_this_motion(
    context: SessionContext, board: HandBoard, visit_id: str, made: dict[Step, str]
) -> None:
    emg = muscle_records.add_emg(context.store, visit_id)
    kinetics = muscle_records.add_kinetics(context.store, visit_id, made[Step.MOTION])
    page, _ = personalize(context)
    page.muscles.action.button.click()
    assert board.jobs["job-1"].spec.kind == "fit_twin"
    assert board.jobs["job-1"].spec.params == {"motion_id": made[Step.MOTION]}
    assert page.muscles.action.why_not == emg_muscles.BUSY
    twin = save_twin(context, visit_id, made)
    board.happens("job-1", Done(twin))
    tell(context)
    spec = board.jobs["job-2"].spec
    assert spec.kind == "calibrate_muscles"
    assert spec.params == {
        "twin_id": twin,
        "motion_id": made[Step.MOTION],
        "kinetics_id": kinetics,
        "emg_id": emg,
    }
    board.jobs.clear()
    personalize(context)[1].start_calibration()
    assert [job.spec.kind for job in board.jobs.values()] == ["calibrate_muscles"]


def save_twin(context: SessionContext, visit_id: str, made: dict[Step, str]) -> str:
    inputs = (made[Step.MOTION],)
    return context.store.save(
        RecordKind.TWIN,
        Twin(GENERIC_BODY, 0.02, 75.0, 0.9, 0.3),
        visit_id=visit_id,
        inputs=inputs,
        summary="",
    )


def test_what_the_emg_changed_is_told_before_and_after(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    assessed(context, visit_id, made)
    page, _ = personalize(context)
    rows = texts(page.muscles.parameters)
    assert rows[0][:2] == ["Left plantarflexors, strength", "100 %"] and rows[0][3] == "± 6 %"
    assert rows[-3] == ["Electromechanical delay", "40 ms", "52 ms", "± 4 ms"]
    assert rows[-2] == ["Shape of activation", "-0.10", "-3.00", "at bound"]
    assert rows[-1][3] == "not told"
    assert texts(page.muscles.fits)[0] == ["Left ankle", "0.71 → 0.97", "0.69 → 0.95", "0.11"]
    assert "left ankle 0.95 (was 0.69) and left knee 0.63 (was 0.09)" in page.muscles.action.verdict
    assert len(page.muscles.courses.plots) == 2


def test_the_plot_shows_strides_that_were_seen_and_strides_kept_aside() -> None:
    time_s = np.arange(0.0, 60.0, 0.1)
    start, end = shown_span_s((time_s > 24.0).astype(float), time_s)
    assert start < 24.0 < end and end - start == pytest.approx(6.0)


def test_a_calibration_of_timing_alone_says_so() -> None:
    whole = known_person.calibration({})
    nothing = np.zeros((len(whole.time_s), 0))
    timing = replace(whole, fits=(), measured_nm=nothing, before_nm=nothing, after_nm=nothing)
    assert calibration_verdict(timing)[0].startswith("Only the timing")


def test_each_leg_has_its_column_of_moments(context: SessionContext) -> None:
    whole = known_person.calibration({})
    other = tuple(replace(fit, joint=Joint.of(fit.joint.kind, Side.RIGHT)) for fit in whole.fits)
    both = replace(
        whole,
        fits=(*whole.fits, *other),
        **{name: np.tile(getattr(whole, name), 2) for name in ("measured_nm", "before_nm", "after_nm")},
    )
    assert calibration_verdict(both)[0].endswith("R² 0.63 to 0.95 (was 0.09 to 0.69).")
    courses = MomentCourses()
    for calibration, columns in ((both, {0, 1}), (whole, {0})):
        courses.show_courses(moment_courses(calibration))
        shown = [plot for plot in courses.plots if not plot.isHidden()]
        places = [courses._plots.getItemPosition(courses._plots.indexOf(plot)) for plot in shown]
        assert len(shown) == len(calibration.fits) and {place[1] for place in places} == columns


def weak_page(context: SessionContext, visit_id: str, made: dict[Step, str]) -> tuple[PersonalizePage, str]:
    deficits_id = assessed(context, visit_id, made)
    page, presenter = personalize(context)
    context.record_changed.connect(presenter.refresh)
    page.open_tab(WEAKNESS_TAB)
    return page, deficits_id


def buttons(page: PersonalizePage) -> dict[str, object]:
    return {button.text(): button for button in page.weakness._buttons if not button.isHidden()}


def test_a_suggested_weakness_is_accepted_by_name_and_role_and_can_be_taken_back(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page, deficits_id = weak_page(context, visit_id, made)
    assert page.tabs.tabText(WEAKNESS_TAB) == "Weakness · 1 to answer"
    [proposal] = page.weakness._proposals
    sentence = context.store.load(deficits_id, Deficits).strengths[0].sentence
    assert proposal.label == CALF and proposal.sentence == sentence
    assert not buttons(page)["Accept"].isEnabled()
    page.weakness.approver.name.setText("Dr Lind")
    page.weakness.approver.role.setText("physician")
    buttons(page)["Accept"].click()
    decision = context.store.decisions(visit_id)[-1]
    assert (decision.verdict, decision.by, decision.role) == (
        Verdict.WEAKNESS_ACCEPTED,
        "Dr Lind",
        "physician",
    )
    assert decision.record_id == deficits_id and sentence in decision.reason
    assert page.weakness._proposals[0].answer.startswith("Accepted by Dr Lind, physician, ")
    assert page.tabs.tabText(WEAKNESS_TAB) == "Weakness"
    buttons(page)["Take back"].click()
    assert page.weakness._proposals[0].answer.startswith("Declined by Dr Lind")
    assert list(buttons(page)) == ["Accept"]


def test_personalizing_puts_calibrated_muscles_and_only_accepted_weakness_into_the_twin(
    context: SessionContext, board: HandBoard, visit_id: str, made: dict[Step, str]
) -> None:
    page, deficits_id = weak_page(context, visit_id, made)
    page.main_action.emit()
    params = dict(board.jobs["job-1"].spec.params)
    assert set(params) == {"motion_id", "calibration_id"}
    board.happens("job-1", Done(save_twin(context, visit_id, made)))
    page.weakness.answered.emit(CALF, True, "Dr Lind", "physician")
    tell(context)
    board.jobs.clear()
    _, presenter = personalize(context)
    presenter.start()
    assert board.jobs["job-1"].spec.params == {**params, "deficits_id": deficits_id}


def test_a_result_says_that_its_twin_has_calibrated_muscles_and_an_accepted_weakness() -> None:
    weak = Impairment(ImpairmentKind.WEAKNESS, 0.3, Side.LEFT, MuscleGroup.PLANTARFLEXORS)
    body = replace(known_person.calibration({}).body, impairments=(weak,))
    told = {fact.name: fact for fact in muscle_facts(body)}
    assert told["muscles"].value == "by EMG"
    assert (told["weakness"].value, told["weakness"].tip) == ("1, by name and role", CALF)
    assert not muscle_facts(GENERIC_BODY)


def test_strength_of_both_legs_is_shown_with_what_is_not_told(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page, _ = weak_page(context, visit_id, made)
    rows = texts(page.weakness.strengths)
    assert [row[0] for row in rows] == [group.label for group in MuscleGroup]
    calf = rows[list(MuscleGroup).index(MuscleGroup.PLANTARFLEXORS)]
    assert calf[1].startswith("50 % (4") and rows[0][1:] == ["–", "–"]
    assert "Hip adductors" in page.weakness._not_told.text()


def test_an_assessment_of_an_earlier_motion_asks_to_be_done_again(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page, _ = weak_page(context, visit_id, made)
    muscle_records.add_kinetics(context.store, visit_id, made[Step.MOTION])
    context.record_changed.emit()
    assert "assess again" in page.weakness.action.verdict
    assert not page.weakness._proposals


def test_groups_with_the_same_reason_share_a_line() -> None:
    lines = grouped(("Hip flexors: no moment.", "Hamstrings: no EMG.", "Hip extensors: no moment."))
    assert lines == ("Hip flexors and hip extensors: no moment.", "Hamstrings: no EMG.")


def test_learning_is_watched_where_the_twin_is(
    context: SessionContext, board: HandBoard, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.PERSONALIZE)
    page, _ = personalize(context)
    page.open_tab(WEAKNESS_TAB)
    page.secondary_action.emit("again")
    assert page.tabs.currentIndex() == TWIN_TAB
    page.open_tab(EMG_TAB)
    page.main_action.emit()
    assert page.tabs.currentIndex() == TWIN_TAB and len(board.jobs) == 1


def test_emg_tab_is_reached_by_keyboard(
    context: SessionContext, visit_id: str, made: dict[Step, str]
) -> None:
    page, _ = personalize(context)
    page.open_tab(EMG_TAB)
    assert page._parts.currentWidget() is page.muscles and page.tabs.accessibleName()


def test_a_calibration_without_strides_kept_aside_claims_nothing_of_them() -> None:
    calibration = known_person.calibration(WEAK_CALF)
    unknown = float("nan")
    fits = tuple(
        replace(fit, held_out_r2_before=unknown, held_out_r2_after=unknown, held_out_rmse_nm_kg=unknown)
        for fit in calibration.fits
    )
    words, tone = emg_muscles.calibration_verdict(replace(calibration, fits=fits))
    assert words.endswith("None could be kept aside to judge it.") and "now follows" not in words
    shown = moment_courses(replace(calibration, fits=fits))
    assert not any(course.held_out.any() for course in shown)  # no span is shaded as judged
    assert tone is Tone.WARN
