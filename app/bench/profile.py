"""How well sums of sines follow the force that measured hip moments ask of a belt, and what is left of it.

Real recordings: six young people over force plates (one stride of each side) and one adult on a treadmill.
All wear the belt of the HMEDI's profile. Orders, window and edges are those of the source, what is too fast
is what the exo's torque loop does not pass; fitting without that, and with other limits, was looked at on the
six.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.gait_curves import contacts
from app.bench.kinetics_pig import people
from app.bench.profile_exo import bench_profile_exo
from app.bench.recorded_walks import WALK36, opensim_columns, required_file
from core.assistance import belt, profile
from core.assistance.curves import peak_of, torque_nm
from core.assistance.profile import WINDOW, HipStrides, plan
from core.assistance.sines import fit_orders
from core.assistance.splines import nearest_spline
from core.devices.profiles import load_profile
from core.domain.arrays import FloatArray
from core.domain.belt_profile import MOST_ORDERS, BeltGeometry, BeltProfile
from core.domain.kinetics import ForceSource
from core.gait.cycles import resample
from core.kinetics.rigid_tree import GRAVITY_M_S2
from core.tasks.plan_assistance import hip_strides

DEVICE = "HMEDI_L1"
JUDGED_ORDER = 5  # of the source, which found 0.19 % there
_ODD = 0.15  # a stride that is longer or shorter than the median by more
_UNFILTERED_S = 1e3  # of a stride: then no harmonic is too fast


def bench_profile(recordings: Path) -> dict[str, Any]:
    """Worst person of each order, then each person; with what the exo cannot follow left in, too."""
    geometry = load_profile(DEVICE).belt
    assert geometry is not None
    numbers: dict[str, Any] = {}
    profiles = {}
    unfiltered = []
    for name, hip in measured_hips(recordings):
        profiles[name] = plan(hip, geometry)
        numbers |= _numbers(name, profiles[name])
        unfiltered.append(_unfiltered_rrmse(hip, geometry))
        numbers[f"{name}_unfiltered_order_{JUDGED_ORDER}_rrmse_percent"] = 100.0 * unfiltered[-1]
    found = _summary(list(profiles.values()), unfiltered) | _geometry_numbers(geometry)
    return found | bench_profile_exo(profiles["walk36"]) | numbers


def measured_hips(recordings: Path) -> Iterator[tuple[str, HipStrides]]:
    """Every person's strides. Refuses (PC-026) where a file is missing."""
    for person in people(recordings):
        yield person.name, hip_strides(person.motion, person.kinetics)
    yield "walk36", walk36_hip(recordings)


def walk36_hip(recordings: Path) -> HipStrides:
    """Of the angles and moments that were published with the walk."""
    tables = [
        opensim_columns(required_file(recordings, f"{WALK36}/{name}"))
        for name in ("ik.sto", "id.sto", "XLD.mot")
    ]
    angles, moments, forces = tables
    time_s = forces["time"]
    vertical = [forces[name] for name in ("l_ground_force_vy", "ground_force_vy")]
    mass_kg = float(sum(force.mean() for force in vertical)) / GRAVITY_M_S2
    rate_hz = (len(time_s) - 1) / (time_s[-1] - time_s[0])
    last_s = min(table["time"][-1] for table in tables)
    moment, angle, ankle, durations, counts = [], [], [], [], []
    for letter, force in zip("lr", vertical, strict=True):
        pairs = _strides([float(time_s[one.start]) for one in contacts(force, rate_hz)], last_s)
        counts.append(len(pairs))
        durations += [b - a for a, b in pairs]
        name = f"hip_flexion_{letter}"
        moment += [_cycle(moments, f"{name}_moment", *pair) / mass_kg for pair in pairs]
        ankle += [_cycle(moments, f"ankle_angle_{letter}_moment", *pair) / mass_kg for pair in pairs]
        angle += [np.radians(_cycle(angles, name, *pair)) for pair in pairs]
    return HipStrides(
        moment_nm_kg=np.array(moment),
        angle_rad=np.array(angle),
        strides=(counts[0], counts[1]),
        stride_s=float(np.mean(durations)),
        mass_kg=mass_kg,
        source=ForceSource.PLATES,
        ankle_nm_kg=np.array(ankle),
    )


