"""How exact joint angles from one camera are: against markers, and against the bare pose detector."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.motion import Motion
from core.domain.recording import Landmark, Landmarks, LandmarkTrack
from core.domain.subject import Sex, Subject
from core.errors import refuse
from core.jobs.values import JobSpec, SilentContext
from core.motion.trial import solve_one
from core.store.repository import open_store
from core.tasks import detect_pose, import_video, solve_motion

SQUAT = "video-squat-mocap"
WALKS = {"walk": "video-sagittal-walk/walk.mp4", "walk_beside_another": "video-sagittal-walk/demo.mp4"}
HEIGHT_M = 1.68  # scales landmarks and body alike, so it moves no angle
MASS_KG = 60.0
LARGEST_SHIFT_S = 1.0  # between the clocks of video and markers
SHIFT_STEP_S = 0.01  # markers come at 100 Hz

Angles = dict[tuple[JointKind, Side], FloatArray]  # degrees, flexion positive


def bench_motion(recordings: Path) -> dict[str, float]:
    """Root mean square differences from marker-based angles in a squat [degrees], and steps of real walks.

    `recordings` is the folder with the real recordings. The squat is filmed by one camera obliquely from the
    front. `detector` are angles between the pose detector's world landmarks in the same frames, `ours` those
    of inverse kinematics. The markers' clock is shifted once per method so that the sum of both knees
    correlates best; nothing else is fitted, no offset is taken off. Markers tell the pelvis from the trunk, a
    camera does not: hip flexion is thigh against pelvis there and thigh against trunk here.
    """
    for name in (f"{SQUAT}/video.mp4", f"{SQUAT}/sample_mocap.json", *WALKS.values()):
        if not (recordings / name).is_file():
            raise refuse(
                "PC-026",
                f"The recording {name} is missing.",
                f"It is not below {recordings}.",
                "Set EXOTWIN_DATA to the folder with the real recordings.",
            )
    with tempfile.TemporaryDirectory() as folder:
        numbers = _squat(recordings / SQUAT, Path(folder))
        for name, file in WALKS.items():
            numbers |= _walk(name, recordings / file, Path(folder) / name)
    return numbers


def _squat(folder: Path, data_dir: Path) -> dict[str, float]:
    marker_s, markers = _marker_angles(folder / "sample_mocap.json")
    _, landmarks_id = _detected(folder / "video.mp4", data_dir)
    with open_store(data_dir) as store:
        track = store.load(landmarks_id, Landmarks).patient.tracks[0]
    start_s = time.perf_counter()
    trial = solve_one(track, HEIGHT_M, MASS_KG, belt_m_s=None, tick=lambda _: None)
    motion = trial.kinematics()
    numbers = {
        "squat_frames": float(len(motion.time_s)),
        "squat_view_angle_deg": float(np.degrees(trial.view_angle_rad)),
        "squat_solve_s": time.perf_counter() - start_s,
        "squat_residual_m": trial.residual_m,
    }
    assert motion.spread_rad is not None
    ours, spread = (
        {key: np.degrees(values[:, Joint.of(*key).column]) for key in markers}
        for values in (motion.angle_rad, motion.spread_rad)
    )
    numbers |= _compared("ours", motion.time_s, ours, marker_s, markers)
    numbers |= _covered(motion.time_s + numbers["squat_ours_shift_s"], ours, spread, marker_s, markers)
    return numbers | _compared("detector", track.time_s, _landmark_angles(track), marker_s, markers)


def _covered(
    at_s: FloatArray, found: Angles, spread: Angles, marker_s: FloatArray, markers: Angles
) -> dict[str, float]:
    """Fraction of the frames in which the markers' angle lies inside the 68 % band, per joint and in all."""
    inside = (at_s >= marker_s[0]) & (at_s <= marker_s[-1])
    covered = {
        f"squat_covered_{kind.value}_{side.suffix}": float(
            np.mean(
                np.abs(found[kind, side] - np.interp(at_s, marker_s, truth))[inside]
                <= spread[kind, side][inside]
            )
        )
        for (kind, side), truth in markers.items()
    }
    return covered | {"squat_covered": float(np.mean(list(covered.values())))}


def _compared(
    method: str, time_s: FloatArray, found: Angles, marker_s: FloatArray, markers: Angles
) -> dict[str, float]:
    knees = [(JointKind.KNEE, side) for side in SIDES]
    shift_s = _shift_s(time_s, sum(found[k] for k in knees), marker_s, sum(markers[k] for k in knees))
    inside = (time_s + shift_s >= marker_s[0]) & (time_s + shift_s <= marker_s[-1])
    numbers = {f"squat_{method}_shift_s": shift_s}
    for (kind, side), angle in found.items():
        truth = np.interp((time_s + shift_s)[inside], marker_s, markers[kind, side])
        name = f"squat_{method}_{kind.value}_{side.suffix}"
        numbers[f"{name}_rmse_deg"] = float(np.sqrt(np.mean((angle[inside] - truth) ** 2)))
        numbers[f"{name}_bias_deg"] = float(np.mean(angle[inside] - truth))
    return numbers


