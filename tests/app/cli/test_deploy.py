"""Claims about `exotwin package`, `key`, `audit` and `rollback` in a terminal."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cli import deploy as cli_deploy
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import PASSPHRASE_VARIABLE, make_site_key, signing_key
from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.manifest import Approval
from core.domain.assistance import Assistance
from core.domain.audit import AuditEvent, AuditStep
from core.domain.controller import UNATTENDED_APPROVER, Comparison, MeasuredGait
from core.domain.release import Purpose, release_meaning
from core.store.dialects.sqlite_file import database_path
from core.store.repository import open_store
from tests import walked
from tests.app.cli.test_commands import Shell
from tests.deploy.controllers import (
    ANYBODYS_GAIT,
    DEVICE,
    FOR_A_PERSON,
    LIMITS,
    SERIAL,
    SMALL,
    built,
    compared,
    compared_earlier,
    of_the_version_before,
    trained,
    without_envelope,
)
from tests.store.samples import a_subject

REASONED = Approval(
    "Dr A",
    "physician",
    release_meaning(f"I release it {Purpose.SUPERVISED_HUMAN.words}.", Assistance(1.2), "a first fit"),
    "2026-11-20T09:59:00Z",
)
IN_SPITE = "This package may be used only because a person released it in spite of the verdict:"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A data folder with a key."""
    make_site_key(tmp_path / "data", None, PASSPHRASE)
    return tmp_path / "data"


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(tmp_path, capsys)


def a_package(site: Path, key: PrivateKey | None = None, **changed: object) -> str:
    origin = {"created_utc": datetime.now(UTC), "subject_tag": subject_tag(site_secret(site), "P-0007")}
    origin |= {**FOR_A_PERSON, **changed}
    archive = built(key=key or signing_key(site, None, PASSPHRASE), **origin).archive
    path = site.parent / "controller.exopkg"
    path.write_bytes(archive)
    return str(path)


def verified(shell: Shell, site: Path, path: str, *words: str) -> tuple[int, dict[str, str]]:
    """Exit status, and the code of each check that failed."""
    status, out, _ = shell.types("package", "verify", path, "--json", "--data-dir", str(site), *words)
    checks = json.loads(out)["checks"]
    return status, {check["name"]: check["code"] for check in checks if not check["passed"]}


def test_inspect_tells_people_and_programs_the_same(shell: Shell, site: Path) -> None:
    path = a_package(site)
    status, words, _ = shell.types("package", "inspect", path)
    assert status == 0
    assert DEVICE in words and "Dr A (physician)" in words and "12 N m, 150 N m/s, 80°" in words
    values = json.loads(shell.types("package", "inspect", path, "--json")[1])
    assert values["manifest_sha256"] in words
    assert values["manifest"]["controller"]["limits"]["peak_nm"] == 12.0


def test_inspect_tells_when_the_exo_gives_nothing(shell: Shell, site: Path) -> None:
    path = a_package(site)
    words = shell.types("package", "inspect", path)[1]
    assert ANYBODYS_GAIT.sentence(LIMITS.hip_range_rad) in words
    assert "Left thigh     \u2212223° to 223°; a usual stride swings 1° to 212°" in words
    assert "Exo's power    \u22129.9 to 79.9 W, mean of a stride of one side" in words
    values = json.loads(shell.types("package", "inspect", path, "--json")[1])
    assert values["manifest"]["controller"]["envelope"]["power_w"] == [-9.9, 79.9]


def test_inspect_and_verify_tell_for_whom_which_exo_until_when_and_which_number(
    shell: Shell, site: Path
) -> None:
    path = a_package(site, counter=7)
    words = shell.types("package", "inspect", path)[1]
    assert f"{Purpose.SUPERVISED_HUMAN.words} (supervised-human); number 7" in words
    assert f"{DEVICE}, serial {SERIAL}" in words and "Good until" in words
    values = json.loads(shell.types("package", "inspect", path, "--json")[1])
    assert values["manifest"]["controller"]["release"]["purpose"] == "supervised-human"
    check = ("package", "verify", path, "--data-dir", str(site))
    assert "supervised-human: to be worn" in shell.types(*check)[1]
    found = json.loads(shell.types(*check, "--json")[1])["release"]
    assert (found["purpose"], found["serial"], found["counter"]) == ("supervised-human", SERIAL, 7)
    assert found["expires_utc"] == values["manifest"]["expires_utc"]


