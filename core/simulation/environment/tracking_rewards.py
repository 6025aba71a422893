"""Reward terms of reference tracking, and one table of their weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SAGITTAL, JointKind
from core.domain.units import GRAVITY_M_S2
from core.simulation.environment.reward_term import RewardTerm

# The foot's small joints are hardly measured by a camera and hardly change the gait, so they count less.
_IMPORTANCE = {JointKind.HIP_ROTATION: 0.5, JointKind.SUBTALAR: 0.5, JointKind.TOES: 0.6}
JOINT_IMPORTANCE: FloatArray = np.array([_IMPORTANCE.get(joint.kind, 1.0) for joint in JOINTS])
STANCE_FRACTION = (0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 1.0)
ROLL_FRACTION = (0.08, 0.20, 0.42, 0.58, 0.70, 0.78, 0.92)  # centre of pressure, of the foot's length
MOST_EFFORT, MOST_WORK = 0.06, 4.0  # upper bounds of the costs of a step; good walking has 0.01 and 1
RUNNING_M_S = 1.95  # people change from walking to running about here (Thorstensson & Roberthson 1987)
AIRBORNE = 0.2  # body weights on both feet together
FLEXION = np.array([joint.kind in SAGITTAL for joint in JOINTS])


@dataclass(frozen=True, slots=True, eq=False)
class StepQuantities:
    """Inputs of the reward terms after one control step. Axis: N walkers."""

    angle_error_rad: FloatArray  # (N, 14) against the reference
    velocity_error_rad_s: FloatArray  # (N, 14)
    forward_error_m_s: FloatArray  # (N,)
    sideways_m_s: FloatArray  # (N,)
    rise_error_m_s: FloatArray  # (N,) of the pelvis' vertical speed, against the reference on the ground
    upright: FloatArray  # (N,) cosine of the pelvis' lean
    sway: FloatArray  # (N,) sine of its lean to the side
    heading: FloatArray  # (N,) cosine of the turn away from straight ahead
    drift_m: FloatArray  # (N,) sideways from the line
    action: FloatArray  # (N, 14)
    action_change: FloatArray  # (N, 14) since the step before
    effort: FloatArray  # (N,) 0..1, as the actuation defines it
    torque_nm: FloatArray  # (N, 14) of the body itself
    power_w_kg: FloatArray  # (N,) positive mechanical power of all joints per body mass
    usual_w_kg: FloatArray  # (N,) normal power of people at this speed and slope
    load: FloatArray  # (N, 2) vertical ground force on each foot in body weights
    left_load: FloatArray  # (N,) fraction of it that the left foot should carry
    usual_load: FloatArray  # (N, 2) body weights that each foot carries in people's walking
    roll: FloatArray  # (N, 2) where along its length each foot carries, 0 heel to 1 toe
    stance: FloatArray  # (N, 2) how far through its stance each foot should be
    rolls: FloatArray  # (N,) 1 where feet roll from heel to toe, 0 on stairs, in running and in standing
    load_limit: FloatArray  # (N,) body weights that a soft step does not exceed
    pain: FloatArray  # (N, 2) severity of pain of each leg under load


def joint_angle(quantities: StepQuantities) -> FloatArray:
    """Joint angles as in the reference."""
    value: FloatArray = np.exp(-3.0 * (quantities.angle_error_rad**2) @ JOINT_IMPORTANCE)
    return value


def sagittal_angle(quantities: StepQuantities) -> FloatArray:
    """Hip, knee and ankle flexion closely as in the reference: half is lost at 6 degrees.

    `joint_angle` has a gradient far from the reference but hardly one between 8 and 5 degrees; this has.
    """
    value: FloatArray = np.exp(-60.0 * np.mean(quantities.angle_error_rad[:, FLEXION] ** 2, axis=1))
    return value


def joint_velocity(quantities: StepQuantities) -> FloatArray:
    """Joint velocities as in the reference."""
    value: FloatArray = np.exp(-0.02 * (quantities.velocity_error_rad_s**2) @ JOINT_IMPORTANCE)
    return value


def progress(quantities: StepQuantities) -> FloatArray:
    """Speed as in the reference, straight ahead; a broad part has a gradient far below it."""
    square = quantities.forward_error_m_s**2
    near, far = np.exp(-8.0 * square), np.exp(-square)
    value: FloatArray = (0.7 * near + 0.3 * far) * np.exp(-4.0 * quantities.sideways_m_s**2)
    return value


def pelvis_height_rate(quantities: StepQuantities) -> FloatArray:
    """The pelvis moves vertically as in the reference: vaulting over straight legs ends in a hard landing."""
    value: FloatArray = np.exp(-25.0 * quantities.rise_error_m_s**2)
    return 1.0 - quantities.rolls * (1.0 - value)


def posture(quantities: StepQuantities) -> FloatArray:
    """Trunk upright, facing ahead, on the line.

    Leaning to the side counts most: a trunk that swings over the standing leg spares the hip's abductors the
    work that they do in people.
    """
    lean = (1.0 - quantities.upright) + (1.0 - quantities.heading)
    value: FloatArray = np.exp(-6.0 * lean - 40.0 * quantities.sway**2 - 4.0 * quantities.drift_m**2)
    return value


def loading(quantities: StepQuantities) -> FloatArray:
    """Weight on the foot in stance; half when neither touches the ground."""
    total = quantities.load.sum(axis=1)
    fraction = quantities.load[:, 0] / np.maximum(total, AIRBORNE)
    value: FloatArray = np.exp(-10.0 * (fraction - quantities.left_load) ** 2)
    return np.where(total < AIRBORNE, 0.5, value)


def landing(quantities: StepQuantities) -> FloatArray:
    """Landings as soft as people's."""
    excess = np.maximum(quantities.load.sum(axis=1) - quantities.load_limit, 0.0)
    value: FloatArray = np.exp(-4.0 * excess**2)
    return value


