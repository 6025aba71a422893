"""Claims about the verdict on a controller: it is the same everywhere, and never kinder than the numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.domain.assistance import (
    Assistance,
    assistance_by,
    assistance_of,
    trained_assistance,
    weigh,
    weigh_cost,
)
from core.domain.controller import MeasuredGait
from core.domain.cost_ratio import CostRatio, cost_ratio, percent_words
from core.domain.release import release_meaning, typed_reason
from core.domain.walk_measures import Estimate
from tests import walked
from tests.deploy import controllers


def by_cost(cost: float, *, spread: float = 0.004, falls: int = 0, before: int = 0) -> Assistance:
    costs = (*walked.USUAL[:-1], cost)
    return assistance_of(walked.scores(costs, spread=spread, falls=(before, 0, 9, 0, falls)))


@pytest.mark.parametrize(
    ("found", "harder", "words"),
    [
        (by_cost(0.88), False, "It makes walking easier in simulation: 12.0 % lower metabolic rate than"),
        (by_cost(0.88), False, "than without the exo (95 % interval 11.7 to 12.3 %)."),
        (
            by_cost(0.99, spread=0.05),
            False,
            "It is not shown to make walking easier in simulation: 1 % lower metabolic rate than without the "
            "exo, no difference shown (95 % interval 6 % lower to 4 % higher).",
        ),
        (
            by_cost(1.01, spread=0.05),
            True,
            "It does not make walking easier in simulation: 1 % higher metabolic rate than without the exo, "
            "no difference shown (95 % interval 4 % lower to 6 % higher).",
        ),
        (by_cost(1.05), True, "It makes walking harder in simulation: 5.0 % higher metabolic rate"),
        (by_cost(1.00001, spread=0.0), True, "It makes walking harder in simulation: less than 0.1 % higher"),
        (by_cost(1.0, spread=0.0), False, "neither easier nor harder"),
        (by_cost(0.88, falls=1), True, "harder in simulation: 1 fall in 40 walks instead of 0."),
        (by_cost(0.88, falls=2, before=2), False, "It makes walking easier"),
        (by_cost(1.05, falls=3, before=1), True, " and 3 falls in 40 walks instead of 1."),
        (by_cost(1.01, spread=0.05, falls=3), True, "It makes walking harder"),
    ],
)  # fmt: skip
def test_higher_cost_or_more_falls_is_harder_and_a_difference_needs_its_interval(
    found: Assistance, harder: bool, words: str
) -> None:
    assert words in found.words
    assert (found.harder, found.needs_reason) == (harder, harder)
    assert found.helps == found.words.startswith("It makes walking easier")


def test_a_slower_walk_is_judged_per_metre() -> None:
    """At 0.9 of the speed a rate 5 % lower is a cost per metre 6 % higher."""
    slow, usual = walked.measures(0.95, speed_m_s=1.08), walked.measures(1.0, spread=0.0)
    found = assistance_by(slow, usual)
    assert found.harder and "5.6 % higher metabolic cost per metre" in found.words
    alike = assistance_by(walked.measures(0.95, speed_m_s=1.19), usual)
    assert alike.helps and "5.0 % lower metabolic rate" in alike.words


def test_the_interval_is_that_of_pairs_of_seeds() -> None:
    """Starts that are hard for both do not hide a difference."""
    hard = walked.measures(1.0, spread=0.2)
    lighter = replace(hard, metabolic_w_kg=0.95 * hard.metabolic_w_kg)
    cost = cost_ratio(lighter, hard)
    assert cost is not None and cost.shown and cost.size_words == "5.0 %"


def test_fewer_seeds_are_paired_with_the_same_ones() -> None:
    hard = walked.measures(1.0, spread=0.2)
    first = walked.measures(0.9, spread=0.2, seeds=3)
    cost = cost_ratio(first, hard)
    assert cost is not None and cost.estimate.high == pytest.approx(0.9) == cost.estimate.low


def test_one_seed_shows_no_difference() -> None:
    found = assistance_by(walked.measures(0.9, seeds=1), walked.measures(1.0, seeds=1, spread=0.0))
    assert not found.helps and not found.harder and "one seed, so without an interval" in found.words


@pytest.mark.parametrize("broken", [math.nan, 0.0, -1.0])
def test_a_cost_that_is_no_number_is_not_known(broken: float) -> None:
    usual, odd = walked.measures(1.0), walked.measures(1.0)
    odd = replace(odd, metabolic_w_kg=np.full((5, 2), broken))
    found = assistance_by(usual, odd)
    assert not found.known and found.needs_reason
    assert found.words == "It is not known whether it makes walking easier or harder."


@pytest.mark.parametrize(
    ("worn", "falls", "harder", "words"),
    [
        (0.045, 0.1, False, "easier in simulation: 10 % less joint effort than without the exo."),
        (0.050, 0.1, False, "neither easier nor harder"),
        (0.05001, 0.1, True, "harder in simulation: less than 0.1 % more joint effort than without the exo."),
        (0.0502, 0.1, True, "harder in simulation: 0.4 % more joint effort"),
        (0.056, 0.1, True, "harder in simulation: 12 % more joint effort"),
        (0.045, 0.8, True, "harder in simulation: 0.8 falls a minute instead of 0.1."),
        (0.056, 0.8, True, "12 % more joint effort than without the exo and 0.8 falls a minute"),
    ],
)  # fmt: skip
def test_earlier_records_are_judged_by_joint_effort_and_say_so(
    worn: float, falls: float, harder: bool, words: str
) -> None:
    found = assistance_of(walked.earlier_scores(worn, falls))
    assert (found.harder, found.needs_reason) == (harder, harder)
    assert words in found.words


@pytest.mark.parametrize(
    "found",
    [
        Assistance(None),
        assistance_of(()),
        assistance_of(walked.scores()[:4]),
        assistance_of(walked.earlier_scores()[:2]),
        assistance_of(walked.earlier_scores(math.nan)),
        weigh(0.0, 0.05, 0.0, 0.0),
        weigh(None, 0.05, 0.0, 0.0),
        weigh_cost(None, (0.9, 1.0)),
        weigh_cost(math.nan, (None, None)),
        weigh_cost(-0.5, (None, None)),
    ],
)
def test_what_is_not_known_is_said_to_be_so_and_needs_a_reason(found: Assistance) -> None:
    assert not found.known and found.needs_reason
    assert found.words == "It is not known whether it makes walking easier or harder."


def test_more_falls_are_harder_even_where_the_cost_is_not_known() -> None:
    found = weigh(None, None, 0.0, 2.0)
    assert found.harder and "2.0 falls a minute instead of 0.0" in found.words


@pytest.mark.parametrize("against", [0.51, 0.9])
def test_an_exo_that_mostly_works_against_the_leg_needs_a_reason_whatever_walking_costs(
    against: float,
) -> None:
    *others, worn = walked.scores()
    found = assistance_of((*others, walked.slowing(worn, against)))
    assert found.helps and found.works_against and found.needs_reason and found.warns
    assert found.words.endswith(f" {100 * against:.0f} % of the exo's work is against the leg's movement.")
    usual = assistance_of((*others, walked.slowing(worn, 0.5)))
    assert not usual.works_against and not usual.warns


def test_only_a_worthwhile_help_everywhere_is_without_a_warning() -> None:
    assert not by_cost(0.88).warns and by_cost(0.98).warns and by_cost(0.99, spread=0.05).warns
    assert "It hardly makes walking easier in simulation: 2.0 % lower" in by_cost(0.98).words
    assert replace(by_cost(0.88), elsewhere="stairs down (4 % more energy)").warns


def test_whoever_tells_it_tells_the_same() -> None:
    found = by_cost(1.05)
    assert found.told_of("The exo") == found.words.replace("It ", "The exo ", 1)
    scores = walked.scores((*walked.USUAL[:-1], 1.05))
    gaits = tuple(MeasuredGait(one.label, one.measures) for one in scores if one.measures)
    trained = replace(controllers.trained(), gaits=gaits)
    assert trained_assistance(trained) == found
    full = found.told_of("The controller")
    assert found.headline == full.replace(" than without the exo (95 % interval 4.6 to 5.4 %)", "")


def test_a_reason_can_be_read_out_of_the_meaning_of_a_signature() -> None:
    meaning = release_meaning("I release it.", by_cost(1.05), "the knee follows better")
    assert meaning.startswith(
        "I release it. It makes walking harder in simulation: 5.0 % higher metabolic rate"
    )
    assert typed_reason(meaning) == "the knee follows better"
    assert typed_reason("I release it.") == ""


def test_a_small_share_is_never_told_as_nothing() -> None:
    fractions = (0.0, 0.0001, 0.004, 0.07, 0.125)
    assert [percent_words(fraction) for fraction in fractions] == [
        "0.0 %", "less than 0.1 %", "0.4 %", "7 %", "12 %",
    ]  # fmt: skip
    assert CostRatio(Estimate(1.00001, 1.000001, 1.0001)).size_words == "less than 0.1 %"
