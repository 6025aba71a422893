"""A trial of a motion laboratory: markers and force plates, already in this program's axes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.arrays import FloatArray, frozen
from core.domain.body import Side
from core.domain.condition import Condition
from core.domain.findings import Finding


class TrialEventKind(StrEnum):
    """What happened, in the words of C3D event groups."""

    FOOT_STRIKE = "foot strike"
    FOOT_OFF = "foot off"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TrialEvent:
    """A foot strike, a foot off or something else that the file marks; `time_s` on the clock of the trial."""

    kind: TrialEventKind
    time_s: float
    side: Side | None = None
    label: str = ""  # as in the file


@dataclass(frozen=True, slots=True, eq=False)
class PlateForces:
    """What the floor does to the person through one force plate. Axes: K samples."""

    name: str
    corner_m: FloatArray  # (4, 3); NaN for the forces of a table, which tells no place
    force_n: FloatArray  # (K, 3)
    pressure_m: FloatArray  # (K, 3) centre of pressure; NaN where nobody stands on the plate
    free_moment_nm: FloatArray  # (K,) about the vertical, up positive

    def __post_init__(self) -> None:
        samples = len(self.force_n)
        frozen(self, "corner_m", (4, 3))
        frozen(self, "force_n", (samples, 3))
        frozen(self, "pressure_m", (samples, 3))
        frozen(self, "free_moment_nm", (samples,))


@dataclass(frozen=True, slots=True, eq=False)
class LaboratoryTrial:
    """Axes: T frames, P markers, K plate samples.

    World axes as in `Kinematics`: z up, the walk mainly towards -y, metres, time from the first frame.
    """

    marker_names: tuple[str, ...]  # P, unique, as in the file; those of the standing trial alone come last
    time_s: FloatArray  # (T,)
    marker_m: FloatArray  # (T, P, 3); NaN where a marker is not in view
    plates: tuple[PlateForces, ...]
    plate_time_s: FloatArray  # (K,); empty without plates
    events: tuple[TrialEvent, ...]
    standing_m: FloatArray | None  # (P, 3) mean of a standing trial; None without one
    source_name: str
    findings: tuple[Finding, ...]
    synthetic: bool = False
    condition: Condition = Condition.NOT_STATED

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "marker_m", (len(self.time_s), len(self.marker_names), 3))
        frozen(self, "plate_time_s", (None,))
        if self.standing_m is not None:
            frozen(self, "standing_m", (len(self.marker_names), 3))
