"""Claims about jobs as values: four ends, and what a person is told about each."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Advice, UserError
from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    JobSpec,
    JobState,
    Message,
    Outcome,
    Progress,
    Refused,
    Sample,
    SilentContext,
    outcome_advice,
)

ADVICE = Advice("It is so.", "It was so.", "Do this.", "TST-001")


@pytest.mark.parametrize("outcome", [Done("r-1"), Cancelled()])
def test_there_is_nothing_to_mend_about_what_is_done_or_was_stopped(outcome: Outcome) -> None:
    assert outcome_advice(outcome) is None


def test_a_refusal_is_told_in_its_own_words() -> None:
    assert outcome_advice(Refused(ADVICE)) is ADVICE


def test_a_bug_is_told_without_its_traceback_and_resumed_only_where_a_checkpoint_is() -> None:
    lost, kept = (outcome_advice(Crashed("Traceback…"), resumable=kept) for kept in (False, True))
    assert lost is not None and kept is not None
    assert lost.code == kept.code == "JOB-001" and "Traceback" not in lost.one_line()
    assert "earlier results are untouched" in lost.next_step and kept.next_step.startswith("Resume it")


def test_a_new_job_waits_and_has_no_end() -> None:
    state = JobState(JobSpec("1", "compare", {}, Path("data")))
    assert (
        state.outcome is None and not state.resumable and state.progress == Progress(None, "Waiting to start")
    )


def test_a_context_without_a_person_keeps_what_was_told_in_order(tmp_path: Path) -> None:
    context = SilentContext(JobSpec("1", "compare", {}, tmp_path), tmp_path)
    context.progress(0.5, "half way")
    context.sample(effort=0.9)
    context.message("so")
    context.check_cancelled()
    assert context.events == [Progress(0.5, "half way"), Sample(0.0, {"effort": 0.9}), Message("so")]
    assert context.received() == ()


def test_advice_is_one_line_that_ends_in_its_code_and_outlives_a_process_border() -> None:
    error = UserError(ADVICE)
    assert str(error) == ADVICE.one_line() == "It is so. It was so. Do this. [TST-001]"
    make, arguments = error.__reduce__()
    assert make(*arguments).advice == ADVICE
