"""Exos at the ankle, and exos that turn their joint one way only, in the C core."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from core.deploy.blob import BlobError, read_blob
from core.deploy.envelope import strides_of
from core.deploy.golden import reference_torque
from core.deploy.package import parse_package
from core.devices.exo_messages import InfoAnswer, LimitsAnswer
from core.devices.exo_protocol import unpack_telemetry
from core.devices.profiles import load_profile
from core.domain.arrays import FloatArray
from core.domain.body import JointKind
from core.domain.controller import NetworkOutput, TorqueDirection
from core.domain.exo_protocol import DeviceState, Rc
from core.exo_core.controller import BlobFault, BlobRefused, Controller
from core.exo_core.library import Library
from core.exo_core.safety import JOINTS, Limits, Profile, joint_number
from core.virtual_exo.wearer import plain_ankle_walk
from tests.deploy.ankles import ANKLE, SUIT, one_way, package_for
from tests.deploy.controllers import built, package
from tests.exo_core.host import EXO, WRITE, Exo
from tests.exo_core.test_blob import fault_of, with_manifest
from tests.exo_core.wearer import ready_wearer
from tests.exo_core.worn_walks import WornWalk

BOOT = Profile(Limits.of(load_profile(ANKLE).limits), joint=joint_number(JointKind.ANKLE))
EXTENDS = Limits(direction=2)


def walk(seconds: float = 9.0, stride_s: float = 1.1) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Angle and velocity of the ankles and turning of the shanks (T, 2), with noise of the sensors."""
    motion = plain_ankle_walk(stride_s)
    legs = [motion.at(tick / 100.0) for tick in range(round(100 * seconds))]
    rng = np.random.default_rng(3)
    return tuple(  # type: ignore[return-value]
        np.array([getattr(one, name) for one in legs]) + rng.normal(0.0, 0.005, (len(legs), 2))
        for name in ("angle_rad", "velocity_rad_s", "lean_rad_s")
    )


# What a package says


@pytest.mark.parametrize("direction", TorqueDirection)
@pytest.mark.parametrize("output", NetworkOutput)
def test_one_way_gives_the_bits_of_the_simulation(
    core: Library, direction: TorqueDirection, output: NetworkOutput
):
    made = one_way(direction, output)
    data = parse_package(built(made).archive).device_bytes
    rng = np.random.default_rng(8)
    angle, speed = (rng.normal(0.0, size, (200, 2)).astype(np.float32) for size in (0.3, 2.0))
    expected = reference_torque(made.controller, angle, speed)

    controller = Controller(data, core)

    assert controller.selftest().passed
    assert controller.run(angle, speed).tobytes() == expected.tobytes()
    low, high = direction.shares()
    assert (expected.min() < 0.0, expected.max() > 0.0) == (low < 0.0, high > 0.0)


def test_a_package_says_joint_and_direction_and_comes_back(core: Library):
    found = package_for(ANKLE).blob
    assert (found.joint, found.controller.limits.direction) == (JointKind.ANKLE, TorqueDirection.EXTENSION)
    assert [entry["signal"] for entry in found.manifest["net"]["inputs"]] == [
        "joint_angle_left", "joint_angle_right", "joint_velocity_left", "joint_velocity_right"
    ]  # fmt: skip
    assert Controller(package_for(ANKLE).device_bytes, core, JointKind.ANKLE).selftest().passed
    suit = package_for(SUIT).blob
    assert (suit.joint, suit.controller.limits.direction) == (
        JointKind.HIP_FLEXION,
        TorqueDirection.EXTENSION,
    )


def test_what_goes_both_ways_at_a_hip_is_written_as_before_there_were_others():
    manifest = package(seed=3).blob.manifest
    assert set(manifest["limits"]) == {"peak_nm", "rate_nm_s", "hip_range_rad"}
    assert manifest["device_profile"] == {"id": "Hippo_L1", "joint": "hip_flexion", "control_hz": 100.0}
    assert [entry["signal"] for entry in manifest["net"]["inputs"]][:2] == [
        "thigh_angle_left",
        "thigh_angle_right",
    ]


