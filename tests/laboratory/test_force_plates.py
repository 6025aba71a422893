"""Plates of all types tell the same load alike, and OpenSim's and Plug-in-Gait's numbers come out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.laboratory.c3d import C3dFile, read_c3d
from core.laboratory.force_plates import plate_forces
from core.laboratory.opensim_tables import read_table
from tests.laboratory.c3d_bytes import write_c3d

WALKING = "opensim-examples/OpenSim"
MIDDLE_M = np.array([1.0, 2.0, 0.05])
HALF_M = (0.25, 0.3)
DEPTH_M = 0.054
FORCE = np.array([30.0, -80.0, 700.0])  # of the floor on the person, in the laboratory's axes (z up)
AT_M = np.array([0.10, -0.12, 0.0])  # from the middle of the plate
FREE = 4.0  # N m about the vertical


def turned(degrees: float) -> np.ndarray:
    """Axes of a plate that is turned about the vertical; its z leads down, as C3D files have it. Columns."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x = np.array([c, s, 0.0])
    z = np.array([0.0, 0.0, -1.0])
    return np.column_stack([x, np.cross(z, x), z])


def corners_mm(axes: np.ndarray) -> np.ndarray:
    quadrants = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]]) * [*HALF_M, 0.0]
    return 1e3 * (MIDDLE_M + quadrants @ axes.T)


def channels_of(kind: int, axes: np.ndarray, to_surface_m: np.ndarray) -> np.ndarray:
    """What a plate of this type measures [N, N mm, mm], its sensors at -`to_surface_m` from the middle."""
    force = axes.T @ FORCE
    at = axes.T @ AT_M
    free = axes.T @ [0.0, 0.0, FREE]
    moment = np.cross(at, force) + free
    below = moment + np.cross(to_surface_m, force)
    if kind == 1:
        return np.array([*force, *(1e3 * at[:2]), 1e3 * free[2]])
    if kind in (2, 4):
        return np.array([*force, *(1e3 * below)])
    a, b = 0.2, 0.22
    upright = np.linalg.lstsq(
        np.array([[1, 1, 1, 1], [b, b, -b, -b], [-a, a, a, -a]]),
        np.array([force[2], below[0], below[1]]),
        rcond=None,
    )[0]
    flat = np.linalg.lstsq(
        np.array([[1, 1, 0, 0], [0, 0, 1, 1], [-b, b, a, -a]]),
        np.array([force[0], force[1], below[2]]),
        rcond=None,
    )[0]
    return np.array([*flat, *upright])


