"""What is known of a person's gait with one controller: the exo gives nothing to motion far outside it.

`SensedWalks` are the walks it is taken from; `GaitEnvelope` are its numbers, as a package carries and the exo
reads them (`exo_envelope` in core/exo_core/src/exo_safety.h).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from core.domain.arrays import BoolArray, FloatArray, IntArray, frozen
from core.domain.body import SIDES, JointKind

Sides = tuple[float, float]  # in the order of SIDES

# What the exo adds to the numbers before it acts; the numbers of exo_safety_gait.c.
RANGE_MARGIN_RAD = math.radians(15.0)  # S6, at a hip
RANGE_MARGIN_ANKLE_RAD = math.radians(10.0)
STRIDE_DEVIATION = 0.5  # S7, a fraction of the reference


@dataclass(frozen=True, slots=True, eq=False)
class SensedWalks:
    """Walks of one person with one controller, as the exo's sensors read them.

    Axes: T ticks of the exo, N walkers, 2 sides (order of SIDES). Each walker belongs to one activity.
    """

    rate_hz: float
    angle_rad: FloatArray  # (T, N, 2) of the joint that the exo turns, flexion or dorsiflexion positive
    velocity_rad_s: FloatArray  # (T, N, 2)
    torque_nm: FloatArray  # (T, N, 2) of the exo
    counted: BoolArray  # (T, N) neither just after a start nor shortly before a fall
    activity: IntArray  # (N,) the same number for the same speed, ground, start and stop
    taught_low_rad: FloatArray  # (N, 2) smallest and largest angle of the stride that they follow,
    taught_high_rad: FloatArray  # (N, 2) which is the person's own
    # Ankles only: how fast the shank turns, its lower end forward (T, N, 2). Strides are found by it, because
    # an ankle has two peaks a stride.
    shank_rad_s: FloatArray | None = None

    def __post_init__(self) -> None:
        walkers = len(self.activity)
        shank = () if self.shank_rad_s is None else ("shank_rad_s",)
        for name in ("angle_rad", "velocity_rad_s", "torque_nm", *shank):
            frozen(self, name, (len(self.counted), walkers, len(SIDES)))
        frozen(self, "counted", (None, walkers), np.bool_)
        frozen(self, "activity", (walkers,), np.int64)
        for name in ("taught_low_rad", "taught_high_rad"):
            frozen(self, name, (walkers, len(SIDES)))


@dataclass(frozen=True, slots=True)
class GaitEnvelope:
    """The ranges of a person's gait with one controller; S4, S6, S7 and S13 of the exo's safety table.

    Raises ValueError where a number is not finite or a range is upside down.
    """

    rom_low_rad: Sides  # of the joint: beyond it by 15 degrees (ankle: 10) that side gets nothing (S6)
    rom_high_rad: Sides
    stride_low_rad: Sides  # range of a usual stride: the smallest and the largest of all activities (S7)
    stride_high_rad: Sides
    power_low_w: float  # mean power of a stride: three outside end the assistance (S4)
    power_high_w: float
    angle_low_rad: float  # what the network saw: beyond it by a fifth the assistance fades (S13)
    angle_high_rad: float
    speed_low_rad_s: float
    speed_high_rad_s: float

    def __post_init__(self) -> None:
        numbers = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, low in numbers.items():
            if "_low_" not in name:
                continue
            high = numbers[name.replace("_low_", "_high_")]
            pairs = zip(low, high, strict=True) if isinstance(low, tuple) else [(low, high)]
            if not all(math.isfinite(a) and math.isfinite(b) and a <= b for a, b in pairs):
                raise ValueError(f"{name} and its upper end are no range: {low}, {high}")

    def sentence(self, hip_range_rad: float, joint: JointKind = JointKind.HIP_FLEXION) -> str:
        """When the exo gives nothing, for a clinician.

        `hip_range_rad` is the limit of its controller, whichever the joint is that it turns.
        """
        ankle = joint is JointKind.ANKLE
        margin_rad = RANGE_MARGIN_ANKLE_RAD if ankle else RANGE_MARGIN_RAD
        left, right = (
            f"{degrees_text(max(low - margin_rad, -hip_range_rad))} to "
            f"{degrees_text(min(high + margin_rad, hip_range_rad))}"
            for low, high in zip(self.rom_low_rad, self.rom_high_rad, strict=True)
        )
        both = left if left == right else f"{left} (left) and {right} (right)"
        turned = "ankle dorsiflexion" if ankle else "thigh flexion"
        return (
            f"No torque outside {both} of {turned}, nor once two strides in a row are less than half, "
            "or more than one and a half times, as large as in training."
        )


def degrees_text(angle_rad: float) -> str:
    return f"{math.degrees(angle_rad):.0f}°".replace("-", "\u2212")


# As wide as the exo's firmware has it: of a controller that is made for nobody.
NOBODYS_GAIT = GaitEnvelope(
    rom_low_rad=(-4.0, -4.0),
    rom_high_rad=(4.0, 4.0),
    stride_low_rad=(0.0, 0.0),
    stride_high_rad=(4.0, 4.0),
    power_low_w=-10.0,
    power_high_w=80.0,
    angle_low_rad=-3.5,
    angle_high_rad=3.5,
    speed_low_rad_s=-35.0,
    speed_high_rad_s=35.0,
)
