"""Job: adapt the controller to the way its wearer walked with it, within bounds that are laid down before.

The twin is given the period and the range of the recorded strides; the controller goes on learning on it from
where it is. It keeps its limits, its torque changes by at most a fifth of the peak, walking costs no more
and the twin falls no more: else it is refused, and the controller that was worn stays the newest.
"""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import torch

from core.deploy.torque_change import TorqueChange
from core.domain.adaptation import MOST_TORQUE_CHANGE, Adaptation, WornGait
from core.domain.assistance import assistance_by, trained_assistance
from core.domain.controller import Aim, ExoController, MeasuredGait, TrainedController
from core.domain.cost_ratio import percent_words
from core.domain.findings import Finding, Severity, worst_first
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.domain.twin import GaitPolicy, LearningCurve
from core.domain.walk_measures import WalkMeasures, WalkRatios
from core.errors import Advice, UserError, refuse
from core.jobs.values import JobContext, Params
from core.learning.exo import fine_tuning
from core.learning.exo.envelope_walks import WALKERS as ENVELOPE_WALKERS
from core.learning.exo.evaluation import WalkEvaluator
from core.learning.exo.fine_tuning import FineTuning, LeastAgainst
from core.learning.exo.study import Study, study_twin
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.adaptable import AdaptableWalk, check_walk
from core.session.exo_ready import check_ready
from core.store.repository import Store, open_store
from core.tasks import judged_walks
from core.tasks.gait_envelope import WALKERS_OF_OTHERS as ENVELOPE_WALKERS_OF_OTHERS
from core.tasks.gait_envelope import judged_envelope, lesson_walkers
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.training_findings import training_findings
from core.tasks.twin_as_walked import twin_as_walked

AGAINST = "against"  # name of the curve, stored with the controller
NEAR = 0.75  # of the bound: what learning stays within, so that little has to be drawn back
SELECTION_WALKERS, SELECTION_S = 16, 4.0  # of the walks by which the rounds are judged
_WALKED, _STUDIED, _LEARNED, _JUDGED = 0.15, 0.35, 0.75, 0.92  # of the job, when each part is over


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Params: `walk_id`, a WALK with the visit's newest controller; optional `seed`. Returns the CONTROLLER.

    Raises UserError TRN-020 and TRN-040 to TRN-048; with TRN-048 the controller stays as it is.
    """
    walk_id, seed = str(params["walk_id"]), int(str(params.get("seed", 0)))
    torch.set_num_threads(1)  # the networks are small; the physics has its own threads
    with open_store(context.spec.data_dir) as store:
        worn = check_walk(store, walk_id, context.spec.visit_id)
        policy_id = _policy_of(store, worn.controller_id)
        policy = worn.trained.walking or store.load(policy_id, GaitPolicy)
        check_ready(policy)
        adapted = adapt(worn, policy, context, seed=seed)
        return store.save(
            RecordKind.CONTROLLER,
            adapted,
            visit_id=worn.info.visit_id,
            inputs=(policy_id, worn.controller_id, walk_id),
            summary=f"{adapted.adapted.words if adapted.adapted else ''}. "
            f"{trained_assistance(adapted).told_of('The controller')}",
            operator=context.spec.operator,
            seed=seed,
            settings={"device": adapted.device_id, "aim": _aim(adapted).value} | physics_settings(),
        )


def adapt(worn: AdaptableWalk, policy: GaitPolicy, context: JobContext, *, seed: int) -> TrainedController:
    """The adapted controller of a walk. Refuses TRN-043, TRN-044, TRN-048."""
    old, device_id = worn.trained.controller, worn.trained.device_id
    context.progress(0.02, "Giving the twin the strides of the recorded walk")
    walking, before, followed = twin_as_walked(policy, old, device_id, worn.gait, seed=seed)
    twin, change = TwinInExo(walking, device_id), TorqueChange(old, worn.walk)
    context.check_cancelled()
    study = study_twin(twin, old.limits, seed=seed, watch=_Watch(context))
    new, curve = _learned(twin, study, worn.trained, change, context, seed)
    context.progress(_LEARNED, "Measuring what has changed")
    held_out = judged_walks.evaluator(twin)  # walks that chose nothing
    was, now = held_out.worn(old), held_out.worn(new)
    share = change.largest(new)
    _check_bounds(new, old, share, now, was)
    adaptation = Adaptation(
        worn.info.id,
        worn.controller_id,
        worn.walk.virtual,
        worn.gait,
        before,
        followed,
        share,
        _against(was),
        _against(now),
        float(np.mean(now.metabolic_w_kg) / np.mean(was.metabolic_w_kg)),
    )
    context.progress(_JUDGED, "Finding the limits of this gait")
    context.check_cancelled()
    walkers = lesson_walkers(twin, study.lessons, own=ENVELOPE_WALKERS, others=ENVELOPE_WALKERS_OF_OTHERS)
    found = _with_evidence(worn.trained, adaptation, held_out, now, study)
    envelope = judged_envelope(walking, new, device_id, seed=seed, walkers=walkers)
    return dataclasses.replace(found, controller=new, curves=(curve,), walking=walking, envelope=envelope)


def _with_evidence(
    trained: TrainedController,
    adaptation: Adaptation,
    held_out: WalkEvaluator,
    now: WalkMeasures,
    study: Study,
) -> TrainedController:
    """The old controller's record with what was measured of the new one, whose held-out walks are `now`."""
    gaits = {
        GaitLabel.WITHOUT_EXO: held_out.without_exo,
        GaitLabel.WORN_WITHOUT_TORQUE: held_out.worn_without_torque,
        GaitLabel.PERSONALIZED_CONTROLLER: now,
    }
    return dataclasses.replace(
        trained,
        effort_ratio_with_exo=float(WalkRatios.between(now, held_out.without_exo).joint_effort.mean()),
        falls_per_minute=now.falls_per_minute,
        findings=worst_first((_told(adaptation), *training_findings(gaits, study))),
        aim=_aim(trained),
        gaits=tuple(MeasuredGait(label.value, measures) for label, measures in gaits.items()),
        adapted=adaptation,
    )