def plate_file(
    path: Path, kind: int, *, degrees: float = 0.0, deeper: float = -1.0, sign: float = 1.0
) -> C3dFile:
    """Ten quiet frames, ten loaded. `deeper`: sign of ORIGIN's depth; `sign`: -1 is what the plate feels."""
    axes = turned(degrees)
    to_surface = np.array([0.0, 0.0, -DEPTH_M])
    measured = sign * channels_of(kind, axes, to_surface)
    if kind == 1:
        measured[3:5] *= sign  # a place has no opposite
    matrix = np.diag([2.0, 2.0, 5.0, 900.0, 900.0, 400.0])
    matrix[3, 2] = -10.0
    if kind == 4:
        measured = np.linalg.solve(matrix, measured)
    analog = np.vstack([np.zeros((10, len(measured))), np.tile(measured, (10, 1))])
    origin = 1e3 * np.array([*((0.2, 0.22) if kind == 3 else (0.0, 0.0)), deeper * DEPTH_M])
    group = {
        "USED": 1,
        "TYPE": np.array([kind]),
        "CORNERS": corners_mm(axes).T[:, :, None],
        "ORIGIN": origin[:, None],
        "CHANNEL": np.arange(1, len(measured) + 1)[:, None],
        "ZERO": np.array([1, 0]),
        "CAL_MATRIX": matrix[:, :, None] if kind == 4 else None,
    }
    units = ["N"] * 3 + ["Nmm"] * 3 if kind == 2 else ["V"] * len(measured)
    groups = {"FORCE_PLATFORM": group, "ANALOG": {"UNITS": units}}
    return read_c3d(
        write_c3d(path / "plate.c3d", points=np.full((20, 1, 3), 5.0), analog=analog, groups=groups)
    )


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("degrees", [0.0, 90.0, 200.0])
@pytest.mark.parametrize("deeper", [-1.0, 1.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_load_comes_out_of_every_type_turned_and_with_either_sign(tmp_path, kind, degrees, deeper, sign):
    (plate,), findings = plate_forces(plate_file(tmp_path, kind, degrees=degrees, deeper=deeper, sign=sign))

    assert not findings
    np.testing.assert_allclose(plate.force_n[-1], FORCE, atol=1e-3)
    np.testing.assert_allclose(plate.pressure_m[-1], MIDDLE_M + AT_M, atol=1e-5)
    assert plate.free_moment_nm[-1] == pytest.approx(FREE, abs=1e-3)
    assert np.isnan(plate.pressure_m[0]).all() and not plate.force_n[0].any()


@pytest.mark.parametrize("trial", ["walking2", "walking5"])
def test_forces_and_centres_of_pressure_are_opensims(shared_data, trial):
    file = read_c3d(shared_data(f"{WALKING}/Tests/shared/{trial}.c3d"))
    table = read_table(shared_data(f"{WALKING}/Common/Test/std_cop_{trial}_grfs.sto"))

    plates, _ = plate_forces(file, as_recorded=True)

    rows = np.round(table.time_s * file.analog_rate_hz).astype(int)
    for number, plate in enumerate(plates, start=1):
        force, place = (
            np.column_stack([table.of(f"{kind}{number}_{axis}") for axis in (1, 2, 3)]) for kind in "fp"
        )
        loaded = force[:, 2] > 100.0
        assert loaded.sum() >= 9
        np.testing.assert_allclose(plate.force_n[rows][loaded], force[loaded], atol=1e-3)
        np.testing.assert_allclose(plate.pressure_m[rows][loaded], place[loaded] / 1e3, atol=1e-6)
        free = table.of(f"m{number}_3")[loaded] / 1e3
        np.testing.assert_allclose(plate.free_moment_nm[rows][loaded], free, atol=1e-5)


def test_forces_are_plug_in_gaits(shared_data):
    file = read_c3d(shared_data("multi-subject-c3d/HC030A/HC030A05.c3d"))

    plates, _ = plate_forces(file, as_recorded=True)

    mass_kg = 45.8  # PROCESSING:BODYMASS
    vertical = sum(plate.force_n[:: round(file.analog_rate_hz / file.point_rate_hz), 2] for plate in plates)
    normalised = [file.outputs[:, file.output_labels.index(f"{side}NormalisedGRF")] for side in "LR"]
    told = np.nansum(normalised, axis=0)[:, 2] / 100.0 * mass_kg * 9.81
    both = (told > 50.0) & (vertical[: len(told)] > 50.0)
    assert both.sum() > 40
    differing = vertical[: len(told)][both] - told[both]
    assert np.sqrt(np.mean(differing**2)) < 0.005 * told.max()  # theirs is smoothed


def test_an_origin_without_depth_is_taken_so_that_feet_are_on_the_plate(shared_data):
    file = read_c3d(shared_data("c3d-readers/nexus_walk_16emg.c3d"))
    other = replace(file, plates=tuple(replace(plate, origin_m=-plate.origin_m) for plate in file.plates))

    for trial in (file, other):
        for plate in plate_forces(trial)[0]:
            places = plate.pressure_m[plate.force_n[:, 2] > 100.0]
            inside = (places >= plate.corner_m.min(axis=0)) & (places <= plate.corner_m.max(axis=0))
            assert inside[:, :2].all(axis=1).mean() > 0.95  # feet on a split belt cross its middle


def test_a_plate_without_corners_is_left_out_and_told(tmp_path):
    file = plate_file(tmp_path, 2)
    nowhere = replace(file, plates=(replace(file.plates[0], corner_m=np.zeros((4, 3))),))

    plates, findings = plate_forces(nowhere)

    assert not plates
    assert [finding.advice.code for finding in findings] == ["LAB-030"]


def test_a_plate_whose_channels_are_missing_is_left_out_and_told(tmp_path):
    file = plate_file(tmp_path, 2)

    for raw in (replace(file.plates[0], channels=(0, 1, 2, 3, 4, 99)), replace(file.plates[0], kind=7)):
        plates, findings = plate_forces(replace(file, plates=(raw,)))
        assert not plates and [finding.advice.code for finding in findings] == ["LAB-031"]


def test_what_an_empty_plate_reads_is_taken_off_and_told(tmp_path):
    file = plate_file(tmp_path, 2)
    offset = np.array([0.0, 0.0, -12.0, 0.0, 0.0, 0.0], np.float32)

    (plate,), findings = plate_forces(replace(file, analog=file.analog + offset))

    np.testing.assert_allclose(plate.force_n[-1], FORCE, atol=1e-3)
    assert [finding.advice.code for finding in findings] == ["LAB-032"]


@pytest.mark.parametrize("offset_n", [-60.0, 2048.0])
def test_the_frames_that_the_file_calls_unloaded_are_its_zero(tmp_path, offset_n):
    file = plate_file(tmp_path, 2)
    offset = np.array([0.0, 0.0, offset_n, 0.0, 0.0, 0.0], np.float32)
    file = replace(file, analog=np.vstack([file.analog[:10], file.analog]))  # mostly empty, as plates are
    trial = replace(file, analog=file.analog + offset, plate_zero=(1, 10))

    (plate,), _ = plate_forces(trial, as_recorded=True)

    np.testing.assert_allclose(plate.force_n[-1], FORCE, atol=1e-3)


def test_a_place_told_by_the_plate_itself_has_no_zero_taken_off(tmp_path):
    file = plate_file(tmp_path, 1)
    analog = file.analog.copy()
    analog[:10, 3:5] = 10.0  # mm, whatever the plate says with nobody on it

    (plate,), _ = plate_forces(replace(file, analog=analog, plate_zero=(1, 10)))

    np.testing.assert_allclose(plate.pressure_m[-1], MIDDLE_M + AT_M, atol=1e-5)


def test_frames_in_which_somebody_stands_there_already_are_no_zero(tmp_path):
    file = plate_file(tmp_path, 2)
    empty, loaded = file.analog[:10], file.analog[10:]
    trial = replace(file, analog=np.vstack([loaded, empty, empty]), plate_zero=(1, 10))

    (plate,), _ = plate_forces(trial)

    np.testing.assert_allclose(plate.force_n[5], FORCE, atol=1e-3)
    assert not plate.force_n[-1].any()


def test_a_force_beside_its_plate_is_told(tmp_path):
    file = plate_file(tmp_path, 2)
    wild = file.analog * np.array([1, 1, 1, 9, 9, 1], np.float32)

    _, findings = plate_forces(replace(file, analog=wild))

    assert [finding.advice.code for finding in findings] == ["LAB-034"]
