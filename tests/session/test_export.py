"""What leaves the program: files of single records, equal numbers in every reader, units and signs beside."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ezc3d
import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.cli import commands as cli
from core.domain.body import JOINTS, JointKind, Side
from core.domain.controller import Comparison
from core.domain.gait_events import EventEdit, EventKind, MarkedEvent
from core.domain.kinetics import ForceSource
from core.domain.laboratory import LaboratoryTrial, TrialEventKind
from core.domain.motion import Kinematics, Motion
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet, SceneGeometry
from core.domain.twin import BodyParameters, SegmentScale
from core.emg.cycles import emg_cycles
from core.laboratory.c3d import read_c3d
from core.laboratory.opensim_tables import read_table
from core.laboratory.writers import TO_OPENSIM
from core.motion.angle_files import coordinates_mot
from core.session.export import BUNDLE, export_records, export_visit
from core.session.figures import record_figure
from core.session.numbers import motion_numbers
from core.store.repository import Store, open_store
from core.twin.body import Fidelity, compile_body
from core.twin.osim_writer import osim_text
from tests import situated, walked
from tests.opensim_process import ask_opensim
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui import force_samples, samples, walks

BODY = BodyParameters(1.8, 82.0, SegmentScale(1.02, 1.1, 1.05, 0.97, 1.0))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def visit_id(store: Store) -> str:
    return store.start_visit(store.add_patient(a_subject())).id


def moving(solved: Motion) -> Motion:
    """Every joint its own curve, with a gap in one."""
    angle = 0.3 * np.random.default_rng(5).normal(size=solved.kinematics.angle_rad.shape)
    angle[7, 3] = np.nan
    return replace(solved, kinematics=replace(solved.kinematics, angle_rad=angle), sagittal_only=False)


def trial() -> LaboratoryTrial:
    time_s = np.arange(samples.FRAMES) / samples.RATE_HZ
    marker = np.random.default_rng(6).normal(size=(len(time_s), 2, 3))
    marker[4, 1] = np.nan
    nothing = np.empty(0)
    return LaboratoryTrial(("LASI", "R HEE"), time_s, marker, (), nothing, (), None, "walk.c3d", ())


def write(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def recorded(store: Store, visit_id: str) -> tuple[str, Motion]:
    """A laboratory's walk with EMG."""
    source = store.save(RecordKind.LABORATORY_TRIAL, trial(), visit_id=visit_id, summary="")
    solved = moving(samples.motion())
    motion_id = store.save(RecordKind.MOTION, solved, visit_id=visit_id, inputs=(source,), summary="")
    store.save(RecordKind.EMG, replace(samples.emg(), offset_s=0.25), visit_id=visit_id, summary="")
    return motion_id, solved


def test_ezc3d_reads_the_same_markers_angles_emg_and_events(store, visit_id, tmp_path):
    motion_id, solved = recorded(store, visit_id)

    write(tmp_path, export_records(store, [motion_id]))

    file = ezc3d.c3d(str(tmp_path / "measured_walk.c3d"))
    labels = file["parameters"]["POINT"]["LABELS"]["value"]
    points = file["data"]["points"]
    heel = points[:3, labels.index("R_HEE")].T
    np.testing.assert_allclose(heel, 1e3 * trial().marker_m[:, 1], rtol=1e-6)  # NaN where it was out of view
    knee = points[0, labels.index("LKneeAngles")]
    angle = np.degrees(solved.kinematics.angle_rad)
    np.testing.assert_allclose(knee, angle[:, 3], rtol=1e-6)
    hip = points[:3, labels.index("RHipAngles")].T
    np.testing.assert_allclose(hip, angle[:, 7:10], rtol=1e-6)
    assert file["parameters"]["POINT"]["ANGLE_UNITS"]["value"] == ["deg"]
    assert file["parameters"]["POINT"]["RATE"]["value"][0] == pytest.approx(30.0)

    emg, rate = samples.emg(), file["parameters"]["ANALOG"]["RATE"]["value"][0]
    analog = file["data"]["analogs"][0]
    at = np.arange(analog.shape[1]) / rate
    inside = (at >= 0.25) & (at <= emg.time_s[-1] + 0.25)
    wanted = np.interp(at[inside], emg.time_s + 0.25, emg.envelope[:, 0])
    np.testing.assert_allclose(analog[0, inside], wanted, rtol=1e-5, atol=1e-6)
    assert not analog[:, at < 0.24].any()

    event = file["parameters"]["EVENT"]
    told = zip(event["CONTEXTS"]["value"], event["LABELS"]["value"], event["TIMES"]["value"][1], strict=True)
    assert [(side, what, round(float(when), 4)) for side, what, when in told] == [
        ("Left", "Foot Strike", 0.0),
        ("Right", "Foot Strike", 0.5),
        ("Left", "Foot Off", 0.6),
        ("Left", "Foot Strike", 1.0),
        ("Right", "Foot Off", 1.1),
        ("Right", "Foot Strike", 1.5),
    ]


