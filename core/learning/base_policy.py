"""The shipped base policy: one network that has seen many bodies and many normal gaits.

A new person starts from it, so that minutes are enough. `core.tasks.train_base` trains it from scratch.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.domain.motion import GaitReference
from core.domain.twin import GENERIC_BODY, BodyParameters, SegmentScale
from core.gait.norms import normal_reference
from core.simulation.walking import Walker
from core.twin.body import Fidelity, compile_body
from core.twin.scaling import scales_for_height

WALKERS = 128
PLAIN_WALKERS = 32  # generic body, normal stride: the default twin must be the best of all
HEIGHTS_M = (1.50, 1.60, 1.70, 1.80, 1.90)  # 12 percent around the generic body
MASS_SHARES = (0.75, 1.0, 1.25)  # of the generic mass at that height
SPEED_SHARE = (0.65, 1.2)  # of the normal speed: 0.8 to 1.5 m/s


def base_walkers(seed: int, count: int = WALKERS) -> tuple[Walker, ...]:
    """People to learn from: a quarter the generic body with the normal stride, the others all different."""
    rng = np.random.default_rng(seed)
    generic = Walker(compile_body(GENERIC_BODY, Fidelity.FAST), GENERIC_BODY, normal_reference())
    bodies = [varied_body(height, share, rng) for height in HEIGHTS_M for share in MASS_SHARES]
    models = [compile_body(body, Fidelity.FAST) for body in bodies]
    walkers = [generic] * min(PLAIN_WALKERS, count)
    for number in range(count - len(walkers)):
        pick = number % len(bodies)
        walkers.append(Walker(models[pick], bodies[pick], varied_reference(bodies[pick], rng)))
    return tuple(walkers)


def varied_body(height_m: float, mass_share: float, rng: np.random.Generator) -> BodyParameters:
    """A body of this height with limb proportions that differ by some percent, as people's do."""
    even = scales_for_height(height_m)
    thigh, shank, foot, pelvis = 1.0 + rng.uniform(-0.05, 0.05, 4)
    scale = SegmentScale(
        pelvis_width=even.pelvis_width * float(pelvis),
        thigh=even.thigh * float(thigh),
        shank=even.shank * float(shank),
        foot=even.foot * float(foot),
        trunk=even.trunk,
    )
    mass = GENERIC_BODY.mass_kg * (height_m / GENERIC_BODY.height_m) ** 2 * mass_share
    return BodyParameters(height_m, mass, scale)


def varied_reference(body: BodyParameters, rng: np.random.Generator) -> GaitReference:
    """The normal stride at another speed, with this person's own ranges, offsets and asymmetry.

    Speed is split evenly between stride length and cadence (Grieve 1966); the joints' ranges follow the
    length.
    """
    normal = normal_reference(body.height_m)
    speed = normal.speed_m_s * rng.uniform(*SPEED_SHARE)
    pace = np.sqrt(speed / normal.speed_m_s)
    period = normal.period_s / pace * rng.uniform(0.94, 1.06)
    spread = np.array([pace if joint.kind is not JointKind.ANKLE else 1.0 for joint in JOINTS])
    spread *= np.tile(rng.uniform(0.85, 1.15, 7), 2) * rng.uniform(0.93, 1.07, len(JOINTS))
    offset = np.radians(np.tile(rng.normal(0.0, 3.0, 7), 2) + rng.normal(0.0, 1.0, len(JOINTS)))
    offset[[joint.kind in (JointKind.SUBTALAR, JointKind.TOES) for joint in JOINTS]] = 0.0
    middle = normal.angle_rad.mean(axis=0)
    angle = middle + offset + spread * (normal.angle_rad - middle)
    return GaitReference(period, speed, _extended(angle))


def _extended(angle: FloatArray) -> FloatArray:
    """Knees that do not bend backwards."""
    knees = [joint.kind is JointKind.KNEE for joint in JOINTS]
    return np.where(knees, np.maximum(angle, 0.03), angle)
