"""Impairments that come in some strides only: drawn anew for every stride of their leg.

A draw is even between absent and the impairment's severity.

As in a patient whose stiffness varies from stride to stride. Stiffness is a spring and damper of the walker's
own model, whose numbers change; weakness and spasticity change what the actuation commands. A stride of the
left leg begins at phase 0, one of the right leg at its heel strike.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import SIDES, Joint
from core.domain.impairment import ImpairmentKind, Slot
from core.domain.muscles import MuscleGroup
from core.domain.twin import BodyParameters
from core.twin.impairments import (
    STIFF_DAMPING_S,
    WEAKEST_FRACTION,
    fractions_of,
    severity,
    stiff_spring_nm_rad,
)

_STREAM = 0x0CCA  # its random numbers are no others of the environment
_GROUPS = tuple(MuscleGroup)


@dataclass(frozen=True, slots=True, eq=False)
class _Spring:
    """A joint whose stiffness varies, in one model that stands for a walker."""

    model: Any
    entry: int  # number of its impairment
    joint: int
    dof: int
    own_nm_rad: float  # of the model without it
    own_nm_s_rad: float
    most_nm_rad: float  # at severity 1
    always: float  # severity that the model has in every stride

    def set(self, severity: float) -> None:
        """The worse of this severity and the one that is always there."""
        spring_nm_rad = max(0.0, severity - self.always) * self.most_nm_rad
        self.model.jnt_stiffness[self.joint] = self.own_nm_rad + spring_nm_rad
        self.model.dof_damping[self.dof] = self.own_nm_s_rad + STIFF_DAMPING_S * spring_nm_rad


class OccasionalImpairments:
    """Of N walkers. Axis: E impairments of all of them. Same seed, same steps: same severities."""

    def __init__(self, bodies: Sequence[BodyParameters], models: Sequence[Any], seed: int) -> None:
        self._entries = [
            (row, one) for row, body in enumerate(bodies) for one in body.impairments if one.occasional
        ]
        self._bodies, self._seed, self._draws = bodies, seed, 0
        self._rows = np.array([row for row, _ in self._entries], dtype=np.int64)
        self._sides = np.array(
            [SIDES.index(one.side) for _, one in self._entries if one.side], dtype=np.int64
        )
        groups = [0 if one.group is None else _GROUPS.index(one.group) for _, one in self._entries]
        self._groups = np.array(groups, dtype=np.int64)  # of weakness and spasticity
        self._most = np.array([one.severity for _, one in self._entries])
        self.severity: FloatArray = np.zeros(len(self._entries))  # (E,) of the present strides
        stiff = {row for row, one in self._entries if one.kind is ImpairmentKind.STIFFNESS}
        self.models = [copy.copy(model) if row in stiff else model for row, model in enumerate(models)]
        self._springs: list[_Spring] = []
        self.also_stiffen([(row, model) for row, model in enumerate(self.models) if row in stiff])

    @property
    def any(self) -> bool:
        return bool(self._entries)

    @property
    def of_muscles(self) -> bool:
        """Whether any is weakness or spasticity."""
        return any(one.kind is not ImpairmentKind.STIFFNESS for _, one in self._entries)

    def also_stiffen(self, stand_ins: Sequence[tuple[int, Any]]) -> None:
        """Models that stand in for a walker's own, as (row, model), vary as that does."""
        for row, model in stand_ins:
            self._springs += [
                self._spring(entry, model)
                for entry, (own, one) in enumerate(self._entries)
                if own == row and one.kind is ImpairmentKind.STIFFNESS
            ]

    def draw(self, begins: BoolArray) -> bool:
        """New severities where a stride of a leg begins (N, 2); whether any was drawn."""
        if not self.any:
            return False
        starts = begins[self._rows, self._sides]
        if not starts.any():
            return False
        drawn = np.random.default_rng((self._seed, _STREAM, self._draws)).random(len(starts))
        self._draws += 1
        self.severity = np.where(starts, drawn * self._most, self.severity)
        self._stiffen()
        return True

    def by_group(self, kind: ImpairmentKind, always: FloatArray) -> FloatArray:
        """Present severity of weakness or spasticity (N, 2, 8); `always` is that of every stride."""
        present = always.copy()
        entries = [number for number, (_, one) in enumerate(self._entries) if one.kind is kind]
        rows, sides, groups = self._rows[entries], self._sides[entries], self._groups[entries]
        np.maximum.at(present, (rows, sides, groups), self.severity[entries])
        return present

    def walkers(self, kind: ImpairmentKind) -> BoolArray:
        """Those that have one of this kind (N,)."""
        has = np.zeros(len(self._bodies), dtype=np.bool_)
        has[[row for row, one in self._entries if one.kind is kind]] = True
        return has

    def state_dict(self) -> dict[str, np.ndarray]:
        if not self.any:
            return {}
        return {"severity": self.severity.copy(), "draws": np.array(self._draws)}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        if self.any:
            self.severity, self._draws = np.array(state["severity"]), int(state["draws"])
            self._stiffen()

    def _stiffen(self) -> None:
        for spring in self._springs:
            spring.set(float(self.severity[spring.entry]))

    def _spring(self, entry: int, model: Any) -> _Spring:
        row, one = self._entries[entry]
        assert one.joint is not None and one.side is not None
        number = model.joint(Joint.of(one.joint, one.side).value).id
        dof = model.jnt_dofadr[number]
        model.qpos_spring[model.jnt_qposadr[number]] = 0.0
        return _Spring(
            model,
            entry,
            number,
            dof,
            float(model.jnt_stiffness[number]),
            float(model.dof_damping[dof]),
            stiff_spring_nm_rad(self._bodies[row], 1.0),
            severity(self._bodies[row], one.slot),
        )


class Varying:
    """Remaining torque and spasticity of walkers with weakness or spasticity in some strides only."""

    def __init__(
        self,
        bodies: Sequence[BodyParameters],
        spastic: FloatArray,
        remaining: FloatArray,
        occasional: OccasionalImpairments,
    ) -> None:
        """`spastic` (N, 2, 8) and `remaining` (N, 14, 2) are those of every stride."""
        self._occasional, self._spastic, self._remaining = occasional, spastic, remaining
        slots = [[Slot(ImpairmentKind.WEAKNESS, side, group=group) for group in _GROUPS] for side in SIDES]
        self._weak = np.array(
            [[[severity(body, slot) for slot in side] for side in slots] for body in bodies]
        )
        self.weak_walkers = occasional.walkers(ImpairmentKind.WEAKNESS)
        self.spastic_walkers = occasional.walkers(ImpairmentKind.SPASTICITY)

    def spastic(self) -> FloatArray:
        """(N, 2, 8) in the present strides."""
        return self._occasional.by_group(ImpairmentKind.SPASTICITY, self._spastic)

    def remaining(self) -> FloatArray:
        """(N, 14, 2) in the present strides; walkers whose weakness does not vary keep theirs."""
        weak = self._occasional.by_group(ImpairmentKind.WEAKNESS, self._weak)
        now = fractions_of(WEAKEST_FRACTION**weak)
        present: FloatArray = np.where(self.weak_walkers[:, None, None], now, self._remaining)
        return present


def stride_begins(before: FloatArray, after: FloatArray, right_strike: FloatArray) -> BoolArray:
    """Legs (N, 2) whose stride begins between two phases (N,), the right one at `right_strike` (N,)."""
    starts = np.stack([np.zeros_like(right_strike), right_strike], axis=1)
    begins: BoolArray = np.floor(after[:, None] - starts) > np.floor(before[:, None] - starts)
    return begins
