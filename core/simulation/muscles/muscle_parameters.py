"""Published facts of single muscles that the body model does not hold."""

from __future__ import annotations

from core.domain.muscles import LumpedMuscle, Muscle

# Share of slow-twitch fibres. Values as gathered by Uchida et al. 2016 (PLoS ONE 11:e0150378, from Johnson et
# al. 1973, J Neurol Sci 18:111, Dahmane et al. 2005 and Garrett et al. 1984); 0.5 where nobody has counted.
SLOW_TWITCH: dict[Muscle | LumpedMuscle, float] = {
    Muscle.ADDUCTOR_BREVIS: 0.50,
    Muscle.ADDUCTOR_LONGUS: 0.50,
    Muscle.ADDUCTOR_MAGNUS_DISTAL: 0.552,
    Muscle.ADDUCTOR_MAGNUS_ISCHIAL: 0.552,
    Muscle.ADDUCTOR_MAGNUS_MIDDLE: 0.552,
    Muscle.ADDUCTOR_MAGNUS_PROXIMAL: 0.552,
    Muscle.BICEPS_FEMORIS_LONG: 0.5425,
    Muscle.BICEPS_FEMORIS_SHORT: 0.529,
    Muscle.EXTENSOR_DIGITORUM: 0.75,
    Muscle.EXTENSOR_HALLUCIS: 0.75,
    Muscle.FLEXOR_DIGITORUM: 0.60,
    Muscle.FLEXOR_HALLUCIS: 0.60,
    Muscle.GASTROCNEMIUS_LATERALIS: 0.507,
    Muscle.GASTROCNEMIUS_MEDIALIS: 0.566,
    Muscle.GLUTEUS_MAXIMUS_1: 0.55,
    Muscle.GLUTEUS_MAXIMUS_2: 0.55,
    Muscle.GLUTEUS_MAXIMUS_3: 0.55,
    Muscle.GLUTEUS_MEDIUS_1: 0.55,
    Muscle.GLUTEUS_MEDIUS_2: 0.55,
    Muscle.GLUTEUS_MEDIUS_3: 0.55,
    Muscle.GLUTEUS_MINIMUS_1: 0.55,
    Muscle.GLUTEUS_MINIMUS_2: 0.55,
    Muscle.GLUTEUS_MINIMUS_3: 0.55,
    Muscle.GRACILIS: 0.50,
    Muscle.ILIACUS: 0.50,
    Muscle.PERONEUS_BREVIS: 0.60,
    Muscle.PERONEUS_LONGUS: 0.60,
    Muscle.PIRIFORMIS: 0.50,
    Muscle.PSOAS: 0.50,
    Muscle.RECTUS_FEMORIS: 0.3865,
    Muscle.SARTORIUS: 0.50,
    Muscle.SEMIMEMBRANOSUS: 0.4925,
    Muscle.SEMITENDINOSUS: 0.425,
    Muscle.SOLEUS: 0.803,
    Muscle.TENSOR_FASCIAE_LATAE: 0.50,
    Muscle.TIBIALIS_ANTERIOR: 0.70,
    Muscle.TIBIALIS_POSTERIOR: 0.60,
    Muscle.VASTUS_INTERMEDIUS: 0.543,
    Muscle.VASTUS_LATERALIS: 0.455,
    Muscle.VASTUS_MEDIALIS: 0.503,
    LumpedMuscle.ABDUCTORS: 0.55,
    LumpedMuscle.ADDUCTORS: 0.53,
    LumpedMuscle.HAMSTRINGS: 0.49,
    LumpedMuscle.BICEPS_FEMORIS_SHORT: 0.529,
    LumpedMuscle.EXTENSOR_DIGITORUM: 0.75,
    LumpedMuscle.FLEXOR_DIGITORUM: 0.60,
    LumpedMuscle.GLUTEUS_MAXIMUS: 0.55,
    LumpedMuscle.ILIOPSOAS: 0.50,
    LumpedMuscle.RECTUS_FEMORIS: 0.3865,
    LumpedMuscle.VASTI: 0.49,
    LumpedMuscle.GASTROCNEMIUS: 0.54,
    LumpedMuscle.SOLEUS: 0.803,
    LumpedMuscle.TIBIALIS_ANTERIOR: 0.70,
}

# Optimal fibre length of Rajagopal et al. 2016 (IEEE Trans Biomed Eng 63:2068, table I) over that of the body
# model, whose rigid-tendon fibre takes up the stretch of the tendon as well. Muscles not named agree.
FIBRE_FRACTION: dict[Muscle | LumpedMuscle, float] = {
    Muscle.BICEPS_FEMORIS_LONG: 0.0976 / 0.1219,
    Muscle.GASTROCNEMIUS_LATERALIS: 0.0588 / 0.0701,
    Muscle.GASTROCNEMIUS_MEDIALIS: 0.0510 / 0.0746,
    Muscle.GLUTEUS_MAXIMUS_3: 0.1665 / 0.4080,
    Muscle.GLUTEUS_MINIMUS_3: 0.0380 / 0.0502,
    Muscle.PIRIFORMIS: 0.0260 / 0.0421,
    Muscle.RECTUS_FEMORIS: 0.0759 / 0.1707,
    Muscle.SEMIMEMBRANOSUS: 0.0690 / 0.1207,
    Muscle.TENSOR_FASCIAE_LATAE: 0.0950 / 0.1580,
    Muscle.VASTUS_INTERMEDIUS: 0.0993 / 0.1730,
    Muscle.VASTUS_LATERALIS: 0.0994 / 0.1726,
}
