"""Files of a laboratory to one trial in this program's axes, with what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.findings import Finding, Severity, worst_first
from core.domain.laboratory import LaboratoryTrial, PlateForces, TrialEvent
from core.errors import Advice, refuse
from core.laboratory.c3d import C3dFile, read_c3d
from core.laboratory.force_plates import LOADED_N, plate_forces, surface_of
from core.laboratory.gaps import LONGEST_BRIDGED_S, bridged
from core.laboratory.loads import Loads, loads_of
from core.laboratory.names import unique
from core.laboratory.opensim_tables import read_table
from core.laboratory.room_axes import RoomAxes, room_axes
from core.laboratory.trc import MarkerPaths, read_trc_file

_OPENSIM_TURN = np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""From OpenSim's axes (x forward, y up, z right) to ours."""
_NEAR_FOOT_M = 0.25  # from a centre of pressure to the next marker of a foot
_LOW_M = 0.2  # height over the lowest marker up to which a marker is one of a foot
_WHOLE = 0.9  # of the markers that are ever in view at once
_UPRIGHT = 0.7  # of all force is vertical, in any walk
_UNEVEN = 0.3  # of a frame


@dataclass(frozen=True, slots=True, eq=False)
class MarkerRecording:
    """Markers of one file, in its own axes. Axes: T frames, P markers."""

    names: tuple[str, ...]
    start_s: float  # on the file's clock
    time_s: FloatArray  # (T,) even, from the first frame
    marker_m: FloatArray  # (T, P, 3)
    events: tuple[TrialEvent, ...]
    c3d: C3dFile | None  # where plates and channels are
    findings: tuple[Finding, ...]


def read_trial(path: Path, *, plates: Path | None = None, standing: Path | None = None) -> LaboratoryTrial:
    """Markers of a .c3d or .trc file; forces from the same C3D file, or from `plates` (.mot, .sto or .c3d).

    `standing`: a trial of the same person who stands, .c3d or .trc. Markers that only it has come last in the
    names and are NaN in the walk. Refuses what the readers do, LAB-040 (neither C3D nor TRC), LAB-041 (no
    markers) and LAB-042 (forces of another time).
    """
    walk = read_markers(path)
    forces = walk.c3d if plates is None or plates.suffix.lower() != ".c3d" else read_c3d(plates)
    raw, plate_findings = ((), ()) if forces is None else plate_forces(forces)
    axes = _axes_of(walk, forces)
    marker_m, bridges = bridged(walk.time_s, walk.marker_m @ axes.turn.T)
    if plates is not None and plates.suffix.lower() != ".c3d":
        turned, time_s, plate_findings = _table_plates(plates, walk, axes, marker_m)
    else:
        turned, time_s = tuple(_turned(plate, axes.turn) for plate in raw), _plate_time(forces)
        turned, beside = _in_frame(turned, time_s, walk.time_s, marker_m)
        plate_findings = (*plate_findings, *beside)
    names, paths, stood, standing_findings = _with_standing(walk.names, marker_m, standing)
    findings = (
        *walk.findings,
        *axes.findings,
        *plate_findings,
        *_gap_findings(bridges),
        *_empty_channels(walk.c3d),
        *standing_findings,
    )
    return LaboratoryTrial(
        marker_names=names,
        time_s=walk.time_s,
        marker_m=paths,
        plates=turned,
        plate_time_s=time_s,
        events=walk.events,
        standing_m=stood,
        source_name=path.name,
        findings=worst_first(findings),
    )


def read_markers(path: Path) -> MarkerRecording:
    """Markers alone, in the file's axes. Refuses as `read_trial`."""
    kind = path.suffix.lower()
    if kind == ".c3d":
        recording = _from_c3d(read_c3d(path))
    elif kind == ".trc":
        recording = _from_trc(read_trc_file(path))
    else:
        raise refuse(
            "LAB-040",
            f"{path.name} is no trial of a laboratory.",
            "Markers are read from C3D and TRC files.",
            "Choose a file that ends in .c3d or .trc; forces in .mot or .sto go beside it.",
        )
    if not recording.names:
        raise refuse(
            "LAB-041",
            f"{path.name} has no markers.",
            "It holds no point that was ever in view.",
            "Choose the trial with the reconstructed and labelled markers; EMG alone goes to the EMG page.",
        )
    return recording


