"""A stride in another program's convention is told from one that a person walks; the convention is named."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JOINTS, SIDES, JointKind
from core.domain.motion import GaitReference
from core.domain.twin import SegmentScale
from core.gait.leg import Leg
from core.gait.norms import normal_reference
from core.gait.scenario_reference import at_speed, normal_walk
from core.gait.stride import stride_of
from core.simulation.reference_gait.reference_strides import check_reference
from core.simulation.reference_gait.stride_convention import check_file_convention
from tests.refusals import refused

LEG = Leg.of(SegmentScale())


def turned(kind: JointKind) -> GaitReference:
    """The normal stride with this joint counted the other way."""
    stride = normal_walk(LEG)
    sign = np.array([-1.0 if joint.kind is kind else 1.0 for joint in JOINTS])
    return replace(stride, angle_rad=stride.angle_rad * sign)


def begun_later(share: float) -> GaitReference:
    stride = normal_walk(LEG)
    return replace(stride, angle_rad=np.roll(stride.angle_rad, -round(share * len(stride.angle_rad)), axis=0))


STRIDES = {
    "SIM-007": turned(JointKind.KNEE),
    "SIM-008": replace(normal_walk(LEG), angle_rad=np.radians(normal_walk(LEG).angle_rad)),
    "SIM-009": turned(JointKind.HIP_FLEXION),
    "SIM-013": turned(JointKind.ANKLE),
}


@pytest.mark.parametrize("code", ["SIM-007", "SIM-008", "SIM-009", "SIM-013"])
def test_a_stride_in_another_convention_is_refused(code: str) -> None:
    with refused(code):
        check_file_convention(STRIDES[code], LEG)


@pytest.mark.parametrize("code", ["SIM-007", "SIM-008"])
def test_no_motion_with_such_a_stride_is_taught_either(code: str) -> None:
    with refused(code):
        check_reference(STRIDES[code], leg=LEG)


def test_a_stride_that_begins_with_the_other_heel_is_refused() -> None:
    with refused("SIM-009"):
        check_file_convention(begun_later(0.5), LEG)


@pytest.mark.parametrize(
    ("kind", "factor", "shift_deg", "code"),
    [(JointKind.ANKLE, 1.0, 90.0, "SIM-013"), (JointKind.KNEE, np.pi / 180, 0.0, "SIM-008")],
)
def test_one_joint_in_another_unit_or_from_another_zero_is_refused(
    kind: JointKind, factor: float, shift_deg: float, code: str
) -> None:
    stride = normal_walk(LEG)
    angle = np.array(stride.angle_rad)
    columns = [joint.column for joint in JOINTS if joint.kind is kind]
    angle[:, columns] = factor * angle[:, columns] + np.radians(shift_deg)

    with refused(code):
        check_file_convention(replace(stride, angle_rad=angle), LEG)


def test_legs_that_do_not_take_turns_are_refused() -> None:
    stride = normal_walk(LEG)
    columns = [[joint.column for joint in JOINTS if joint.side is side] for side in SIDES]
    together, twice = np.array(stride.angle_rad), np.tile(stride.angle_rad, (2, 1))
    together[:, columns[1]] = together[:, columns[0]]

    for angle in (together, twice):
        with refused("SIM-014"):
            check_file_convention(replace(stride, angle_rad=angle), LEG)


def test_a_treadmills_speed_in_km_h_is_more_than_the_legs_make() -> None:
    walk = at_speed(normal_walk(LEG), LEG, 0.5)

    with refused("SIM-008"):
        check_reference(replace(walk, speed_m_s=0.5 * 3.6), leg=LEG)


@pytest.mark.parametrize("speed_m_s", [0.35, 0.6, 1.0, 1.5, 2.1])
def test_walks_of_every_speed_are_taken(speed_m_s: float) -> None:
    walk = at_speed(normal_walk(LEG), LEG, speed_m_s)

    check_reference(walk, leg=LEG)
    check_file_convention(walk, LEG)


def test_gaits_of_patients_are_taken() -> None:
    """A stiff left leg, an overextended knee, a foot that points down, a pelvis that tilts 12 degrees."""
    stiff, over, equinus, tilted = (np.array(normal_reference().angle_rad) for _ in range(4))
    columns = {kind: [joint.column for joint in JOINTS if joint.kind is kind] for kind in JointKind}
    left_knee = columns[JointKind.KNEE][0]
    stiff[:, left_knee] = 0.1 + 0.2 * (stiff[:, left_knee] - 0.1)
    over[:, left_knee] -= np.radians(25.0)
    equinus[:, columns[JointKind.ANKLE]] -= np.radians(20.0)
    tilted[:, columns[JointKind.HIP_FLEXION]] += np.radians(12.0)

    for angle in (stiff, over, equinus, tilted):
        check_file_convention(replace(normal_reference(), angle_rad=angle), LEG)


@pytest.mark.parametrize(
    ("name", "code"), [("knee_negative", "SIM-007"), ("radians", "SIM-008"), ("plain", None)]
)
def test_handed_strides_of_another_program(shared_data, name: str, code: str | None) -> None:
    entries = json.loads(shared_data(f"../cases/stride-convention/{name}.json").read_text("utf-8"))
    stride = stride_of(entries, LEG)

    if code is None:
        check_reference(stride, leg=LEG)
        check_file_convention(stride, LEG)
        return
    with refused(code):
        check_reference(stride, leg=LEG)
