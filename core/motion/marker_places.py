"""Places on the body where laboratories put markers, and the bones that carry them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.body import Side


class Place(StrEnum):
    """The values are the names in resources/marker_sets.toml."""

    ASIS = "asis"  # front of the iliac crest
    PSIS = "psis"  # its back
    SACRUM = "sacrum"  # between the two at the back
    LOWER_SACRUM = "lower_sacrum"  # below them, nobody knows how far
    ILIAC_CREST = "iliac_crest"
    TROCHANTER = "trochanter"
    THIGH = "thigh"
    KNEE_LATERAL = "knee_lateral"
    KNEE_MEDIAL = "knee_medial"
    FIBULA_HEAD = "fibula_head"
    TIBIAL_TUBEROSITY = "tibial_tuberosity"
    SHANK = "shank"
    ANKLE_LATERAL = "ankle_lateral"
    ANKLE_MEDIAL = "ankle_medial"
    HEEL = "heel"
    TOE = "toe"  # head of the second metatarsal
    FIRST_METATARSAL = "first_metatarsal"
    FIFTH_METATARSAL = "fifth_metatarsal"
    FOOT = "foot"
    TOE_TIP = "toe_tip"  # it moves with the toes
    C7 = "c7"
    T10 = "t10"
    JUGULAR = "jugular"  # notch above the sternum
    XIPHOID = "xiphoid"  # lower end of the sternum
    SHOULDER = "shoulder"
    BACK = "back"  # elsewhere on the trunk
    ASIDE = "aside"  # head, arms and hands

    @property
    def words(self) -> str:
        return _WORDS.get(self, self.value.replace("_", " "))


_WORDS = {Place.ASIS: "front of the pelvis", Place.PSIS: "back of the pelvis", Place.C7: "neck"}

_PELVIS = (Place.ASIS, Place.PSIS, Place.SACRUM, Place.LOWER_SACRUM, Place.ILIAC_CREST)
_THIGH = (Place.TROCHANTER, Place.THIGH, Place.KNEE_LATERAL, Place.KNEE_MEDIAL)
_SHANK = (
    Place.FIBULA_HEAD,
    Place.TIBIAL_TUBEROSITY,
    Place.SHANK,
    Place.ANKLE_LATERAL,
    Place.ANKLE_MEDIAL,
)
_FOOT = (Place.HEEL, Place.TOE, Place.FIRST_METATARSAL, Place.FIFTH_METATARSAL, Place.FOOT)
_TRUNK = (Place.C7, Place.T10, Place.JUGULAR, Place.XIPHOID, Place.SHOULDER, Place.BACK)
_BONE = {
    **dict.fromkeys(_PELVIS, "pelvis"),
    **dict.fromkeys(_TRUNK, "torso"),
    **dict.fromkeys(_THIGH, "femur"),
    **dict.fromkeys(_SHANK, "tibia"),
    **dict.fromkeys(_FOOT, "calcn"),
}


@dataclass(frozen=True, slots=True)
class MarkerRole:
    """What one marker stands for."""

    place: Place
    side: Side | None = None  # None in the middle of the body

    @property
    def bone(self) -> str | None:
        """The model's bone that carries it; None where no bone of the model does."""
        bone = _BONE.get(self.place)
        if bone is None or bone in ("pelvis", "torso"):
            return bone
        return None if self.side is None else f"{bone}_{self.side.suffix}"
