"""`exotwin` with little trainings and short walks in the cells of a study: the same code, in seconds.

Usage: python -m tests.cohort.quick_study with the words of `exotwin`.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace

import pytest

from core.jobs.table import JOB_TABLE
from core.jobs.values import JobContext, Params


def study_cell(params: Params, context: JobContext) -> str:
    return _little("study_cell", params, context)


def study_strangers(params: Params, context: JobContext) -> str:
    return _little("study_strangers", params, context)


def _little(kind: str, params: Params, context: JobContext) -> str:
    """The program's task in this process, which nothing else uses."""
    from tests.little_training import shrink

    patch, learn_gait = pytest.MonkeyPatch(), importlib.import_module("core.tasks.learn_gait")
    shrink(patch)
    for name, value in (("WALKERS", 8), ("EVALUATION_STARTS", 4), ("EVALUATION_S", 2.0)):
        patch.setattr(learn_gait, name, value)
    return str(importlib.import_module(f"core.tasks.{kind}").run(params, context))


if __name__ == "__main__":
    from app.__main__ import main

    for job in (study_cell, study_strangers):
        JOB_TABLE[job.__name__] = replace(
            JOB_TABLE[job.__name__], task=f"tests.cohort.quick_study:{job.__name__}"
        )
    sys.exit(main())
