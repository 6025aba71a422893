"""Claims about a cluster in trouble: what is killed costs no result; what goes on ends as it would have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.bench.local_cluster import network_host
from app.bench.scale_failures import CASES, NotHereError, failure
from app.bench.scale_study import compared, run_to_end, write_plan
from app.cli import commands as cli
from app.jobs import cluster_start, cluster_state
from app.jobs.cluster_ports import DEFAULT, Ports
from app.jobs.cluster_runner import ClusterRunner
from app.jobs.cluster_state import STATE_VARIABLE, ClusterState
from app.jobs.service import JobService
from core.domain.controller import TrainedController
from core.domain.record import RecordKind
from core.jobs.table import JobKind, Needs
from core.jobs.values import Done, JsonValue, Progress, Refused
from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.repository import open_store
from core.tasks.policy_files import shipped_policy
from tests.cohort.made_up import plan
from tests.process.ray_cluster import TASKS, cluster_on_this_pc, needs_ray, workers
from tests.process.test_cluster import LONG_S, TABLE, until
from tests.process.test_service import Listener
from tests.process.test_study_kills import LITTLE
from tests.store.samples import a_subject
from tests.tasks.test_controller_tasks import DEVICE, walking

pytestmark = [needs_ray, pytest.mark.long, pytest.mark.timeout(1800)]
JOBS = 12
# Where a worker is lost its job is done again: nobody has to be told.
MAY_BE_TOLD = dict.fromkeys(CASES, frozenset[str]()) | {
    "head killed": {"JOB-035", "JOB-036"},
    "database restarted": {"REC-050", "REC-055"},
    "network of the files cut": {"REC-070"},
    "share of the files gone": {"REC-070", "REC-076"},
}
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


@pytest.mark.parametrize("what", CASES)
def test_whatever_is_lost_in_the_midst_of_many_jobs_each_ends_and_the_record_is_whole(
    tmp_path: Path, what: str
) -> None:
    try:
        told = failure(tmp_path, what, JOBS)
    except NotHereError as error:
        pytest.skip(str(error))
    ends = told["ends"]
    assert sum(ends.values()) == JOBS and ends["Done"] >= JOBS // 3
    assert set(ends) - {"Done", "Cancelled"} <= MAY_BE_TOLD[what], told
    assert told["done_and_in_the_record"] and told["twice_in_the_record"] == 0 and told["sound"], told
    assert told["files_without_row"] == 0 and told["all_as_undisturbed"], told


def test_a_training_whose_node_or_files_are_lost_ends_with_the_bits_of_one_that_lost_nothing(
    cluster: ClusterState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir, share = tmp_path / "data", tmp_path / "share"
    share.mkdir()
    monkeypatch.setenv(ARTIFACTS_VARIABLE, str(share))
    with open_store(data_dir) as store:
        visit_id = store.start_visit(store.add_patient(a_subject("P-0001"))).id
        policy = walking(shipped_policy())
        policy_id = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="walks")
    params: dict[str, JsonValue] = {
        "policy_id": policy_id, "device": DEVICE, "iterations": 16, "minutes": 0.06, "seed": 0
    }  # fmt: skip
    service = JobService(data_dir, "tester", {"train": TRAINING}, cluster=ClusterRunner(cluster.address))

    def begun() -> str:
        job_id = service.submit("train", params)
        until(lambda: list((data_dir / "jobs" / job_id).glob("*.pt")))
        return job_id

    undisturbed = service.wait(service.submit("train", params), LONG_S * 5)
    without_node = begun()
    (worker,) = workers(cluster)
    worker.kill()
    ends = [service.wait(without_node, LONG_S * 5)]
    without_files = begun()
    share.rename(tmp_path / "away")
    refusal = service.wait(without_files, LONG_S * 5)
    assert isinstance(refusal, Refused) and refusal.advice.code == "REC-070", refusal
    assert not share.exists()
    (tmp_path / "away").rename(share)
    service.resume(without_files)
    ends.append(service.wait(without_files, LONG_S * 5))
    service.close()

    assert isinstance(undisturbed, Done)
    with open_store(data_dir) as store:
        wanted = bits(store.load(undisturbed.record_id, TrainedController))
        for end in ends:
            assert isinstance(end, Done)
            assert bits(store.load(end.record_id, TrainedController)) == wanted


def bits(controller: TrainedController) -> list[bytes]:
    """Of the network that is worn, layer by layer."""
    network = controller.controller.network
    found = [one.tobytes() for one in (*network.weights, *network.biases) if isinstance(one, np.ndarray)]
    assert found
    return found


def test_a_pc_joins_with_the_token_takes_jobs_and_listens_at_the_stated_ports_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "head"))
    monkeypatch.setenv("PYTHONPATH", TASKS)
    host, others = network_host(), Ports(26600, 26699)  # both on this PC
    head = cluster_start.start(host=host, port=0, cores=1, memory_mb=50)
    token = cluster_start.read_token(str(cluster_state.token_file()))
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "joined"))
    try:
        joined = cluster_start.start(address=head.address, token=token, ports=others, cores=1, memory_mb=1000)
        assert cli.run(["cluster", "status"]) == 0
        service = JobService(tmp_path / "data", "tester", TABLE, cluster=ClusterRunner("auto"))
        assert service.wait(service.submit("finish", {"answer": "r-1"}), LONG_S) == Done("r-1")
        listening = {
            state.temporary: _reachable_ports(cluster_start.processes_of(state)) for state in (head, joined)
        }
        of_programs = _reachable_ports(psutil.Process().children())
        service.close()
    finally:
        cluster_start.stop()
        monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "head"))
        cluster_start.stop()
    stated = {*range(DEFAULT.first, DEFAULT.last + 1), int(head.address.rpartition(":")[2])}
    assert listening[head.temporary] and listening[head.temporary] <= stated, listening
    in_range = set(range(others.first, others.last + 1))
    assert listening[joined.temporary] and listening[joined.temporary] <= in_range, listening
    assert of_programs <= stated | in_range, of_programs


def _reachable_ports(processes: list[psutil.Process]) -> set[int]:
    """At which they listen for other PCs."""
    found = [one for process in processes for one in process.net_connections("tcp")]
    return {
        one.laddr.port for one in found if one.status == psutil.CONN_LISTEN and one.laddr.ip != "127.0.0.1"
    }


def test_jobs_of_a_node_that_is_gone_end_and_so_do_those_that_waited_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "head"))
    monkeypatch.setenv("PYTHONPATH", TASKS)
    head = cluster_start.start(host=network_host(), port=0, cores=1, memory_mb=50)
    try:
        service = JobService(tmp_path / "data", "tester", TABLE, cluster=ClusterRunner("auto"))
        small = service.wait(service.submit("finish", {"answer": "r-1"}), LONG_S)
        of_head = _raylets(head)
        cluster_start.start_simulated_node(head)
        listener = Listener(service, LONG_S)
        ids = [service.submit("wait_for_cancel", {}) for _job in range(2)]
        until(lambda: any(event == Progress(0.1, "waiting") for _id, event in listener.events))
        for raylet in set(_raylets(head)) - set(of_head):
            raylet.terminate()
        ends = [service.wait(job_id, LONG_S) for job_id in ids]
        service.close()
    finally:
        cluster_start.stop()
    codes = [one.advice.code for one in (small, *ends) if isinstance(one, Refused)]
    assert codes[0] == "JOB-037" and sorted(codes[1:]) == ["JOB-036", "JOB-037"]


def _raylets(state: ClusterState) -> list[psutil.Process]:
    return [one for one in cluster_start.processes_of(state) if one.name() == "raylet"]


def test_a_study_by_a_cluster_has_byte_for_byte_the_tables_of_one_by_this_pc(
    cluster: ClusterState, tmp_path: Path
) -> None:
    little = plan(2, 1, quick=True, gait_iterations=2, controller_iterations=3)
    file = write_plan(little, tmp_path / "study.toml")
    run_to_end(file, tmp_path / "here", LITTLE)
    run_to_end(file, tmp_path / "there", LITTLE, ["--address", "auto"])
    assert compared(tmp_path / "there", tmp_path / "here") == (6, ())  # five tables and the summary


def test_nothing_of_a_cluster_is_left_running(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    with cluster_on_this_pc(tmp_path / "cluster") as state:
        folder = Path(state.temporary)
        assert folder.is_dir() and (os.name == "nt" or folder.parent.stat().st_mode & 0o077 == 0)
    left = [one for one in psutil.process_iter(["cmdline"]) if one.pid not in before]
    assert not [one for one in left if "ray" in " ".join(one.info["cmdline"] or ())]
    assert not folder.exists()
