"""Claims about the way from a trial to a kept controller: the walk, the clinician, and everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from core.devices.exo_link import connect
from core.devices.exo_protocol import DeviceState
from core.domain.audit import AuditStep
from core.domain.controller import Approver, Deployment, Handover, Package
from core.domain.exo_news import keep_command, roll_back_command
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordKind
from core.errors import JobCancelled, UserError
from core.jobs.values import JobSpec, Sample
from core.store.repository import open_store
from core.tasks import roll_back, telemetry, virtual_walk
from tests.deploy.virtual_exo_process import QUICK, VirtualExoProcess, virtual_exo
from tests.refusals import code_of
from tests.tasks import test_deploy_tasks
from tests.tasks.streams import Running, StreamContext, streaming
from tests.tasks.test_deploy_tasks import CODE, Visit, context, deployed, packed

visit = test_deploy_tasks.visit  # a signed controller

CLINICIAN = Approver("Dr A", "physician", f"I saw {CODE} walk with it.")
READY_S = 25.0  # the wearer stands, then makes five steps


@pytest.fixture
def exo(tmp_path: Any) -> Iterator[VirtualExoProcess]:
    with virtual_exo("--listen", "tcp:0", "--state", str(tmp_path / "exo"), "--plant", str(QUICK)) as running:
        yield running


@pytest.fixture(autouse=True)
def quick_ramp(monkeypatch: pytest.MonkeyPatch) -> None:
    """As fast as the exo allows."""
    monkeypatch.setattr("core.deploy.live.RAMP_S", 1.0)


@pytest.fixture
def two_strides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two strides are enough here, to save time."""
    for module in (
        "core.domain.exo_walk.LEAST_STRIDES",
        "core.deploy.trial.LEAST_STRIDES",
        "core.tasks.virtual_walk.LEAST_STRIDES",
    ):
        monkeypatch.setattr(module, 2)


def put_on(visit: Visit, tmp_path: Any, address: str) -> str:
    """A controller on trial; its DEPLOYMENT."""
    return deployed(visit, tmp_path, packed(visit, tmp_path), address)


@contextmanager
def watched(visit: Visit, tmp_path: Any, address: str, deployment_id: str = "") -> Iterator[Running]:
    params = {"address": address, **({"deployment_id": deployment_id} if deployment_id else {})}
    spec = JobSpec("job-2", "telemetry", params, visit.data_dir, visit.id, "Dr A")
    with streaming(telemetry.run, params, StreamContext(spec, tmp_path / "work")) as running:
        yield running


def walks(inside: StreamContext, strides: int = 2) -> None:
    """From an exo at rest through some strides to an exo at rest again."""
    assert inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S), inside.said()
    inside.inbox.append("arm")
    assert inside.wait(lambda values: strides_of(values) >= strides, 10.0 + 1.2 * strides), inside.said()
    inside.inbox.append("stop")
    assert inside.wait(lambda values: values.get("state") == DeviceState.READY)
    assert until(lambda: any(news.saved for news in inside.news()), inside)


def strides_of(values: dict[str, float]) -> float:
    return min(values.get("strides_left", 0.0), values.get("strides_right", 0.0))


def until(reached: Callable[[], object], inside: StreamContext) -> bool:
    return inside.wait(lambda _values: reached(), 10.0)


def newest(visit: Visit, kind: RecordKind, payload: type[Any]) -> Any:
    with open_store(visit.data_dir) as store:
        info = store.latest(visit.id, kind)
        return None if info is None else store.load(info.id, payload)


def trail_of(visit: Visit) -> list[Any]:
    with open_store(visit.data_dir) as store:
        assert store.audit_break() is None
        return [entry.event for entry in store.audit_trail()]


def on_exo(address: str) -> Any:
    with connect(address) as link:
        return link.info()


def torque(values: dict[str, float]) -> float:
    return max(abs(values.get("torque_left", 0.0)), abs(values.get("torque_right", 0.0)))