def test_a_package_of_the_version_before_is_inspected_and_not_verified(shell: Shell, site: Path) -> None:
    path = Path(a_package(site))
    path.write_bytes(of_the_version_before(path.read_bytes(), signing_key(site, None, PASSPHRASE)))
    status, words, _ = shell.types("package", "inspect", str(path))
    assert status == 0 and "did not say for whom; no exo takes it" in words
    assert verified(shell, site, str(path)) == (2, {"release": "DEP-039"})


def test_a_package_whose_envelope_was_taken_out_is_not_verified(shell: Shell, site: Path) -> None:
    """Well signed, by the site's own key, of a program that packs no envelope."""
    path = Path(a_package(site))
    path.write_bytes(without_envelope(path.read_bytes(), signing_key(site, None, PASSPHRASE)))
    assert verified(shell, site, str(path)) == (2, {"gait": "DEP-026"})
    status, words, _ = shell.types("package", "inspect", str(path))
    assert status == 0 and "no exo takes it" in words


def test_a_package_cannot_command_the_terminal(shell: Shell, site: Path) -> None:
    hostile = Approval("Dr \x1b[2J", "", "released", "2026-11-20T09:59:00Z")
    path = a_package(site, approvals=(hostile,))
    for words in (("package", "inspect", path), ("package", "verify", path, "--data-dir", str(site))):
        assert "Dr ?[2J" in shell.types(*words)[1]


def test_a_package_with_half_a_sign_in_a_name_is_refused_in_words(shell: Shell, site: Path) -> None:
    path = a_package(site, approvals=(Approval("Dr \ud800", "", "released", "2026-11-20T09:59:00Z"),))

    assert "DEP-003" in "".join(shell.types("package", "inspect", path)[1:])
    assert "DEP-003" in shell.types("package", "verify", path, "--data-dir", str(site))[1]


def test_a_good_package_is_verified(shell: Shell, site: Path) -> None:
    path = a_package(site)
    assert verified(shell, site, path, "--patient", "P-0007", "--device", DEVICE) == (0, {})
    status, words, _ = shell.types("package", "verify", path, "--data-dir", str(site))
    assert status == 0 and "FAILED" not in words and "This package may be used." in words


def last_words(shell: Shell, site: Path, path: str) -> tuple[list[str], dict[str, object]]:
    """The lines after the checks, and the same for programs."""
    status, words, _ = shell.types("package", "verify", path, "--data-dir", str(site))
    values = json.loads(shell.types("package", "verify", path, "--json", "--data-dir", str(site))[1])
    assert status == 0
    return [line for line in words.splitlines() if not line.startswith("passed")], values


def test_a_practice_package_is_said_to_be_for_a_virtual_exo_only(shell: Shell, tmp_path: Path) -> None:
    site = tmp_path / "unlocked"
    path = a_package(site, signing_key(site, None), comparison=compared(0.9))
    lines, values = last_words(shell, site, path)
    assert lines[0] == "This package is for a virtual exo only."
    assert lines[1].endswith("[DEP-018]") and "may be used" not in " ".join(lines)
    assert values["virtual_exo_only"] == ["DEP-018"] and values["makes_walking_harder"] is False


def test_a_package_that_nobody_released_is_said_to_be_for_a_virtual_exo_only(
    shell: Shell, site: Path
) -> None:
    approval = Approval(UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, "unseen", "2026-11-20T09:59:00Z")
    lines, values = last_words(shell, site, a_package(site, approvals=(approval,)))
    assert lines[0] == "This package is for a virtual exo only."
    assert values["virtual_exo_only"] == ["DEP-024"]


