"""Weights by gait stage: found by inner products as by trying all, and where the stages lie."""

from __future__ import annotations

import numpy as np

from core.domain.moments import STAGES
from core.estimation.fusion import (
    CORRECTED,
    FACTORS,
    PHYSICS,
    SOURCE_PAIRS,
    TYPICAL,
    Sample,
    accuracy_grid,
    found_weights,
    fused,
    stages_of,
)


def curves(count: int) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(3)
    truth = np.sin(np.linspace(0.0, 5.0, count))
    return truth, 0.8 * truth + 0.2 * random.standard_normal(count), 0.5 + random.standard_normal(count)


def test_inner_products_give_what_trying_a_pair_of_weights_gives() -> None:
    truth, first, second = curves(60)
    counts = np.linspace(0.5, 1.5, 60)

    grid = accuracy_grid(np.stack([truth, first, second]), counts)

    share = counts / counts.sum()
    for w, k in ((0.0, 1.0), (0.37, 0.62), (1.0, 0.0), (1.0, 1.0)):
        guess = w * first + k * second
        centred = guess - share @ guess, truth - share @ truth
        c = (
            (share * centred[0])
            @ centred[1]
            / np.sqrt(((share * centred[0]) @ centred[0]) * ((share * centred[1]) @ centred[1]))
        )
        wanted = c * (1.0 - np.sqrt(share @ (guess - truth) ** 2) / np.ptp(truth))
        assert abs(grid[round(100 * w), round(100 * k)] - wanted) < 1e-12
    assert grid[0, 0] == 0.0, "an estimate that never moves tells nothing"


def test_two_wrongs_make_no_right() -> None:
    """Against the measured curve, and further off than its whole range: c and 1 - E_r are both negative."""
    truth = np.sin(np.linspace(0.0, 6.0, 50))
    grid = accuracy_grid(np.stack([truth, -9.0 * truth, -5.0 * truth]), np.ones(50))
    assert grid.max() == 0.0 and grid[100, 100] < -1.0


def test_stages_end_where_the_literature_has_them_and_swing_begins_at_toe_off() -> None:
    (usual, slow) = stages_of(np.array([0.62, 0.70]))
    starts = [int(np.argmax(usual == stage)) for stage in range(len(STAGES))]
    assert starts == [0, 2, 12, 31, 50, 62]
    assert int(np.argmax(slow == len(STAGES) - 1)) == 70


def test_weights_find_the_better_estimate_in_every_stage_and_fuse_to_it() -> None:
    truth = np.stack([np.sin(np.linspace(0.0, 6.0, 101) + k) for k in range(3)], axis=1)[None]
    noise = np.random.default_rng(0).standard_normal(truth.shape)
    estimated = {PHYSICS: noise, CORRECTED: truth, TYPICAL: -truth, "LSTM": noise[:, ::-1], "NTM": truth}
    sample = Sample(np.array([0.62]), truth, estimated)

    best, source = found_weights([sample]), found_weights([sample], SOURCE_PAIRS)

    assert all(one.accuracy > 0.999 for one in best)
    assert np.abs(fused(best, sample.stance, estimated) - truth).max() < 0.05
    assert [one.names for one in source[: len(STAGES)]] == list(SOURCE_PAIRS)
    longer = [one for one in source if one.stage]  # two points are met by any two curves
    assert all(one.weights[one.names.index("NTM")] > 0.9 for one in longer)


def test_points_that_no_plate_measured_do_not_count() -> None:
    truth = np.tile(np.sin(np.linspace(0.0, 6.0, 101))[:, None], 3)[None]
    gone = truth.copy()
    gone[:, 40:45] = np.nan
    spoiled = truth.copy()
    spoiled[:, 40:45] = 9.0
    sample = Sample(
        np.array([0.62]), gone, {name: spoiled if name == CORRECTED else 0.0 * truth for name in FACTORS}
    )

    assert all(one.accuracy > 0.999 for one in found_weights([sample]))
