"""Ground reaction forces and EMG of recorded walks, as curves that a simulation is compared with.

`TUNING` recordings may be looked at while the simulation is being improved. `HELD_OUT` ones may not: they
only judge. Nothing is fitted to either by the benchmark itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from app.bench.gait_curves import Contact, EmgGroup, Stances, contacts, even, joined, stances
from core.domain.arrays import FloatArray
from core.domain.body import Side
from core.domain.emg import ChannelSite, EmgMuscle
from core.domain.units import GRAVITY_M_S2
from core.emg.processing import envelope
from core.emg.quality import channel_quality
from core.errors import refuse

TUNING = ("subject01", "walk36", "perry", "schwartz", "children_a")
HELD_OUT = ("bmc", "rajagopal", "children_b")

_SUBJECT01 = "opensim-subject01/Applications/ID/tests/resources/subject01_walk1_grf.mot"
WALK36 = "treadmill-emg-walk36/walk36"
WALK36_COLUMNS = {  # of its emgFilt.sto
    EmgGroup.SOLEUS: ("soleus_r",),
    EmgGroup.GASTROCNEMIUS: ("med_gas_r", "lat_gas_r"),
    EmgGroup.TIBIALIS_ANTERIOR: ("tib_ant_r",),
    EmgGroup.HAMSTRINGS: ("semimem_r", "bifemlh_r"),
    EmgGroup.VASTI: ("vas_lat_r", "vas_med_r"),
    EmgGroup.RECTUS_FEMORIS: ("rect_fem_r",),
}
_RAJAGOPAL = "opensim-examples/OpenSim/Examples/Moco/example3DWalking"
_BMC = "adult-walk-emg-c3d/bmc/Gait.c3d"
_SCHWARTZ = "norms/schwartz2008/Schwartz"
_PERRY = "norms/myoassist-reference/ref_EMG.csv"
_CHILDREN = {
    "children_a": ("HC002D/HC002D06", "HC030A/HC030A05", "HC031A/HC031A06"),
    "children_b": ("HC032A/HC032A03", "HC033A/HC033A10", "HC036A/HC036A10"),
}
Envelopes = dict[EmgGroup, FloatArray]  # mean envelope (101,) over the gait cycle, largest value 1


@dataclass(frozen=True, slots=True, eq=False)
class RecordedWalk:
    """Curves of one source. `grf` or `emg` may be missing."""

    name: str
    held_out: bool
    about: str  # who walked, how fast, how it was measured
    grf: Stances | None  # ground reaction forces
    emg: Envelopes


def recorded_walks(folder: Path) -> tuple[RecordedWalk, ...]:
    """All sources below `folder`. Refuses (PC-026) when one is missing."""
    return tuple(read(folder) for read in _READERS)


def _subject01(folder: Path) -> RecordedWalk:
    force = opensim_columns(required_file(folder, _SUBJECT01))
    grf = _treadmill(force, ("ground_force", "l_ground_force"))
    about = "one adult, instrumented treadmill, 12 strides, filtered forces; OpenSim gait2354 example"
    return RecordedWalk("subject01", False, about, grf, {})


def _walk36(folder: Path) -> RecordedWalk:
    force = opensim_columns(required_file(folder, f"{WALK36}/XLD.mot"))
    emg = opensim_columns(required_file(folder, f"{WALK36}/emgFilt.sto"))
    time_s, vertical_n = force["time"], force["ground_force_vy"]
    strikes = [time_s[one.start] for one in contacts(vertical_n, _rate(time_s))]
    envelopes = {group: _cycle_mean(emg, names, strikes) for group, names in WALK36_COLUMNS.items()}
    about = "one adult, treadmill, 1.0 m/s, about 50 strides; envelopes as published (Durandau et al. 2017)"
    return RecordedWalk(
        "walk36", False, about, _treadmill(force, ("ground_force", "l_ground_force")), envelopes
    )


def _rajagopal(folder: Path) -> RecordedWalk:
    force = opensim_columns(required_file(folder, f"{_RAJAGOPAL}/grf_walk.mot"))
    emg = opensim_columns(required_file(folder, f"{_RAJAGOPAL}/electromyography.sto"))
    time_s = force["time"]
    right = contacts(force["ground_force_r_vy"], _rate(time_s))
    columns = {
        EmgGroup.SOLEUS: ("soleus",),
        EmgGroup.GASTROCNEMIUS: ("gastrocnemius",),
        EmgGroup.TIBIALIS_ANTERIOR: ("tibialis_anterior",),
        EmgGroup.HAMSTRINGS: ("medial_hamstrings", "biceps_femoris"),
        EmgGroup.VASTI: ("vastus_lateralis", "vastus_medius"),
        EmgGroup.RECTUS_FEMORIS: ("rectus_femoris",),
        EmgGroup.GLUTEUS_MAXIMUS: ("gluteus_maximus",),
        EmgGroup.GLUTEUS_MEDIUS: ("gluteus_medius",),
    }
    strikes = [time_s[one.start] for one in right]
    envelopes = {group: _cycle_mean(emg, names, strikes) for group, names in columns.items()}
    about = "one adult, overground, one stride; envelopes as published (Rajagopal et al. 2016)"
    grf = _treadmill(force, ("ground_force_r", "ground_force_l"))
    return RecordedWalk("rajagopal", True, about, grf, envelopes)


def _bmc(folder: Path) -> RecordedWalk:
    content = ezc3d.c3d(str(required_file(folder, _BMC)), extract_forceplat_data=True)
    rate = float(content["header"]["analogs"]["frame_rate"])
    steps = _plate_steps(content, rate)
    step_n = steps[1][0].start - steps[0][0].start
    impulse = np.mean([force[2, one.start : one.end].sum() for one, force in steps])
    weight_n = float(impulse / step_n)  # a steady walk: every stance carries the body for one step
    grf = joined([_plate_stance(one, force, weight_n, 2 * step_n) for one, force in steps])
    labels = [str(label) for label in content["parameters"]["ANALOG"]["LABELS"]["value"]]
    analog = content["data"]["analogs"][0]
    codes = {
        EmgGroup.SOLEUS: ("SOL",),
        EmgGroup.GASTROCNEMIUS: ("JUM",),
        EmgGroup.TIBIALIS_ANTERIOR: ("TIB",),
        EmgGroup.VASTI: ("VAS",),
        EmgGroup.HAMSTRINGS: ("ISC", "BIC"),
        EmgGroup.RECTUS_FEMORIS: ("REC",),
        EmgGroup.GLUTEUS_MAXIMUS: ("GRF",),  # grand fessier
    }
    first = _foot_ahead(content, steps[0][0].start / rate)
    cycles = [(first, steps[0][0].start), (first.other, steps[1][0].start)]
    envelopes = {}
    for group, names in codes.items():
        curves = [
            even(
                envelope(analog[labels.index(f"{side.suffix.upper()}{name}")], rate)[
                    start : start + 2 * step_n
                ]
            )
            for side, start in cycles
            for name in names
        ]
        envelopes[group] = _scaled(np.mean([_scaled(curve) for curve in curves], axis=0))
    about = (
        "one adult, overground, two steps on plates; raw EMG of both legs through this program's own chain"
    )
    return RecordedWalk("bmc", True, about, grf, envelopes)


def _children(name: str) -> Callable[[Path], RecordedWalk]:
    def read(folder: Path) -> RecordedWalk:
        grfs: list[Stances] = []
        gathered: dict[EmgGroup, list[FloatArray]] = {}
        for file in _CHILDREN[name]:
            content = ezc3d.c3d(
                str(required_file(folder, f"multi-subject-c3d/{file}.c3d")), extract_forceplat_data=True
            )
            grfs.append(_child_ground(content))
            _child_emg(content, gathered)
        envelopes = {group: _scaled(np.mean(curves, axis=0)) for group, curves in gathered.items()}
        about = "three young people of 25 to 60 kg, overground; good EMG channels only, raw through our chain"
        return RecordedWalk(name, name in HELD_OUT, about, joined(grfs), envelopes)

    return read


def _child_ground(content: Any) -> Stances:
    rate = float(content["header"]["analogs"]["frame_rate"])
    mass_kg = float(content["parameters"]["PROCESSING"]["Bodymass"]["value"][0])
    strikes = _events(content)
    stride_s = float(np.median([np.diff(times).mean() for times in strikes.values() if len(times) > 1]))
    steps = _plate_steps(content, rate)
    stride_n = round(stride_s * rate)
    return joined([_plate_stance(one, force, mass_kg * GRAVITY_M_S2, stride_n) for one, force in steps])


_CHILD_CHANNELS = {
    "Rect": (EmgGroup.RECTUS_FEMORIS, EmgMuscle.RECTUS_FEMORIS),
    "Hams": (EmgGroup.HAMSTRINGS, EmgMuscle.BICEPS_FEMORIS),
    "Gast": (EmgGroup.GASTROCNEMIUS, EmgMuscle.GASTROCNEMIUS_MEDIALIS),
    "Tib Ant": (EmgGroup.TIBIALIS_ANTERIOR, EmgMuscle.TIBIALIS_ANTERIOR),
}


def _child_emg(content: Any, gathered: dict[EmgGroup, list[FloatArray]]) -> None:
    rate = float(content["header"]["analogs"]["frame_rate"])
    labels = [str(label) for label in content["parameters"]["ANALOG"]["LABELS"]["value"]]
    first_s = content["header"]["points"]["first_frame"] / content["header"]["points"]["frame_rate"]
    for side, times in _events(content).items():
        for name, (group, muscle) in _CHILD_CHANNELS.items():
            signal = content["data"]["analogs"][0][labels.index(f"Voltage.{side.suffix.upper()} {name}")]
            if channel_quality(name, ChannelSite(muscle, side), signal, rate, 0.0).verdict != "good":
                continue
            smooth = envelope(signal, rate)
            for start, end in itertools.pairwise(times):
                piece = smooth[round((start - first_s) * rate) : round((end - first_s) * rate)]
                gathered.setdefault(group, []).append(_scaled(even(piece)))


def _schwartz(folder: Path) -> RecordedWalk:
    """Columns: percent of the cycle, then low, mean, high for five speeds; the third is free speed."""
    files = {
        EmgGroup.GASTROCNEMIUS: ("MGastrocnemiusMed",),
        EmgGroup.TIBIALIS_ANTERIOR: ("MTibialisAnt",),
        EmgGroup.HAMSTRINGS: ("MHamstringsLat", "MHamstringsMed"),
        EmgGroup.RECTUS_FEMORIS: ("MRectusFem",),
    }
    envelopes = {}
    for group, names in files.items():
        tables = [np.loadtxt(required_file(folder, f"{_SCHWARTZ}/{name}.txt")) for name in names]
        envelopes[group] = _scaled(even(np.mean([table[:, 8] for table in tables], axis=0)))
    about = "83 children and adolescents, free speed, mean (Schwartz et al. 2008)"
    return RecordedWalk("schwartz", False, about, None, envelopes)


def _perry(folder: Path) -> RecordedWalk:
    """Columns as in reflex models: hip abductors, adductors and flexors, glutei, hamstrings, rectus, vasti,
    short biceps, gastrocnemius, soleus, tibialis anterior. The file's very first number (1) is a slip."""
    table = np.loadtxt(required_file(folder, _PERRY), delimiter=",")
    table[0, 0] = table[1, 0]
    columns = {
        EmgGroup.GLUTEUS_MEDIUS: 0,
        EmgGroup.GLUTEUS_MAXIMUS: 3,
        EmgGroup.HAMSTRINGS: 4,
        EmgGroup.RECTUS_FEMORIS: 5,
        EmgGroup.VASTI: 6,
        EmgGroup.GASTROCNEMIUS: 8,
        EmgGroup.SOLEUS: 9,
        EmgGroup.TIBIALIS_ANTERIOR: 10,
    }
    envelopes = {group: _scaled(even(table[:, column])) for group, column in columns.items()}
    about = "normal adults, free speed, textbook mean curves of fine-wire EMG (Perry & Burnfield 2010)"
    return RecordedWalk("perry", False, about, None, envelopes)


