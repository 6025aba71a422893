"""A twin whose left calf has a third of its strength walks in simulation; its joint moments give it away."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.kinetics import KineticCycles, Kinetics
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import MuscleGroup
from core.domain.rollout import GaitLabel, Rollout
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.gait.norms import normal_reference
from core.kinetics.deficits import Sources, assess
from core.kinetics.moment_evidence import moment_evidence
from core.simulation.analysis.rollout import record_rollout, trace_walk
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity
from tests.kinetics.known_person import kinetics

SETTLED = 100  # frames of 20 ms
CALF = Impairment(ImpairmentKind.WEAKNESS, 0.5, Side.LEFT, MuscleGroup.PLANTARFLEXORS)


def walked(body: BodyParameters, seconds: float) -> Rollout:
    walker = Walker(worn_model(body, Fidelity.FAST, None), body, normal_reference())
    environment = WalkingEnvironment([walker], seed=1, episode_s=2 * seconds, threads=1)
    trace = trace_walk(environment, shipped_policy().act, None, seconds)
    return record_rollout(GaitLabel.DEFAULT_TWIN, body, trace, None)


def moments_of(rollout: Rollout, mass_kg: float) -> Kinetics:
    """Strides of the simulated joint torques, smoothed as laboratories do (a tenth of a second)."""
    smooth = np.ones(5) / 5.0
    torque = np.apply_along_axis(np.convolve, 0, rollout.joint_torque_nm / mass_kg, smooth, "same")
    cycles = []
    for number, side in enumerate(SIDES):
        on = rollout.ground_force_n[:, number, 2] > 50.0
        strikes = np.flatnonzero(on[1:] & ~on[:-1])
        columns = [Joint.of(kind, side).column for kind in JointKind]
        moment = np.array(
            [
                stride(torque[first : last + 1, columns])
                for first, last in pairwise(strikes[strikes > SETTLED])
                if 40 < last - first < 80
            ]
        )
        empty = np.zeros((len(moment), CYCLE_POINTS, 3))
        cycles.append(KineticCycles(side, moment, np.zeros_like(moment), empty))
    return replace(kinetics({}), cycles=(cycles[0], cycles[1]), mass_kg=mass_kg)


def stride(moment: FloatArray) -> FloatArray:
    at = np.linspace(0, len(moment) - 1, CYCLE_POINTS)
    return np.stack([np.interp(at, np.arange(len(moment)), one) for one in moment.T], axis=1)


def test_a_simulated_weak_calf_is_told_by_its_moments_and_never_below_them() -> None:
    body = replace(GENERIC_BODY, impairments=(CALF,))
    rollout = walked(body, 6.0)
    moments = moments_of(rollout, body.mass_kg)
    result = assess(Sources(GENERIC_BODY, rollout.speed_m_s, kinetics=moments))
    [weak] = result.strengths
    low, high = weak.interval
    assert (weak.group, weak.side) == (CALF.group, CALF.side) and low < 0.1**0.5 < high
    assert [one.slot for one in result.proposed] == [CALF.slot]
    least = {
        (one.group, one.side): one.least for one in moment_evidence(moments, GENERIC_BODY, rollout.speed_m_s)
    }
    assert 0.1 < least[CALF.group, CALF.side] < 0.1**0.5
    assert all(one < 1.0 for one in least.values())
