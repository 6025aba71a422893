"""Impairments of gait, each with a severity from 0 (absent) to 1 (severe)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.muscles import MuscleGroup


class ImpairmentKind(StrEnum):
    WEAKNESS = "weakness"  # of a muscle group: 1 leaves a tenth of its strength
    STIFFNESS = "stiffness"  # of a joint: a passive spring and damper
    LIMITED_RANGE = "limited range"  # of a joint: the end of its range moves towards the middle
    SPASTICITY = "spasticity"  # of a muscle group: a reflex that grows with the speed of stretch
    DELAY = "delay"  # of both legs' reactions
    PAIN = "pain"  # of a leg under load: it is loaded less and shorter


OCCASIONAL_KINDS = frozenset({ImpairmentKind.WEAKNESS, ImpairmentKind.STIFFNESS, ImpairmentKind.SPASTICITY})
"""Kinds that can come in some strides only."""


@dataclass(frozen=True, slots=True)
class Impairment:
    """One impairment. Weakness and spasticity name a group, stiffness and limited range a sagittal joint."""

    kind: ImpairmentKind
    severity: float
    side: Side | None = None  # None only for delay
    group: MuscleGroup | None = None
    joint: JointKind | None = None
    occasional: bool = False  # drawn anew for every stride, between absent and `severity`

    def __post_init__(self) -> None:
        if not 0.0 <= self.severity <= 1.0:
            raise ValueError(f"severity {self.severity:g} is not between 0 and 1")
        if self.slot not in SLOTS:
            raise ValueError(f"{self.kind.value} cannot be of {self.side}, {self.group}, {self.joint}")
        if self.occasional and self.kind not in OCCASIONAL_KINDS:
            raise ValueError(f"{self.kind.value} cannot come in some strides only")

    @property
    def slot(self) -> Slot:
        return Slot(self.kind, self.side, self.group, self.joint)

    @property
    def words(self) -> str:
        """ "weakness, left hip flexors 0.4", and whether it comes in some strides only."""
        return f"{self.slot.label.lower()} {self.severity:g}{' in some strides' if self.occasional else ''}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slider: everything of an impairment but its severity."""

    kind: ImpairmentKind
    side: Side | None = None
    group: MuscleGroup | None = None
    joint: JointKind | None = None

    @property
    def label(self) -> str:
        """For a clinician: "Weakness, left dorsiflexors"."""
        joint = self.joint.label.split()[0].lower() if self.joint is not None else None
        where = " ".join(word for word in (self.side, self.group, joint) if word is not None)
        return f"{self.kind.capitalize()}, {where}" if where else self.kind.capitalize()


SLOTS: tuple[Slot, ...] = (
    *(
        Slot(kind, side, group=group)
        for kind in (ImpairmentKind.WEAKNESS, ImpairmentKind.SPASTICITY)
        for side in SIDES
        for group in MuscleGroup
    ),
    *(
        Slot(kind, side, joint=joint)
        for kind in (ImpairmentKind.STIFFNESS, ImpairmentKind.LIMITED_RANGE)
        for side in SIDES
        for joint in SAGITTAL
    ),
    *(Slot(ImpairmentKind.PAIN, side) for side in SIDES),
    Slot(ImpairmentKind.DELAY),
)
"""All sliders; the order of every severity axis."""


def severities(impairments: tuple[Impairment, ...]) -> FloatArray:
    """Severity of every slot (len(SLOTS),); the worst counts where one is named twice."""
    value = np.zeros(len(SLOTS))
    for impairment in impairments:
        place = SLOTS.index(impairment.slot)
        value[place] = max(value[place], impairment.severity)
    return value