def test_a_controller_is_kept_after_a_walk_at_half_torque_by_a_named_person(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess, two_strides: None
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        inside = running.inside
        inside.inbox.append(keep_command(CLINICIAN))  # too early
        assert until(lambda: inside.last().refused, inside)
        assert inside.last().refused.code == "DEP-021"
        walks(inside)
        assert until(lambda: inside.last().may_keep, inside)
        inside.inbox.append(keep_command(Approver("Dr A", " ", "")))
        assert until(lambda: inside.last().refused, inside)
        assert inside.last().refused.code == "DEP-022"
        inside.inbox.append(keep_command(CLINICIAN))
        assert until(lambda: inside.last().saved and not inside.last().on_trial, inside)

    peaks = [torque(event.values) for event in inside.events if isinstance(event, Sample)]
    assert 1.0 < max(peaks) <= 6.0  # half of 12
    kept = newest(visit, RecordKind.DEPLOYMENT, Deployment)
    assert kept.handover is Handover.CONFIRMED and kept.kept_by == CLINICIAN and kept.confirmed
    info = on_exo(exo.address)  # the end of the watch took nothing back
    assert info.confirmed and info.active_sha256 == kept.package_sha256
    confirmed = next(event for event in trail_of(visit) if event.step == AuditStep.CONFIRMED)
    assert (confirmed.who, confirmed.role, confirmed.meaning) == ("Dr A", "physician", CLINICIAN.meaning)
    assert confirmed.device_serial == exo.serial and confirmed.package_sha256 == kept.package_sha256


def test_a_walk_is_recorded_with_what_the_controller_predicted(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        walks(running.inside, strides=8)
    walk = newest(visit, RecordKind.WALK, ExoWalk)
    assert walk.on_trial and walk.virtual and walk.limit_nm == 6.0 and walk.lost_ticks == 0
    assert np.all(np.diff(walk.time_s) > 0.0) and walk.time_s[0] < 0.0 < walk.seconds
    assert np.abs(walk.command_nm).max() <= 6.0 and np.abs(walk.delivered_nm).max() <= 6.05  # noise
    assert walk.match.known and min(walk.match.correlation) > 0.95
    assert max(walk.match.rmse_nm_kg) < 0.03
    assert not walk.enough  # ten strides are asked for
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.TAKEN_BACK


def test_a_trial_that_nobody_keeps_is_taken_back_at_the_end_of_the_watch(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        assert until(lambda: running.inside.newest(), running.inside)
        assert isinstance(running.cancel(), JobCancelled)
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.TAKEN_BACK
    info = on_exo(exo.address)
    assert (info.active_sha256, info.confirmed) == ("", False)  # the factory controller again
    assert trail_of(visit)[-1].step == AuditStep.ROLLED_BACK


def test_a_lost_link_ends_the_trial_in_the_record_and_the_next_watch_on_the_exo(
    visit: Visit, tmp_path: Any
) -> None:
    state = ("--listen", "tcp:0", "--state", str(tmp_path / "exo"))
    with virtual_exo(*state) as first:
        trial = put_on(visit, tmp_path, first.address)
        with watched(visit, tmp_path, first.address, trial) as running:
            assert until(lambda: running.inside.newest(), running.inside)
            first.process.kill()
            ending = running.join()
    assert isinstance(ending, UserError) and ending.advice.code == "EXO-003"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.TAKEN_BACK
    with virtual_exo(*state) as second:
        assert on_exo(second.address).active_sha256 == ""


def test_a_trial_left_over_by_a_closed_program_is_ended_by_the_next_watch(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess
) -> None:
    put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address) as running:
        assert until(lambda: running.inside.newest(), running.inside)
        running.inside.inbox.append("arm")
        assert until(lambda: running.inside.last().refused, running.inside)
    assert running.inside.last().refused.code == "EXO-008"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.TAKEN_BACK
    assert on_exo(exo.address).active_sha256 == ""


def test_an_exo_that_was_switched_off_meanwhile_has_no_trial_to_walk_with(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with connect(exo.address) as link:
        link.reset()
    with watched(visit, tmp_path, exo.address, trial) as running:
        ending = running.join()
    assert isinstance(ending, UserError) and ending.advice.code == "EXO-017"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.TAKEN_BACK


def test_the_stream_arms_shows_and_stops(visit: Visit, tmp_path: Any, exo: VirtualExoProcess) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        inside = running.inside
        walks(inside, strides=1)
        assert torque(inside.newest()) == 0.0
        assert running.cancel() is not None
    steps = [event.step for event in trail_of(visit)]
    assert steps[steps.index("armed") :][:3] == ["armed", "stopped", "rolled back"]
    assert any(sentence.startswith("Armed") for sentence in inside.said())


def test_cancelling_the_stream_stops_the_exo(visit: Visit, tmp_path: Any, exo: VirtualExoProcess) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        assert running.inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S)
        running.inside.inbox.append("arm")
        assert running.inside.wait(lambda values: values.get("state") == DeviceState.ARMED)
        assert isinstance(running.cancel(), JobCancelled)
    assert not on_exo(exo.address).state.moves
    walk = newest(visit, RecordKind.WALK, ExoWalk)
    assert walk.end == "stopped from this program" and not walk.fault


def test_the_virtual_exo_walks_without_a_person_and_says_so(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess, two_strides: None
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    params = {"deployment_id": trial, "address": exo.address}
    record_id = virtual_walk.run(params, context(visit, "virtual_walk", params, tmp_path))
    with open_store(visit.data_dir) as store:
        kept = store.load(record_id, Deployment)
    assert kept.confirmed and kept.kept_by.role == "no person"
    assert on_exo(exo.address).confirmed


def confirmed_in_turn(visit: Visit, tmp_path: Any, address: str) -> list[str]:
    """Two packages of the visit, each walked with and kept; their hashes."""
    hashes = []
    for _ in range(2):
        trial = put_on(visit, tmp_path, address)
        params = {"deployment_id": trial, "address": address}
        virtual_walk.run(params, context(visit, "virtual_walk", params, tmp_path))
        hashes.append(newest(visit, RecordKind.PACKAGE, Package).sha256)
    return hashes


def test_one_act_goes_back_to_the_controller_confirmed_before(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess, two_strides: None
) -> None:
    first, second = confirmed_in_turn(visit, tmp_path, exo.address)
    assert on_exo(exo.address).active_sha256 == second != first
    with watched(visit, tmp_path, exo.address) as running:
        inside = running.inside
        assert until(lambda: inside.last().earlier == "1.0.0", inside)
        inside.inbox.append(roll_back_command(CLINICIAN))
        assert until(lambda: inside.last().earlier == "1.1.0", inside)
        inside.inbox.append("arm")  # what runs now may be armed
        assert inside.wait(lambda values: values.get("state") == DeviceState.ARMED, READY_S)
    assert on_exo(exo.address).active_sha256 == first
    back = newest(visit, RecordKind.DEPLOYMENT, Deployment)
    assert (back.handover, back.package_sha256, back.version) == (Handover.ROLLED_BACK, first, "1.0.0")
    told = next(event for event in trail_of(visit) if event.step == AuditStep.ROLLED_BACK)
    assert (told.who, told.role, told.package_sha256) == ("Dr A", "physician", first)


def rolled_back(visit: Visit, tmp_path: Any, address: str, **changed: str) -> str:
    params = {"address": address, "confirmed_patient": CODE, "name": "Dr A", "role": "physician", **changed}
    return roll_back.run(params, context(visit, "roll_back", params, tmp_path))


def test_nobody_goes_back_to_what_was_never_confirmed_for_this_patient(
    visit: Visit, tmp_path: Any, exo: VirtualExoProcess, two_strides: None
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    params = {"deployment_id": trial, "address": exo.address}
    virtual_walk.run(params, context(visit, "virtual_walk", params, tmp_path))
    assert code_of(rolled_back, visit, tmp_path, exo.address) == "EXO-018"
    assert code_of(rolled_back, visit, tmp_path, exo.address, confirmed_patient="P-0043") == "DEP-001"
    assert code_of(rolled_back, visit, tmp_path, exo.address, role="") == "DEP-022"