def test_a_controller_of_another_joint_is_refused(core: Library):
    ankle, hip = package_for(ANKLE).device_bytes, package(seed=3).device_bytes
    for data, joint in ((ankle, JointKind.HIP_FLEXION), (hip, JointKind.ANKLE)):
        with pytest.raises(BlobRefused) as refused:
            Controller(data, core, joint)
        assert refused.value.fault is BlobFault.WRONG_JOINT
    for joint in ("knee_angle", "hip", None, 3):
        strange = with_manifest(
            hip, lambda manifest, joint=joint: manifest["device_profile"].update(joint=joint)
        )
        assert fault_of(core, strange) is BlobFault.WRONG_JOINT
        with pytest.raises(BlobError):
            read_blob(strange)


def test_names_and_directions_that_nobody_knows_are_refused_by_both(core: Library):
    """A name of the thigh is none of an ankle; a hip knows both."""
    ankle, hip = package_for(ANKLE).device_bytes, package(seed=3).device_bytes

    def renamed(data: bytes, name: str) -> bytes:
        return with_manifest(data, lambda manifest: manifest["net"]["inputs"][0].update(signal=name))

    def directed(word: object) -> bytes:
        return with_manifest(hip, lambda manifest: manifest["limits"].update(direction=word))

    assert fault_of(core, renamed(ankle, "thigh_angle_left")) is BlobFault.BAD_NETWORK
    assert fault_of(core, renamed(hip, "joint_angle_left")) is None
    assert read_blob(renamed(hip, "joint_angle_left")).controller.reads == read_blob(hip).controller.reads
    assert fault_of(core, directed("sideways")) is BlobFault.BAD_NUMBER
    assert fault_of(core, directed(1)) is BlobFault.BAD_NUMBER
    for data in (renamed(ankle, "thigh_angle_left"), directed("sideways"), directed(1)):
        with pytest.raises(BlobError):
            read_blob(data)


# What an exo takes


def detail_of(exo: Exo, data: bytes) -> str:
    """Why it did not take it; "" when it did."""
    exo.upload(data)
    return str(exo.ask(EXO, 1)["slots"][0]["detail"])


def test_an_exo_takes_a_controller_of_its_own_joint_and_direction_only(core: Library):
    boot, hip = package_for(ANKLE).device_bytes, package(seed=3).device_bytes
    flexes = with_manifest(boot, lambda manifest: manifest["limits"].update(direction="flexion"))
    renamed = with_manifest(boot, lambda manifest: manifest["device_profile"].update(id="Hippo_L1"))
    assert detail_of(Exo(core, BOOT, profile_id=ANKLE), boot) == ""
    assert detail_of(Exo(core), renamed) == "made for another joint"
    assert detail_of(Exo(core, BOOT), hip) == "made for another joint"
    assert detail_of(Exo(core), boot) == "made for another kind of exo"
    golden = detail_of(Exo(core, BOOT, profile_id=ANKLE), flexes)
    assert golden == "made to turn the joint the other way"


def test_an_exo_says_its_joint_and_direction_where_they_are_not_the_usual_ones(core: Library):
    boot, hippo = Exo(core, BOOT, profile_id=ANKLE), Exo(core)
    assert (boot.ask(EXO, 0)["joint"], boot.ask(EXO, 0)["direction"]) == ("ankle_angle", "extension")
    assert set(boot.ask(EXO, 0)) == set(hippo.ask(EXO, 0)) | {"joint", "direction"}
    assert boot.ask(EXO, 5)["direction"] == "extension"
    assert InfoAnswer.model_fields["joint"].default == "hip_flexion"
    assert (
        InfoAnswer.model_fields["direction"].default
        == LimitsAnswer.model_fields["direction"].default
        == "both"
    )


# The supervisor


