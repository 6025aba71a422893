"""Curves of stance and cycle: cut where they should be, scaled as they should be."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench.gait_curves import Contact, Stances, contacts, correlation, joined, stances

RATE_HZ = 100.0


def stance_force() -> np.ndarray:
    """0.3 s of air, 0.6 s of stance of half a sine of 900 N, 0.3 s of air, a scuff of 0.1 s, air."""
    air = np.zeros(30)
    return np.concatenate(
        [air, 900.0 * np.sin(np.linspace(0.05, np.pi - 0.05, 60)), air, np.full(10, 100.0), air]
    )


def test_one_stance_is_found_and_a_scuff_is_none() -> None:
    assert contacts(stance_force(), RATE_HZ) == (Contact(30, 90),)


def test_a_short_loss_of_contact_does_not_end_a_stance() -> None:
    force = stance_force()
    force[60:63] = 0.0

    assert contacts(force, RATE_HZ) == (Contact(30, 90),)


def test_what_begins_before_the_recording_is_left_out() -> None:
    assert contacts(stance_force()[40:], RATE_HZ) == ()


def test_push_off_is_forward_whatever_way_the_plate_looks() -> None:
    vertical = stance_force()
    braking_first = np.zeros_like(vertical)
    braking_first[30:60], braking_first[60:90] = -50.0, 50.0
    found = contacts(vertical, RATE_HZ)

    for sign in (1.0, -1.0):
        cut = stances(vertical, sign * braking_first, found, 500.0, 0.6)
        assert cut.fore_aft_bw[0, 20] == pytest.approx(-0.1)
        assert cut.fore_aft_bw[0, 80] == pytest.approx(0.1)
        assert cut.peaks_bw[0] == pytest.approx(1.8, abs=0.01)


def test_a_cycle_is_the_stance_and_then_nothing() -> None:
    flat = Stances(np.ones((1, 101)), np.ones((1, 101)), 0.6)

    cycle = flat.mean_cycle("vertical")

    np.testing.assert_array_equal(cycle[:61], 1.0)
    np.testing.assert_array_equal(cycle[61:], 0.0)


def test_both_feet_joined_keep_all_stances() -> None:
    one = Stances(np.ones((2, 101)), np.ones((2, 101)), 0.6)
    other = Stances(np.zeros((1, 101)), np.zeros((1, 101)), 0.64)

    both = joined([one, other])

    assert both.vertical_bw.shape == (3, 101)
    assert both.stance_fraction == pytest.approx(0.62)


def test_correlation_does_not_see_size() -> None:
    curve = np.sin(np.linspace(0, 3, 101))

    assert correlation(curve, 5.0 + 3.0 * curve) == pytest.approx(1.0)
    assert correlation(curve, -curve) == pytest.approx(-1.0)
