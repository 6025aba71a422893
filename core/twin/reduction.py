"""Editing a body model: remove what a fidelity does not simulate, hold joints by springs."""

from __future__ import annotations

import mujoco
import numpy as np

FOOT_GEOMS = ("foot_col", "bofoot_col")  # beginnings of the names of the surfaces under the feet
FLOOR_GEOM = "floor"
_COUPLED_KNEE = ("translation", "rotation2", "rotation3", "beta")  # joints that follow the knee angle


def is_foot_geom(name: str) -> bool:
    """Whether this surface carries the body on the ground."""
    return name.startswith(FOOT_GEOMS)


def reduce_to_skeleton(spec: mujoco.MjSpec) -> None:
    """Delete muscles, sensors and the knee's coupled joints: hinges and bones remain. Surfaces stay."""
    freeze_inertia(spec)
    remove_muscles(spec)
    for joint in list(spec.joints):
        if any(part in joint.name for part in _COUPLED_KNEE):
            spec.delete(joint)


def remove_muscles(spec: mujoco.MjSpec) -> None:
    """Delete muscles with their paths, sensors, and what couples the knee's joints."""
    for group in (spec.sensors, spec.actuators, spec.tendons, spec.equalities, spec.sites):
        for element in list(group):
            spec.delete(element)


def remove_surfaces(spec: mujoco.MjSpec) -> None:
    """Delete what is only drawn; the feet, the floor and what muscles wrap around stay."""
    freeze_inertia(spec)
    model = spec.copy().compile()
    round_wraps = (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER)
    objects = model.wrap_objid[np.isin(model.wrap_type, round_wraps)]
    wrapped = {model.geom(int(geom)).name for geom in objects}
    for geom in list(spec.geoms):
        if geom.name != FLOOR_GEOM and not is_foot_geom(geom.name) and geom.name not in wrapped:
            spec.delete(geom)
    for mesh in list(spec.meshes):
        spec.delete(mesh)
    _remove_materials(spec)


def _remove_materials(spec: mujoco.MjSpec) -> None:
    """Pictures of the surroundings would be ten megabytes of every copy of a model."""
    for element in (*spec.geoms, *spec.sites, *spec.tendons):
        element.material = ""
    for group in (spec.materials, spec.textures):
        for element in list(group):
            spec.delete(element)


def freeze_inertia(spec: mujoco.MjSpec) -> None:
    """Set every body's compiled mass and inertia explicitly, so that they do not depend on its surfaces."""
    model = spec.copy().compile()
    for body in spec.bodies:
        if body.name in ("", "world"):
            continue
        number = model.body(body.name).id
        body.mass = model.body_mass[number]
        body.ipos = model.body_ipos[number]
        body.iquat = model.body_iquat[number]
        body.inertia = model.body_inertia[number]
        body.fullinertia = np.full(6, np.nan)
        body.explicitinertial = True


def add_spring(joint: mujoco.MjsJoint, stiffness_nm_rad: float, *, damping_s: float) -> None:
    """Add a passive spring about the joint's zero and a damper of `damping_s` times its stiffness."""
    joint.stiffness = np.asarray(joint.stiffness) + np.array([stiffness_nm_rad, 0.0, 0.0])
    joint.damping = np.asarray(joint.damping) + np.array([stiffness_nm_rad * damping_s, 0.0, 0.0])
    joint.springref = 0.0
