"""Whether a twin walks like the patient: by distance and by shape, on average and at its worst joint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.body import SAGITTAL, SIDES
from core.domain.motion import Motion
from core.domain.rollout import Rollout
from core.gait.similarity import CLOSE_RMSE_DEG, compare_cycles

CLOSE_R = 0.9  # from here on the shape of the curves is the patient's own
FAR_JOINT_DEG, FAR_JOINT_R = 10.0, 0.7  # one joint that is further off is seen on the screen


@dataclass(frozen=True, slots=True)
class Closeness:
    """Means over joints and sides; NaN where nothing can be compared."""

    correlation: float
    rmse_deg: float

    @property
    def known(self) -> bool:
        return math.isfinite(self.correlation) and math.isfinite(self.rmse_deg)

    @property
    def close(self) -> bool:
        return self.correlation >= CLOSE_R and self.rmse_deg <= CLOSE_RMSE_DEG

    @property
    def words(self) -> str:
        """`mean r 0.94, 4.2°`."""
        return f"mean r {self.correlation:.2f}, {self.rmse_deg:.1f}°"


@dataclass(frozen=True, slots=True)
class JointCloseness:
    """How closely one joint of one side follows."""

    joint: str  # "left ankle"
    correlation: float
    rmse_deg: float

    @property
    def far(self) -> bool:
        return self.rmse_deg > FAR_JOINT_DEG or self.correlation < FAR_JOINT_R

    @property
    def words(self) -> str:
        """`left ankle (r 0.87, 14°)`."""
        return f"{self.joint} (r {self.correlation:.2f}, {self.rmse_deg:.0f}°)"


def mean_closeness(joints: Sequence[JointCloseness]) -> Closeness:
    return Closeness(
        _mean([joint.correlation for joint in joints]), _mean([joint.rmse_deg for joint in joints])
    )


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else float("nan")


def joints_against(twin: Rollout | None, measured: Motion | None) -> tuple[JointCloseness, ...]:
    """Hip, knee and ankle of both sides; none where there is nothing to compare."""
    if twin is None or measured is None:
        return ()
    found = []
    for side, own, theirs in zip(SIDES, measured.cycles, twin.cycles, strict=True):
        same = compare_cycles(own, theirs)
        found += [
            JointCloseness(
                f"{side.value} {kind.place}", same[kind].correlation, math.degrees(same[kind].rmse_rad)
            )
            for kind in SAGITTAL
        ]
    return tuple(found)


def twin_verdict(twin: Rollout | None, joints: Sequence[JointCloseness]) -> tuple[str, bool]:
    """Whether the twin walks like the patient, and whether that is worth a warning."""
    if twin is not None and twin.fell_at_s is not None:
        cause = f" ({twin.fall_cause})" if twin.fall_cause else ""
        return f"The twin fell after {twin.fell_at_s:.1f} s{cause}. Teach it for longer.", True
    closeness = mean_closeness(joints)
    if not closeness.known:
        return "The twin walks, but it cannot be compared with the measured gait.", True
    if not closeness.close:
        return f"The twin walks, but not yet like the patient ({closeness.words}).", True
    far = [joint for joint in joints if joint.far]
    if far:
        worst = max(far, key=lambda joint: joint.rmse_deg)
        return f"The twin walks like the patient ({closeness.words}) but for the {worst.words}.", True
    return f"The twin walks like the patient ({closeness.words}).", False
