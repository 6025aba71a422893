"""What happens on a reader thread reaches the screens on the main thread, and never floods them."""

from __future__ import annotations

import threading

import numpy as np
from PySide6.QtCore import QThread

from core.jobs.values import Done, Picture, Progress, Sample
from tests.ui.board import HandBoard
from tests.ui.waiting import until
from ui.session_context import SessionContext


def in_thread(work) -> None:  # type: ignore[no-untyped-def]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_an_end_on_a_reader_thread_is_told_on_the_main_thread(
    context: SessionContext, board: HandBoard
) -> None:
    job = context.jobs.submit("solve_motion", {})
    heard: list[tuple[str, object, bool]] = []
    context.jobs.ended.connect(
        lambda job_id, outcome: heard.append((job_id, outcome, QThread.currentThread() is context.thread()))
    )
    in_thread(lambda: board.happens(job, Done("r1")))
    until(lambda: bool(heard))
    assert heard == [(job, Done("r1"), True)]


def test_only_the_newest_of_many_pictures_is_shown(context: SessionContext, board: HandBoard) -> None:
    job = context.jobs.submit("record_camera", {})
    shown: list[int] = []
    context.jobs.pictured.connect(lambda _job, picture: shown.append(int(picture.arrays["n"][0])))

    def burst() -> None:
        for number in range(200):
            board.happens(job, Picture("preview", {"n": np.array([number])}))

    in_thread(burst)
    until(lambda: bool(shown))
    assert shown == [199]


def test_no_sample_of_a_live_curve_is_lost(context: SessionContext, board: HandBoard) -> None:
    job = context.jobs.submit("learn_gait", {})
    heard: list[float] = []
    context.jobs.sampled.connect(lambda _job, sample: heard.append(sample.time_s))
    in_thread(lambda: [board.happens(job, Sample(float(n), {})) for n in range(50)])
    until(lambda: len(heard) == 50)
    assert heard == [float(n) for n in range(50)]


def test_the_running_job_of_a_visit_is_found_by_kind(context: SessionContext, board: HandBoard) -> None:
    job = context.jobs.submit("solve_motion", {}, visit_id="v1")
    board.happens(job, Progress(0.5, "Fitting"))
    found = context.jobs.running("solve_motion", visit_id="v1")
    assert found is not None and found.progress.fraction == 0.5
    assert context.jobs.running("solve_motion", visit_id="v2") is None
