"""A person's own EMG as what muscles usually do, in place of a textbook's: how much nearer the twin comes.

The habits come from one half of a person's strides; the simulated activations are compared with the mean
envelope of the other half, muscle by muscle, as `exotwin bench walk` compares them. Both walks have the
generic body, stride and policy, so that nothing but the habits differs. EMG of one leg was recorded: its
habits are given to both legs, and both legs are compared with it.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.gait_curves import EmgGroup, contacts, correlation
from app.bench.recorded_walks import WALK36, WALK36_COLUMNS, opensim_columns, required_file
from app.bench.simulated_walk import MUSCLES_OF, EvaluatedWalk, WalkSetup, evaluate_walk
from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import GENERIC_BODY, BodyParameters, MuscleHabit
from core.emg.processing import envelope
from core.gait.scenario_reference import scenario_reference
from core.simulation.environment.walker import Walker, actuation_of
from core.simulation.model.exo_model import worn_model
from core.simulation.muscles.activation_prior import FULL_BURST
from core.tasks.policy_files import MUSCLE_POLICY, shipped_policy
from core.twin.body import Fidelity

_STARTS, _SECONDS, _SEED = 16, 10.0, 3
_ID0012 = "emg-synergies/data/RAW_DATA.RData"
_ID0012_COLUMNS = {
    EmgGroup.SOLEUS: ("SO",),
    EmgGroup.GASTROCNEMIUS: ("GM", "GL"),
    EmgGroup.TIBIALIS_ANTERIOR: ("TA",),
    EmgGroup.HAMSTRINGS: ("ST", "BF"),
    EmgGroup.VASTI: ("VL", "VM"),
    EmgGroup.RECTUS_FEMORIS: ("RF",),
    EmgGroup.GLUTEUS_MEDIUS: ("ME",),
    EmgGroup.GLUTEUS_MAXIMUS: ("MA",),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Halves:
    """Mean envelopes (101,) of the first and the second half of one person's strides, largest value 1."""

    first: dict[EmgGroup, FloatArray]
    second: dict[EmgGroup, FloatArray]
    strides: int


def bench_own_prior(recordings: Path) -> dict[str, Any]:
    """Mean r of activations with the held-out strides, by a textbook's habits and by the person's own.

    `walk36` was looked at when `OWN_VARIANCE` was chosen, `id0012` was not.
    """
    numbers: dict[str, Any] = {}
    textbook = _walk(GENERIC_BODY)
    for name, person in _people(recordings).items():
        own = _walk(replace(GENERIC_BODY, habits=_habits(person.first)))
        numbers |= {
            f"own_prior_{name}_{key}": value for key, value in _compared(textbook, own, person).items()
        }
    return numbers


def _people(recordings: Path) -> dict[str, _Halves]:
    people = {"walk36": _walk36(recordings)}
    if importlib.util.find_spec("rdata") is not None:  # of the extra `oracle`
        people["id0012"] = _id0012(recordings)
    return people


def _compared(textbook: EvaluatedWalk, own: EvaluatedWalk, person: _Halves) -> dict[str, Any]:
    found: dict[str, Any] = {"strides": person.strides, "muscles": len(person.second)}
    for name, walk in (("textbook", textbook), ("own", own)):
        for kind, curves in (("activation", walk.emg), ("excitation", walk.excitation)):
            each = {group.value: correlation(curves[group], emg) for group, emg in person.second.items()}
            found[f"{name}_{kind}_r"] = float(np.mean(list(each.values())))
            found[f"{name}_{kind}_r_each"] = {muscle: round(r, 3) for muscle, r in each.items()}
        found[f"{name}_survived"] = walk.survived_fraction
        found[f"{name}_flexion_rmse_deg"] = walk.flexion_rmse_deg
    for kind in ("activation", "excitation"):
        found[f"{kind}_gain"] = found[f"own_{kind}_r"] - found[f"textbook_{kind}_r"]
    return found


def _walk(body: BodyParameters) -> EvaluatedWalk:
    model = worn_model(body, Fidelity.STANDARD, None, surfaces=False)
    networks = shipped_policy(muscles=True)
    walkers = (Walker(model, body, scenario_reference(LEVEL_WALKING, body, None)),) * _STARTS
    setup = WalkSetup(walkers, actuation_of(walkers, networks), networks, MUSCLE_POLICY)
    return evaluate_walk(setup, seconds=_SECONDS, seed=_SEED)


def _habits(first: dict[EmgGroup, FloatArray]) -> tuple[MuscleHabit, ...]:
    return tuple(
        MuscleHabit(muscle, side, tuple((FULL_BURST * curve[:-1]).tolist()))
        for group, curve in first.items()
        for muscle in MUSCLES_OF[group]
        for side in SIDES
    )


def _walk36(recordings: Path) -> _Halves:
    force = opensim_columns(required_file(recordings, f"{WALK36}/XLD.mot"))
    emg = opensim_columns(required_file(recordings, f"{WALK36}/emgFilt.sto"))
    time_s = force["time"]
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    strikes = [float(time_s[one.start]) for one in contacts(force["ground_force_vy"], rate_hz)]
    return _halves(emg, WALK36_COLUMNS, strikes)


def _id0012(recordings: Path) -> _Halves:
    """Raw EMG through this program's own chain; a stride goes from one marked touch-down to the next."""
    rdata: Any = importlib.import_module("rdata")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of R classes that it reads as plain tables
        content = rdata.read_rda(str(required_file(recordings, _ID0012)))
    trial = content["RAW_DATA"]["ID0012_TW_01"]
    table = trial["emg"]
    time_s = table["time"].to_numpy(dtype=float)
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    emg = {name: envelope(table[name].to_numpy(dtype=float), rate_hz) for name in table.columns[1:]}
    return _halves(emg | {"time": time_s}, _ID0012_COLUMNS, trial["cycles"]["V1"].tolist())


def _halves(
    emg: dict[str, FloatArray], columns: dict[EmgGroup, tuple[str, ...]], strikes: list[float]
) -> _Halves:
    lengths = np.diff(strikes)
    usual = np.abs(lengths / np.median(lengths) - 1.0) < 0.2
    starts, lengths = np.array(strikes[:-1])[usual], lengths[usual]
    half = (len(starts) + 1) // 2

    def mean(names: tuple[str, ...], chosen: slice) -> FloatArray:
        at = starts[chosen, None] + lengths[chosen, None] * np.linspace(0.0, 1.0, 101)
        each = [np.interp(at, emg["time"], emg[name]).mean(axis=0) for name in names]
        curve = np.mean([one / one.max() for one in each], axis=0)
        return np.asarray(curve / curve.max())

    first, second = (
        {group: mean(names, chosen) for group, names in columns.items()}
        for chosen in (slice(half), slice(half, None))
    )
    return _Halves(first, second, len(starts))