_READERS = (
    _subject01,
    _walk36,
    _perry,
    _schwartz,
    _children("children_a"),
    _bmc,
    _rajagopal,
    _children("children_b"),
)


def _treadmill(force: dict[str, FloatArray], feet: tuple[str, str]) -> Stances:
    """Stances of both feet. Body weight is both feet's impulse of one stride over its duration."""
    rate = _rate(force["time"])
    found = [contacts(force[f"{foot}_vy"], rate) for foot in feet]
    stride_n = float(np.median(np.concatenate([np.diff([one.start for one in side]) for side in found])))
    impulse = sum(
        float(np.mean([force[f"{foot}_vy"][one.start : one.end].sum() for one in side]))
        for foot, side in zip(feet, found, strict=True)
    )
    parts = []
    for foot, side in zip(feet, found, strict=True):
        fraction = float(np.mean([one.end - one.start for one in side])) / stride_n
        vertical, fore_aft = force[f"{foot}_vy"], force[f"{foot}_vx"]
        parts.append(stances(vertical, fore_aft, side, impulse / stride_n, fraction))
    return joined(parts)


def _plate_steps(content: Any, rate: float) -> list[tuple[Contact, FloatArray]]:
    """The clean stance on each plate with its force (3, T), in the order of time."""
    steps = []
    for plate in content["data"]["platform"]:
        force = np.nan_to_num(np.asarray(plate["force"]))
        steps += [(one, force) for one in contacts(force[2], rate)]
    return sorted(steps, key=lambda step: step[0].start)