def _from_c3d(c3d: C3dFile) -> MarkerRecording:
    seen = _ever_seen(c3d.points_m)
    names = unique(tuple(label.rsplit(":", 1)[-1] for label in c3d.point_labels))  # a person's name may lead
    return MarkerRecording(
        names=tuple(name for name, here in zip(names, seen, strict=True) if here),
        start_s=0.0,
        time_s=np.arange(c3d.frames) / c3d.point_rate_hz,
        marker_m=c3d.points_m[:, seen].astype(float),
        events=c3d.events,
        c3d=c3d,
        findings=(*c3d.findings, *_never_seen([n for n, here in zip(names, seen, strict=True) if not here])),
    )


def _ever_seen(marker_m: FloatArray | Float32Array) -> list[bool]:
    return [bool(np.isfinite(marker_m[:, marker]).all(axis=1).any()) for marker in range(marker_m.shape[1])]


def _from_trc(paths: MarkerPaths) -> MarkerRecording:
    time_s, marker_m, findings = _even(paths)
    seen = _ever_seen(marker_m)
    return MarkerRecording(
        names=tuple(name for name, here in zip(paths.names, seen, strict=True) if here),
        start_s=float(paths.time_s[0]),
        time_s=time_s,
        marker_m=marker_m[:, seen],
        events=(),
        c3d=None,
        findings=(
            *paths.findings,
            *findings,
            *_never_seen([n for n, here in zip(paths.names, seen, strict=True) if not here]),
        ),
    )


def _even(paths: MarkerPaths) -> tuple[FloatArray, FloatArray, tuple[Finding, ...]]:
    """Frames at even times from zero: rounded stamps are set right, frames left out become gaps."""
    if len(paths.time_s) < 2:
        return np.zeros(len(paths.time_s)), np.array(paths.place_m), ()
    steps = np.diff(paths.time_s)
    number = np.r_[0, np.cumsum(np.maximum(np.round(steps / np.median(steps)), 1))].astype(int)
    rate_hz = number[-1] / (paths.time_s[-1] - paths.time_s[0])
    off = np.abs((paths.time_s - paths.time_s[0]) * rate_hz - number).max()
    marker_m = np.full((number[-1] + 1, len(paths.names), 3), np.nan)
    marker_m[number] = paths.place_m
    findings = []
    if missing := number[-1] + 1 - len(number):
        findings.append(
            Advice(
                f"{missing} frames are missing within the marker file.",
                "Its times leap there; the markers count as out of view.",
                "Export the whole trial if that is where the person walks.",
                "LAB-043",
            )
        )
    if off > _UNEVEN:
        findings.append(
            Advice(
                "The times of the marker file do not grow evenly.",
                f"Frames are up to {off / rate_hz * 1e3:.0f} ms from where {rate_hz:.1f} a second would be.",
                "Export the trial again with an even rate; speeds and moments of this one are uncertain.",
                "LAB-044",
            )
        )
    told = tuple(Finding(Severity.WARNING, advice) for advice in findings)
    return np.arange(len(marker_m)) / rate_hz, marker_m, told


def _axes_of(walk: MarkerRecording, forces: C3dFile | None) -> RoomAxes:
    screen = ("", "") if walk.c3d is None else walk.c3d.screen_axes
    surfaces = [] if forces is None else [surface_of(plate.corner_m) for plate in forces.plates]
    known = [surface for surface in surfaces if surface is not None]
    floor = (known[0].middle_m, known[0].axes[:, 2]) if known else None
    return room_axes(walk.names, walk.marker_m, screen=screen, floor=floor)


def _plate_time(forces: C3dFile | None) -> FloatArray:
    return np.empty(0) if forces is None else np.arange(len(forces.analog)) / forces.analog_rate_hz


def _turned(plate: PlateForces, turn: FloatArray) -> PlateForces:
    """The moment about the vertical keeps its sign: turns have no mirrors."""
    return replace(
        plate,
        corner_m=plate.corner_m @ turn.T,
        force_n=plate.force_n @ turn.T,
        pressure_m=plate.pressure_m @ turn.T,
    )