def _learned(
    twin: TwinInExo,
    study: Study,
    trained: TrainedController,
    change: TorqueChange,
    context: JobContext,
    seed: int,
) -> tuple[ExoController, LearningCurve]:
    """The best of all rounds within the bound of the torque, and their work against the leg.

    Refuses (TRN-048) where none is better.
    """
    old, started = trained.controller, time.monotonic()
    evaluator = WalkEvaluator(twin, seeds=(seed + 1,), walkers=SELECTION_WALKERS, seconds=SELECTION_S)
    best = LeastAgainst(evaluator, old)
    points = [(0.0, best.against)]
    most_nm = NEAR * MOST_TORQUE_CHANGE * old.limits.peak_nm
    rounds = FineTuning(twin, study, old, _aim(trained), seed=seed, most_nm=most_nm)
    for count, controller in enumerate(rounds, start=1):
        against = best.consider(change.drawn_back(controller))
        points.append((time.monotonic() - started, against))
        context.check_cancelled()
        context.progress(
            _STUDIED + (_LEARNED - _STUDIED) * count / len(fine_tuning.PRICES),
            f"{percent_words(against)} of the exo's work is against the leg",
        )
    if best.controller is old:
        raise _refused("No round of learning lowered the work against the leg at the same cost of walking.")
    time_s, value = np.array(points).T
    return best.controller, LearningCurve(AGAINST, "share", time_s, value)


def _check_bounds(
    new: ExoController, old: ExoController, share: float, now: WalkMeasures, was: WalkMeasures
) -> None:
    """Refuses (TRN-048) what changes more than was laid down, or makes walking harder than before."""
    if new.limits != old.limits or share > MOST_TORQUE_CHANGE:
        raise _refused(f"Its torque would change by {percent_words(share)} of the peak.")
    verdict = assistance_by(now, was)
    if verdict.more_falls:
        raise _refused(f"The twin fell more often with it: {verdict.falls_words}.")
    if verdict.costs_more and verdict.cost is not None:
        raise _refused(f"Walking would have a {verdict.cost.change_words} than with the controller before.")
    if _against(now) >= _against(was):
        raise _refused("On walks that chose nothing its work against the leg was not less.")


def _refused(why: str) -> UserError:
    return refuse(
        "TRN-048",
        "Nothing was changed: the adapted controller is not better within its bounds.",
        why,
        "Go on with the controller as it is, or train again for longer on the Train page.",
    )


class _Watch:
    """Progress of the study of the twin, told part by part."""

    def __init__(self, context: JobContext) -> None:
        self._context, self._told = context, 0

    def __call__(self, sentence: str) -> None:
        self._context.check_cancelled()
        self._context.progress(_WALKED + (_STUDIED - _WALKED) * self._told / 3.0, sentence)
        self._told += 1


def _policy_of(store: Store, controller_id: str) -> str:
    for name, _ in store.info(controller_id).provenance.inputs:
        if store.info(name).kind is RecordKind.GAIT_POLICY:
            return name
    raise refuse(
        "TRN-045",
        "The controller cannot be adapted to this walk.",
        "The twin that it was trained on is not in the record.",
        "Train a controller again on the Train page.",
    )


def _aim(trained: TrainedController) -> Aim:
    return trained.aim or Aim.MUSCLES


def _against(walks: WalkMeasures) -> float:
    return float(walks.negative_work_fraction.mean())


def _told(adapted: Adaptation) -> Finding:
    whose = "a virtual walk, which nobody walked," if adapted.virtual else "the recorded walk"
    return Finding(
        Severity.WARNING if adapted.virtual else Severity.NOTE,
        Advice(
            f"The controller was adapted to {whose} with the controller before.",
            f"{_gait_words(adapted.walked)} were walked; the twin had made {_gait_words(adapted.twin)}. Its "
            f"torque changed by up to {percent_words(adapted.torque_change)} of the peak; in simulation "
            f"{percent_words(adapted.against_after)} of its work is against the leg instead of "
            f"{percent_words(adapted.against_before)}.",
            "Compare it and sign it, then try it at half torque like a new one.",
            "TRN-049",
        ),
    )


def _gait_words(gait: WornGait) -> str:
    left, right = np.degrees(gait.range_rad)
    return f"{gait.cadence_steps_min:.0f} steps/min with {left:.0f} and {right:.0f} degrees (left, right)"
