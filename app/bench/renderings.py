"""Harmless renderings of one film give the same legs the same steps, or stop: never a silent exchange."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.film import (
    RATE_HZ,
    Image,
    Rendering,
    Walker,
    bars,
    before_the_legs,
    blur,
    crop,
    jpeg,
    light,
    noise,
    read_film,
    skirt,
    write_rendering,
)
from core.domain.body import Side
from core.domain.findings import Finding, Severity
from core.domain.motion import Motion
from core.domain.recording import Landmarks
from core.domain.subject import Sex, Subject
from core.errors import UserError, refuse
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import detect_pose, import_video, solve_motion

FILM = "video-sagittal-walk/walk.mp4"
HEIGHT_M, MASS_KG = 1.68, 60.0
LANDINGS_S = {Side.LEFT: (1.04, 2.27, 3.48), Side.RIGHT: (0.42, 1.67, 2.89, 4.10)}
"""Landings in the film as it was filmed, counted by eye; the last of each side by a still picture."""

CADENCE_STEPS_MIN = 97.5
_WALKER = Walker(1536.0, -9.94, 275.0, 472.0)  # within 30 px of her hips in every frame
_LARGEST_SHIFT_S, _CADENCE_TOLERANCE = 0.12, 0.04
RIGHT, STOPPED, WRONG = "right", "stopped", "silently_wrong"


def renderings() -> tuple[Rendering, ...]:
    """All renderings, in a fixed order."""
    return (*_codecs(), *_pictures(), *_rates_and_starts())


def obstructed() -> tuple[Rendering, ...]:
    """The same film with something drawn before the legs: right, or stopped."""
    changes = {
        "walking_frame": before_the_legs((-0.45, -0.15, 0.15, 0.45), (0.0, 0.4, 0.8), 14, _WALKER),
        "thick_frame": before_the_legs((-0.25, 0.25), (0.2, 0.7), 20, _WALKER),
        "thin_frame": before_the_legs((-0.4, 0.4), (0.0, 0.5), 6, _WALKER),
        "stick": before_the_legs((-0.3,), (), 8, _WALKER),
        "bars": bars((0.0, 0.45), 16, _WALKER),
        "skirt": skirt(0.55, _WALKER),
    }
    return tuple(
        Rendering(f"{name}{'_mirrored' if mirrored else ''}", scale=1.0, change=change, mirrored=mirrored)
        for name, change in changes.items()
        for mirrored in (False, True)
    )


def _codecs() -> tuple[Rendering, ...]:
    h264 = ("-preset", "veryfast", "-crf")
    return (
        Rendering("mp4v"),
        Rendering("mp4v_mov", ending=".mov"),
        Rendering("mp4v_mkv", ending=".mkv", mirrored=True),
        Rendering("mjpg", "MJPG", ".avi"),
        Rendering("mjpg_mirrored", "MJPG", ".avi", mirrored=True),
        Rendering("xvid", "XVID", ".avi"),
        Rendering("vp8", "VP80", ".webm"),
        Rendering("vp8_mirrored", "VP80", ".webm", mirrored=True),
        Rendering("vp9", "VP90", ".webm", scale=0.4),
        Rendering("ffv1", "FFV1", ".mkv"),
        Rendering("wmv2", "WMV2", ".avi"),
        Rendering("wmv2_mirrored", "WMV2", ".avi", mirrored=True),
        Rendering("flv1", "FLV1", ".mkv"),
        Rendering("mpeg2", "MPG2", ".mkv"),
        Rendering("h264_good", "libx264", options=(*h264, "18")),
        Rendering("h264_poor", "libx264", ".mkv", options=(*h264, "33"), mirrored=True),
        Rendering("h264_ts", "libx264", ".ts", options=(*h264, "23")),
        Rendering("hevc", "libx265", options=("-preset", "ultrafast", "-x265-params", "log-level=none")),
        Rendering("jpeg_40", change=jpeg(40)),
        Rendering("jpeg_12_mirrored", change=jpeg(12), mirrored=True),
    )


def _pictures() -> tuple[Rendering, ...]:
    return (
        Rendering("whole_size", scale=1.0),
        Rendering("whole_size_mirrored", scale=1.0, mirrored=True),
        Rendering("scale_80", scale=0.8),
        Rendering("scale_60_mirrored", scale=0.6, mirrored=True),
        Rendering("scale_40", scale=0.4),
        Rendering("scale_40_mirrored", scale=0.4, mirrored=True),
        Rendering("crop_sides", change=crop(0.05, 0.0, 0.04, 0.0)),
        Rendering("crop_top_mirrored", change=crop(0.0, 0.05, 0.02, 0.0), mirrored=True),
        Rendering("crop_corner", change=crop(0.02, 0.03, 0.06, 0.01)),
        Rendering("noise_4", change=noise(4.0)),
        Rendering("noise_8_mirrored", change=noise(8.0), mirrored=True),
        Rendering("noise_14", change=noise(14.0)),
        Rendering("darker", change=light(offset=-45.0)),
        Rendering("brighter_mirrored", change=light(offset=45.0), mirrored=True),
        Rendering("less_contrast", change=light(gain=0.6)),
        Rendering("more_contrast_mirrored", change=light(gain=1.5), mirrored=True),
        Rendering("blur_1", change=blur(0.8)),
        Rendering("blur_2_mirrored", change=blur(1.5), mirrored=True),
    )


def _rates_and_starts() -> tuple[Rendering, ...]:
    rates = tuple(
        Rendering(f"rate_{rate:.0f}{'_mirrored' if mirrored else ''}", rate_hz=rate, mirrored=mirrored)
        for rate, mirrored in (
            (15.0, False), (15.0, True), (20.0, False), (24.0, True), (25.0, False), (25.0, True),
            (60.0, False),
        )
    )  # fmt: skip
    starts = tuple(
        Rendering(f"start_{frames}{'_mirrored' if mirrored else ''}", trimmed=frames, mirrored=mirrored)
        for frames, mirrored in (
            (1, True),
            (2, False),
            (3, True),
            (5, False),
            (6, True),
            (8, True),
            (10, False),
        )
    )
    return (*rates, *starts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the program said of one rendering."""

    kind: str  # RIGHT, STOPPED or WRONG
    words: str


