"""Straps that give: an exo held to the limbs by linear bushings instead of being one with the bones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray

Three = tuple[float, float, float]

_DAMPING_TIME_S = 0.01  # damping / stiffness: at walking's pace most energy comes back (Yandell 2017)


@dataclass(frozen=True, slots=True)
class Bushing:
    """Six springs and dampers between a limb and what is strapped on it (Luo 2024, eq. 5).

    F = k d + c d', tau = alpha theta + beta theta'; d is the distance between the two frames along the
    limb's axes, theta the x-y-z body-fixed Euler angles. Axes: x forward, y along the bone, z to the right.
    """

    stiffness_n_m: Three
    damping_n_s_m: Three
    stiffness_nm_rad: Three
    damping_nm_s_rad: Three

    def __post_init__(self) -> None:
        values = self.stiffness_n_m + self.damping_n_s_m + self.stiffness_nm_rad + self.damping_nm_s_rad
        if min(values) <= 0.0:
            raise ValueError("every stiffness and damping of a bushing is positive")

    @staticmethod
    def of(stiffness_n_m: Three, stiffness_nm_rad: Three) -> Bushing:
        """With a damping that follows the stiffness, as of soft tissue."""
        linear = tuple(_DAMPING_TIME_S * value for value in stiffness_n_m)
        angular = tuple(_DAMPING_TIME_S * value for value in stiffness_nm_rad)
        return Bushing(stiffness_n_m, linear, stiffness_nm_rad, angular)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Strap:
    """What an exo wears on one limb, and how tightly."""

    limb: str  # body of the model
    bushing: Bushing


# Luo et al. chose their values by trial and print them in a supplement only. These are the order of magnitude
# of padded cuffs on soft tissue: at 200 N they give one centimetre across the limb and more along it, where
# they slip. So a part of an exo's work goes into its straps, as was measured on an ankle exosuit (Yandell et
# al. 2017, J NeuroEng Rehabil 14:40). Turns are held by the same pressure at a lever: 0.15 m from a belt's
# middle to its side, and from a frame's joint to its cuff; 0.08 m around the bone.
CUFF = Bushing.of((20_000.0, 8_000.0, 20_000.0), (450.0, 50.0, 450.0))
BELT = Bushing.of((20_000.0, 10_000.0, 20_000.0), (450.0, 225.0, 450.0))
# Feet are not here: a laced shoe is one with the foot.
_USUAL = {
    "torso": BELT,
    "pelvis": BELT,
    "femur_l": CUFF,
    "femur_r": CUFF,
    "tibia_l": CUFF,
    "tibia_r": CUFF,
}


def usual_straps(inputs: tuple[str, ...]) -> tuple[Strap, ...]:
    """A strap for each of these limbs that can be strapped."""
    return tuple(Strap(limb, _USUAL[limb]) for limb in inputs if limb in _USUAL)


def add_strap(spec: Any, strap: Strap, name: str, centre_m: FloatArray) -> Any:
    """A body on the limb that a bushing holds at `centre_m` (3,) in the limb's frame; returns it.

    Three slides, then three hinges: their positions are d and theta of eq. 5. Damping is integrated
    implicitly, so a bushing is stable at any mass while damping > stiffness * time step / 2.
    Raises ValueError for a bushing with less.
    """
    bushing = strap.bushing
    body = spec.body(strap.limb).add_body(name=name, pos=list(centre_m))
    kinds = (
        ("slide", mujoco.mjtJoint.mjJNT_SLIDE, bushing.stiffness_n_m, bushing.damping_n_s_m),
        ("turn", mujoco.mjtJoint.mjJNT_HINGE, bushing.stiffness_nm_rad, bushing.damping_nm_s_rad),
    )
    for word, kind, stiffness, damping in kinds:
        for axis, letter in enumerate("xyz"):
            if damping[axis] <= 0.5 * stiffness[axis] * spec.option.timestep:
                raise ValueError(f"{name}: too little damping for a time step of {spec.option.timestep} s")
            joint = body.add_joint(name=f"{name}_{word}_{letter}", type=kind)
            joint.axis = [float(axis == other) for other in range(3)]
            joint.limited, joint.armature, joint.frictionloss = mujoco.mjtLimited.mjLIMITED_FALSE, 0.0, 0.0
            joint.stiffness[0], joint.damping[0] = stiffness[axis], damping[axis]
    return body


@dataclass(frozen=True, slots=True, eq=False)
class StrapColumns:
    """Where one strap's d and theta are in positions and velocities. Six each, slides first."""

    position: slice
    velocity: slice

    @staticmethod
    def of(model: Any, name: str) -> StrapColumns:
        joint = model.joint(f"{name}_slide_x")
        position, velocity = int(joint.qposadr[0]), int(joint.dofadr[0])
        return StrapColumns(slice(position, position + 6), slice(velocity, velocity + 6))

    def load(self, bushing: Bushing, position: FloatArray, velocity: FloatArray) -> FloatArray:
        """What the exo presses on the limb (..., 6): force [N], then moments about the Euler axes [N m]."""
        stiffness = np.array((*bushing.stiffness_n_m, *bushing.stiffness_nm_rad))
        damping = np.array((*bushing.damping_n_s_m, *bushing.damping_nm_s_rad))
        load: FloatArray = stiffness * position[..., self.position] + damping * velocity[..., self.velocity]
        return load
