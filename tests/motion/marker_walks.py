"""A walk of the body model, with a laboratory's markers on it: a trial whose angles are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.laboratory import LaboratoryTrial
from core.domain.twin import BodyParameters
from core.gait.leg import Leg
from core.gait.norm_tables import PELVIC_TILT_DEG
from core.gait.scenario_reference import normal_walk
from core.motion.laboratory_body import LaboratoryBody, Marker, body_for
from core.motion.marker_places import Place
from core.twin.kinematic_tree import ROOT_COLUMNS
from core.twin.scaling import scales_for_height

HEIGHT_M, MASS_KG, RATE_HZ, STRIDES = 1.68, 64.0, 100.0, 4
SCHREIBER = {
    Place.ASIS: "{s}_IAS",
    Place.PSIS: "{s}_IPS",
    Place.KNEE_LATERAL: "{s}_FLE",
    Place.KNEE_MEDIAL: "{s}_FME",
    Place.TIBIAL_TUBEROSITY: "{s}_TTC",
    Place.FIBULA_HEAD: "{s}_FAX",
    Place.TROCHANTER: "{s}_FTC",
    Place.ANKLE_LATERAL: "{s}_FAL",
    Place.ANKLE_MEDIAL: "{s}_TAM",
    Place.HEEL: "{s}_FCC",
    Place.TOE: "{s}_FM2",
    Place.FIRST_METATARSAL: "{s}_FM1",
    Place.FIFTH_METATARSAL: "{s}_FM5",
    Place.SHOULDER: "{s}_SAE",
    Place.C7: "CV7",
    Place.JUGULAR: "SJN",
}
PLUG_IN_GAIT = {
    Place.ASIS: "{s}ASI",
    Place.PSIS: "{s}PSI",
    Place.THIGH: "{s}THI",
    Place.KNEE_LATERAL: "{s}KNE",
    Place.SHANK: "{s}TIB",
    Place.ANKLE_LATERAL: "{s}ANK",
    Place.HEEL: "{s}HEE",
    Place.TOE: "{s}TOE",
    Place.SHOULDER: "{s}SHO",
    Place.C7: "C7",
    Place.JUGULAR: "CLAV",
}


def person() -> LaboratoryBody:
    return body_for(BodyParameters(HEIGHT_M, MASS_KG, scales_for_height(HEIGHT_M)))


def walking_pose(body: LaboratoryBody, *, belt: bool = False) -> tuple[FloatArray, FloatArray, float]:
    """Times (T,), poses (T, N) of a normal walk over a level floor, and its speed [m/s]."""
    stride = normal_walk(Leg.of(scales_for_height(HEIGHT_M)))
    time_s = np.arange(0.0, STRIDES * stride.period_s, 1.0 / RATE_HZ)
    grid = np.arange(len(stride.angle_rad)) / len(stride.angle_rad)
    phase = time_s / stride.period_s % 1.0
    pose = np.zeros((len(time_s), body.columns))
    for column, angle in enumerate(stride.angle_rad.T):
        pose[:, ROOT_COLUMNS + column] = np.interp(phase, grid, angle, period=1.0)
    pose[:, 1] = 0.0 if belt else -stride.speed_m_s * time_s
    pose[:, 2] = -_soles(body).points_m(pose)[..., 2].min(axis=1)
    return time_s, pose, stride.speed_m_s


def trial(
    labels: dict[Place, str] = SCHREIBER, *, standing: bool = True, belt: bool = False, noise_m: float = 0.0
) -> tuple[LaboratoryTrial, FloatArray]:
    """A walk with markers of this set, and its true angles (T, 14)."""
    body = person()
    names, markers = zip(*_on_skin(body, labels), strict=True)
    tree = body.tree(list(markers))
    time_s, pose, _ = walking_pose(body, belt=belt)
    still = np.zeros((1, body.columns))
    still[0, 2] = -float(_soles(body).points_m(still)[..., 2].min())
    seen = tree.points_m(pose) + np.random.default_rng(0).normal(0.0, noise_m, (len(pose), len(names), 3))
    return (
        LaboratoryTrial(
            tuple(names),
            time_s,
            seen,
            (),
            np.zeros(0),
            (),
            tree.points_m(still)[0] if standing else None,
            "walk.c3d",
            (),
        ),
        pose[:, ROOT_COLUMNS : ROOT_COLUMNS + 14],
    )


def renamed(walk: LaboratoryTrial, names: dict[str, str]) -> LaboratoryTrial:
    return replace(walk, marker_names=tuple(names.get(name, name) for name in walk.marker_names))


def without(walk: LaboratoryTrial, *names: str) -> LaboratoryTrial:
    kept = [k for k, name in enumerate(walk.marker_names) if name not in names]
    standing = None if walk.standing_m is None else walk.standing_m[kept]
    own = tuple(walk.marker_names[k] for k in kept)
    return replace(walk, marker_names=own, marker_m=walk.marker_m[:, kept], standing_m=standing)


def _soles(body: LaboratoryBody):
    foot = scales_for_height(HEIGHT_M).foot
    ends = (np.array([-0.01, 0.0, 0.0]), np.array([0.2, 0.0, 0.0]) * foot)
    return body.tree([Marker(f"calcn_{side.suffix}", end) for side in SIDES for end in ends])


def _on_skin(body: LaboratoryBody, labels: dict[Place, str]) -> list[tuple[str, Marker]]:
    found = []
    for place, label in labels.items():
        if "{s}" not in label:
            ahead = -0.08 if place is Place.C7 else 0.04
            found.append((label, Marker("torso", np.array([ahead, 0.40, 0.0]))))
            continue
        for side in SIDES:
            found.append((label.replace("{s}", side.name[0]), _place(body, place, side)))
    return found


def _place(body: LaboratoryBody, place: Place, side: Side) -> Marker:
    """Where the regressions and middles of `joint_centres` find the model's own joint centres."""
    end, out = side.suffix, -1.0 if side is Side.LEFT else 1.0
    at = body.place_m
    if place in (Place.ASIS, Place.PSIS):
        return Marker("pelvis", _pelvis_point(body, out, front=place is Place.ASIS))
    knee = at[f"tibia_{end}"] - at[f"femur_{end}"]
    ankle = at[f"talus_{end}"] - at[f"tibia_{end}"]
    half_knee, half_ankle = (0.5 * breadth * HEIGHT_M + 0.007 for breadth in (0.0559, 0.0393))
    return {
        Place.TROCHANTER: Marker(f"femur_{end}", np.array([-0.01, -0.02, 0.07 * out])),
        Place.THIGH: Marker(f"femur_{end}", np.array([0.0, -0.2, 0.1 * out])),
        Place.KNEE_LATERAL: Marker(f"femur_{end}", knee + _aside(half_knee * out)),
        Place.KNEE_MEDIAL: Marker(f"femur_{end}", knee - _aside(half_knee * out)),
        Place.FIBULA_HEAD: Marker(f"tibia_{end}", np.array([-0.02, -0.05, 0.05 * out])),
        Place.TIBIAL_TUBEROSITY: Marker(f"tibia_{end}", np.array([0.04, -0.07, 0.0])),
        Place.SHANK: Marker(f"tibia_{end}", np.array([0.0, -0.2, 0.05 * out])),
        Place.ANKLE_LATERAL: Marker(f"tibia_{end}", ankle + _aside(half_ankle * out)),
        Place.ANKLE_MEDIAL: Marker(f"tibia_{end}", ankle - _aside(half_ankle * out)),
        Place.HEEL: Marker(f"calcn_{end}", np.array([-0.016, 0.02, 0.0])),
        Place.TOE: Marker(f"calcn_{end}", np.array([0.175, 0.03, 0.0])),
        Place.FIRST_METATARSAL: Marker(f"calcn_{end}", np.array([0.17, 0.02, -0.04 * out])),
        Place.FIFTH_METATARSAL: Marker(f"calcn_{end}", np.array([0.14, 0.01, 0.05 * out])),
        Place.SHOULDER: Marker("torso", np.array([-0.02, 0.37, 0.17 * out])),
    }[place]


def _aside(right_m: float) -> FloatArray:
    return np.array([0.0, 0.0, right_m])


def _pelvis_point(body: LaboratoryBody, out: float, *, front: bool) -> FloatArray:
    """So that Harrington's regression finds the model's hips; the pelvis tilts forward as a healthy one."""
    hips = [body.place_m[f"femur_{side.suffix}"] - body.place_m["pelvis"] for side in SIDES]
    middle = 0.5 * (hips[0] + hips[1])
    width = (0.5 * float(np.linalg.norm(hips[1] - hips[0])) - 0.0073) / 0.33
    depth = 0.15
    tilt = np.radians(PELVIC_TILT_DEG)
    forward = np.array([np.cos(tilt), -np.sin(tilt), 0.0])
    up = np.array([np.sin(tilt), np.cos(tilt), 0.0])
    front_m = middle + (0.24 * depth + 0.0099) * forward + (0.30 * width + 0.0109) * up
    if front:
        return front_m + _aside(0.5 * width * out)
    return front_m - depth * forward + _aside(0.04 * out)
