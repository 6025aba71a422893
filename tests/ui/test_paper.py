"""Paper that is handed out: nothing runs over its margin, hides a curve or is too low to be read."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from core.domain.condition import Condition
from core.domain.findings import Finding, Severity
from core.domain.kinetics import ForceSource
from core.domain.motion import Spread
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.errors import Advice
from core.gait.norm_choice import Walker
from core.gait.norm_numbers import GaitNumber
from core.session.capture_change import compare_captures
from core.session.capture_page import visits_page
from core.session.capture_trend import TrendPoint, TrendSeries
from core.session.captures import captures_of
from core.session.figures import record_figure
from core.session.flow import Step
from core.session.normal_numbers import NormalNumbers
from core.session.report import ReportContent, report_content
from core.session.report_panels import ReportCurve
from core.session.report_tables import ReportRow, ReportTable
from core.session.report_warnings import StepWarning
from tests import captured
from tests.ui import force_samples, records, samples, walks
from tests.ui.test_report_two_pages import everything
from ui.figure_drawing import FigureDrawing, figure_size
from ui.figure_files import figure_image
from ui.report_drawing import ReportDrawing
from ui.report_further_pages import TwoSides
from ui.report_second_page import SecondPage
from ui.report_sheet import HALF, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, Sheet
from ui.report_visits import TrendDrawing, VisitsDrawing
from ui.session_context import SessionContext

DRAWN_FINER = 4.0  # tenths of a point in a pixel


def drawn(draw: Callable[[QPainter], None]) -> QImage:
    size = QSizeF(PAGE_WIDTH, PAGE_HEIGHT) / DRAWN_FINER
    image = QImage(size.toSize(), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.scale(1 / DRAWN_FINER, 1 / DRAWN_FINER)
    draw(painter)
    painter.end()
    return image


def over_the_margin(image: QImage) -> bool:
    """Whether anything is drawn at the right of the page's margin; half a line's width is."""
    scale = image.width() / PAGE_WIDTH
    left = round((PAGE_WIDTH - MARGIN + 35.0) * scale)
    strip = image.copy(left, 0, image.width() - left, image.height())
    blank = QImage(strip.size(), strip.format())
    blank.fill(QColor("white"))
    return strip != blank


def test_the_legend_of_five_gaits_stays_on_the_figure(context: SessionContext, visit_id: str) -> None:
    store = context.store
    store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")
    labels = (
        GaitLabel.WITHOUT_EXO,
        GaitLabel.DEFAULT_CONTROLLER,
        GaitLabel.GENERIC_CONTROLLER,
        GaitLabel.PERSONALIZED_CONTROLLER,
    )
    made = store.save(RecordKind.SIMULATED_GAIT, walks.gaits(*labels), visit_id=visit_id, summary="")
    figure = record_figure(store, store.info(made))
    assert figure is not None
    assert not over_the_margin(figure_image(figure, dpi=100))
    fewer = replace(figure, plots=tuple(replace(p, lines=p.lines[:2]) for p in figure.plots))
    assert figure_size(figure).height() > figure_size(fewer).height()  # the second line has its own room


def words_watched(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """How much wider the place of every line of words is than the words, filled as sheets are drawn."""
    room: dict[str, float] = {}
    draw = Sheet._text

    def watched(sheet: Sheet, box: QRectF, words: str, size: int, *more: Any, **named: Any) -> float:
        letters = QFontMetricsF(sheet._font(size, named.get("weight", 400)))
        room[words] = box.width() - letters.horizontalAdvance(words)
        return draw(sheet, box, words, size, *more, **named)

    monkeypatch.setattr(Sheet, "_text", watched)
    return room


def test_a_long_code_and_diagnosis_are_whole_and_not_written_over_each_other(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.fill(context.store, visit_id, Step.MOTION)
    usual = report_content(context.store, visit_id)
    facts = (
        "female, 65 years",
        "1.66 m, 64 kg",
        "hemiparesis after a stroke of the right middle artery, 2025",
    )
    long = replace(usual, patient="P-2026-KLINIK-00042X", person=facts)
    room = words_watched(monkeypatch)
    drawn(lambda painter: ReportDrawing(painter, long).draw())
    assert room[long.patient] >= 0.0 and room[" · ".join(facts)] >= 0.0
    assert not over_the_margin(drawn(lambda painter: ReportDrawing(painter, long).draw()))
    trial = ReportDrawing(QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32)), long)
    before = trial._y
    trial._draw_head()
    assert not image.isNull() and trial._y - before > 650.0  # a line of its own
    trial._painter.end()


def test_no_word_of_title_and_subtitle_is_cut(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forces = force_samples.kinetics(ForceSource.ESTIMATED)
    made = context.store.save(RecordKind.KINETICS, forces, visit_id=visit_id, summary="")
    figure = record_figure(context.store, context.store.info(made))
    assert figure is not None
    longer = replace(figure, subtitle=" · ".join([figure.subtitle, "8 left and 8 right strides"] * 4))
    room = words_watched(monkeypatch)
    figure_image(longer, dpi=20)
    assert room[longer.title] >= 0.0 and room[longer.subtitle] >= 0.0


def test_what_is_personalized_is_the_thick_line_in_every_figure(
    context: SessionContext, visit_id: str
) -> None:
    for labels in (
        (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN),
        (GaitLabel.WITHOUT_EXO, GaitLabel.DEFAULT_CONTROLLER, GaitLabel.PERSONALIZED_CONTROLLER),
    ):
        made = context.store.save(
            RecordKind.SIMULATED_GAIT, walks.gaits(*labels), visit_id=visit_id, summary=""
        )
        figure = record_figure(context.store, context.store.info(made))
        assert figure is not None
        painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
        styles = FigureDrawing(painter, figure)._styles
        painter.end()
        assert not image.isNull()
        assert max(styles, key=lambda gait: styles[gait][0]) == labels[-1].value
        assert len({str(style) for style in styles.values()}) == len(labels)


def full_first_page(context: SessionContext, visit_id: str) -> ReportContent:
    """All four gaits, with a band of the measured one that does not fit the patient."""
    records.fill(context.store, visit_id, Step.COMPARE)
    content = report_content(context.store, visit_id)
    panel = content.panels[0]
    mean = panel.curves[0].mean_deg
    curves = [
        ReportCurve(label, mean, 0.1 * mean**0 if label is GaitLabel.MEASURED else None)
        for label in (
            GaitLabel.MEASURED,
            GaitLabel.DEFAULT_TWIN,
            GaitLabel.PERSONALIZED_TWIN,
            GaitLabel.PERSONALIZED_CONTROLLER,
        )
    ]
    panels = tuple(replace(one, curves=tuple(curves)) for one in content.panels)
    return replace(content, panels=panels, band_fits=False)


def test_the_key_of_the_first_page_stays_on_it(context: SessionContext, visit_id: str) -> None:
    content = full_first_page(context, visit_id)
    assert not over_the_margin(drawn(lambda painter: ReportDrawing(painter, content).draw()))


def test_four_recordings_fit_the_width_of_the_page(context: SessionContext, visit_id: str) -> None:
    store, place = context.store, visit_id
    for number, condition in enumerate(
        (Condition.NOT_STATED, Condition.NO_EXO, Condition.PERSONALIZED, Condition.NO_EXO)
    ):
        walk = captured.walk(seed=number, knee=0.7**number, speed_m_s=1.2 - 0.1 * number)
        captured.save(store, place, walk, condition)
        place = store.start_visit(str(context.patient_id)).id
    every = captures_of(store, str(context.patient_id))
    page = visits_page(store, compare_captures(store, every, every), every)
    assert not over_the_margin(drawn(lambda painter: VisitsDrawing(painter, page).draw()))


def test_no_number_of_a_table_is_wider_than_its_column(context: SessionContext) -> None:
    cells = ("1.20 m/s", "", "1.20 ± 0.16 m/s"), ("1.118 ± 0.005 s", "1.120 ± 0.006 s", "1.01 ± 0.08 s")
    rows = tuple(ReportRow(name, own) for name, own in zip(("Speed", "Double support"), cells, strict=True))
    table = ReportTable("Measured gait", ("", "Left or both", "Right", "Normal ± 1 SD"), rows)
    painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
    sheet = Sheet(painter)
    size, _, places = sheet._columns_of(table, HALF)
    letters = QFontMetricsF(sheet._font(size, 500))
    painter.end()
    assert not image.isNull() and sum(wide for _, wide in places) < HALF
    for row in rows:
        for words, (_, wide) in zip(row.cells, places, strict=True):
            assert letters.horizontalAdvance(words) <= wide


def test_a_full_second_page_has_plots_to_read_and_every_warning(
    context: SessionContext, visit_id: str
) -> None:
    advice = Advice("Something. " * 6, "Because. " * 8, "Do it.", "MOT-011")
    grades = [Severity.WARNING] * 6 + [Severity.NOTE] * 9
    warnings = tuple(
        StepWarning(Step.MOTION, Finding(grade, advice), f"r{n}") for n, grade in enumerate(grades)
    )
    content = replace(everything(context, visit_id, Step.DEPLOY), warnings=warnings)
    painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
    page = SecondPage(painter, content)
    page.draw()
    painter.end()
    assert not image.isNull()
    kept = page.kept_warnings()
    assert set(warnings[:6]) <= set(kept) and len(kept) < len(warnings)
    assert page._plot_height >= 600.0 and len(page._force_plots()) == 3


def test_the_note_of_a_plot_stands_beside_its_curves(context: SessionContext, visit_id: str) -> None:
    content = everything(context, visit_id)
    assert content.muscles is not None and content.muscles.emg is not None
    plot = replace(content.muscles.emg.plots[0], note="r L 0.93, R 0.70")
    painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
    noted, plain = (TwoSides(painter, one, "DejaVu Sans") for one in (plot, replace(plot, note="")))
    for drawing in (noted, plain):
        drawing.draw(QRectF(0, 0, 1000, 640))
    painter.end()
    assert not image.isNull() and noted._area.top() >= plain._area.top() + 80.0


def test_a_small_spread_is_never_called_none() -> None:
    normal = NormalNumbers(Walker(66, 1.66, 1.2))
    assert normal.of(GaitNumber.STANCE).spread_words(Spread(0.6166, 0.0044)) == "61.7 ± 0.4 %"
    assert normal.of(GaitNumber.STRIDE_TIME).spread_words(Spread(1.118, 0.0047)) == "1.118 ± 0.005 s"
    assert normal.of(GaitNumber.STEP_LENGTH).spread_words(Spread(0.66, 0.024)) == "66 ± 2 cm"


def test_the_ends_of_a_narrow_trend_are_not_written_over_each_other(context: SessionContext) -> None:
    points = tuple(
        TrendPoint(n, n + 1, value, math.nan, Condition.NO_EXO) for n, value in enumerate((95.0, 96.0))
    )
    series = TrendSeries("Symmetry", points, 0, ("V1", "V2"))
    painter = QPainter(image := QImage(1, 1, QImage.Format.Format_RGB32))
    drawing = TrendDrawing(painter, series, "DejaVu Sans")
    drawing.draw(QRectF(0, 0, 800, 470))
    painter.end()
    (low, below), (high, above) = drawing._end_labels()
    assert not image.isNull() and (low, high) == ("95", "96") and below - above >= 70.0
