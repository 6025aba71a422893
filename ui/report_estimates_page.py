"""A further page of the report: hip moments without force plates, and the advised assistance force."""

from __future__ import annotations

from core.session.report_estimates import EstimatePart
from ui.report_further_pages import FurtherPage
from ui.report_sheet import MARGIN, PAGE_WIDTH

_WIDTH = PAGE_WIDTH - 2 * MARGIN
_PLOT = 1100.0
_NOTICE = (
    "Research prototype, not a cleared medical device. What stands on this page was estimated by models. "
    "Of it only the EMG at each force was measured, where it is not called simulated."
)


class EstimatesPage(FurtherPage):
    """Moments above the force."""

    def draw(self, part: EstimatePart) -> None:
        self._blank()
        self._draw_head(("ESTIMATED, NOT MEASURED",))
        if (moments := part.moments) is not None:
            self._y = self._heading(moments.title, MARGIN, self._y, _WIDTH) - 20
            self._draw_key(moments.plots, spread=moments.error_words)
            self._draw_plots(moments.plots, 3, _PLOT)
            self._y = self._notes(moments.notes, MARGIN, self._y, _WIDTH) + 60
        if (force := part.force) is not None:
            self._y = self._heading(force.title, MARGIN, self._y, _WIDTH)
            self._y = self._notes(force.notes, MARGIN, self._y, _WIDTH)
            self._y = self._wide_table(force.table, MARGIN, self._y, _WIDTH)
        self._draw_foot(_NOTICE)

    def ends_at(self) -> float:
        """Where the lowest of what was drawn above the foot ends."""
        return self._y
