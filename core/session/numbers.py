"""Every number of a visit with its unit and the record it comes from: for tables and for programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.domain.amplitude import USUAL_N, Amplitude
from core.domain.arrays import FloatArray
from core.domain.body import JointKind, Side
from core.domain.controller import Comparison, GaitScore
from core.domain.emg import EmgEnvelopes
from core.domain.exo_walk import ExoWalk
from core.domain.kinetics import ForceSource, Kinetics
from core.domain.moments import Moments
from core.domain.motion import GaitCycles, Motion, Spread
from core.domain.rollout import METABOLIC_MODELS, GaitLabel, RolloutSet
from core.domain.scenario import LEVEL_WALKING
from core.domain.situation import SituationWalks, find_walks
from core.domain.situation_effects import effect_of, situation_name
from core.domain.twin import GaitPolicy, Twin
from core.domain.walk_measures import Estimate, WalkMeasures, WalkRatios
from core.gait.cycles import is_held

BOTH = "both sides"


@dataclass(frozen=True, slots=True)
class Number:
    """One number. `sd` over `count` strides, or `low` and `high` of its 95 % interval over `count` seeds or
    measured forces.
    """

    name: str  # "step length"
    of: str  # a side, "both sides", a gait
    value: float | None  # None where it is not known
    unit: str  # "" for a plain number
    source: str  # id of the record
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    count: int | None = None
    simulated: bool = False
    estimated: bool = False  # by a model, without a measurement of the quantity itself


def _known(value: float | np.floating | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


# Motion -------------------------------------------------------------------------------------------


def motion_numbers(motion: Motion, source: str) -> tuple[Number, ...]:
    """Measures of the walk, then the joints' ranges; a movement without strides has its ranges over time."""
    if motion.without_walk:
        return tuple(_ranges_over_time(motion, source))
    measures = motion.measures
    whole = (
        ("speed", measures.speed_m_s, "m/s", measures.speed_sd_m_s),
        ("cadence", measures.cadence_steps_min, "steps/min", measures.cadence_sd_steps_min),
        ("step width", measures.step_width_m, "m", measures.step_width_sd_m),
        ("symmetry", measures.symmetry, "", measures.symmetry_sd),
    )
    found = [
        Number(name, BOTH, _known(value), unit, source, sd=None if value is None else _known(sd))
        for name, value, unit, sd in whole
    ]
    for side in measures.sides:
        for name, spread, unit, factor in (
            ("step length", side.step_length_m, "m", 1.0),
            ("stride time", side.stride_time_s, "s", 1.0),
            ("stance", side.stance_fraction, "% of the gait cycle", 100.0),
            ("double support", side.double_support_fraction, "% of the gait cycle", 100.0),
        ):
            found.append(_spread(name, side.side, spread, unit, factor, side.strides, source))
    for cycles in motion.cycles:
        found += _joint_ranges(cycles, source)
    return tuple(found)


def _spread(
    name: str, side: Side, spread: Spread, unit: str, factor: float, strides: int, source: str
) -> Number:
    sd = _known(factor * spread.sd) if strides > 1 else None  # a single stride has no spread
    return Number(name, side.value, _known(factor * spread.mean), unit, source, sd=sd, count=strides)


def _joint_ranges(cycles: GaitCycles, source: str) -> Iterator[Number]:
    """Largest, smallest and range of each joint in a stride: mean and spread over the strides.

    Not of joints that are held.
    """
    if not len(cycles.angle_rad):
        return
    angle_deg = np.degrees(cycles.angle_rad)
    for column, kind in enumerate(JointKind):
        if is_held(cycles.angle_rad[:, :, column]):
            continue
        top, bottom = angle_deg[:, :, column].max(axis=1), angle_deg[:, :, column].min(axis=1)
        for name, values in (("largest", top), ("smallest", bottom), ("range", top - bottom)):
            yield _over_strides(f"{kind.label.lower()}, {name}", cycles.side, values, "deg", source)


