"""What a running job says of the time it still takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.jobs.values import Cancelled, JobSpec, JobState, Progress
from ui.job_text import ESTIMATING, job_summary, left_words, now_doing
from ui.widgets.job_tray import JobLine
from ui.widgets.strips import RunningCard

STATE = JobState(JobSpec("1", "train_controller", {}, Path("x")), Progress(0.2, "Learning"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (STATE, ESTIMATING),
        (replace(STATE, progress=Progress(0.2, "Learning", 250.0)), "4 min left"),
        (replace(STATE, progress=Progress(None, "Waiting to start")), ""),
        (replace(STATE, paused=True), ""),
        (replace(STATE, silent_s=60.0), ""),
        (replace(STATE, outcome=Cancelled()), ""),
    ],
)
def test_no_time_is_told_before_the_job_itself_tells_it(state: JobState, words: str) -> None:
    assert left_words(state) == words


def test_the_header_and_the_card_say_that_it_is_being_estimated(app: object) -> None:
    assert job_summary(STATE) == f"Train controller 20 % · {ESTIMATING}"
    card = RunningCard()
    card.show_job(STATE)
    assert card._time.text() == f"20 % · {ESTIMATING}"


def test_a_worker_that_says_nothing_is_told_in_header_card_and_tray_where_it_can_be_cancelled(
    app: object,
) -> None:
    silent = replace(STATE, silent_s=60.0)
    line = JobLine(silent)
    assert job_summary(silent) == "Train controller · silent for 60 s"
    assert now_doing(silent) == "Silent for 60 s"
    assert "Silent for 60 s; it may be stuck, and can be cancelled" in line._sentence.text()
    assert not line._cancel.isHidden() and line._cancel.isEnabled()
    line.show_state(replace(silent, cancelling=True))
    assert "Silent" not in line._sentence.text()
