"""Claims about a cluster in trouble: what is killed costs no result; what goes on ends as it would have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.bench.scale_jobs import failure, network_host
from app.cli import commands as cli
from app.jobs import cluster_start, cluster_state
from app.jobs.cluster_runner import ClusterRunner
from app.jobs.cluster_state import STATE_VARIABLE, ClusterState
from app.jobs.service import JobService
from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.jobs.table import JobKind, Needs
from core.jobs.values import Cancelled, Done, JsonValue, Refused, Sample
from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.repository import open_store
from core.tasks.policy_files import shipped_policy
from tests.postgres_server import PostgresServer
from tests.process.ray_cluster import TASKS, cluster_on_this_pc, needs_ray, workers
from tests.process.test_cluster import LONG_S, TABLE, until
from tests.process.test_service import Listener
from tests.store.samples import a_subject
from tests.tasks.test_controller_tasks import DEVICE, walking

pytestmark = [needs_ray, pytest.mark.long, pytest.mark.timeout(1800)]
TRAINING = JobKind("tasks_in_trouble:train_controller", "train", heavy=True, cluster=Needs(1.0, 500))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterState]:
    with cluster_on_this_pc(tmp_path / "cluster") as state:
        yield state


def test_with_a_lost_head_every_job_ends_and_the_next_cluster_goes_on(
    cluster: ClusterState, tmp_path: Path
) -> None:
    service = JobService(tmp_path / "data", "tester", TABLE, cluster=ClusterRunner("auto"))
    listener = Listener(service, LONG_S)
    job_id = service.submit("wait_for_cancel", {})
    until(lambda: (job_id, "waiting") in [(i, getattr(e, "sentence", "")) for i, e in listener.events])
    for process in cluster_start.processes_of(cluster):
        if "gcs_server" in " ".join(process.cmdline()):
            process.kill()
    outcome = service.wait(job_id, LONG_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-035"

    cluster_start.stop()
    cluster_start.start(cores=1, memory_mb=4000)
    again = service.submit("finish", {"answer": "r-1"})
    assert service.wait(again, LONG_S) == Done("r-1")
    service.close()


@pytest.mark.parametrize("killed", ["process of a job", "worker of Ray", "head"])
def test_whatever_is_killed_among_40_jobs_each_ends_and_the_record_is_whole(
    tmp_path: Path, killed: str
) -> None:
    told = failure(tmp_path, killed, 40)
    assert sum(told["ends"].values()) == 40
    assert set(told["ends"]) <= {"Done", "Cancelled", "JOB-001", "JOB-035", "JOB-036"}, told
    assert killed == "head" or told["ends"] == {"Done": 40}, told  # these are safe to repeat
    assert told["done_and_in_the_record"] and told["twice_in_the_record"] == 0 and told["record_sound"]


def test_jobs_end_with_advice_while_the_database_server_restarts(
    cluster: ClusterState,
    postgres: PostgresServer,
    record_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "files").mkdir()
    monkeypatch.setenv(ARTIFACTS_VARIABLE, str(tmp_path / "files"))
    with open_store(tmp_path / "data") as store:
        store.add_patient(a_subject("P-0001"))
    enter = JobKind("app.bench.scale_jobs:enter", "enter", None, cluster=Needs(1.0, 100))
    service = JobService(
        tmp_path / "data", "tester", {"enter": enter}, cluster=ClusterRunner(cluster.address)
    )
    ids = [service.submit("enter", {"code": f"P-{number + 100}"}) for number in range(20)]
    until(lambda: sum(one.outcome is not None for one in service.states()) >= 4)
    postgres.stop()
    until(lambda: sum(one.outcome is not None for one in service.states()) >= 7)
    postgres.start()
    outcomes = [service.wait(job_id, LONG_S) for job_id in ids]
    service.close()

    done = {one.record_id for one in outcomes if isinstance(one, Done)}
    codes = {one.advice.code for one in outcomes if isinstance(one, Refused)}
    assert all(isinstance(one, (Done, Refused, Cancelled)) for one in outcomes), outcomes
    assert codes <= {"REC-050", "REC-055"} and codes
    with open_store(tmp_path / "data") as store:
        codes_entered = [row.subject.code for row in store.patients()]
        trail = store.check_trail()
    assert done <= set(codes_entered) and len(codes_entered) == len(set(codes_entered))
    assert trail.broken is None and not trail.faults


def test_a_training_whose_node_is_lost_ends_with_the_bits_of_one_that_was_not(
    cluster: ClusterState, tmp_path: Path
) -> None:
    data_dir = tmp_path / "data"
    with open_store(data_dir) as store:
        visit_id = store.start_visit(store.add_patient(a_subject("P-0001"))).id
        policy = walking(shipped_policy())
        policy_id = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="walks")
    params: dict[str, JsonValue] = {
        "policy_id": policy_id, "device": DEVICE, "iterations": 16, "minutes": 0.06, "seed": 0
    }  # fmt: skip
    service = JobService(data_dir, "tester", {"train": TRAINING}, cluster=ClusterRunner(cluster.address))
    undisturbed = service.wait(service.submit("train", params), LONG_S * 5)

    listener = Listener(service, LONG_S)
    job_id = service.submit("train", params)
    listener.wait_for(Sample)
    until(lambda: list((data_dir / "jobs" / job_id).glob("*.pt")))
    (worker,) = workers(cluster)
    worker.kill()
    disturbed = service.wait(job_id, LONG_S * 5)
    service.close()

    assert isinstance(undisturbed, Done) and isinstance(disturbed, Done)
    with open_store(data_dir) as store:
        first, second = (store.load(one.record_id, TrainedController) for one in (undisturbed, disturbed))
    assert bits(first) == bits(second)


def bits(controller: TrainedController) -> list[bytes]:
    """Of the network that is worn, layer by layer."""
    network = controller.controller.network
    found = [one.tobytes() for one in (*network.weights, *network.biases) if isinstance(one, np.ndarray)]
    assert found
    return found


def test_a_pc_joins_with_the_token_and_takes_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "head"))
    monkeypatch.setenv("PYTHONPATH", TASKS)
    head = cluster_start.start(host=network_host(), cores=1, memory_mb=50)
    token = cluster_start.read_token(str(cluster_state.token_file()))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "joined"))
    try:
        cluster_start.start(address=head.address, token=token, cores=1, memory_mb=1000)
        assert cli.run(["cluster", "status"]) == 0
        service = JobService(tmp_path / "data", "tester", TABLE, cluster=ClusterRunner("auto"))
        assert service.wait(service.submit("finish", {"answer": "r-1"}), LONG_S) == Done("r-1")
        service.close()
    finally:
        cluster_start.stop()
        monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "head"))
        cluster_start.stop()


def test_nothing_of_a_cluster_is_left_running(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    with cluster_on_this_pc(tmp_path / "cluster") as state:
        folder = Path(state.temporary)
        assert folder.is_dir() and (os.name == "nt" or folder.parent.stat().st_mode & 0o077 == 0)
    left = [one for one in psutil.process_iter(["cmdline"]) if one.pid not in before]
    assert not [one for one in left if "ray" in " ".join(one.info["cmdline"] or ())]
    assert not folder.exists()
