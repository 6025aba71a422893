"""A cluster of Ray on this PC, for the tests that need one."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from app.jobs import cluster_start
from app.jobs.cluster_state import CLUSTER_VARIABLE, STATE_VARIABLE, ClusterState

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed (exotwin[cluster])"
)
TASKS = str(Path(__file__).parent)


@contextmanager
def cluster_on_this_pc(folder: Path, cores: int = 2, memory_mb: int = 4000) -> Iterator[ClusterState]:
    """Nothing of it runs afterwards. Its workers, and those of this process, find the tasks of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(folder))
        patch.delenv(CLUSTER_VARIABLE, raising=False)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [TASKS, os.environ.get("PYTHONPATH", "")])))
        patch.syspath_prepend(TASKS)
        state = cluster_start.start(cores=cores, memory_mb=memory_mb)
        try:
            yield state
        finally:
            cluster_start.stop()
            assert not cluster_start.processes_of(state)


def workers(cluster: ClusterState) -> list[psutil.Process]:
    """Workers of Ray that do a job of this cluster now."""
    processes = cluster_start.processes_of(cluster)
    return [process for process in processes if _title(process).startswith("ray::exotwin-")]


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
