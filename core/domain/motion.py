"""A person's measured movement: joint angles, events, strides, gait measures and findings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import JOINTS, JointKind, Side
from core.domain.clock import AS_FAST_AS_LIFE, FilmClock
from core.domain.findings import Finding
from core.domain.gait_events import EventEdit, WayWalked
from core.domain.sides_doubt import MAX_EXCHANGED_FRACTION, SIDES_IN_DOUBT, SideEvidence

CYCLE_POINTS = 101  # 0..100 % of the gait cycle
BACKWARDS, NO_WALK, NO_STRIDE = "MOT-071", "MOT-072", "MOT-010"  # findings on a motion without a gait cycle
EVENTS_EDITED = "MOT-117"  # the finding that names who changed gait events
BELT_SPEEDS_M_S = (0.1, 6.0)  # of treadmills: slowest training of patients, runners


@dataclass(frozen=True, slots=True, eq=False)
class Kinematics:
    """Joint motion of one trial. Axes: T frames, J = 14 joints in the order of `JOINTS`.

    World axes as in the body model: z up, walking towards -y, x to the person's left.
    """

    time_s: FloatArray  # (T,) strictly increasing
    angle_rad: FloatArray  # (T, J) flexion and dorsiflexion positive; NaN where not seen
    pelvis_position_m: FloatArray  # (T, 3)
    pelvis_quaternion: FloatArray  # (T, 4) w x y z; identity when upright and facing -y
    spread_rad: FloatArray | None = None  # (T, J) standard deviation of the angles; None in earlier versions
    trunk_rad: FloatArray | None = None
    """(T, 3) of the trunk against the pelvis: extension, bending to the right, turning to the left. None
    where cameras saw the walk, and where no markers were on both shoulders."""

    def __post_init__(self) -> None:
        frames = len(np.asarray(self.time_s))
        frozen(self, "time_s", (frames,))
        frozen(self, "angle_rad", (frames, len(JOINTS)))
        frozen(self, "pelvis_position_m", (frames, 3))
        frozen(self, "pelvis_quaternion", (frames, 4))
        if self.spread_rad is not None:
            frozen(self, "spread_rad", (frames, len(JOINTS)))
        if self.trunk_rad is not None:
            frozen(self, "trunk_rad", (frames, 3))


@dataclass(frozen=True, slots=True)
class Stride:
    """From one heel strike to the next of the same foot."""

    side: Side
    start_s: float
    toe_off_s: float
    end_s: float


def stride_words(left: int, right: int) -> str:
    """How many of either side: "1 left and 1 right stride"."""
    return f"{left} left and {right} right stride{'' if right == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation over strides."""

    mean: float
    sd: float


NOT_MEASURED = Spread(float("nan"), float("nan"))  # also by earlier versions


@dataclass(frozen=True, slots=True)
class SideMeasures:
    side: Side
    strides: int
    step_length_m: Spread
    stride_time_s: Spread
    stance_fraction: Spread
    double_support_fraction: Spread = NOT_MEASURED  # of the stride: both feet on the ground


@dataclass(frozen=True, slots=True)
class Spatiotemporal:
    """Gait measures of one trial. `step_width_m` is None when the cameras cannot see it."""

    speed_m_s: float
    cadence_steps_min: float
    step_width_m: float | None
    sides: tuple[SideMeasures, SideMeasures]  # in the order of SIDES
    symmetry: float  # 1 = equal step times and lengths; Robinson's index turned into a fraction
    # Standard deviations; NaN where one stride or step tells none, and in earlier versions.
    speed_sd_m_s: float = float("nan")  # between strides
    cadence_sd_steps_min: float = float("nan")  # between steps
    step_width_sd_m: float = float("nan")  # between steps
    symmetry_sd: float = float("nan")  # of this one number, from the spread of the steps


@dataclass(frozen=True, slots=True, eq=False)
class GaitCycles:
    """Angles of one side per gait cycle. Axes: N strides, 101 points, 7 joints as in `JointKind`."""

    side: Side
    angle_rad: FloatArray  # (N, 101, 7)
    toe_off_fraction: float

    def __post_init__(self) -> None:
        frozen(self, "angle_rad", (None, CYCLE_POINTS, len(JointKind)))


@dataclass(frozen=True, slots=True, eq=False)
class GaitReference:
    """One typical stride as a reference for the twin. Axes: K samples from left heel strike, 14 joints."""

    period_s: float
    speed_m_s: float
    angle_rad: FloatArray  # (K, 14), periodic

    def __post_init__(self) -> None:
        frozen(self, "angle_rad", (None, len(JOINTS)))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The complete result of the Motion step for one recording."""

    kinematics: Kinematics
    strides: tuple[Stride, ...]
    measures: Spatiotemporal
    cycles: tuple[GaitCycles, GaitCycles]  # in the order of SIDES
    reference: GaitReference | None  # None where the person did not walk
    segment_length_m: dict[str, float]  # measured: "thigh", "shank", "foot", "pelvis_width", "trunk"
    residual_m: float  # root mean square distance of model and observed landmarks after the fit
    sagittal_only: bool  # True for a single camera
    swapped_fraction: float  # fraction of frames whose left and right legs were exchanged
    findings: tuple[Finding, ...]
    synthetic: bool = False
    sides_by: str = ""  # the person who confirmed the sides before solving; empty without a confirmation
    leg_exchanges: tuple[FloatArray, ...] = ()
    """Per camera (T, 2): 1 where knees, feet have other sides than the detector gave them, before any swap
    throughout. Empty in motions of earlier versions."""
    side_evidence: SideEvidence | None = None  # what speaks for the sides; None in earlier versions
    belt_speed_m_s: float | None = None  # of a treadmill, given or found from the feet; None over ground
    clock: FilmClock = AS_FAST_AS_LIFE  # all times here are the film's, divided by its slow motion
    cameras_used: tuple[int, ...] = ()
    """Numbers of the patient's tracks that the motion was measured from; the first one gave the times. Empty
    in motions of earlier versions."""
    marker_set: str = ""  # of the laboratory trial that the motion was measured from; empty: cameras
    ways: tuple[WayWalked, ...] = ()  # with the events as found; empty in motions of earlier versions
    edits: tuple[EventEdit, ...] = ()  # of the events by people, oldest first; the last one holds

    @property
    def edited(self) -> bool:
        """Whether a person's events hold, and not those that were found."""
        return bool(self.edits and self.edits[-1].events)

    @property
    def without_walk(self) -> bool:
        """Whether there are angles over time only: nobody walked a complete stride forward."""
        return self.reference is None

    @property
    def sides_in_doubt(self) -> bool:
        """Whether a person must confirm left and right; motions of earlier versions lack the finding."""
        in_doubt = any(finding.advice.code == SIDES_IN_DOUBT for finding in self.findings)
        return in_doubt or (self.swapped_fraction > MAX_EXCHANGED_FRACTION and not self.sides_by)
