"""Tasks of the interruption tests: the real trainings with fewer walkers, and writing to a full disk."""

from __future__ import annotations

from core.jobs.values import JobContext, Params

CHECKPOINT_EVERY_S = 0.5
FULL_DISK = "/dev/full"  # the kernel's own: every write fails with ENOSPC


def learn_gait(params: Params, context: JobContext) -> str:
    from core.learning.rl import training_loop
    from core.tasks import learn_gait as task

    training_loop.CHECKPOINT_EVERY_S = CHECKPOINT_EVERY_S
    task.WALKERS, task.EVALUATION_STARTS, task.EVALUATION_S = 16, 4, 2.0
    return task.run(params, context)


def train_controller(params: Params, context: JobContext) -> str:
    import pytest

    from core.tasks import train_controller as task
    from tests.little_training import shrink

    shrink(pytest.MonkeyPatch())  # for good: nothing else uses this process
    task.CHECKPOINT_EVERY_S = CHECKPOINT_EVERY_S
    return task.run(params, context)


def learn_gait_on_a_full_disk(params: Params, context: JobContext) -> str:
    (context.work_dir / ".checkpoint.pt.new").symlink_to(FULL_DISK)
    return learn_gait(params, context)


def write_to_a_full_disk(_params: Params, _context: JobContext) -> str:
    with open(FULL_DISK, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a device, not a path of ours
        stream.write("something")
    return ""


def ask(params: Params, _context: JobContext) -> str:
    return str(params["answer"])
