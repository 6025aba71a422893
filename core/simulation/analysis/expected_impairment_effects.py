"""How each impairment changes a gait, as clinicians expect it: what a twin is held against."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.body import JointKind
from core.domain.impairment import ImpairmentKind, Slot
from core.domain.muscles import MuscleGroup
from core.simulation.analysis.gait_features import GaitFeatures

_PERRY = "Perry & Burnfield 2010, Gait Analysis"
_JANSEN = "Jansen et al. 2014, J NeuroEng Rehabil 11:78"
_WHITTLE = "Whittle 2007, Gait Analysis, pathological gait"


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """One claim: with this impairment a feature of the same side becomes larger (+1) or smaller (-1)."""

    kind: ImpairmentKind
    where: MuscleGroup | JointKind | None  # None for pain
    feature: str  # field of SideFeatures, or of GaitFeatures
    direction: int
    meaning: str  # as a clinician says it
    source: str
    whole_walk: bool = False  # the feature is one of GaitFeatures

    def concerns(self, slot: Slot) -> bool:
        return slot.kind is self.kind and self.where in (slot.group, slot.joint)

    def change(self, healthy: GaitFeatures, impaired: GaitFeatures, slot: Slot) -> float:
        """By how much the feature moved the expected way; negative is the wrong way."""
        side = None if self.whole_walk else slot.side
        return self.direction * (impaired.of(self.feature, side) - healthy.of(self.feature, side))


_K, _G, _J = ImpairmentKind, MuscleGroup, JointKind
EXPECTED_CHANGES: tuple[ExpectedChange, ...] = (
    ExpectedChange(_K.WEAKNESS, _G.DORSIFLEXORS, "toe_clearance_m", -1, "toes clear the floor less", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.DORSIFLEXORS, "ankle_swing_rad", -1, "the foot drops in swing", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.DORSIFLEXORS, "hip_mid_swing_rad", 1, "steppage: hip lifted", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.DORSIFLEXORS, "knee_mid_swing_rad", 1, "steppage: knee bent", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.PLANTARFLEXORS, "ankle_push_off_rad", -1, "less push-off", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.PLANTARFLEXORS, "ankle_stance_peak_rad", 1, "shank falls forward", _PERRY),
    ExpectedChange(
        _K.WEAKNESS, _G.HIP_ABDUCTORS, "pelvis_drop_rad", 1, "Trendelenburg: pelvis drops", _PERRY
    ),
    ExpectedChange(_K.WEAKNESS, _G.HIP_FLEXORS, "hip_flexion_peak_rad", -1, "thigh swings less", _PERRY),
    ExpectedChange(_K.WEAKNESS, _G.HIP_FLEXORS, "speed_m_s", -1, "slower", _PERRY, whole_walk=True),
    ExpectedChange(
        _K.WEAKNESS, _G.HIP_EXTENSORS, "forward_lean_rad", -1, "trunk back", _PERRY, whole_walk=True
    ),
    ExpectedChange(_K.WEAKNESS, _G.HAMSTRINGS, "knee_contact_rad", -1, "shank swings out unbraked", _PERRY),
    ExpectedChange(
        _K.SPASTICITY, _G.PLANTARFLEXORS, "ankle_stance_peak_rad", -1, "equinus in stance", _JANSEN
    ),
    ExpectedChange(_K.SPASTICITY, _G.PLANTARFLEXORS, "ankle_swing_rad", -1, "equinus in swing", _JANSEN),
    ExpectedChange(_K.SPASTICITY, _G.KNEE_EXTENSORS, "knee_swing_peak_rad", -1, "stiff-knee gait", _JANSEN),
    ExpectedChange(_K.SPASTICITY, _G.HAMSTRINGS, "knee_contact_rad", 1, "crouch at contact", _WHITTLE),
    ExpectedChange(_K.STIFFNESS, _J.KNEE, "knee_swing_peak_rad", -1, "stiff-knee gait", _PERRY),
    ExpectedChange(_K.STIFFNESS, _J.HIP_FLEXION, "hip_flexion_peak_rad", -1, "thigh swings less", _WHITTLE),
    ExpectedChange(_K.STIFFNESS, _J.ANKLE, "ankle_push_off_rad", -1, "less push-off", _WHITTLE),
    ExpectedChange(_K.LIMITED_RANGE, _J.KNEE, "knee_swing_peak_rad", -1, "knee bends less", _PERRY),
    ExpectedChange(_K.LIMITED_RANGE, _J.HIP_FLEXION, "hip_extension_peak_rad", -1, "no extension", _PERRY),
    ExpectedChange(_K.LIMITED_RANGE, _J.ANKLE, "ankle_stance_peak_rad", -1, "equinus in stance", _PERRY),
    ExpectedChange(_K.PAIN, None, "stance_fraction", -1, "antalgic: short stance", _WHITTLE),
)
"""For a twin that was asked for its healthy stride. Weak knee extensors and adductors, the other spastic
groups and delay are not listed: the literature gives them no single direction, or one that only compensation
shows."""


def expected_of(slot: Slot) -> tuple[ExpectedChange, ...]:
    """What is expected of one slider."""
    return tuple(expected for expected in EXPECTED_CHANGES if expected.concerns(slot))
