"""Forces and joint moments of a recorded walk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JOINTS, SIDES, Joint, JointKind, Side
from core.domain.findings import Finding
from core.domain.motion import CYCLE_POINTS


class ForceSource(StrEnum):
    """Where the ground reaction comes from."""

    PLATES = "force plates"
    ESTIMATED = "estimated from the motion"


@dataclass(frozen=True, slots=True)
class JointWork:
    """Work of one joint over a stride, mean over the strides that can be trusted."""

    joint: Joint
    positive_j_kg: float
    negative_j_kg: float  # negative or zero


@dataclass(frozen=True, slots=True, eq=False)
class KineticCycles:
    """One side per gait cycle. Axes: N strides whose forces are known throughout, 101 points, 7 joints."""

    side: Side
    moment_nm_kg: FloatArray  # (N, 101, 7)
    power_w_kg: FloatArray  # (N, 101, 7)
    force_bw: FloatArray  # (N, 101, 3) ground on this foot: forward, to the person's left, up
    exo_moment_nm_kg: FloatArray | None = None  # (N, 101, 7) of a worn exo, not in `moment_nm_kg`

    def __post_init__(self) -> None:
        strides = len(self.moment_nm_kg)
        frozen(self, "moment_nm_kg", (strides, CYCLE_POINTS, len(JointKind)))
        frozen(self, "power_w_kg", (strides, CYCLE_POINTS, len(JointKind)))
        frozen(self, "force_bw", (strides, CYCLE_POINTS, 3))
        if self.exo_moment_nm_kg is not None:
            frozen(self, "exo_moment_nm_kg", (strides, CYCLE_POINTS, len(JointKind)))


@dataclass(frozen=True, slots=True, eq=False)
class TwinForces:
    """What a simulated floor gave a twin of the person that tracks the motion. Axes as in `Kinetics`."""

    force_n: FloatArray  # (T, S, 3) on each foot; NaN where not known
    aid_force_n: FloatArray  # (T, 3) of a spring at the pelvis, which nobody has
    aid_moment_nm: FloatArray  # (T, 3)
    cycle_bw: tuple[FloatArray, FloatArray]  # (N, 101, 3) of either side, as `KineticCycles.force_bw`

    def __post_init__(self) -> None:
        frames = len(self.force_n)
        frozen(self, "force_n", (frames, len(SIDES), 3))
        frozen(self, "aid_force_n", (frames, 3))
        frozen(self, "aid_moment_nm", (frames, 3))


@dataclass(frozen=True, slots=True, eq=False)
class Kinetics:
    """Axes: T frames of the motion, J = 14 joints as in `JOINTS`, S = 2 sides. World axes as in `Kinematics`.

    Moments are internal: what muscles and ligaments do. Their sign is that of the angle: flexion and
    dorsiflexion positive.
    """

    time_s: FloatArray  # (T,)
    moment_nm: FloatArray  # (T, J); NaN where the force on a foot is not known
    power_w: FloatArray  # (T, J)
    force_n: FloatArray  # (T, S, 3) the ground on each foot; NaN where not known
    pressure_m: FloatArray  # (T, S, 3); NaN where the foot is in the air or the force is not known
    free_moment_nm: FloatArray  # (T, S)
    residual_force_n: FloatArray  # (T, 3) at the pelvis: what the measurement leaves unexplained
    residual_moment_nm: FloatArray  # (T, 3)
    source: ForceSource
    mass_kg: float
    cycles: tuple[KineticCycles, KineticCycles]  # in the order of SIDES
    work: tuple[JointWork, ...]
    exo_moment_nm: FloatArray | None  # (T, J) of a worn exo, already taken off the moments; NaN: not told
    findings: tuple[Finding, ...]
    synthetic: bool = False
    twin: TwinForces | None = None  # beside estimated forces; none in records of earlier versions
    net_moment_nm: FloatArray | None = None  # (T, J) of person and exo together; None without an exo
    exo_words: str = ""  # whose log was accounted for, and which mass

    def __post_init__(self) -> None:
        frames, joints, sides = len(self.time_s), len(JOINTS), len(SIDES)
        frozen(self, "time_s", (frames,))
        frozen(self, "moment_nm", (frames, joints))
        frozen(self, "power_w", (frames, joints))
        frozen(self, "force_n", (frames, sides, 3))
        frozen(self, "pressure_m", (frames, sides, 3))
        frozen(self, "free_moment_nm", (frames, sides))
        frozen(self, "residual_force_n", (frames, 3))
        frozen(self, "residual_moment_nm", (frames, 3))
        if self.exo_moment_nm is not None:
            frozen(self, "exo_moment_nm", (frames, joints))
        if self.net_moment_nm is not None:
            frozen(self, "net_moment_nm", (frames, joints))
