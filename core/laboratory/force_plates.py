"""Force plates: from what a plate of each type measures to the force of the floor on the person.

Channels, corners and ORIGIN as the C3D user guide of c3d.org defines them for types 1 to 4; the centre of
pressure and the free moment from the moment about the middle of the surface. Two things are taken from
physics, because files differ in them: the sensors lie below the surface, whatever the sign of ORIGIN's depth
(ezc3d 1.7.2 mirrors the centre of pressure of type 3 otherwise), and the floor pushes upwards, whether a file
holds what the plate feels or what the person feels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.findings import Finding, Severity
from core.domain.laboratory import PlateForces
from core.errors import Advice
from core.laboratory.c3d import C3dFile, RawPlate
from core.laboratory.units import force_unit_n, length_unit_m, moment_unit_nm

LOADED_N = 20.0  # vertical force from which somebody stands on a plate
_QUIET_N = 30.0  # largest that an unloaded plate may read by itself
_LEAST_QUIET = 0.05  # share of the samples, to tell what an unloaded plate reads
_TOLD_OFFSET_N = 5.0  # an offset below this is not worth a word
_FLAT_M = 1e-3  # an ORIGIN shorter than this says nothing
_EDGE_M = 0.02  # what calibrations leave between the centre of pressure and the edge it cannot pass
_MOSTLY = 0.5  # of the loaded samples
_SIZES_M = (0.05, 3.0)  # edges of plates that exist


@dataclass(frozen=True, slots=True)
class Surface:
    """Where a plate is, and its axes in the laboratory's."""

    corner_m: FloatArray  # (4, 3)
    middle_m: FloatArray  # (3,)
    axes: FloatArray  # (3, 3) columns: x, y, z of the plate

    @property
    def z_up(self) -> bool:
        """Only asked of plates that lie on the floor."""
        return bool(self.axes[np.argmax(np.abs(self.axes[:, 2])), 2] > 0.0)


def plate_forces(
    trial: C3dFile, *, as_recorded: bool = False
) -> tuple[tuple[PlateForces, ...], tuple[Finding, ...]]:
    """All plates of a trial that can be used, in the laboratory's axes, at the analog rate.

    `as_recorded` leaves in what a plate reads with nobody on it.

    In the findings: LAB-030 (no corners), LAB-031 (a type or channels that cannot be read), LAB-032 (an
    offset was taken off), LAB-033 (nobody stepped on it), LAB-034 (the force acts beside the plate).
    """
    plates, findings = [], []
    for number, raw in enumerate(trial.plates, start=1):
        name = f"plate {number}"
        surface = surface_of(raw.corner_m)
        if surface is None:
            findings.append(_no_corners(name))
            continue
        channels = _channels(trial, raw)
        if channels is None:
            findings.append(_unreadable(name, raw))
            continue
        forces, found = _one_plate(raw, surface, channels, name, as_recorded)
        plates.append(forces)
        findings += found
    return tuple(plates), tuple(findings)


def surface_of(corner_m: FloatArray) -> Surface | None:
    """Corners lie in the plate's quadrants (+x +y), (-x +y), (-x -y), (+x -y); None if they span nothing."""
    if not np.isfinite(corner_m).all():
        return None
    along = 0.5 * (corner_m[0] - corner_m[1] + corner_m[3] - corner_m[2])
    across = 0.5 * (corner_m[0] - corner_m[3] + corner_m[1] - corner_m[2])
    length, width = np.linalg.norm(along), np.linalg.norm(across)
    if not all(_SIZES_M[0] < size < _SIZES_M[1] for size in (length, width)):
        return None
    x = along / length
    z = np.cross(x, across / width)
    z /= np.linalg.norm(z)
    return Surface(corner_m, corner_m.mean(axis=0), np.column_stack([x, np.cross(z, x), z]))


def _channels(trial: C3dFile, raw: RawPlate) -> FloatArray | None:
    """Samples of the plate's channels, (K, 6 or 8), in newtons and newton metres (type 1: and metres).

    None for a type that nobody knows, channels that are missing, and a type 4 without its matrix.
    """
    wanted = {1: 6, 2: 6, 3: 8, 4: 6}.get(raw.kind)
    if wanted is None or len(raw.channels) != wanted or max(raw.channels) >= trial.analog.shape[1]:
        return None
    samples = trial.analog[:, list(raw.channels)].astype(float)
    units = [trial.analog_units[channel] for channel in raw.channels]
    length_m = length_unit_m(trial.point_units) or 1e-3
    level = _zero_level(trial, samples)
    if raw.kind == 1:
        level[3:5] = 0.0  # a place has no zero
    samples = samples - level
    if raw.kind == 4:
        if raw.calibration is None:
            return None
        samples = samples @ raw.calibration.T
    return samples * _to_si(raw.kind, units, length_m)


