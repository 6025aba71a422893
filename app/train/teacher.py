"""Training of an exo's teacher on a predictive twin: level walking first, then slopes; resumable.

The person walks by muscles and wears the exo by its straps. Everything is simulated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch

from core.devices.profiles import load_profile, session_limits
from core.domain.controller import TorqueLimits
from core.errors import refuse
from core.learning.exo.moment_share import SHARE, share_teacher
from core.learning.exo.privileged_teacher import PrivilegedTeacher
from core.learning.exo.teacher_environment import TeacherEnvironment, UnassistedEffort
from core.learning.exo.teacher_evaluation import (
    SLOPES_DEG,
    SPEEDS_M_S,
    MatchedWalk,
    WalkLength,
    matched_walks,
    unassisted_effort,
)
from core.learning.exo.teacher_training import TeacherLearner, TeacherProgress, without_torque
from core.learning.exo.worn_controller import WalkingPolicy
from core.learning.gait.predictive import CurriculumStage
from core.learning.gait.predictive_twin import PredictiveTwin
from core.learning.rl.training_loop import train_until
from core.tasks.policy_files import arrays_bytes, replace_file, resuming

STAGES = (
    CurriculumStage("level", (SPEEDS_M_S[0], SPEEDS_M_S[-1]), (0.0,), 0.5),
    CurriculumStage("slopes", (0.75, 1.5), SLOPES_DEG, 0.5),
)
RESULT, CARD = "teacher.npz", "teacher.json"
REPORT_EVERY = 5  # iterations
_EFFORT_WALKS = WalkLength(walkers=8, seconds=6.0, seed=90)
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TeacherRequest:
    """What is trained, and the sizes of its batches."""

    twin: Path  # file of `train predictive`
    out: Path
    minutes: float  # of learning, all stages together
    device_id: str = "Hippo_L1"
    seed: int = 0
    walkers: int = 64  # in all
    control: bool = False  # train as long with an exo that gives nothing
    stages: tuple[CurriculumStage, ...] = STAGES
    judged_speeds_m_s: tuple[float, ...] = (0.75, 1.25, 1.75)
    judged_slopes_deg: tuple[float, ...] = (-5.0, 0.0, 5.0)
    judged: WalkLength = WalkLength()  # noqa: RUF009 - frozen


def train_teacher(request: TeacherRequest, report: Report) -> Path:
    """Train for `request.minutes`; returns the file with the teacher and the person it was trained on.

    An interrupted run resumes from what is in `request.out`. Refuses (TRN-050) a file that is no predictive
    twin, (TRN-014) a checkpoint that cannot be read, and exos that no twin can wear.
    """
    torch.set_num_threads(1)
    twin, limits = read_twin(request.twin), session_limits(load_profile(request.device_id))
    request.out.mkdir(parents=True, exist_ok=True)
    unassisted = _unassisted(request, twin, report)
    person, teacher = twin, _first(request, twin, unassisted, limits, report)
    for stage in request.stages:
        learner = _learned(request, stage, person, teacher, unassisted, limits, report)
        person, teacher = learner.person(), learner.teacher()
    result = request.out / RESULT
    replace_file(result, arrays_bytes(person.arrays() | teacher.arrays()))
    judged = without_torque(limits) if request.control else limits
    card = _card(request, twin, person, teacher, judged, report)
    replace_file(request.out / CARD, json.dumps(card, indent=2).encode())
    return result


def read_twin(path: Path) -> PredictiveTwin:
    """A predictive twin from a file. Refuses (TRN-050) any other file."""
    try:
        with np.load(path) as arrays:
            return PredictiveTwin.of(arrays)
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise refuse(
            "TRN-050",
            f"No predictive walk can be read from {path}.",
            f"{error}." if str(error) else "The file is damaged or something else.",
            "Give the file predictive.npz that `exotwin train predictive` has written.",
        ) from error


def _unassisted(request: TeacherRequest, twin: PredictiveTwin, report: Report) -> UnassistedEffort:
    """Effort without an exo, kept in a file so that a resumed run has the same."""
    path = request.out / "unassisted.npz"
    if path.is_file():
        with resuming(), np.load(path) as stored:
            return UnassistedEffort(stored["slope_deg"], stored["speed_m_s"], stored["effort"])
    report("the person walks without an exo")
    slopes = sorted({slope for stage in request.stages for slope in stage.slopes_deg})
    found = unassisted_effort(twin, SPEEDS_M_S, slopes, _EFFORT_WALKS)
    arrays = {"slope_deg": found.slope_deg, "speed_m_s": found.speed_m_s, "effort": found.effort}
    replace_file(path, arrays_bytes(arrays))
    return found


def _first(
    request: TeacherRequest,
    twin: PredictiveTwin,
    unassisted: UnassistedEffort,
    limits: TorqueLimits,
    report: Report,
) -> PrivilegedTeacher:
    """What PPO begins with, kept in a file so that a resumed run has the same."""
    path = request.out / "share.npz"
    if path.is_file():
        with resuming(), np.load(path) as stored:
            return PrivilegedTeacher.of(stored)
    report(f"the exo learns to give {SHARE:.0%} of the muscles' moment")
    walkers = twin.walkers(request.stages[0], request.walkers, request.seed, device_id=request.device_id)
    walking = twin.environment(walkers, seed=request.seed)
    environment = TeacherEnvironment(walking, WalkingPolicy(twin.networks), limits, unassisted)
    teacher = share_teacher(environment, request.device_id, limits.peak_nm, seed=request.seed)
    replace_file(path, arrays_bytes(teacher.arrays()))
    return teacher


def _learned(
    request: TeacherRequest,
    stage: CurriculumStage,
    person: PredictiveTwin,
    teacher: PrivilegedTeacher,
    unassisted: UnassistedEffort,
    limits: TorqueLimits,
    report: Report,
) -> TeacherLearner:
    """The learner after one stage, from its checkpoint if there is one."""
    budget_s = 60.0 * request.minutes * stage.fraction
    learner = TeacherLearner(
        person, stage, request.device_id, limits, unassisted,
        seed=request.seed, walker_count=request.walkers, budget_s=budget_s,
        start=teacher, assists=not request.control,
    )  # fmt: skip
    checkpoint = request.out / f"{stage.name}.pt"
    if checkpoint.exists():
        with resuming():
            learner.load_checkpoint(checkpoint.read_bytes())
    report(f"{stage.name}: {learner.elapsed_s:.0f} s learned so far")

    def watch(progress: TeacherProgress) -> None:
        if progress.iteration % REPORT_EVERY == 0:
            report(f"{stage.name}: {_line(progress)}")

    train_until(
        learner,
        budget_s=budget_s,
        clock=time.monotonic,
        watch=watch,
        save=lambda content: replace_file(checkpoint, content),
    )
    return learner


def _line(progress: TeacherProgress) -> str:
    who = "exo and person" if progress.both else "exo"
    return (
        f"{progress.elapsed_s / 60:.1f} min, {who}: effort {progress.effort_ratio:.3f} of that without exo, "
        f"{progress.exo_power_w:+.1f} W, {progress.falls_per_minute:.1f} falls/min, "
        f"speed off by {progress.speed_error_m_s:.2f} m/s"
    )


def _card(
    request: TeacherRequest,
    twin: PredictiveTwin,
    person: PredictiveTwin,
    teacher: PrivilegedTeacher,
    limits: TorqueLimits,
    report: Report,
) -> dict[str, Any]:
    """What the teacher is, and what its matched walks measured; simulated."""
    walks: list[MatchedWalk] = []
    for slope in request.judged_slopes_deg:
        for speed in request.judged_speeds_m_s:
            walks += matched_walks(twin, teacher, limits, speed, slope, request.judged, adapted=person)
            report(f"judged: {slope:+g} deg, {speed:g} m/s")
    return {
        "what": "teacher of a hip exo on privileged state, simulated; no exo can run it",
        "person": "begun from nothing" if person.from_nothing else "warm-started from a tracking policy",
        "device": request.device_id,
        "peak_nm": limits.peak_nm,
        "fidelity": person.fidelity.value,
        "minutes": request.minutes,
        "seed": request.seed,
        "control": request.control,
        "judged_by": asdict(request.judged),
        "walks": [asdict(walk) for walk in walks],
        "ratios": ratios(walks),
    }


def ratios(walks: Sequence[MatchedWalk]) -> list[dict[str, float]]:
    """Assisted over no exo at every speed and slope, per second: who walks slower needs less."""
    of = {(walk.slope_deg, walk.asked_m_s, walk.arm.value): walk for walk in walks}
    found = []
    for slope, speed in dict.fromkeys((walk.slope_deg, walk.asked_m_s) for walk in walks):
        bare, worn = of[slope, speed, "no exo"], of[slope, speed, "assisted"]
        found.append(
            {
                "slope_deg": slope,
                "speed_m_s": speed,
                "walked_speed": round(worn.speed_m_s / bare.speed_m_s, 4),
                **{
                    name: round(getattr(worn, name) / getattr(bare, name), 4)
                    for name in ("activation", "positive_power_w_kg", "metabolic_w_kg")
                },
                "survived_no_exo": round(bare.survived, 3),
                "survived_assisted": round(worn.survived, 3),
            }
        )
    return found
