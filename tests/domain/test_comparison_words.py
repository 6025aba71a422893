"""Claims about a comparison in words and numbers: with intervals, and no difference where none is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.comparison_words import verdict, verdict_details
from core.domain.walk_numbers import measured_gaits, walk_rows, walk_values
from tests import walked


def told(cost: float, *, generic: float = 0.94, spread: float = 0.004, falls: int = 0) -> str:
    costs = (1.0, 1.03, 0.96, generic, cost)
    return verdict(walked.scores(costs, spread=spread, falls=(0, 0, 0, 0, falls)))


def test_the_verdict_says_what_the_numbers_say() -> None:
    assert told(0.88) == (
        "The personalized controller makes walking easier in simulation: 12.0 % lower metabolic rate than "
        "without the exo (95 % interval 11.7 to 12.3 %). Walking with the personalized controller costs "
        "8.3 % less energy than with the default controller (8.3 to 8.3 %) and 6.4 % less than with the "
        "generic controller (6.4 to 6.4 %). The twin falls in none of 40 walks. The exo gives at most 12 N·m."
    )


def test_a_rise_and_falls_are_told() -> None:
    words = told(1.04, falls=3)
    assert "makes walking harder in simulation: 4.0 % higher metabolic rate than without the exo" in words
    assert "8.3 % more energy than with the default controller" in words
    assert words.count("3 falls in 40 walks instead of 0") == 1 and "The twin falls" not in words


def test_fewer_falls_are_told_too() -> None:
    words = verdict(walked.scores(falls=(2, 0, 0, 0, 0)))
    assert "The twin never falls in 40 walks (without the exo: 2)." in words


def test_a_slower_walk_is_told_per_metre_with_both_speeds() -> None:
    scores = walked.scores()
    slow = replace(scores[4], measures=walked.measures(0.80, speed_m_s=1.1))
    words = verdict((*scores[:4], slow))
    assert "12.7 % lower metabolic cost per metre than without the exo" in words
    assert "less energy per metre than with the default controller" in words
    assert "The twin walks at 1.10 instead of 1.20 m/s, so its cost is told per metre." in words
    assert "per metre" not in verdict(scores)
    assert words.count("energy") == 1
    first, second, *_ = walk_rows(measured_gaits((*scores[:4], slow)))
    assert (first.name, first.strong, first.cells[4]) == ("Cost per metre", True, "87.3")
    assert (second.name, second.strong) == ("Metabolic rate", False)


def test_a_faster_walk_does_not_look_cheaper_by_its_speed() -> None:
    scores = walked.scores()
    fast = replace(scores[4], measures=walked.measures(0.95, speed_m_s=1.3))
    assert "5.0 % lower metabolic rate than without the exo" in verdict((*scores[:4], fast))


def test_where_the_interval_includes_none_no_difference_is_claimed() -> None:
    words = told(0.99, spread=0.05)
    assert words.startswith("The personalized controller is not shown to make walking easier in simulation")
    assert "(95 % interval 6 % lower to 4 % higher)" in words


def test_who_is_as_good_is_not_said_to_be_beaten() -> None:
    scores = walked.scores((1.0, 1.03, 0.96, 0.89, 0.88))
    generic = scores[3].measures
    assert generic is not None
    uneven = np.array([1.0, -1.0, 1.0, -1.0, 0.5])[:, None]
    generic = replace(generic, metabolic_w_kg=generic.metabolic_w_kg * (1.0 + 0.03 * uneven))
    words = verdict_details((*scores[:3], replace(scores[3], measures=generic), scores[4]))
    assert (
        "costs 8.3 % less energy than with the default controller (8.3 to 8.3 %). No difference is shown from"
        in words
    )
    assert "from the generic controller (" in words


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ((0.92, 0.93, 0.91, 0.94), "less than with controllers learned for 4 other virtual people ("),
        ((0.80, 0.99, 0.85, 0.88), "is shown from controllers learned for 4 other virtual people ("),
        ((0.92,), "from controllers learned for another virtual person (from one seed; 24"),
    ],
)  # fmt: skip
def test_strangers_are_told_with_the_interval_over_them(costs: tuple[float, ...], words: str) -> None:
    strangers = tuple(walked.measures(cost, seeds=3) for cost in costs)
    found = verdict(walked.scores(), strangers)
    assert words in found and "; 24 walks each)" in found


def test_without_strangers_nothing_is_said_about_them() -> None:
    assert "virtual" not in told(0.88)


def test_every_row_has_a_cell_for_every_gait() -> None:
    scores = walked.scores()
    rows = walk_rows(measured_gaits(scores))
    assert {len(row.cells) for row in rows} == {len(row.spans) for row in rows} == {len(scores)}
    assert len({row.title for row in rows}) == len(rows)
    assert (
        rows[0].full(4) == "88.0 ± 0.3 %" and rows[0].full(0) == "100 %" and rows[-1].name == "Joint effort"
    )
    braking = next(row for row in rows if row.name == "Exo braking")
    assert braking.cells == ("–", "–", "3", "3", "3")  # without torque there is no work


def test_without_walks_of_no_exo_there_are_no_shares() -> None:
    assert walk_rows(measured_gaits(walked.scores()[1:])) == ()
    assert walk_rows(measured_gaits(walked.earlier_scores())) == ()


def test_numbers_for_programs_have_their_intervals() -> None:
    without, personal = (walked.scores()[number].measures for number in (0, 4))
    assert without is not None and personal is not None
    values = walk_values(personal, without)
    assert values["metabolic_ratio"]["mean"] == pytest.approx(0.88)
    assert values["metabolic_ratio"]["low"] < 0.88 < values["metabolic_ratio"]["high"]
    assert set(values["metabolic_ratio_by_model"]) == {"Umberger 2010", "Bhargava 2004"}
    assert values["difference_shown"] and values["joint_effort_ratio"]["mean"] == pytest.approx(1.04)
    alone = walk_values(walked.measures(0.9, seeds=1), walked.measures(1.0, seeds=1))
    assert alone["metabolic_ratio"]["low"] is None and not alone["difference_shown"]
