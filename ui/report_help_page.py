"""A further page of the report: the exo's help on each side, other situations, correlated gaits."""

from __future__ import annotations

from core.session.report_help import HelpPart
from ui.report_further_pages import FurtherPage
from ui.report_sheet import MARGIN, PAGE_WIDTH

_WIDTH = PAGE_WIDTH - 2 * MARGIN
_HIGH, _LOW, _FEW_LINES = 900.0, 640.0, 3  # curves, where deficits leave room or are many
_LOWEST, _FEW_NOTES = 430.0, 1  # where notes are many as well
_NOTICE = (
    "Research prototype, not a cleared medical device. Everything on this page is simulated with a model of "
    "the person; nothing was measured on the exo."
)


class HelpPage(FurtherPage):
    """Curves above the tables that explain them."""

    def draw(self, part: HelpPart) -> None:
        self._blank()
        self._draw_head(("SIMULATED",))
        self._y = self._heading(part.title, MARGIN, self._y, _WIDTH) - 20
        self._draw_key(part.plots)
        self._draw_plots(part.plots, 2, _height(part))
        self._y = self._wide_table(part.sides, MARGIN, self._y, _WIDTH)
        self._y = self._notes(part.lines, MARGIN, self._y, _WIDTH)
        for table in (part.situations, part.correlations):
            if table.rows:
                self._y = self._wide_table(table, MARGIN, self._y, _WIDTH)
        self._y = self._notes(part.notes, MARGIN, self._y, _WIDTH)
        self._draw_foot(_NOTICE)

    def ends_at(self) -> float:
        """Where the lowest of what was drawn above the foot ends."""
        return self._y


def _height(part: HelpPart) -> float:
    """Of the curves: what the words below leave."""
    if len(part.lines) <= _FEW_LINES:
        return _HIGH
    return _LOW if len(part.notes) <= _FEW_NOTES else _LOWEST