def _over_strides(name: str, side: Side, values: FloatArray, unit: str, source: str) -> Number:
    sd = _known(values.std(ddof=1)) if len(values) > 1 else None
    return Number(name, side.value, _known(values.mean()), unit, source, sd=sd, count=len(values))


def _ranges_over_time(motion: Motion, source: str) -> Iterator[Number]:
    for kind in JointKind:
        for side, column in zip(Side, kind.columns, strict=True):
            angle = np.degrees(motion.kinematics.angle_rad[:, column])
            seen = angle[np.isfinite(angle)]
            if len(seen) and not is_held(seen):
                yield Number(f"{kind.label.lower()}, largest", side.value, float(seen.max()), "deg", source)
                yield Number(f"{kind.label.lower()}, smallest", side.value, float(seen.min()), "deg", source)


# Forces, EMG, twin --------------------------------------------------------------------------------


def kinetics_numbers(kinetics: Kinetics, source: str) -> tuple[Number, ...]:
    """Peaks of internal moments and powers in the mean cycle, and work, per joint and side."""
    found: list[Number] = []
    for cycles in kinetics.cycles:
        if not len(cycles.moment_nm_kg):
            continue
        for column, kind in enumerate(JointKind):
            for name, strides, unit in (
                ("moment", cycles.moment_nm_kg, "N m/kg"),
                ("power", cycles.power_w_kg, "W/kg"),
            ):
                values = strides[:, :, column]
                for end, peaks in (("largest", values.max(axis=1)), ("smallest", values.min(axis=1))):
                    label = f"{kind.label.lower()} {name}, {end}"
                    found.append(_over_strides(label, cycles.side, peaks, unit, source))
    for work in kinetics.work:
        name, side = work.joint.kind.label.lower(), work.joint.side.value
        found.append(Number(f"{name}, work given", side, _known(work.positive_j_kg), "J/kg", source))
        found.append(Number(f"{name}, work taken up", side, _known(work.negative_j_kg), "J/kg", source))
    estimated = kinetics.source is ForceSource.ESTIMATED
    return tuple(replace(one, estimated=estimated) for one in found)


def moment_numbers(moments: Moments, source: str) -> tuple[Number, ...]:
    """Peaks of the estimated hip moments per plane and side, and its error with other people."""
    found: list[Number] = []
    for cycles in moments.cycles:
        for plane, kind in enumerate(moments.planes if len(cycles.moment_nm_kg) else ()):
            values = cycles.moment_nm_kg[:, :, plane]
            for end, peaks in (("largest", values.max(axis=1)), ("smallest", values.min(axis=1))):
                label = f"{kind.label.lower()} moment without force plates, {end}"
                found.append(_over_strides(label, cycles.side, peaks, "N m/kg", source))
    errors = np.sqrt((moments.error_nm_kg**2).mean(axis=0))
    found += [
        Number(
            f"{kind.label.lower()} moment, RMSE with {moments.judged_on}",
            BOTH,
            float(error),
            "N m/kg",
            source,
        )
        for kind, error in zip(moments.planes, errors, strict=False)
    ]
    return tuple(replace(one, estimated=True) for one in found)


def amplitude_numbers(found: Amplitude, source: str) -> tuple[Number, ...]:
    """The advised force with its band. Estimated, and simulated where the twin walked."""
    side, count = found.measured.side.value, len(found.measured.force_n)
    low, high = found.band_n
    better = found.better_than_usual
    rows = (
        Number("assistance force, advised", side, found.best_n, "N", source, low=low, high=high, count=count),
        Number("assistance force, largest allowed", side, found.bound_n, "N", source),
        Number(
            f"advised force better than {USUAL_N:.0f} N, probability",
            side,
            None if better is None else 100.0 * better,
            "%",
            source,
        ),
    )
    return tuple(replace(one, estimated=True, simulated=found.measured.simulated) for one in rows)


