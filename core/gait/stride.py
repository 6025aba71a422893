"""A stride from a file: a few named entries, checked, missing joints filled from normal walking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.motion import GaitReference
from core.errors import UserError, refuse
from core.gait.leg import Leg
from core.gait.scenario_reference import normal_walk

LEAST_SAMPLES, MOST_SAMPLES = 20, 2000


def stride_of(entries: Mapping[str, Any], leg: Leg) -> GaitReference:
    """The stride in these entries, for a body with this leg. Refuses (MOT-030) what is not a stride.

    Entries: `period_s`, `speed_m_s`, and one list per joint by its name, in degrees: samples evenly over one
    stride from left heel strike, the end not repeated. Joints that are not given move as in normal walking.
    """
    names = [joint.value for joint in JOINTS]
    unknown = sorted(set(entries) - {"period_s", "speed_m_s", *names})
    if unknown:
        raise _unusable(f"It has an entry {unknown[0]}, which means nothing here")
    given = {name: _samples(name, entries[name]) for name in names if name in entries}
    counts = {len(samples) for samples in given.values()}
    if len(counts) != 1:
        raise _unusable(
            "It has no joint angles" if not counts else "Its joints have lists of different length"
        )
    period_s, speed_m_s = _number(entries, "period_s"), _number(entries, "speed_m_s")
    count = counts.pop()
    if not LEAST_SAMPLES <= count <= MOST_SAMPLES:
        raise _unusable(f"A stride of {count} samples is too {'short' if count < LEAST_SAMPLES else 'long'}")
    angle = _resampled(normal_walk(leg).angle_rad, count)
    for name, samples in given.items():
        angle[:, names.index(name)] = np.radians(samples)
    return GaitReference(period_s, speed_m_s, angle)


def _resampled(angle_rad: FloatArray, count: int) -> FloatArray:
    """The same periodic stride (K, 14) with `count` samples."""
    known = np.arange(len(angle_rad)) / len(angle_rad)
    wanted = np.arange(count) / count
    return np.stack([np.interp(wanted, known, column, period=1.0) for column in angle_rad.T], axis=1)


def _samples(name: str, value: Any) -> FloatArray:
    try:
        samples = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise _unusable(f"{name} is not a list of numbers") from error
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise _unusable(f"{name} is not a list of numbers without gaps")
    return samples


def _number(entries: Mapping[str, Any], name: str) -> float:
    try:
        return float(entries[name])
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable(f"{name} is missing or not a number") from error


def _unusable(why: str) -> UserError:
    return refuse(
        "MOT-030",
        "The stride cannot be used.",
        f"{why}.",
        "`exotwin train twin --help` tells what a file with a stride holds.",
    )