def test_a_torque_the_other_way_never_passes(core: Library):
    wearer = ready_wearer(core, limits=EXTENDS)
    assert wearer.arm() is Rc.OK
    torques = wearer.run(6.0, requested_nm=(6.0, -6.0))
    assert torques[-1] == (0.0, -6.0)
    assert not any(left for left, _right in torques)


def test_a_visit_may_forbid_a_direction_and_never_allow_one(core: Library):
    exo = ready_wearer(core).supervisor
    assert exo.tighten(Limits(direction=1)) is Rc.OK
    assert exo.limits.direction == 1
    assert exo.tighten(Limits()) is Rc.LIMIT_RAISED
    assert exo.tighten(Limits(direction=2)) is Rc.LIMIT_RAISED
    assert exo.tighten(Limits(direction=7)) is Rc.BAD_REQUEST
    asked = {"peak_nm": 5.0, "rate_nm_s": 50.0, "hip_range_rad": 0.5}
    boot = Exo(core, BOOT, profile_id=ANKLE)
    assert boot.ask(EXO, 5, WRITE, **asked)["direction"] == "extension"  # who names none leaves it
    assert boot.ask(EXO, 5, WRITE, **asked, direction="both")["err"]["rc"] == Rc.LIMIT_RAISED
    assert "rc" in boot.ask(EXO, 5, WRITE, **asked, direction="sideways")


def test_limits_of_opposite_directions_leave_no_torque(core: Library):
    profile = Profile(replace(Limits(), direction=1))
    wearer = ready_wearer(core, profile=profile, limits=EXTENDS)
    wearer.arm()
    assert set(wearer.run(3.0, requested_nm=(6.0, -6.0))) == {(0.0, 0.0)}


def test_the_firmware_lets_an_ankle_have_more_torque_and_less_range(core: Library):
    wide = Limits(99.0, 999.0, 3.0)
    held = [ready_limits(core, joint, wide) for joint in range(len(JOINTS))]
    assert held[0] == pytest.approx((18.0, 150.0, 1.396)) and held[1] == pytest.approx((30.0, 300.0, 0.785))
    assert ready_limits(core, 7, wide) == (0.0, 0.0, 0.0)  # no joint that it knows


def ready_limits(core: Library, joint: int, limits: Limits) -> tuple[float, float, float]:
    found = Exo(core, Profile(limits, joint=joint)).ask(EXO, 5)
    return found["peak_nm"], found["rate_nm_s"], found["hip_range_rad"]


def test_s02_an_absurd_wish_latches_at_an_ankle_too(core: Library):
    worn = assisted_boot(core)
    list(worn.walk(400))
    worn.exo.device.corrupt_control_law(1e6)
    moments = list(worn.walk(10))
    assert worn.exo.state is DeviceState.FAULT and moments[-1].torque_nm == (0.0, 0.0)
    assert worn.exo.ask(EXO, 9)["faults"][-1]["code"] == 2


# The gait of an ankle


def assisted_boot(core: Library, **changes: float) -> WornWalk:
    """Someone who walks with an ExoBoot that may assist."""
    worn = WornWalk(core, package_for(ANKLE).device_bytes, *walk(**changes), profile=BOOT, profile_id=ANKLE)
    worn.get_ready()
    worn.arm()
    return worn


@pytest.mark.parametrize("stride_s", [0.75, 1.1, 1.6])
def test_an_ankle_makes_one_stride_where_its_angle_has_two_peaks(core: Library, stride_s: float):
    angle, velocity, shank = walk(stride_s=stride_s)
    by_angle = strides_of(angle[:, 0], velocity[:, 0], 100.0)
    by_shank = strides_of(angle[:, 0], velocity[:, 0], 100.0, shank[:, 0])
    lengths_s = [(two.last - one.last) / 100.0 for one, two in pairwise(by_shank)]
    assert lengths_s == pytest.approx([stride_s] * len(lengths_s), abs=0.05)
    # From peak to peak of the angle it is a part of a stride, if it is not too short to count at all.
    assert all(one.last - one.first < 85.0 * stride_s for one in by_angle)

    moments = list(assisted_boot(core, stride_s=stride_s, seconds=14.0).walk(800))

    assert moments[-1].strides == pytest.approx((8.0 / stride_s, 8.0 / stride_s), abs=1.0)
    assert not any(any(moment.faded_by_strides) for moment in moments)
    assert any(min(moment.torque_nm) < -1.0 for moment in moments)
    assert max(max(moment.torque_nm) for moment in moments) == 0.0  # plantarflexion only


