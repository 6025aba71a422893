"""What is written for OpenSim comes back with the same numbers (OpenSim 4.6 itself was asked by hand)."""

from __future__ import annotations

import numpy as np

from core.domain.laboratory import PlateForces
from core.laboratory.loads import loads_of
from core.laboratory.opensim_tables import read_table
from core.laboratory.trc import read_trc
from core.laboratory.writers import TO_OPENSIM, csv_text, ground_forces_text, held, table_text, trc_text

TIME_S = np.arange(30) / 60.0 + 1.0 / 3.0


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape) * 100.0


def test_a_table_comes_back_with_its_gaps_and_its_unit(tmp_path):
    values = numbers(30, 2)
    values[3, 1] = np.nan
    text = table_text("my file", ["soleus l", "knee"], TIME_S, values, in_degrees=True)
    (tmp_path / "x.sto").write_text(text, encoding="utf-8")

    table = read_table(tmp_path / "x.sto")

    assert table.names == ("soleus_l", "knee") and table.in_degrees is True
    np.testing.assert_allclose(table.values, values, rtol=1e-9)
    np.testing.assert_allclose(table.time_s, TIME_S, rtol=1e-9)


def test_markers_come_back_in_opensims_axes_and_out_of_view_stays_so():
    markers = numbers(30, 4, 3) / 100.0
    markers[4, 2] = markers[:, 3] = np.nan

    text = trc_text("walk", ["A", "B", "C D", "never seen"], TIME_S, markers)

    paths = read_trc(text)
    assert paths.names == ("A", "B", "C_D")
    np.testing.assert_allclose(paths.place_m @ TO_OPENSIM, markers[:, :3], atol=1e-9)
    cells = [line.split("\t") for line in text.splitlines()[6:]]
    assert all(len(row) == 2 + 9 and row[-1] for row in cells)  # OpenSim refuses rows that end in empty cells


def test_ground_forces_have_no_gaps_and_push_up_along_opensims_y(tmp_path):
    force = np.zeros((30, 3))
    force[10:20] = [10.0, -50.0, 600.0]
    place = np.full((30, 3), np.nan)
    place[10:20] = [0.1, -0.5, 0.0]
    plate = PlateForces("plate 1", np.zeros((4, 3)), force, place, np.full(30, 2.0))
    (tmp_path / "x.mot").write_text(ground_forces_text("x", [plate], TIME_S), encoding="utf-8")

    (load,) = loads_of(read_table(tmp_path / "x.mot"), tmp_path / "x.mot")

    np.testing.assert_allclose(load.force_n[15], [50.0, 600.0, -10.0])
    np.testing.assert_allclose(load.pressure_m, np.tile([0.5, 0.0, -0.1], (30, 1)))
    np.testing.assert_allclose(load.moment_nm[0], [0.0, 2.0, 0.0])


def test_a_plate_that_nobody_stood_on_has_its_place_at_zero():
    assert not held(np.full((3, 3), np.nan)).any()


def test_gaps_of_a_csv_table_are_empty_cells():
    values = np.array([[1.0, np.nan], [2.5, 3.0]])

    text = csv_text(["a", "b, c"], np.array([0.0, 0.5]), values)

    assert text.splitlines() == ['time_s,a,"b, c"', "0,1,", "0.5,2.5,3"]
