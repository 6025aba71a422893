"""Names of the sides and joints of the body, as one enum each."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    LEFT = "left"
    RIGHT = "right"

    @property
    def suffix(self) -> str:
        """Ending of model names, `l` or `r`."""
        return self.value[0]

    @property
    def other(self) -> Side:
        return Side.RIGHT if self is Side.LEFT else Side.LEFT


SIDES = (Side.LEFT, Side.RIGHT)  # the order of every side axis


class JointKind(StrEnum):
    """One leg's joints, named as in the musculoskeletal model. Flexion and dorsiflexion are positive."""

    HIP_FLEXION = "hip_flexion"
    HIP_ADDUCTION = "hip_adduction"
    HIP_ROTATION = "hip_rotation"
    KNEE = "knee_angle"
    ANKLE = "ankle_angle"
    SUBTALAR = "subtalar_angle"
    TOES = "mtp_angle"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def place(self) -> str:
        """Without its direction, in the middle of a sentence: "hip"."""
        return _LABELS[self].split()[0].lower()

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of both sides in a joint axis, in the order of SIDES."""
        return tuple(Joint.of(self, side).column for side in SIDES)


_LABELS = {
    JointKind.HIP_FLEXION: "Hip flexion",
    JointKind.HIP_ADDUCTION: "Hip adduction",
    JointKind.HIP_ROTATION: "Hip rotation",
    JointKind.KNEE: "Knee flexion",
    JointKind.ANKLE: "Ankle dorsiflexion",
    JointKind.SUBTALAR: "Subtalar inversion",
    JointKind.TOES: "Toe flexion",
}

SAGITTAL = (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)


class Joint(StrEnum):
    """The fourteen leg joints, left leg first; the order of every joint axis."""

    HIP_FLEXION_L = "hip_flexion_l"
    HIP_ADDUCTION_L = "hip_adduction_l"
    HIP_ROTATION_L = "hip_rotation_l"
    KNEE_L = "knee_angle_l"
    ANKLE_L = "ankle_angle_l"
    SUBTALAR_L = "subtalar_angle_l"
    TOES_L = "mtp_angle_l"
    HIP_FLEXION_R = "hip_flexion_r"
    HIP_ADDUCTION_R = "hip_adduction_r"
    HIP_ROTATION_R = "hip_rotation_r"
    KNEE_R = "knee_angle_r"
    ANKLE_R = "ankle_angle_r"
    SUBTALAR_R = "subtalar_angle_r"
    TOES_R = "mtp_angle_r"

    @staticmethod
    def of(kind: JointKind, side: Side) -> Joint:
        return Joint(f"{kind.value}_{side.suffix}")

    @property
    def side(self) -> Side:
        return Side.LEFT if self.value.endswith("_l") else Side.RIGHT

    @property
    def kind(self) -> JointKind:
        return JointKind(self.value[:-2])

    @property
    def column(self) -> int:
        """Position on every joint axis."""
        return JOINTS.index(self)

    @property
    def label(self) -> str:
        return f"{self.side.value.capitalize()} {self.kind.label.lower()}"


JOINTS = tuple(Joint)