def _table_plates(
    path: Path, walk: MarkerRecording, axes: RoomAxes, marker_m: FloatArray
) -> tuple[tuple[PlateForces, ...], FloatArray, tuple[Finding, ...]]:
    """Loads of a table on the trial's clock, in the markers' axes or, where those cannot be, in OpenSim's."""
    table = read_table(path)
    loads = loads_of(table, path)
    time_s = table.time_s - walk.start_s
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    inside = (time_s >= -step_s) & (time_s <= walk.time_s[-1] + step_s)
    if inside.sum() < 2:
        raise refuse(
            "LAB-042",
            f"{path.name} holds no forces of this walk.",
            f"Its times run from {time_s[0]:.1f} to {time_s[-1]:.1f} s of a walk of {walk.time_s[-1]:.1f} s.",
            "Choose the forces that were recorded with these markers.",
        )
    findings = [] if time_s[0] <= step_s and time_s[-1] >= walk.time_s[-1] - step_s else [_partly(path)]
    kept: tuple[PlateForces, ...] = ()
    beside: tuple[Finding, ...] = (_not_upwards(path),)
    for turn in (axes.turn, _OPENSIM_TURN):
        if not _push_upwards(loads, turn):
            continue
        plates = tuple(_plate_of(load, turn, inside) for load in loads)
        kept, beside = _in_frame(plates, time_s[inside], walk.time_s, marker_m, "all forces of the table are")
        if not beside:
            break
        kept = ()  # one table is one set-up: what is near a foot by chance is no better than the rest
    return kept, time_s[inside], (*table.findings, *findings, *beside)


def _push_upwards(loads: tuple[Loads, ...], turn: FloatArray) -> bool:
    """Floors push up; where the forces do not, their vertical is another."""
    force = np.concatenate([load.force_n for load in loads]) @ turn.T
    return bool(force[:, 2].sum() > _UPRIGHT * np.linalg.norm(force, axis=1).sum())


def _plate_of(load: Loads, turn: FloatArray, rows: BoolArray) -> PlateForces:
    force = load.force_n[rows] @ turn.T
    loaded = force[:, 2] >= LOADED_N
    return PlateForces(
        name=load.name,
        corner_m=np.full((4, 3), np.nan),  # tables do not tell
        force_n=np.where(loaded[:, None], force, 0.0),
        pressure_m=np.where(loaded[:, None], load.pressure_m[rows] @ turn.T, np.nan),
        free_moment_nm=np.where(loaded, (load.moment_nm[rows] @ turn.T)[:, 2], 0.0),
    )


def _in_frame(
    plates: tuple[PlateForces, ...],
    plate_time_s: FloatArray,
    time_s: FloatArray,
    marker_m: FloatArray,
    left_out: str = "this force is",
) -> tuple[tuple[PlateForces, ...], tuple[Finding, ...]]:
    """Plates whose force acts under a foot; the others are left out and told (LAB-045)."""
    kept, findings = [], []
    for plate in plates:
        away_m = _from_feet_m(plate, plate_time_s, time_s, marker_m)
        if away_m is not None and away_m > _NEAR_FOOT_M:
            findings.append(_other_frame(plate.name, away_m, left_out))
        else:
            kept.append(plate)
    return tuple(kept), tuple(findings)


