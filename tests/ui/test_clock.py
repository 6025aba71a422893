"""The windows tell when the clock of the PC does not fit the record; a person can say that it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from core.domain.audit import AuditStep
from core.store import audit, trail_access
from ui.clock_question import ask_about_clock
from ui.session_context import SessionContext
from ui.theme import Tone

SetClock = Callable[[timedelta], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    def set_it(by: timedelta) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(UTC) + by

        for module in (audit, trail_access):
            monkeypatch.setattr(module, "datetime", Clock)

    return set_it


@pytest.fixture
def shown(context: SessionContext) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    context.message_shown.connect(lambda words, tone: told.append((words, tone)))
    return told


@pytest.fixture
def window(app: QApplication) -> Iterator[QWidget]:
    widget = QWidget()
    yield widget
    widget.deleteLater()


def test_a_clock_that_fits_is_not_spoken_of(
    context: SessionContext, visit_id: str, window: QWidget, shown: list
) -> None:
    assert ask_about_clock(window, context) is None and shown == []


def test_a_clock_that_was_set_back_is_told_and_may_be_confirmed_with_a_reason(
    context: SessionContext, visit_id: str, window: QWidget, shown: list, set_clock: SetClock
) -> None:
    set_clock(timedelta(days=-1))
    question = ask_about_clock(window, context)
    assert question is not None and "The clock of this PC says " in question.labelText()
    question.setTextValue(" ")
    question.accept()
    assert "[REC-043]" in shown[-1][0]
    question = ask_about_clock(window, context)
    assert question is not None
    question.setTextValue("the battery was empty")
    question.accept()
    assert shown[-1][1] is Tone.OK and context.store.clock_doubt() is None
    confirmed = context.store.audit_trail()[-1].event
    assert confirmed.step == AuditStep.CLOCK_CONFIRMED and confirmed.who == context.operator


def test_a_clock_far_ahead_is_only_told(
    context: SessionContext, visit_id: str, window: QWidget, shown: list, set_clock: SetClock
) -> None:
    set_clock(timedelta(days=40))
    assert ask_about_clock(window, context) is None
    ((words, tone),) = shown
    assert "is it really" in words and tone is Tone.WARN
