"""The failures of an exo in the battery of disturbances, on the firmware's core, whose supervisor meets them.

The battery (`core.domain.scenario.EXO_FAILURES`) has them without a supervisor, for as long as they are
written there: the worse case. Here each happens to a worn virtual exo at full assistance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from core.domain.exo_protocol import DeviceState
from core.domain.scenario import EXO_FAILURES, ExoDisturbance, ExoDisturbanceKind
from tests.virtual_exo.worn_exo import QUICK_STRIDE_S, is_off, largest_step_nm, peak_nm

FREEZE_NOTICED_S = 0.1  # ten equal values


@dataclass(frozen=True)
class InTheWorld:
    """A failure of the battery as a fault of the plant, and the row that must trigger, in time."""

    fault: str
    row: int
    within_ms: int
    numbers: dict[str, Any] = field(default_factory=dict)


def in_the_world(failure: ExoDisturbance) -> InTheWorld:
    side = {"side": failure.sides[0].value} if len(failure.sides) == 1 else {}
    match failure.kind:
        case ExoDisturbanceKind.HALT:
            return InTheWorld("motor_dead", 16, 200, side)
        case ExoDisturbanceKind.FROZEN_TORQUE:
            return InTheWorld("motor_holds", 16, 700, side)
        case ExoDisturbanceKind.FROZEN_SENSOR:
            return InTheWorld("imu_stuck", 10, 100, side | {"for_s": failure.duration_s})
        case ExoDisturbanceKind.STRAP_SHIFT:
            return InTheWorld("imu_bias", 7, 700, side | {"rad": failure.shift_rad})


FAILURES = {scenario.key: scenario.exo_disturbance for scenario in EXO_FAILURES}
MOMENTARY = {
    key
    for key, one in FAILURES.items()
    if one.kind is ExoDisturbanceKind.FROZEN_SENSOR and one.duration_s < FREEZE_NOTICED_S
}
BY_ITSELF = {key for key, one in FAILURES.items() if one.kind is ExoDisturbanceKind.STRAP_SHIFT}


@pytest.mark.parametrize("key", sorted(FAILURES.keys() - MOMENTARY - BY_ITSELF))
def test_a_failure_of_the_exo_ends_in_zero_torque_and_latches(assisting, key):
    world = in_the_world(FAILURES[key])
    assisting.inject(world.fault, **world.numbers)
    moments = assisting.run(1.5)

    first_off = next(at for at, moment in enumerate(moments) if is_off(moment))
    assert first_off * 10 <= world.within_ms
    assert all(is_off(moment) for moment in moments[first_off:])
    assert moments[-1].state is DeviceState.FAULT
    assert assisting.newest_fault() == (world.row, "fault")
    assert max(abs(torque) for torque in moments[-1].shaft_nm) < 0.01


@pytest.mark.parametrize(("phase_s", "noticed"), [(0.55, False), (0.18, True)])
def test_a_strap_that_slips_is_noticed_where_it_bends_a_stride_and_else_the_limits_hold(
    assisting, phase_s, noticed
):
    (key,) = BY_ITSELF
    world = in_the_world(FAILURES[key])
    assisting.run_to_phase(phase_s)
    assisting.inject(world.fault, **world.numbers)
    moments = assisting.run(5.0)

    faded = [at for at, moment in enumerate(moments) if not any(moment.command_nm)]
    assert bool(faded) is noticed
    assert not noticed or faded[0] * 10 <= world.within_ms
    assert assisting.state is DeviceState.ACTIVE
    assert largest_step_nm(moments) <= 1.5 and peak_nm(moments) <= 8.0
    assert peak_nm(moments[-100:]) > 3.0  # regular strides bring it back


def test_a_freeze_of_three_samples_passes_without_a_jerk(assisting):
    (key,) = MOMENTARY
    world = in_the_world(FAILURES[key])
    assisting.inject(world.fault, **world.numbers)
    moments = assisting.run(QUICK_STRIDE_S)

    assert assisting.state is DeviceState.ACTIVE
    assert largest_step_nm(moments) <= 1.5
