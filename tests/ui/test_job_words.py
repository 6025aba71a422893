"""What a running job says of the time it still takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.jobs.values import Cancelled, JobSpec, JobState, Progress
from ui.job_text import ESTIMATING, job_summary, left_words
from ui.widgets.strips import RunningCard

STATE = JobState(JobSpec("1", "train_controller", {}, Path("x")), Progress(0.2, "Learning"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (STATE, ESTIMATING),
        (replace(STATE, progress=Progress(0.2, "Learning", 250.0)), "4 min left"),
        (replace(STATE, progress=Progress(None, "Waiting to start")), ""),
        (replace(STATE, paused=True), ""),
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
