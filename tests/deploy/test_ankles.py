"""Packages of ankle exos and of exos that turn one way: an ankle controller goes to an ankle exo only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.deploy.checks import check_exo, check_package, examine
from core.deploy.manifest import profile_sha256
from core.deploy.package import parse_package
from core.deploy.package_text import package_lines
from core.deploy.signal_names import name_of, sense_of
from core.deploy.walk_recorder import WalkRecorder
from core.devices.exo_protocol import TelemetryRecord
from core.devices.exo_values import ExoInfo
from core.devices.profiles import device_ids, load_profile
from core.domain.body import JointKind
from core.domain.controller import Package, Sense, TorqueDirection, TorqueLimits
from core.domain.exo_protocol import DeviceState
from core.domain.gait_envelope import GaitEnvelope
from tests.deploy.ankles import ANKLE, SUIT, package_for, trained_for
from tests.deploy.controllers import DEVICE, SMALL, built, check_context, trained
from tests.refusals import code_of

BOOT = load_profile(ANKLE)
OF_AN_ANKLE = GaitEnvelope(
    (-0.3, -0.3), (0.25, 0.25), (0.3, 0.3), (0.7, 0.7), -7.0, 20.0, -0.3, 0.25, -6.0, 5.0
)


def test_a_package_for_the_ankle_passes_every_check_and_says_so():
    package = package_for(ANKLE, envelope=OF_AN_ANKLE)
    check_package(package, check_context(device_id=ANKLE))
    words = {
        check.name: check.words for check in examine(archive(), "p", check_context(device_id=ANKLE)).checks
    }
    assert words["device"] == "For DephyExoBoot_L1 at the ankle, any serial number."
    assert words["limits"].startswith("At most 12 N m, 300 N m/s, 40°, plantarflexion only;")
    assert "27° to 24° of ankle dorsiflexion" in words["gait"]
    lines = "\n".join(package_lines(package))
    assert "Turns          the ankle, plantarflexion only" in lines
    assert "Left ankle" in lines and "joint_angle_left" in lines and "thigh" not in lines


def archive() -> bytes:
    return built(trained_for(ANKLE, envelope=OF_AN_ANKLE), profile=BOOT).archive


def test_a_package_for_the_hip_says_what_it_always_said():
    checks = examine(built().archive, "p", check_context()).checks
    words = {check.name: check.words for check in checks}
    assert words["device"] == "For Hippo_L1 at the hip, any serial number."
    assert words["limits"].startswith("At most 12 N m, 150 N m/s, 80°; first session")
    assert "of thigh flexion" in words["gait"]
    lines = "\n".join(package_lines(parse_package(built().archive)))
    assert "Turns          the hip, both ways" in lines and "Left thigh" in lines


def test_a_controller_of_another_joint_is_not_packed():
    hip_for_boot = replace(trained(hidden=SMALL), device_id=ANKLE)
    assert code_of(built, hip_for_boot, profile=BOOT) == "EXO-040"
    ankle_for_hippo = replace(trained_for(ANKLE), device_id=DEVICE)
    assert code_of(built, ankle_for_hippo) == "EXO-040"


def test_a_controller_that_turns_only_the_other_way_is_not_packed():
    made = trained_for(ANKLE)
    flexes = replace(made.controller.limits, direction=TorqueDirection.FLEXION)
    other = replace(made, controller=replace(made.controller, limits=flexes))
    assert code_of(built, other, profile=BOOT) == "EXO-044"


def test_a_package_of_another_joint_than_the_profiles_is_refused():
    """By a program whose profile of this exo says another joint."""
    at_the_hip = replace(BOOT, joint=JointKind.HIP_FLEXION)
    context = check_context(device_id=ANKLE, profile=lambda name: at_the_hip)
    assert code_of(check_package, package_for(ANKLE), context) == "EXO-041"


def test_a_package_that_may_turn_both_ways_is_refused_for_an_exo_of_one():
    """Well signed, by a program that did not take the tighter of both."""
    both = replace(BOOT, limits=replace(BOOT.limits, direction=TorqueDirection.BOTH))
    made = trained_for(ANKLE)
    free = replace(made.controller.limits, direction=TorqueDirection.BOTH)
    loose = replace(made, controller=replace(made.controller, limits=free))
    package = parse_package(built(loose, profile=both).archive)
    context = check_context(device_id=ANKLE)
    codes = [check.advice.code for check in examine(built(loose, profile=both).archive, "p", context).checks
             if check.advice]  # fmt: skip
    assert (
        codes == ["DEP-015", "DEP-014"] and package.blob.controller.limits.direction is TorqueDirection.BOTH
    )


def test_an_exo_at_another_joint_gets_no_package():
    info = ExoInfo("SN", ANKLE, "fw", True, 100, BOOT.limits, DeviceState.SAFE, "F", "", False, b"", 0, 0)
    at_the_ankle = replace(info, joint=JointKind.ANKLE)
    keys = check_context().keys
    check_exo(package_for(ANKLE), keys, at_the_ankle)
    assert code_of(check_exo, package_for(ANKLE), keys, info) == "EXO-042"
    assert code_of(check_exo, package_for(SUIT), keys, at_the_ankle) == "EXO-042"


def test_the_profile_of_an_exo_from_before_keeps_its_hash_and_others_have_one_of_all_they_say():
    """A package of an earlier version is held against it."""
    hippo = load_profile(DEVICE)
    assert profile_sha256(hippo) == "a43f3d58ef943435265bb2271b306e32a63eae030979639acc3988734ec1f72a"
    one_way = replace(hippo, limits=replace(hippo.limits, direction=TorqueDirection.EXTENSION))
    assert len({profile_sha256(one) for one in (hippo, one_way, replace(hippo, worn_by_no_twin="No."))}) == 3
    assert len({profile_sha256(load_profile(device)) for device in device_ids()}) == len(device_ids())


@pytest.mark.parametrize("joint", [JointKind.HIP_FLEXION, JointKind.ANKLE])
def test_signals_keep_their_names_at_the_hip_and_say_joint_elsewhere(joint: JointKind):
    for sense in Sense:
        assert sense_of(name_of(sense, joint), joint) is sense
        assert (name_of(sense, joint) == sense.value) == (joint is JointKind.HIP_FLEXION or "output" in sense)
        assert "thigh" not in name_of(sense, JointKind.ANKLE)
    with pytest.raises(ValueError, match="no signal"):
        sense_of("knee_angle_left", joint)


def test_a_clinician_is_told_the_joint_of_a_package():
    limits = TorqueLimits(12.0, 300.0, 0.7, TorqueDirection.EXTENSION)
    kept = Package("p", "00", 1, ANKLE, "tag", limits, envelope=OF_AN_ANKLE, joint=JointKind.ANKLE)
    assert "of ankle dorsiflexion" in kept.gait_sentence
    assert replace(kept, envelope=None).gait_sentence == ""
    assert Package("p", "00", 1, DEVICE, "tag", limits).joint is JointKind.HIP_FLEXION  # of earlier versions


def test_strides_of_an_ankle_are_counted_by_the_exo():
    """Its angle has two peaks a stride; a recorder of a hip would count them."""
    recorder = WalkRecorder(JointKind.ANKLE)
    for seq in range(1000):
        ended = (seq % 110 == 50, seq % 110 == 105)
        angle = 0.2 if seq % 55 < 27 else -0.2
        state = DeviceState.ACTIVE
        recorder.add(TelemetryRecord(seq, 10 * seq, state, (angle, angle), (0, 0), (0, 0), (0, 0), ended))
    assert recorder.strides == (9, 9)
