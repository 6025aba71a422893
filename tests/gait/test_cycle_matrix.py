"""Claims about the correlation of all strides of several gaits."""

from __future__ import annotations

import numpy as np

from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.motion import CYCLE_POINTS, GaitCycles
from core.domain.rollout import GaitLabel
from core.gait.similarity import cycle_matrix, pearson

OWN, OTHER = GaitLabel.HEALTHY_TWIN, GaitLabel.WITHOUT_EXO
HIP = JointKind.HIP_FLEXION


def gait(
    *, noise: float = 0.0, later: float = 0.0, strides: int = 6, seed: int = 1
) -> tuple[GaitCycles, GaitCycles]:
    """Strides of a sine, `later` in the cycle, with noise of this fraction of its amplitude."""
    phase = 2 * np.pi * (np.linspace(0.0, 1.0, CYCLE_POINTS) - later)
    draw = np.random.default_rng(seed)
    clean = 0.5 * np.sin(phase)[None, :, None] * np.ones((strides, 1, len(JointKind)))
    left, right = (
        GaitCycles(side, clean + 0.5 * noise * draw.standard_normal(clean.shape), 0.6) for side in SIDES
    )
    return left, right


def matrix(first: tuple[GaitCycles, GaitCycles], second: tuple[GaitCycles, GaitCycles]) -> CycleCorrelations:
    return cycle_matrix([(OWN, first), (OTHER, second)])


def test_equal_strides_correlate_fully() -> None:
    found = matrix(gait(), gait())
    np.testing.assert_allclose(found.r, 1.0)


def test_it_is_the_mean_over_all_pairs_of_strides() -> None:
    first, second = gait(noise=0.3, strides=3), gait(noise=0.4, strides=4, seed=2)
    knee = list(JointKind).index(JointKind.KNEE)
    a, b = (one[1].angle_rad[:, :, knee] for one in (first, second))
    found = matrix(first, second)
    every = np.mean([pearson(one, two) for one in a for two in b])
    np.testing.assert_allclose(found.between(OWN, OTHER, JointKind.KNEE, Side.RIGHT), every)
    own = np.mean([pearson(a[i], a[j]) for i in range(3) for j in range(3) if i != j])
    np.testing.assert_allclose(found.between(OWN, OWN, JointKind.KNEE, Side.RIGHT), own)


def test_noise_between_strides_lowers_the_correlation_within_a_gait() -> None:
    quiet, loud = (
        matrix(gait(noise=noise), gait()).between(OWN, OWN, HIP, Side.LEFT) for noise in (0.1, 0.5)
    )
    np.testing.assert_allclose(quiet, 1 / (1 + 2 * 0.1**2), atol=0.02)  # variance of the sine: half of one
    np.testing.assert_allclose(loud, 1 / (1 + 2 * 0.5**2), atol=0.12)
    assert loud < quiet


def test_noise_on_a_gait_lowers_its_correlation_with_itself_as_its_variance_says() -> None:
    clean = gait(strides=20)
    for noise in (0.1, 0.3, 0.6):
        noisy = gait(noise=noise, strides=20, seed=5)
        found = matrix(clean, noisy)
        for joint in SAGITTAL:
            for side in SIDES:
                r = found.between(OWN, OTHER, joint, side)
                np.testing.assert_allclose(r, 1 / np.sqrt(1 + 2 * noise**2), atol=0.02)
                assert found.between(OTHER, OTHER, joint, side) < r < 1.0


def test_a_gait_that_comes_nearer_correlates_more() -> None:
    far, near = (matrix(gait(), gait(later=later, noise=0.05)).mean(OWN, OTHER) for later in (0.12, 0.04))
    np.testing.assert_allclose((far, near), np.cos(2 * np.pi * np.array([0.12, 0.04])), atol=0.02)


def test_flat_missing_and_broken_strides_are_left_out() -> None:
    flat = tuple(GaitCycles(one.side, 0.0 * one.angle_rad, 0.6) for one in gait())
    found = matrix(
        gait(), (flat[0], GaitCycles(Side.RIGHT, np.zeros((0, CYCLE_POINTS, len(JointKind))), 0.6))
    )
    assert np.isnan(found.matrix(HIP, Side.LEFT)[0, 1]) and np.isnan(found.mean(OWN, OTHER))
    broken = gait()[0].angle_rad.copy()
    broken[0, 5] = np.nan
    found = matrix((GaitCycles(Side.LEFT, broken, 0.6), gait()[1]), gait())
    np.testing.assert_allclose(found.r, 1.0)


def test_one_stride_has_no_correlation_within_its_gait_and_unknown_gaits_none_at_all() -> None:
    found = matrix(gait(strides=1), gait())
    assert np.isnan(found.between(OWN, OWN, HIP, Side.LEFT)) and found.joints == SAGITTAL
    assert np.isnan(found.between(OWN, GaitLabel.MEASURED, HIP, Side.LEFT))
    assert np.isnan(found.mean(OWN, GaitLabel.MEASURED))
