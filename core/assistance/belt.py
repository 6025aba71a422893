"""The band of a belt exo ahead of the hip: its length, its lever, and the force that gives a moment.

Side view, hip joint at the origin, x forward, y up. The actuator is at (L_E, L_H); at hip flexion theta the
band ends at L_C (sin theta, -cos theta), on the line from hip to knee. Its thickness and that of the thigh
are not seen. After the human-exoskeleton model of a belt-type soft hip exosuit (preprint 206397, section
2.4.2).
"""

from __future__ import annotations

import math

import numpy as np

from core.domain.arrays import BoolArray, FloatArray
from core.domain.belt_profile import BeltGeometry
from core.errors import UserError, refuse

SHORTEST_ARM_M = 0.02  # with a shorter lever the band would pull the belt down rather than the leg up
SHORTEST_BAND_M = 0.02  # with less between belt and cuff there is nothing left to pull in
LONGEST_M = 1.0  # no part of this geometry is longer on anybody


def length_m(belt: BeltGeometry, flexion_rad: FloatArray) -> FloatArray:
    """Of the band between actuator and thigh."""
    across, up = _spans(belt, flexion_rad)
    return np.asarray(np.hypot(across, up))


def arm_m(belt: BeltGeometry, flexion_rad: FloatArray) -> FloatArray:
    """Lever of the band about the hip: by how much it shortens per radian of flexion."""
    reach = belt.above_m * np.sin(flexion_rad) + belt.ahead_m * np.cos(flexion_rad)
    return np.asarray(belt.along_m * reach / np.maximum(length_m(belt, flexion_rad), 1e-9))


def pulling_arm_m(belt: BeltGeometry, flexion_rad: FloatArray) -> FloatArray:
    """The lever with which the band pulls: zero where lever or band are too short."""
    return np.where(too_short(belt, flexion_rad), 0.0, arm_m(belt, flexion_rad))


def force_n(belt: BeltGeometry, flexion_rad: FloatArray, moment_nm: FloatArray) -> FloatArray:
    """Force of the band for this flexion moment: moment x length / (L_C (L_H sin + L_E cos)).

    Zero where lever or band are too short, and where the moment extends: a band only pulls.
    """
    arm = arm_m(belt, flexion_rad)
    usable = ~too_short(belt, flexion_rad)
    return np.maximum(np.where(usable, moment_nm / np.where(usable, arm, 1.0), 0.0), 0.0)


def force_by_angle_n(belt: BeltGeometry, flexion_rad: FloatArray, moment_nm: FloatArray) -> FloatArray:
    """The same as the source writes it: moment / (L_C sin(theta - k arccos((L_C cos theta + L_H) / length))).

    k is -1 while the end of the band is behind the actuator, else 1. The arc cosine is taken by its sides: of
    a number near one, where the band hangs straight down, it would lose half of the digits.
    """
    across, up = _spans(belt, flexion_rad)
    k = np.where(across <= 0.0, -1.0, 1.0)
    arm = belt.along_m * np.sin(flexion_rad - k * np.arctan2(np.abs(across), up))
    usable = (arm >= SHORTEST_ARM_M) & (np.hypot(across, up) >= SHORTEST_BAND_M)
    return np.maximum(np.where(usable, moment_nm / np.where(usable, arm, 1.0), 0.0), 0.0)


def too_short(belt: BeltGeometry, flexion_rad: FloatArray) -> BoolArray:
    """Whether lever or band are too short to pull the leg up."""
    short = arm_m(belt, flexion_rad) < SHORTEST_ARM_M
    return np.asarray(short | (length_m(belt, flexion_rad) < SHORTEST_BAND_M))


def check_geometry(belt: BeltGeometry, flexion_rad: FloatArray) -> None:
    """Refuse (ASP-003) a band that cannot flex the hip at any of these angles, or that nobody can wear."""
    named = (
        ("above the hip", belt.above_m),
        ("ahead of the hip", belt.ahead_m),
        ("along the thigh", belt.along_m),
    )
    for name, value in named:
        if not math.isfinite(value) or abs(value) > LONGEST_M:
            raise _impossible(f"Its distance {name} is {value * 100.0:.0f} cm, which nobody can wear.")
    if belt.along_m <= SHORTEST_ARM_M:
        raise _impossible(f"It ends {belt.along_m * 100.0:.0f} cm below the hip, where it has no lever.")
    if too_short(belt, flexion_rad).all():
        most_cm = 100.0 * float(arm_m(belt, flexion_rad).max())
        raise _impossible(
            f"Its lever about the hip is {most_cm:.1f} cm at most while assistance is due; it takes "
            f"{100.0 * SHORTEST_ARM_M:.0f} cm."
        )


def _impossible(why: str) -> UserError:
    return refuse(
        "ASP-003",
        "This band cannot help to flex the hip.",
        why,
        "Measure again, from the hip joint, where the band leaves the belt and where it ends on the thigh.",
    )


def _spans(belt: BeltGeometry, flexion_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """From the actuator forward to the end of the band, and from that end up to the actuator."""
    across = belt.along_m * np.sin(flexion_rad) - belt.ahead_m
    return across, belt.along_m * np.cos(flexion_rad) + belt.above_m
