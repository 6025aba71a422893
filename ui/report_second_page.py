"""Second page of the report: twin and exo, muscles and forces in brief, what every step warns of."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from core.domain.findings import Severity
from core.session.cycle_plot import CyclePlot
from core.session.report import ReportContent
from core.session.report_muscles import EMG_COLUMNS
from core.session.report_warnings import StepWarning
from ui.report_further_pages import FurtherPage, force_band_key
from ui.report_sheet import GAP, HALF, MARGIN, MUTED, PAGE_HEIGHT, PAGE_WIDTH, WRAPPED
from ui.theme.tokens import LIGHT

_WIDTH, _RIGHT = PAGE_WIDTH - 2 * MARGIN, MARGIN + HALF + GAP
_ROOM_ENDS = PAGE_HEIGHT - MARGIN - 250 - 60
_PLOT, _LOWEST_PLOT, _HIGHEST_PLOT = 700.0, 480.0, 950.0
_READABLE_PLOT = 620.0  # below it, powers are left to the appendix
_MOST_MUSCLES, _MOST_FORCES, _MOMENTS = 8, 6, 3  # plots; the appendix has all of them
_GRAVE = (Severity.STOP, Severity.WARNING)
_NOTICE = (
    "Research prototype, not a cleared medical device. What the twin does, with and without the exo, is "
    "simulated; EMG and angles are measured. Warnings are those of the program, with their codes."
)


def has_second_page(content: ReportContent) -> bool:
    """Whether there is more than the first page holds."""
    return bool(
        content.controller.rows
        or content.similarity.rows
        or content.deployment
        or content.warnings
        or _emg_plots(content)
        or content.forces is not None
        or content.estimates is not None
    )


class SecondPage(FurtherPage):
    def __init__(self, painter: QPainter, content: ReportContent, number: int = 2) -> None:
        super().__init__(painter, content, number)
        self._plot_height, self._most_warnings = _PLOT, len(content.warnings)
        self._most_forces = _MOST_FORCES

    def draw(self) -> None:
        """Plots share the room that warnings leave; where they are too low, powers and notes are left out."""
        heights = [self._warning_height(one) for one in self.kept_warnings()]
        rows, room = self._settle(heights)
        if room < _READABLE_PLOT * rows and len(self._force_plots()) > _MOMENTS:
            self._most_forces = _MOMENTS
            rows, room = self._settle(heights)
        if rows:
            self._plot_height = min(max(room / rows, _LOWEST_PLOT), _HIGHEST_PLOT)
        left = _ROOM_ENDS - self._measured() + rows * (_PLOT - self._plot_height)
        self._most_warnings = int(np.searchsorted(np.cumsum(heights), left, side="right"))
        self._draw_body()
        forces = self._content.forces
        self._draw_foot(_NOTICE if forces is None else f"{_NOTICE} Forces: {_within(forces.band_words)}")

    def _settle(self, heights: list[float]) -> tuple[int, float]:
        """Rows of plots, and the height that all of them have together."""
        rows = self._plot_rows()
        empty = _ROOM_ENDS - self._measured() + rows * _PLOT
        room = empty - sum(heights)
        if room < _READABLE_PLOT * rows:  # notes yield to plots, warnings do not
            grave = sum(heights[: sum(one.finding.severity in _GRAVE for one in self._content.warnings)])
            room = min(empty - grave, _READABLE_PLOT * rows)
        return rows, room

    def ends_at(self) -> float:
        """Where the lowest of what was drawn above the foot ends."""
        return self._y

    def _measured(self) -> float:
        """Where the page ends with plots as high as usual, the heading of the warnings, and none of them."""
        painter = QPainter(nowhere := QImage(1, 1, QImage.Format.Format_RGB32))
        trial = SecondPage(painter, self._content, self._number)
        trial._measuring, trial._most_warnings, trial._most_forces = True, 0, self._most_forces
        trial._draw_body()
        painter.end()
        assert not nowhere.isNull()
        return trial.ends_at()

    def _plot_rows(self) -> int:
        emg = -(-len(_emg_plots(self._content)) // EMG_COLUMNS)
        return emg + -(-len(self._force_plots()) // 3)

    def _force_plots(self) -> tuple[CyclePlot, ...]:
        """Moments of hip, knee and ankle, which come first, and their powers where there is room."""
        forces = self._content.forces
        return () if forces is None else forces.plots[: self._most_forces]

    def _draw_body(self) -> None:
        content = self._content
        self._blank()
        self._draw_head(tuple(words for words in content.labels if words.startswith("INCLUDES")))
        if content.controller.rows:
            self._y = self._wide_table(content.controller, MARGIN, self._y, _WIDTH, signed_last=True)
        top = self._y
        left = right = top
        if content.similarity.rows:
            left = self._table(content.similarity, MARGIN, top, HALF)
        if content.deployment:
            right = self._draw_deployment(_RIGHT if content.similarity.rows else MARGIN, top)
        self._y = max(left, right + 60 if content.deployment else right)
        self._draw_estimates()
        self._draw_emg()
        self._draw_forces()
        self._draw_warnings()

    def _draw_deployment(self, x: float, y: float) -> float:
        y = self._heading("Signature and deployment", x, y)
        for name, value in self._content.deployment:
            self._text(QRectF(x, y, 760, 120), name, 84, MUTED, WRAPPED)
            size = 62 if len(value) > 40 else 84
            box = QRectF(x + 780, y, HALF - 780, 900)
            whole = size == 62 and " " not in value  # a hash has no place to break by itself
            words = "\u200b".join(value[i : i + 8] for i in range(0, len(value), 8)) if whole else value
            y += max(self._text(box, words, size, align=WRAPPED), 96) + 22
        return y

    def _draw_estimates(self) -> None:
        part = self._content.estimates
        if part is None:
            return
        lines = [("Hip moments", part.moments.short)] if part.moments is not None else []
        lines += [("Assistance force", part.force.short)] if part.force is not None else []
        self._y = self._heading("Estimated, not measured", MARGIN, self._y, _WIDTH)
        for name, words in lines:
            self._text(QRectF(MARGIN, self._y, 760, 120), name, 84, MUTED, WRAPPED)
            box = QRectF(MARGIN + 780, self._y, _WIDTH - 780, 900)
            self._y += max(self._text(box, words, 80, align=WRAPPED), 96) + 22
        self._y += 70

    @property
    def _elsewhere(self) -> str:
        """Where what has no room here is found."""
        return "in the appendix" if self._content.appendix else "in the program"

    def _draw_emg(self) -> None:
        plots, muscles = _emg_plots(self._content), self._content.muscles
        if not plots or muscles is None or muscles.emg is None:
            return
        more = len(muscles.emg.plots) - len(plots)
        title = muscles.emg.title + (f" · {more} more {self._elsewhere}" if more else "")
        self._draw_block(title, plots, EMG_COLUMNS)
        key = [f"{name}: {words}" for name, words in muscles.emg.facts if name in ("Dashed", "Grey bars")]
        if key:
            box = QRectF(MARGIN, self._y - 60, _WIDTH, 300)
            self._y += self._text(box, f"{'. '.join(key)}.", 66, MUTED, WRAPPED) + 40

    def _draw_forces(self) -> None:
        forces, plots = self._content.forces, self._force_plots()
        if forces is not None and plots:
            fewer = len(plots) < min(len(forces.plots), _MOST_FORCES)
            title = forces.title + (f" · powers {self._elsewhere}" if fewer else "")
            self._draw_block(title, plots, 3, band=force_band_key(forces))

    def _draw_block(self, title: str, plots: tuple[CyclePlot, ...], columns: int, *, band: str = "") -> None:
        self._y = self._heading(title, MARGIN, self._y, _WIDTH) - 20
        self._draw_key(plots, band=band)
        self._draw_plots(plots, columns, self._plot_height)

    def _draw_warnings(self) -> None:
        """The gravest are kept where there is no room for all; they stand in the order of the steps."""
        warnings = self._content.warnings
        if not warnings:
            return
        self._y = self._heading("What the steps warn of", MARGIN, self._y, _WIDTH)
        kept = self.kept_warnings()
        for one in warnings:
            if one in kept:
                self._draw_warning(one)
        left_out = len(warnings) - len(kept)
        if left_out:
            grave = sum(one.finding.severity in _GRAVE for one in warnings if one not in kept)
            counted = f"{left_out} more" if grave else f"{left_out} note{'s' if left_out > 1 else ''} more"
            words = f"{counted}, all of them in the report as JSON."
            self._y += self._text(QRectF(MARGIN, self._y, _WIDTH, 200), words, 80, MUTED, WRAPPED) + 30

    def kept_warnings(self) -> tuple[StepWarning, ...]:
        """Those that there is room for, the gravest first."""
        grades = list(Severity)
        graded = sorted(self._content.warnings, key=lambda one: grades.index(one.finding.severity))
        return tuple(graded[: self._most_warnings])

    def _draw_warning(self, one: StepWarning) -> None:
        severity = one.finding.severity
        self._text(QRectF(MARGIN, self._y, 700, 120), one.step.label, 80, MUTED, WRAPPED)
        inks = {Severity.STOP: LIGHT.stop.ink, Severity.WARNING: LIGHT.warn.ink}
        ink = QColor(inks[severity]) if severity in inks else MUTED
        self._text(QRectF(MARGIN + 720, self._y, 460, 120), severity.value, 80, ink, WRAPPED, 600)
        box = QRectF(MARGIN + 1200, self._y, _WIDTH - 1200, 600)
        self._text(box, _words(one), 80, align=WRAPPED)
        self._y += self._warning_height(one)

    def _warning_height(self, one: StepWarning) -> float:
        self._painter.setFont(self._font(80))
        return max(self._bounds(QRectF(0, 0, _WIDTH - 1200, 600), _words(one), WRAPPED), 96) + 30


def _words(one: StepWarning) -> str:
    advice = one.finding.advice
    return f"{advice.what} {advice.why} [{advice.code}]"


def _emg_plots(content: ReportContent) -> tuple[CyclePlot, ...]:
    muscles = content.muscles
    return () if muscles is None or muscles.emg is None else muscles.emg.plots[:_MOST_MUSCLES]


def _within(sentence: str) -> str:
    """In the middle of another sentence."""
    return sentence[:1].lower() + sentence[1:]
