"""Claims about the way from a trial to a kept controller: the walk, the clinician, and everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.deploy.provisional import confirm
from core.devices.exo_faults import safety_row_text
from core.devices.exo_link import ExoLink, connect
from core.devices.exo_values import ExoInfo
from core.domain.audit import AuditStep
from core.domain.body import JointKind
from core.domain.controller import Approver, Deployment, Handover, Package
from core.domain.declarations import on_virtual_exo
from core.domain.exo_protocol import DeviceState
from core.domain.exo_status import confirm_command, roll_back_command
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordKind
from core.domain.release import with_reason
from core.errors import JobCancelled, UserError
from core.jobs.values import JobSpec, Sample
from core.store.repository import open_store
from core.tasks import roll_back, telemetry, virtual_walk
from tests.deploy.ankles import ANKLE, trained_for
from tests.refusals import code_of
from tests.tasks import test_deploy_tasks
from tests.tasks.streams import Running, StreamContext, streaming
from tests.tasks.test_deploy_tasks import CODE, Visit, context, deployed, packed
from tests.virtual_exo.fault_channel import FaultChannel
from tests.virtual_exo.virtual_exo_process import QUICK, VirtualExoProcess, virtual_exo

pytestmark = pytest.mark.slow

visit = test_deploy_tasks.visit  # a signed controller

CLINICIAN = Approver("Dr A", "physician", f"I saw {CODE} walk with it.")
GOING_BACK = replace(CLINICIAN, meaning=with_reason("I let the earlier one run.", "The newer one pulls."))
READY_S = 25.0  # the wearer stands, then makes five steps
STRIDES = 4
INFO = ExoLink.info
QUICK_ANKLES = QUICK.with_name("quick_ankle_walk.json")


@pytest.fixture
def exo(tmp_path: Path) -> Iterator[VirtualExoProcess]:
    with virtual_exo(*quick(tmp_path)) as running:
        yield running


def quick(folder: Path) -> tuple[str, ...]:
    """An exo whose wearer makes a stride in 0.65 s."""
    trust = ("--trust", str(folder / "data"))
    return ("--listen", "tcp:0", "--state", str(folder / "exo"), "--plant", str(QUICK), *trust)


@pytest.fixture(autouse=True, scope="module")
def quick_walk() -> Iterator[None]:
    """The assistance grows as fast as the exo allows, and four strides are enough, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.deploy.live.RAMP_S", 1.0)
        for module in ("core.domain.exo_walk", "core.deploy.provisional", "core.tasks.virtual_walk"):
            patch.setattr(f"{module}.MIN_STRIDES", STRIDES)
        yield


def put_on(visit: Visit, tmp_path: Path, address: str) -> str:
    """A controller on trial; its DEPLOYMENT."""
    return deployed(visit, tmp_path, packed(visit, tmp_path), address)


@contextmanager
def watched(visit: Visit, tmp_path: Path, address: str, deployment_id: str = "") -> Iterator[Running]:
    params = {"address": address, **({"deployment_id": deployment_id} if deployment_id else {})}
    spec = JobSpec("job-2", "telemetry", params, visit.data_dir, visit.id, "Dr A")
    with streaming(telemetry.run, params, StreamContext(spec, tmp_path / "work")) as running:
        yield running


def walks(inside: StreamContext) -> None:
    """From an exo at rest through some strides to an exo at rest again."""
    assert inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S), inside.said()
    inside.inbox.append("arm")
    assert inside.wait(lambda values: strides_of(values) >= STRIDES, 60.0), inside.said()
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


@dataclass(frozen=True)
class Kept:
    """What was left behind by a trial from the transfer to the word of a clinician."""

    visit: Visit
    inside: StreamContext
    info: ExoInfo
    serial: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, quick_walk: None) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    visit = test_deploy_tasks.signed_visit(folder)
    with virtual_exo(*quick(folder)) as running:
        trial = put_on(visit, folder, running.address)
        with watched(visit, folder, running.address, trial) as stream:
            inside = stream.inside
            refused_with(inside, "DEP-021", confirm_command(CLINICIAN))  # nobody has walked yet
            refused_with(inside, "EXO-022", "arm")  # nobody has stood and made five steps
            walks(inside)
            assert until(lambda: inside.last().may_keep, inside)
            refused_with(inside, "DEP-022", confirm_command(Approver("Dr A", " ", "")))
            inside.inbox.append(confirm_command(CLINICIAN))
            assert until(lambda: inside.last().saved and not inside.last().is_provisional, inside)
        return Kept(visit, inside, on_exo(running.address), running.serial)


