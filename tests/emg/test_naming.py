"""Claims about names: a muscle only when the whole name fits it, in the words that people use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.muscle_words import GM, WRITINGS
from core.emg.naming import is_other_signal, naming_findings, suggest_site, suggestions, suggestions_of
from core.emg.readers import read_emg

TA, GM_, GL = EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.GASTROCNEMIUS_MEDIALIS, EmgMuscle.GASTROCNEMIUS_LATERALIS
RF, VL, VM = EmgMuscle.RECTUS_FEMORIS, EmgMuscle.VASTUS_LATERALIS, EmgMuscle.VASTUS_MEDIALIS
BF, ST, SM = EmgMuscle.BICEPS_FEMORIS, EmgMuscle.SEMITENDINOSUS, EmgMuscle.SEMIMEMBRANOSUS
MAX, MED, TFL = EmgMuscle.GLUTEUS_MAXIMUS, EmgMuscle.GLUTEUS_MEDIUS, EmgMuscle.TENSOR_FASCIAE_LATAE
SOL, PL, ADD = EmgMuscle.SOLEUS, EmgMuscle.PERONEUS_LONGUS, EmgMuscle.ADDUCTORS

# As systems, models and people write them.
RIGHT_NAMES = [
    *(
        (name, TA)
        for name in ("RT TIB.ANT.", "R_Tib_Ant", "Ant Tib R", "tib_ant_r", "tibant_r", "RTA", "TAr")
    ),
    *(
        (name, TA)
        for name in ("R TA EMG (mV)", "RTIBANT", "rightTibialisAnterior", "M. tibialis anterior rechts")
    ),
    *(
        (name, GL)
        for name in ("R Lateral Gastrocnemius", "Gastrocnemius lat. right", "lat_gas_r", "gaslat_r")
    ),
    *(
        (name, GL)
        for name in (
            "RT LAT. GASTRO",
            "RGL",
            "R LG",
            "R GastLat",
            "R GCL",
            "R jumeau externe",
            "GASTROC LAT R",
        )
    ),
    *((name, GM_) for name in ("R Medial Gastrocnemius", "RT MED. GASTRO", "med_gas_r", "R MG", "R Jum Int")),
    *((name, VL) for name in ("R Vastus Lateralis (VL)", "RT VLO", "vas_lat_r", "VL_R", "R Vaste Ext")),
    *(
        (name, VM)
        for name in (
            "R VMO",
            "vastus medialis obliquus right",
            "vas_med_r",
            "R.Vastus.Med",
            "V. medialis dex",
        )
    ),
    *(
        (name, RF)
        for name in ("RECTUS FEMORIS RIGHT: EMG 3 [V]", "RT RECTUS FEM.", "rect_fem_r", "RRF", "EMG_RF_R")
    ),
    *((name, RF) for name in ("droit femoral droit", "recfem_r")),
    *(
        (name, BF)
        for name in ("bifemlh_r", "bflh_r", "R Biceps Femoris long head", "RT BICEPS FEM.", "R Lat Ham")
    ),
    *((name, ST) for name in ("R Semitendinosus", "semiten_r", "RST", "RT SEMITEND.")),
    *((name, SM) for name in ("semimem_r", "R Semi-Membranosus", "RSM")),
    *(
        (name, MAX)
        for name in ("glut_max1_r", "RT GLUT. MAX.", "GMAX_R", "glmax2_r", "Gluteus Maximus Right")
    ),
    *((name, MED) for name in ("glmed1_r", "R Glut Med", "RGMED", "gluteus medius rechts")),
    *((name, TFL) for name in ("R TFL", "RTFL", "tensor fasciae latae right", "R Tensor fascia lata")),
    *((name, PL) for name in ("R Peroneus Longus", "perlong_r", "RT FIBULARIS LONGUS", "R PL")),
    *((name, ADD) for name in ("R Adductor Longus", "addmag1_r", "Adductors R", "R ADD")),
    *((name, GL) for name in ("R_LGAS", "RLGAS", "LGast_R", "R Gastrocnemius (lateral)")),
    *((name, GM_) for name in ("R MGAS", "RMGAS", "R Gastrocnemius (medial head)")),
    *((name, TA) for name in ("Tibialis Anterior (R)", "Tibiale anteriore dx", "tibial anterior derecho")),
    *((name, VL) for name in ("Vasto laterale destro", "Vastus Lateralis (VL) R [Sensor 3]")),
    *((name, SOL) for name in ("soleusr", "SOL_R", "EMG 7: R SOL", "Voltage.R Soleus", "Ch3_RSOL")),
]


@pytest.mark.parametrize(("name", "muscle"), RIGHT_NAMES)
def test_the_words_of_systems_and_models_are_understood(name: str, muscle: EmgMuscle) -> None:
    assert suggest_site(name) == ChannelSite(muscle, Side.RIGHT)


@pytest.mark.parametrize(
    "name",
    [
        "R Tibialis Posterior",
        "tibpost_r",
        "R Erector Spinae",
        "R Rectus Abdominis",
        "L Biceps Brachii",
        "L Triceps Brachii",
        "L Extensor Digitorum",
        "L Extensor Hallucis Longus",
        "L Flexor Hallucis",
        "L Peroneus Brevis",
        "L Peroneus Tertius",
        "L Gluteus Minimus",
        "L Vastus Intermedius",
        "vasint_r",
        "bifemsh_r",
        "L Medial Hamstrings",  # two muscles
        "L Quadriceps",
        "L Calf",
        "L Popliteus",
        "L Pectoralis",
        "L Trapezius",
        "L Deltoid ant",
        "R Soleus Force",
        "R Tibialis (posterior)",
        "R Peroneus (brevis)",
        "R Biceps Femoris (short head)",
        "R Hamstrings (medial)",
        "TA",  # no side
        "GastL",  # left, or lateral?
        "LVAS",  # which of three?
        "L R TA",
        "R G",
        "left",
        "Sensor 3.EMG3",
        "",
    ],
)
def test_what_is_not_wholly_known_stays_unmapped(name: str) -> None:
    assert suggest_site(name) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("R TA ACC X (g)", ""),
        ("R TA ACC.X", "g"),
        ("R TA", "g"),
        ("R TA", "deg/s"),
        ("R TA", "m/s²"),
        ("R TA GYRO Y (deg/s)", ""),
        ("R TA EMG Time Series (s)", ""),
        ("R TA time", "ms"),
        ("R TA", "N"),
        ("R TA Trigger", "V"),
        ("R TA IMU pitch", ""),
        ("Fz1", ""),
        ("F1X", ""),
        ("Moment.My2", ""),
    ],
)
def test_other_signals_are_never_emg(name: str, unit: str) -> None:
    assert is_other_signal(name, unit) and suggest_site(name, unit) is None


def test_the_description_of_a_c3d_channel_tells_what_its_label_does_not() -> None:
    assert suggest_site("EMG 1", "V", "L Vastus Lateralis") == ChannelSite(VL, Side.LEFT)
    assert suggest_site("LVAS", "V", "L Vaste Ext") == ChannelSite(VL, Side.LEFT)
    assert suggest_site("R TA", "V", "EMG signal (V)") == ChannelSite(TA, Side.RIGHT)
    assert suggest_site("L TA", "V", "accelerometer on L TA") is None


def test_the_channel_that_says_it_is_emg_wins_over_others_of_its_name() -> None:
    found = suggestions_of(("R TA", "R TA EMG (mV)", "R TA ACC X (g)"))
    assert found.sites == {"R TA EMG (mV)": ChannelSite(TA, Side.RIGHT)} and not found.doubled


def test_channels_that_claim_a_muscle_alike_are_asked_about() -> None:
    found = suggestions_of(("L TA #1", "L TA #2", "R TA"))
    assert found.sites == {"R TA": ChannelSite(TA, Side.RIGHT)}
    assert found.doubled == {ChannelSite(TA, Side.LEFT): ("L TA #1", "L TA #2")}
    (finding,) = naming_findings(found, ())
    assert finding.advice.code == "EMG-030" and "L TA #1, L TA #2" in finding.advice.what
    assert not naming_findings(found, (ChannelSite(TA, Side.LEFT),))


def test_gm_is_a_gastrocnemius_only_beside_its_partner() -> None:
    assert GM not in WRITINGS and suggest_site("R GM") is None
    assert suggestions_of(("R GM", "R GL")).sites["R GM"] == ChannelSite(GM_, Side.RIGHT)
    assert "R GM" not in suggestions_of(("R GM", "L GL", "R GMax")).sites


def test_the_handed_names_are_taken_for_themselves(shared_data: Callable[[str], Path]) -> None:
    found = suggestions(read_emg(shared_data("../cases/muscle-names/calf_and_shin.csv")))
    assert found.sites == {
        "Left Lateral Gastrocnemius": ChannelSite(GL, Side.LEFT),
        "Left Medial Gastrocnemius": ChannelSite(GM_, Side.LEFT),
        "R Tibialis Anterior": ChannelSite(TA, Side.RIGHT),
    }


def test_channels_of_another_laboratory_are_known_by_label_and_description(
    shared_data: Callable[[str], Path],
) -> None:
    found = suggestions(read_emg(shared_data("adult-walk-emg-c3d/bmc/Gait.c3d"))).sites
    muscles = {name: site.muscle for name, site in found.items()}
    assert muscles["LVAS"] is VL and muscles["LJUM"] is GM_ and muscles["LBIC"] is BF
    assert not {"LGRF", "LISC", "F1X", "M2Z"} & set(muscles)
