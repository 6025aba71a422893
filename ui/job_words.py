"""What jobs are called for people, and how an end is told."""

from __future__ import annotations

from core.jobs.values import Cancelled, Crashed, Done, JobState, Refused
from ui.theme import Tone
from ui.wording import percent, time_left

NAMES = {
    "import_video": "Import video",
    "record_camera": "Camera",
    "detect_pose": "Find the person",
    "choose_person": "Choose the person",
    "solve_motion": "Solve motion",
    "import_emg": "Import EMG",
    "fit_twin": "Fit the twin",
    "learn_gait": "Teach the twin this gait",
    "simulate_gait": "Simulate gait",
    "train_controller": "Train controller",
    "compare": "Compare controllers",
    "package_controller": "Package controller",
    "deploy": "Transfer to the exo",
    "telemetry": "Exo connection",
    "virtual_exo": "Virtual exo",
    "demo_patient": "Make the demo patient",
}
TRAINING = ("learn_gait", "train_controller")  # jobs with checkpoints
STREAMS = ("record_camera", "telemetry", "virtual_exo")  # endless: no progress to show


def job_name(kind: str) -> str:
    return NAMES.get(kind, kind.replace("_", " ").capitalize())


def job_summary(state: JobState) -> str:
    """For the header: `Train controller 62 % · 4 min left`."""
    words = job_name(state.spec.kind)
    if state.paused:
        return f"{words} paused"
    if state.progress.fraction is not None:
        words += f" {percent(state.progress.fraction)}"
    left = time_left(state.progress.remaining_s)
    return f"{words} · {left}" if left else words


def end_words(state: JobState) -> tuple[str, Tone, str]:
    """Sentence, tone and icon of a job's end."""
    match state.outcome:
        case Done():
            return "Done", Tone.OK, "done"
        case Cancelled():
            return "Stopped; a checkpoint is kept" if state.resumable else "Stopped", Tone.NEUTRAL, "skipped"
        case Refused(advice):
            return f"{advice.what} {advice.next_step}", Tone.WARN, "attention"
        case Crashed():
            ending = "; it can go on from its last checkpoint" if state.resumable else ""
            return f"Stopped unexpectedly{ending}", Tone.STOP, "stop"
        case None:
            return state.progress.sentence, Tone.NEUTRAL, "running"