def _plate_stance(one: Contact, force: FloatArray, weight_n: float, stride_n: int) -> Stances:
    along = int(np.argmax(np.ptp(force[:2, one.start : one.end], axis=1)))
    return stances(force[2], force[along], (one,), weight_n, (one.end - one.start) / stride_n)


def _foot_ahead(content: Any, time_s: float) -> Side:
    """The side that strikes at `time_s`: the one whose heel moved further in the 0.1 s before."""
    points, rate = content["data"]["points"], content["header"]["points"]["frame_rate"]
    labels = [str(label) for label in content["parameters"]["POINT"]["LABELS"]["value"]]
    now, before = round(time_s * rate), round((time_s - 0.1) * rate)
    moved = {
        side: np.linalg.norm(
            points[:3, labels.index(f"{side.suffix.upper()}HEE"), now]
            - points[:3, labels.index(f"{side.suffix.upper()}HEE"), before]
        )
        for side in Side
    }
    return max(Side, key=lambda side: float(moved[side]))


def _events(content: Any) -> dict[Side, list[float]]:
    """Times of foot strikes, as marked in the file, by side."""
    event = content["parameters"]["EVENT"]
    rows = zip(event["CONTEXTS"]["value"], event["LABELS"]["value"], event["TIMES"]["value"][1], strict=True)
    strikes: dict[Side, list[float]] = {side: [] for side in Side}
    for context, label, time_s in rows:
        if label == "Foot Strike":
            strikes[Side(str(context).lower())].append(float(time_s))
    return {side: sorted(times) for side, times in strikes.items()}


