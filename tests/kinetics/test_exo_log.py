"""Logs of exos as people have them: which column is which joint's torque, and what is asked or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.domain.body import Joint
from core.domain.exo_log import ExoLog
from core.kinetics.exo_log import read_exo_log
from tests.refusals import refused

LEFT, RIGHT = Joint.HIP_FLEXION_L, Joint.HIP_FLEXION_R
ROWS = [(0.01 * row, 0.1 * row, -0.2 * row) for row in range(12)]
NAMES = ("time", "left_hip_flexion_torque", "right_hip_flexion_torque")


def written(
    folder: Path, names: tuple[str, ...] = NAMES, *, rows: list[tuple[float, ...]] = ROWS, mark: str = ","
) -> Path:
    path = folder / "exo.csv"
    lines = [mark.join(names), *(mark.join(f"{value:.4f}" for value in row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def codes(log: ExoLog) -> set[str]:
    return {finding.advice.code for finding in log.findings}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("left_hip_flexion_torque", "right_hip_flexion_torque"),
        ("L Hip Flexion Torque (Nm)", "R Hip Flexion Torque (Nm)"),
        ("hip_flexion_l_moment", "hip_flexion_r_moment"),
        ("exoHipFlexionTorqueLeft", "exoHipFlexionTorqueRight"),
        ("hip flexion left [N·m]", "hip flexion right [N·m]"),
        ("Hip-flexion L (N.m)", "Hip-flexion R (N.m)"),
        ("LHipFlexTorque", "RHipFlexTorque"),
    ],
)
def test_joint_side_and_direction_come_from_the_whole_name(tmp_path: Path, left: str, right: str) -> None:
    log = read_exo_log(written(tmp_path, ("time", left, right), mark=";"), offset_s=0.5)
    assert log.joints == (LEFT, RIGHT) and log.offset_s == 0.5
    np.testing.assert_allclose(log.torque_nm, [row[1:] for row in ROWS])
    np.testing.assert_allclose(log.time_s, [row[0] for row in ROWS])
    assert not log.findings


def test_extension_and_plantarflexion_are_turned_round(tmp_path: Path) -> None:
    names = ("time", "left_hip_extension_torque", "right ankle plantarflexion torque")
    log = read_exo_log(written(tmp_path, names), offset_s=0.0)
    assert log.joints == (LEFT, Joint.ANKLE_R)
    np.testing.assert_allclose(log.torque_nm, [(-row[1], -row[2]) for row in ROWS])


def test_an_unnamed_direction_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, ("time", "left_hip_torque", "knee_angle_r_moment"))
    with refused("KIN-034"):
        read_exo_log(path)
    with refused("KIN-034"):
        read_exo_log(path, positive="up")
    flexion, extension = (read_exo_log(path, positive=word) for word in ("flexion", "extension"))
    assert flexion.joints == (LEFT, Joint.KNEE_R)
    np.testing.assert_allclose(flexion.torque_nm, -extension.torque_nm)
    np.testing.assert_allclose(flexion.torque_nm[:, 0], [row[1] for row in ROWS])
    with refused("KIN-034"):  # both directions in a name tell none
        read_exo_log(written(tmp_path, ("time", "left hip flexion/extension torque", "note")))


def test_torques_without_a_side_are_left_out_and_told(tmp_path: Path) -> None:
    names = ("time", "left_hip_flexion_torque", "hip_flexion_torque")
    log = read_exo_log(written(tmp_path, names))
    assert log.joints == (LEFT,)
    (told,) = (one.advice for one in log.findings if one.advice.code == "KIN-033")
    assert "hip_flexion_torque" in told.what


@pytest.mark.parametrize(
    "names",
    [
        ("time", "hip_torque", "knee_torque"),
        ("time", "left_hip_angle", "right_hip_angle"),
        ("time", "left_hip", "right_hip"),
        ("time", "left_hip_flexion_torque_7", "torque_right_elbow"),
        ("time", "left_right_hip_torque", "l_ankle_adduction_torque"),
    ],
)
def test_columns_without_joint_and_side_are_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with refused("KIN-032"):
        read_exo_log(written(tmp_path, names))


def test_measured_torques_go_before_commanded_ones(tmp_path: Path) -> None:
    names = ("time", "left hip flexion torque command", "left hip flexion torque measured")
    log = read_exo_log(written(tmp_path, names), offset_s=0.0)
    np.testing.assert_allclose(log.torque_nm[:, 0], [row[2] for row in ROWS])
    assert codes(log) == {"KIN-041"}
    alone = written(tmp_path, names[:2], rows=[row[:2] for row in ROWS])
    (told,) = read_exo_log(alone, offset_s=0.0).findings
    assert "commanded, not measured" in told.advice.what


def test_two_torques_of_one_joint_are_refused(tmp_path: Path) -> None:
    with refused("KIN-042"):
        read_exo_log(written(tmp_path, ("time", "left_hip_flexion_torque", "l hip flex moment")))


@pytest.mark.parametrize("name", ["left_hip_flexion_torque (Nmm)", "left hip flexion torque [Nm/kg]"])
def test_another_unit_is_refused(tmp_path: Path, name: str) -> None:
    with refused("KIN-035"):
        read_exo_log(written(tmp_path, ("time", name, "right_hip_flexion_torque")))


def test_a_torque_that_no_exo_gives_is_refused(tmp_path: Path) -> None:
    with refused("KIN-035"):
        read_exo_log(written(tmp_path, rows=[(row[0], 5000.0, 1.0) for row in ROWS]))


def test_a_log_without_a_time_column_is_refused(tmp_path: Path) -> None:
    with refused("KIN-031"):
        read_exo_log(written(tmp_path, NAMES[1:], rows=[row[1:] for row in ROWS]))


def test_times_that_go_back_are_refused(tmp_path: Path) -> None:
    with refused("KIN-031"):
        read_exo_log(written(tmp_path, rows=[*ROWS, ROWS[0]]))


def test_a_log_too_slow_for_a_stride_is_refused(tmp_path: Path) -> None:
    with refused("KIN-036"):
        read_exo_log(written(tmp_path, rows=[(20 * row[0], *row[1:]) for row in ROWS]))


def test_milliseconds_are_read_where_named_or_plain(tmp_path: Path) -> None:
    rows = [(1000.0 * row[0] + 7.0, *row[1:]) for row in ROWS]
    named = read_exo_log(written(tmp_path, ("time (ms)", *NAMES[1:]), rows=rows), offset_s=0.0)
    plain = read_exo_log(written(tmp_path, rows=rows), offset_s=0.0)
    np.testing.assert_allclose(named.time_s, plain.time_s)
    assert named.time_s[0] == pytest.approx(0.007) and not named.findings
    assert codes(plain) == {"KIN-041"}


def test_repeated_and_missing_times_are_told(tmp_path: Path) -> None:
    rows = [*ROWS[:6], (float("nan"), 1.0, 1.0), ROWS[5], *ROWS[6:]]
    log = read_exo_log(written(tmp_path, rows=rows), offset_s=0.0)
    np.testing.assert_allclose(log.torque_nm, [row[1:] for row in ROWS])
    assert codes(log) == {"KIN-041"}


def test_a_start_that_nobody_told_is_told(tmp_path: Path) -> None:
    assert codes(read_exo_log(written(tmp_path))) == {"KIN-040"}


def test_what_is_no_table_is_refused_in_words_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "exo.csv"
    path.write_text("Dear patient\n" * 9, encoding="utf-8")
    with refused("KIN-030") as caught:
        read_exo_log(path)
    assert "EMG" not in str(caught.value)
    with refused("KIN-030"):
        read_exo_log(tmp_path / "gone.csv")


def test_opensims_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "exo.sto"
    rows = ["\t".join(f"{value:.4f}" for value in row) for row in ROWS]
    names = "time\thip_flexion_l_moment\thip_flexion_r_moment"
    path.write_text("\n".join(["exo", "nRows=12", "nColumns=3", "endheader", names, *rows]), encoding="utf-8")
    log = read_exo_log(path, offset_s=0.0)
    assert log.joints == (LEFT, RIGHT) and not log.findings
    np.testing.assert_allclose(log.torque_nm, [row[1:] for row in ROWS])
