"""Words, numbers and curves of a motion as the Motion page shows them, with strides or over time."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.findings import Severity
from core.domain.motion import BACKWARDS, NO_STRIDE, NO_WALK, GaitCycles, Motion, Spread, Stride, stride_words
from core.domain.recording import Landmarks
from core.gait.cycles import range_of_motion_deg
from ui.pages.motion import Tile
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.time_courses import AngleCourse
from ui.presenters.camera_table import cameras_words
from ui.theme import Tone


def angle_courses(motion: Motion) -> tuple[AngleCourse, ...]:
    """Hip, knee and ankle of both sides over time."""
    kinematics = motion.kinematics

    def degrees(values: FloatArray, columns: list[int]) -> FloatArray:
        return np.degrees(values[:, columns])

    columns = {kind: [Joint.of(kind, side).column for side in SIDES] for kind in SAGITTAL}
    spread = kinematics.spread_rad
    return tuple(
        AngleCourse(
            kind,
            kinematics.time_s,
            degrees(kinematics.angle_rad, own),
            None if spread is None else degrees(spread, own),
        )
        for kind, own in columns.items()
    )


def motion_tiles(motion: Motion) -> tuple[Tile, ...]:
    measures = motion.measures
    if motion.without_walk:
        time_s = motion.kinematics.time_s
        return (Tile("Duration", f"{time_s[-1] - time_s[0]:.1f} s"), _fit_tile(motion))
    width = measures.step_width_m
    tiles = [
        Tile(
            "Speed", f"{measures.speed_m_s:.2f}{_plus_minus(measures.speed_sd_m_s, 2)} m/s", _BETWEEN_STRIDES
        ),
        Tile(
            "Cadence",
            f"{measures.cadence_steps_min:.0f}{_plus_minus(measures.cadence_sd_steps_min)} /min",
            "Steps per minute, ± one standard deviation between steps",
        ),
        Tile(
            "Symmetry",
            _percent(measures.symmetry, measures.symmetry_sd),
            "100 % = equal step times and lengths; ± its standard deviation by the spread of the steps",
        ),
        _fit_tile(motion),
    ]
    if width is not None:
        width_text = f"{100 * width:.0f}{_plus_minus(100 * measures.step_width_sd_m)} cm"
        tiles.insert(2, Tile("Step width", width_text, "± one standard deviation between steps"))
    return tuple(tiles)


_BETWEEN_STRIDES = "± one standard deviation between strides"


def _plus_minus(sd: float, digits: int = 0) -> str:
    """Nothing where a single stride tells no spread, and in motions of earlier versions."""
    return f" ± {sd:.{digits}f}" if np.isfinite(sd) else ""


def _fit_tile(motion: Motion) -> Tile:
    seen = "markers" if motion.marker_set else "landmarks"
    return Tile("Fit", f"{1000 * motion.residual_m:.0f} mm", f"Typical distance of skeleton and {seen}")


def _percent(fraction: float, sd: float) -> str:
    return f"{100 * fraction:.0f}{_plus_minus(100 * sd)} %" if np.isfinite(fraction) else "–"


def motion_table(motion: Motion) -> NumberTable:
    if motion.without_walk:
        return NumberTable(
            ("", "Left", "Right"), tuple(_span_row(course) for course in angle_courses(motion))
        )
    sides = motion.measures.sides
    rows = [
        NumberRow("Step length", tuple(_mean_sd_text(side.step_length_m, 100, "cm") for side in sides)),
        NumberRow("Stride time", tuple(_mean_sd_text(side.stride_time_s, 1, "s", 2) for side in sides)),
        NumberRow("Stance", tuple(_mean_sd_text(side.stance_fraction, 100, "%") for side in sides)),
        NumberRow(
            "Double support",
            tuple(_mean_sd_text(side.double_support_fraction, 100, "%") for side in sides),
            tip="Share of the stride with both feet on the ground",
        ),
    ]
    rows += [
        NumberRow(
            name,
            tuple(_range_text(cycles, kind) for cycles in motion.cycles),
            tip="Range of the mean curve ± one standard deviation between the ranges of the strides",
        )
        for name, kind in _RANGES
    ]
    return NumberTable(("", "Left", "Right"), tuple(rows))


def _span_row(course: AngleCourse) -> NumberRow:
    """Smallest and largest angle of either side."""
    cells = [
        f"{np.nanmin(own):.0f} to {np.nanmax(own):.0f}°" if np.isfinite(own).any() else "–"
        for own in course.angle_deg.T
    ]
    return NumberRow(course.kind.label, tuple(cells))


_RANGES = (
    ("Hip range", JointKind.HIP_FLEXION),
    ("Knee range", JointKind.KNEE),
    ("Ankle range", JointKind.ANKLE),
)


def _range_text(cycles: GaitCycles, kind: JointKind) -> str:
    """ "58 ± 3°"; without a spread where there is one stride."""
    value = range_of_motion_deg(cycles)[Joint.of(kind, cycles.side).value]
    strides = np.degrees(np.ptp(cycles.angle_rad[:, :, list(JointKind).index(kind)], axis=1))
    sd = float(np.std(strides, ddof=1)) if len(strides) > 1 else float("nan")
    return f"{value:.0f}{_plus_minus(sd)}°" if np.isfinite(value) else "–"


def _mean_sd_text(value: Spread, factor: float, unit: str, digits: int = 0) -> str:
    if not np.isfinite(value.mean):
        return "–"
    words = f"{factor * value.mean:.{digits}f}"
    if np.isfinite(value.sd) and value.sd > 0:
        words += f" ± {factor * value.sd:.{digits}f}"
    return f"{words} {unit}"


def motion_verdict(motion: Motion) -> tuple[str, Tone]:
    """The headline: how many strides, and what they are good for."""
    if motion.without_walk:
        return _without_walk_words(motion), Tone.STOP
    left, right = (side.strides for side in motion.measures.sides)
    words = f"{stride_words(left, right)} found."
    severities = {finding.severity for finding in motion.findings}
    if Severity.STOP in severities:
        return f"{words} This cannot be used yet.", Tone.STOP
    trust = "sagittal analysis" if motion.sagittal_only else "analysis in all planes"
    if Severity.WARNING in severities:
        return f"{words} Usable with care.", Tone.WARN
    return f"{words} Good for {trust}.", Tone.OK


_WITHOUT_WALK = {
    BACKWARDS: "The patient walks backwards",
    NO_WALK: "No walk was seen",
    NO_STRIDE: "No complete stride was found",
}


def _without_walk_words(motion: Motion) -> str:
    codes = {finding.advice.code for finding in motion.findings}
    found = next((words for code, words in _WITHOUT_WALK.items() if code in codes), "No strides")
    return f"{found}: joint angles over time."


def cameras_of(motion: Motion, landmarks: Landmarks) -> str:
    """Which of several cameras the motion was measured from; empty where there is one only."""
    if len(landmarks.cameras) < 2 or not motion.cameras_used:
        return ""
    videos = landmarks.patient.videos
    used = cameras_words(tuple(videos[track] for track in motion.cameras_used))
    return f"{used} of {len(landmarks.cameras)}"


def motion_badges(motion: Motion, cameras: str) -> tuple[str, ...]:
    badges = ["Synthetic"] if motion.synthetic else []
    if motion.marker_set:
        badges.append(f"Laboratory: {motion.marker_set}")
    if cameras:
        badges.append(f"{cameras}, from the side" if motion.sagittal_only else cameras)
    elif motion.sagittal_only:
        badges.append("One camera")
    return tuple(badges)


def cycle_fraction(strides: tuple[Stride, ...], side: Side, time_s: float) -> float | None:
    """Where in its gait cycle a side is at this time; None outside the complete strides."""
    for stride in strides:
        if stride.side is side and stride.start_s <= time_s <= stride.end_s:
            return (time_s - stride.start_s) / (stride.end_s - stride.start_s)
    return None