def emg_numbers(emg: EmgEnvelopes, source: str) -> tuple[Number, ...]:
    """How good each channel is."""
    found = []
    for channel in emg.channels:
        name, side = channel.site.muscle.value, channel.site.side.value
        noise = _known(channel.signal_to_noise_db)
        found.append(Number(f"{name}, signal to noise", side, noise, "dB", source))
        found.append(Number(f"{name}, clipped", side, 100.0 * channel.clipped_fraction, "%", source))
    return tuple(found)


def twin_numbers(twin: Twin, source: str) -> tuple[Number, ...]:
    rows = (
        ("mass of the model", twin.model_mass_kg, "kg"),
        ("leg length of the model", twin.leg_length_m, "m"),
        ("distance of model and landmarks", 1000.0 * twin.landmark_residual_m, "mm"),
    )
    scale = twin.body.scale
    factors = [
        (f"{name.replace('_', ' ')}, of the generic model", float(getattr(scale, name)), "")
        for name in ("pelvis_width", "thigh", "shank", "foot", "trunk")
    ]
    return tuple(
        Number(name, "twin", _known(value), unit, source, estimated=True)
        for name, value, unit in (*rows, *factors)
    )


def policy_numbers(policy: GaitPolicy, source: str) -> tuple[Number, ...]:
    rows = (
        ("time walked without a fall, median", policy.walk_seconds_median, "s"),
        ("distance from the measured angles", policy.joint_rmse_deg, "deg"),
    )
    return tuple(
        Number(name, "twin", _known(value), unit, source, simulated=True) for name, value, unit in rows
    )


def walk_numbers(walk: ExoWalk, source: str) -> tuple[Number, ...]:
    """What the exo measured while it assisted; simulated where it was a virtual one."""
    found = [Number("torque limit", BOTH, walk.limit_nm, "N m", source, simulated=walk.virtual)]
    for number, side in enumerate(Side):
        strides = float(walk.strides[number])
        found.append(Number("strides with the exo", side.value, strides, "", source, simulated=walk.virtual))
        if walk.match.known:
            for name, values, unit in (
                ("torque delivered against predicted, r", walk.match.correlation, ""),
                ("torque delivered against predicted, distance", walk.match.rmse_nm_kg, "N m/kg"),
            ):
                value = _known(values[number])
                found.append(Number(name, side.value, value, unit, source, simulated=walk.virtual))
    return tuple(found)


def gait_numbers(gaits: RolloutSet, source: str) -> tuple[Number, ...]:
    """Simulated walks: how fast and how long, and the ranges of the joints."""
    found = []
    for walk in gaits.rollouts:
        label = str(walk.label.value)
        for name, value, unit in (("speed", walk.speed_m_s, "m/s"), ("time walked", walk.walked_s, "s")):
            found.append(Number(name, label, _known(value), unit, source, simulated=True))
        for cycles in walk.cycles:
            for one in _joint_ranges(cycles, source):
                found.append(replace(one, of=f"{label}, {cycles.side.value}", simulated=True))
    return tuple(found)


# Comparison ---------------------------------------------------------------------------------------


def comparison_numbers(comparison: Comparison, source: str) -> tuple[Number, ...]:
    """What each gait costs and does; all simulated. Ratios are shares of walking without the exo."""
    without = comparison.find(GaitLabel.WITHOUT_EXO)
    base = None if without is None else without.measures
    scores = (number for score in comparison.scores for number in _score_numbers(score, base, source))
    return (*scores, *_situation_numbers(comparison.situations, source))


