"""What an exo gave that was worn while a person was recorded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray, frozen
from core.domain.body import Joint
from core.domain.findings import Finding


@dataclass(frozen=True, slots=True, eq=False)
class ExoLog:
    """Axes: T samples, N joints that the exo acts on.

    Torques are what the exo does to the person, flexion, dorsiflexion and adduction positive.
    """

    joints: tuple[Joint, ...]  # N, each once
    time_s: FloatArray  # (T,) strictly increasing, of the log's own clock
    torque_nm: FloatArray  # (T, N); NaN where the log has no number
    offset_s: float  # added to the log's time gives the motion's
    device_id: str  # of a known exo, whose mass is carried; empty where it is not known
    source_name: str
    findings: tuple[Finding, ...]
    slow_motion: float = 1.0  # of the film, as it held for the motion in whose time the offset counts
    synthetic: bool = False

    def __post_init__(self) -> None:
        frozen(self, "time_s", (None,))
        frozen(self, "torque_nm", (len(self.time_s), len(self.joints)))
        assert len(set(self.joints)) == len(self.joints) and (np.diff(self.time_s) > 0.0).all()
