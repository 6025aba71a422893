"""Claims about the session without a screen."""

from __future__ import annotations

import pytest

from app.cli.session_run import heed
from core.domain.findings import Finding, Severity
from core.errors import Advice, UserError


def test_what_holds_the_screens_holds_the_terminal_too() -> None:
    unclear = Advice("It is not clear who the patient is.", "Two people walk.", "Choose one.", "CAP-022")
    small = Advice("The person is small.", "They are far away.", "Come closer.", "CAP-026")
    heed((Finding(Severity.WARNING, small),))
    with pytest.raises(UserError) as refused:
        heed((Finding(Severity.WARNING, small), Finding(Severity.STOP, unclear)))
    assert refused.value.advice.code == "CAP-022"
