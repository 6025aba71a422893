"""Claims about jobs on a cluster: they look as on this PC, and what goes wrong there ends in advice."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.cli import commands as cli
from app.jobs import cluster_start, cluster_state, cluster_work
from app.jobs.admission import by_role
from app.jobs.cluster_choice import cluster_in_use
from app.jobs.cluster_driver import Mailbox
from app.jobs.cluster_node import OVER, run_on_node
from app.jobs.cluster_ports import read_ports
from app.jobs.cluster_runner import ClusterRunner
from app.jobs.cluster_state import CLUSTER_VARIABLE, STATE_VARIABLE, ClusterState
from app.jobs.history import write_spec
from app.jobs.runner import JobStart
from app.jobs.service import JobService
from app.jobs.worker import work_dir
from core.domain.people import Action, Role
from core.jobs.table import JOB_TABLE, JobKind, Needs
from core.jobs.values import (
    Cancelled,
    Crashed,
    Done,
    JobSpec,
    Message,
    Outcome,
    Progress,
    Refused,
    Sample,
    outcome_advice,
)
from core.store.artifacts.choice import ARTIFACTS_VARIABLE
from core.store.repository import open_store
from core.vault import opened
from tests.people import NAMES, PIN, make_clinic
from tests.process.ray_cluster import cluster_on_this_pc, needs_ray, workers
from tests.process.test_service import Listener
from tests.refusals import code_of, refused
from tests.store.samples import a_subject
from tests.vault.protected import protect

QUICK, ONCE = Needs(1.0, 100), Needs(1.0, 100, safe_to_repeat=False)
NAMES_OF_TASKS = (
    "finish", "wait_for_cancel", "refuse_it", "crash", "die_after_checkpoint", "count", "echo",
    "tell_its_folder",
)  # fmt: skip
TABLE = {name: JobKind(f"tasks_for_tests:{name}", name, cluster=QUICK) for name in NAMES_OF_TASKS}
TABLE |= {
    "die_once": JobKind("tasks_for_tests:die_after_checkpoint", "die once", cluster=ONCE),
    "wait_once": JobKind("tasks_for_tests:wait_for_cancel", "wait once", cluster=ONCE),
    "enter": JobKind("tasks_for_tests:enter_patient", "enter", Action.EDIT_PATIENT, cluster=QUICK),
    "large": JobKind("tasks_for_tests:finish", "large", cluster=Needs(1.0, 1_000_000)),
    "here": JobKind("tasks_for_tests:echo", "here", stream=True),
}
LONG_S = 120.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterState]:
    with cluster_on_this_pc(tmp_path_factory.mktemp("cluster")) as state:
        yield state


class SharedRunner(ClusterRunner):
    """One for all boards of this module, as connecting to a cluster takes seconds."""

    def close(self) -> None:
        """It is used on."""


@pytest.fixture(scope="module")
def runner(cluster: ClusterState) -> Iterator[SharedRunner]:
    shared = SharedRunner(cluster.address)
    yield shared
    ClusterRunner.close(shared)


@pytest.fixture(scope="module")
def jobs(runner: SharedRunner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobService]:
    service = JobService(tmp_path_factory.mktemp("data"), "tester", TABLE, cluster=runner)
    yield service
    service.close()


def ends(jobs: JobService, kind: str, **params: str) -> Outcome | None:
    return jobs.wait(jobs.submit(kind, dict(params)), LONG_S)


def until(holds: Callable[[], object]) -> None:
    end_s = time.monotonic() + LONG_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.05)


@needs_ray
@pytest.mark.slow
def test_a_job_on_a_cluster_tells_and_ends_as_on_this_pc(jobs: JobService) -> None:
    listener = Listener(jobs, LONG_S)
    assert ends(jobs, "finish", answer="r-1") == Done("r-1")
    assert Progress(0.5, "half way") in listener.wait_for(Progress)
    assert [event.values for event in listener.wait_for(Sample) if isinstance(event, Sample)] == [
        {"value": 1.0}
    ]
    outcome = ends(jobs, "refuse_it")
    assert isinstance(outcome, Refused) and outcome.advice.code == "TST-001"
    outcome = ends(jobs, "crash")
    assert isinstance(outcome, Crashed) and "ZeroDivisionError" in outcome.detail


@needs_ray
@pytest.mark.slow
def test_commands_reach_a_job_on_a_cluster_and_one_that_waits_leaves_the_queue(jobs: JobService) -> None:
    listener = Listener(jobs, LONG_S)
    counting, echoing = jobs.submit("count", {}), jobs.submit("echo", {})
    jobs.send(echoing, "arm")  # also before it runs
    assert listener.wait_for(Message) == [Message("arm")]
    waiting = jobs.submit("wait_for_cancel", {})  # both cores are taken
    listener.wait_for(Sample)
    jobs.pause(counting, True)
    time.sleep(0.5)
    stopped_at = len(listener.wait_for(Sample))
    time.sleep(0.5)
    assert len(listener.wait_for(Sample)) == stopped_at
    jobs.pause(counting, False)
    listener.wait_for(Sample, stopped_at + 1)

    for job_id in (waiting, counting, echoing):
        jobs.cancel(job_id)
    assert [jobs.wait(job_id, LONG_S) for job_id in (waiting, counting, echoing)] == [Cancelled()] * 3
    assert (waiting, Progress(0.1, "waiting")) not in listener.events


@needs_ray
@pytest.mark.slow
def test_a_killed_job_starts_again_only_where_that_is_safe(jobs: JobService) -> None:
    assert ends(jobs, "die_after_checkpoint") == Done("kept")  # from its checkpoint
    job_id = jobs.submit("die_once", {})
    outcome = jobs.wait(job_id, LONG_S)
    state = next(state for state in jobs.states() if state.spec.id == job_id)
    advice = outcome_advice(outcome, resumable=state.resumable) if outcome is not None else None
    assert isinstance(outcome, Crashed) and advice is not None and advice.next_step.startswith("Resume it")
    jobs.resume(job_id)
    assert jobs.wait(job_id, LONG_S) == Done("kept")


@needs_ray
@pytest.mark.slow
def test_with_a_lost_node_its_job_ends_too_and_is_told_or_starts_again(
    cluster: ClusterState, jobs: JobService
) -> None:
    listener = Listener(jobs, LONG_S)
    once, safe = jobs.submit("wait_once", {}), jobs.submit("wait_for_cancel", {})
    until(lambda: {once, safe} <= {i for i, e in listener.events if e == Progress(0.1, "waiting")})
    watchers = workers(cluster)
    tasks = [child for worker in watchers for child in worker.children()]
    assert len(watchers) == 2 and len(tasks) >= 2
    for worker in watchers:
        worker.kill()
    outcome = jobs.wait(once, LONG_S)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-036"
    until(lambda: listener.events.count((safe, Progress(0.1, "waiting"))) == 2)
    assert not any(task.is_running() and task.status() != psutil.STATUS_ZOMBIE for task in tasks)
    jobs.cancel(safe)
    assert jobs.wait(safe, LONG_S) == Cancelled()


@needs_ray
@pytest.mark.slow
def test_a_job_for_which_no_node_is_large_enough_is_refused_at_once(jobs: JobService) -> None:
    outcome = ends(jobs, "large", answer="r-1")
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-037"


@needs_ray
@pytest.mark.slow
def test_roles_and_encryption_hold_on_a_cluster_of_this_pc(
    runner: SharedRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.vault.passphrase._N", 2)
    protect(tmp_path)
    with open_store(tmp_path) as store:
        make_clinic(store, (Role.ASSISTANT,))
        service = JobService(tmp_path, "login name", TABLE, admit=by_role(store.people), cluster=runner)
        try:
            store.people.sign_in(NAMES[Role.ASSISTANT], PIN)
            job_id = service.submit("enter", {})
            store.people.sign_out()
            assert service.wait(job_id, LONG_S) == Done(NAMES[Role.ASSISTANT])
        finally:
            service.close()
    opened.forget(tmp_path)
    assert b"ExoTwin" not in (work_dir(tmp_path, job_id) / "job.json").read_bytes()[8:]


@needs_ray
@pytest.mark.slow
def test_a_job_with_its_record_on_a_server_needs_no_folder_of_this_pc(
    runner: SharedRunner, record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir, files = tmp_path / "data", tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv(ARTIFACTS_VARIABLE, str(files))
    with open_store(data_dir) as store:
        made = store.add_patient(a_subject("P-0001"))
    service = JobService(data_dir, "tester", TABLE, cluster=runner)
    try:
        entering, dying = service.submit("enter", {}), service.submit("die_once", {})
        assert service.wait(entering, LONG_S) == Done("what was typed")
        assert isinstance(service.wait(dying, LONG_S), Crashed)
        assert [path.name for path in work_dir(data_dir, dying).glob("*.pt")] == ["checkpoint.pt"]
        service.resume(dying)
        assert service.wait(dying, LONG_S) == Done("kept")
        kinds = (service.submit("tell_its_folder", {}), service.submit("tell_its_folder", {"file": "/a"}))
        told = [service.wait(job_id, LONG_S) for job_id in kinds]
    finally:
        service.close()
    with open_store(data_dir) as store:
        assert {row.subject.code for row in store.patients()} == {"P-0001", "P-0009"} and made
    elsewhere, here = (Path(one.record_id) for one in told if isinstance(one, Done))
    assert here == data_dir and elsewhere != data_dir and not elsewhere.exists()


@needs_ray
@pytest.mark.slow
def test_a_pc_with_another_token_is_not_let_in(
    cluster: ClusterState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(cluster_state, "_CONNECT_TRIES", 1)
    cluster_state.make_token()
    outcome = _ends_at(cluster.address, tmp_path)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-038"


@needs_ray
@pytest.mark.slow
def test_a_second_cluster_on_this_pc_is_refused(cluster: ClusterState) -> None:
    with refused("JOB-039"):
        cluster_start.start()


@pytest.mark.parametrize(
    "told", ["somewhere", "26380", "26580-26380", "80-200", "26380-26381", "60000-70000"]
)
def test_what_is_no_range_of_ports_is_refused(told: str) -> None:
    with refused("JOB-039") as refusal:
        read_ports(told)
    assert f"“{told}”" in refusal.value.advice.why


def test_the_stated_ports_are_a_port_for_each_service_of_ray_and_the_rest_for_workers() -> None:
    options = dict(option.split("=") for option in read_ports("26380-26479").options())
    workers_from = int(options.pop("--min-worker-port"))
    assert options.pop("--max-worker-port") == "26479"
    assert sorted(map(int, options.values())) == list(range(26380, workers_from))


@needs_ray
@pytest.mark.slow
def test_the_cluster_tells_its_nodes(cluster: ClusterState, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["cluster", "status"]) == 0
    told = capfd.readouterr().out
    assert cluster.address in told and "2 of 2 cores" in told and "other version" not in told


def _ends_at(told: str, data_dir: Path) -> Outcome | None:
    service = JobService(data_dir / "data", "tester", TABLE, cluster=ClusterRunner(told))
    try:
        return ends(service, "finish", answer="r-1")
    finally:
        service.close()


@pytest.mark.parametrize("told", ["auto", "nowhere", "127.0.0.1:70000", ":80", "host:"])
def test_what_is_no_address_of_a_cluster_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    assert code_of(cluster_state.use, told) == "JOB-030"
    cluster_state.use("none")
    assert cluster_in_use() is None


@needs_ray
def test_a_cluster_that_is_not_there_refuses_its_jobs_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv(CLUSTER_VARIABLE, "auto")
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    service = JobService(tmp_path, "tester", TABLE, cluster=cluster_in_use())
    outcome = ends(service, "finish", answer="r-1")
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-030"
    listener = Listener(service, LONG_S)
    here = service.submit("here", {})
    service.send(here, "still here")
    assert listener.wait_for(Message) == [Message("still here")]
    service.cancel(here)
    service.close()


@needs_ray
@pytest.mark.parametrize("told", ["nowhere", "127.0.0.1:70000"])
def test_what_is_no_address_cannot_be_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    with refused("JOB-030"):
        cluster_start.start(address=told)


@needs_ray
def test_what_a_start_that_was_killed_left_running_is_told_and_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(cluster_state, "_LONGEST", 1000)  # of the name of the folder, so that it is this one
    words = [sys.executable, "-c", "input()", str(cluster_state.ray_folder())]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as left:
        with refused("JOB-039") as told:
            cluster_start.start()
        assert "exotwin cluster stop" in told.value.advice.next_step
        assert cluster_start.stop() == 1 and not psutil.pid_exists(left.pid)
    assert cluster_start.stop() == 0


def test_where_the_choice_of_a_cluster_cannot_be_kept_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "file"))
    assert code_of(cluster_state.use, "none") == "JOB-039"


@needs_ray
@pytest.mark.slow
def test_an_address_where_nothing_answers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    outcome = _ends_at(address, tmp_path)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-030"


def test_without_ray_a_cluster_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    outcome = _ends_at("127.0.0.1:6379", tmp_path)
    assert isinstance(outcome, Refused) and outcome.advice.code == "JOB-033"
    assert "--with cluster" in outcome.advice.next_step


def _work(data_dir: Path) -> cluster_work.Work:
    spec = JobSpec("1" * 32, "finish", {"answer": "r-1"}, data_dir)
    write_spec(spec)
    return cluster_work.work_of(JobStart(spec, TABLE["finish"]), 60.0)


def _first(work: cluster_work.Work) -> object:
    return next(iter(run_on_node(work, None, "1/1")))[0]


def test_commands_wait_for_the_job_that_they_are_for_and_nothing_of_it_stays() -> None:
    async def told() -> tuple[list[str], list[str], dict[str, asyncio.Event]]:
        mailbox = Mailbox()
        await mailbox.put("1/1", "arm")
        early, late = await mailbox.take("1/1"), asyncio.ensure_future(mailbox.take("1/1"))
        await asyncio.sleep(0.0)
        await mailbox.put("1/1", OVER)
        return early, await late, mailbox._arrived

    assert asyncio.run(told()) == (["arm"], [OVER], {})


def test_a_node_with_another_version_refuses_before_the_job_starts(tmp_path: Path) -> None:
    told = _first(replace(_work(tmp_path), version="9.9.9"))
    assert isinstance(told, Refused) and told.advice.code == "JOB-031" and "9.9.9" in told.advice.why


@needs_ray
def test_another_ray_or_python_is_told_in_rays_own_numbers() -> None:
    from ray._private.utils import check_version_info

    theirs = {"ray_version": "1.2.3", "python_version": "3.4.5"}
    with pytest.raises(RuntimeError) as mismatch:
        check_version_info(theirs, "this PC")
    advice = cluster_start.ray_refusal(str(mismatch.value), "10.0.0.1:6379").advice
    assert advice.code == "JOB-032" and "1.2.3" in advice.why and "3.4.5" in advice.why


def test_a_node_that_does_not_see_the_record_refuses(tmp_path: Path) -> None:
    work = _work(tmp_path)
    elsewhere = replace(work, place=replace(work.place, host="another PC"))
    gone = replace(work, place=replace(work.place, folder=tmp_path / "not mounted"))
    for case in (elsewhere, gone):
        told = _first(case)
        assert isinstance(told, Refused) and told.advice.code == "JOB-034", told


def test_what_needs_this_pc_never_leaves_it_and_what_leaves_it_says_what_it_takes() -> None:
    for kind, job in JOB_TABLE.items():
        if job.stream or job.limits is not None:
            assert job.cluster is None, kind
        if job.heavy:
            assert job.cluster is not None and job.cluster.cores >= 2, kind
    assert {"deploy", "roll_back", "virtual_walk", "package_controller", "demo_patient"}.isdisjoint(
        kind for kind, job in JOB_TABLE.items() if job.cluster is not None
    )


def test_a_token_is_for_the_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    cluster_state.make_token()
    assert os.name == "nt" or cluster_state.token_file().stat().st_mode & 0o077 == 0
    assert cluster_state.ray_variables("127.0.0.1:1")["RAY_AUTH_TOKEN_PATH"].startswith(str(tmp_path))
