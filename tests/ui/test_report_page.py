"""The report: its content, the PDF, and where it is kept."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from core.domain.audit import NO_ENTRIES, AuditHead
from core.domain.body import SAGITTAL, JointKind, Side
from core.domain.controller import Comparison
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.kinetics import ForceSource
from core.domain.record import RecordKind
from core.domain.report import Report
from core.domain.rollout import GaitLabel, RolloutSet, SceneGeometry
from core.domain.scenario import EXO_FAILURES, SCENARIOS
from core.domain.start_curves import StartCurves
from core.domain.walking_ability import VisitNotes
from core.errors import UserError
from core.session.flow import Step
from core.session.report import ReportContent, report_content
from core.session.report_help import help_part
from core.session.report_json import report_values
from tests import situated, walked
from tests.masks import mode
from tests.ui import compared, force_samples, muscle_samples, records
from ui.pages.report import ReportPage
from ui.presenters.report import ReportPresenter
from ui.report_drawing import ReportDrawing
from ui.report_help_page import HelpPage
from ui.report_pdf import draw_report, page_count, write_report
from ui.report_sheet import MARGIN, PAGE_HEIGHT, PAGE_WIDTH
from ui.session_context import SessionContext


def content(context: SessionContext, visit_id: str, upto: Step) -> ReportContent:
    records.fill(context.store, visit_id, upto)
    return report_content(context.store, visit_id)


def picture(content: ReportContent, width: int = 900, page: int = 0) -> QImage:
    image = QImage(width, round(width * PAGE_HEIGHT / PAGE_WIDTH), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_report(painter, QSizeF(image.width(), image.height()), content, page)
    painter.end()
    return image


def test_a_page_of_many_words_lowers_its_curves_and_keeps_off_its_foot(
    context: SessionContext, visit_id: str
) -> None:
    usual = content(context, visit_id, Step.DEPLOY)
    many = replace(usual, verdict=f"{usual.verdict} {usual.verdict}", quality=usual.quality[:1] * 6)
    ends = []
    for one in (usual, many):
        painter = QPainter(image := QImage(900, 1273, QImage.Format.Format_RGB32))
        drawing = ReportDrawing(painter, one)
        drawing.draw()
        painter.end()
        ends.append(drawing.ends_at())
    assert image.height() and max(ends) < PAGE_HEIGHT - MARGIN - 250


def test_a_verdict_on_many_situations_keeps_off_the_foot(context: SessionContext, visit_id: str) -> None:
    """As long as of an exo that makes four situations harder."""
    usual = content(context, visit_id, Step.DEPLOY)
    many = replace(usual, verdict="stairs down (6 % more energy) " * 36, quality=usual.quality[:1] * 8)
    painter = QPainter(image := QImage(900, 1273, QImage.Format.Format_RGB32))
    drawing = ReportDrawing(painter, many)
    drawing.draw()
    painter.end()
    assert image.height() and drawing.ends_at() < PAGE_HEIGHT - MARGIN - 250


def unlike() -> tuple[StartCurves, ...]:
    """Default and personalized controller, with many differences over the cycle of every joint."""
    default, personal = (compared.start_curves(label) for label in (compared.DEFAULT, compared.PERSONAL))
    ripple = 0.2 * np.cos(10.0 * np.pi * np.linspace(0.0, 1.0, 101))
    angle = default.angle_rad + ripple + 0.01 * np.random.RandomState(0).randn(5, 2, 3, 1)
    return default, replace(personal, angle_rad=angle)


def test_the_exos_help_has_a_page_that_keeps_off_its_foot(context: SessionContext, visit_id: str) -> None:
    usual = content(context, visit_id, Step.COMPARE)
    keys = [one.key for one in (*SCENARIOS[6:16:3], *SCENARIOS[-4:], *EXO_FAILURES[:2])]
    gaits = RolloutSet((), SceneGeometry(()), "Level walking")
    pairs = [situated.pair(key, 1.05, falls=(1, 2)) for key in keys]
    found = situated.situated(
        Comparison(gaits, walked.scores(), ""), *pairs, impairments=(situated.WEAK,) * 4
    )
    labels = ("measured", "healthy twin", "without exo", "default controller", "personalized controller")
    alike = CycleCorrelations(labels, SAGITTAL, np.full((5, 5, 2, 3), 0.9), np.full((5, 2), 8.0))
    rail = (replace(one, handrail=True) for key in ("stairs-up", "stairs-down") for one in situated.pair(key))
    found = replace(found, correlations=alike, situations=(*found.situations, *rail), curves=unlike())
    part = help_part(found)
    assert part is not None and page_count(usual) == 2
    assert part.notes[-1].count("(+") == 6  # of each curve the longest stretch is named
    helped = replace(usual, exo_help=part)
    assert page_count(helped) == 2 and page_count(replace(helped, appendix=True)) == 3
    painter = QPainter(image := QImage(900, 1273, QImage.Format.Format_RGB32))
    page = HelpPage(painter, helped, 2)
    page.draw(part)
    painter.end()
    assert image.height() and page.ends_at() < PAGE_HEIGHT - MARGIN - 250


def test_without_a_motion_there_is_nothing_to_report(context: SessionContext, visit_id: str) -> None:
    with pytest.raises(UserError) as refused:
        report_content(context.store, visit_id)
    assert refused.value.advice.code == "RPT-001"


def test_the_report_grows_with_the_visit(context: SessionContext, visit_id: str) -> None:
    first = content(context, visit_id, Step.MOTION)
    assert [curve.label for curve in first.panels[0].curves] == [GaitLabel.MEASURED]
    assert first.controller.rows == () and first.deployment == () and first.labels == ()
    whole = content(context, visit_id, Step.DEPLOY)
    knee = next(p for p in whole.panels if (p.kind, p.side) == (JointKind.KNEE, Side.LEFT))
    assert [curve.label for curve in knee.curves] == [
        GaitLabel.MEASURED,
        GaitLabel.DEFAULT_TWIN,
        GaitLabel.PERSONALIZED_TWIN,
        GaitLabel.PERSONALIZED_CONTROLLER,
    ]
    table = whole.controller
    assert [row.name for row in table.rows] == [
        "Without exo", "Worn without torque", "Default", "Generic", "Personalized",
    ]  # fmt: skip
    assert table.columns[:3] == ("", "Metabolic rate", "Cost per metre")
    assert table.columns[-1] == "Joint effort"
    assert table.rows[-1].cells[:2] == ("88.0 ± 0.3", "88.0") and "3.80 W/kg by Umberger 2010" in table.note
    facts = dict(whole.deployment)
    assert facts["Package SHA-256"] == records.SHA256
    assert facts["Person's gait"] == records.GAIT.sentence(records.LIMITS.hip_range_rad)
    assert facts["Read back"] == "equal to what was signed"
    assert "INCLUDES SIMULATED GAIT" in whole.labels


def test_strides_with_a_virtual_exo_are_reported_as_simulated(context: SessionContext, visit_id: str) -> None:
    made = records.fill(context.store, visit_id, Step.DEPLOY)
    records.walk(context.store, visit_id, made[Step.DEPLOY])
    facts = dict(report_content(context.store, visit_id).deployment)
    assert facts["Virtual walk"] == "11 + 10 simulated strides, at most 6 N·m; nobody walked"
    assert facts["Device"] == "virtual exo VX-1, which nobody wears" and "Walk with exo" not in facts


def test_the_report_tells_the_verdict_of_a_training_before_and_of_its_comparison_after_that(
    context: SessionContext, visit_id: str
) -> None:
    easier = "The personalized controller makes walking easier in simulation: 12.0 % lower metabolic rate"
    trained = content(context, visit_id, Step.TRAIN)
    assert trained.verdict.startswith(easier)
    made = records.fill(context.store, visit_id, Step.TRAIN)
    worse = Comparison(trained_gaits(), records.scores(1.04), "An earlier version said: it helps.")
    inputs = (made[Step.TRAIN],)
    context.store.save(RecordKind.COMPARISON, worse, visit_id=visit_id, inputs=inputs, summary="")
    told = report_content(context.store, visit_id).verdict
    assert "makes walking harder in simulation: 4.0 % higher metabolic rate" in told and "helps" not in told


def test_the_end_of_the_trail_stands_at_the_foot_of_the_report_and_in_the_json(
    context: SessionContext, visit_id: str
) -> None:
    usual = content(context, visit_id, Step.MOTION)
    bare = replace(usual, trail=NO_ENTRIES)
    assert usual.trail == context.store.audit_head() and usual.trail.length > 0
    assert drawn(usual, 0) != drawn(bare, 0)
    told = report_values(context.store, visit_id)["trail"]
    assert AuditHead(told["entries"], told["sha256"]) == usual.trail


def drawn(content: ReportContent, page: int) -> QImage:
    image = QImage(420, 594, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    draw_report(painter, QSizeF(image.size()), content, page)
    painter.end()
    return image


def trained_gaits() -> RolloutSet:
    return RolloutSet((), SceneGeometry(()), "Level walking")


def test_a_report_saved_before_a_later_step_is_shown_as_out_of_date(
    context: SessionContext, visit_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = records.fill(context.store, visit_id, Step.REVIEW)
    page = ReportPage()
    presenter = ReportPresenter(page, context)
    presenter.refresh()
    presenter.save(tmp_path / "report.pdf")
    presenter.refresh()
    assert page._headline.text() == "The report is saved."
    records._controller(context.store, visit_id, made)
    presenter.refresh()
    assert page._headline.text() == "The saved report is out of date: save it again."
    asked: list[bool] = []
    monkeypatch.setattr(page, "ask_where", lambda: asked.append(True))
    page.redo.emit()
    assert asked  # doing a report again is saving it


def test_a_patient_or_visit_that_is_edited_stands_in_the_report_and_puts_the_saved_one_out_of_date(
    context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    """The page went on showing, and saving, the patient as read before."""
    records.fill(context.store, visit_id, Step.COMPARE)
    page = ReportPage()
    presenter = ReportPresenter(page, context)
    presenter.refresh()
    presenter.save(tmp_path / "report.pdf")
    patient_id, subject = context.store.visit(visit_id).patient_id, context.subject
    assert subject is not None
    context.store.edit_patient(patient_id, subject)  # saved as it was
    presenter.refresh()
    assert page._headline.text() == "The report is saved."
    context.store.edit_patient(patient_id, replace(subject, diagnosis="Drop foot"))
    presenter.refresh()
    assert "out of date" in page._headline.text()
    assert context.status(Step.REPORT).stale_reason == "The patient was edited after this report."
    assert presenter._content is not None and "Drop foot" in presenter._content.person
    presenter.save(tmp_path / "report.pdf")
    context.store.note_visit(visit_id, VisitNotes(notes="new shoes this time"))
    presenter.refresh()
    assert context.status(Step.REPORT).stale_reason == "The visit was edited after this report."


def test_the_report_names_no_person(context: SessionContext, visit_id: str) -> None:
    page = content(context, visit_id, Step.MOTION)
    assert page.patient == "P-0042"
    assert page.person[0] == "female, 62 years"
    assert "not a cleared medical device" in page.notice


def test_the_pdf_is_two_pages_with_its_fonts_inside(
    app: QApplication, context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    write_report(path, content(context, visit_id, Step.DEPLOY))
    data = path.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") == 2
    assert b"/FontFile2" in data


def test_forces_and_muscles_have_a_page_each_of_the_appendix_drawn_inside_its_margins(
    app: QApplication, context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    made = records.fill(context.store, visit_id, Step.MOTION)
    keep = functools.partial(context.store.save, visit_id=visit_id, summary="")
    forces = force_samples.with_exo(force_samples.kinetics(ForceSource.ESTIMATED))
    keep(RecordKind.KINETICS, forces, inputs=(made[Step.MOTION],))
    keep(RecordKind.EMG, muscle_samples.emg())
    keep(RecordKind.MUSCLE_CALIBRATION, force_samples.muscle_calibration())
    keep(RecordKind.DEFICITS, force_samples.deficits())
    brief = report_content(context.store, visit_id)
    whole = replace(brief, appendix=True)
    write_report(tmp_path / "report.pdf", whole)
    assert page_count(brief) == 2
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") == page_count(whole) == 4
    for number in (1, 2, 3):
        image = picture(whole, page=number)
        margin = round(image.width() * 400 / PAGE_WIDTH)
        rows, columns = range(image.height()), range(0, image.width(), 3)
        edges = {image.pixel(x, y) for y in rows for x in (margin // 2, image.width() - margin // 2)}
        assert edges == {QColor("white").rgb()}
        assert len({image.pixel(x, y) for y in rows[::3] for x in columns}) > 20


def test_an_assessment_that_tells_no_strength_is_printed_with_what_it_does_not_tell(
    app: QApplication, context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    nothing = replace(force_samples.deficits(), strengths=())
    context.store.save(RecordKind.DEFICITS, nothing, visit_id=visit_id, summary="")

    brief = report_content(context.store, visit_id)
    write_report(tmp_path / "report.pdf", replace(brief, appendix=True))

    pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n")
    assert pages == page_count(brief) + 1


def test_a_folder_that_does_not_exist_is_advice_not_a_crash(
    app: QApplication, context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    page = content(context, visit_id, Step.MOTION)
    with pytest.raises(UserError) as refused:
        write_report(tmp_path / "nowhere" / "report.pdf", page)
    assert refused.value.advice.code == "RPT-002"


def test_the_page_is_drawn_inside_its_margins(
    app: QApplication, context: SessionContext, visit_id: str
) -> None:
    image = picture(content(context, visit_id, Step.DEPLOY))
    white, margin = QColor("white").rgb(), round(image.width() * 400 / PAGE_WIDTH)
    edges = [
        image.pixel(x, y) for y in range(image.height()) for x in (margin // 2, image.width() - margin // 2)
    ]
    assert set(edges) == {white}
    inside = {image.pixel(x, y) for y in range(0, image.height(), 3) for x in range(0, image.width(), 3)}
    assert len(inside) > 20


def test_a_saved_report_is_the_owners_alone(
    private_process: None, context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page = ReportPage()
    ReportPresenter(page, context).refresh()
    page.save_to.emit(tmp_path / "handed-out.pdf")
    assert mode(tmp_path / "handed-out.pdf") == "600"


def test_saving_keeps_the_same_file_with_the_visit(
    context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.COMPARE)
    page = ReportPage()
    presenter = ReportPresenter(page, context)
    presenter.refresh()
    page.save_to.emit(tmp_path / "handed-out.pdf")
    kept = context.store.latest(visit_id, RecordKind.REPORT)
    assert kept is not None
    report = context.store.load(kept.id, Report)
    inside = context.store.folder(kept.id) / report.file_name
    assert inside.read_bytes() == (tmp_path / "handed-out.pdf").read_bytes()
    assert report.file_name == "report.pdf"
    presenter.refresh()
    assert page._headline.text() == "The report is saved."