def refused_with(inside: StreamContext, code: str, command: str) -> None:
    inside.inbox.append(command)
    assert until(lambda: inside.last().refused and inside.last().refused.code == code, inside), inside.said()


def test_a_controller_is_kept_after_a_walk_by_a_named_person(kept: Kept) -> None:
    deployment = newest(kept.visit, RecordKind.DEPLOYMENT, Deployment)
    assert deployment.handover is Handover.CONFIRMED and deployment.kept_by == on_virtual_exo(CLINICIAN)
    # The end of the watch took nothing back.
    assert kept.info.confirmed and kept.info.active_sha256 == deployment.package_sha256
    confirmed = next(event for event in trail_of(kept.visit) if event.step == AuditStep.CONFIRMED)
    assert (confirmed.who, confirmed.role, confirmed.meaning) == (
        "Dr A",
        "physician",
        f"On a virtual exo, which nobody wears: {CLINICIAN.meaning}",
    )
    assert (confirmed.device_serial, confirmed.package_sha256) == (kept.serial, deployment.package_sha256)


def test_every_step_of_it_is_in_the_trail(kept: Kept) -> None:
    steps = [event.step for event in trail_of(kept.visit)]
    made = ["approved", "package made", "uploaded", "verified", "on trial", "self-test"]
    noted = "trail noted on exo"
    armed = [noted, "refused", noted, "armed", "stopped"]
    assert steps == [*made, "refused", *armed, "refused", "confirmed", noted]


def test_what_was_too_early_or_by_nobody_was_refused_on_the_screens(kept: Kept) -> None:
    codes = [news.refused.code for news in kept.inside.news() if news.refused]
    assert list(dict.fromkeys(codes)) == ["DEP-021", "EXO-022", "DEP-022"]


def test_nobody_gets_more_than_half_of_the_torque_on_trial(kept: Kept) -> None:
    peaks = [torque(event.values) for event in kept.inside.events if isinstance(event, Sample)]
    assert 1.0 < max(peaks) <= 6.0  # half of 12
    assert torque(kept.inside.newest()) == 0.0


def test_a_walk_is_recorded_with_what_the_controller_predicted(kept: Kept) -> None:
    walk = newest(kept.visit, RecordKind.WALK, ExoWalk)
    assert walk.on_trial and walk.virtual and walk.limit_nm == 6.0 and walk.lost_ticks == 0
    assert np.all(np.diff(walk.time_s) > 0.0) and walk.time_s[0] < 0.0 < walk.seconds
    assert np.abs(walk.command_nm).max() <= 6.0
    assert np.abs(walk.delivered_nm).max() <= 6.05  # measured with noise
    assert walk.match.known and min(walk.match.correlation) > 0.95
    assert max(walk.match.rmse_nm_kg) < 0.03


def test_the_screens_hear_what_the_exo_waits_for(kept: Kept) -> None:
    samples = [event.values for event in kept.inside.events if isinstance(event, Sample)]
    waiting = [values for values in samples if values.get("blocked_by") == 12.0]
    assert {values["stood"] for values in waiting} == {0.0, 1.0}


