"""Findings on the quality of a recorded motion, as advice to the clinician."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.body import SIDES, Side
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import Stride
from core.domain.recording import Landmark
from core.domain.sides_doubt import MAX_EXCHANGED_FRACTION, Sides, SideSource, doubt_of_sides, sides_settled
from core.errors import Advice, UserError, refuse
from core.gait.events import FootPaths, find_events
from core.motion.body_landmarks import BodyLandmarks
from core.motion.inverse_kinematics import Solution
from core.twin.skeleton import COLUMN

LEAST_RATE_HZ = 15.0  # slower cameras blur heel strike over more than a twentieth of a stride
REFUSED_RATE_HZ = 10.0
LARGEST_RESIDUAL_M = 0.08
LARGEST_VIEW_ANGLE_RAD = np.radians(35.0)  # the way walked looks a fifth shorter
LARGEST_SIZE_CHANGE = 0.20  # of the person's size in the picture over the trial
MANY_EXCHANGES = 0.15
HIDDEN_ANKLE = 0.20
GOOD_STRIDES = 3
UNEVEN_STRIDES = 0.12  # SD of stride times over their mean; healthy walking 0.02, Parkinson's disease to 0.10
_SURE = 0.6  # a landmark seen with less visibility counts as hidden


@dataclass(frozen=True, slots=True)
class SideDoubt:
    """Source of a motion's sides, and the fraction of pictures in which the repair exchanges the legs."""

    sides: Sides
    fraction: float

    @property
    def repaired_fraction(self) -> float:
        """Fraction of the pictures in which the repair exchanged the motion's legs."""
        return self.fraction if self.sides.source is SideSource.REPAIRED else 0.0


@dataclass(frozen=True, slots=True)
class MotionFacts:
    """Input of the findings on a motion."""

    observation: BodyLandmarks
    solution: Solution
    strides: Sequence[Stride]
    doubt: SideDoubt


def motion_findings(facts: MotionFacts) -> tuple[Finding, ...]:
    """All findings, worst first. Codes are stable."""
    found = [
        *_side_findings(facts.strides),
        *_rhythm_findings(facts.strides),
        *_camera_findings(facts.observation),
        *_hidden_findings(facts.observation),
        *_exchange_findings(facts.doubt),
        *_fit_findings(facts.solution),
    ]
    return worst_first(tuple(found))


def check_frame_rate(observation: BodyLandmarks) -> None:
    """Refuse recordings that are too slow to see a step. Raises MOT-003."""
    rate = _rate_hz(observation)
    if rate < REFUSED_RATE_HZ:
        raise refuse(
            "MOT-003",
            f"The video has {rate:.0f} pictures per second.",
            f"Steps can be measured from {REFUSED_RATE_HZ:.0f} pictures per second on; 30 are good.",
            "Record again with 30 pictures per second or more.",
        )


def no_stride(paths: FootPaths) -> UserError:
    """The refusal when neither leg made a complete stride, with what was seen instead."""
    strikes = [len(events.heel_strike_s) for events in find_events(paths)]
    seconds = float(paths.time_s[-1] - paths.time_s[0])
    return refuse(
        "MOT-010",
        "No complete stride was found.",
        f"In {seconds:.1f} s the left foot landed {_times(strikes[0])}, the right foot {_times(strikes[1])}; "
        "a stride needs two landings of the same foot.",
        "Record a longer walk: at least four steps with the whole body in the picture.",
    )


