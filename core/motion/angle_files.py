"""Joint angles of a trial as files: a table in degrees, and coordinates for OpenSim."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS
from core.domain.motion import Kinematics
from core.laboratory.writers import TO_OPENSIM, table_text

_PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz")


def angles_csv(motion: Kinematics) -> str:
    """Time in seconds and all joint angles in degrees, one row per picture; empty where not seen.

    `…_sd` is the standard deviation of an angle, in degrees: 68 % of true angles are within one of it.
    """
    names, columns = [joint.value for joint in JOINTS], np.degrees(motion.angle_rad)
    if motion.spread_rad is not None:
        names += [f"{joint.value}_sd" for joint in JOINTS]
        spread = np.where(np.isfinite(columns), np.degrees(motion.spread_rad), np.nan)
        columns = np.hstack([columns, spread])
    rows = [",".join(("time_s", *names))]
    for time_s, angles in zip(motion.time_s, columns, strict=True):
        cells = (f"{angle:.3f}" if np.isfinite(angle) else "" for angle in angles)
        rows.append(",".join((f"{time_s:.5f}", *cells)))
    return "\n".join(rows) + "\n"


def coordinates_mot(motion: Kinematics, name: str) -> str:
    """Coordinates of the Rajagopal model, degrees and metres: knee flexion is positive.

    Pictures in which a leg was not seen are left out: OpenSim reads no gaps.
    """
    table = np.column_stack([motion.time_s, _pelvis(motion), np.degrees(motion.angle_rad)])
    table = table[np.isfinite(table).all(axis=1)]
    columns = (*_PELVIS, *(joint.value for joint in JOINTS))
    return table_text(name, columns, table[:, 0], table[:, 1:], in_degrees=True)


def _pelvis(motion: Kinematics) -> FloatArray:
    """Tilt, list and rotation (degrees) and the place (metres) in OpenSim's axes: (T, 6)."""
    turned = np.full((len(motion.time_s), 3), np.nan)
    known = np.isfinite(motion.pelvis_quaternion).all(axis=1)
    if known.any():
        body = Rotation.from_quat(motion.pelvis_quaternion[known][:, [1, 2, 3, 0]]).as_matrix()
        ground = Rotation.from_matrix(TO_OPENSIM @ body @ TO_OPENSIM.T)
        turned[known] = ground.as_euler("ZXY", degrees=True)
    return np.column_stack([turned, motion.pelvis_position_m @ TO_OPENSIM.T])