def test_this_programs_own_reader_takes_its_c3d_back(store, visit_id, tmp_path):
    motion_id, solved = recorded(store, visit_id)
    write(tmp_path, export_records(store, [motion_id]))

    file = read_c3d(tmp_path / "measured_walk.c3d")

    assert file.findings == () and file.screen_axes == ("-Y", "+Z")
    np.testing.assert_allclose(file.points_m, trial().marker_m, rtol=1e-6)
    assert file.output_labels[1] == "LKneeAngles" and file.output_units[1] == "deg"
    strikes = [e.time_s for e in file.events if e.kind is TrialEventKind.FOOT_STRIKE and e.side is Side.LEFT]
    assert strikes == pytest.approx(
        [stride for one in solved.strides[:1] for stride in (one.start_s, one.end_s)]
    )


def test_a_film_with_dropped_frames_is_put_on_even_times_and_the_readme_says_so(store, visit_id):
    solved = moving(samples.motion())
    kept = np.r_[0:20, 23:60]
    whole = solved.kinematics
    fewer = Kinematics(*(np.asarray(getattr(whole, n))[kept] for n in _ARRAYS))
    motion_id = store.save(
        RecordKind.MOTION, replace(solved, kinematics=fewer), visit_id=visit_id, summary=""
    )

    files = export_records(store, [motion_id])

    assert "on even times at 30 Hz" in files["README.txt"].decode()
    assert "no markers" in files["README.txt"].decode()


_ARRAYS = ("time_s", "angle_rad", "pelvis_position_m", "pelvis_quaternion")


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_measures_and_strides_are_tables_with_units_and_the_record_they_come_from(store, visit_id):
    motion_id, solved = recorded(store, visit_id)

    files = export_records(store, [motion_id])

    measures = rows_of(files["measured_measures.csv"])
    speed = next(row for row in measures if row["measure"] == "speed")
    assert (speed["value"], speed["unit"], speed["record"]) == ("1.21", "m/s", motion_id)
    knee = next(row for row in measures if (row["measure"], row["of"]) == ("knee flexion, range", "left"))
    angle = np.degrees(solved.cycles[0].angle_rad[:, :, list(JointKind).index(JointKind.KNEE)])
    assert float(knee["value"]) == pytest.approx(np.ptp(angle, axis=1).mean())
    assert float(knee["sd"]) == pytest.approx(np.ptp(angle, axis=1).std(ddof=1))
    strides = rows_of(files["measured_strides.csv"])
    assert [(row["side"], row["toe_off_s"], row["stance_percent"]) for row in strides] == [
        ("left", "0.6", "60"),
        ("right", "1.1", "60"),
    ]
    cycles = rows_of(files["measured_gait_cycles.csv"])
    assert len(cycles) == 2 * 7 * 101 and cycles[25]["percent"] == "25"
    assert float(cycles[25]["stride_1_deg"]) == pytest.approx(np.degrees(0.5))


def test_a_movement_without_strides_has_its_angles_and_no_empty_tables(store, visit_id):
    motion_id = store.save(RecordKind.MOTION, samples.squat_motion(), visit_id=visit_id, summary="")

    files = export_records(store, [motion_id])

    assert not [name for name in files if "strides" in name or "cycles" in name]
    numbers = motion_numbers(samples.squat_motion(), motion_id)
    assert ("knee flexion, largest", 90.0) in {(one.name, round(one.value or 0.0)) for one in numbers}


