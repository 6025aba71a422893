"""How fluid the screens are: 3D playback, page switches and changes of the theme, and the longest stall.

All but the first playback is measured while a job learns on every core. Compare and Deploy have no result.

The walk is simulated by the real task with the shipped base policy, so that bones, muscles and exo are real.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.bench.screen import a_screen
from app.bench.ui_switches import page_switches, theme_changes

PLAYBACK_S = 5.0
WORK_S = 12.0
TICK_MS = 5
LEARN_MIN = 5.0  # longer than everything that is measured meanwhile
_LIMIT_S = 600.0


def bench_ui(data_dir: Path) -> dict[str, Any]:
    """`playback_fps` of two synchronized views at 1280 x 800, and `longest_block_ms` while a job learns;
    page switches and theme changes at 1920 x 1080 (`app.bench.ui_switches`).

    `data_dir` is not touched: the benchmark makes a patient in a folder of its own.
    """
    with a_screen() as environment, tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "data"
        _prepare(made)
        command = [sys.executable, "-m", "app.bench.ui", str(made)]
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_LIMIT_S, check=True
        )
    result: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return result


def _prepare(data_dir: Path) -> None:
    """A demo patient up to a simulated gait of the shipped base policy."""
    from core.domain.motion import Motion
    from core.domain.record import RecordKind, Verdict
    from core.domain.twin import GENERIC_BODY, Twin
    from core.jobs.values import JobSpec, SilentContext
    from core.store.repository import open_store
    from core.tasks import demo_patient, learn_gait, simulate_gait, solve_motion

    data_dir.mkdir(parents=True)

    def context(kind: str) -> SilentContext:
        work_dir = data_dir / "bench" / kind
        work_dir.mkdir(parents=True)
        return SilentContext(JobSpec(kind, kind, {}, data_dir), work_dir)

    demo_patient.run({}, context("demo_patient"))
    with open_store(data_dir) as store:
        visit = store.visits(store.patients()[0].id)[-1]
        landmarks = store.latest(visit.id, RecordKind.LANDMARKS)
        assert landmarks is not None
        motion_id = solve_motion.run({"landmarks_id": landmarks.id}, context("solve_motion"))
        store.decide(visit.id, "motion", Verdict.ACCEPTED, record_id=motion_id, by="benchmark")
        synthetic = store.load(motion_id, Motion).synthetic
        twin = Twin(GENERIC_BODY, 0.0, GENERIC_BODY.mass_kg, 0.9, 0.0, synthetic=synthetic)
        twin_id = store.save(
            RecordKind.TWIN, twin, visit_id=visit.id, inputs=(motion_id,), summary="benchmark body"
        )
    params: dict[str, Any] = {"twin_id": twin_id, "motion_id": motion_id, "minutes": 0.1, "seed": 0}
    policy_id = learn_gait.run(params, context("learn_gait"))
    simulate_gait.run({"policy_id": policy_id}, context("simulate_gait"))


def _measure(data_dir: Path) -> int:
    """Run in the child: the real program, driven through the pages; prints the numbers."""
    from contextlib import ExitStack

    from PySide6.QtWidgets import QApplication

    from app.main import make_session_context
    from ui import theme
    from ui.main_window import MainWindow
    from ui.warm_up import warm_up

    app = QApplication(sys.argv[:1])
    theme.apply(app, theme.Mode.LIGHT)
    with ExitStack() as clean_up:
        context = make_session_context(data_dir, clean_up)
        window = MainWindow(context)
        window.resize(1280, 800)
        window.show()
        ready = warm_up(window.pages, context)
        while ready.busy:
            _wait(0.1)
        context.open_patient(context.store.patients()[0].id)
        numbers = _drive(window)
        window.close()
    sys.stdout.write(json.dumps(numbers) + "\n")
    return 0


def _drive(window: Any) -> dict[str, Any]:
    from core.domain.record import RecordKind
    from core.session.flow import Step

    context = window.context
    stalls = Stalls()
    window.go_to(Step.REVIEW)
    stage = window.pages.page(Step.REVIEW).comparison.stage
    _wait(1.0)
    idle_fps = _playback_fps(stage)
    twin, motion = (
        context.store.latest(context.visit_id, kind) for kind in (RecordKind.TWIN, RecordKind.MOTION)
    )
    params = {"twin_id": twin.id, "motion_id": motion.id, "minutes": LEARN_MIN, "seed": 1}
    job = context.jobs.submit("learn_gait", params, visit_id=context.visit_id)
    stalls.begin()
    for step in (Step.PERSONALIZE, Step.REVIEW, Step.TRAIN, Step.PERSONALIZE):
        window.go_to(step)
        _wait(WORK_S / 4)
    longest_ms, busiest_ms = stalls.end()
    window.go_to(Step.REVIEW)
    busy_fps = _playback_fps(stage)
    switches = {**page_switches(window, _wait), **theme_changes(window, _wait)}
    context.jobs.cancel(job)
    stage.close_scene()
    window.pages.page(Step.PERSONALIZE).view.twin.view.close_scene()
    return {
        "playback_fps": round(idle_fps, 1),
        "playback_fps_while_learning": round(busy_fps, 1),
        "longest_block_ms": round(longest_ms),
        "longest_block_own_cpu_ms": round(busiest_ms),  # without waiting for other programs on the cores
        **switches,
    }


class Stalls:
    """Watches the main thread: a timer that should fire every few milliseconds, and how late it was."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._last_s = self._last_cpu_s = 0.0
        self._longest_s = self._busiest_s = 0.0

    def begin(self) -> None:
        self._last_s, self._longest_s = time.monotonic(), 0.0
        self._last_cpu_s, self._busiest_s = time.thread_time(), 0.0
        self._timer.start()

    def end(self) -> tuple[float, float]:
        """The longest stall since `begin`, and the most work of this thread in one turn, milliseconds."""
        self._timer.stop()
        return 1000.0 * self._longest_s, 1000.0 * self._busiest_s

    def _tick(self) -> None:
        now, cpu = time.monotonic(), time.thread_time()
        self._longest_s = max(self._longest_s, now - self._last_s - TICK_MS / 1000.0)
        self._busiest_s = max(self._busiest_s, cpu - self._last_cpu_s)
        self._last_s, self._last_cpu_s = now, cpu


def _playback_fps(stage: Any) -> float:
    frames = 0

    def count(_time_s: float) -> None:
        nonlocal frames
        frames += 1

    stage.time_changed.connect(count)
    stage.play(True)
    started = time.monotonic()
    _wait(PLAYBACK_S)
    stage.play(False)
    stage.time_changed.disconnect(count)
    return frames / (time.monotonic() - started)


def _wait(seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(_measure(Path(sys.argv[1])))
