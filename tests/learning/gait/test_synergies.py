"""Claims about muscle synergies: known ones are found again, and recorded EMG is accounted for by few."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.learning.gait.synergies import (
    Synergies,
    accounted_for,
    choose_synergies,
    find_synergies,
    leg_synergies,
    timing_of,
)
from tests.learning.impairments.r_data import read_r
from tests.refusals import code_of

NAMES = tuple(f"m{number}" for number in range(10))
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
RECORDED = Path(os.environ.get("EXOTWIN_DATA", str(BESIDE))) / "emg-synergies" / "data"


def bursts(samples: int, centres: tuple[float, ...], width: float = 0.08) -> np.ndarray:
    phase = np.arange(samples)[:, None] / samples
    apart = np.abs(phase - np.array(centres))
    return np.exp(-0.5 * (np.minimum(apart, 1 - apart) / width) ** 2)


def known() -> tuple[np.ndarray, np.ndarray]:
    """Three synergies (3, 10) that share muscles, and their timing (100, 3), in the order of their peaks."""
    weight = np.zeros((3, 10))
    weight[0, :4] = 1.0, 0.8, 0.5, 0.3
    weight[1, 3:7] = 0.4, 1.0, 0.7, 0.2
    weight[2, 6:] = 0.3, 0.6, 1.0, 0.9
    return weight, 0.8 * bursts(100, (0.1, 0.5, 0.85))


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosine of the best partner of every row of `one` among the rows of `other`."""
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other)]
    return (unit[0] @ unit[1].T).max(axis=1)


def test_known_synergies_are_found_again_with_their_timing() -> None:
    weight, timing = known()

    found = find_synergies(timing @ weight, NAMES, 3)

    assert found.accounted_in_all > 0.9999
    np.testing.assert_allclose(found.weight, weight, atol=0.02)
    np.testing.assert_allclose(found.timing, timing, atol=0.02)


def test_the_fewest_synergies_that_are_enough_are_chosen_in_noise() -> None:
    weight, timing = known()
    rng = np.random.default_rng(1)
    noisy = np.clip(timing @ weight + rng.normal(0.0, 0.02, (100, 10)), 0.0, 1.0)

    chosen = choose_synergies(noisy, NAMES, enough=0.95)

    assert chosen.count == 3
    assert likeness(weight, chosen.weight).min() > 0.99
    assert find_synergies(noisy, NAMES, 2).accounted_in_all < 0.95


def test_the_same_activations_give_the_same_synergies() -> None:
    activation = np.random.default_rng(2).random((80, 10))

    one, other = (find_synergies(activation, NAMES, 4, seed=5) for _ in range(2))

    np.testing.assert_array_equal(one.weight, other.weight)
    np.testing.assert_array_equal(one.timing, other.timing)


def test_more_synergies_never_account_for_less() -> None:
    activation = np.random.default_rng(3).random((60, 10))

    fractions = [find_synergies(activation, NAMES, count).accounted_in_all for count in range(1, 7)]

    assert fractions == sorted(fractions)
    assert 0.0 < fractions[0] < fractions[-1] < 1.0


def test_the_fraction_accounted_for_of_each_muscle_is_reported() -> None:
    weight, timing = known()
    lonely = np.concatenate([timing @ weight, bursts(100, (0.3,), 0.02)], axis=1)  # only one muscle does this

    found = find_synergies(lonely, (*NAMES, "lonely"), 3)

    assert found.accounted[-1] < 0.5 < found.accounted[:-1].min()


def both_legs(half_a_stride: int = 50) -> tuple[np.ndarray, tuple[str, ...]]:
    """The known activations on the right leg, half a stride later on the left, in a mixed-up order."""
    weight, timing = known()
    right = timing @ weight
    names = [f"{name}_r" for name in NAMES] + [f"{name}_l" for name in reversed(NAMES)]
    return np.concatenate([right, np.roll(right, half_a_stride, axis=0)[:, ::-1]], axis=1), tuple(names)


