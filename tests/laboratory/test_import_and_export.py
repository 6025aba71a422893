"""A trial goes into the record with its files, and results of a visit come out as files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.body import JOINTS, JointKind, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.kinetics import ForceSource, KineticCycles, Kinetics
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.jobs.values import JobSpec, SilentContext
from core.laboratory.opensim_tables import read_table
from core.laboratory.trc import read_trc_file
from core.session.export import export_visit
from core.session.patient_file import read_patient
from core.store.repository import open_store
from core.tasks import import_trial
from tests.laboratory.c3d_bytes import write_c3d
from tests.laboratory.test_trial import NAMES, TUTORIAL, person
from tests.refusals import refused
from tests.store.samples import a_subject


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    return write_c3d(
        tmp_path / "Jane Doe 01.c3d", points=person(0, 2), groups={"POINT": {"LABELS": list(NAMES)}}
    )


@pytest.fixture
def visit_id(tmp_path: Path) -> str:
    with open_store(tmp_path / "data") as store:
        return store.start_visit(store.add_patient(a_subject())).id


def import_it(tmp_path: Path, visit_id: str, **files: Path) -> str:
    params = {"visit_id": visit_id, **{name: str(path) for name, path in files.items()}}
    spec = JobSpec("1", "import_trial", params, tmp_path / "data")
    return import_trial.run(params, SilentContext(spec, tmp_path / "work"))


def test_the_trial_and_its_files_are_kept_under_names_that_name_nobody(tmp_path, visit_id, walk):
    record_id = import_it(tmp_path, visit_id, file=walk, standing=walk)

    with open_store(tmp_path / "data") as store:
        trial, folder, info = (
            store.load(record_id, LaboratoryTrial),
            store.folder(record_id),
            store.info(record_id),
        )
    assert trial.marker_names == NAMES
    assert (folder / "trial.c3d").read_bytes() == walk.read_bytes() == (folder / "standing.c3d").read_bytes()
    assert info.summary == "1.0 s, 100 frames/s, 5 markers, no force plate, standing trial"
    assert not list(tmp_path.glob("work/*"))


def test_a_file_that_is_no_trial_leaves_no_record(tmp_path, visit_id):
    (tmp_path / "letter.c3d").write_text("Dear colleague", encoding="utf-8")

    with refused("LAB-002"):
        import_it(tmp_path, visit_id, file=tmp_path / "letter.c3d")

    with open_store(tmp_path / "data") as store:
        assert not store.records(visit_id)


@pytest.mark.usefixtures("reads_in_this_process")
def test_the_command_shows_what_an_import_would_do(shared_data, capsys):
    file = shared_data("adult-walk-emg-c3d/bmc/Gait.c3d")

    assert cli.run(["trial", str(file), "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["rate_hz"] == 100.0 and len(found["markers"]) == 33
    assert [plate["type"] for plate in found["plates_of_the_file"]] == [4, 4]
    assert [round(plate["largest_vertical_force_n"]) for plate in found["plates"]] == [799, 871]
    emg = [channel for channel in found["channels"] if channel["force_plate"] is None]
    assert len(emg) == 16 and emg[0]["label"] == "LREC" and emg[0]["unit"] == "V"
    assert [finding["code"] for finding in found["findings"]] == ["LAB-005"]


def test_the_command_tells_people_the_same_in_lines(walk, capsys):
    assert cli.run(["trial", str(walk)]) == 0

    told = capsys.readouterr().out
    assert "1.0 s at 100 frames/s" in told and "Markers (5): LASI" in told and "No force plate" in told


def test_a_visit_without_results_has_nothing_to_export(tmp_path, visit_id, capsys):
    arguments = ["export", visit_id, "--out", str(tmp_path / "out"), "--data-dir", str(tmp_path / "data")]

    assert cli.run(arguments) == cli.EXIT_REFUSED
    assert "[REC-020]" in capsys.readouterr().err


def test_results_of_the_newest_visit_come_out_for_other_programs(tmp_path, visit_id, shared_data, capsys):
    import_it(
        tmp_path,
        visit_id,
        file=shared_data(f"{TUTORIAL}/subject01_walk1.trc"),
        plates=shared_data(f"{TUTORIAL}/subject01_walk1_grf.mot"),
    )
    moments = kinetics()
    with open_store(tmp_path / "data") as store:
        store.save(RecordKind.KINETICS, moments, visit_id=visit_id, summary="")
        store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="")
    out = tmp_path / "out"

    assert cli.run(["export", "P-0001", "--out", str(out), "--data-dir", str(tmp_path / "data")]) == 0

    assert {path.name for path in out.iterdir()} == {
        "measured_markers.trc",
        "measured_ground_forces.mot",
        "measured_moments.sto",
        "measured_moments_and_powers.csv",
        "synthetic_emg.sto",
        "synthetic_emg.csv",
        "synthetic_emg_quality.csv",
        "README.txt",
        "SHA256SUMS.txt",
        "exotwin-export.zip",
        "patient.json",
    }
    original = read_trc_file(shared_data(f"{TUTORIAL}/subject01_walk1.trc"))
    np.testing.assert_allclose(
        read_trc_file(out / "measured_markers.trc").place_m, original.place_m, atol=1e-6
    )
    table = read_table(out / "measured_moments.sto")
    assert table.names[0] == "hip_flexion_l_moment" and table.in_degrees is False
    np.testing.assert_allclose(table.values, moments.moment_nm, rtol=1e-9)
    envelopes = read_table(out / "synthetic_emg.sto")
    assert envelopes.names == ("soleus_l", "soleus_l_#2")
    np.testing.assert_allclose(envelopes.time_s, [0.25, 0.26, 0.27])
    assert read_patient(out / "patient.json").code == "P-0001"
    assert "10 files" in capsys.readouterr().out


def test_forces_found_without_plates_are_called_estimated_and_columns_tell_units(tmp_path, visit_id):
    estimated = replace(kinetics(), source=ForceSource.ESTIMATED)
    with open_store(tmp_path / "data") as store:
        store.save(RecordKind.KINETICS, estimated, visit_id=visit_id, summary="")
        store.save(RecordKind.EMG, emg(), visit_id=visit_id, summary="")
        files = export_visit(store, visit_id)

    assert {"estimated_moments.sto", "estimated_moments_and_powers.csv"} <= set(files)
    columns = files["estimated_moments_and_powers.csv"].decode().splitlines()[0].split(",")
    assert columns[1] == "hip_flexion_l_moment_nm" and columns[-1] == "mtp_angle_r_power_w"
    assert "soleus l (fraction of " in files["synthetic_emg.csv"].decode().splitlines()[0]


def test_what_a_worn_exo_gave_comes_out_beside_the_persons_own_moments(tmp_path, visit_id):
    own = kinetics()
    given = np.full(own.moment_nm.shape, 3.0)
    worn = replace(own, exo_moment_nm=given, net_moment_nm=own.moment_nm + given)
    with open_store(tmp_path / "data") as store:
        store.save(RecordKind.KINETICS, worn, visit_id=visit_id, summary="")
        files = export_visit(store, visit_id)

    header, first, *_ = files["measured_moments_and_powers.csv"].decode().splitlines()
    row = dict(zip(header.split(","), map(float, first.split(",")), strict=True))
    net, exo = row["hip_flexion_l_net_moment_nm"], row["hip_flexion_l_exo_moment_nm"]
    assert exo == 3.0 and net - exo == pytest.approx(row["hip_flexion_l_moment_nm"])
    path = tmp_path / "exo.sto"
    path.write_bytes(files["measured_exo_moments.sto"])
    np.testing.assert_allclose(read_table(path).of("knee_angle_r_moment"), 3.0)


def kinetics() -> Kinetics:
    frames, joints = 4, len(JOINTS)
    values = np.random.default_rng(0).normal(size=(frames, joints)) * 50.0
    values[2] = np.nan
    empty = np.empty((0, 101, len(JointKind)))
    cycles = tuple(KineticCycles(side, empty, empty, np.empty((0, 101, 3))) for side in Side)
    return Kinetics(
        time_s=np.arange(frames) / 100.0,
        moment_nm=values,
        power_w=values,
        force_n=np.zeros((frames, 2, 3)),
        pressure_m=np.zeros((frames, 2, 3)),
        free_moment_nm=np.zeros((frames, 2)),
        residual_force_n=np.zeros((frames, 3)),
        residual_moment_nm=np.zeros((frames, 3)),
        source=ForceSource.PLATES,
        mass_kg=60.0,
        cycles=cycles,
        work=(),
        exo_moment_nm=None,
        findings=(),
    )


def emg() -> EmgEnvelopes:
    site = ChannelSite(EmgMuscle.SOLEUS, Side.LEFT)
    channels = tuple(ChannelQuality(name, site, "good", 20.0, 0.0, 0.0) for name in ("a", "b"))
    return EmgEnvelopes(
        np.arange(3) / 100.0, np.full((3, 2), 0.5), channels, "MVC", 1000.0, "x.csv", (), True, offset_s=0.25
    )
