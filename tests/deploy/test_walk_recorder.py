"""Claims about a walk with the exo: strides are counted, delivered torque is held against predicted."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.deploy.package import parse_package
from core.deploy.walk_recorder import BEFORE_TICKS, StrideCounter, WalkFacts, WalkRecorder, match, predict
from core.devices.exo_faults import safety_row_text
from core.devices.exo_protocol import TelemetryRecord
from core.domain.exo_protocol import DeviceState
from core.domain.exo_walk import MIN_STRIDES
from core.exo_core.controller import Controller
from tests.deploy.controllers import SMALL, built, trained

FACTS = WalkFacts("ab" * 32, "SN-1", virtual=True, on_trial=True, limit_nm=6.0, mass_kg=60.0)
STRIDE_S = 1.1


def records(start: int, ticks: int, state: DeviceState) -> list[TelemetryRecord]:
    """A walking person; the motors give what was asked."""
    made = []
    for seq in range(start, start + ticks):
        phase = 2.0 * math.pi * seq / 100.0 / STRIDE_S
        angle, speed = 0.1 + 0.35 * math.cos(phase), -2.0 * math.sin(phase)
        torque = (5.0 * math.sin(phase), -5.0 * math.sin(phase)) if state.moves else (0.0, 0.0)
        pair = (0.1 - 0.35 * math.cos(phase), 2.0 * math.sin(phase))
        made.append(TelemetryRecord(seq, 10 * seq, state, (angle, pair[0]), (speed, pair[1]), torque, torque))
    return made


def walked(seconds: float) -> WalkRecorder:
    recorder, ticks = WalkRecorder(), round(100 * seconds)
    rest = records(0, 300, DeviceState.READY)
    for record in (
        *rest,
        *records(300, ticks, DeviceState.ACTIVE),
        *records(300 + ticks, 3, DeviceState.READY),
    ):
        recorder.add(record)
    return recorder


@pytest.mark.parametrize("offset", [-0.4, 0.0, 0.4])
def test_every_stride_counts_once_wherever_the_sensor_has_its_zero(offset: float) -> None:
    counter = StrideCounter()
    for tick in range(1100):
        counter.add(offset + 0.3 * math.cos(2.0 * math.pi * tick / 110.0) + 0.02 * math.cos(tick / 3.0))
    assert counter.strides in (9, 10)


def test_standing_and_shuffling_are_no_strides() -> None:
    counter = StrideCounter()
    for tick in range(1100):
        counter.add(0.07 * math.cos(2.0 * math.pi * tick / 110.0))
    assert counter.strides == 0


def test_a_walk_begins_a_second_before_arming_and_ends_at_rest() -> None:
    walk = walked(12.0).finish(FACTS, None, "stopped", fault=False)
    assert walk is not None
    assert walk.time_s[BEFORE_TICKS] == 0.0 and walk.time_s[0] == pytest.approx(-BEFORE_TICKS / 100.0)
    assert min(walk.strides) >= MIN_STRIDES and walk.enough and walk.lost_ticks == 0
    assert not walk.match.known  # nobody computed a prediction


def test_a_fault_or_few_strides_are_not_enough() -> None:
    short, faulty = walked(4.0), walked(12.0)
    few = short.finish(FACTS, None, "stopped", fault=False)
    broken = faulty.finish(FACTS, None, "S9", fault=True)
    assert few is not None and not few.enough
    assert broken is not None and not broken.enough


def test_lost_ticks_are_counted_and_the_next_walk_starts_anew() -> None:
    recorder = walked(2.0)
    first = recorder.finish(FACTS, None, "stopped", fault=False)
    for seq in (900, 901, 905):
        recorder.add(records(seq, 1, DeviceState.ARMED)[0])
    second = recorder.finish(FACTS, None, "stopped", fault=False)
    assert first is not None and second is not None
    assert second.lost_ticks == 3 and second.strides == (0, 0) and len(second.time_s) == 3
    assert recorder.finish(FACTS, None, "nothing", fault=False) is None


def test_the_prediction_is_the_exos_own_code_within_the_limit() -> None:
    made = parse_package(built(trained(hidden=SMALL)).archive)
    core = Controller(made.device_bytes)
    seen = records(0, 200, DeviceState.ACTIVE)
    angle = np.array([record.angle_rad for record in seen])
    velocity = np.array([record.velocity_rad_s for record in seen])
    predicted = predict(angle, velocity, 1.0, core.run)
    core.reset()
    alone = core.run(angle.astype(np.float32), velocity.astype(np.float32))
    assert np.abs(alone).max() > 1.0
    assert np.array_equal(predicted, np.clip(alone.astype(np.float64), -1.0, 1.0))


def test_likeness_is_per_side_per_kilogram_and_only_while_assisting_fully() -> None:
    time_s = np.arange(400) / 100.0
    predicted = np.column_stack([np.sin(5.0 * time_s), np.cos(5.0 * time_s)])
    delivered = predicted + np.array([0.6, 0.0])
    assisting = time_s >= 2.0
    delivered[~assisting] = 99.0
    found = match(predicted, delivered, assisting, mass_kg=60.0)
    assert found.correlation == pytest.approx((1.0, 1.0)) and found.seconds == 2.0
    assert found.rmse_nm_kg == pytest.approx((0.01, 0.0))
    assert not match(predicted, delivered, time_s >= 3.5, mass_kg=60.0).known


def test_every_row_of_the_safety_table_has_a_sentence_and_a_way_out() -> None:
    words = [safety_row_text(row) for row in range(1, 24)]
    assert len({one.what for one in words}) == len(words)
    for one in words:
        assert one.sentence.count(".") >= 2
    assert "S77" in safety_row_text(77).sentence


def test_no_row_of_an_exo_that_nobody_wears_advises_about_a_person_or_a_thing() -> None:
    """Nobody stands in a virtual exo, and it has no cables, straps or service."""
    for row in range(1, 24):
        words = safety_row_text(row, virtual=True).sentence
        for real in ("person", "cable", "strap", "off", "service", "charge", "legs"):
            assert real not in words.lower(), words
        assert words.count(".") >= 2
    assert "the person" in safety_row_text(6).sentence.lower()  # a worn one does