def test_the_program_finds_the_strides_of_an_ankle_as_the_exo_does(core: Library):
    angle, velocity, shank = walk(seconds=14.0)
    worn = assisted_boot(core, seconds=14.0)
    first = worn.person.tick + 1
    noticed = [tick for tick, moment in changes_of(list(worn.walk(800)), first)]

    found = [one.last for one in strides_of(angle[:, 0], velocity[:, 0], 100.0, shank[:, 0])]

    assert noticed == pytest.approx([tick for tick in found if first <= tick < first + 800], abs=1)


def changes_of(moments, first):
    """Ticks in which the left leg ended a stride."""
    before = 0
    for number, moment in enumerate(moments):
        if moment.strides[0] != before:
            yield first + number, moment
        before = moment.strides[0]


def test_telemetry_tells_the_strides_of_an_ankle_and_is_unchanged_at_a_hip(core: Library):
    worn = assisted_boot(core)
    worn.exo.wearer = worn.person
    list(worn.walk(300))
    seq = worn.exo.device._device.seq
    records = [
        record
        for since in range(seq - 300, seq, 40)
        for record in unpack_telemetry(worn.exo.ask(EXO, 8, since=since, max=40)["data"])
    ]
    ended = np.array([record.stride_ended for record in records])
    assert (ended.sum(axis=0) >= 2).all() and (ended.sum(axis=0) <= 3).all()
    assert unpack_telemetry(records[0].pack())[0].stride_ended == records[0].stride_ended
    velocity = np.array([record.velocity_rad_s for record in records])
    assert np.abs(velocity).max() > 2.0  # that of the ankle, which the controller reads


def test_s08_nobody_whose_ankles_move_without_a_step_is_pushed(core: Library):
    worn = assisted_boot(core)
    worn.person.shank_scale = 0.0  # sits and moves the feet
    list(worn.walk(300))
    assert all(moment.torque_nm == (0.0, 0.0) for moment in worn.walk(200))


def test_s07_strides_of_another_size_fade_within_two(core: Library):
    for scale in (0.4, 1.7):
        worn = assisted_boot(core, seconds=16.0)
        list(worn.walk(300))
        worn.person.scale = scale
        moments = list(worn.walk(500))
        first = next(moment for moment in moments if any(moment.faded_by_strides))
        assert min(first.strides) <= 3


def test_s10_a_shank_sensor_that_is_stuck_is_a_fault(core: Library):
    worn = assisted_boot(core)
    list(worn.walk(200))
    worn.person.stuck_shank = True
    list(worn.walk(15))
    assert worn.exo.state is DeviceState.FAULT
    assert worn.exo.ask(EXO, 9)["faults"][-1]["code"] == 10


@pytest.mark.parametrize(
    "wrong", ["left encoder counts the other way", "both shanks of one leg", "shank turned about its length"]
)
def test_s12_an_ankle_exo_that_sits_wrong_is_never_ready(core: Library, wrong: str):
    angle, velocity, shank = walk()
    if "encoder" in wrong:
        angle[:, 0], velocity[:, 0] = -angle[:, 0], -velocity[:, 0]
    elif "one leg" in wrong:
        shank[:, 1] = shank[:, 0]
    worn = WornWalk(
        core, package_for(ANKLE).device_bytes, angle, velocity, shank, profile=BOOT, profile_id=ANKLE
    )
    worn.person.turned = "turned" in wrong
    worn.exo.run(9.0)
    assert worn.exo.device.blocked_by == 12