def _situation_numbers(situations: tuple[SituationWalks, ...], source: str) -> Iterator[Number]:
    """Beyond level walking: falls, and what it costs against the same walks without the exo."""
    for walks in situations:
        if walks.situation == LEVEL_WALKING.key:
            continue
        rail = ", with a handrail" if walks.handrail else ""
        of = f"{walks.label}, {situation_name(walks.situation)}{rail}"
        for name, whole in (("falls", walks.measures.falls), ("walks", walks.measures.starts)):
            yield Number(name, of, float(whole), "", source, simulated=True)
        bare = find_walks(situations, walks.situation, GaitLabel.WITHOUT_EXO.value, handrail=walks.handrail)
        cost = None if bare is None or bare is walks else effect_of(walks, bare).cost
        if cost is not None:
            name = "metabolic cost per metre" if cost.per_metre else "metabolic rate"
            low, mean, high = (
                100.0 * end for end in (cost.estimate.low, cost.estimate.mean, cost.estimate.high)
            )
            share = Estimate(mean, low, high)
            yield _estimate(name, of, share, "% of the same walks without exo", source, walks.measures.seeds)


def _score_numbers(score: GaitScore, without: WalkMeasures | None, source: str) -> Iterator[Number]:
    walks = score.measures
    if walks is not None:
        yield from _of_walks(walks, score.label, source)
        if without is not None and walks is not without and walks.seeds == without.seeds:
            yield from _ratios(walks, without, score.label, source)
    for joint, correlation in score.correlation.items():
        name = f"{joint} against the measured gait"
        distance = _known(score.rmse_deg.get(joint, math.nan))
        yield Number(f"{name}, r", score.label, _known(correlation), "", source, simulated=True)
        yield Number(f"{name}, distance", score.label, distance, "deg", source, simulated=True)


def _of_walks(walks: WalkMeasures, label: str, source: str) -> Iterator[Number]:
    rows = [
        (f"metabolic rate, {model}", walks.metabolic_w_kg[:, number], "W/kg")
        for number, model in enumerate(METABOLIC_MODELS)
    ]
    rows += [
        ("speed", walks.speed_m_s, "m/s"),
        ("symmetry", walks.symmetry, ""),
        ("exo torque, largest", walks.exo_peak_nm, "N m"),
        ("exo power, mean of both sides together", walks.exo_power_w, "W"),
        ("exo work against the leg", 100.0 * walks.negative_work_fraction, "% of its work"),
    ]
    for name, values, unit in rows:
        yield _estimate(name, label, Estimate.of(values), unit, source, walks.seeds)
    for name, whole in (("falls", walks.falls), ("walks", walks.starts)):
        yield Number(name, label, float(whole), "", source, simulated=True)


def _ratios(walks: WalkMeasures, without: WalkMeasures, label: str, source: str) -> Iterator[Number]:
    with np.errstate(divide="ignore", invalid="ignore"):
        same = WalkRatios.between(walks, without, per_metre=False)
        metre = WalkRatios.between(walks, without, per_metre=True)
    rows = (
        ("metabolic rate", same.metabolic_of_both),
        ("metabolic cost per metre", metre.metabolic_of_both),
        ("muscle activation", Estimate.of(same.activation)),
        ("joint effort", Estimate.of(same.joint_effort)),
    )
    for name, ratio in rows:
        share = Estimate(100.0 * ratio.mean, 100.0 * ratio.low, 100.0 * ratio.high)
        yield _estimate(name, label, share, "% of walking without exo", source, walks.seeds)


def _estimate(name: str, of: str, value: Estimate, unit: str, source: str, seeds: int) -> Number:
    low, high = _known(value.low), _known(value.high)
    return Number(name, of, _known(value.mean), unit, source, low=low, high=high, count=seeds, simulated=True)


COLUMNS = (
    *("measure", "of", "value", "sd", "low_95", "high_95", "count", "unit"),
    *("simulated", "estimated", "record"),
)


def number_rows(numbers: Sequence[Number]) -> list[list[str | float | int | None]]:
    """Rows under COLUMNS."""
    return [
        [
            one.name,
            one.of,
            one.value,
            one.sd,
            one.low,
            one.high,
            one.count,
            one.unit,
            "yes" if one.simulated else "no",
            "yes" if one.estimated else "no",
            one.source,
        ]
        for one in numbers
    ]
