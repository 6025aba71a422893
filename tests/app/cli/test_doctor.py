"""Claims about the doctor and the data folder."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import resources
from app.cli import doctor
from app.cli.doctor import State
from app.cli.doctor_record import judge_backup, judge_files
from app.paths import data_dir_default
from core.errors import set_up_again
from core.store.artifacts.blobs import MARKER
from core.store.artifacts.choice import use_store
from core.store.artifacts.look import StoreLook
from core.store.backups import back_up
from core.store.dialects.sqlite_file import database_path
from core.store.protection import ProtectionState
from core.store.repository import open_store


@pytest.mark.slow
def test_the_doctor_looks_at_everything_the_session_needs(tmp_path, capsys):
    status = doctor.doctor_command(tmp_path, as_json=True)

    body = json.loads(capsys.readouterr().out)
    assert [check["name"] for check in body["checks"]] == [
        "Python",
        "Windows",
        "3D view",
        "Cameras",
        "Serial ports",
        "Data folder",
        "Record",
        "Results",
        "Backup",
        "Encryption",
        "Processor and memory",
        "GPU",
        "Exo program",
        "Learning",
        "Physics",
        "Pose model",
    ]
    assert status == (0 if body["ok"] else 1)
    states = {check["name"]: check["state"] for check in body["checks"]}
    assert states["Learning"] == states["Physics"] == states["Exo program"] == "ok"
    assert all(check["advice"] for check in body["checks"] if check["state"] != "ok")


def test_the_report_can_be_read_in_a_terminal(tmp_path, capsys, monkeypatch):
    checks = (doctor.Check("Disk", State.FAIL, "It is full.", "Free some."),)
    monkeypatch.setattr(doctor, "run_doctor", lambda data_dir: checks)

    assert doctor.doctor_command(tmp_path, as_json=False) == 1
    said = capsys.readouterr().out
    assert "It is full." in said and "Free some." in said and "1 of 1" in said


def crash() -> dict[str, object]:
    os.abort()


def sleep() -> dict[str, object]:
    time.sleep(60.0)
    return {}


def refuse() -> dict[str, object]:
    raise RuntimeError("no such thing")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "limit_s", "error"),
    [("crash", 20.0, "ended the program"), ("sleep", 1.0, "no answer"), ("refuse", 20.0, "no such thing")],
)
def test_a_probe_that_crashes_hangs_or_raises_costs_only_its_own_answer(function, limit_s, error):
    probe = doctor.Probe(f"{__name__}:{function}")

    assert error in probe.result(limit_s)["error"]


def test_without_a_screen_the_3d_view_is_a_note_and_not_a_failure():
    assert doctor.judge_opengl({}, screen=False).state is State.WARN


def test_a_driver_that_cannot_draw_is_a_failure_with_advice():
    check = doctor.judge_opengl({"error": "The driver ended the program."}, screen=True)

    assert check.state is State.FAIL
    assert "driver ended" in check.finding and "graphics driver" in check.advice


def test_a_driver_that_draws_is_named():
    answer = {"drawn": True, "renderer": "llvmpipe", "version": "4.5"}

    assert "llvmpipe, OpenGL 4.5" in doctor.judge_opengl(answer, screen=True).finding


def test_a_serial_port_this_user_may_not_open_comes_with_the_command_that_helps():
    answer = {"ports": [["/dev/ttyACM0", "Exo"]]}

    check = doctor.judge_ports(answer, {"/dev/ttyACM0": False})

    assert check.state is State.WARN and "dialout" in check.advice
    assert doctor.judge_ports(answer, {"/dev/ttyACM0": True}).state is State.OK


@pytest.mark.parametrize(
    ("free_gb", "problem", "state"),
    [(100.0, "", State.OK), (5.0, "", State.WARN), (0.5, "", State.FAIL), (100.0, "read-only", State.FAIL)],
)
def test_the_data_folder_needs_room_and_must_be_writable(free_gb, problem, state):
    assert doctor.judge_disk(Path("data"), free_gb, problem).state is state


def test_a_data_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path):
    assert "GB free" in doctor.check_disk(tmp_path / "not" / "yet").finding


def test_a_file_in_the_place_of_the_data_folder_is_told(tmp_path):
    (tmp_path / "data").write_text("not a folder")

    for wanted in (tmp_path / "data", tmp_path / "data" / "below"):
        check = doctor.check_disk(wanted)
        assert check.state is State.FAIL and "is a file" in check.finding


def test_a_data_folder_of_somebody_else_is_told_and_is_no_mistake_of_the_program(tmp_path, monkeypatch):
    def closed(path: Path, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)

    disk, record = doctor.check_data(tmp_path / "of-somebody-else")
    assert disk.state is State.FAIL and "cannot be written to: Permission denied" in disk.finding
    assert record.state is State.FAIL and "may not be read by this login" in record.finding


def test_a_window_that_cannot_be_shown_is_a_failure_and_a_small_screen_a_note():
    shown = {"size_px": [1920, 1080], "platform": "xcb"}

    assert doctor.judge_window(shown, screen=True).state is State.OK
    assert doctor.judge_window({**shown, "size_px": [1280, 720]}, screen=True).state is State.WARN
    assert doctor.judge_window({"error": "The driver ended the program."}, screen=True).state is State.FAIL
    assert doctor.judge_window({}, screen=False).state is State.WARN


def test_a_library_that_does_not_load_or_works_wrong_is_a_failure_with_a_way_out():
    assert doctor.judge_library("Learning", {"version": "PyTorch 2"}).state is State.OK
    for answer in ({}, {"error": "ImportError: torch."}):
        check = doctor.judge_library("Learning", answer)
        assert check.state is State.FAIL and check.finding and check.advice


def test_an_installed_program_is_not_told_to_run_a_script_it_does_not_have(tmp_path):
    assert "bootstrap.py" in set_up_again()
    assert "bootstrap.py" not in set_up_again(tmp_path / "bootstrap.py")


def test_a_damaged_record_is_found_and_leads_to_the_backup(tmp_path):
    with open_store(tmp_path):
        assert doctor.check_record(tmp_path).finding == "The database of the data folder is sound."
    back_up(tmp_path, datetime.now(UTC))
    database_path(tmp_path).write_bytes(b"rubbish " * 900)

    check = doctor.check_record(tmp_path)

    assert check.state is State.FAIL and "Use exotwin restore" in check.advice


def test_a_lost_database_is_found_and_no_backup_is_promised_where_there_is_none(tmp_path):
    assert "no database yet" in doctor.check_record(tmp_path).finding
    (tmp_path / "records" / "motion" / "1").mkdir(parents=True)
    database_path(tmp_path).touch()

    check = doctor.check_record(tmp_path)

    assert check.state is State.FAIL and "is empty" in check.finding
    assert "Nothing can be restored" in check.advice and "exotwin restore" not in check.advice


def test_the_store_of_results_is_tried_out_and_its_room_told(tmp_path, monkeypatch):
    data, share = tmp_path / "data", tmp_path / "share"
    open_store(data).close()
    assert "lie in the data folder" in doctor.check_files(data).finding
    share.mkdir()
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(share))
    assert "not in use yet" in doctor.check_files(data).finding
    use_store(data, str(share), fresh=True)

    check = doctor.check_files(data)

    assert f"{share} is there and can be written" in check.finding and "GB are free" in check.finding
    assert [path.name for path in share.iterdir()] == [MARKER]
    share.rename(tmp_path / "away")
    away = doctor.check_files(data)
    assert away.state is State.FAIL and "not connected" in away.finding and away.advice


def test_little_room_and_a_store_that_others_do_not_reach_are_told():
    def look(free_bytes: int | None) -> StoreLook:
        return StoreLook("s3://clinic", prepared=True, free_bytes=free_bytes)

    states = [judge_files(look(free), shared=True).state for free in (None, 10**11, 5 * 10**9, 10**8)]
    assert states == [State.OK, State.OK, State.WARN, State.FAIL]
    here = judge_files(None, shared=True)
    assert here.state is State.WARN and "record move --artifacts" in here.advice


def test_who_backs_up_is_told_and_when_it_was_done(tmp_path):
    assert "No backup" in doctor.check_backup(tmp_path).finding
    with open_store(tmp_path):
        back_up(tmp_path, datetime.now(UTC))
    assert "last backup was made" in doctor.check_backup(tmp_path).finding
    old = judge_backup(datetime.now(UTC) - timedelta(days=3), shared=True)
    assert old.state is State.WARN and "exotwin record backup" in old.advice


@pytest.mark.parametrize(
    ("cores", "memory_gb", "state"), [(8, 16.0, State.OK), (2, 16.0, State.WARN), (8, 2.0, State.FAIL)]
)
def test_a_small_machine_is_told_what_it_means(cores, memory_gb, state):
    assert doctor.judge_machine(cores, memory_gb).state is state


def test_a_missing_pose_model_fails_and_an_unknown_one_is_noted(tmp_path):
    own = tmp_path / "own.task"
    assert doctor.judge_pose_model(own, {}).state is State.FAIL

    own.write_bytes(b"official")
    assert doctor.judge_pose_model(own, {"opened": True}).state is State.WARN


def test_a_pose_model_that_does_not_open_fails_with_the_reason(tmp_path):
    own = tmp_path / "own.task"
    own.write_bytes(b"official")

    check = doctor.judge_pose_model(own, {"error": "OSError: libGLESv2.so.2 is missing."})

    assert check.state is State.FAIL and "libGLESv2" in check.finding


@pytest.mark.slow
def test_the_pose_model_of_set_up_is_verified_and_opens(pose_model: Path):
    if pose_model != resources.path(resources.POSE_MODEL):
        pytest.skip("another pose model is in use")

    answer = doctor.Probe("app.cli.doctor_probes:pose_detector").result()

    assert doctor.judge_pose_model(pose_model, answer).state is State.OK


def test_no_gpu_is_fine():
    check = doctor.check_gpu("a-program-that-does-not-exist")

    assert check.state is State.OK and "No NVIDIA GPU" in check.finding


def test_gigabytes_for_a_gpu_that_nobody_uses_are_told():
    assert doctor.has_gpu_libraries(["numpy", "nvidia-cublas"])
    assert not doctor.has_gpu_libraries(["numpy", "torch"])


def test_an_exo_program_that_was_not_compiled_fails_with_the_way_out(monkeypatch):
    from core.exo_core import library

    assert doctor.check_exo_core().state is State.OK

    load = library.load
    monkeypatch.setattr(library, "load", lambda: load(Path("nowhere") / "libexo_core.so"))
    check = doctor.check_exo_core()

    assert check.state is State.FAIL and "bootstrap.py setup" in check.advice


@pytest.mark.parametrize(
    ("variables", "platform", "expected"),
    [
        ({}, "linux", "home/.local/share/exotwin"),
        ({"XDG_DATA_HOME": "xdg"}, "linux", "xdg/exotwin"),
        ({}, "win32", "home/AppData/Local/ExoTwin"),
        ({"LOCALAPPDATA": "local"}, "win32", "local/ExoTwin"),
        ({}, "darwin", "home/Library/Application Support/ExoTwin"),
    ],
)
def test_each_system_has_its_own_place_for_the_data(variables, platform, expected):
    assert data_dir_default(variables, platform, Path("home")) == Path(expected)


def test_the_data_folder_can_be_chosen(tmp_path):
    assert data_dir_default({"EXOTWIN_DATA_DIR": str(tmp_path)}, sys.platform) == tmp_path


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ProtectionState(encrypted=False, begun=False), "ok The data folder is not encrypted."),
        (ProtectionState(encrypted=True, begun=True), "ok The data folder is encrypted."),
        (
            ProtectionState(encrypted=False, begun=True, plain=(Path("a"), Path("b"))),
            "warn 2 files of the data folder are not encrypted yet.",
        ),
    ],
)
def test_whether_the_data_folder_is_encrypted_is_told(state: ProtectionState, told: str) -> None:
    check = doctor.judge_protection(state)
    assert f"{check.state} {check.finding}" == told
