"""Normal numbers follow age, height and speed, and end where nobody was measured."""

import math

import pytest

from core.gait.norm_choice import Walker
from core.gait.norm_numbers import GaitNumber, Mark, Reference, reference_for

OWN_SPEED = Walker(30, 1.72, 1.22)


@pytest.mark.parametrize("walker", [Walker(10, 1.40, 1.10), OWN_SPEED, Walker(63, 1.65, 1.00)])
def test_cadence_and_step_length_make_the_speed_they_were_asked_for(walker):
    cadence = reference_for(GaitNumber.CADENCE, walker)
    step, stride = (reference_for(n, walker) for n in (GaitNumber.STEP_LENGTH, GaitNumber.STRIDE_LENGTH))
    time = reference_for(GaitNumber.STRIDE_TIME, walker)

    assert cadence.mean / 60.0 * step.mean == pytest.approx(walker.speed_m_s, rel=0.03)
    assert stride.mean == pytest.approx(2.0 * step.mean)
    assert time.mean == pytest.approx(120.0 / cadence.mean)


def test_stance_and_double_support_belong_together():
    for walker in (Walker(10, 1.40, 1.10), OWN_SPEED):
        stance = reference_for(GaitNumber.STANCE, walker)
        double = reference_for(GaitNumber.DOUBLE_SUPPORT, walker)
        assert 2.0 * stance.mean - 1.0 == pytest.approx(double.mean, abs=0.015)


@pytest.mark.parametrize("number", [n for n in GaitNumber if n is not GaitNumber.SPEED])
@pytest.mark.parametrize("speed", [0.05, 3.5, math.nan])
def test_no_number_is_told_where_nobody_was_measured(number, speed):
    assert reference_for(number, Walker(30, 1.72, speed)) is None


@pytest.mark.parametrize("number", list(GaitNumber))
def test_nobody_is_marked_against_people_of_another_age(number):
    found = reference_for(number, OWN_SPEED)

    assert not found.fits and found.mark(0.1 * found.mean) is found.mark(9.0 * found.mean) is Mark.WITHIN
    assert reference_for(number, Walker(10, 1.40, 1.10)).fits


def test_a_number_is_marked_beyond_two_standard_deviations_of_people_and_strides():
    normal = Reference(60.0, 2.0, reference_for(GaitNumber.STANCE, OWN_SPEED).people, True)

    assert normal.mark(63.9) is Mark.WITHIN
    assert normal.mark(64.1) is Mark.ABOVE and normal.mark(55.9) is Mark.BELOW
    assert normal.mark(64.1, own_sd=3.0) is Mark.WITHIN
    assert normal.mark(math.nan) is Mark.WITHIN


def test_ranges_follow_the_bands_and_have_no_spread():
    slow, fast = (Walker(9, 1.35, speed) for speed in (0.40, 1.10))
    for number in (GaitNumber.HIP_RANGE, GaitNumber.KNEE_RANGE):
        assert reference_for(number, slow).mean < reference_for(number, fast).mean
        assert reference_for(number, fast).sd is None
