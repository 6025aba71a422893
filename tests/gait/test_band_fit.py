"""Curves far from their band are found by distance and shape, and constant offsets are named as such."""

import numpy as np
import pytest

from core.domain.body import SAGITTAL, SIDES, JointKind, Side
from core.domain.motion import GaitCycles
from core.gait.band_fit import band_fits, far_off
from core.gait.norm_choice import CHILDREN

COLUMN = {kind: list(JointKind).index(kind) for kind in JointKind}


def normal_cycles(**changes):
    """Two strides of either side on the children's band, one joint of the left leg changed (radians)."""
    both = []
    for side in SIDES:
        angle = np.zeros((2, 101, len(JointKind)))
        for kind in SAGITTAL:
            angle[:, :, COLUMN[kind]] = CHILDREN.band(kind).mean_rad
            if side is Side.LEFT and kind.name in changes:
                angle[:, :, COLUMN[kind]] = changes[kind.name](angle[0, :, COLUMN[kind]])
        both.append(GaitCycles(side, angle, 0.62))
    return tuple(both)


def test_a_walk_on_the_band_is_not_far_from_it():
    assert far_off(band_fits(normal_cycles(), CHILDREN)) == ()


@pytest.mark.parametrize(("offset_deg", "where"), [(15.0, "15° above"), (-12.0, "12° below")])
def test_a_constant_offset_is_told_from_another_movement(offset_deg, where):
    fits = band_fits(normal_cycles(ANKLE=lambda own: own + np.radians(offset_deg)), CHILDREN)
    (found,) = far_off(fits)

    assert found.is_offset and found.correlation > 0.99
    assert found.words == f"the left ankle lies {where} the band over the whole stride"


def test_a_stiff_knee_is_another_movement_and_no_offset():
    (found,) = far_off(band_fits(normal_cycles(KNEE=lambda own: 0.2 * own), CHILDREN))

    assert not found.is_offset and found.words == "the left knee is 23° off the band"


def test_what_two_laboratories_differ_by_is_not_far():
    assert far_off(band_fits(normal_cycles(ANKLE=lambda own: own + np.radians(7.0)), CHILDREN)) == ()


def test_the_furthest_comes_first():
    bent = normal_cycles(ANKLE=lambda own: own + 0.3, KNEE=lambda own: own + 0.8)

    assert [fit.kind for fit in far_off(band_fits(bent, CHILDREN))] == [JointKind.KNEE, JointKind.ANKLE]


def test_a_side_without_strides_is_left_out():
    left, right = normal_cycles()
    nothing = GaitCycles(Side.LEFT, np.zeros((0, 101, len(JointKind))), float("nan"))

    assert {fit.side for fit in band_fits((nothing, right), CHILDREN)} == {Side.RIGHT}
    assert {fit.side for fit in band_fits((left, right), CHILDREN)} == set(SIDES)
