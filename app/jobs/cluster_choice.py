"""Whether jobs go to a cluster. All that a program on a single PC ever loads of it."""

from __future__ import annotations

from app.jobs.cluster_state import NONE, asked
from app.jobs.runner import JobRunner


def cluster_in_use() -> JobRunner | None:
    """What hands jobs to the cluster that was asked for; None where this PC computes.

    One that is not there refuses every job that it would do: only this PC was not asked.
    """
    if asked() in ("", NONE):
        return None
    from app.jobs.cluster_runner import ClusterRunner

    return ClusterRunner(asked())
