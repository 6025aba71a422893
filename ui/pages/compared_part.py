"""A tab of Compare: it shows what was compared, or why there is nothing to show and what to do about it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.widgets.basics import Deck, column
from ui.widgets.empty import EmptyState, Missing


class ComparedPart(QWidget):
    """Subclasses call `arrange` with what they show, and fill it in `fill`."""

    compare_again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._view: Any = None  # or a Missing
        self.empty = EmptyState()
        self.empty.action.connect(self.compare_again)

    def arrange(self, parts: QWidget) -> None:
        self._parts = parts
        self._deck = Deck(parts, self.empty)
        self.setLayout(column(self._deck))

    def show_view(self, view: Any) -> None:
        """The same view again changes nothing."""
        if view is self._view:
            return
        self._view = view
        if isinstance(view, Missing):
            self.empty.show_purpose("compare", view.sentence, view.detail, view.action)
            self._deck.show_widget(self.empty)
            return
        self._deck.show_widget(self._parts)
        self.fill(view)

    def fill(self, view: Any) -> None:
        """Show a view that is not missing."""
        raise NotImplementedError