def _to_si(kind: int, units: list[str], length_m: float) -> FloatArray:
    """Factors of the channels; what a channel in volts is worth comes out of the plate's matrix or scale."""
    forces = [force_unit_n(unit) or 1.0 for unit in units]
    moments = [moment_unit_nm(unit) or length_m for unit in units]
    if kind == 3:
        return np.array(forces)
    if kind == 1:
        lengths = [length_unit_m(unit) or length_m for unit in units]
        return np.array([*forces[:3], *lengths[3:5], moments[5]])
    return np.array([*forces[:3], *moments[3:6]])


def _zero_level(trial: C3dFile, samples: FloatArray) -> FloatArray:
    """Mean over the frames that the file calls unloaded; nothing where the person stands there already."""
    first, last = trial.plate_zero
    per_frame = max(round(trial.analog_rate_hz / trial.point_rate_hz), 1)
    if not 1 <= first <= last:
        return np.zeros(samples.shape[1])
    part = samples[(first - 1) * per_frame : last * per_frame]
    whole = np.ptp(samples, axis=0)
    quiet = len(part) > 0 and bool((np.ptp(part, axis=0) <= 0.2 * whole + 1e-9).all())
    level = part.mean(axis=0) if quiet else np.zeros(samples.shape[1])
    small = np.abs(level) <= 0.2 * np.abs(samples).max(axis=0, initial=0.0)
    usual = np.abs(level - np.median(samples, axis=0)) <= 0.3 * whole  # as in most of the recording
    return np.where(small | usual, level, 0.0)


def _one_plate(
    raw: RawPlate, surface: Surface, channels: FloatArray, name: str, as_recorded: bool
) -> tuple[PlateForces, list[Finding]]:
    force, moment = _about_middle(raw, surface, channels)
    towards = np.sign(force[np.argmax(np.abs(force[:, 2])), 2]) or 1.0
    upwards = 1.0 if surface.z_up else -1.0
    force, moment = (towards * upwards * part for part in (force, moment))
    findings, offset_n = [], 0.0
    if not as_recorded:
        force, moment, offset_n = _without_offset(force, moment)
    if offset_n > _TOLD_OFFSET_N:
        findings.append(_offset(name, offset_n))
    loaded = np.abs(force[:, 2]) >= LOADED_N
    if not loaded.any():
        findings.append(_unused(name))
    elif _on_plate(surface, force, moment) < _MOSTLY:
        findings.append(_beside(name))
    return _in_room(name, surface, force, moment, loaded), findings


