"""What muscles cost, by two published models, against known limits and numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.twin import GENERIC_BODY
from core.simulation.muscles.metabolics import (
    BASAL_W_KG,
    LEAST_HEAT_W_KG,
    MODELS,
    FibreMotion,
    MetabolicMuscles,
    bhargava_2004,
    metabolic_power,
    metabolic_rates,
    umberger_2010,
)
from core.twin.body import Fidelity, compile_body

MASS_KG, SLOW, FORCE_N, LENGTH_M, FASTEST = 0.5, 0.6, 1000.0, 0.1, 10.0


def one_muscle() -> MetabolicMuscles:
    return MetabolicMuscles(
        names=("soleus_r",),
        mass_kg=np.array([MASS_KG]),
        slow_twitch=np.array([SLOW]),
        largest_force_n=np.array([FORCE_N]),
        optimal_length_m=np.array([LENGTH_M]),
        fibre_speed=np.array([1.0]),
        fastest_per_s=np.array([FASTEST]),
    )


def motion(
    *,
    excitation: float = 0.0,
    activation: float = 0.0,
    length: float = 1.0,
    velocity: float = 0.0,
    force_n: float = 0.0,
    isometric: float = 1.0,
) -> FibreMotion:
    def cell(value: float) -> FloatArray:
        return np.full((1, 1), value)

    return FibreMotion(
        cell(excitation),
        cell(activation),
        cell(length),
        cell(velocity),
        cell(force_n),
        cell(force_n),
        cell(isometric),
    )


@pytest.mark.parametrize("model", MODELS.values())
def test_an_idle_muscle_costs_its_resting_heat(model) -> None:
    power = model(one_muscle(), motion())

    assert power[0, 0] == pytest.approx(LEAST_HEAT_W_KG * MASS_KG)


def test_umberger_of_a_held_muscle_is_as_worked_out_by_hand() -> None:
    # (128 * 0.4 + 25) * 0.5^0.6 * 1.5 = 76.2 * 0.659754 * 1.5 = 75.4099 W/kg
    power = umberger_2010(one_muscle(), motion(excitation=0.5, activation=0.5, force_n=500.0))

    assert power[0, 0] == pytest.approx(75.4099 * MASS_KG, rel=1e-5)


def test_umberger_of_a_shortening_muscle_is_as_worked_out_by_hand() -> None:
    # keeping 75.4099; slow 25 * 1 * 0.6 = 15, fast 15.3 * 1 * 0.4 = 6.12, times 0.5^2 * 1.5 = 7.92 W/kg;
    # work 300 N * 0.1 m/s = 30 W
    moving = motion(excitation=0.5, activation=0.5, velocity=-1.0, force_n=300.0)

    power = umberger_2010(one_muscle(), moving)

    assert power[0, 0] == pytest.approx((75.4099 + 7.92) * MASS_KG + 30.0, rel=1e-5)


def test_umberger_limits_the_heat_of_fast_shortening_slow_fibres() -> None:
    # 25 * 8 = 200 W/kg of slow fibres is cut at 100: 100 * 0.6 + 15.3 * 8 * 0.4 = 108.96, times 1.5
    still = umberger_2010(one_muscle(), motion(excitation=1.0, activation=1.0))
    fast = umberger_2010(one_muscle(), motion(excitation=1.0, activation=1.0, velocity=-8.0))

    assert (fast - still)[0, 0] == pytest.approx(108.96 * 1.5 * MASS_KG)


def test_umberger_of_a_long_muscle_keeps_less_heat() -> None:
    # beyond the optimal length 60 % of the heat follows the force-length factor: 0.4 + 0.6 * 0.5 = 0.7
    optimal = umberger_2010(one_muscle(), motion(excitation=0.5, activation=0.5))
    long = umberger_2010(one_muscle(), motion(excitation=0.5, activation=0.5, length=1.3, isometric=0.5))

    assert long[0, 0] == pytest.approx(0.7 * optimal[0, 0])


def test_umberger_falling_excitation_counts_half() -> None:
    falling = umberger_2010(one_muscle(), motion(excitation=0.2, activation=0.6))
    level = umberger_2010(one_muscle(), motion(excitation=0.4, activation=0.4))

    assert falling[0, 0] == pytest.approx(level[0, 0])


def test_bhargava_of_a_held_muscle_is_as_worked_out_by_hand() -> None:
    # sin(pi/4) = 0.707107, 1 - cos(pi/4) = 0.292893
    # activation 40 * 0.6 * 0.707107 + 133 * 0.4 * 0.292893 = 16.97056 + 15.58192 = 32.55248
    # maintenance 74 * 0.6 * 0.707107 + 111 * 0.4 * 0.292893 = 31.39554 + 13.00446 = 44.40000
    power = bhargava_2004(one_muscle(), motion(excitation=0.5, activation=0.5, force_n=500.0))

    assert power[0, 0] == pytest.approx(76.95248 * MASS_KG, rel=1e-5)


def test_bhargava_of_a_shortening_muscle_is_as_worked_out_by_hand() -> None:
    # alpha = 0.16 * 500 + 0.18 * 300 = 134 N; at 0.1 m/s 13.4 W of heat and 30 W of work
    moving = motion(excitation=0.5, activation=0.5, velocity=-1.0, force_n=300.0)

    power = bhargava_2004(one_muscle(), moving)

    assert power[0, 0] == pytest.approx(76.95248 * MASS_KG + 13.4 + 30.0, rel=1e-5)


def test_bhargava_of_a_lengthening_muscle_takes_heat_up_and_gives_no_work() -> None:
    # 0.157 * 600 N * 0.1 m/s = 9.42 W less than held
    held = bhargava_2004(one_muscle(), motion(excitation=0.5, activation=0.5, force_n=600.0))
    pulled = bhargava_2004(one_muscle(), motion(excitation=0.5, activation=0.5, velocity=1.0, force_n=600.0))

    assert (held - pulled)[0, 0] == pytest.approx(9.42, rel=1e-5)


@pytest.mark.parametrize("model", MODELS.values())
def test_lifting_costs_more_than_holding_and_holding_more_than_half_of_lowering(model) -> None:
    lift, hold, lower = (
        model(one_muscle(), motion(excitation=0.5, activation=0.5, velocity=v, force_n=400.0))[0, 0]
        for v in (-1.5, 0.0, 1.5)
    )

    assert lift > hold
    assert lower < 1.5 * hold
    assert lift > lower


@pytest.mark.parametrize("model", MODELS.values())
def test_no_frame_costs_less_than_rest_even_when_pulled_hard(model) -> None:
    power = model(one_muscle(), motion(activation=0.1, excitation=0.0, velocity=5.0, force_n=1400.0))

    assert power[0, 0] >= LEAST_HEAT_W_KG * MASS_KG


def test_the_legs_have_as_much_muscle_as_people() -> None:
    # Handsfield et al. 2014: 7.1 litres in a leg of people of 72 kg, mean of 24
    muscles = MetabolicMuscles.of(compile_body(GENERIC_BODY, Fidelity.STANDARD))

    assert len(muscles.names) == 80
    assert 6.0 < muscles.mass_kg.sum() / 2 < 8.5
    left = [muscles.names.index(name[:-1] + "l") for name in muscles.names]
    np.testing.assert_allclose(muscles.mass_kg, muscles.mass_kg[left], rtol=0.02)


def test_rates_are_means_per_body_mass_and_gross_adds_the_basal_rate() -> None:
    muscles = one_muscle()
    held = motion(excitation=0.5, activation=0.5)

    rates = {rate.model: rate for rate in metabolic_rates(metabolic_power(muscles, held), mass_kg=10.0)}

    assert rates["Umberger 2010"].net_w_kg == pytest.approx(75.4099 * MASS_KG / 10.0, rel=1e-5)
    assert rates["Bhargava 2004"].gross_w_kg == pytest.approx(
        76.95248 * MASS_KG / 10.0 + BASAL_W_KG, rel=1e-5
    )
