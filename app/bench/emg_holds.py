"""Does an envelope follow the force of the muscle? Isometric holds of six people, against a dynamometer.

Six people of 64 to 82 years held contractions of four muscles for 5 or 10 s (Silva et al. 2024, Biomed Signal
Process Control 88:105635). Each hold is compared as a whole, rise and fatigue included: correlation of the
envelope of the muscle that the hold is meant for with the force, without any fit. Between EMG and force lies
the muscle: its twitches sum up (Milner-Brown, Stein & Yemm 1973, J Physiol 230:371), so the rectified EMG
runs once, forwards, through a critically damped low-pass of second order, whose lag stands for the
electromechanical delay too. Its corner, and how it starts, are chosen on three people and judged on the other
three. The judges are not strangers: all six were looked at while the way of comparing was designed, and the
start from the force was added after a hold of ID6 had failed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import lfilter, lfiltic

from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.emg.processing import band_passed, envelope
from core.emg.quality import channel_quality
from core.errors import refuse

FOLDER = "emg-isometric"
CHOSEN_ON, JUDGED_ON = ("ID1", "ID3", "ID5"), ("ID2", "ID4", "ID6")
RATE_HZ = 2000.0
CORNERS_HZ = (0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)  # twitches of 50 ms to half a second
ASKED_R = 0.85
_COMPARED_HZ = 100.0
_FIRST_S = 0.1
_MUSCLES = {  # column of every sheet, and the endings of its sheet's name
    "VL": EmgMuscle.VASTUS_LATERALIS,
    "BF": EmgMuscle.BICEPS_FEMORIS,
    "TA": EmgMuscle.TIBIALIS_ANTERIOR,
    "GL": EmgMuscle.GASTROCNEMIUS_LATERALIS,
}
_ALSO_CALLED = {"LG": "GL"}


@dataclass(frozen=True, slots=True, eq=False)
class Hold:
    """One contraction. Axes: T samples at 2 kHz."""

    person: str
    muscle: str
    emg: FloatArray  # (T,) uV, of the muscle that the hold is meant for
    force: FloatArray  # (T,) kgf

    @property
    def has_muscle(self) -> bool:
        """Whether the electrode shows a muscle at all, by the verdict that an import would give."""
        site = ChannelSite(_MUSCLES[self.muscle], Side.RIGHT)  # the side is not told and does not matter here
        verdict = channel_quality(self.muscle, site, self.emg, RATE_HZ, 0.0, held=True).verdict
        return verdict not in ("flat", "noise", "loose")

    @property
    def under_way(self) -> bool:
        """Whether the hold had begun before the recording: force starts in the upper half of its range."""
        force = _binned(self.force)
        return bool(force[0] > (force.max() + force.min()) / 2)


class Start(StrEnum):
    """The state of the low-pass when the recording begins."""

    REST = "from rest"
    LEVEL = "from the level of the first tenth of a second"
    BY_FORCE = "from rest, from the first level where the force shows that the hold was under way"


@dataclass(frozen=True, slots=True)
class Twitch:
    """How a muscle smooths."""

    corner_hz: float
    start: Start


TWITCHES = tuple(Twitch(corner_hz, start) for start in Start for corner_hz in CORNERS_HZ)


def bench_emg_holds(folder: Path) -> dict[str, Any]:
    """Correlation of envelope and force per hold of the recordings below `folder`. Refuses (PC-026) without.

    The keys without a prefix are of the three people who judge; `holds_all_...` are of all six, and
    `holds_every_channel_...` with the holds whose electrode shows no muscle.
    """
    holds = read_holds(folder / FOLDER)
    with_muscle = [hold for hold in holds if hold.has_muscle]
    twitch = chosen_twitch([hold for hold in with_muscle if hold.person in CHOSEN_ON])
    r = {hold: follows(hold, twitch) for hold in holds}
    judged = [hold for hold in with_muscle if hold.person in JUDGED_ON]
    plain = [float(np.corrcoef(_binned(envelope(h.emg, RATE_HZ)), _binned(h.force))[0, 1]) for h in judged]
    numbers: dict[str, Any] = {
        "holds_low_pass_hz": twitch.corner_hz,
        "holds_low_pass_starts": twitch.start.value,
        "holds_chosen_on": ", ".join(CHOSEN_ON),
        "holds_judged_on": ", ".join(JUDGED_ON),
        **_numbers("holds_", [r[hold] for hold in judged]),
        **{
            f"holds_r_median_{muscle.lower()}": _median([r[h] for h in judged if h.muscle == muscle])
            for muscle in _MUSCLES
            if any(hold.muscle == muscle for hold in judged)
        },
        **_numbers("holds_all_", [r[hold] for hold in with_muscle]),
        **_numbers("holds_every_channel_", list(r.values())),
        "holds_r_median_low_pass_10_hz": _median(plain),
        "holds_without_a_muscle": ", ".join(f"{h.person} {h.muscle}" for h in holds if h not in with_muscle),
        "holds_r": {f"{hold.person} {hold.muscle}": round(value, 3) for hold, value in r.items()},
    }
    return numbers


def read_holds(folder: Path) -> list[Hold]:
    """All holds of all people, by person and muscle. Refuses (PC-026) where a workbook is missing."""
    return [hold for person in sorted((*CHOSEN_ON, *JUDGED_ON)) for hold in _person(folder, person)]


def chosen_twitch(holds: list[Hold]) -> Twitch:
    """The one that gives the highest median correlation."""
    return max(TWITCHES, key=lambda twitch: _median([follows(hold, twitch) for hold in holds]))


def follows(hold: Hold, twitch: Twitch) -> float:
    """Correlation of the envelope with the force over the whole hold."""
    from_rest = twitch.start is Start.REST or (twitch.start is Start.BY_FORCE and not hold.under_way)
    smooth = twitches(hold.emg, twitch.corner_hz, from_rest=from_rest)
    return float(np.corrcoef(_binned(smooth), _binned(hold.force))[0, 1])


def twitches(emg: FloatArray, corner_hz: float, *, from_rest: bool) -> FloatArray:
    """Band-passed (20-500 Hz) and rectified EMG (T,) through a critically damped low-pass, forwards only."""
    rectified = np.abs(band_passed(emg, RATE_HZ))
    pole = float(np.exp(-2 * np.pi * corner_hz / RATE_HZ))
    b, a = [(1 - pole) ** 2], [1.0, -2 * pole, pole**2]
    level = 0.0 if from_rest else float(rectified[: round(_FIRST_S * RATE_HZ)].mean())
    smooth, _state = lfilter(b, a, rectified, zi=lfiltic(b, a, [level, level]))
    return np.asarray(smooth)


def _person(folder: Path, person: str) -> list[Hold]:
    sheets = read_sheets(folder / f"{person}.xlsx")
    force = sheets["DNM"]
    holds = []
    for column, muscle in enumerate(_MUSCLES):
        emg = sheets[muscle][:, column]
        samples = min(
            len(emg), int(np.isfinite(force[:, column]).sum())
        )  # two people held two muscles for 5 s
        holds.append(Hold(person, muscle, emg[:samples], force[:samples, column]))
    return holds


def read_sheets(path: Path) -> dict[str, FloatArray]:
    """Each sheet by the muscle in its name ("EMG_LG", once "EMB_TA"); NaN where a cell is empty."""
    if not path.is_file():
        raise refuse(
            "PC-026",
            f"{path.name} of the isometric holds is missing.",
            "The benchmark compares with recordings that do not come with the program.",
            "Set EXOTWIN_DATA to the folder that holds them.",
        )
    import openpyxl  # only here: it takes long to load

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    found = {}
    for sheet in book.worksheets:
        name = sheet.title.split("_")[-1]
        rows = [
            [np.nan if cell is None else float(cell) for cell in row]
            for row in sheet.iter_rows(values_only=True)
        ]
        found[_ALSO_CALLED.get(name, name)] = np.array(rows)
    book.close()
    return found


def _binned(values: FloatArray) -> FloatArray:
    """Means of 10 ms."""
    width = round(RATE_HZ / _COMPARED_HZ)
    whole = len(values) // width * width
    return np.asarray(values[:whole].reshape(-1, width).mean(axis=1))


def _numbers(prefix: str, r: list[float]) -> dict[str, Any]:
    return {
        f"{prefix}count": len(r),
        f"{prefix}r_median": _median(r),
        f"{prefix}r_worst": min(r, default=float("nan")),
        f"{prefix}fraction_above_0_85": sum(value >= ASKED_R for value in r) / len(r) if r else float("nan"),
    }


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")