def test_two_records_of_one_kind_keep_their_files_apart(store, visit_id):
    first, _ = recorded(store, visit_id)
    second = store.save(RecordKind.MOTION, samples.motion(), visit_id=visit_id, summary="")

    files = export_records(store, [first, second])

    assert "measured_angles.csv" in files and f"measured_angles_{second[:8]}.csv" in files


def test_records_without_files_are_refused_and_say_which_kinds_have_some(store, visit_id):
    record_id = store.save(RecordKind.LANDMARKS, samples.landmarks(), visit_id=visit_id, summary="")
    with refused("OUT-001") as told:
        export_records(store, [record_id])
    assert "motion" in told.value.advice.why


def test_the_zip_and_the_folder_hold_the_same_files_with_their_sums(store, visit_id, tmp_path, capsys):
    motion_id, _ = recorded(store, visit_id)
    out = tmp_path / "out"

    assert cli.run(["export", motion_id, "--out", str(out), "--data-dir", str(tmp_path / "data")]) == 0

    with zipfile.ZipFile(out / BUNDLE) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    assert packed == {path.name: path.read_bytes() for path in out.iterdir() if path.name != BUNDLE}
    sums = dict(line.split("  ")[::-1] for line in packed["SHA256SUMS.txt"].decode().splitlines())
    assert set(sums) == set(packed) - {"SHA256SUMS.txt"}
    assert all(hashlib.sha256(packed[name]).hexdigest() == told for name, told in sums.items())
    assert packed["measured_joint_angles.png"].startswith(b"\x89PNG")
    readme = packed["README.txt"].decode()
    assert "P-0001" in readme and all(name in readme for name in packed if name.startswith("measured"))
    assert "together in" in capsys.readouterr().out


def test_simulated_walks_are_called_simulated(store, visit_id):
    gaits = walks.gaits(GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)
    record_id = store.save(RecordKind.SIMULATED_GAIT, gaits, visit_id=visit_id, summary="")

    files = export_records(store, [record_id])

    others = {"README.txt", "SHA256SUMS.txt", "patient.json"}
    assert all(name.startswith("simulated") for name in set(files) - others)
    assert {row["simulated"] for row in rows_of(files["simulated_gait_measures.csv"])} == {"yes"}


def posed() -> tuple[Kinematics, dict[str, np.ndarray]]:
    """One pose, and where the bodies of the twin are then, in OpenSim's axes."""
    model = compile_body(BODY, Fidelity.FAST)
    data = mujoco.MjData(model)
    angle = np.random.default_rng(7).uniform(-0.4, 0.4, len(JOINTS))
    for joint, value in zip(JOINTS, angle, strict=True):
        data.qpos[model.joint(joint.value).qposadr[0]] = value
    turned = Rotation.from_euler("xyz", [0.1, -0.2, 0.7])
    data.qpos[:3], data.qpos[3:7] = [0.3, -1.2, 0.95], turned.as_quat()[[3, 0, 1, 2]]
    mujoco.mj_kinematics(model, data)
    places = {model.body(n).name: TO_OPENSIM @ data.xpos[n] for n in range(model.nbody)}
    pose = Kinematics(
        np.array([0.0, 0.1]), np.tile(angle, (2, 1)), np.tile(data.qpos[:3], (2, 1)),
        np.tile(data.qpos[3:7], (2, 1)),
    )  # fmt: skip
    return pose, places


def test_the_scaled_model_is_a_model_of_opensim_with_every_kilogram():
    model = ET.fromstring(osim_text(BODY, "A & B"))

    masses = [float(mass.text or "nan") for mass in model.iter("mass")]
    assert sum(masses) == pytest.approx(BODY.mass_kg, rel=1e-3)
    names = {coordinate.get("name") for coordinate in model.iter("Coordinate")}
    assert names == {joint.value for joint in JOINTS} | {
        "pelvis_tilt", "pelvis_list", "pelvis_rotation", "pelvis_tx", "pelvis_ty", "pelvis_tz",
    }  # fmt: skip


