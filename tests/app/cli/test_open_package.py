"""Claims about `exotwin open FILE`: what a double click on a package tells, and that it only looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.commands import run
from app.cli.open_package import looked_at
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import trust
from core.deploy.package_look import look_at
from core.domain.package_look import PackageUse
from core.store.folder_lock import held
from tests.deploy.controllers import FOR_A_PERSON, KEY, SERIAL, built


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Of a clinic that accepts the packages of these tests."""
    trust(tmp_path / "data", KEY.public)
    return tmp_path / "data"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "controller.exopkg"
    path.write_bytes(content)
    return path


def test_a_package_for_a_person_says_for_whom_on_which_exo_and_who_released_it(
    data_dir: Path, tmp_path: Path
) -> None:
    look = look_at(written(tmp_path, built(**FOR_A_PERSON).archive), data_dir)

    facts = dict(look.facts)
    assert (look.use, look.verdict, look.reasons) == (PackageUse.PERSON, "This package may be used.", ())
    assert SERIAL in facts["For which exo"] and "supervised-human" in facts["Released"]
    assert facts["By"] == "Dr A, physician" and all(check.passed for check in look.checks)


def test_a_package_of_a_stranger_must_not_be_used_and_vouches_for_nothing(
    data_dir: Path, tmp_path: Path
) -> None:
    stranger = PrivateKey.from_seed(bytes(32))
    look = look_at(written(tmp_path, built(key=stranger, **FOR_A_PERSON).archive), data_dir)

    assert look.use is PackageUse.NOBODY
    assert "[DEP-012]" in look.reasons[0] and "says of itself" in look.reasons[-1]


def test_it_is_read_by_another_process_also_while_the_program_has_the_data_folder(
    data_dir: Path, tmp_path: Path
) -> None:
    file = written(tmp_path, built().archive)
    with held(data_dir):
        before = sorted(data_dir.rglob("*"))
        look = looked_at(file, data_dir)

    assert look.use is PackageUse.VIRTUAL_EXO and "[DEP-040]" in look.reasons[0]
    assert sorted(data_dir.rglob("*")) == before


def test_without_a_screen_it_prints_what_inspect_and_verify_print(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.cli.open_package.has_screen", lambda: False)
    monkeypatch.setattr("app.cli.open_package.looked_at", look_at)  # the other process has its own test
    file = written(tmp_path, built().archive)
    printed = []
    for words in (["open"], ["package", "inspect"], ["package", "verify"]):
        assert run([*words, str(file), "--data-dir", str(data_dir)]) == 0
        printed.append(capsys.readouterr().out)
    broken = written(tmp_path, file.read_bytes()[:900])

    assert printed[0] == f"{printed[1]}\n{printed[2]}"
    assert run(["open", str(broken), "--data-dir", str(data_dir)]) == 2
    assert "[DEP-004]" in capsys.readouterr().out