def _about_middle(raw: RawPlate, surface: Surface, channels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Force and moment about the middle of the surface in the plate's axes, (K, 3) each [N, N m]."""
    if raw.kind == 1:  # the centre of pressure and the free moment themselves
        force = channels[:, :3]
        at = np.column_stack([channels[:, 3:5], np.zeros(len(channels))])
        moment = np.cross(at, force)
        moment[:, 2] += channels[:, 5]
        return force, moment
    origin = np.nan_to_num(raw.origin_m)
    if raw.kind == 3:
        force, moment = _piezo(channels, np.abs(origin[:2]))
        origin = np.array([0.0, 0.0, origin[2]])
    else:
        force, moment = channels[:, :3], channels[:, 3:6]
    return force, moment - np.cross(_to_surface(origin, surface, force, moment), force)


def _to_surface(origin: FloatArray, surface: Surface, force: FloatArray, moment: FloatArray) -> FloatArray:
    """From the sensors to the middle of the surface, which lies above them.

    Files have ORIGIN in both directions. Where it has no depth, and only then, it is taken as the one that
    puts more of the centre of pressure on the plate.
    """
    height = origin[2] if surface.z_up else -origin[2]
    if abs(height) > _FLAT_M:
        return origin if height > 0.0 else -origin
    if np.abs(origin[:2]).max() < _FLAT_M:
        return origin
    return max((origin, -origin), key=lambda way: _on_plate(surface, force, moment - np.cross(way, force)))


def _on_plate(surface: Surface, force: FloatArray, moment: FloatArray) -> float:
    """Share of the loaded samples whose centre of pressure is on the plate; 1 where there are none."""
    loaded = np.abs(force[:, 2]) >= 3.0 * LOADED_N
    if not loaded.any():
        return 1.0
    at = np.column_stack([-moment[loaded, 1], moment[loaded, 0]]) / force[loaded, 2][:, None]
    half = np.abs((surface.corner_m - surface.middle_m) @ surface.axes)[:, :2].max(axis=0)
    return float((np.abs(at) <= half + _EDGE_M).all(axis=1).mean())


def _piezo(channels: FloatArray, half_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Of type 3 (Kistler): fx12, fx34, fy14, fy23, fz1 .. fz4, sensors at (±a, ±b); about their middle."""
    x12, x34, y14, y23, z1, z2, z3, z4 = channels.T
    a, b = half_m
    force = np.column_stack([x12 + x34, y14 + y23, z1 + z2 + z3 + z4])
    moment = np.column_stack(
        [b * (z1 + z2 - z3 - z4), a * (z2 + z3 - z1 - z4), b * (x34 - x12) + a * (y14 - y23)]
    )
    return force, moment


def _without_offset(force: FloatArray, moment: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Less what the plate reads with nobody on it, where it stands empty for long enough; and how much."""
    quiet = np.abs(force[:, 2]) < _QUIET_N
    if quiet.mean() < _LEAST_QUIET:
        return force, moment, 0.0
    level = np.median(force[quiet], axis=0)
    return force - level, moment - np.median(moment[quiet], axis=0), float(np.linalg.norm(level))


def _in_room(
    name: str, surface: Surface, force: FloatArray, moment: FloatArray, loaded: BoolArray
) -> PlateForces:
    """In the laboratory's axes; no force, no place and no moment while nobody stands on the plate."""
    upwards = 1.0 if surface.z_up else -1.0
    vertical = np.where(loaded, force[:, 2], np.nan)
    x, y = -moment[:, 1] / vertical, moment[:, 0] / vertical
    free = moment[:, 2] - (x * force[:, 1] - y * force[:, 0])
    at = np.column_stack([x, y, np.zeros_like(x)])
    return PlateForces(
        name,
        surface.corner_m,
        np.where(loaded[:, None], force @ surface.axes.T, 0.0),
        surface.middle_m + at @ surface.axes.T,
        np.where(loaded, upwards * free, 0.0),
    )


def _no_corners(name: str) -> Finding:
    advice = Advice(
        f"The file does not say where force {name} is.",
        "Its corners are missing, or span no plate, so nobody can tell where its force acts.",
        "Enter the corners in the laboratory's software and export again; until then the plate is left out.",
        "LAB-030",
    )
    return Finding(Severity.WARNING, advice)


def _unreadable(name: str, raw: RawPlate) -> Finding:
    advice = Advice(
        f"Force {name} cannot be read.",
        f"It is of type {raw.kind} with {len(raw.channels)} channels; types 1 to 4 with all their channels "
        "can be read, type 4 with its matrix.",
        "Check the plate's set-up in the laboratory's software and export again; it is left out.",
        "LAB-031",
    )
    return Finding(Severity.WARNING, advice)


def _offset(name: str, offset_n: float) -> Finding:
    advice = Advice(
        f"Force {name} reads {offset_n:.0f} N with nobody on it.",
        "That was taken off over the whole recording.",
        "Set the plates to zero before the next recording.",
        "LAB-032",
    )
    return Finding(Severity.NOTE, advice)


def _beside(name: str) -> Finding:
    advice = Advice(
        f"The force on {name} acts beside the plate most of the time.",
        "Its corners, its ORIGIN or its channels do not belong to it.",
        "Check the plate's set-up in the laboratory's software; do not trust moments of this trial.",
        "LAB-034",
    )
    return Finding(Severity.WARNING, advice)


def _unused(name: str) -> Finding:
    advice = Advice(
        f"Nobody stepped on force {name}.",
        f"It never reads {LOADED_N:.0f} N.",
        "Nothing needs to be done unless a step was meant to land on it.",
        "LAB-033",
    )
    return Finding(Severity.NOTE, advice)