def _shift_s(time_s: FloatArray, found: Any, marker_s: FloatArray, truth: Any) -> float:
    """By how much the markers' clock is ahead, from the best correlation."""
    shifts = np.arange(-LARGEST_SHIFT_S, LARGEST_SHIFT_S + SHIFT_STEP_S / 2, SHIFT_STEP_S)
    fit = [np.corrcoef(np.interp(time_s + shift, marker_s, truth), found)[0, 1] for shift in shifts]
    return float(shifts[int(np.argmax(fit))])


def _marker_angles(file: Path) -> tuple[FloatArray, Angles]:
    """Flexion from the orientations of the bones: rotation of one about the other's lateral axis.

    Rotations are Euler angles about the bone's own x, y, z in this order: with no other order do the bones
    keep their distance from each other.
    """
    content = json.loads(file.read_text(encoding="utf-8"))

    def rotation(bone: str) -> FloatArray:
        x, y, z = np.array(content["bodies"][bone]["rotation"]).T
        zero, one = np.zeros_like(x), np.ones_like(x)
        about_x = np.array([[one, zero, zero], [zero, np.cos(x), -np.sin(x)], [zero, np.sin(x), np.cos(x)]])
        about_y = np.array([[np.cos(y), zero, np.sin(y)], [zero, one, zero], [-np.sin(y), zero, np.cos(y)]])
        about_z = np.array([[np.cos(z), -np.sin(z), zero], [np.sin(z), np.cos(z), zero], [zero, zero, one]])
        return np.asarray(np.einsum("ijt,jkt,klt->til", about_x, about_y, about_z))

    def lateral(base: str, tip: str) -> FloatArray:
        between = np.einsum("tji,tjk->tik", rotation(base), rotation(tip))
        return np.asarray(np.degrees(np.arctan2(between[:, 1, 0], between[:, 0, 0])))

    angles: Angles = {}
    for side in SIDES:
        femur = f"femur_{side.suffix}"
        angles[JointKind.HIP_FLEXION, side] = lateral("pelvis", femur)
        angles[JointKind.KNEE, side] = -lateral(femur, f"tibia_{side.suffix}")
        angles[JointKind.ANKLE, side] = lateral(f"tibia_{side.suffix}", f"talus_{side.suffix}")
    return np.array(content["time"]), angles


def _landmark_angles(track: LandmarkTrack) -> Angles:
    """Angles between the detector's world landmarks: trunk to thigh, thigh to shank."""
    angles: Angles = {}
    trunk = sum(
        track.world_m[:, Landmark[f"{side.name}_SHOULDER"].value]
        - track.world_m[:, Landmark[f"{side.name}_HIP"].value]
        for side in SIDES
    )
    for side in SIDES:
        hip, knee, ankle = (
            track.world_m[:, Landmark[f"{side.name}_{part}"].value] for part in ("HIP", "KNEE", "ANKLE")
        )
        angles[JointKind.HIP_FLEXION, side] = _between_deg(trunk, hip - knee)
        angles[JointKind.KNEE, side] = _between_deg(hip - knee, knee - ankle)
    return angles


def _between_deg(first: Any, second: FloatArray) -> FloatArray:
    cosine = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _walk(name: str, file: Path, data_dir: Path) -> dict[str, float]:
    context, landmarks_id = _detected(file, data_dir)
    start_s = time.perf_counter()
    motion_id = solve_motion.run({"landmarks_id": landmarks_id}, context)
    seconds = time.perf_counter() - start_s
    with open_store(data_dir) as store:
        motion = store.load(motion_id, Motion)
    numbers = {
        f"{name}_solve_s": seconds,
        f"{name}_cadence_steps_min": motion.measures.cadence_steps_min,
        f"{name}_residual_m": motion.residual_m,
    }
    for side in motion.measures.sides:
        numbers[f"{name}_strides_{side.side.suffix}"] = float(side.strides)
        numbers[f"{name}_stride_time_sd_{side.side.suffix}_s"] = side.stride_time_s.sd
    return numbers


def _detected(file: Path, data_dir: Path) -> tuple[SilentContext, str]:
    """A context in a data folder of its own, and the landmarks of one video."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with open_store(data_dir) as store:
        patient_id = store.add_patient(Subject("BENCH", 1980, Sex.OTHER, HEIGHT_M, MASS_KG))
        visit_id = store.start_visit(patient_id).id
    context = SilentContext(JobSpec("bench", "solve_motion", {}, data_dir), data_dir / "work")
    recording_id = import_video.run({"visit_id": visit_id, "files": [str(file)]}, context)
    return context, detect_pose.run({"recording_id": recording_id, "person": None}, context)
