"""Findings on how well cameras and body model show a trial, as advice to the clinician."""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES
from core.domain.findings import Finding, Severity
from core.domain.motion import BACKWARDS, BELT_SPEEDS_M_S, NO_WALK
from core.domain.recording import Landmark
from core.errors import Advice
from core.motion.course import Course
from core.motion.trial import Trial
from core.twin.skeleton import COLUMN

LEAST_RATE_HZ = 15.0  # slower cameras blur heel strike over more than a twentieth of a stride
LARGEST_RESIDUAL_M = 0.08
STOP_RESIDUAL_M = 0.15  # a whole foot's length off: the model follows something else than this person
LARGEST_VIEW_ANGLE_RAD = np.radians(50.0)
FRONTAL_RAD = np.radians(70.0)  # bending and stretching are hardly seen any more
HIDDEN_ANKLE = 0.20
_FROM_THE_SIDE = "Record again with the camera at the patient's side, square to the way walked."
_SURE = 0.6  # a landmark seen with less visibility counts as hidden


def note(severity: Severity, code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(severity, Advice(what, why, next_step, code))


def rate_hz(time_s: FloatArray) -> float:
    return float(1.0 / np.median(np.diff(time_s)))


def trial_findings(trial: Trial) -> list[Finding]:
    """Findings on a trial, in no order. Codes are stable."""
    return [
        *_course_findings(trial),
        *_one_camera_findings(trial),
        *_direction_findings(trial),
        *_rate_findings(trial),
        *_hidden_findings(trial),
        *_fit_findings(trial),
    ]


def _course_findings(trial: Trial) -> list[Finding]:
    match trial.course:
        case Course.WALKS:
            return [*_several_ways(len(trial.parts)), *_ways_back(trial)]
        case Course.IN_PLACE:
            slowest_m_s, _ = BELT_SPEEDS_M_S
            return [_in_place(trial.belt_m_s) if trial.belt_m_s >= slowest_m_s else _no_belt()]
        case Course.BACKWARDS:
            return [_backwards()]
        case Course.STAYS:
            return [_no_walk()]


def _several_ways(ways: int) -> list[Finding]:
    if ways < 2:
        return []
    what = f"The patient walks past {ways} times; the strides of all of them are used."
    return [note(Severity.NOTE, "MOT-073", what, "More strides make curves surer.", "Nothing to do.")]


def _ways_back(trial: Trial) -> list[Finding]:
    if not trial.also_backwards:
        return []
    what = "The patient also walks backwards; only the ways forward are used."
    why, step = "Walking backwards has other steps and angles.", "Nothing to do."
    return [note(Severity.NOTE, "MOT-077", what, why, step)]


def _in_place(belt_m_s: float) -> Finding:
    return note(
        Severity.NOTE,
        "MOT-070",
        f"The patient walks in place, as on a treadmill at {belt_m_s:.2f} m/s.",
        "The hips stay while the feet walk. The speed is the one entered, or else how fast the standing foot "
        "moves back; the camera must not follow the patient.",
        "Compare the speed with the treadmill's display.",
    )


def _no_belt() -> Finding:
    return note(
        Severity.STOP,
        "MOT-075",
        "The patient steps in place, but not on a treadmill.",
        "The standing foot does not move back as on a belt: it is no walk, or the picture is turned.",
        "Record a walk over ground or on a treadmill, with the picture upright.",
    )


def _backwards() -> Finding:
    return note(
        Severity.STOP,
        BACKWARDS,
        "The patient walks backwards.",
        "Toes and knees point against the way walked. Angles are shown over time; walking backwards has no "
        "gait cycle that an exo is trained on.",
        "Record a walk forward. If this one is, the film plays backwards.",
    )


def _no_walk() -> Finding:
    return note(
        Severity.STOP,
        NO_WALK,
        "No walk was seen in this recording.",
        "Without steps there is no gait cycle; angles are shown over time, as for squats or standing up.",
        "To go on to a twin, record a walk with at least four steps.",
    )


def _one_camera_findings(trial: Trial) -> list[Finding]:
    if not trial.one_camera:
        return []
    return [
        note(
            Severity.NOTE,
            "MOT-022",
            "Flexion of hip and knee can be trusted, of the ankle less, sideways angles not at all.",
            "One camera sees the plane of walking only; a twin takes everything else from normal gait."
            if trial.walks
            else "One camera hardly sees movement towards it or away from it.",
            "Conclude nothing from sideways movement; two or more calibrated cameras would show it.",
        )
    ]


def _direction_findings(trial: Trial) -> list[Finding]:
    if trial.view_angle_rad > FRONTAL_RAD:
        return [_frontal()]
    if trial.view_angle_rad <= LARGEST_VIEW_ANGLE_RAD:
        return []
    degrees = np.degrees(trial.view_angle_rad)
    less = "Speed and step length are uncertain, and the joint angles less exact."
    return [
        note(
            Severity.WARNING,
            "MOT-029",
            f"The patient is filmed about {degrees:.0f} degrees away from the side.",
            less if trial.walks else "The joint angles are less exact.",
            _FROM_THE_SIDE,
        )
    ]


def _frontal() -> Finding:
    return note(
        Severity.STOP,
        "MOT-029",
        "The patient is filmed from the front or from behind.",
        "One camera hardly sees hips, knees and ankles bend towards it or away from it.",
        _FROM_THE_SIDE,
    )


def _rate_findings(trial: Trial) -> list[Finding]:
    rate = rate_hz(trial.parts[0].time_s)
    if rate >= LEAST_RATE_HZ:
        return []
    return [
        note(
            Severity.WARNING,
            "MOT-025",
            f"The video has only {rate:.0f} pictures per second.",
            "The moments of heel strike and toe off are uncertain.",
            "Record with 30 pictures per second or more.",
        )
    ]


def _hidden_findings(trial: Trial) -> list[Finding]:
    found = []
    for side in SIDES:
        sure = trial.confidence[:, COLUMN[Landmark[f"{side.name}_ANKLE"]]] >= _SURE
        hidden = 1.0 - float(sure.mean())
        if hidden > HIDDEN_ANKLE:
            found.append(
                note(
                    Severity.WARNING,
                    "MOT-021",
                    f"The {side.value} ankle is hidden in {hidden:.0%} of the pictures.",
                    "The detector guesses where it does not see.",
                    f"Trust the {side.value} ankle less, or record again with a clear view of both feet.",
                )
            )
    return found


def _fit_findings(trial: Trial) -> list[Finding]:
    found = []
    if trial.residual_m > LARGEST_RESIDUAL_M:
        found.append(
            note(
                Severity.STOP if trial.residual_m > STOP_RESIDUAL_M else Severity.WARNING,
                "MOT-023",
                f"The body model misses the landmarks by {trial.residual_m * 100:.0f} cm on average.",
                "The landmarks do not follow one upright person: they jump, the picture is turned, or the "
                "film plays much faster than life.",
                "Check the skeleton in the video; import it upright, or choose the person again.",
            )
        )
    if trial.gap_fraction > 0.0:
        found.append(
            note(
                Severity.WARNING,
                "MOT-026",
                f"A leg was out of sight for {trial.gap_fraction:.0%} of the time.",
                "Gaps longer than a quarter of a second are not filled; their strides are left out.",
                "Record again with the whole body in the picture.",
            )
        )
    return found
