"""From a teacher to a pupil with thigh gyros alone, and how near the pupil came on walks of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.domain.controller import ExoController
from core.domain.distillation import Distillation
from core.domain.twin import LearningCurve, Network
from core.errors import UserError, refuse
from core.learning.exo.student_scores import agreement, agreements, judge, judged_walks, standing_nm
from core.learning.exo.teachers import Teacher
from core.learning.exo.temporal_student import GYRO_FAULTS, DistillationSizes, Distiller, RoundTold

IMITATION = "imitation"  # name of the curve, stored with the controller
MOST_OWN_FALLS = 0.5  # of the first walks in the person's own gait, in which the teacher assists
JUDGED_WALKERS, JUDGED_S = 2, 6.0  # of each walk
_JUDGED_STARTS = 40_000  # beside the seeds of the rounds, which count up from the same number
_LEARNED = 0.85  # of all of it, when the rounds are over
Watch = Callable[[float, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Pupil:
    """A controller with thigh gyros, and the evidence of its teaching."""

    controller: ExoController
    evidence: Distillation
    curves: tuple[LearningCurve, ...]
    ticks_per_s: float
    mass_kg: float  # of the body that it gives torque for

    def worn_by(self, mass_kg: float) -> Pupil:
        """The same torque per body mass for another body, within the same limits."""
        network, share = self.controller.network, np.float32(mass_kg / self.mass_kg)
        if share == 1.0:
            return self
        weights = (*network.weights[:-1], share * network.weights[-1])
        biases = (*network.biases[:-1], share * network.biases[-1])
        scaled = replace(self.controller, network=Network(weights, biases, network.activation))
        return replace(self, controller=scaled, mass_kg=mass_kg)


def distil(
    teacher: Teacher,
    *,
    teacher_id: str,
    seed: int,
    watch: Watch,
    clock: Callable[[], float],
    sizes: DistillationSizes,
) -> Pupil:
    """Teach a pupil and judge it. `watch` hears what is done and which fraction is over, and may raise.

    Refuses (TRN-060) a teacher with whom the person falls in the own gait.
    """
    began, points = clock(), []
    watch(0.0, "The twin walks with the teacher")
    distiller = Distiller(teacher, seed=seed, sizes=sizes)
    for told in distiller:
        _check_falls(told)
        points.append((clock() - began, told.rmse_nm_kg))
        watch(_LEARNED * (told.number + 1) / distiller.rounds, _words(told, distiller.rounds))
    learned_s, controller = clock() - began, distiller.controller
    found = _evidence(teacher, teacher_id, controller, seed + _JUDGED_STARTS)
    time_s, value = np.array(points).T
    return Pupil(
        controller,
        replace(found, ticks=distiller.ticks, seconds=clock() - began),
        (LearningCurve(IMITATION, "N m/kg", time_s, value),),
        distiller.ticks / max(learned_s, 1e-9),
        teacher.mass_kg,
    )


def _evidence(teacher: Teacher, teacher_id: str, controller: ExoController, seed: int) -> Distillation:
    """On walks that were not learned on; what it took is not known here."""
    scenarios = judged_walks()
    walks = judge(
        teacher,
        controller,
        scenarios,
        walkers=JUDGED_WALKERS,
        seconds=JUDGED_S,
        seed=seed,
        faults=GYRO_FAULTS,
    )
    return Distillation(
        teacher.words,
        teacher_id,
        agreements(walks, scenarios, JUDGED_WALKERS, teacher.mass_kg),
        agreement("all walks", (walks,), teacher.mass_kg),
        standing_nm(controller, GYRO_FAULTS, seed=seed),
        ticks=0,
        seconds=0.0,
    )


def _words(told: RoundTold, rounds: int) -> str:
    return (
        f"Round {told.number + 1} of {rounds}: before it the pupil was {told.rmse_nm_kg:.3f} N·m/kg "
        "from its teacher"
    )


def _check_falls(told: RoundTold) -> None:
    """In the first round the teacher assists; whoever falls with it cannot be taught by it."""
    if told.number == 0 and told.own_falls > MOST_OWN_FALLS * told.own:
        raise falls_with_teacher(told.own_falls, told.own)


def falls_with_teacher(falls: int, walks: int) -> UserError:
    return refuse(
        "TRN-060",
        "The twin falls with this teacher, so nobody can learn from it.",
        f"{falls} of {walks} walks in the person's own gait ended in a fall while the teacher assisted.",
        "Let the twin learn its gait for longer on the Personalize page and train the controller again, or "
        "choose another teacher.",
    )