def test_a_trial_that_nobody_keeps_is_taken_back_at_the_end_of_the_watch(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        assert until(lambda: running.inside.newest(), running.inside)
        assert isinstance(running.cancel(), JobCancelled)
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED
    info = on_exo(exo.address)
    assert (info.active_sha256, info.confirmed) == ("", False)  # the factory controller again
    assert trail_of(visit)[-1].step == AuditStep.ROLLED_BACK


def test_a_lost_link_ends_the_trial_in_the_record_and_the_next_watch_on_the_exo(
    visit: Visit, tmp_path: Path
) -> None:
    state = ("--listen", "tcp:0", "--state", str(tmp_path / "exo"), "--trust", str(tmp_path / "data"))
    with virtual_exo(*state) as first:
        trial = put_on(visit, tmp_path, first.address)
        with watched(visit, tmp_path, first.address, trial) as running:
            assert until(lambda: running.inside.newest(), running.inside)
            first.process.kill()
            ending = running.join()
    assert isinstance(ending, UserError) and ending.advice.code == "EXO-003"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED
    with virtual_exo(*state) as second:
        assert on_exo(second.address).active_sha256 == ""


def test_a_trial_left_over_by_a_closed_program_is_ended_by_the_next_watch(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess
) -> None:
    put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address) as running:
        assert until(lambda: running.inside.newest(), running.inside)
        running.inside.inbox.append("arm")
        assert until(lambda: running.inside.last().refused, running.inside)
    assert running.inside.last().refused.code == "EXO-008"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED
    assert on_exo(exo.address).active_sha256 == ""


def test_an_exo_that_was_switched_off_meanwhile_has_no_trial_to_walk_with(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with connect(exo.address) as link:
        link.reset()
    with watched(visit, tmp_path, exo.address, trial) as running:
        ending = running.join()
    assert isinstance(ending, UserError) and ending.advice.code == "EXO-017"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED


def test_cancelling_the_stream_stops_the_exo(visit: Visit, tmp_path: Path, exo: VirtualExoProcess) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    with watched(visit, tmp_path, exo.address, trial) as running:
        assert running.inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S)
        running.inside.inbox.append("arm")
        assert running.inside.wait(lambda values: values.get("state") == DeviceState.ARMED)
        assert isinstance(running.cancel(), JobCancelled)
    assert not on_exo(exo.address).state.moves
    walk = newest(visit, RecordKind.WALK, ExoWalk)
    assert walk.end == "stopped from this program" and not walk.fault


