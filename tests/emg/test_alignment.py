"""Claims about the offset of EMG to motion: from a trigger, an event or a person, and told when unknown."""

from __future__ import annotations

import numpy as np
import pytest

from core.emg.alignment import (
    Offset,
    coverage_findings,
    event_offset,
    rising_edge,
    trigger_offset,
    typed_offset,
)
from core.emg.signals import RawEmg
from tests.emg.test_emg import RATE_HZ, bursts
from tests.refusals import code_of


def with_trigger(trigger: np.ndarray) -> RawEmg:
    return RawEmg(("L TA", "Sync"), np.stack([bursts(4.0), trigger], axis=1), RATE_HZ, "walk.csv")


@pytest.mark.parametrize("shape", ["pulse", "step", "noisy"])
def test_a_trigger_that_rises_gives_the_offset(shape: str) -> None:
    trigger = np.zeros(6000)
    trigger[900 : 930 if shape == "pulse" else 6000] = 5.0
    trigger += np.random.default_rng(0).normal(size=6000) * (0.1 if shape == "noisy" else 0.0)
    offset = trigger_offset(with_trigger(trigger), "Sync", motion_s=0.1)
    assert offset.source == "trigger channel"
    assert offset.seconds == pytest.approx(0.1 - 0.6, abs=1 / RATE_HZ)


def test_a_channel_that_never_rises_or_swings_like_a_muscle_is_no_trigger() -> None:
    falls = np.concatenate([np.full(3000, 5.0), np.zeros(3000)])
    for trigger in (np.zeros(6000), np.full(6000, 5.0), falls, bursts(4.0)[::-1]):
        assert code_of(trigger_offset, with_trigger(trigger), "Sync") == "EMG-047"
    assert code_of(trigger_offset, with_trigger(falls), "Trig") == "EMG-004"
    assert rising_edge(np.full(10, np.nan)) is None


def test_an_event_seen_in_both_and_a_typed_number_give_the_offset() -> None:
    assert event_offset(3.2, 1.0) == Offset(pytest.approx(-2.2), "common event")
    assert typed_offset(-2.0) == Offset(-2.0, "typed")
    assert code_of(typed_offset, float("nan")) == code_of(typed_offset, 1e9) == "EMG-053"


@pytest.mark.parametrize(
    ("offset", "emg_s", "motion_s", "expected"),
    [
        (Offset(), 5.0, (0.0, 5.1), []),
        (Offset(), 60.0, (0.0, 5.0), ["EMG-048"]),  # longer
        (Offset(), 3.0, (0.0, 5.0), ["EMG-046", "EMG-048"]),  # shorter
        (Offset(-10.0, "typed"), 60.0, (0.0, 5.0), []),
        (Offset(-58.0, "typed"), 60.0, (0.0, 5.0), ["EMG-046"]),
        (Offset(100.0, "typed"), 60.0, (0.0, 5.0), ["EMG-046"]),
        (Offset(0.0, "same file"), 5.0, (0.0, 4.0), []),
        (Offset(), 60.0, None, []),
    ],
)
def test_emg_longer_or_shorter_than_the_motion_is_told(
    offset: Offset, emg_s: float, motion_s: tuple[float, float] | None, expected: list[str]
) -> None:
    findings = coverage_findings("walk.csv", offset, emg_s, motion_s)
    assert [finding.advice.code for finding in findings] == expected