def one_of_several(number: int, cameras: int) -> Finding:
    """Several cameras that nobody calibrated: only one could be used."""
    return _note(
        Severity.NOTE,
        "MOT-027",
        f"Only video {number} of {cameras} was used: it shows the walk from the side.",
        "Several cameras see in depth only when it is known where they stand, by a calibration.",
        "Add their calibration on the Capture page, or conclude nothing from sideways movement.",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _note(severity: Severity, code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(severity, Advice(what, why, next_step, code))


def _side_findings(strides: Sequence[Stride]) -> list[Finding]:
    count = {side: sum(stride.side is side for stride in strides) for side in SIDES}
    missing = [side for side in SIDES if count[side] == 0]
    if missing:
        return [_missing_side(missing[0])]
    if min(count.values()) < GOOD_STRIDES:
        return [
            _note(
                Severity.NOTE,
                "MOT-012",
                f"Only {count[Side.LEFT]} left and {count[Side.RIGHT]} right strides were found.",
                "The spread between strides is uncertain with fewer than three.",
                "Record a longer walk when the spread matters.",
            )
        ]
    return []


def _rhythm_findings(strides: Sequence[Stride]) -> list[Finding]:
    time_s = np.array([stride.end_s - stride.start_s for stride in strides])
    if len(time_s) < GOOD_STRIDES or np.std(time_s) <= UNEVEN_STRIDES * np.mean(time_s):
        return []
    return [
        _note(
            Severity.WARNING,
            "MOT-028",
            f"The strides last between {time_s.min():.2f} and {time_s.max():.2f} s.",
            "Steady walking varies much less; a step may be false, or the legs were exchanged for a while.",
            "Check the skeleton in the video, or record again at a steady pace.",
        )
    ]


def _missing_side(side: Side) -> Finding:
    return _note(
        Severity.WARNING,
        "MOT-011",
        f"No complete stride of the {side.value} leg was found.",
        f"The {side.value} foot landed less than twice while it was in view.",
        "Record a longer walk; until then both legs are taught from the other leg's strides.",
    )


def _rate_hz(observation: BodyLandmarks) -> float:
    return float(1.0 / np.median(np.diff(observation.time_s)))


def _camera_findings(observation: BodyLandmarks) -> list[Finding]:
    return [
        *_one_camera_findings(observation),
        *_direction_findings(observation),
        *_rate_findings(observation),
    ]


def _one_camera_findings(observation: BodyLandmarks) -> list[Finding]:
    if not observation.one_camera:
        return []
    return [
        _note(
            Severity.NOTE,
            "MOT-022",
            "Flexion of hip and knee can be trusted, of the ankle less, sideways angles not at all.",
            "One camera sees the plane of walking only; everything else is set to normal gait.",
            "Conclude nothing from sideways movement; two or more calibrated cameras would show it.",
        )
    ]


def _direction_findings(observation: BodyLandmarks) -> list[Finding]:
    found = []
    if observation.view_angle_rad > LARGEST_VIEW_ANGLE_RAD:
        degrees = np.degrees(observation.view_angle_rad)
        found.append(
            _note(
                Severity.WARNING,
                "MOT-029",
                f"The walk leads out of the picture plane by about {degrees:.0f} degrees.",
                "Speed and step length are uncertain, and the joint angles less exact.",
                "Record again with the camera square to the walkway.",
            )
        )
    if abs(observation.size_change) > LARGEST_SIZE_CHANGE:
        way = "towards" if observation.size_change > 0 else "away from"
        found.append(
            _note(
                Severity.WARNING,
                "MOT-024",
                f"The person walks {way} the camera.",
                f"The body's size in the picture changes by {abs(observation.size_change):.0%}.",
                "Record again with the camera square to the walkway.",
            )
        )
    return found


def _rate_findings(observation: BodyLandmarks) -> list[Finding]:
    rate = _rate_hz(observation)
    if rate >= LEAST_RATE_HZ:
        return []
    return [
        _note(
            Severity.WARNING,
            "MOT-025",
            f"The video has only {rate:.0f} pictures per second.",
            "The moments of heel strike and toe off are uncertain.",
            "Record with 30 pictures per second or more.",
        )
    ]


def _hidden_findings(observation: BodyLandmarks) -> list[Finding]:
    found = []
    for side in SIDES:
        sure = observation.confidence[:, COLUMN[Landmark[f"{side.name}_ANKLE"]]] >= _SURE
        hidden = 1.0 - float(sure.mean())
        if hidden > HIDDEN_ANKLE:
            found.append(
                _note(
                    Severity.WARNING,
                    "MOT-021",
                    f"The {side.value} ankle is hidden in {hidden:.0%} of the pictures.",
                    "The detector guesses where it does not see.",
                    f"Trust the {side.value} ankle less, or record again with a clear view of both feet.",
                )
            )
    return found


def _exchange_findings(doubt: SideDoubt) -> list[Finding]:
    if doubt.sides.by:
        return [sides_settled(doubt.sides.by, doubt.sides.words)]
    if (
        doubt.fraction > MAX_EXCHANGED_FRACTION
    ):  # even where the detector's sides were kept: nobody answers for them
        return [doubt_of_sides(doubt.fraction)]
    fraction = doubt.repaired_fraction
    if fraction == 0.0:
        return []
    many = fraction > MANY_EXCHANGES
    return [
        _note(
            Severity.WARNING if many else Severity.NOTE,
            "MOT-020",
            f"Left and right leg were exchanged in {fraction:.0%} of the pictures and put back.",
            "The detector mixes up the legs where they cross.",
            "Check the skeleton in the video; if the sides are still wrong, exchange them."
            if many
            else "Nothing to do.",
        )
    ]


def _fit_findings(solution: Solution) -> list[Finding]:
    found = []
    if solution.residual_m > LARGEST_RESIDUAL_M:
        found.append(
            _note(
                Severity.WARNING,
                "MOT-023",
                f"The body model misses the landmarks by {solution.residual_m * 100:.0f} cm on average.",
                "The height may be wrong, or the landmarks do not follow one person.",
                "Check the patient's height and the skeleton in the video.",
            )
        )
    if solution.gap_fraction > 0.0:
        found.append(
            _note(
                Severity.WARNING,
                "MOT-026",
                f"A leg was out of sight for {solution.gap_fraction:.0%} of the time.",
                "Gaps longer than a quarter of a second are not filled; their strides are left out.",
                "Record again with the whole body in the picture.",
            )
        )
    return found