def _strides(strikes_s: list[float], last_s: float) -> list[tuple[float, float]]:
    """From strike to strike; where a step was not seen on its plate, two strides would look like one."""
    pairs = [(a, b) for a, b in itertools.pairwise(strikes_s) if b <= last_s]
    usual_s = float(np.median([b - a for a, b in pairs]))
    return [(a, b) for a, b in pairs if abs(b - a - usual_s) <= _ODD * usual_s]


def _cycle(table: dict[str, FloatArray], name: str, start_s: float, end_s: float) -> FloatArray:
    return resample(table["time"], table[name][:, None], start_s, end_s, 101, endpoint=True)[:, 0]


def _numbers(name: str, found: BeltProfile) -> dict[str, Any]:
    judged = found.orders[JUDGED_ORDER - 1]
    torque = torque_nm(found)
    return {
        f"{name}_strides": sum(found.strides),
        **{f"{name}_order_{one.order}_rrmse_percent": 100.0 * one.rrmse for one in found.orders},
        f"{name}_order_{JUDGED_ORDER}_r2": judged.r2,
        f"{name}_chosen_order": found.order,
        f"{name}_peak_percent": 100.0 * peak_of(found.shape),
        f"{name}_whole_moment_n": found.full_force_n,
        f"{name}_torque_at_{found.amplitude_n:g}_n_nm": float(torque.max()),
        f"{name}_hip_spline_rrmse_percent": 100.0 * nearest_spline(torque, flat_end=True).rrmse,
    }


def _unfiltered_rrmse(hip: HipStrides, geometry: BeltGeometry) -> float:
    """Of the judged order, for the plain mean with everything fast in it."""
    wanted = profile.wanted_force(replace(hip, stride_s=_UNFILTERED_S), geometry).force_n
    return fit_orders(wanted, WINDOW, orders=JUDGED_ORDER)[-1].fit.rrmse


def _summary(found: list[BeltProfile], unfiltered: list[float]) -> dict[str, Any]:
    rrmse = 100.0 * np.array([[one.rrmse for one in each.orders] for each in found])
    r2 = [each.orders[JUDGED_ORDER - 1].r2 for each in found]
    peaks = [peak_of(each.shape) for each in found]
    return {
        "people": len(found),
        "data": "real: six young people over plates, one stride a side; one adult on a treadmill",
        f"order_{JUDGED_ORDER}_rrmse_percent_worst": float(rrmse[:, JUDGED_ORDER - 1].max()),
        f"order_{JUDGED_ORDER}_rrmse_percent_mean": float(rrmse[:, JUDGED_ORDER - 1].mean()),
        f"order_{JUDGED_ORDER}_r2_least": min(r2),
        "monotone_in_order": bool((np.diff(rrmse, axis=1) <= 1e-9).all()),
        "peaks_inside_window": all(WINDOW.first < peak < WINDOW.last for peak in peaks),
        **{f"order_{k + 1}_rrmse_percent_mean": float(rrmse[:, k].mean()) for k in range(MOST_ORDERS)},
        "chosen_orders": [each.order for each in found],
        f"unfiltered_order_{JUDGED_ORDER}_rrmse_percent_worst": 100.0 * max(unfiltered),
        "left_out": f"harmonics of the cycle beyond {profile.BANDWIDTH_HZ:g} Hz, which the exo's torque loop "
        "does not pass; `unfiltered` keeps them",
    }


def _geometry_numbers(geometry: BeltGeometry) -> dict[str, str]:
    """Largest differences over the hip's range: of both formulas, and of the band's work to the moment's."""
    angle = np.radians(np.linspace(-30.0, 100.0, 2001))
    moment = np.full_like(angle, 40.0)
    ours, theirs = (way(geometry, angle, moment) for way in (belt.force_n, belt.force_by_angle_n))
    given = ours > 0.0
    step = 1e-5
    shorter = belt.length_m(geometry, angle - step) - belt.length_m(geometry, angle + step)
    work = ours[given] * shorter[given] / (2.0 * step * moment[given])
    return {
        "formulas_apart_relative": f"{np.abs(theirs[given] / ours[given] - 1.0).max():.1e}",
        "virtual_work_apart_relative": f"{np.abs(work - 1.0).max():.1e}",
    }