@pytest.mark.parametrize(
    ("comparison", "training", "expected", "harder"),
    [
        (
            compared(1.04),
            0.9,
            "It makes walking harder in simulation: 4.0 % higher metabolic rate than",
            True,
        ),
        (compared(0.9, 2), 0.9, "2 falls in 40 walks instead of 0", True),
        (
            compared(0.93),
            1.2,
            "It makes walking easier in simulation: 7.0 % lower metabolic rate than",
            False,
        ),
        (compared_earlier(0.052), 0.9, "It makes walking harder in simulation: 4 % more joint effort", True),
        (compared_earlier(0.045, 2.0), 0.9, "2.0 falls a minute instead of 0.1", True),
        (compared_earlier(0.0465), 1.2, "walking easier in simulation: 7 % less joint effort than", False),
        (None, 1.2, "It makes walking harder in simulation: 20 % more joint effort than", True),
        (None, math.nan, "It is not known whether it makes walking easier or harder.", None),
    ],
)
def test_whether_walking_gets_harder_is_told_with_the_package(
    shell: Shell,
    site: Path,
    comparison: Comparison | None,
    training: float,
    expected: str,
    harder: bool | None,
) -> None:
    """By the comparison that was signed; by the training in a package without one."""
    controller = replace(trained(hidden=SMALL), effort_ratio_with_exo=training)
    path = a_package(site, controller=controller, comparison=comparison, approvals=(REASONED,))
    lines, values = last_words(shell, site, path)
    good = harder is False
    assert (lines[0] == "This package may be used.") is good and (lines[0] == IN_SPITE) is not good
    assert expected in lines[1] and lines[1].startswith("WARNING") is not good
    assert values["makes_walking_harder"] is harder and values["virtual_exo_only"] == []
    inspected = shell.types("package", "inspect", path)[1]
    assert expected in inspected and "because: a first fit" in inspected


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (compared(1.04), "It makes walking harder in simulation: 4.0 % higher metabolic rate"),
        (compared(0.9, against=0.62), "62 % of the exo's work is against the leg's movement."),
    ],
)
def test_a_worse_controller_without_a_reason_is_for_a_virtual_exo_only(
    shell: Shell, site: Path, comparison: Comparison, words: str
) -> None:
    lines, values = last_words(shell, site, a_package(site, comparison=comparison))
    assert lines[0] == "This package is for a virtual exo only."
    assert words in lines[1] and lines[1].endswith("[DEP-030]") and words in lines[2]
    assert values["virtual_exo_only"] == ["DEP-030"]


def test_a_package_tells_what_walking_costs(shell: Shell, site: Path) -> None:
    path = a_package(site, comparison=compared(0.88))
    told = shell.types("package", "inspect", path)[1]
    shares = (
        "metabolic rate by Umberger 2010 88%, by Bhargava 2004 88%, muscle activation 94%, positive joint"
    )
    assert f"{shares} power 88% of that without exo" in told and "effort" not in told
    values = json.loads(shell.types("package", "inspect", path, "--json")[1])
    assert values["manifest"]["acceptance"]["metabolic_ratio_umberger"] == pytest.approx(0.88)
    verified = shell.types("package", "verify", path, "--json", "--data-dir", str(site))[1]
    ratio = json.loads(verified)["metabolic_ratio"]
    assert ratio["mean"] == pytest.approx(0.88) and ratio["low"] < 0.88 < ratio["high"]


def test_without_a_comparison_a_package_tells_what_its_training_measured(shell: Shell, site: Path) -> None:
    found = {score.label: score.measures for score in walked.scores()}
    gaits = tuple(MeasuredGait(label, walks) for label, walks in found.items() if walks is not None)
    path = a_package(site, controller=replace(trained(hidden=SMALL), gaits=gaits))
    lines, values = last_words(shell, site, path)
    assert "12 % lower metabolic rate" in lines[1] and "no difference shown (one seed" in lines[1]
    assert values["makes_walking_harder"] is False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "changed", "failed"),
    [
        (("--patient", "P-0008"), {}, {"patient": "DEP-008"}),
        (("--device", "HMEDI_L1"), {}, {"device": "DEP-005"}),
        ((), {"approvals": ()}, {"approval": "DEP-016"}),
        ((), {"created_utc": datetime.now(UTC) - timedelta(days=91)}, {"dates": "DEP-013"}),
        ((), {"key": PrivateKey.from_seed(bytes(32))}, {"signature": "DEP-012"}),
    ],
)
def test_what_is_wrong_with_a_package_is_named(
    shell: Shell, site: Path, words: tuple[str, ...], changed: dict[str, object], failed: dict[str, str]
) -> None:
    assert verified(shell, site, a_package(site, **changed), *words) == (2, failed)


def test_a_changed_package_fails_with_the_reason_and_the_next_step(shell: Shell, site: Path) -> None:
    path = Path(a_package(site))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert verified(shell, site, str(path)) == (2, {"whole": "DEP-003"})
    _, words, _ = shell.types("package", "verify", str(path), "--data-dir", str(site))
    assert "Make the package again" in words and "must not be used" in words


def test_a_missing_package_is_one_line(shell: Shell, site: Path) -> None:
    gone = str(site / "none.exopkg")
    assert shell.refusal("package", "inspect", gone) == "DEP-006"
    assert shell.refusal("package", "verify", gone, "--data-dir", str(site)) == "DEP-006"


