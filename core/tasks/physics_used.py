"""The physics that a job has used, in the provenance of what it saves.

Kept beside the job's checkpoint: a training that goes on elsewhere may do so with another physics.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from core.domain.record import PHYSICS, RecordInfo
from core.jobs.values import JobContext, Params
from core.simulation.physics.used import Names, PhysicsUsed, noting, use, used_so_far
from core.tasks.policy_files import replace_file
from core.vault import files

KEPT = "physics.txt"  # a name a line
Task = Callable[[Params, JobContext], str]


def notes_physics(task: Task) -> Task:
    """Of a job whose result is simulated: makes `physics_settings` know what it has used."""

    @functools.wraps(task)
    def noted(params: Params, context: JobContext) -> str:
        kept = context.work_dir / KEPT

        def keep(names: Names) -> None:
            replace_file(kept, "\n".join(names).encode())

        before = files.read_bytes(kept).decode().splitlines() if kept.is_file() else ()
        with noting(PhysicsUsed(tuple(before), keep)):
            return task(params, context)

    return noted


def physics_settings() -> dict[str, Any]:
    """For the settings of a record."""
    return {PHYSICS: list(used_so_far())}


def use_as(info: RecordInfo) -> None:
    """What an earlier record was made with counts as used: a result goes on from it."""
    for name in info.provenance.physics:
        use(name)
