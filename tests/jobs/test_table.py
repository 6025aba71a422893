"""Claims about the table of jobs: every name in it can be run, and looking into it loads nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.table import JOB_TABLE

HEAVY_LIBRARIES = ("torch", "mujoco", "mediapipe", "cv2", "scipy", "core.tasks")


@pytest.mark.parametrize("kind", JOB_TABLE)
def test_every_job_names_a_task_that_takes_parameters_and_a_context(kind: str, repository: Path) -> None:
    module, function = JOB_TABLE[kind].task.split(":")
    assert module == f"core.tasks.{kind}"
    tree = ast.parse((repository / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    (task,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    assert [argument.annotation.id for argument in task.args.args] == ["Params", "JobContext"]


def test_a_person_can_tell_jobs_apart_by_their_titles() -> None:
    titles = [kind.title for kind in JOB_TABLE.values()]
    assert len(set(titles)) == len(titles)
    assert all(title[0].isupper() and not title.endswith(".") for title in titles)


def test_trainings_are_heavy_and_what_is_watched_leaves_no_history() -> None:
    assert {kind for kind, job in JOB_TABLE.items() if job.heavy} == {
        "fit_impairments",
        "learn_gait",
        "train_controller",
    }
    assert {"telemetry", "record_camera"} <= {kind for kind, job in JOB_TABLE.items() if job.stream}


def test_the_table_loads_no_task_and_no_heavy_library(repository: Path) -> None:
    loaded = f"[name for name in {HEAVY_LIBRARIES} if name in sys.modules]"
    asked = f"import sys, core.jobs.table, core.jobs.values; print({loaded})"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