def test_the_virtual_exo_walks_without_a_person_says_so_and_has_nothing_to_go_back_to(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    params = {"deployment_id": trial, "address": exo.address}
    record_id = virtual_walk.run(params, context(visit, "virtual_walk", params, tmp_path))
    with open_store(visit.data_dir) as store:
        deployment = store.load(record_id, Deployment)
    assert deployment.confirmed and deployment.kept_by.role == "no person"
    assert on_exo(exo.address).confirmed
    assert code_of(rolled_back, visit, tmp_path, exo.address) == "EXO-018"
    assert code_of(rolled_back, visit, tmp_path, exo.address, confirmed_patient="P-0043") == "DEP-001"
    assert code_of(rolled_back, visit, tmp_path, exo.address, role="") == "DEP-022"
    assert code_of(rolled_back, visit, tmp_path, exo.address, reason=" ") == "DEP-043"


def test_a_real_exo_is_not_kept_without_a_person(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = put_on(visit, tmp_path, exo.address)
    monkeypatch.setattr(ExoLink, "info", lambda link: replace(INFO(link), virtual=False))
    params = {"deployment_id": trial, "address": exo.address}
    asked = context(visit, "virtual_walk", params, tmp_path)
    assert code_of(virtual_walk.run, params, asked) == "DEP-023"
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED


def rolled_back(visit: Visit, tmp_path: Path, address: str, **changed: str) -> str:
    params = {"address": address, "confirmed_patient": CODE, "name": "Dr A", "role": "physician"}
    params |= {"reason": "The newer one pulls.", **changed}
    return roll_back.run(params, context(visit, "roll_back", params, tmp_path))


def confirmed_in_turn(visit: Visit, tmp_path: Path, address: str) -> list[str]:
    """Two packages of the visit, each kept; their hashes."""
    hashes = []
    for _ in range(2):
        put_on(visit, tmp_path, address)
        hashes.append(newest(visit, RecordKind.PACKAGE, Package).sha256)
        with connect(address) as link:
            confirm(link, hashes[-1])
    return hashes


def test_one_act_goes_back_to_the_controller_confirmed_before(
    visit: Visit, tmp_path: Path, exo: VirtualExoProcess
) -> None:
    first, second = confirmed_in_turn(visit, tmp_path, exo.address)
    assert on_exo(exo.address).active_sha256 == second != first
    with watched(visit, tmp_path, exo.address) as running:
        inside = running.inside
        assert until(lambda: inside.last().earlier == "1.0.0", inside)
        inside.inbox.append(roll_back_command(CLINICIAN))
        assert until(lambda: inside.last().refused is not None, inside)
        assert inside.last().refused.code == "DEP-043"
        inside.inbox.append(roll_back_command(GOING_BACK))
        assert until(lambda: inside.last().earlier == "1.1.0", inside)
        assert inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S)
        inside.inbox.append("arm")  # what runs now may be armed
        assert inside.wait(lambda values: values.get("state") == DeviceState.ARMED)
    assert on_exo(exo.address).active_sha256 == first
    back = newest(visit, RecordKind.DEPLOYMENT, Deployment)
    assert (back.handover, back.package_sha256, back.version) == (Handover.ROLLED_BACK, first, "1.0.0")
    told = next(event for event in trail_of(visit) if event.step == AuditStep.ROLLED_BACK)
    assert (told.who, told.role, told.package_sha256) == ("Dr A", "physician", first)
    assert told.meaning.endswith("Reason: The newer one pulls.")


def test_a_fault_ends_the_trial_and_the_screens_are_told_in_words(visit: Visit, tmp_path: Path) -> None:
    with virtual_exo(*quick(tmp_path), "--faults", "tcp:0") as running:
        trial = put_on(visit, tmp_path, running.address)
        with (
            FaultChannel(running.faults) as plant,
            watched(visit, tmp_path, running.address, trial) as stream,
        ):
            inside = stream.inside
            assert inside.wait(lambda values: values.get("state") == DeviceState.READY, READY_S)
            inside.inbox.append("arm")
            assert inside.wait(lambda values: values.get("state") == DeviceState.ARMED)
            plant.inject("estop")
            assert until(lambda: inside.last().saved and not inside.last().is_provisional, inside), (
                inside.said()
            )
            assert any(safety_row_text(21).what in sentence for sentence in inside.said())
    assert newest(visit, RecordKind.DEPLOYMENT, Deployment).handover is Handover.REVERTED
    assert any(event.step == AuditStep.FAULT and "S21" in event.detail for event in trail_of(visit))


def test_an_ankle_exo_is_walked_with_at_half_its_torque_and_kept(tmp_path: Path) -> None:
    """All the way of a controller that plantarflexes: packed, sent, read back, walked with, kept."""
    visit = test_deploy_tasks.signed_visit(tmp_path, trained_for(ANKLE, seed=3, peak_nm=4.0))
    options = ("--device", ANKLE, "--plant", str(QUICK_ANKLES), "--listen", "tcp:0")
    with virtual_exo(*options, "--trust", str(visit.data_dir)) as running:
        package_id = packed(visit, tmp_path)
        trial = deployed(visit, tmp_path, package_id, running.address, confirmed_device=ANKLE)
        params = {"deployment_id": trial, "address": running.address}
        record_id = virtual_walk.run(params, context(visit, "virtual_walk", params, tmp_path))
    with open_store(visit.data_dir) as store:
        kept, walk = store.load(record_id, Deployment), newest(visit, RecordKind.WALK, ExoWalk)
        package = store.load(package_id, Package)
    assert kept.handover is Handover.CONFIRMED and kept.equal
    assert package.joint is JointKind.ANKLE and "of ankle dorsiflexion" in package.gait_sentence
    assert walk.on_trial and walk.limit_nm == 2.0 and min(walk.strides) >= STRIDES
    assert walk.command_nm.max() == 0.0 and -2.0 <= walk.command_nm.min() < -1.0
    seconds = walk.time_s[walk.assisting][-1] - walk.time_s[walk.assisting][0]
    assert max(walk.strides) <= seconds / 0.65 + 1.0  # one a stride, not one a peak
    assert max(walk.match.rmse_nm_kg) < 0.01  # the motors did what this controller asks for
