"""Tables of OpenSim and marker files: what people really have, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.laboratory.loads import loads_of
from core.laboratory.opensim_tables import OpenSimTable, read_table
from core.laboratory.trc import read_trc
from tests.refusals import refused

REAL = (
    ("treadmill-emg-walk36/walk36/id.sto", (6097, 23), False),
    ("treadmill-emg-walk36/walk36/emgFilt.sto", (6097, 9), None),
    ("opensim-subject01/Applications/IK/tests/resources/std_subject01_walk1_ik.mot", (73, 23), None),
    ("opensim-examples/Bindings/Python/tutorials/resources/Tutorial 4/crouch_gait.mot", (119, 17), True),
    ("opensim-examples/Bindings/Java/Matlab/examples/Moco/exampleEMGTracking/emg.sto", (2341, 8), None),
)


def table(tmp_path: Path, text: str, name: str = "x.mot") -> OpenSimTable:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_table(tmp_path / name)


@pytest.mark.parametrize(("file", "shape", "degrees"), REAL)
def test_tables_of_all_versions_are_read(shared_data, file, shape, degrees):
    found = read_table(shared_data(file))

    assert found.values.shape == shape and found.in_degrees is degrees
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize(
    ("header", "degrees"),
    [
        ("version=1\ninDegrees=yes\n", True),
        ("inDegrees=no\n", False),
        ("Angles are in degrees.\n", True),
        ("version=3\ninDegrees=no\nAngles are in degrees.\n", False),
        ("", None),
    ],
)
def test_the_unit_is_what_the_header_tells(tmp_path, header, degrees):
    found = table(tmp_path, f"Coordinates\nnRows=2\n{header}endheader\ntime\tknee\n0\t1\n0.1\t2\n")

    assert found.in_degrees is degrees
    np.testing.assert_array_equal(found.of("knee"), [1.0, 2.0])


def test_a_motion_file_without_the_unit_of_angles_is_told(tmp_path):
    found = table(tmp_path, "x\nendheader\ntime\tknee\n0\t1\n0.1\t2\n")
    others = [
        table(tmp_path, f"x\n{told}\nendheader\ntime\tknee\n0\t1\n")
        for told in ("inDegrees=no", "Angles are in degrees.")
    ]
    others.append(table(tmp_path, "x\nendheader\ntime\tknee\n0\t1\n", "x.sto"))

    assert [finding.advice.code for finding in found.findings] == ["LAB-025"]
    assert not any(other.findings for other in others)


def test_gaps_decimal_commas_and_windows_words_for_no_number_are_read(tmp_path):
    found = table(tmp_path, "x\nendheader\ntime\ta\tb\n0,0\t1,5\t\n0,1\t-1.#IND\tnan\n0,2\t2\t3\t\n")

    np.testing.assert_allclose(found.time_s, [0.0, 0.1, 0.2])
    np.testing.assert_array_equal(found.values, [[1.5, np.nan], [np.nan, np.nan], [2.0, 3.0]])


def test_vectors_become_a_column_for_each_part(tmp_path):
    found = table(tmp_path, "DataType=Vec3\nversion=3\nendheader\ntime\tgrf\n0\t1,2,3\n1\t4,5,6\n", "x.sto")

    assert found.names == ("grf_1", "grf_2", "grf_3")
    np.testing.assert_array_equal(found.values[1], [4.0, 5.0, 6.0])


def test_rows_that_repeat_a_time_and_a_missing_end_are_told(tmp_path):
    found = table(tmp_path, "x\nnRows=9\ninDegrees=no\nendheader\ntime\ta\n0\t1\n0\t1\n0.1\t2\n")

    np.testing.assert_array_equal(found.time_s, [0.0, 0.1])
    assert [finding.advice.code for finding in found.findings] == ["LAB-023", "LAB-022"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "LAB-001"),
        ("frame,knee\n0,1\n", "LAB-020"),
        ("x\nendheader\ntime\ta\n0\tone\n", "LAB-020"),
        ("x\nendheader\ntime\ta\n0\t1\t2\t3\n", "LAB-020"),
        ("x\nendheader\ntime\ta\n", "LAB-020"),
        ("x\nendheader\ntime\ta\n0\t1\n1\t1\n0.5\t1\n", "LAB-021"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, text, code):
    with refused(code):
        table(tmp_path, text)


LAYOUTS = {
    "walk36": ("l_ground_force_v{}", "l_ground_force_p{}", "l_ground_torque_{}"),
    "gait2354": ("1_ground_force_v{}", "1_ground_force_p{}", "1_ground_torque_{}"),
    "Moco": ("ground_force_r_v{}", "ground_force_r_p{}", "ground_torque_r_{}"),
    "plain": ("ground_force_v{}", "ground_force_p{}", "ground_torque_{}"),
    "numbered": ("ground_force_2_v{}", "ground_force_2_p{}", "ground_moment_2_m{}"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ground_forces_are_found_in_all_spellings(tmp_path, layout):
    names = [pattern.format(axis) for pattern in LAYOUTS[layout] for axis in "xyz"]
    found = table(
        tmp_path, "x\nendheader\ntime\t" + "\t".join(names) + "\n0\t1\t800\t3\t.4\t0\t.6\t7\t8\t9\n"
    )

    (load,) = loads_of(found, tmp_path / "x.mot")

    np.testing.assert_array_equal(load.force_n, [[1.0, 800.0, 3.0]])
    np.testing.assert_array_equal(load.pressure_m, [[0.4, 0.0, 0.6]])
    np.testing.assert_array_equal(load.moment_nm, [[7.0, 8.0, 9.0]])


def test_numbered_columns_in_millimetres_come_out_in_metres(shared_data):
    path = shared_data("opensim-examples/OpenSim/Common/Test/std_cop_walking2_grfs.sto")

    loads = loads_of(read_table(path), path)

    assert len(loads) == 2
    assert 0.5 < loads[0].pressure_m[loads[0].force_n[:, 2] > 100.0, 0].mean() < 1.5


def test_a_table_without_ground_forces_is_refused(tmp_path):
    found = table(tmp_path, "x\nendheader\ntime\tknee\n0\t1\n")

    with refused("LAB-024"):
        loads_of(found, tmp_path / "x.mot")


def trc(*rows: str, units: str = "mm", doubled: bool = False) -> str:
    tab = "\t\t" if doubled else "\t"
    keys = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits"
    values = tab.join(("100", "100", f"{len(rows)}", "1", units))
    return "\n".join(
        [f"PathFileType\t4\t(X/Y/Z)\tx.trc\n{keys}\n{values}\nFrame#\tTime\tHEEL\n\t\tX1\tY1\tZ1\n", *rows]
    )


@pytest.mark.parametrize(("unit", "metres"), [("m", 2000.0), ("cm", 20.0), ("mm", 2.0), ("in", 50.8)])
def test_markers_in_other_units_come_out_in_metres(unit, metres):
    assert read_trc(trc("1\t0\t2000\t0\t1", units=unit)).place_m[0, 0, 0] == pytest.approx(metres)


def test_a_unit_that_is_missing_is_told_by_the_size_of_a_room():
    paths = read_trc(trc("1\t0\t2000\t0\t1", units=""))

    assert paths.place_m[0, 0, 0] == pytest.approx(2.0)
    assert [finding.advice.code for finding in paths.findings] == ["LAB-012"]


def test_frames_that_stand_twice_are_taken_once_and_told():
    paths = read_trc(trc("1\t0\t1\t1\t1", "1\t0\t1\t1\t1", "2\t0.01\t2\t2\t2"))

    np.testing.assert_array_equal(paths.time_s, [0.0, 0.01])
    assert [finding.advice.code for finding in paths.findings] == ["LAB-010"]


def test_frame_numbers_that_repeat_with_growing_times_are_told():
    paths = read_trc(trc("1\t0\t1\t1\t1", "2\t0.01\t1\t1\t1", "1\t0.02\t2\t2\t2"))

    assert len(paths.time_s) == 3
    assert [finding.advice.code for finding in paths.findings] == ["LAB-011"]


def test_a_header_that_counts_too_few_markers_loses_none():
    text = trc("1\t0\t1\t2\t3\t4\t5\t6").replace("HEEL", "HEEL\t\t\tTOE")

    paths = read_trc(text)

    assert paths.names == ("HEEL", "TOE")
    np.testing.assert_allclose(paths.place_m[0, 1], [0.004, 0.005, 0.006])


def test_zeros_commas_and_doubled_tabs_of_other_programs_are_read():
    paths = read_trc(trc("1\t0\t0\t0\t0", "2\t0,01\t10,5\t2\t3", doubled=True))

    assert np.isnan(paths.place_m[0]).all()
    assert paths.place_m[1, 0, 0] == pytest.approx(0.0105)
