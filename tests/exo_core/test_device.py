"""The whole exo by its protocol: from an upload to assisted walking, and nothing by accident."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.devices import exo_messages
from core.devices.exo_protocol import (
    BUFFER_BYTES,
    CONTROL_HZ,
    TELEMETRY_RECORD_BYTES,
    EventRecord,
    unpack_events,
    unpack_telemetry,
)
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.library import Library
from core.exo_core.storage import Area
from tests.deploy.controllers import LIMITS, package
from tests.exo_core.host import ENUMERATION, EXO, FILES, HEADER, IMAGE, OS, READ, WRITE, Exo
from tests.exo_core.test_blob import with_manifest


@cache
def controller(seed: int = 3) -> bytes:
    return package(seed=seed, gain=1.2).device_bytes


def name_of(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def ready_exo(core: Library) -> tuple[Exo, bytes]:
    exo = Exo(core)
    name = exo.install(controller())
    exo.wear()
    assert exo.state is DeviceState.READY
    return exo, name


def assisting_exo(core: Library) -> tuple[Exo, bytes]:
    exo, name = ready_exo(core)
    assert exo.arm(name) == {"state": DeviceState.ARMED}
    exo.run(6.0)
    assert exo.state is DeviceState.ACTIVE
    return exo, name


def test_an_upload_is_tried_confirmed_armed_and_assists(core: Library):
    exo, _ = assisting_exo(core)
    torque = np.abs(exo.run(2.0))
    assert 1.0 < torque.max() <= 6.0
    assert exo.bench.enabled


def test_answers_have_the_form_the_app_expects(core: Library):
    exo, _ = assisting_exo(core)
    exo.tick(lambda inputs: setattr(inputs, "estop", True))
    answers = {
        exo_messages.InfoAnswer: exo.ask(EXO, 0),
        exo_messages.SlotsAnswer: exo.ask(EXO, 1),
        exo_messages.LimitsAnswer: exo.ask(EXO, 5),
        exo_messages.TelemetryAnswer: exo.ask(EXO, 8, since=0, max=5),
        exo_messages.FaultsAnswer: exo.ask(EXO, 9),
        exo_messages.HeartbeatAnswer: exo.ask(EXO, 7, WRITE, t_host=1),
        exo_messages.ArmAnswer: exo.ask(EXO, 6, WRITE, arm=False),
        exo_messages.FaultsAcked: exo.ask(EXO, 9, WRITE, ack=True),
        exo_messages.SelfTestAnswer: exo.ask(EXO, 4, WRITE),
        exo_messages.WornAnswer: exo.ask(EXO, 10),
        exo_messages.PutOnAnswer: exo.ask(EXO, 10, WRITE),
    }
    for kind, said in answers.items():
        wanted = {
            key for key in kind.model_fields if key not in ("header", "version", "sequence", "smp_data")
        }
        # An exo says "joint" and "direction" only where these are not those of exos before there were others.
        assert set(said) == wanted - {"joint", "direction"}, kind.__name__

    info, slots = answers[exo_messages.InfoAnswer], answers[exo_messages.SlotsAnswer]
    assert (info["active"], info["sha"], info["confirmed"]) == ("A", name_of(controller()), True)
    assert [exo_messages.SlotEntry(**slot).state for slot in slots["slots"]] == ["confirmed", "empty"]
    assert slots["slots"][0]["subject_tag"] == package(seed=3).blob.subject_tag
    assert answers[exo_messages.SelfTestAnswer]["passed"]
    assert answers[exo_messages.LimitsAnswer]["peak_nm"] == LIMITS.peak_nm


def test_telemetry_has_no_gaps_and_says_what_it_lost(core: Library):
    exo, _ = assisting_exo(core)
    exo.run(1.0)
    since, records = exo.ask(EXO, 8, since=0xFFFFFFFF, max=10)["next"], []
    for _ in range(20):
        exo.run(0.1)
        said = exo.ask(EXO, 8, since=since, max=100)
        assert said["lost"] == 0
        records += unpack_telemetry(said["data"])
        since = said["next"]
    assert [record.seq for record in records] == list(range(records[0].seq, records[0].seq + 200))
    assert records[-1].command_nm == exo.bench.torque_nm
    assert records[-1].state == DeviceState.ACTIVE

    exo.run(10.0)
    assert exo.ask(EXO, 8, since=since, max=100)["lost"] == 600


def test_stop_is_obeyed_whatever_else_it_says(core: Library):
    exo, _ = assisting_exo(core)
    assert exo.ask(EXO, 6, WRITE, arm=False, sha=b"nonsense", nonce=7)["state"] == DeviceState.SAFE
    exo.tick()
    assert (exo.bench.torque_nm, exo.bench.enabled) == ((0.0, 0.0), False)


def test_nothing_is_changed_while_the_exo_assists(core: Library):
    exo, name = assisting_exo(core)
    for group, command, request in (
        (IMAGE, 1, {"off": 0, "data": b"x", "len": 1, "sha": bytes(32)}),
        (IMAGE, 0, {"hash": name, "confirm": True}),
        (IMAGE, 5, {}),
        (OS, 5, {}),
        (EXO, 3, {"action": "revert"}),
        (EXO, 4, {}),
        (EXO, 5, {"peak_nm": 1.0, "rate_nm_s": 1.0, "hip_range_rad": 1.0}),
        (EXO, 9, {"ack": True}),
    ):
        said = exo.ask(group, command, WRITE, **request)
        assert said in ({"rc": 6}, {"err": {"group": EXO, "rc": 3}}), (group, command, said)
    assert exo.state is DeviceState.ACTIVE
    assert not exo.device.reset_requested


def test_an_arm_needs_this_controller_and_this_number(core: Library):
    exo, name = ready_exo(core)
    nonce = exo.ask(EXO, 0)["nonce"]
    refused = lambda rc: {"err": {"group": EXO, "rc": rc}}  # noqa: E731
    assert exo.arm(bytes(32)) == refused(4)
    request = {"arm": True, "sha": name, "max_nm": 6.0, "ramp_s": 1.0}
    assert exo.ask(EXO, 6, WRITE, nonce=nonce, **request) == refused(5)  # used up
    assert exo.ask(EXO, 6, WRITE, arm=True, sha=name) == {"rc": 3}
    assert exo.ask(EXO, 6, WRITE, nonce=exo.ask(EXO, 0)["nonce"], **{**request, "max_nm": 1e300}) == {"rc": 3}
    assert exo.state is DeviceState.READY


def test_an_unconfirmed_controller_gives_half_and_is_gone_after_a_reset(core: Library):
    exo = Exo(core)
    data = controller()
    exo.upload(data)
    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(data))
    exo.ask(EXO, 3, WRITE, action="activate")
    exo.wear()
    exo.arm(name_of(data), max_nm=99.0)
    assert np.abs(exo.run(10.0)).max() <= LIMITS.peak_nm / 2

    exo.device.boot()
    info = exo.ask(EXO, 0)
    assert (info["active"], info["sha"], exo.state) == ("F", b"", DeviceState.SAFE)


def test_a_fault_ends_a_trial_and_the_controller_before_is_back(core: Library):
    exo = Exo(core)
    before = exo.install(controller(seed=4))
    exo.upload(controller())
    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(controller()))
    exo.ask(EXO, 3, WRITE, action="activate")
    exo.wear()
    assert exo.arm(name_of(controller())) == {"state": DeviceState.ARMED}
    exo.tick(lambda inputs: setattr(inputs, "estop", True))

    assert exo.ask(EXO, 0)["sha"] == before
    assert exo.ask(EXO, 1)["slots"][1]["state"] == "valid"
    assert exo.ask(EXO, 3, WRITE, action="confirm", sha=name_of(controller())) == {
        "err": {"group": EXO, "rc": 4}
    }
    assert exo.state is DeviceState.FAULT


@pytest.mark.parametrize("wrong", ["junk", "other exo", "golden", "envelope", "no envelope"])
def test_what_is_no_controller_for_this_exo_never_runs(core: Library, wrong: str):
    data = {
        "junk": lambda: b"junk" * 100,
        "other exo": lambda: with_manifest(controller(), lambda m: m["device_profile"].update(id="Other")),
        "golden": lambda: with_manifest(controller(), lambda m: m["net"].update(kp_nm_rad=51.0)),
        "envelope": lambda: with_manifest(controller(), lambda m: m["envelope"].update(angle_rad=[1, 0])),
        "no envelope": lambda: with_manifest(controller(), lambda m: m.pop("envelope")),
    }[wrong]()
    exo = Exo(core)
    exo.install(controller(seed=4))
    exo.upload(data)
    exo.ask(EXO, 3, WRITE, action="test", sha=name_of(data))
    exo.ask(EXO, 3, WRITE, action="activate")

    slots = exo.ask(EXO, 1)
    assert slots["active"] == "A"
    assert slots["slots"][1]["state"] == "bad"
    assert exo.ask(EXO, 0)["sha"] == name_of(controller(seed=4))


def test_the_envelope_of_the_package_is_kept(core: Library):
    data = with_manifest(controller(), lambda m: m["envelope"].update(angle_rad=[-0.1, 0.1]))
    exo = Exo(core)
    name = exo.install(data)
    exo.wear()
    exo.arm(name)
    assert set(exo.run(8.0)) == {(0.0, 0.0)}  # this walk swings further than that (S13)


def test_weights_that_change_in_memory_stop_the_exo_within_a_second_and_never_run_again(core: Library):
    exo, name = assisting_exo(core)
    memory = exo.device._memory
    memory[2000] ^= 1 << 13

    exo.run(1.0)
    assert exo.state is DeviceState.FAULT
    assert exo.bench.torque_nm == (0.0, 0.0)
    assert exo.ask(EXO, 9)["faults"][-1]["code"] == 22
    exo.ask(EXO, 9, WRITE, ack=True)
    exo.run(1.0)
    assert exo.ask(EXO, 0)["sha"] != name
    assert exo.state is DeviceState.SAFE


def test_a_broken_storage_leaves_the_factory_controller(core: Library):
    exo = Exo(core)
    exo.install(controller())
    exo.bench.dead = True
    exo.device.boot()
    assert exo.ask(EXO, 0)["active"] == "F"
    assert exo.state is DeviceState.SAFE


def test_the_sensors_tell_how_they_sit(core: Library):
    exo, name = ready_exo(core)
    assert exo.ask(EXO, 10) == {"blocked_by": 0, "standing": True, "walking": True}
    exo.ask(EXO, 10, WRITE)
    exo.run(0.1)
    assert exo.ask(EXO, 10) == {"blocked_by": 12, "standing": False, "walking": False}
    assert exo.arm(name) == {"err": {"group": EXO, "rc": 13}}


def test_the_core_and_the_link_spell_states_and_refusals_alike(core: Library):
    assert {state.name: state.value for state in DeviceState} == {
        state.name: state.value for state in DeviceState
    }
    known = {rc.name: rc.value for rc in Rc} | {"STORAGE": Rc.UNKNOWN}
    for kind in (Rc, Rc):
        assert {rc.name: rc.value for rc in kind}.items() <= known.items()
    assert Exo(core).ask(EXO, 0)["ctrl_hz"] == CONTROL_HZ
    assert core.lib.EXO_TELEMETRY_BYTES == TELEMETRY_RECORD_BYTES
    assert core.lib.EXO_SMP_BUFFER == BUFFER_BYTES


# the public groups


def test_stock_tools_find_what_they_expect(core: Library):
    exo = Exo(core)
    name = exo.install(controller())
    assert exo.ask(OS, 0, WRITE, d="hello") == {"r": "hello"}
    assert exo.ask(OS, 6) == {"buf_size": 2048, "buf_count": 1}
    assert exo.ask(OS, 7) == {"output": "exotwin-virtual 1"}
    image = exo.ask(IMAGE, 0)["images"][0]
    assert (image["hash"], image["slot"], image["active"], image["permanent"]) == (name, 0, True, True)
    assert exo.ask(ENUMERATION, 0) == {"count": 5}
    assert exo.ask(ENUMERATION, 1) == {"groups": [OS, IMAGE, FILES, ENUMERATION, EXO]}
    assert exo.ask(ENUMERATION, 2, index=4) == {"group": EXO, "end": True}
    assert exo.ask(ENUMERATION, 2, index=5) == {"rc": 3}
    assert exo.ask(99, 0) == {"rc": 8}
    assert exo.ask(OS, 5, WRITE) == {}
    assert exo.device.reset_requested


def test_what_is_stored_can_be_read_back(core: Library):
    exo = Exo(core)
    exo.install(controller())
    data = b""
    while len(data) < len(controller()):
        said = exo.ask(FILES, 0, name="/slots/A.bin", off=len(data))
        data += said["data"]
    assert data == controller()
    assert exo.ask(FILES, 1, name="/slots/A.bin") == {"len": len(data)}
    assert exo.ask(FILES, 0, name="/slots/B.bin", off=0) == {"err": {"group": FILES, "rc": 3}}
    assert exo.ask(FILES, 0, name="/slots/A.bin", off=1 << 20) == {"err": {"group": FILES, "rc": 12}}


def test_the_events_can_be_downloaded(core: Library):
    exo, _ = assisting_exo(core)
    exo.tick(lambda inputs: setattr(inputs, "estop", True))
    log = exo.ask(FILES, 0, name="/log/events.bin", off=0)["data"]
    assert unpack_events(log)[-1] == EventRecord(21, True, exo.bench.clock_us)


def test_the_old_form_of_a_refusal_is_kept_for_old_hosts(core: Library):
    exo = Exo(core)
    frame = HEADER.pack(READ, 0, 0, EXO, 9, 4)
    assert exo.device.answer(HEADER.pack(WRITE, 0, 0, EXO, 9, 4))[8:] == b"\xa1brc\x08"
    assert exo.device.answer(frame)[8:] == b"\xa1brc\x08"


# anything at all

GROUPS = st.sampled_from([OS, IMAGE, FILES, ENUMERATION, EXO, 64])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**33), 2**33)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = """d off data len sha hash confirm slot name index action arm nonce max_nm ramp_s
    peak_nm rate_nm_s hip_range_rad since max ack t_host datetime reason"""
KEYS = st.sampled_from(NAMES.split())


@settings(max_examples=100, deadline=None)
@given(frames=st.lists(st.binary(max_size=80), max_size=10))
@example(frames=[bytes(8), b"\x0a" + bytes(7), b"\x08\x00\xff\xff" + bytes(4)])
def test_any_bytes_as_frames_leave_the_exo_safe(core: Library, frames: list[bytes]):
    exo = Exo(core)
    for frame in frames:
        answer = exo.device.answer(frame)
        assert answer is None or len(answer) >= 8
        exo.tick()
    assert exo.state is DeviceState.SAFE


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    requests=st.lists(
        st.tuples(
            GROUPS,
            st.integers(0, 11),
            st.sampled_from([READ, WRITE]),
            st.dictionaries(KEYS, VALUES, max_size=5),
        ),
        max_size=8,
    )
)
def test_any_request_is_answered_and_leaves_the_exo_safe(
    core: Library, requests: list[tuple[int, int, int, dict]]
):
    exo = Exo(core)
    for group, command, operation, request in requests:
        exo.ask(group, command, operation, **request)
        exo.tick()
    assert exo.state is DeviceState.SAFE
    assert exo.bench.torque_nm == (0.0, 0.0)


def test_the_two_halves_of_the_storage_stay_apart(core: Library):
    exo = Exo(core)
    exo.install(controller())
    exo.install(controller(seed=4))
    areas = exo.bench.areas
    assert areas[Area.SLOT_A].startswith(controller())
    assert areas[Area.SLOT_B].startswith(controller(seed=4))
    assert exo.ask(EXO, 3, WRITE, action="revert") == {"active": "A"}
