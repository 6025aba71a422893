"""Files of a laboratory become one trial in this program's axes, and what is wrong with them is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain.laboratory import LaboratoryTrial
from core.laboratory.trial import read_trial
from tests.laboratory.c3d_bytes import write_c3d
from tests.refusals import refused

TUTORIAL = "opensim-subject01/Bindings/Python/tutorials/resources/Tutorial 5"
MOCO = "opensim-examples/OpenSim/Examples/Moco/example3DWalking"
NAMES = ("LASI", "RASI", "LHEE", "RHEE", "C7")
FRAMES = 101


def person(forward: int, up: int, *, sign: float = 1.0, speed: float = 1.2) -> np.ndarray:
    """Five markers that walk along one axis of the laboratory, (T, 5, 3) in millimetres."""
    axes = np.eye(3)
    f, u = sign * axes[forward], axes[up]
    left = np.cross(u, f)
    place = np.array([0.12 * left + 0.95 * u, -0.12 * left + 0.95 * u, 0.1 * left, -0.1 * left, 1.45 * u])
    time_s = np.arange(FRAMES) / 100.0
    return 1e3 * (place + 0.05 * u + speed * time_s[:, None, None] * f)


def trial(tmp_path: Path, points: np.ndarray, **groups: dict) -> LaboratoryTrial:
    groups["POINT"] = {"LABELS": list(NAMES), **groups.get("POINT", {})}
    return read_trial(write_c3d(tmp_path / "walk.c3d", points=points, groups=groups))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("forward", "up"), [(0, 2), (1, 2), (0, 1), (2, 1)])
def test_whatever_the_laboratorys_axes_the_walk_leads_towards_minus_y(tmp_path, forward, up, sign):
    found = trial(tmp_path, person(forward, up, sign=sign))

    way = found.marker_m[-1, 0] - found.marker_m[0, 0]
    np.testing.assert_allclose(way, [0.0, -1.2, 0.0], atol=1e-4)
    left = found.marker_m[0, 0] - found.marker_m[0, 1]
    np.testing.assert_allclose(left, [0.24, 0.0, 0.0], atol=1e-4)
    assert found.marker_m[0, 4, 2] == pytest.approx(1.5, abs=1e-4)


def test_somebody_who_stands_faces_where_left_and_right_tell(tmp_path):
    found = trial(tmp_path, person(1, 2, sign=-1.0, speed=0.0))

    left = found.marker_m[0, 0] - found.marker_m[0, 1]
    np.testing.assert_allclose(left, [0.24, 0.0, 0.0], atol=1e-4)


def test_exchanged_sides_or_a_walk_backwards_are_told(tmp_path):
    points = person(0, 2)[:, [1, 0, 3, 2, 4]]

    assert "LAB-052" in codes(trial(tmp_path, points))


def test_arms_held_out_do_not_make_a_person_lie_down(shared_data):
    found = read_trial(shared_data(f"{TUTORIAL}/subject01_static.trc"))

    heights = found.marker_m[0, :, 2]
    assert 0.0 < heights.min() < 0.1 and 1.7 < heights.max() < 1.9
    assert not found.findings


def test_short_gaps_are_bridged_and_long_ones_left_open(tmp_path):
    points = person(0, 2)
    whole = trial(tmp_path, points).marker_m
    points[10:15, 4] = np.nan
    points[40:70, 2] = np.nan

    found = trial(tmp_path, points)

    np.testing.assert_allclose(found.marker_m[10:15, 4], whole[10:15, 4], atol=1e-3)
    assert np.isnan(found.marker_m[40:70, 2]).all()
    assert codes(found) == ["LAB-047"]


def test_a_persons_name_before_the_labels_is_left_out(tmp_path):
    found = trial(tmp_path, person(0, 2), POINT={"LABELS": [f"Jane:{name}" for name in NAMES]})

    assert found.marker_names == NAMES


def test_channels_that_hold_nothing_and_markers_never_seen_are_told(tmp_path):
    points = person(0, 2)
    points[:, 4] = np.nan
    path = write_c3d(
        tmp_path / "walk.c3d",
        points=points,
        analog=np.column_stack([np.arange(FRAMES), np.zeros(FRAMES)]),
        groups={"POINT": {"LABELS": list(NAMES)}},
    )

    found = read_trial(path)

    assert sorted(codes(found)) == ["LAB-046", "LAB-048"]
    assert "A1" in next(f.advice.why for f in found.findings if f.advice.code == "LAB-048")


def test_markers_forces_and_standing_trial_of_opensims_person_belong_together(shared_data):
    found = read_trial(
        shared_data(f"{TUTORIAL}/subject01_walk1.trc"),
        plates=shared_data(f"{TUTORIAL}/subject01_walk1_grf.mot"),
        standing=shared_data(f"{TUTORIAL}/subject01_static.trc"),
    )

    assert len(found.plates) == 2 and not found.findings
    assert found.plate_time_s[0] == 0.0 and found.plate_time_s[-1] == pytest.approx(2.5)
    weight_n = 72.6 * 9.81
    mean_n = sum(plate.force_n[:, 2].mean() for plate in found.plates)
    assert mean_n == pytest.approx(weight_n, rel=0.05)
    only_standing = found.marker_names.index("R.Knee.Med")
    assert np.isnan(found.marker_m[:, only_standing]).all()
    assert np.isfinite(found.standing_m).all()


def test_without_markers_on_the_feet_nobody_can_tell_and_forces_stay(tmp_path):
    points = person(0, 1)
    points[..., 1] += 600.0  # all of them as high as a pelvis
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    rows = [f"{n / 100}\t0\t700\t0\t0.6\t0\t0.9" for n in range(FRAMES)]
    table = tmp_path / "grf.mot"
    table.write_text(
        "x\ninDegrees=no\nendheader\ntime\t" + "\t".join(columns) + "\n" + "\n".join(rows) + "\n"
    )
    path = write_c3d(tmp_path / "walk.c3d", points=points, groups={"POINT": {"LABELS": list(NAMES)}})

    found = read_trial(path, plates=table)

    assert len(found.plates) == 1 and not found.findings


def test_a_foot_out_of_view_does_not_take_its_force_away(tmp_path):
    points = person(0, 1, speed=0.0)
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    left = points[0, 2] / 1e3
    rows = [f"{n / 100}\t0\t700\t0\t{left[0]}\t0\t{left[2]}" for n in range(FRAMES)]
    table = tmp_path / "grf.mot"
    table.write_text(
        "x\ninDegrees=no\nendheader\ntime\t" + "\t".join(columns) + "\n" + "\n".join(rows) + "\n"
    )
    points[10:90, [0, 2]] = np.nan
    points[:, 3, 2] += 500.0  # the other foot stands further to the side
    path = write_c3d(tmp_path / "walk.c3d", points=points, groups={"POINT": {"LABELS": list(NAMES)}})

    assert len(read_trial(path, plates=table).plates) == 1


def test_forces_of_another_recording_are_left_out_and_told(shared_data):
    found = read_trial(
        shared_data(f"{MOCO}/markers_walk.trc"), plates=shared_data(f"{TUTORIAL}/subject01_walk1_grf.mot")
    )

    assert not found.plates
    assert "LAB-045" in codes(found)


def test_of_another_recordings_table_no_force_is_kept_that_is_near_a_foot_by_chance(shared_data):
    found = read_trial(
        shared_data("multi-subject-c3d/HC030A/HC030A05.c3d"),
        plates=shared_data(f"{TUTORIAL}/subject01_walk1_grf.mot"),
    )

    assert not found.plates
    assert "LAB-045" in codes(found)


def test_forces_in_opensims_axes_are_found_under_markers_in_others(tmp_path, shared_data):
    """Markers in a C3D file with z up; the forces as somebody exported them for OpenSim, with y up."""
    points = person(0, 2)
    points[:, 2] = points[0, 2]  # the left heel stands still
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    rows = [
        f"{n / 100}\t0\t700\t0\t{points[0, 2, 0] / 1e3}\t0\t{-points[0, 2, 1] / 1e3}" for n in range(FRAMES)
    ]
    table = tmp_path / "grf.mot"
    table.write_text(
        "x\ninDegrees=no\nendheader\ntime\t" + "\t".join(columns) + "\n" + "\n".join(rows) + "\n"
    )
    path = write_c3d(tmp_path / "walk.c3d", points=points, groups={"POINT": {"LABELS": list(NAMES)}})

    found = read_trial(path, plates=table)

    (plate,) = found.plates
    np.testing.assert_allclose(plate.force_n[50], [0.0, 0.0, 700.0])
    np.testing.assert_allclose(plate.pressure_m[50, :2], found.marker_m[50, 2, :2], atol=1e-3)


def test_forces_of_another_time_are_refused(tmp_path, shared_data):
    table = tmp_path / "grf.mot"
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    table.write_text(
        "x\ninDegrees=no\nendheader\ntime\t"
        + "\t".join(columns)
        + "\n60\t0\t1\t0\t0\t0\t0\n61\t0\t1\t0\t0\t0\t0\n"
    )

    with refused("LAB-042"):
        read_trial(shared_data(f"{TUTORIAL}/subject01_walk1.trc"), plates=table)


def test_forces_on_the_plates_instead_of_the_person_are_left_out_and_told(tmp_path):
    table = tmp_path / "grf.mot"
    columns = [f"ground_force_{kind}{axis}" for kind in "vp" for axis in "xyz"]
    table.write_text(
        "x\ninDegrees=no\nendheader\ntime\t"
        + "\t".join(columns)
        + "\n0\t9\t-700\t0\t0\t0\t0\n1\t9\t-700\t0\t0\t0\t0\n"
    )
    path = write_c3d(tmp_path / "walk.c3d", points=person(0, 1), groups={"POINT": {"LABELS": list(NAMES)}})

    found = read_trial(path, plates=table)

    assert not found.plates
    assert codes(found) == ["LAB-054"]


def test_a_standing_trial_of_other_markers_is_told(tmp_path, shared_data):
    path = write_c3d(tmp_path / "walk.c3d", points=person(0, 2), groups={"POINT": {"LABELS": list(NAMES)}})

    found = read_trial(path, standing=shared_data(f"{TUTORIAL}/subject01_static.trc"))

    assert "LAB-053" in codes(found)


@pytest.mark.parametrize(
    ("times", "code"),
    [([0.0, 0.01, 0.02, 0.05, 0.06], "LAB-043"), ([0.0, 0.01, 0.0245, 0.03, 0.04], "LAB-044")],
)
def test_frames_left_out_and_uneven_times_are_told(tmp_path, times, code):
    rows = "\n".join(f"{n + 1}\t{t}\t{10 * t}\t0.1\t1.0" for n, t in enumerate(times))
    head = "PathFileType\t4\nDataRate\tNumMarkers\tUnits\n100\t1\tm\nFrame#\tTime\tHEEL\n\t\tX1\tY1\tZ1\n"
    (tmp_path / "walk.trc").write_text(head + rows + "\n")

    found = read_trial(tmp_path / "walk.trc")

    np.testing.assert_allclose(np.diff(found.time_s), 0.01)
    assert code in codes(found)


@pytest.mark.parametrize(("name", "code"), [("walk.csv", "LAB-040"), ("walk.c3d", "LAB-041")])
def test_what_holds_no_markers_is_refused(tmp_path, name, code):
    write_c3d(tmp_path / name, analog=np.ones((10, 1)))

    with refused(code):
        read_trial(tmp_path / name)


def test_a_trial_comes_back_from_the_record_as_it_was(tmp_path):
    from core.store.codec import decode, encode

    found = trial(tmp_path, person(0, 2))

    tree, arrays = encode(found)
    again = decode(LaboratoryTrial, tree, arrays)

    assert replace(again, findings=()).marker_names == found.marker_names
    np.testing.assert_array_equal(again.marker_m, found.marker_m)


def codes(found: LaboratoryTrial) -> list[str]:
    return [finding.advice.code for finding in found.findings]
