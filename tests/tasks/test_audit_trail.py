"""Claims about what the jobs write down: refusals go on, and the exo's own faults come in once."""

from __future__ import annotations

import time

import pytest

from core.deploy.live import ArmPermit, ExoMonitor
from core.deploy.transfer import transfer
from core.devices.exo_link import connect
from core.devices.exo_protocol import HEARTBEAT_TIMEOUT_S
from core.domain.audit import AuditEvent
from core.domain.exo_protocol import DeviceState
from core.errors import refuse
from core.store.repository import open_store
from core.tasks.audit_trail import Trail
from tests.deploy.controllers import package
from tests.refusals import refused
from tests.virtual_exo.virtual_exo_process import virtual_exo

ABOUT = AuditEvent("", "Dr A", visit_id="visit-1", package_sha256="ab" * 32)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def test_a_refusal_is_written_down_and_goes_on(store):
    with refused("DEP-013"), Trail(store, ABOUT).refusals():
        raise refuse("DEP-013", "It expired.", "Time went by.", "Make a new one.")
    (entry,) = store.audit_trail()
    assert (entry.event.step, entry.event.who, entry.event.visit_id) == ("refused", "Dr A", "visit-1")
    assert entry.event.detail == "It expired. Time went by. Make a new one. [DEP-013]"


@pytest.mark.slow
def test_what_the_exo_remembers_comes_in_once(store):
    trail = Trail(store, ABOUT)
    with virtual_exo("--listen", "tcp:0") as running, connect(running.address) as link:
        trail.set_device(running.serial)
        trail.merge_faults(link)
        assert store.audit_trail() == ()
        fall_silent_while_armed(link)
        trail.merge_faults(link)
        trail.merge_faults(link)
        (fault,) = link.faults()
    (entry,) = store.audit_trail()
    assert entry.event.step == "fault" and entry.event.device_serial == running.serial
    assert str(fault.time_ms) in entry.event.detail and fault.detail in entry.event.detail
    assert store.audit_break() is None


def fall_silent_while_armed(link):
    """The exo stops by itself and remembers that the program fell silent."""
    contents = package()
    transfer(link, contents, lambda fraction, sentence: None)
    ExoMonitor(link, ArmPermit(contents.blob.sha256, "s"), lambda sentence: None).handle_command("arm")
    assert link.info().state is DeviceState.ARMED
    end = time.monotonic() + 10.0
    while not link.faults() and time.monotonic() < end:
        time.sleep(HEARTBEAT_TIMEOUT_S)
