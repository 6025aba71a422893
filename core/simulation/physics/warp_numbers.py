"""What the bodies of a batch on a graphics card share, and what each may have of its own."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from core.errors import refuse

LIVE = ("jnt_stiffness", "dof_damping")
"""Numbers that change while a body walks: joints that are stiff in some strides only."""
INERTIA = "stat.meaninertia"
# Of the ground, which MuJoCo Warp takes from the model that its data are made for.
_STATIC = {"geom_xpos": (-1, 3), "geom_xmat": (-1, 3, 3)}
_LABELS = ("signature",)  # of a model, that mean nothing to its physics
# Contacts of a geometry with the ground: each end of a capsule, one point of an ellipsoid or a sphere. Twice
# as many on stairs, where an end may rest on two boxes at their common edge.
_ENDS = {
    mujoco.mjtGeom.mjGEOM_CAPSULE: 2,
    mujoco.mjtGeom.mjGEOM_ELLIPSOID: 1,
    mujoco.mjtGeom.mjGEOM_SPHERE: 1,
}


@dataclass(slots=True, eq=False)
class Numbers:
    """A model as MuJoCo Warp has it."""

    model: mujoco.MjModel  # kept, so that its id stays its own
    common: bytes  # digest of all that bodies of one batch must share
    own: dict[str, np.ndarray]  # by field of MuJoCo Warp's model or data, without the axis of bodies
    version: int = 0  # of the LIVE numbers

    def refresh(self) -> None:
        """Take over LIVE numbers of the model that have changed."""
        for name in LIVE:
            now = np.asarray(getattr(self.model, name), np.float32)
            if not np.array_equal(now, self.own[name]):
                self.own[name] = now
                self.version += 1


def numbers_of(warp: Any, mjw: Any, model: mujoco.MjModel) -> Numbers:
    """Refuses (SIM-043) a model with a part that MuJoCo Warp does not simulate."""
    check_supported(model)
    with warp.ScopedDevice("cpu"):
        try:
            put = mjw.put_model(model)
        except (NotImplementedError, ValueError) as error:
            raise unsupported(str(error)) from error
        own = {name: getattr(put, name).numpy()[0].copy() for name in own_fields(mjw)}
        own[INERTIA] = put.stat.meaninertia.numpy()[0].copy()
        digest = hashlib.sha256()
        for name, value in _common(put, frozenset(own)):
            digest.update(name.encode() + value)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    own |= {name: np.float32(getattr(data, name)).reshape(shape) for name, shape in _STATIC.items()}
    return Numbers(model, digest.digest(), own)


def own_fields(mjw: Any) -> tuple[str, ...]:
    """Fields of MuJoCo Warp's model with an axis of bodies."""
    shapes = {field.name: getattr(field.type, "shape", ()) for field in dataclasses.fields(mjw.Model)}
    return tuple(name for name, shape in shapes.items() if shape and shape[0] == "*")


def room_for(model: mujoco.MjModel) -> tuple[int, int]:
    """Most contacts of a body, and most rows of constraints at once."""
    touching = np.flatnonzero((model.geom_contype != 0) & (model.geom_bodyid != 0))
    ends = sum(_ENDS.get(mujoco.mjtGeom(model.geom_type[geom]), 4) for geom in touching)
    grounds = np.flatnonzero((model.geom_conaffinity != 0) & (model.geom_bodyid == 0))
    contacts = ends * (1 if len(grounds) == 1 else 2)
    rows_each = 2 * (int(model.geom_condim.max(initial=3)) - 1)
    limits = int(model.jnt_limited.sum()) + int(model.tendon_limited.sum())
    losses = int((model.dof_frictionloss > 0.0).sum()) + int((model.tendon_frictionloss > 0.0).sum())
    equalities = 6 * model.neq
    return contacts, equalities + losses + limits + rows_each * contacts


def check_supported(model: mujoco.MjModel) -> None:
    """Refuses (SIM-043) what MuJoCo Warp takes but a row of a state does not hold."""
    if model.nhistory or model.nplugin:
        raise unsupported("Delayed controls and plug-ins have states of their own.")


def unsupported(why: str) -> Exception:
    return refuse(
        "SIM-043",
        "This body cannot be simulated on a graphics card.",
        why,
        "Set EXOTWIN_PHYSICS to “cpu”.",
    )


def _common(value: Any, own: frozenset[str], prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """All numbers of a model but those of `own`, by name."""
    for field in dataclasses.fields(value):
        name, part = prefix + field.name, getattr(value, field.name)
        if name in own or field.name in _LABELS:
            continue
        if dataclasses.is_dataclass(part):
            yield from _common(part, own, f"{name}.")
        elif isinstance(part, tuple):
            for number, item in enumerate(part):
                if dataclasses.is_dataclass(item):
                    yield from _common(item, own, f"{name}.{number}.")
                else:
                    yield f"{name}.{number}", _bytes(item)
        else:
            yield name, _bytes(part)


def _bytes(value: Any) -> bytes:
    return value.numpy().tobytes() if hasattr(value, "numpy") else repr(value).encode()
