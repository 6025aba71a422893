"""The program with shorter examinations: whole sessions in a minute, every part of them the program's own.

A job learns, walks and keeps what it always does, but fewer walkers judge it, for a shorter time.
Controllers, and gaits asked for in less than a minute, learn for a number of iterations instead, so that
a busy PC learns the same. Usage: call `hurry` before jobs are started, or
`python -m tests.session.quick_jobs` with the words of `exotwin`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace

from core.jobs.table import JOB_TABLE
from core.jobs.values import JobContext, Params
from core.twin.body import Fidelity

SHORTER: dict[str, object] = {
    "core.tasks.learn_gait.WALKERS": 32,
    "core.tasks.learn_gait.EVALUATION_STARTS": 8,
    "core.tasks.learn_gait.EVALUATION_S": 8.0,
    "core.learning.exo.study.WALKERS": 32,
    "core.learning.exo.study.SECONDS": 3.0,
    "core.learning.exo.training.WALKERS": {Fidelity.FAST: 64, Fidelity.STANDARD: 64},
    "core.learning.exo.surrogate.STEPS": 300,
    "core.learning.exo.offline_stage.OFFLINE_STEPS": (100,),
    "core.learning.exo.offline_stage.SIDED_OFFLINE_STEPS": (60, 60),
    "core.tasks.train_controller.EVALUATION_WALKERS": 8,
    "core.tasks.train_controller.ENVELOPE_WALKERS": 16,
    "core.tasks.train_controller.ENVELOPE_WALKERS_OF_OTHERS": 4,
    "core.tasks.compare.LENGTH_S": 6.0,
    "core.tasks.judged_walks.WALKERS": 6,
    "core.tasks.judged_walks.SECONDS": 4.0,  # three strides, and longer than a fall takes
    "core.tasks.judged_walks.SEEDS": 2,  # one has no interval
    "core.tasks.compare.STRANGER_SEEDS": 1,
    "core.tasks.gait_envelope.WALKERS": 8,
}


GAIT_ITERATIONS, CONTROLLER_ITERATIONS = 12, 4  # about what 0.2 minutes gave on two cores


def learn_gait(params: Params, context: JobContext) -> str:
    task = importlib.import_module("core.tasks.learn_gait")
    budget = task.GaitBudget
    task.GaitBudget = lambda seconds: budget(iterations=GAIT_ITERATIONS) if seconds < 60 else budget(seconds)
    return _shorter("learn_gait", params, context)


def train_controller(params: Params, context: JobContext) -> str:
    return _shorter("train_controller", {**params, "iterations": CONTROLLER_ITERATIONS}, context)


def compare(params: Params, context: JobContext) -> str:
    situations = importlib.import_module("core.tasks.compare_situations")
    first = situations.COMPARED[0]
    plan = replace(first.plan, seconds=3.0, walkers=1, seeds=1)
    situations.COMPARED = (replace(first, plan=plan),)
    task = importlib.import_module("core.tasks.compare")
    strangers = task.load_stranger_controllers
    task.load_stranger_controllers = lambda device_id: strangers(device_id)[:2]
    return _shorter("compare", params, context)


def _shorter(kind: str, params: Params, context: JobContext) -> str:
    """The program's task in this process, which nothing else uses."""
    for name, value in SHORTER.items():
        module, constant = name.rsplit(".", 1)
        setattr(importlib.import_module(module), constant, value)
    return str(importlib.import_module(f"core.tasks.{kind}").run(params, context))


def hurry() -> None:
    """From now on the jobs that this process starts are these."""
    for job in (learn_gait, train_controller, compare):
        stand_in(job.__name__, job)


def stand_in(kind: str, job: Callable[[Params, JobContext], str]) -> None:
    """From now on this process starts `job` where the program starts one of `kind`."""
    JOB_TABLE[kind] = replace(JOB_TABLE[kind], task=f"{job.__module__}:{job.__name__}")


if __name__ == "__main__":
    from app.__main__ import main

    hurry()
    sys.exit(main())
