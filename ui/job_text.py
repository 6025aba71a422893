"""Names of jobs and sentences about their outcomes."""

from __future__ import annotations

from core.jobs.table import JOB_TABLE
from core.jobs.values import Cancelled, Crashed, Done, JobState, Refused
from ui.theme import Tone
from ui.wording import percent, time_left

TRAINING = tuple(kind for kind, job in JOB_TABLE.items() if job.heavy)
CANCELLING = "Cancelling…"
ESTIMATING = "estimating the time left…"
STREAMS = tuple(kind for kind, job in JOB_TABLE.items() if job.stream)  # endless: no progress to show


def job_name(kind: str) -> str:
    return JOB_TABLE[kind].title if kind in JOB_TABLE else kind.replace("_", " ").capitalize()


def job_summary(state: JobState) -> str:
    """For the header: `Train controller 62 % · 4 min left`."""
    words = job_name(state.spec.kind)
    if state.cancelling:
        return f"{words} · {CANCELLING.lower()}"
    if state.paused:
        return f"{words} paused"
    if state.silent_s:
        return f"{words} · {silent_words(state).lower()}"
    if state.progress.fraction is not None:
        words += f" {percent(state.progress.fraction)}"
    left = left_words(state)
    return f"{words} · {left}" if left else words


DONE_WITH_WARNINGS = ("Done with warnings", Tone.WARN, "attention")


def now_doing(state: JobState) -> str:
    """What a running job does at this moment."""
    if state.cancelling:
        return CANCELLING
    if state.paused:
        return "Paused"
    return silent_words(state) if state.silent_s else state.progress.sentence


def silent_words(state: JobState) -> str:
    return f"Silent for {state.silent_s:.0f} s"


def left_words(state: JobState) -> str:
    """How long a running job still takes: "estimating…" until its own progress tells; empty when unknown."""
    progress = state.progress
    held_up = state.paused or state.cancelling or state.silent_s > 0.0
    if state.outcome is not None or held_up or progress.fraction is None:
        return ""
    return time_left(progress.remaining_s) if progress.remaining_s is not None else ESTIMATING


def outcome_text(state: JobState) -> tuple[str, Tone, str]:
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
        case None if state.silent_s and not (state.cancelling or state.paused):
            return f"{silent_words(state)}; it may be stuck, and can be cancelled", Tone.WARN, "attention"
        case None:
            return now_doing(state), Tone.NEUTRAL, "running"