def test_opensim_opens_the_model_and_its_bodies_stand_where_the_twins_do(tmp_path):
    pose, places = posed()
    (tmp_path / "m.osim").write_text(osim_text(BODY, "P-0001"), encoding="utf-8")
    (tmp_path / "c.mot").write_text(coordinates_mot(pose, "c"), encoding="utf-8")

    found = ask_opensim(_POSE, tmp_path)

    for name, place in found.items():
        np.testing.assert_allclose(place, places[name], atol=1e-6)
    assert len(found) == 11


_POSE = """
model = opensim.Model("m.osim")
state = model.initSystem()
table = opensim.TimeSeriesTable("c.mot")
for name in table.getColumnLabels():
    value = table.getDependentColumn(name).to_numpy()[0]
    coordinate = model.getCoordinateSet().get(name)
    turns = coordinate.getMotionType() == opensim.Coordinate.Rotational
    coordinate.setValue(state, value * 3.141592653589793 / 180.0 if turns else value)
model.realizePosition(state)
bodies = model.getBodySet()
answer = {b.getName(): list(b.getPositionInGround(state).to_numpy()) for b in
          (bodies.get(i) for i in range(bodies.getSize()))}
"""


def test_opensim_opens_every_table_with_equal_numbers(store, visit_id, tmp_path):
    recorded(store, visit_id)
    files = export_visit(store, visit_id)
    write(tmp_path, files)
    names = [name for name in files if name.endswith((".mot", ".sto"))]

    found = ask_opensim(_TABLES, tmp_path, tables=names, markers="measured_markers.trc")

    assert len(names) >= 2
    for name in names:
        own = read_table(tmp_path / name)
        np.testing.assert_allclose(found[name]["time"], own.time_s, rtol=1e-9)
        for column in own.names:
            np.testing.assert_allclose(found[name][column], own.of(column), rtol=1e-9)
    heel = np.array(found["R_HEE"], dtype=float)
    np.testing.assert_allclose(heel, (1e3 * trial().marker_m[:, 1]) @ TO_OPENSIM.T, rtol=1e-6)


_TABLES = """
answer = {}
for name in order["tables"]:
    table = opensim.TimeSeriesTable(name)
    answer[name] = {c: table.getDependentColumn(c).to_numpy().tolist() for c in table.getColumnLabels()}
    answer[name]["time"] = list(table.getIndependentColumn())
markers = opensim.TimeSeriesTableVec3(order["markers"])
column = markers.getDependentColumn("R_HEE")
answer["R_HEE"] = [[column[i][axis] for axis in range(3)] for i in range(column.size())]
"""


def test_emg_comes_out_per_gait_cycle_too(store, visit_id):
    recorded(store, visit_id)

    rows = rows_of(export_visit(store, visit_id)["measured_emg_gait_cycles.csv"])

    first = emg_cycles(replace(samples.emg(), offset_s=0.25), samples.motion().strides)
    right = next(one for one in first if one.site.side is Side.RIGHT and len(one.envelope))
    muscle = right.site.muscle.value
    mine = [row for row in rows if (row["muscle"], row["side"]) == (muscle, "right")]
    np.testing.assert_allclose([float(row["mean_percent"]) for row in mine], 100.0 * right.mean, rtol=1e-9)


def test_situations_and_torques_of_a_comparison_come_out_and_are_called_simulated(store, visit_id):
    gaits = RolloutSet((), SceneGeometry(()), "Level walking")
    found = situated.situated(
        Comparison(gaits, walked.scores(), ""), situated.pair("ramp-up", 1.05, falls=(1, 2))
    )
    record_id = store.save(RecordKind.COMPARISON, found, visit_id=visit_id, summary="")

    files = export_records(store, [record_id])

    rows = rows_of(files["simulated_comparison.csv"])
    falls = {row["of"]: row["value"] for row in rows if row["measure"] == "falls" and "ramp" in row["of"]}
    assert sorted(falls.values()) == ["1", "2"] and {row["simulated"] for row in rows} == {"yes"}
    torque = rows_of(files["simulated_exo_torque.csv"])
    level = [row for row in torque if (row["side"], row["controller"]) == ("left", "personalized controller")]
    assert len(level) == 101 and max(float(row["torque_nm_kg"]) for row in level) == pytest.approx(
        0.12, rel=0.01
    )


