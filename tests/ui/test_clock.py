"""The windows tell when the clock of the PC does not fit the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.main import look_at_the_clock
from core.store import trail_access
from ui.session_context import SessionContext
from ui.theme import Tone


def test_a_clock_that_was_set_back_is_told_at_the_start(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, object]] = []
    context.message_shown.connect(lambda words, tone: shown.append((words, tone)))
    look_at_the_clock(context)
    assert shown == []

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) - timedelta(days=1)

    monkeypatch.setattr(trail_access, "datetime", Yesterday)
    look_at_the_clock(context)
    ((words, tone),) = shown
    assert words.startswith("The clock of this PC says ") and tone is Tone.WARN
