"""Where Tab goes: from outside the page first to its main action, then through the page, then around."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget


def stops(
    window: QWidget, regions: Sequence[QWidget], first: Sequence[QWidget], single: QWidget
) -> list[QWidget]:
    """The widgets that Tab stops at, region by region, those of `first` before the others.

    `single` is a region with one stop, at the checked one of its buttons: arrow keys move inside it.
    """
    found: list[tuple[int, bool, QWidget]] = []
    for widget in _chain(window):
        place = next((n for n, region in enumerate(regions) if region.isAncestorOf(widget)), len(regions))
        if _takes_tab(widget) and not (single.isAncestorOf(widget) and not widget.property("checked")):
            found.append((place, widget not in first, widget))
    return [widget for _place, _later, widget in sorted(found, key=lambda stop: stop[:2])]


def go(stops: Sequence[QWidget], current: QWidget | None, *, forward: bool) -> bool:
    """Give the stop after (or before) the current widget the focus; False where there is none."""
    if not stops:
        return False
    if current in stops:
        target = stops[(stops.index(current) + (1 if forward else -1)) % len(stops)]
    else:
        target = stops[0 if forward else -1]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _scroll_to(target)
    return True


def _chain(window: QWidget) -> list[QWidget]:
    """Every widget of the window, in the order in which they were made or arranged."""
    chain: list[QWidget] = []
    widget = window.nextInFocusChain()
    while widget is not None and widget is not window:
        chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def _takes_tab(widget: QWidget) -> bool:
    by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return by_tab and widget.focusProxy() is None and widget.isVisible() and widget.isEnabled()


def _scroll_to(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
