"""Words, numbers and curves of a motion as the Motion page shows them, with strides or over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.findings import Severity
from core.domain.motion import BACKWARDS, NO_STRIDE, NO_WALK, GaitCycles, Motion, Spread, Stride, stride_words
from core.domain.recording import Landmarks
from core.gait.cycles import range_of_motion_deg
from core.gait.norm_choice import Norm, Walker
from core.gait.norm_numbers import GaitNumber
from core.session.normal_numbers import NormalNumber, NormalNumbers
from core.session.norms import band_words, motion_far_off
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


def motion_tiles(motion: Motion, walker: Walker | None = None) -> tuple[Tile, ...]:
    """Numbers of the whole walk, with the normal ones for the walker."""
    measures = motion.measures
    if motion.without_walk:
        time_s = motion.kinematics.time_s
        return (Tile("Duration", f"{time_s[-1] - time_s[0]:.1f} s"), _fit_tile(motion))
    width, normal = measures.step_width_m, NormalNumbers(walker).at(measures.speed_m_s)
    tiles = [
        _normal_tile("Speed", Spread(measures.speed_m_s, measures.speed_sd_m_s), normal.of(GaitNumber.SPEED)),
        _normal_tile(
            "Cadence",
            Spread(measures.cadence_steps_min, measures.cadence_sd_steps_min),
            normal.of(GaitNumber.CADENCE),
        ),
        Tile(
            "Symmetry",
            _percent(measures.symmetry, measures.symmetry_sd),
            "100 % = equal step times and lengths; ± its standard deviation by the spread of the steps",
        ),
        _fit_tile(motion),
    ]
    if width is not None:
        words = f"{100 * width:.0f}{_plus_minus(100 * measures.step_width_sd_m)} cm"
        tiles.insert(2, Tile("Step width", words, "± one standard deviation between steps"))
    return tuple(tiles)


def _normal_tile(name: str, value: Spread, normal: NormalNumber) -> Tile:
    tip = f"± one standard deviation within this walk. {normal.tip}".strip()
    return Tile(name, normal.value_words(value), tip, normal.bare_words)


def _plus_minus(sd: float) -> str:
    """Nothing where a single stride tells no spread, and in motions of earlier versions."""
    return f" ± {sd:.0f}" if np.isfinite(sd) else ""


def _fit_tile(motion: Motion) -> Tile:
    seen = "markers" if motion.marker_set else "landmarks"
    return Tile("Fit", f"{1000 * motion.residual_m:.0f} mm", f"Typical distance of skeleton and {seen}")


def _percent(fraction: float, sd: float) -> str:
    return f"{100 * fraction:.0f}{_plus_minus(100 * sd)} %" if np.isfinite(fraction) else "–"


def motion_table(motion: Motion, walker: Walker | None = None) -> NumberTable:
    """The numbers of both sides, beside the normal ones for the walker."""
    if motion.without_walk:
        return NumberTable(
            ("", "Left", "Right"), tuple(_span_row(course) for course in angle_courses(motion))
        )
    sides = motion.measures.sides
    normal = NormalNumbers(walker).at(motion.measures.speed_m_s)
    rows = [
        _row("Step length", [side.step_length_m for side in sides], normal.of(GaitNumber.STEP_LENGTH)),
        _row("Stride length", _stride_lengths(motion), normal.of(GaitNumber.STRIDE_LENGTH)),
        _row("Stride time", [side.stride_time_s for side in sides], normal.of(GaitNumber.STRIDE_TIME)),
        _row("Stance", [side.stance_fraction for side in sides], normal.of(GaitNumber.STANCE)),
        _row(
            "Double support",
            [side.double_support_fraction for side in sides],
            normal.of(GaitNumber.DOUBLE_SUPPORT),
        ),
        *(
            _row(name, [_range(cycles, kind) for cycles in motion.cycles], normal.of(number))
            for name, kind, number in _RANGES
        ),
    ]
    columns = ("", "Left", "Right") if walker is None else ("", "Left", "Right", "Normal ± 1 SD")
    return NumberTable(columns, tuple(rows))


def _stride_lengths(motion: Motion) -> list[Spread]:
    """How far a stride of either side carries the body, at the speed of the walk."""
    speed = motion.measures.speed_m_s
    times = [side.stride_time_s for side in motion.measures.sides]
    return [Spread(speed * time.mean, speed * time.sd) for time in times]


def _row(name: str, values: Sequence[Spread], normal: NormalNumber) -> NumberRow:
    """Both sides, marked where they are not normal, and the normal number with its source as a tip."""
    cells = [normal.value_words(value) for value in values]
    tones = [Tone.WARN if normal.is_marked(value.mean, value.sd) else Tone.NEUTRAL for value in values]
    if normal.age_years is None:
        return NumberRow(name, tuple(cells))
    beside = normal.bare_words or normal.words  # the cells before have the unit; a small screen cuts a second
    return NumberRow(name, (*cells, beside), tip=normal.tip, tones=(*tones, Tone.NEUTRAL))


def _span_row(course: AngleCourse) -> NumberRow:
    """Smallest and largest angle of either side."""
    cells = [
        f"{np.nanmin(own):.0f} to {np.nanmax(own):.0f}°" if np.isfinite(own).any() else "–"
        for own in course.angle_deg.T
    ]
    return NumberRow(course.kind.label, tuple(cells))


_RANGES = (
    ("Hip range", JointKind.HIP_FLEXION, GaitNumber.HIP_RANGE),
    ("Knee range", JointKind.KNEE, GaitNumber.KNEE_RANGE),
    ("Ankle range", JointKind.ANKLE, GaitNumber.ANKLE_RANGE),
)


def _range(cycles: GaitCycles, kind: JointKind) -> Spread:
    """Of the mean curve, with the spread between the ranges of the strides; degrees."""
    mean = range_of_motion_deg(cycles)[Joint.of(kind, cycles.side).value]
    strides = np.degrees(np.ptp(cycles.angle_rad[:, :, list(JointKind).index(kind)], axis=1))
    return Spread(mean, float(np.std(strides, ddof=1)) if len(strides) > 1 else 0.0)


def motion_verdict(motion: Motion, norm: Norm | None = None) -> tuple[str, Tone]:
    """The headline: how many strides, and what they are good for; never greener than the worst joint.

    Of a joint far from a band that does not fit it is told in a neutral tone: neither good nor bad.
    """
    if motion.without_walk:
        return _without_walk_words(motion), Tone.STOP
    left, right = (side.strides for side in motion.measures.sides)
    words = f"{stride_words(left, right)} found."
    severities = {finding.severity for finding in motion.findings}
    if Severity.STOP in severities:
        return f"{words} This cannot be used yet.", Tone.STOP
    trust = "sagittal analysis" if motion.sagittal_only else "analysis in all planes"
    far = () if norm is None else motion_far_off(motion, norm)
    if norm is not None and norm.fits and far:
        return f"{words} Usable with care: {far[0].words}.", Tone.WARN
    if Severity.WARNING in severities:
        return f"{words} Usable with care.", Tone.WARN
    if norm is not None and far:
        return f"{words} No band fits; {far[0].words_of(band_words(norm))}.", Tone.NEUTRAL
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
