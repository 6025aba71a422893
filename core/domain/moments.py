"""Hip moments that were estimated from the motion alone, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.arrays import FloatArray, frozen
from core.domain.body import SIDES, JointKind, Side
from core.domain.findings import Finding
from core.domain.motion import CYCLE_POINTS

MOMENT_PLANES = (JointKind.HIP_FLEXION, JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION)
"""Sagittal, coronal, transverse: the order of every plane axis."""
BASIS = "MOM-003"  # the finding that says what the moments are and how far they were wrong
ONE_PLANE = "MOM-004"  # the finding that says that one camera saw the walk
STAGES = (
    "initial contact",
    "loading response",
    "mid stance",
    "terminal stance",
    "pre-swing",
    "swing",
)


@dataclass(frozen=True, slots=True)
class StageWeights:
    """In one plane and one stage of the stride: how much two estimates count."""

    plane: int  # in `MOMENT_PLANES`
    stage: int  # in `STAGES`
    names: tuple[str, str]
    weights: tuple[float, float]
    accuracy: float  # R = c (1 - E_r) on the people by whom the weights were found


@dataclass(frozen=True, slots=True, eq=False)
class EstimatedCycles:
    """One side per gait cycle. Axes: N strides, 101 points, 3 planes."""

    side: Side
    moment_nm_kg: FloatArray  # (N, 101, 3) the fusion
    by_source: dict[str, FloatArray]  # (N, 101, 3) by the name of what was weighed

    def __post_init__(self) -> None:
        strides = len(self.moment_nm_kg)
        frozen(self, "moment_nm_kg", (strides, CYCLE_POINTS, len(MOMENT_PLANES)))


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Hip moments without force plates. Internal, with the sign of the angle: flexion, adduction, inwards."""

    cycles: tuple[EstimatedCycles, EstimatedCycles]  # in the order of SIDES
    weights: tuple[StageWeights, ...]
    error_nm_kg: FloatArray  # (101, 3) root mean square error on real people it was never trained on
    model: str  # which model found them, by the name in its card
    judged_on: str  # whose measured moments `error_nm_kg` is from
    findings: tuple[Finding, ...]
    synthetic: bool = False

    def __post_init__(self) -> None:
        assert len(self.cycles) == len(SIDES)
        frozen(self, "error_nm_kg", (CYCLE_POINTS, len(MOMENT_PLANES)))

    @property
    def planes(self) -> tuple[JointKind, ...]:
        """Those that may be shown, the first of `MOMENT_PLANES`: one camera tells the sagittal one only."""
        one = any(finding.advice.code == ONE_PLANE for finding in self.findings)
        return MOMENT_PLANES[:1] if one else MOMENT_PLANES