def test_another_sites_package_is_accepted_once_its_key_is_trusted(shell: Shell, site: Path) -> None:
    theirs = site.parent / "theirs"
    make_site_key(theirs, None, PASSPHRASE)
    path = a_package(site, signing_key(theirs, None, PASSPHRASE))
    assert verified(shell, site, path)[1] == {"signature": "DEP-012"}
    assert shell.types("key", "trust", str(theirs / "keys" / "site.pub.pem"), "--data-dir", str(site))[0] == 0
    assert verified(shell, site, path) == (0, {})
    assert "trusted" in shell.types("key", "show", "--data-dir", str(site))[1]


def test_a_key_that_was_laid_beside_by_hand_is_told_until_somebody_accepts_it(
    shell: Shell, tmp_path: Path
) -> None:
    theirs = make_site_key(tmp_path / "theirs", None, PASSPHRASE)
    given = tmp_path / "theirs" / "keys" / "site.pub.pem"
    data = ("--data-dir", str(tmp_path / "data"))
    open_store(tmp_path / "data").close()
    assert theirs.key_id not in shell.types("record", "verify", *data)[1]

    trusted = tmp_path / "data" / "keys" / "trusted" / f"{theirs.key_id}.pub.pem"
    trusted.parent.mkdir(parents=True)
    trusted.write_bytes(given.read_bytes())

    assert f"who accepted them: {theirs.key_id}." in shell.types("record", "verify", *data)[1]
    assert shell.types("key", "trust", str(given), *data)[0] == 0
    assert theirs.key_id not in shell.types("record", "verify", *data)[1]


def test_a_key_is_made_once_and_replaced_on_demand(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    make = ("key", "make", "--data-dir", str(tmp_path / "new"))
    assert "no key yet" in shell.types("key", "show", *make[2:])[1]
    assert "under your passphrase" in shell.types(*make)[1]
    assert shell.refusal(*make) == "KEY-007"
    assert shell.types(*make, "--replace")[0] == 0
    assert shell.types("key", "show", *make[2:])[1].count("\n") == 2


def test_a_key_without_terminal_store_and_passphrase_is_refused(shell: Shell, tmp_path: Path) -> None:
    assert shell.refusal("key", "make", "--data-dir", str(tmp_path / "new")) == "KEY-010"


@pytest.mark.parametrize(
    ("typed", "code"), [(("short",), "KEY-008"), ((PASSPHRASE, "another one"), "KEY-011")]
)
def test_a_typed_passphrase_is_long_and_the_same_twice(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], code: str
) -> None:
    answers = iter(typed)
    monkeypatch.setattr(cli_deploy.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(cli_deploy.getpass, "getpass", lambda prompt: next(answers))
    assert shell.refusal("key", "make", "--data-dir", str(tmp_path / "new")) == code


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with open_store(folder) as store:
        for step in (AuditStep.PACKED, AuditStep.UPLOADED, AuditStep.CONFIRMED):
            store.audit(AuditEvent(step, "Dr A", "physician", detail="as planned"))
    return folder


def test_a_whole_trail_is_verified_and_listed(shell: Shell, trail: Path) -> None:
    status, words, _ = shell.types("audit", "verify", "--data-dir", str(trail))
    assert status == 0 and words.startswith("The audit trail is whole: 3 entries, 0 signed packages")
    lines = shell.types("audit", "list", "--data-dir", str(trail))[1].splitlines()
    assert len(lines) == 3 and "uploaded" in lines[1] and "Dr A (physician)" in lines[1]
    listed = json.loads(shell.types("audit", "list", "--json", "--data-dir", str(trail))[1])
    assert [entry["event"]["step"] for entry in listed] == ["package made", "uploaded", "confirmed"]


def test_the_first_broken_link_is_named(shell: Shell, trail: Path) -> None:
    with closing(sqlite3.connect(database_path(trail))) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET who='Dr B' WHERE number=2")
    status, _, expected = shell.types("audit", "verify", "--data-dir", str(trail))
    assert status == 2 and "broken at entry 2" in expected and "[AUD-001]" in expected
    status, out, _ = shell.types("audit", "verify", "--json", "--data-dir", str(trail))
    assert status == 2 and json.loads(out)["broken"]["number"] == 2


@pytest.mark.slow
def test_a_rollback_names_patient_exo_and_who_decides(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_store(data) as store:
        store.start_visit(store.add_patient(a_subject("P-0007")))
    decided = ("--exo", "tcp:127.0.0.1:1", "--name", "Dr A", "--role", "physician")
    decided += ("--reason", "The newer one pulls.", "--data-dir", str(data))
    status, _, expected = shell.types("rollback", "--patient", "P-0008", *decided)
    assert status == 2 and "PAT-012" in expected
    status, _, expected = shell.types("rollback", "--patient", "P-0007", *decided)
    assert status == 2 and "EXO-001" in expected
