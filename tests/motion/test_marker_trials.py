"""Recorded trials of laboratories: against the angles of other programs, and against norms.

Nothing was tuned on these files: all constants are from the papers that their comments name.
"""

from __future__ import annotations

from pathlib import Path

import ezc3d
import numpy as np
import pytest

from core.domain.body import SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.motion import Motion
from core.gait.band_fit import band_fits, far_off
from core.gait.cycles import mean_cycle
from core.gait.norm_choice import CHILDREN, Walker, norm_for
from core.gait.norm_tables import PELVIC_TILT_DEG
from core.gait.similarity import pearson
from core.laboratory.opensim_tables import read_table
from core.laboratory.trial import read_trial
from core.motion.marker_motion import motion_from_markers
from tests.refusals import refused

PLUG_IN_GAIT = {
    JointKind.HIP_FLEXION: ("HipAngles", PELVIC_TILT_DEG),  # theirs is against the tilted pelvis
    JointKind.KNEE: ("KneeAngles", 0.0),
    JointKind.ANKLE: ("AnkleAngles", 0.0),
}
SCHREIBER = "adult-walk-emg-c3d/schreiber-2014001/2014001/2014001_"
TUTORIAL = "opensim-subject01/Bindings/Python/tutorials/resources/Tutorial 5/subject01_"


def solved(walk: Path, standing: Path | None, height_m: float, mass_kg: float) -> Motion:
    return motion_from_markers(read_trial(walk, standing=standing), height_m=height_m, mass_kg=mass_kg)


def plug_in_gait_deg(file: Path, name: str) -> np.ndarray:
    """Sagittal angle (T,) as the file has it; NaN where it has none."""
    recorded = ezc3d.c3d(str(file))
    labels = [
        label
        for group in ("LABELS", "LABELS2")
        for label in recorded["parameters"]["POINT"].get(group, {"value": []})["value"]
    ]
    points = recorded["data"]["points"][:3, labels.index(name)]
    return np.where(np.any(points != 0.0, axis=0), points[0], np.nan)


@pytest.mark.parametrize(
    ("person", "walk", "standing", "height_m", "mass_kg"),
    [("HC002D", "06", "02", 1.45, 32.1), ("HC036A", "10", "01", 1.34, 33.0)],
)
def test_flexion_is_within_six_degrees_of_plug_in_gait(
    shared_data, person: str, walk: str, standing: str, height_m: float, mass_kg: float
) -> None:
    """Two programs, two bodies: PiG's own repeatability between laboratories is 5 to 6 degrees (McGinley et
    al. 2009, Gait & Posture 29:360)."""
    files = [shared_data(f"multi-subject-c3d/{person}/{person}{number}.c3d") for number in (walk, standing)]

    motion = solved(files[0], files[1], height_m, mass_kg)

    for kind, (name, offset_deg) in PLUG_IN_GAIT.items():
        for side in SIDES:
            theirs = plug_in_gait_deg(files[0], f"{side.name[0]}{name}")
            ours = np.degrees(motion.kinematics.angle_rad[:, Joint.of(kind, side).column]) + offset_deg
            assert np.sqrt(np.nanmean((ours - theirs) ** 2)) < 6.0, (kind, side)
            assert np.nanstd(ours - theirs) < 4.0, (kind, side)
    norm = norm_for(Walker(11, height_m, motion.measures.speed_m_s))  # a healthy young person of unknown age
    assert norm.fits and far_off(band_fits(motion.cycles, norm.bands)) == ()
    assert {stride.side for stride in motion.strides} == set(SIDES)


@pytest.mark.parametrize(
    ("walk", "standing"),
    [(f"{SCHREIBER}C1_01.c3d", f"{SCHREIBER}ST.c3d"), ("adult-walk-emg-c3d/bmc/Gait.c3d", None)],
)
def test_adults_flex_hip_and_knee_as_people_do(shared_data, walk: str, standing: str | None) -> None:
    motion = solved(shared_data(walk), None if standing is None else shared_data(standing), 1.75, 70.0)

    for cycles in motion.cycles:
        assert len(cycles.angle_rad) == 1
        for column, kind in enumerate(JointKind):
            band = CHILDREN.band(kind) if kind in SAGITTAL[:2] else None
            if band is not None:
                assert pearson(mean_cycle(cycles)[:, column], band.mean_rad) > 0.9, kind
    norm = norm_for(Walker(30, 1.75, motion.measures.speed_m_s))  # healthy adults, no band fits
    assert norm.speed_fits and not norm.fits
    assert far_off(band_fits(motion.cycles, norm.bands)) == ()
    assert motion.reference is not None
    assert 0.35 < motion.measures.speed_m_s < 1.6  # the first walks very slowly, as it was told


def test_opensims_own_angles_of_the_same_walk_move_alike(shared_data) -> None:
    """The levels differ: OpenSim's pelvis is not upright in this model, ours is."""
    theirs = read_table(
        shared_data("opensim-subject01/Applications/IK/tests/resources/std_subject01_walk1_ik.mot")
    )
    motion = solved(shared_data(f"{TUTORIAL}walk1.trc"), shared_data(f"{TUTORIAL}static.trc"), 1.80, 72.6)

    for name, limit_deg in (("hip_flexion", 2.0), ("knee_angle", 2.0), ("ankle_angle", 4.0)):
        for end in "lr":
            sign = -1.0 if name == "knee_angle" else 1.0
            wanted = sign * theirs.values[:, theirs.names.index(f"{name}_{end}")]
            column = Joint(f"{name}_{end}").column
            own = np.interp(theirs.time_s, motion.kinematics.time_s, motion.kinematics.angle_rad[:, column])
            assert np.std(np.degrees(own) - wanted) < limit_deg, (name, end)
    # Where the pelvis is not upright, the hip's curves lie beside the band, and are told as an offset.
    norm = norm_for(Walker(30, 1.80, motion.measures.speed_m_s))
    far = far_off(band_fits(motion.cycles, norm.bands))
    assert {fit.kind for fit in far} == {JointKind.HIP_FLEXION} and all(fit.is_offset for fit in far)


def test_forces_from_a_table_tell_when_the_feet_landed(shared_data) -> None:
    folder = "opensim-examples/OpenSim/Examples/Moco/example3DWalking"
    trial = read_trial(
        shared_data(f"{folder}/markers_walk.trc"), plates=shared_data(f"{folder}/grf_walk.mot")
    )

    motion = motion_from_markers(trial, height_m=1.8, mass_kg=75.0)

    up = np.array([plate.force_n[:, 2] for plate in trial.plates])
    landed = [
        float(trial.plate_time_s[k])
        for force in up
        for k in np.flatnonzero((force[1:] > 20.0) & (force[:-1] <= 20.0)) + 1
    ]
    starts = [stride.start_s for stride in motion.strides]
    assert any(min(abs(start - own) for own in landed) < 0.002 for start in starts)


def test_a_trial_without_legs_is_told_what_it_lacks(shared_data) -> None:
    with refused("LAB-101") as told:
        solved(shared_data("c3d-readers/vicon_markers_analogs.c3d"), None, 1.75, 70.0)
    assert "left knee" in told.value.advice.what


def test_a_treadmill_walk_of_clusters_has_all_its_strides(shared_data) -> None:
    motion = solved(shared_data("c3d-readers/nexus_walk_16emg.c3d"), None, 1.80, 75.0)

    assert motion.belt_speed_m_s is not None
    assert min(sum(s.side is side for s in motion.strides) for side in (Side.LEFT, Side.RIGHT)) >= 6