@pytest.mark.slow
def test_mirrored_synergies_are_the_same_muscles_on_both_sides() -> None:
    activation, names = both_legs()

    legs = leg_synergies(activation, names)

    assert legs.per_leg == 3
    assert legs.accounted > 0.99
    left, right = legs.weight[:3], legs.weight[3:]
    left_columns, right_columns = ([names.index(f"{name}_{end}") for name in NAMES] for end in "lr")
    np.testing.assert_array_equal(left[:, left_columns], right[:, right_columns])
    assert (left[:, right_columns] == 0).all() and (right[:, left_columns] == 0).all()


def test_a_leg_that_differs_gets_its_own_synergies() -> None:
    activation, names = both_legs()
    left = [names.index(f"{name}_l") for name in NAMES]
    activation[:, left] = activation[:, left][:, ::-1] * np.linspace(0.3, 1.0, 10)

    own = leg_synergies(activation, names, mirrored=False, count=3)
    shared = leg_synergies(activation, names, mirrored=True, count=3)

    assert own.accounted > 0.999
    assert shared.accounted < 0.99


def test_timing_of_fixed_synergies_is_the_best_non_negative_one() -> None:
    from scipy.optimize import nnls

    weight, _ = known()
    activation = np.random.default_rng(4).random((6, 10))

    timing = timing_of(activation, weight)

    oracle = np.array([nnls(weight.T, sample)[0] for sample in activation])
    np.testing.assert_allclose(timing, oracle, atol=1e-6)


def test_unusable_activations_are_refused() -> None:
    activation = np.full((20, 10), 0.5)
    gap, negative = activation.copy(), activation.copy()
    gap[3, 2], negative[3, 2] = np.nan, -0.1

    assert code_of(find_synergies, gap, NAMES, 2) == "SYN-001"
    assert code_of(find_synergies, negative, NAMES, 2) == "SYN-001"
    assert code_of(find_synergies, activation, NAMES[:3], 2) == "SYN-001"
    assert code_of(find_synergies, activation, NAMES, 11) == "SYN-002"


# Real walkers: EMG of 13 leg muscles, published with its synergies (Santuz et al. 2020, iScience 23:100796)

recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recordings of emg-synergies are not on this machine"
)


@pytest.fixture(scope="module")
def published() -> dict:
    return read_r(RECORDED / "SYNS.RData")["SYNS"]


def walker(record: dict) -> tuple[np.ndarray, int]:
    return record["V"][0].T, int(record["syns"][0])


@recorded
def test_four_or_five_synergies_explain_a_real_walk() -> None:
    table = read_r(RECORDED / "FILT_EMG.RData")["FILT_EMG"]["ID0012_TW_01"]
    names = tuple(name for name in table if name != "time")
    activation = np.stack([table[name] for name in names], axis=1)

    chosen = choose_synergies(activation, names)

    assert activation.shape == (600, 13)
    assert chosen.count in (4, 5)
    assert find_synergies(activation, names, 4).accounted_in_all > 0.88
    assert find_synergies(activation, names, 5).accounted_in_all > 0.90


@pytest.mark.slow
@recorded
def test_real_walks_are_explained_as_well_as_by_the_published_synergies(published: dict) -> None:
    gained = []
    for record in published.values():
        activation, count = walker(record)
        ours = find_synergies(activation, tuple(record["M"][1][0]), count)
        gained.append(ours.accounted_in_all - accounted_for(activation, record["Vr"][0].T))

    assert len(gained) == 15
    assert min(gained) > -1e-4
    assert np.mean(gained) < 0.002  # the same model, so hardly more can be explained


@pytest.mark.slow
@recorded
def test_the_synergies_of_real_walkers_are_those_that_were_published(published: dict) -> None:
    alike = []
    for record in published.values():
        activation, count = walker(record)
        ours: Synergies = find_synergies(activation, tuple(record["M"][1][0]), count)
        alike.append(likeness(record["M"][0].T, ours.weight).mean())

    assert np.median(alike) > 0.995
    assert min(alike) > 0.98
