"""Names of the muscles: one enum, with the groups a clinician tests by hand."""

from __future__ import annotations

from enum import StrEnum

from core.domain.body import Side


class MuscleGroup(StrEnum):
    """Muscles that a manual strength test takes together. Every muscle is in one group."""

    HIP_FLEXORS = "hip flexors"
    HIP_EXTENSORS = "hip extensors"
    HIP_ABDUCTORS = "hip abductors"
    HIP_ADDUCTORS = "hip adductors"
    HAMSTRINGS = "hamstrings"
    KNEE_EXTENSORS = "knee extensors"
    PLANTARFLEXORS = "plantarflexors"
    DORSIFLEXORS = "dorsiflexors"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class Muscle(StrEnum):
    """One leg's forty muscles of the 80-muscle body, named as in the model (Rajagopal et al. 2016)."""

    ADDUCTOR_BREVIS = "addbrev"
    ADDUCTOR_LONGUS = "addlong"
    ADDUCTOR_MAGNUS_DISTAL = "addmagDist"
    ADDUCTOR_MAGNUS_ISCHIAL = "addmagIsch"
    ADDUCTOR_MAGNUS_MIDDLE = "addmagMid"
    ADDUCTOR_MAGNUS_PROXIMAL = "addmagProx"
    BICEPS_FEMORIS_LONG = "bflh"
    BICEPS_FEMORIS_SHORT = "bfsh"
    EXTENSOR_DIGITORUM = "edl"
    EXTENSOR_HALLUCIS = "ehl"
    FLEXOR_DIGITORUM = "fdl"
    FLEXOR_HALLUCIS = "fhl"
    GASTROCNEMIUS_LATERALIS = "gaslat"
    GASTROCNEMIUS_MEDIALIS = "gasmed"
    GLUTEUS_MAXIMUS_1 = "glmax1"
    GLUTEUS_MAXIMUS_2 = "glmax2"
    GLUTEUS_MAXIMUS_3 = "glmax3"
    GLUTEUS_MEDIUS_1 = "glmed1"
    GLUTEUS_MEDIUS_2 = "glmed2"
    GLUTEUS_MEDIUS_3 = "glmed3"
    GLUTEUS_MINIMUS_1 = "glmin1"
    GLUTEUS_MINIMUS_2 = "glmin2"
    GLUTEUS_MINIMUS_3 = "glmin3"
    GRACILIS = "grac"
    ILIACUS = "iliacus"
    PERONEUS_BREVIS = "perbrev"
    PERONEUS_LONGUS = "perlong"
    PIRIFORMIS = "piri"
    PSOAS = "psoas"
    RECTUS_FEMORIS = "recfem"
    SARTORIUS = "sart"
    SEMIMEMBRANOSUS = "semimem"
    SEMITENDINOSUS = "semiten"
    SOLEUS = "soleus"
    TENSOR_FASCIAE_LATAE = "tfl"
    TIBIALIS_ANTERIOR = "tibant"
    TIBIALIS_POSTERIOR = "tibpost"
    VASTUS_INTERMEDIUS = "vasint"
    VASTUS_LATERALIS = "vaslat"
    VASTUS_MEDIALIS = "vasmed"

    @property
    def group(self) -> MuscleGroup:
        return next(group for group, muscles in MEMBERS.items() if self in muscles)

    def on(self, side: Side) -> str:
        """Name of this side's actuator in the model."""
        return f"{self.value}_{side.suffix}"


