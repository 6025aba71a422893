"""The report as a clinician hands it out: two pages, interpretation by name, clinic, print and JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QDesktopServices, QFontMetricsF, QImage, QPainter
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QFileDialog

from app.cli import commands as cli
from core.domain.controller import Deployment, Package
from core.domain.findings import Finding, Severity
from core.domain.interpretation import MOST_LETTERS
from core.domain.kinetics import ForceSource
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmark
from core.errors import Advice
from core.jobs.values import Done, SilentContext
from core.session.flow import Step, StepState
from core.session.interpretation import keep_interpretation
from core.session.report import ReportContent, report_content
from core.session.report_deployment import deployment_lines
from core.session.report_json import report_values
from core.session.report_warnings import StepWarning, report_warnings
from core.store.clinic import CLINIC_FILE, read_clinic, write_logo, write_name
from core.tasks import take_logo
from tests.refusals import refused
from tests.ui import force_samples, muscle_samples, records, samples
from tests.ui.board import HandBoard
from ui.figure_files import image_file
from ui.pages.report import ReportPage
from ui.presenters import report_pictures
from ui.presenters.report import ReportPresenter
from ui.recording_view import RecordingView
from ui.report_drawing import ReportDrawing
from ui.report_pdf import page_count, print_report
from ui.report_second_page import SecondPage
from ui.report_sheet import MARGIN, PAGE_HEIGHT, PAGE_WIDTH
from ui.session_context import SessionContext

FOOT = PAGE_HEIGHT - MARGIN - 250


def everything(context: SessionContext, visit_id: str, upto: Step = Step.MOTION) -> ReportContent:
    """With forces and EMG."""
    made = records.fill(context.store, visit_id, upto)
    keep = functools.partial(context.store.save, visit_id=visit_id, summary="")
    forces = force_samples.kinetics(ForceSource.ESTIMATED)
    keep(RecordKind.KINETICS, forces, inputs=(made[Step.MOTION],))
    keep(RecordKind.EMG, muscle_samples.emg())
    return report_content(context.store, visit_id)


def picture() -> bytes:
    image = QImage(480, 480, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    return image_file(image, "png")


def ends(sheet: type[ReportDrawing] | type[SecondPage], content: ReportContent) -> float:
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    drawing = sheet(painter, content)
    drawing.draw()
    painter.end()
    return drawing.ends_at()


def shown(context: SessionContext) -> tuple[ReportPage, ReportPresenter]:
    page = ReportPage()
    presenter = ReportPresenter(page, context)
    presenter.refresh()
    return page, presenter


def test_everything_that_a_visit_has_fits_onto_two_pages(context: SessionContext, visit_id: str) -> None:
    whole = everything(context, visit_id, Step.DEPLOY)
    assert page_count(whole) == 2 and page_count(replace(whole, appendix=True)) > 3
    assert ends(SecondPage, whole) < FOOT


def test_a_full_first_page_keeps_off_its_foot(context: SessionContext, visit_id: str) -> None:
    usual = everything(context, visit_id)
    keep_interpretation(context.store, visit_id, "walks well " * (MOST_LETTERS // 11), by="A. Berger")
    interpreted = report_content(context.store, visit_id)
    four = (report_pictures.ReportPicture("Left heel strike", picture()),) * 4
    full = replace(
        interpreted,
        verdict="stairs down (6 % more energy) " * 36,
        quality=usual.quality[:1] * 8,
        pictures=four,
    )
    assert ends(ReportDrawing, full) < FOOT
    assert ends(ReportDrawing, replace(full, verdict="Short.", interpretation=None)) < FOOT


def test_more_warnings_than_there_is_room_for_are_counted_and_the_gravest_are_kept(
    context: SessionContext, visit_id: str
) -> None:
    whole = everything(context, visit_id)
    advice = [Advice(f"Warning {n}. " * 6, "Why. " * 30, "Do it.", "MOT-011") for n in range(40)]
    many = [StepWarning(Step.MOTION, Finding(Severity.NOTE, one), "r") for one in advice]
    many[30] = replace(many[30], finding=Finding(Severity.STOP, advice[30]))
    full = replace(whole, warnings=tuple(many))
    painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
    page = SecondPage(painter, full)
    page.draw()
    painter.end()
    assert not image.isNull() and page.ends_at() < FOOT
    assert 0 < len(page.kept_warnings()) < 40 and many[30] in page.kept_warnings()


def test_the_report_tells_what_every_step_warns_of(context: SessionContext, visit_id: str) -> None:
    found = samples.finding(code="MOT-011")
    context.store.save(
        RecordKind.LANDMARKS, samples.landmarks(findings=(samples.finding(),)), visit_id=visit_id, summary=""
    )
    context.store.save(RecordKind.MOTION, samples.motion((found,)), visit_id=visit_id, summary="")
    emg = replace(samples.emg(), findings=(samples.finding(Severity.NOTE, "EMG-020"),))
    context.store.save(RecordKind.EMG, emg, visit_id=visit_id, summary="")

    told = [(one.step, one.finding.advice.code) for one in report_warnings(context.store, visit_id)]

    assert {(Step.CAPTURE, "CAP-099"), (Step.MOTION, "MOT-011"), (Step.EMG, "EMG-020")} <= set(told)
    assert (Step.MOTION, "MOT-101") in told  # no published band fits: as the Motion page tells it
    assert [step for step, _ in told] == sorted((step for step, _ in told), key=list(Step).index)


def test_a_result_that_is_out_of_date_is_among_the_warnings(context: SessionContext, visit_id: str) -> None:
    records.fill(context.store, visit_id, Step.REVIEW)
    context.store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")
    told = {
        one.step for one in report_warnings(context.store, visit_id) if one.finding.advice.code == "RPT-024"
    }
    assert Step.PERSONALIZE in told


def test_an_interpretation_is_kept_by_name_and_stands_in_the_report(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, presenter = shown(context)
    context.record_changed.connect(presenter.refresh)
    page.interpretation.text.setPlainText("Pushes off late on the left.")
    assert "Not kept yet" in page.interpretation._told.text()

    page.interpretation.keep.click()
    assert page._advice._code.text() == "RPT-021"  # nobody's
    page.interpretation.approver.name.setText("A. Berger")
    page.interpretation.approver.role.setText("physiotherapist")
    page.interpretation.keep.click()

    part = report_content(context.store, visit_id).interpretation
    assert part is not None and part.text == "Pushes off late on the left."
    assert part.signed.startswith("A. Berger, physiotherapist, ")
    kept = context.store.latest(visit_id, RecordKind.INTERPRETATION)
    assert kept is not None and kept.provenance.operator == "A. Berger"
    assert "Kept: A. Berger" in page.interpretation._told.text()


def test_a_newer_interpretation_makes_a_saved_report_out_of_date(
    context: SessionContext, visit_id: str, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    keep_interpretation(context.store, visit_id, "First words.", by="A. Berger")
    page, _ = shown(context)
    page.save_to.emit(tmp_path / "report.pdf")
    assert context.status(Step.REPORT).state is StepState.DONE

    keep_interpretation(context.store, visit_id, "Second thoughts.", by="A. Berger")

    assert context.status(Step.REPORT).state is StepState.STALE


def test_an_interpretation_of_no_words_or_too_many_is_refused(context: SessionContext, visit_id: str) -> None:
    with refused("RPT-020"):
        keep_interpretation(context.store, visit_id, "  ", by="A. Berger")
    with refused("RPT-022"):
        keep_interpretation(context.store, visit_id, "x" * (MOST_LETTERS + 1), by="A. Berger")


def test_words_of_one_visit_are_not_left_on_the_page_of_another(
    context: SessionContext, visit_id: str
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = shown(context)
    page.interpretation.text.setPlainText("Of the first visit.")
    context.open_visit(context.store.start_visit(context.patient_id or "").id)
    assert page.interpretation.text.toPlainText() == ""


def test_name_and_logo_of_the_clinic_are_asked_on_the_page_and_kept_in_the_data_folder(
    context: SessionContext, board: HandBoard, visit_id: str, tmp_path: Path
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = shown(context)
    logo = tmp_path / "our logo.png"
    logo.write_bytes(picture())

    page.clinic.name.setText("Gait laboratory")
    page.clinic.name.editingFinished.emit()
    page.clinic.logo_chosen.emit(logo)
    assert read_clinic(context.store.data_dir).logo == b"", "a picture from outside is read by a job"
    job = board.states()[0].spec
    board.happens(job.id, Done(take_logo.run(job.params, SilentContext(job, tmp_path))))
    context.jobs._hand_over()

    clinic = report_content(context.store, visit_id).clinic
    assert clinic is not None and clinic.name == "Gait laboratory"
    kept = QImage.fromData(clinic.logo)
    assert kept.size() == QSize(480, 480) and kept.pixelColor(0, 0) == QColor("red")
    assert page.clinic.logo.text() == "Remove logo"
    page.clinic.logo.click()
    assert read_clinic(context.store.data_dir).logo == b""


def test_what_is_no_picture_is_not_taken_as_a_logo(context: SessionContext, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_text("Dear colleague", encoding="utf-8")
    with refused("RPT-023"):
        write_logo(context.store.data_dir, tmp_path / "logo.png")
    (context.store.data_dir / CLINIC_FILE).write_text("{", encoding="utf-8")
    assert read_clinic(context.store.data_dir).name == ""
    write_name(context.store.data_dir, "  Ward 3 ")
    assert read_clinic(context.store.data_dir).name == "Ward 3"


def test_no_picture_of_the_recording_shows_the_head(
    context: SessionContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = samples.track()
    shoulders = [Landmark.LEFT_SHOULDER.value, Landmark.RIGHT_SHOULDER.value]
    film = QImage(track.width_px, track.height_px, QImage.Format.Format_RGB32)
    film.fill(QColor("green"))
    neck = round(float(track.image_px[0, shoulders, 1].mean()))
    for y in range(neck):
        for x in range(0, film.width()):
            film.setPixel(x, y, QColor("red").rgb())
    monkeypatch.setattr(RecordingView, "picture", lambda _clip, _time_s: film)
    clip = RecordingView((track,), 0, 640, 360, tuple(track.time_s.tolist()))

    found = report_pictures._pictures(clip, samples.motion())

    assert [one.caption for one in found] == [
        f"Right {what}" if found[0].caption.startswith("Right") else f"Left {what}"
        for what in ("heel strike", "mid-stance", "toe-off", "mid-swing")
    ]
    for one in found:
        image = QImage.fromData(one.data)
        inks = {image.pixel(x, y) for x in range(0, 480, 4) for y in range(0, 480, 2)}
        assert QColor("green").rgb() in inks and QColor("red").rgb() not in inks


def test_the_json_has_a_unit_and_a_record_with_every_number(context: SessionContext, visit_id: str) -> None:
    everything(context, visit_id, Step.COMPARE)
    keep_interpretation(context.store, visit_id, "Pushes off late.", by="A. Berger")

    values = report_values(context.store, visit_id)

    ids = {record["id"] for record in values["records"]}
    assert len(values["numbers"]) > 100
    assert all(set(one) >= {"value", "unit", "record"} and one["record"] in ids for one in values["numbers"])
    speed = next(one for one in values["numbers"] if one["name"] == "speed")
    assert (speed["value"], speed["unit"], speed["simulated"]) == (1.21, "m/s", False)
    rate = next(one for one in values["numbers"] if one["unit"] == "% of walking without exo")
    assert rate["simulated"] and rate["low_95"] <= rate["value"] <= rate["high_95"]
    knee = next(one for one in values["curves"] if one["name"] == "knee flexion")
    assert len(knee["mean"]) == 101 and knee["unit"] == "deg" and knee["record"] in ids
    assert values["interpretation"]["by"] == "A. Berger"
    assert {"walking_aid", "functional_class", "notes"} <= set(values["visit"])
    assert "NaN" not in json.dumps(values)


def test_the_terminal_prints_the_same_json_and_writes_the_pdf(
    context: SessionContext, visit_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    where = ["--data-dir", str(context.store.data_dir)]
    out = tmp_path / "handed-out.pdf"

    assert cli.run(["report", "P-0042", "--out", str(out), "--json", *where]) == 0

    told = json.loads(capsys.readouterr().out)
    own = report_values(context.store, visit_id)
    assert {**told, "made_utc": ""} == {**own, "made_utc": ""}
    assert out.read_bytes().startswith(b"%PDF")
    assert cli.run(["report", "P-0042", *where]) == cli.EXIT_REFUSED
    assert "[RPT-027]" in capsys.readouterr().err


def test_json_print_and_open_are_buttons(
    context: SessionContext, visit_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(context, visit_id)
    page, _ = shown(context)
    opened: list[Path] = []
    saved, printed = tmp_path / "r.json", tmp_path / "printed.pdf"
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(printed))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
    monkeypatch.setattr(page, "ask_printer", lambda: printer)
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(opened.append(Path(url.toLocalFile())) or True)
    )

    for key in ("json", "print", "open"):
        page.secondary_action.emit(key)

    assert json.loads(saved.read_text(encoding="utf-8"))["format"] == "exotwin report"
    assert printed.read_bytes().count(b"/Type /Page\n") == 2
    assert opened[0].name == "report.pdf" and opened[0].read_bytes().startswith(b"%PDF")


def test_a_computer_without_a_program_for_pdfs_or_a_printer_is_told(
    context: SessionContext, visit_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    page, _ = shown(context)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    page.secondary_action.emit("open")
    assert page._advice._code.text() == "RPT-026"
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "nowhere" / "x.pdf"))
    with refused("RPT-025"):
        print_report(printer, report_content(context.store, visit_id))


def test_the_appendix_is_added_by_a_tick(context: SessionContext, visit_id: str) -> None:
    everything(context, visit_id)
    page, _ = shown(context)
    assert "2 pages" in page.appendix.text()
    assert page._state.content is not None and page_count(page._state.content) == 2

    page.appendix.click()

    assert page._state.content is not None and page_count(page._state.content) == 4


def test_a_motion_without_strides_has_no_pictures_and_no_number_that_is_nan(
    context: SessionContext, visit_id: str
) -> None:
    squat: Motion = samples.squat_motion()
    context.store.save(RecordKind.MOTION, squat, visit_id=visit_id, summary="")
    values = report_values(context.store, visit_id)
    assert all(one["value"] is None or np.isfinite(one["value"]) for one in values["numbers"])
    clip = RecordingView((samples.track(),), 0, 640, 360, tuple(samples.track().time_s.tolist()))
    assert report_pictures._pictures(clip, squat) == ()


def test_a_force_band_that_fits_nobody_like_the_patient_is_not_called_normal(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, printed = everything(context, visit_id), []
    monkeypatch.setattr(SecondPage, "_text", _noting(SecondPage._text, printed))
    assert page.forces is not None and not page.forces.band_fits  # bands of forces are of children
    for forces, words in ((page.forces, "nearest band"), (replace(page.forces, band_fits=True), "normal")):
        printed.clear()
        image = QImage(400, 560, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        SecondPage(painter, replace(page, forces=forces)).draw()
        painter.end()
        assert f"{words} ± 1 SD, where published" in printed


def _noting(draw: Callable[..., float], printed: list[str]) -> Callable[..., float]:
    def note(self: SecondPage, box: object, words: str, *rest: object, **more: object) -> float:
        printed.append(words)
        return draw(self, box, words, *rest, **more)

    return note


def test_no_number_of_the_first_page_is_cut_and_its_key_ends_within_the_margin(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The normal speed read "..20 ± 0.16 m/s", and the last name of the key stood beyond the margin."""
    page = replace(everything(context, visit_id, Step.COMPARE), band_fits=False)
    drawn: dict[str, tuple[QRectF, float]] = {}
    draw = ReportDrawing._text

    def note(self: ReportDrawing, box: QRectF, words: str, size: int, *rest: object, **more: object) -> float:
        advance = QFontMetricsF(self._font(size, int(str(more.get("weight", 400))))).horizontalAdvance(words)
        drawn[words] = (box, advance)
        return draw(self, box, words, size, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ReportDrawing, "_text", note)
    image = QImage(400, 560, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    drawing = ReportDrawing(painter, page)
    drawing.draw()
    painter.end()
    cells = {cell for row in page.gait.rows for cell in row.cells if cell}
    assert any("± " in cell and "m/s" in cell for cell in cells)
    assert not [cell for cell in cells if drawn[cell][1] > drawn[cell][0].width()]
    box, advance = drawn["with exo, personalized"]
    assert box.x() + advance <= PAGE_WIDTH - MARGIN


def test_the_report_says_where_the_exo_runs_another_package_than_the_newest(
    context: SessionContext, visit_id: str
) -> None:
    """After going back to the controller before, the report named the one that the exo no longer runs."""
    package = Package("c.exopkg", "a" * 64, 44_000, "Hippo_L1", "tag", records.LIMITS)
    runs = Deployment("b" * 64, "b" * 64, "SN-1", "", True, virtual=True, version="1.0.0")
    lines = dict(deployment_lines((), package, runs, None))
    assert lines["Exo runs"] == f"an earlier package, version 1.0.0, SHA-256 {'b' * 16}…"
    assert "Exo runs" not in dict(deployment_lines((), replace(package, sha256="b" * 64), runs, None))
