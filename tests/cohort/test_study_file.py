"""Claims about study files: what they say is the plan, and what they should not say is refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

import resources
from core.cohort.folder import begin_folder, plan_in
from core.cohort.folder_names import STUDY_FILE
from core.cohort.study_file import plan_of, plan_sha256, plan_tree, read_study
from core.domain.cohort_plan import Strides
from core.domain.muscles import MuscleGroup
from tests.cohort.made_up import plan
from tests.refusals import code_of, refused

GOOD = """
name = "One"
[cohort]
patients = 4
[[cohort.impairments]]
kind = "weakness"
group = "hip flexors"
severity = [0.3, 0.6]
"""


def written(folder: Path, text: str, name: str = "study.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_tells_the_plan_and_what_it_leaves_out_has_its_usual_value(tmp_path: Path) -> None:
    found = read_study(written(tmp_path, GOOD + "[judging]\nseeds = 4\n"))

    assert (found.name, found.cells, found.judging.seeds, found.judging.strangers) == ("One", 4, 4, 3)
    assert found.cohort.strides is Strides.HEALTHY
    assert found.cohort.impairments[0].group is MuscleGroup.HIP_FLEXORS


def test_a_plan_goes_through_the_parameters_of_a_job_unchanged() -> None:
    here = plan(seeds=[0, 3], devices=["Hippo_L1", "Ankle_L1"])

    assert plan_of(json.loads(json.dumps(plan_tree(here)))) == here


def test_the_hash_is_of_what_a_file_says_and_not_of_how_it_looks(tmp_path: Path) -> None:
    first = read_study(written(tmp_path, GOOD))
    again = read_study(written(tmp_path, "# later\n" + GOOD.replace("0.3", "0.30")))
    other = read_study(written(tmp_path, GOOD.replace("0.3", "0.31")))

    assert plan_sha256(first) == plan_sha256(again) != plan_sha256(other)


@pytest.mark.parametrize(
    ("code", "wrong", "told"),
    [
        ("STU-001", "name = ", "no TOML"),
        ("STU-001", "\0", "no TOML"),
        ("STU-002", GOOD + "[judging]\nseed = 3\n", "Did you mean seeds?"),
        ("STU-002", GOOD.replace("severity", "severty"), "Did you mean severity?"),
        ("STU-003", GOOD.replace('name = "One"', ""), "“name”"),
        ("STU-003", GOOD.replace("patients = 4", 'patients = "4"'), "a whole number"),
        ("STU-003", GOOD.replace("patients = 4", "patients = true"), "a whole number"),
        ("STU-003", GOOD.replace("[0.3, 0.6]", "0.3"), "a list"),
        ("STU-003", GOOD.replace("[0.3, 0.6]", "[0.3]"), "a list of 2 numbers"),
        ("STU-003", GOOD.replace('"hip flexors"', '"hip flexor"'), "Did you mean hip flexors?"),
        ("STU-003", "name = 'One'\ncohort = 3\n", "a table"),
        ("STU-004", GOOD.replace("patients = 4", "patients = 1"), "2 to 100000"),
        ("STU-004", GOOD.replace("[0.3, 0.6]", "[0.6, 0.3]"), "from a lower to a higher"),
        ("STU-004", GOOD.replace("[0.3, 0.6]", "[nan, 0.3]"), "from a lower to a higher"),
        ("STU-004", GOOD + "[judging]\nstrangers = 4\n", "0 to 3: the other patients"),
        ("STU-004", GOOD + "[training]\nseeds = [1, 1]\n", "each once"),
        ("STU-004", "name = 'One'\n[cohort]\npatients = 4\n", "healthy = 1.0"),
        ("STU-005", GOOD.replace('"weakness"', '"stiffness"'), "a joint that goes with the kind"),
        ("STU-005", GOOD.replace('"weakness"', '"delay"'), "a joint that goes with the kind"),
    ],
)
def test_a_file_that_is_no_study_is_refused_in_words(
    tmp_path: Path, code: str, wrong: str, told: str
) -> None:
    with refused(code) as caught:
        read_study(written(tmp_path, wrong))

    assert told in caught.value.advice.one_line()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert code_of(read_study, tmp_path / "none.toml") == "STU-001"


def test_the_studies_that_ship_can_be_read() -> None:
    cells = {file.stem: read_study(file).cells for file in resources.path("studies").glob("*.toml")}

    assert cells == {"24-patients": 24, "1000-patients": 1000}


def test_a_folder_holds_one_study_and_nothing_else(tmp_path: Path) -> None:
    file, folder = written(tmp_path, GOOD), tmp_path / "folder"
    assert code_of(plan_in, folder) == "STU-008"

    begin_folder(folder, read_study(file), file)
    begin_folder(folder, read_study(file), file)  # goes on

    assert plan_in(folder) == read_study(file)
    other = written(tmp_path, GOOD.replace("patients = 4", "patients = 5"))
    assert code_of(begin_folder, folder, read_study(other), other) == "STU-006"
    (tmp_path / "begun").mkdir()  # and killed there
    written(tmp_path / "begun", "name", f".{STUDY_FILE}-1")
    begin_folder(tmp_path / "begun", read_study(file), file)
    kept = tmp_path / "kept"
    kept.mkdir()
    written(kept, "something else", "diary.txt")
    assert code_of(begin_folder, kept, read_study(file), file) == "STU-007"


def test_on_a_full_disk_a_study_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file, folder = written(tmp_path, GOOD), tmp_path / "folder"
    monkeypatch.setattr("core.cohort.folder.write_synced", full)

    assert code_of(begin_folder, folder, read_study(file), file) == "REC-003"
    assert not list(folder.iterdir())