MEMBERS: dict[MuscleGroup, tuple[Muscle, ...]] = {
    MuscleGroup.HIP_FLEXORS: (Muscle.ILIACUS, Muscle.PSOAS, Muscle.SARTORIUS),
    MuscleGroup.HIP_EXTENSORS: (Muscle.GLUTEUS_MAXIMUS_1, Muscle.GLUTEUS_MAXIMUS_2, Muscle.GLUTEUS_MAXIMUS_3),
    MuscleGroup.HIP_ABDUCTORS: (
        Muscle.GLUTEUS_MEDIUS_1,
        Muscle.GLUTEUS_MEDIUS_2,
        Muscle.GLUTEUS_MEDIUS_3,
        Muscle.GLUTEUS_MINIMUS_1,
        Muscle.GLUTEUS_MINIMUS_2,
        Muscle.GLUTEUS_MINIMUS_3,
        Muscle.PIRIFORMIS,
        Muscle.TENSOR_FASCIAE_LATAE,
    ),
    MuscleGroup.HIP_ADDUCTORS: (
        Muscle.ADDUCTOR_BREVIS,
        Muscle.ADDUCTOR_LONGUS,
        Muscle.ADDUCTOR_MAGNUS_DISTAL,
        Muscle.ADDUCTOR_MAGNUS_ISCHIAL,
        Muscle.ADDUCTOR_MAGNUS_MIDDLE,
        Muscle.ADDUCTOR_MAGNUS_PROXIMAL,
        Muscle.GRACILIS,
    ),
    MuscleGroup.HAMSTRINGS: (
        Muscle.BICEPS_FEMORIS_LONG,
        Muscle.BICEPS_FEMORIS_SHORT,
        Muscle.SEMIMEMBRANOSUS,
        Muscle.SEMITENDINOSUS,
    ),
    MuscleGroup.KNEE_EXTENSORS: (
        Muscle.RECTUS_FEMORIS,
        Muscle.VASTUS_INTERMEDIUS,
        Muscle.VASTUS_LATERALIS,
        Muscle.VASTUS_MEDIALIS,
    ),
    MuscleGroup.PLANTARFLEXORS: (
        Muscle.GASTROCNEMIUS_LATERALIS,
        Muscle.GASTROCNEMIUS_MEDIALIS,
        Muscle.SOLEUS,
        Muscle.TIBIALIS_POSTERIOR,
        Muscle.FLEXOR_DIGITORUM,
        Muscle.FLEXOR_HALLUCIS,
        Muscle.PERONEUS_BREVIS,
        Muscle.PERONEUS_LONGUS,
    ),
    MuscleGroup.DORSIFLEXORS: (
        Muscle.TIBIALIS_ANTERIOR,
        Muscle.EXTENSOR_DIGITORUM,
        Muscle.EXTENSOR_HALLUCIS,
    ),
}


class LumpedMuscle(StrEnum):
    """One leg's thirteen muscles of the 26-muscle body, named as in the model."""

    ABDUCTORS = "abd"
    ADDUCTORS = "add"
    HAMSTRINGS = "hamstrings"
    BICEPS_FEMORIS_SHORT = "bifemsh"
    EXTENSOR_DIGITORUM = "edl"
    FLEXOR_DIGITORUM = "fdl"
    GLUTEUS_MAXIMUS = "glutmax"
    ILIOPSOAS = "iliopsoas"
    RECTUS_FEMORIS = "rectfem"
    VASTI = "vasti"
    GASTROCNEMIUS = "gastroc"
    SOLEUS = "soleus"
    TIBIALIS_ANTERIOR = "tibant"

    @property
    def group(self) -> MuscleGroup:
        return _LUMPED_GROUP[self]

    def on(self, side: Side) -> str:
        """Name of this side's actuator in the model."""
        return f"{self.value}_{side.suffix}"


_LUMPED_GROUP = {
    LumpedMuscle.ABDUCTORS: MuscleGroup.HIP_ABDUCTORS,
    LumpedMuscle.ADDUCTORS: MuscleGroup.HIP_ADDUCTORS,
    LumpedMuscle.HAMSTRINGS: MuscleGroup.HAMSTRINGS,
    LumpedMuscle.BICEPS_FEMORIS_SHORT: MuscleGroup.HAMSTRINGS,
    LumpedMuscle.EXTENSOR_DIGITORUM: MuscleGroup.DORSIFLEXORS,
    LumpedMuscle.FLEXOR_DIGITORUM: MuscleGroup.PLANTARFLEXORS,
    LumpedMuscle.GLUTEUS_MAXIMUS: MuscleGroup.HIP_EXTENSORS,
    LumpedMuscle.ILIOPSOAS: MuscleGroup.HIP_FLEXORS,
    LumpedMuscle.RECTUS_FEMORIS: MuscleGroup.KNEE_EXTENSORS,
    LumpedMuscle.VASTI: MuscleGroup.KNEE_EXTENSORS,
    LumpedMuscle.GASTROCNEMIUS: MuscleGroup.PLANTARFLEXORS,
    LumpedMuscle.SOLEUS: MuscleGroup.PLANTARFLEXORS,
    LumpedMuscle.TIBIALIS_ANTERIOR: MuscleGroup.DORSIFLEXORS,
}