def support(quantities: StepQuantities) -> FloatArray:
    """Each foot carries the load of normal walking: smooth weight transfer, the body over the leg.

    A broad part has a gradient at hard landings.
    """
    square = np.sum((quantities.load - quantities.usual_load) ** 2, axis=1)
    value: FloatArray = 0.5 * np.exp(-10.0 * square) + 0.5 * np.exp(-square)
    return 1.0 - quantities.rolls * (1.0 - value)


def rollover(quantities: StepQuantities) -> FloatArray:
    """The loaded foot rolls from heel to toe as feet do (Hansen et al. 2004, Clin Biomech 19:407).

    It decides where the ground force passes hip and knee: without it, the hip flexors work twice as hard.
    """
    total = quantities.load.sum(axis=1)
    fraction = quantities.load / np.maximum(total, AIRBORNE)[:, None]
    error = quantities.roll - np.interp(quantities.stance, STANCE_FRACTION, ROLL_FRACTION)
    value = np.where(total < AIRBORNE, 0.0, np.exp(-20.0 * np.sum(fraction * error**2, axis=1)))
    return 1.0 - quantities.rolls * (1.0 - value)


def action_magnitude(quantities: StepQuantities) -> FloatArray:
    """Small corrections of the reference; negative, the mean of squares."""
    value: FloatArray = -np.mean(quantities.action**2, axis=1)
    return value


def smoothness(quantities: StepQuantities) -> FloatArray:
    """Corrections that do not jump; negative, the mean of squares."""
    value: FloatArray = -np.mean(quantities.action_change**2, axis=1)
    return value


def positive_power_w(torque_nm: FloatArray, velocity_rad_s: FloatArray) -> FloatArray:
    """(N,) positive power of all joints, from torques and velocities (N, J)."""
    power: FloatArray = np.maximum(torque_nm * velocity_rad_s, 0.0).sum(axis=1)
    return power


def usual_power_w_kg(speed_m_s: FloatArray, climb: FloatArray) -> FloatArray:
    """Positive joint power per body mass (N,) that people need at a speed (N,), up a climb (N,) of m per m.

    On the level it grows with the square of speed, 1 W/kg at 1.26 m/s (Farris & Sawicki 2012, J R Soc
    Interface 9:110); up a climb the work against gravity comes on top. Standing costs something, too.
    """
    power: FloatArray = 0.2 + 0.5 * speed_m_s**2 + GRAVITY_M_S2 * np.maximum(climb, 0.0) * speed_m_s
    return np.maximum(power, 0.7)


def load_limit(speed_m_s: FloatArray, even: FloatArray) -> FloatArray:
    """Body weights (N,) on the ground that a soft step stays below at a speed (N,); `even` is 0 on stairs.

    Peaks of walking grow with speed (Nilsson & Thorstensson 1989, Acta Physiol Scand 136:217), stairs are
    harder, and runners land with more than twice their weight.
    """
    walking = 1.15 + 0.4 * np.maximum(speed_m_s - 1.26, 0.0) + 0.2 * (1.0 - even)
    return np.where(speed_m_s > RUNNING_M_S, 3.0, walking)


def effort(quantities: StepQuantities) -> FloatArray:
    """Little effort at this speed and slope; negative. People walk close to the least (Ralston 1958)."""
    return -_bounded(quantities.effort / quantities.usual_w_kg, MOST_EFFORT)


def pain(quantities: StepQuantities) -> FloatArray:
    """Load on a leg that hurts, beyond what its pain allows; negative, the excess times the severity.

    A leg with pain of severity s bears 1 - s body weights without complaint.
    """
    excess = np.maximum(quantities.load - (1.0 - quantities.pain), 0.0)
    value: FloatArray = -(quantities.pain * excess).sum(axis=1)
    return value


def work(quantities: StepQuantities) -> FloatArray:
    """Little positive joint work; negative, as a fraction of the normal."""
    return -_bounded(quantities.power_w_kg / quantities.usual_w_kg, MOST_WORK)


def _bounded(cost: FloatArray, most: float) -> FloatArray:
    """The cost itself while small, never more than `most`: falling must never cost less than walking."""
    bounded: FloatArray = most * (1.0 - np.exp(-cost / most))
    return bounded


SIMILARITY = joint_angle.__name__  # the term that is reported as similarity to the reference gait, 0..1

WALKING_REWARD = (
    RewardTerm(0.30, joint_angle),
    RewardTerm(0.90, sagittal_angle),
    RewardTerm(0.05, joint_velocity),
    RewardTerm(0.90, progress),
    RewardTerm(0.60, pelvis_height_rate),
    RewardTerm(0.20, posture),
    RewardTerm(0.15, loading),
    RewardTerm(0.10, landing),
    RewardTerm(1.50, support),
    RewardTerm(0.45, rollover),
    RewardTerm(0.01, action_magnitude),
    RewardTerm(0.01, smoothness),
    RewardTerm(12.0, effort),
    RewardTerm(0.45, work),
    RewardTerm(0.30, pain),
)


# A policy that cannot walk yet must not first learn that falling costs less than walking.
FIRST_STEPS_REWARD = tuple(
    replace(term, weight=term.weight / 6.0) if term.value in (effort, work) else term
    for term in WALKING_REWARD
)
