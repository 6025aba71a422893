"""Observation of a walking policy: one table of named parts, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.domain.units import GRAVITY_M_S2
from core.simulation.reference_gait.terrain_batch import GROUND_AHEAD_M

LAYOUT: tuple[tuple[str, int], ...] = (
    ("height", 1),  # of the pelvis above the walkway, over its mean in the reference
    ("up", 3),  # in the pelvis frame
    ("back", 3),  # backwards along the walkway, in the pelvis frame
    ("velocity", 3),  # of the pelvis, in its frame
    ("spin", 3),  # of the pelvis, in its frame
    ("angle", len(JOINTS)),
    ("angular_velocity", len(JOINTS)),
    ("phase", 2),  # sine and cosine
    ("drift", 1),  # sideways from the line
    ("soon", len(JOINTS)),  # reference a control step ahead
    ("ahead", len(JOINTS)),  # reference a tenth of a second ahead
    ("pace", 2),  # speed and period of the reference
    ("size", 5),  # of the body
    ("climb", 1),  # metres up per metre ahead
    ("ground", len(GROUND_AHEAD_M)),  # height of the walkway against the line of climb
    ("load", len(SIDES)),  # on each foot, in body weights
)
OBSERVATION_SIZE = sum(size for _, size in LAYOUT)
WEIGHT_LIMIT = 3.0  # body weights: an impact must not dominate the rest


def columns(name: str) -> slice:
    """Columns of a named part. Raises KeyError for an unknown name."""
    start = 0
    for part, size in LAYOUT:
        if part == name:
            return slice(start, start + size)
        start += size
    raise KeyError(name)


@dataclass(frozen=True, slots=True, eq=False)
class ObservationInputs:
    """The time-varying parts in SI units. Axis: N walkers."""

    height: FloatArray  # (N,) pelvis above the walkway over its mean in the reference
    rotation: FloatArray  # (N, 3, 3) of the pelvis
    velocity_m_s: FloatArray  # (N, 3) of the pelvis, world
    spin_rad_s: FloatArray  # (N, 3) in the pelvis frame
    angle_rad: FloatArray  # (N, 14)
    angular_velocity_rad_s: FloatArray  # (N, 14)
    phase: FloatArray  # (N,) in turns
    drift_m: FloatArray  # (N,)
    soon_rad: FloatArray  # (N, 14)
    ahead_rad: FloatArray  # (N, 14)
    speed_m_s: FloatArray  # (N,)
    period_s: FloatArray  # (N,)
    climb: FloatArray  # (N,)
    ground_m: FloatArray  # (N, 6)
    load_n: FloatArray  # (N, 2)


class ObservationEncoder:
    """Scales and arranges the policy's observation; holds the constant part of each walker."""

    def __init__(self, bodies: Sequence[BodyParameters]) -> None:
        self._weight_n = np.array([GRAVITY_M_S2 * body.mass_kg for body in bodies])
        sizes = np.array([_sizes(body) for body in bodies]) - 1.0
        self._constant: Float32Array = np.zeros((len(bodies), OBSERVATION_SIZE), np.float32)
        self._constant[:, columns("size")] = sizes

    def encode(self, inputs: ObservationInputs) -> Float32Array:
        """(N, OBSERVATION_SIZE), a new array."""
        turn = 2 * np.pi * inputs.phase
        observation = self._constant.copy()
        moving = (
            inputs.height[:, None] - 1.0,
            inputs.rotation[:, 2],
            inputs.rotation[:, 1],
            np.einsum("nij,ni->nj", inputs.rotation, inputs.velocity_m_s),
            0.2 * inputs.spin_rad_s,
            inputs.angle_rad,
            0.1 * inputs.angular_velocity_rad_s,
            np.stack([np.sin(turn), np.cos(turn), inputs.drift_m], axis=1),
            inputs.soon_rad,
            inputs.ahead_rad,
            np.stack([inputs.speed_m_s, inputs.period_s], axis=1),
        )
        observation[:, : columns("size").start] = np.concatenate(moving, axis=1)
        observation[:, columns("climb")] = inputs.climb[:, None]
        observation[:, columns("ground")] = inputs.ground_m
        observation[:, columns("load")] = np.minimum(inputs.load_n / self._weight_n[:, None], WEIGHT_LIMIT)
        return observation


def _sizes(body: BodyParameters) -> tuple[float, ...]:
    """Height, mass, thigh, shank and foot against the generic body."""
    return (
        body.height_m / GENERIC_BODY.height_m,
        body.mass_kg / GENERIC_BODY.mass_kg,
        body.scale.thigh,
        body.scale.shank,
        body.scale.foot,
    )
