"""The protocol of maximum voluntary contractions: which contraction gives the maximum of which muscle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.emg import EmgMuscle

TRIES, HOLD_S, REST_S = 3, 5.0, 60.0  # hold 3-5 s after a slow rise, rest half to one minute (Konrad 2005)


@dataclass(frozen=True, slots=True)
class Contraction:
    """One test position: what the person does, what resists, and the muscles whose maximum it gives.

    After Konrad (The ABC of EMG, 2005) and the clinical tests of SENIAM's sensor locations.
    """

    key: str
    title: str
    position: str
    effort: str
    muscles: tuple[EmgMuscle, ...]


PROTOCOL = (
    Contraction(
        "plantarflexion",
        "Push the foot down, knee straight",
        "Standing on one leg with the knee straight, hands on a wall.",
        "Rise onto the toes while somebody presses both shoulders down.",
        (EmgMuscle.GASTROCNEMIUS_MEDIALIS, EmgMuscle.GASTROCNEMIUS_LATERALIS),
    ),
    Contraction(
        "plantarflexion-seated",
        "Push the foot down, knee bent",
        "Sitting, knee and ankle at 90 degrees, foot on the floor.",
        "Lift the heel while a strap or somebody holds the knee down.",
        (EmgMuscle.SOLEUS,),
    ),
    Contraction(
        "dorsiflexion",
        "Pull the foot up",
        "Sitting or lying, ankle at 90 degrees, heel supported.",
        "Pull the whole foot up; a strap or a hand on the back of the foot resists.",
        (EmgMuscle.TIBIALIS_ANTERIOR,),
    ),
    Contraction(
        "eversion",
        "Turn the sole outwards",
        "Sitting, leg turned inwards and supported above the ankle.",
        "Turn the sole outwards and push the foot down; a hand on the outer edge of the foot resists.",
        (EmgMuscle.PERONEUS_LONGUS,),
    ),
    Contraction(
        "knee-extension",
        "Straighten the knee",
        "Sitting, pelvis strapped down, knee bent by 70 to 90 degrees.",
        "Straighten the knee against a strap above the ankle.",
        (EmgMuscle.RECTUS_FEMORIS, EmgMuscle.VASTUS_LATERALIS, EmgMuscle.VASTUS_MEDIALIS),
    ),
    Contraction(
        "knee-flexion",
        "Bend the knee",
        "Lying face down, pelvis held, knee bent by 20 to 30 degrees.",
        "Bend the knee against a strap above the ankle.",
        (EmgMuscle.BICEPS_FEMORIS, EmgMuscle.SEMITENDINOSUS, EmgMuscle.SEMIMEMBRANOSUS),
    ),
    Contraction(
        "hip-abduction",
        "Spread the leg",
        "Lying on the other side, leg straight and in line with the trunk.",
        "Lift the leg sideways against a hand or strap above the ankle.",
        (EmgMuscle.GLUTEUS_MEDIUS, EmgMuscle.TENSOR_FASCIAE_LATAE),
    ),
    Contraction(
        "hip-extension",
        "Lift the thigh backwards",
        "Lying face down, pelvis held, knee bent by 90 degrees.",
        "Lift the thigh off the couch against a hand above the knee.",
        (EmgMuscle.GLUTEUS_MAXIMUS,),
    ),
    Contraction(
        "hip-adduction",
        "Press the legs together",
        "Lying on the back, legs straight, a firm cushion between the knees.",
        "Press the knees together.",
        (EmgMuscle.ADDUCTORS, EmgMuscle.GRACILIS),
    ),
    Contraction(
        "hip-flexion",
        "Lift the thigh and turn it outwards",
        "Sitting, legs hanging.",
        "Lift the thigh and turn it outwards against a hand above the knee and one at the ankle.",
        (EmgMuscle.SARTORIUS,),
    ),
)


def needed(muscles: Sequence[EmgMuscle]) -> tuple[Contraction, ...]:
    """The test positions that these muscles need, in the order of the protocol."""
    return tuple(c for c in PROTOCOL if any(muscle in c.muscles for muscle in muscles))