def bench_renderings(recordings: Path) -> dict[str, Any]:
    """How many renderings of the film have the right legs and strides, were stopped, or are silently wrong.

    Each is imported, detected and solved by the jobs of the pages.
    """
    film = film_of(recordings)
    started_s = time.perf_counter()
    harmless, missing = _outcomes(film, renderings())
    hidden, _none = _outcomes(film, obstructed())
    every = {**harmless, **hidden}
    return {
        "renderings": len(harmless),
        **_counts(harmless, ""),
        "obstructed": len(hidden),
        **_counts(hidden, "obstructed_"),
        "encoders_missing": missing,
        "not_right": {name: f"{one.kind}: {one.words}" for name, one in every.items() if one.kind != RIGHT},
        "seconds": round(time.perf_counter() - started_s, 1),
    }


def _outcomes(film: list[Image], wanted: tuple[Rendering, ...]) -> tuple[dict[str, Outcome], list[str]]:
    """What came of each rendering, and those without an encoder on this PC."""
    found, missing = {}, []
    for rendering in wanted:
        with tempfile.TemporaryDirectory() as folder:
            path = write_rendering(film, rendering, Path(folder))
            if path is None:
                missing.append(rendering.name)
            else:
                found[rendering.name] = outcome_of(path, rendering, Path(folder) / "data")
    return found, missing


def _counts(found: dict[str, Outcome], prefix: str) -> dict[str, int]:
    return {
        f"{prefix}{kind}": sum(one.kind == kind for one in found.values()) for kind in (RIGHT, STOPPED, WRONG)
    }


def film_of(recordings: Path) -> list[Image]:
    """The pictures of the film. Refuses (PC-026) when it is not there."""
    path = recordings / FILM
    if not path.is_file():
        raise refuse(
            "PC-026",
            f"The recording {FILM} is missing.",
            f"It is not below {recordings}.",
            "Set EXOTWIN_DATA to the folder with the real recordings.",
        )
    return read_film(path)


def outcome_of(path: Path, rendering: Rendering, data_dir: Path) -> Outcome:
    """Through the jobs of the pages, from the file to the verdict."""
    try:
        motion, findings = _solve(path, data_dir)
    except UserError as error:
        return Outcome(STOPPED, error.advice.code)
    return judged(motion, findings, rendering)


def judged(motion: Motion, findings: tuple[Finding, ...], rendering: Rendering) -> Outcome:
    """Right: each stride begins and ends with a landing of its own foot, at the film's cadence."""
    stops = sorted({finding.advice.code for finding in findings if finding.severity is Severity.STOP})
    if stops:
        return Outcome(STOPPED, " ".join(stops))
    strides = {side: sum(stride.side is side for stride in motion.strides) for side in Side}
    cadence = motion.measures.cadence_steps_min
    words = f"{strides[Side.LEFT]} left, {strides[Side.RIGHT]} right strides, {cadence:.1f} steps/min"
    fits = all(
        _shift_s(moment, stride.side, rendering) <= _LARGEST_SHIFT_S
        for stride in motion.strides
        for moment in (stride.start_s, stride.end_s)
    )
    steady = abs(cadence / CADENCE_STEPS_MIN - 1.0) <= _CADENCE_TOLERANCE
    right = (
        fits and steady and min(strides.values()) >= 1 and sum(strides.values()) >= _fewest_strides(rendering)
    )
    return Outcome(RIGHT if right else WRONG, words)


def landings_s(side: Side, rendering: Rendering) -> np.ndarray[Any, np.dtype[np.float64]]:
    """When this foot lands in the rendering; mirrored, it is the other one's in the film."""
    own = LANDINGS_S[side.other if rendering.mirrored else side]
    times = np.array(own) - rendering.trimmed / RATE_HZ
    return times[times >= 0.0]


def _fewest_strides(rendering: Rendering) -> int:
    """All but one: a landing close to the edge of the picture may be missed."""
    return sum(len(landings_s(side, rendering)) - 1 for side in Side) - 1


def _shift_s(moment_s: float, side: Side, rendering: Rendering) -> float:
    return float(np.abs(landings_s(side, rendering) - moment_s).min())


def _solve(path: Path, data_dir: Path) -> tuple[Motion, tuple[Finding, ...]]:
    context = SilentContext(JobSpec("bench", "solve_motion", {}, data_dir), data_dir / "work")
    with open_store(data_dir) as store:
        subject = Subject("BENCH", 1980, Sex.OTHER, HEIGHT_M, MASS_KG)
        visit_id = store.start_visit(store.add_patient(subject)).id
    recording_id = import_video.run({"visit_id": visit_id, "files": [str(path)]}, context)
    landmarks_id = detect_pose.run({"recording_id": recording_id, "person": None}, context)
    motion_id = solve_motion.run({"landmarks_id": landmarks_id}, context)
    with open_store(data_dir) as store:
        motion = store.load(motion_id, Motion)
        return motion, (*motion.findings, *store.load(landmarks_id, Landmarks).findings)