def test_events_that_a_person_changed_come_out_beside_the_automatic_ones(store, visit_id):
    marked = MarkedEvent(Side.LEFT, EventKind.HEEL_STRIKE, 0.98, 1.0, "stumbled")
    edited = replace(samples.motion(), edits=(EventEdit("A. Berger", "2026-11-20T10:00:00", (marked,)),))
    record_id = store.save(RecordKind.MOTION, edited, visit_id=visit_id, summary="")

    (row,) = rows_of(export_records(store, [record_id])["measured_edited_events.csv"])

    assert (row["changed_by"], row["automatic_s"], row["time_s"]) == ("A. Berger", "0.98", "1")
    assert row["stride_left_out_because"] == "stumbled"


def test_toes_that_nobody_saw_have_no_measure_and_no_curve(store, visit_id):
    knee, toes = (list(JointKind).index(kind) for kind in (JointKind.KNEE, JointKind.TOES))
    solved = samples.motion()
    seen = []
    for cycles in solved.cycles:
        angle = np.zeros_like(cycles.angle_rad)
        angle[:, 60, knee] = 1.0
        seen.append(replace(cycles, angle_rad=angle))
    solved = replace(solved, cycles=tuple(seen))

    names = {one.name for one in motion_numbers(solved, "r")}
    motion_id = store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="")
    files = export_records(store, [motion_id])

    assert "knee flexion, range" in names and not [name for name in names if name.startswith("toe")]
    assert {row["joint"] for row in rows_of(files["measured_gait_cycles.csv"])} == {JointKind.KNEE.value}
    assert not np.isnan(solved.cycles[0].angle_rad[:, :, toes]).any()  # held, not missing


@pytest.mark.parametrize("source", list(ForceSource))
def test_estimated_forces_are_not_numbers_that_were_measured(store, visit_id, source):
    record_id = store.save(RecordKind.KINETICS, force_samples.kinetics(source), visit_id=visit_id, summary="")
    files = export_records(store, [record_id])
    (name,) = (name for name in files if name.endswith("force_measures.csv"))
    told = {row["estimated"] for row in rows_of(files[name])}
    assert told == {"yes" if source is ForceSource.ESTIMATED else "no"}


def test_the_data_of_every_visit_are_exported_once_and_the_readme_says_whose_a_file_is(store, visit_id):
    patient_id = store.visit(visit_id).patient_id
    visits = [visit_id, *(store.start_visit(patient_id).id for _ in range(2))]
    motions = [store.save(RecordKind.MOTION, samples.motion(), visit_id=v, summary="") for v in visits]

    files = export_records(store, motions)

    assert len([name for name in files if name.startswith("patient")]) == len(visits)
    lines = files["README.txt"].decode().splitlines()
    second = f"measured_measures_{motions[1][:8]}.csv"
    assert any(second in line and "visit 2" in line for line in lines)


def test_a_made_up_patient_is_called_so_in_readme_and_figures(store):
    patient = store.add_patient(replace(a_subject(), synthetic=True))
    visit_id = store.start_visit(patient).id
    forces = replace(force_samples.kinetics(ForceSource.ESTIMATED), synthetic=True)
    record_id = store.save(RecordKind.KINETICS, forces, visit_id=visit_id, summary="")
    figure = record_figure(store, store.info(record_id))
    assert figure is not None and figure.name == "synthetic_estimated_forces"
    assert figure.subtitle.startswith("synthetic patient ")
    assert "synthetic patient" in export_records(store, [record_id])["README.txt"].decode().splitlines()[0]


def test_a_reader_who_has_enough_is_no_mistake_of_the_program(store, visit_id, tmp_path, monkeypatch):
    """As `exotwin export … | head -1`."""
    motion_id, _ = recorded(store, visit_id)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as closed, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", closed)
        arguments = [
            "export",
            motion_id,
            "--out",
            str(tmp_path / "out"),
            "--data-dir",
            str(tmp_path / "data"),
        ]
        assert cli.run(arguments) == cli.EXIT_OK
    assert (tmp_path / "out" / "README.txt").exists()
