"""Claims about the session without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import _parser, _session_request
from app.session_run import heed
from core.domain.findings import Finding, Severity
from core.domain.sides_doubt import doubt_of_sides
from core.errors import Advice, UserError


def test_what_holds_the_screens_holds_the_terminal_too() -> None:
    unclear = Advice("It is not clear who the patient is.", "Two people walk.", "Choose one.", "CAP-022")
    small = Advice("The person is small.", "They are far away.", "Come closer.", "CAP-026")
    heed((Finding(Severity.WARNING, small),))
    with pytest.raises(UserError) as refused:
        heed((Finding(Severity.WARNING, small), Finding(Severity.STOP, unclear)))
    assert refused.value.advice.code == "CAP-022"


def test_sides_in_doubt_end_a_session_with_the_option_that_answers_them() -> None:
    with pytest.raises(UserError) as refused:
        heed((doubt_of_sides(0.98),))
    assert refused.value.advice.code == "MOT-032"
    assert "--sides as-detected or --sides repaired" in refused.value.advice.next_step


@pytest.mark.parametrize("command", ["run", "demo"])
def test_the_terminal_takes_the_answer_about_sides(command: str) -> None:
    patient = ["--patient", "p.json", "--video", "v.mp4"] if command == "run" else []
    given = _parser().parse_args(["session", command, *patient, "--out", "o", "--sides", "as-detected"])
    assert _session_request(given, Path("d")).sides == "as-detected"