def _cycle_mean(emg: dict[str, FloatArray], names: tuple[str, ...], strikes: list[float]) -> FloatArray:
    """Mean over channels and over strides between `strikes` (complete ones of usual length)."""
    time_s = emg["time"]
    lengths = np.diff(strikes)
    curves = []
    for start, length in zip(strikes[:-1], lengths, strict=True):
        if 0.8 * np.median(lengths) < length < 1.2 * np.median(lengths):
            at = start + length * np.linspace(0.0, 1.0, 101)
            curves.append([np.interp(at, time_s, emg[name]) for name in names])
    means = np.mean(curves, axis=0)
    return _scaled(np.mean([_scaled(mean) for mean in means], axis=0))


def _scaled(curve: FloatArray) -> FloatArray:
    scaled: FloatArray = curve / curve.max()
    return scaled


def _rate(time_s: FloatArray) -> float:
    return float((len(time_s) - 1) / (time_s[-1] - time_s[0]))


def opensim_columns(path: Path) -> dict[str, FloatArray]:
    """Columns of an OpenSim .mot or .sto file."""
    _, _, body = path.read_text(encoding="utf-8").partition("endheader")
    header, _, rows = body.strip().partition("\n")
    names = header.split()
    values = np.array(rows.split(), dtype=np.float64).reshape(-1, len(names))
    return dict(zip(names, values.T, strict=True))


def required_file(folder: Path, name: str) -> Path:
    """The recording `name` below `folder`. Refuses (PC-026) when it is missing."""
    path = folder / name
    if not path.is_file():
        raise refuse(
            "PC-026",
            f"The recording {name} is missing.",
            f"It is not below {folder}.",
            "Set EXOTWIN_DATA to the folder with the real recordings.",
        )
    return path
