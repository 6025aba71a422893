"""Whether a stride is in this program's convention: degrees, flexion positive, from left heel strike.

Other programs count knee flexion negative, or write radians; a twin that learns such a stride only falls.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind, Side
from core.domain.motion import GaitReference
from core.domain.twin import SegmentScale
from core.errors import refuse
from core.gait.leg import Leg, foot_pitch

_BACKWARDS_RAD, _BENDS_RAD = np.radians(-20.0), np.radians(10.0)
_LEAST_WAY = 0.25
"""Of the stride: in stance, 60 % of the cycle, a foot is left behind by half of it and more (slow walks 0.7,
fast ones 0.5); a stride below half of that is in another unit or belongs to another speed."""
_BEHIND = -0.1  # of the stride: a foot that lands lies before the other, or beside it in a step-to gait
_STANDS = (0.10, 0.40)  # of the cycle after a heel strike, when the foot is flat on the floor
_TILTED_RAD, _FLAT_RAD = np.radians(12.0), np.radians(6.0)
_STIFF_RAD = np.radians(3.0)  # of both knees: no walk bends them less
_ANKLE_RAD = (np.radians(-60.0), np.radians(40.0))  # all of a stride beyond one of these has another zero
_TOGETHER = 0.5  # correlation of where the feet are; legs that take turns have a negative one
_MENDED = "`exotwin train twin --help` tells what a file with a stride holds."


def check_knees(reference: GaitReference) -> None:
    """Refuse (SIM-007) a knee that bends the wrong way."""
    for side in SIDES:
        knee = _angle(reference, JointKind.KNEE, side)
        if knee.min() < _BACKWARDS_RAD and knee.max() < _BENDS_RAD:
            low, high = (float(np.degrees(angle)) for angle in (knee.min(), knee.max()))
            raise refuse(
                "SIM-007",
                f"The {side.value} knee bends the wrong way.",
                f"Its angle runs from {low:.0f} to {high:.0f} degrees. Here flexion is positive; other "
                "programs, OpenSim among them, count it negative.",
                f"Change the sign of both knee angles. {_MENDED}",
            )


def check_way(reference: GaitReference, leg: Leg | None = None) -> None:
    """Refuse (SIM-008) angles with which these legs cannot make the way that speed times period needs."""
    stride_m = reference.speed_m_s * reference.period_s
    swung_m = max(float(np.ptp(_ankle_ahead_m(reference, side, leg))) for side in SIDES)
    if swung_m >= _LEAST_WAY * stride_m:
        return
    ranges = [float(np.degrees(np.ptp(_angle(reference, JointKind.HIP_FLEXION, side)))) for side in SIDES]
    raise refuse(
        "SIM-008",
        "The legs cannot make the way of this stride.",
        f"{reference.speed_m_s:.2f} m/s for {reference.period_s:.2f} s are {stride_m:.2f} m; the hips move "
        f"by {max(ranges):.1f} degrees only. Angles here are degrees; other programs write radians.",
        f"Give the angles in degrees, or check speed and period. {_MENDED}",
    )


def check_file_convention(reference: GaitReference, leg: Leg | None = None) -> None:
    """Refuse what only a file can have wrong: SIM-009 (begin of the stride, or the hips' sign), SIM-013 (the
    ankles' sign or zero), SIM-014 (legs that do not take turns), besides SIM-007 and SIM-008."""
    check_knees(reference)
    check_way(reference, leg)
    _check_bending(reference)
    left_m, right_m = (_ankle_ahead_m(reference, side, leg) for side in SIDES)
    _check_turns(left_m, right_m)
    if left_m[0] - right_m[0] < _BEHIND * reference.speed_m_s * reference.period_s:
        raise refuse(
            "SIM-009",
            "The stride does not begin with the left heel.",
            "At its first sample the left foot is behind the right one. The stride begins at another "
            "moment, or hip flexion is counted negative.",
            f"Begin at left heel strike, with hip flexion positive. {_MENDED}",
        )
    for side, landed in zip(SIDES, (0.0, _landing(left_m, right_m)), strict=True):
        if _rms(_pitch(reference, side, landed, 1.0)) > _TILTED_RAD and (
            _rms(_pitch(reference, side, landed, -1.0)) < _FLAT_RAD
        ):
            raise refuse(
                "SIM-013",
                f"The {side.value} ankle seems to be counted the other way.",
                "With its sign changed the foot stands flat on the floor; as it is, it does not. Here "
                "dorsiflexion is positive.",
                f"Change the sign of both ankle angles. {_MENDED}",
            )


def _check_bending(reference: GaitReference) -> None:
    """Refuse knees in another unit (SIM-008) and ankles from another zero (SIM-013)."""
    knees = [float(np.ptp(_angle(reference, JointKind.KNEE, side))) for side in SIDES]
    if max(knees) < _STIFF_RAD:
        raise refuse(
            "SIM-008",
            "The knees hardly bend.",
            f"They move by {np.degrees(max(knees)):.1f} degrees only. Angles here are degrees; other "
            "programs write radians.",
            f"Give all angles in degrees. {_MENDED}",
        )
    for side in SIDES:
        ankle = _angle(reference, JointKind.ANKLE, side)
        if ankle.max() < _ANKLE_RAD[0] or ankle.min() > _ANKLE_RAD[1]:
            low, high = (float(np.degrees(angle)) for angle in (ankle.min(), ankle.max()))
            raise refuse(
                "SIM-013",
                f"The {side.value} ankle is counted from another zero.",
                f"Its angle runs from {low:.0f} to {high:.0f} degrees. Here it is 0 where the foot is at a "
                "right angle to the shank, and dorsiflexion is positive.",
                f"Take the right angle off both ankle angles. {_MENDED}",
            )


def _check_turns(left_m: FloatArray, right_m: FloatArray) -> None:
    """Refuse (SIM-014) legs that swing together, or twice in what should be one stride."""
    power = [np.abs(np.fft.rfft(ahead_m - ahead_m.mean()))[1:3] for ahead_m in (left_m, right_m)]
    if all(second > first for first, second in power):
        raise refuse(
            "SIM-014",
            "The angles hold more than one stride.",
            "Each leg swings twice in them; a stride is one swing of each leg.",
            f"Give one stride, from a left heel strike to the next. {_MENDED}",
        )
    if min(np.ptp(left_m), np.ptp(right_m)) > 0 and float(np.corrcoef(left_m, right_m)[0, 1]) > _TOGETHER:
        raise refuse(
            "SIM-014",
            "Both legs swing at the same time.",
            "In walking they take turns. One hip may be counted the other way, or both legs be from "
            "their own heel strike.",
            f"Give both legs in the same time, with hip flexion positive. {_MENDED}",
        )


def _angle(reference: GaitReference, kind: JointKind, side: Side) -> FloatArray:
    return np.asarray(reference.angle_rad[:, Joint.of(kind, side).column])


def _ankle_ahead_m(reference: GaitReference, side: Side, leg: Leg | None) -> FloatArray:
    """How far the ankle is before the pelvis, (K,)."""
    leg = leg or Leg.of(SegmentScale())
    hip, knee = (_angle(reference, kind, side) for kind in (JointKind.HIP_FLEXION, JointKind.KNEE))
    return np.asarray(leg.ankle_m(hip, knee)[..., 0])


def _landing(left_m: FloatArray, right_m: FloatArray) -> float:
    """Where in the cycle the right foot lands: how much later it swings than the left one."""
    spectrum = np.fft.rfft(right_m - right_m.mean()) * np.conj(np.fft.rfft(left_m - left_m.mean()))
    return float(np.argmax(np.fft.irfft(spectrum, len(left_m)))) / len(left_m)


def _pitch(reference: GaitReference, side: Side, landed: float, sign: float) -> FloatArray:
    """Slope of the sole while the foot stands, with the ankle's sign as it is or changed."""
    count = len(reference.angle_rad)
    hip, knee, ankle = (
        _angle(reference, kind, side) for kind in (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE)
    )
    first, last = (round((landed + share) * count) for share in _STANDS)
    return np.asarray(foot_pitch(hip, knee, sign * ankle)[np.arange(first, last) % count])


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))