def _from_feet_m(
    plate: PlateForces, plate_time_s: FloatArray, time_s: FloatArray, marker_m: FloatArray
) -> float | None:
    """Middle distance over the floor from the centre of pressure to a low marker; None: nobody knows."""
    at = np.clip(np.searchsorted(plate_time_s, time_s), 0, len(plate_time_s) - 1)
    pressure = plate.pressure_m[at]
    in_view = np.isfinite(marker_m[..., 0]).sum(axis=1)
    whole = in_view >= _WHOLE * in_view.max()  # or the foot on the plate may be the one that is missing
    frames = np.flatnonzero(np.isfinite(pressure).all(axis=1) & whole)
    lowest = np.nanpercentile(marker_m[..., 2], 1.0)
    if not len(frames) or lowest > np.median(pressure[frames, 2]) + _LOW_M:  # no marker on a foot
        return None
    low = marker_m[..., 2] < lowest + _LOW_M
    away = []
    for frame in frames[:: max(len(frames) // 100, 1)]:
        near = marker_m[frame, low[frame], :2]
        if len(near):
            away.append(np.linalg.norm(near - pressure[frame, :2], axis=1).min())
    return float(np.median(away)) if away else None


def _with_standing(
    names: tuple[str, ...], marker_m: FloatArray, standing: Path | None
) -> tuple[tuple[str, ...], FloatArray, FloatArray | None, tuple[Finding, ...]]:
    """Names, walk and standing places of all markers, in our axes."""
    if standing is None:
        return names, marker_m, None, ()
    stood = read_markers(standing)
    axes = _axes_of(stood, stood.c3d)
    places = np.nanmedian(stood.marker_m @ axes.turn.T, axis=0)
    extra = tuple(name for name in stood.names if name not in names)
    paths = np.concatenate([marker_m, np.full((len(marker_m), len(extra), 3), np.nan)], axis=1)
    found = np.full((len(names) + len(extra), 3), np.nan)
    for row, name in enumerate((*names, *extra)):
        if name in stood.names:
            found[row] = places[stood.names.index(name)]
    common = len(set(names) & set(stood.names))
    findings = () if common >= 3 else (_other_markers(standing, common),)
    return (*names, *extra), paths, found, findings


def _never_seen(names: list[str]) -> tuple[Finding, ...]:
    if not names:
        return ()
    advice = Advice(
        f"{len(names)} markers of the file were never in view.",
        f"They are: {', '.join(names[:6])}{', …' if len(names) > 6 else ''}.",
        "Nothing needs to be done if they were not meant to be there.",
        "LAB-046",
    )
    return (Finding(Severity.NOTE, advice),)


def _gap_findings(bridges: int) -> tuple[Finding, ...]:
    if not bridges:
        return ()
    advice = Advice(
        f"{bridges} short gaps of markers were bridged.",
        f"They lasted {1e3 * LONGEST_BRIDGED_S:.0f} ms or less; longer ones are left open.",
        "Fill long gaps in the laboratory's software, where the cameras' pictures are.",
        "LAB-047",
    )
    return (Finding(Severity.NOTE, advice),)


def _empty_channels(c3d: C3dFile | None) -> tuple[Finding, ...]:
    if c3d is None or not c3d.analog.size:
        return ()
    of_plates = {channel for plate in c3d.plates for channel in plate.channels}
    flat = np.ptp(c3d.analog, axis=0) == 0.0
    names = [label for n, label in enumerate(c3d.analog_labels) if flat[n] and n not in of_plates]
    if not names:
        return ()
    advice = Advice(
        f"{len(names)} channels of the file hold nothing.",
        f"Their samples never change: {', '.join(names[:6])}{', …' if len(names) > 6 else ''}.",
        "Nothing needs to be done if no sensor was plugged in there.",
        "LAB-048",
    )
    return (Finding(Severity.NOTE, advice),)


def _other_frame(name: str, away_m: float, left_out: str) -> Finding:
    advice = Advice(
        f"The force on {name} does not act where the feet are.",
        f"It acts {100 * away_m:.0f} cm from the nearest marker of a foot: forces and markers have different "
        "axes or clocks, or the plate's corners are another plate's.",
        f"Export forces and markers from the same set-up; until then {left_out} left out.",
        "LAB-045",
    )
    return Finding(Severity.WARNING, advice)


def _not_upwards(path: Path) -> Finding:
    advice = Advice(
        f"The forces of {path.name} do not push upwards.",
        "Neither the markers' vertical nor OpenSim's y is theirs, or they hold what the plates feel.",
        "Export them as forces on the person, in the axes of the markers; until then they are left out.",
        "LAB-054",
    )
    return Finding(Severity.WARNING, advice)


def _partly(path: Path) -> Finding:
    advice = Advice(
        f"{path.name} does not last as long as the markers.",
        "Where it has no forces, none are known.",
        "Export the forces of the whole walk if moments are wanted for all of it.",
        "LAB-049",
    )
    return Finding(Severity.NOTE, advice)


def _other_markers(standing: Path, common: int) -> Finding:
    advice = Advice(
        f"{standing.name} and the walk share {common} marker names.",
        "A standing trial must have the walk's own markers to tell where they sit on the body.",
        "Choose the standing trial that was recorded with the same markers.",
        "LAB-053",
    )
    return Finding(Severity.WARNING, advice)
