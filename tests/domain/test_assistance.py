"""Claims about the verdict on a controller: it is the same everywhere, and never kinder than the numbers."""

from __future__ import annotations

import math

import pytest

from core.domain.assistance import Assistance, assistance_of, percent_words, typed_reason, weigh, with_reason
from core.domain.controller import GaitScore
from core.domain.rollout import GaitLabel


def scores(worn: float, falls: float = 0.0, without: float = 0.05) -> tuple[GaitScore, ...]:
    return tuple(
        GaitScore(label.value, {}, {}, effort, 0.9, fallen, 8.0, 4.0, 0.03)
        for label, effort, fallen in (
            (GaitLabel.WITHOUT_EXO, without, 0.4),
            (GaitLabel.DEFAULT_CONTROLLER, 0.9, 9.0),
            (GaitLabel.PERSONALIZED_CONTROLLER, worn, falls),
        )
    )


@pytest.mark.parametrize(
    ("worn", "falls", "harder", "words"),
    [
        (0.045, 0.4, False, "easier in simulation: 10 % less effort than without the exo."),
        (0.050, 0.4, False, "neither easier nor harder"),
        (0.05001, 0.4, True, "harder in simulation: less than 0.1 % more effort than without the exo."),
        (0.0502, 0.4, True, "harder in simulation: 0.4 % more effort"),
        (0.056, 0.4, True, "harder in simulation: 12 % more effort"),
        (0.045, 0.8, True, "harder in simulation: 0.8 falls a minute instead of 0.4."),
        (0.056, 0.8, True, "12 % more effort than without the exo and 0.8 falls a minute instead of 0.4."),
    ],
)
def test_more_effort_or_more_falls_is_harder(worn: float, falls: float, harder: bool, words: str) -> None:
    found = assistance_of(scores(worn, falls))
    assert (found.harder, found.needs_reason) == (harder, harder)
    assert words in found.words


@pytest.mark.parametrize(
    "found",
    [
        Assistance(None),
        assistance_of(()),
        assistance_of(scores(0.05)[:2]),
        assistance_of(scores(math.nan)),
        assistance_of(scores(0.05, without=0.0)),
        weigh(None, 0.05, 0.0, 0.0),
    ],
)
def test_what_is_not_known_is_said_to_be_so_and_needs_a_reason(found: Assistance) -> None:
    assert not found.known and found.needs_reason
    assert found.words == "It is not known whether it makes walking easier or harder."


def test_more_falls_are_harder_even_where_the_effort_is_not_known() -> None:
    found = weigh(None, None, 0.0, 2.0)
    assert found.harder and "2.0 falls a minute instead of 0.0" in found.words


def test_a_reason_can_be_read_out_of_the_meaning_of_a_signature() -> None:
    meaning = with_reason("I release it.", Assistance(1.1), "the knee follows better")
    assert meaning.startswith("I release it. It makes walking harder in simulation: 10 % more effort")
    assert typed_reason(meaning) == "the knee follows better"
    assert typed_reason("I release it.") == ""


def test_a_small_share_is_never_told_as_nothing() -> None:
    fractions = (0.0, 0.0001, 0.004, 0.07, 0.125)
    assert [percent_words(fraction) for fraction in fractions] == [
        "0.0 %", "less than 0.1 %", "0.4 %", "7 %", "12 %",
    ]  # fmt: skip
