"""How muscles and sides are written, in full and abbreviated: Latin and five of today's languages.

A muscle is written by one word of each kind in any order, together or apart: "Tib Ant", "ANTTIB", "tibialis
anterior". `WRITINGS` holds every such spelling with its letters run together. The abbreviations are those of
SENIAM's placements, of the default channel names of Noraxon, Delsys and Vicon, and of OpenSim's leg models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product

from core.domain.body import Side
from core.domain.emg import EmgMuscle

_GLUTEUS = ("gluteus", "gluteal", "glutaeus", "glut", "glute", "glu", "gl", "g", "fessier", "gluteo")
_VASTUS = ("vastus", "vast", "vas", "v", "vasto")
_GASTROCNEMIUS = (
    "gastrocnemius",
    "gastrocnemien",
    "gastrocs",
    "gastroc",
    "gastro",
    "gast",
    "gas",
    "gastr",
    "gastrocnemio",
)
_LATERALIS = ("lateralis", "lateral", "laterale", "lat")
_MEDIALIS = ("medialis", "medial", "mediale", "med")
# French only: an English "vas int" is the vastus intermedius, which no electrode reaches.
_EXTERNE, _INTERNE = ("externe", "ext", "lateral"), ("interne", "int", "medial")
_FEMORIS = ("femoris", "femoral", "femorale", "femur", "fem")
_SEMI = ("semi", "demi")

# Each line: the kinds of words that together, and nothing less or more, name the muscle.
_PHRASES: tuple[tuple[EmgMuscle, tuple[tuple[str, ...], ...]], ...] = (
    (EmgMuscle.GLUTEUS_MEDIUS, (_GLUTEUS, ("medius", "med", "moyen", "medio"))),
    (EmgMuscle.GLUTEUS_MEDIUS, (("gmd",),)),
    (EmgMuscle.GLUTEUS_MAXIMUS, (_GLUTEUS, ("maximus", "max", "grand", "mayor", "grande"))),
    (EmgMuscle.GLUTEUS_MAXIMUS, (("gmx",),)),
    (EmgMuscle.TENSOR_FASCIAE_LATAE, (("tensor",), ("fasciae", "fascia", "fasc"), ("latae", "lata", "lat"))),
    (EmgMuscle.TENSOR_FASCIAE_LATAE, (("tfl", "tensorfl"),)),
    (
        EmgMuscle.ADDUCTORS,
        (("adductors", "adductor", "adductoren", "adduktoren", "adducteurs", "add", "hipadductors"),),
    ),
    (
        EmgMuscle.ADDUCTORS,
        (("adductor", "add", "hipadductor"), ("longus", "long", "magnus", "mag", "brevis", "brev")),
    ),
    (EmgMuscle.RECTUS_FEMORIS, (("rectus", "rect", "rec", "droit", "recto", "retto"), _FEMORIS)),
    (EmgMuscle.RECTUS_FEMORIS, (("rectus", "rect", "rf"),)),
    (EmgMuscle.VASTUS_LATERALIS, (_VASTUS, _LATERALIS)),
    (EmgMuscle.VASTUS_LATERALIS, (("vaste",), _EXTERNE)),
    (EmgMuscle.VASTUS_MEDIALIS, (("vaste",), _INTERNE)),
    (EmgMuscle.VASTUS_LATERALIS, (("vl", "vlo", "vlat"),)),
    (EmgMuscle.VASTUS_MEDIALIS, (_VASTUS, (*_MEDIALIS, "medius"))),
    (EmgMuscle.VASTUS_MEDIALIS, (_VASTUS, _MEDIALIS, ("obliquus", "oblique", "obl"))),
    (EmgMuscle.VASTUS_MEDIALIS, (("vm", "vmo", "vmed"),)),
    (
        EmgMuscle.SEMIMEMBRANOSUS,
        (_SEMI, ("membranosus", "membranous", "membranoso", "membraneux", "memb", "mem")),
    ),
    (EmgMuscle.SEMIMEMBRANOSUS, (("semim", "sm"),)),
    (
        EmgMuscle.SEMITENDINOSUS,
        (_SEMI, ("tendinosus", "tendinous", "tendinoso", "tendineux", "tend", "ten")),
    ),
    (EmgMuscle.SEMITENDINOSUS, (("semit", "st"),)),
    (EmgMuscle.BICEPS_FEMORIS, (("biceps", "bicep", "bic", "bi", "bicipite"), (*_FEMORIS, "crural"))),
    (EmgMuscle.BICEPS_FEMORIS, (("biceps", "bic"), _FEMORIS, ("long", "longhead", "longum", "lh", "longus"))),
    # The long head is what electrodes reach; "hamstrings" without medial or lateral is recorded over it.
    (EmgMuscle.BICEPS_FEMORIS, (("biceps", "bic", "bf", "bflh", "bifemlh", "bfl", "bflong"),)),
    (EmgMuscle.BICEPS_FEMORIS, (("bf",), ("long", "longhead", "lh"))),
    (EmgMuscle.BICEPS_FEMORIS, (("hamstrings", "hamstring", "hams", "ham"),)),
    (EmgMuscle.BICEPS_FEMORIS, (("hamstrings", "hamstring", "hams", "ham"), ("lateral", "lat", "laterales"))),
    (EmgMuscle.GRACILIS, (("gracilis", "grac", "gra"),)),
    (EmgMuscle.SARTORIUS, (("sartorius", "sart", "sar", "couturier"),)),
    (
        EmgMuscle.TIBIALIS_ANTERIOR,
        (
            ("tibialis", "tibial", "tibia", "tib", "jambier", "tibiale"),
            ("anterior", "anteriore", "anterieur", "ant"),
        ),
    ),
    (EmgMuscle.TIBIALIS_ANTERIOR, (("tibialis", "tib", "ta", "tiba"),)),
    (EmgMuscle.TIBIALIS_ANTERIOR, (("schienbeinmuskel",), ("vorderer",))),
    (EmgMuscle.GASTROCNEMIUS_LATERALIS, ((*_GASTROCNEMIUS, "ga"), _LATERALIS)),
    (EmgMuscle.GASTROCNEMIUS_LATERALIS, (("jumeau", "jum"), _EXTERNE)),
    (EmgMuscle.GASTROCNEMIUS_MEDIALIS, (("jumeau", "jum"), _INTERNE)),
    (EmgMuscle.GASTROCNEMIUS_LATERALIS, (("gl", "lg", "gasl", "gastl", "glat", "gcl", "gal"),)),
    (EmgMuscle.GASTROCNEMIUS_MEDIALIS, ((*_GASTROCNEMIUS, "ga"), _MEDIALIS)),
    # Alone it is recorded over the medial head, the larger one.
    (EmgMuscle.GASTROCNEMIUS_MEDIALIS, ((*_GASTROCNEMIUS, "mg", "gasm", "gastm", "gcm", "gam"),)),
    (EmgMuscle.SOLEUS, (("soleus", "sol", "soleo", "soleaire", "schollenmuskel"),)),
    (
        EmgMuscle.PERONEUS_LONGUS,
        (("peroneus", "peroneal", "fibularis", "per", "pero", "peron", "fib"), ("longus", "long")),
    ),
    (EmgMuscle.PERONEUS_LONGUS, (("fibulaire", "peronier"), ("long",))),
    (EmgMuscle.PERONEUS_LONGUS, (("peroneus", "fibularis", "pero", "per", "pl"),)),
)
# Two muscles are written so; which is meant shows only where the file has the other one's partner.
GM = "gm"
GM_PARTNERS: Mapping[EmgMuscle, EmgMuscle] = {
    EmgMuscle.GASTROCNEMIUS_LATERALIS: EmgMuscle.GASTROCNEMIUS_MEDIALIS
}

SIDE_WORDS: Mapping[str, Side] = {
    **dict.fromkeys(
        (
            "l",
            "left",
            "lt",
            "li",
            "links",
            "linke",
            "linker",
            "gauche",
            "sx",
            "sin",
            "sinistro",
            "sinister",
            "sinistra",
            "izquierdo",
            "izquierda",
            "izq",
        ),
        Side.LEFT,
    ),
    **dict.fromkeys(
        (
            "r",
            "right",
            "rt",
            "re",
            "rechts",
            "rechte",
            "rechter",
            "droite",
            "droit",
            "dx",
            "dex",
            "destro",
            "dexter",
            "destra",
            "derecho",
            "derecha",
            "der",
        ),
        Side.RIGHT,
    ),
}
# Stuck to the muscle without anything between, as in "RTIB", "soleusl" and "leftSoleus".
STUCK_SIDES = ("left", "right", "lt", "rt", "l", "r")

# Heads by one letter. Only beside a side: alone "LGAS" may as well be the left gastrocnemius.
HEADS: Mapping[str, EmgMuscle] = {
    **dict.fromkeys(("lgas", "lgast", "lgastro", "lgastroc"), EmgMuscle.GASTROCNEMIUS_LATERALIS),
    **dict.fromkeys(("mgas", "mgast", "mgastro", "mgastroc"), EmgMuscle.GASTROCNEMIUS_MEDIALIS),
    **dict.fromkeys(("lham", "lhams"), EmgMuscle.BICEPS_FEMORIS),
}

# What systems write beside the muscle, and what says nothing about it.
FILLERS = frozenset(
    """emg semg imemg voltage analog analogue channel ch chan sensor avanti trigno delsys noraxon ultium
    cometa internal im imu duo quattro mini device raw signal sig muscle musculus musc m mm muskel head caput
    belly the of surface electrode input data adc volt volts ad""".split()  # noqa: SIM905
)

# Words of channels that hold no EMG. Where one of them stands, no muscle is suggested.
OTHER_SIGNALS = frozenset(
    """acc accel accelerometer acceleration accelx accely accelz accx accy accz gyro gyr gyroscope gyrox
    gyroy gyroz magnetometer orientation quaternion quat roll pitch yaw euler force forces moment
    moments torque angle angles angular velocity speed position displacement cop grf fx fy fz mx my mz
    time zeit temps tiempo tempo seconds timestamp frame frames subframe sample samples index sync
    trigger trig ttl fsr footswitch footswitches switch heel toe goniometer gonio loadcell load ecg
    ekg eeg temperature temp battery button marker event events pressure impedance imped spare unused
    empty rpm pin""".split()  # noqa: SIM905
)


def _written(phrase: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    for words in product(*phrase):
        for order in permutations(words):
            yield "".join(order)


def _writings() -> dict[str, EmgMuscle]:
    """Every spelling; one that fits two muscles is left out."""
    found: dict[str, set[EmgMuscle]] = {}
    for muscle, phrase in _PHRASES:
        for text in _written(phrase):
            found.setdefault(text, set()).add(muscle)
    return {text: next(iter(muscles)) for text, muscles in found.items() if len(muscles) == 1}


WRITINGS: Mapping[str, EmgMuscle] = _writings()
