"""Claims about the verdict on situations besides level walking."""

from __future__ import annotations

from dataclasses import replace

from core.domain.assistance import assistance_of
from core.domain.comparison_words import verdict
from core.domain.controller import Comparison
from core.domain.rollout import RolloutSet, SceneGeometry
from core.domain.situation import SituationWalks, find_walks
from core.domain.situation_effects import (
    handrail_words,
    situation_assistance,
    situation_effects,
    situation_words,
)
from tests import situated, walked


def compared(*pairs: tuple[SituationWalks, ...]) -> Comparison:
    gaits = RolloutSet((), SceneGeometry(()), "Level walking")
    return situated.situated(Comparison(gaits, walked.scores(), ""), *pairs)


def told(*pairs: tuple[SituationWalks, ...]) -> str:
    return situation_words(compared(*pairs).situations)


def test_a_controller_that_makes_stairs_harder_never_helps_without_that_word() -> None:
    found = situation_assistance(compared(situated.pair("stairs-down", 1.05)))
    assert found.helps and found.words == (
        "It makes level walking easier in simulation: 12.0 % lower metabolic rate than without the exo "
        "(95 % interval 11.7 to 12.3 %). Harder in other situations: "
        "stairs down (5.0 % more energy)."
    )


def test_more_falls_are_harder_whatever_the_cost() -> None:
    pair = situated.pair("stairs-up", 0.9, falls=(1, 3))
    (effect,) = situation_effects(pair)
    assert effect.harder and not effect.easier
    assert "harder: stairs up (10.0 % less energy, falls in 3 of 6 walks instead of 1)." in told(pair)


def test_easier_and_equal_situations_are_told_apart() -> None:
    words = told(situated.pair("ramp-up-5", 0.92), situated.pair("ramp-down-5", 1.001))
    assert words == (
        "In other situations, 6 walks each: Walking gets easier: ramp up 5° (8.0 % less energy). "
        "No difference is shown: ramp down 5°."
    )


def test_with_a_disturbance_falls_alone_count() -> None:
    words = told(situated.pair("push", 1.2), situated.pair("slip", 0.8, falls=(2, 1)))
    assert words.endswith(
        "The twin falls no more often than without the exo: push from the side "
        "and slip (1 of 6 walks, without the exo 2)."
    )
    assert "harder" in told(situated.pair("push", 0.8, falls=(5, 6)))


def test_a_situation_that_cannot_be_walked_without_the_exo_is_said_and_not_compared() -> None:
    pair = situated.pair("run-2.0", 0.5, falls=(4, 2))
    (effect,) = situation_effects(pair)
    assert not effect.walkable and not effect.easier and not effect.harder
    assert "cannot walk there, so costs are not compared: running 2.0 m/s (it falls in 4 of 6" in told(pair)


def test_a_cost_whose_interval_reaches_below_nothing_is_not_told() -> None:
    """Walks cut off by a fall at once cost many times as much per metre as whole ones."""
    without, worn = situated.pair("stairs-up", 1.0, falls=(0, 3))
    rates = worn.measures.metabolic_w_kg.copy()
    rates[0] *= 40.0
    cut_off = replace(worn, measures=replace(worn.measures, metabolic_w_kg=rates))
    (effect,) = situation_effects((without, cut_off))
    assert effect.cost is None and effect.words == "stairs up (falls in 3 of 6 walks instead of 0)"


def test_no_cost_is_told_of_walks_that_mostly_end_by_a_fall_with_the_exo() -> None:
    (effect,) = situation_effects(situated.pair("stairs-down", 2.3, falls=(2, 6)))
    assert effect.cost is None and effect.harder
    assert effect.words == "stairs down (falls in 6 of 6 walks instead of 2)"


def test_the_course_is_named_in_the_words_of_a_sentence() -> None:
    words = told(situated.pair("course", 1.0, falls=(0, 2)))
    assert "gets harder: the course of walk, run and stairs (falls in 2 of 6 walks instead of 0)." in words


def test_nothing_is_said_where_nothing_else_was_walked() -> None:
    earlier = replace(compared(), situations=())
    assert situation_words(earlier.situations) == "" == told()
    assert situation_assistance(earlier) == assistance_of(earlier.scores)
    assert verdict(earlier.scores, (), earlier.situations) == verdict(earlier.scores)


def test_the_verdict_ends_with_where_else_walking_gets_harder() -> None:
    harder = compared(situated.pair("stairs-up", 1.05), situated.pair("run-2.0", falls=(5, 2))).situations
    words = verdict(walked.scores(), (), harder)
    assert words.endswith(
        "In other situations walking gets harder: stairs up (5.0 % more energy). Without the exo the twin "
        "cannot walk: running 2.0 m/s (it falls in 5 of 6 walks, with the exo in 2)."
    )
    words = verdict(walked.scores(), (), compared(situated.pair("ramp-up-5", 0.9)).situations)
    assert words.endswith("In 1 other situation walked it is not shown to get harder.")


def test_the_handrail_is_told_by_who_needs_none() -> None:
    without, worn = (replace(one, handrail=True) for one in situated.pair("stairs-up"))
    walks = (replace(without, unsupported_starts=3, support_bw=0.02), replace(worn, unsupported_starts=5))
    assert handrail_words(walks) == (
        "With a handrail: on stairs up 5 of 6 walks never hold on to it (without the exo 3 of 6), "
        "with 0.0 % of the body weight on it on average (2.0 %)."
    )
    fell = (walks[0], replace(walks[1], measures=replace(walks[1].measures, falls=1)))
    assert handrail_words(fell).endswith("on average (2.0 %), and 1 fall all the same (0).")
    assert situation_effects(walks) == () and handrail_words(situated.pair("stairs-up")) == ""


def test_walks_of_several_seeds_are_one() -> None:
    first, second = situated.level()[-1], situated.level(0.08, 0.12)[-1]
    found = SituationWalks.joined([replace(first, support_bw=0.1, unsupported_starts=2), second])
    assert (found.measures.seeds, found.measures.starts) == (10, 2 * situated.WALKS)
    assert (found.support_bw, found.unsupported_starts) == (0.05, 2)
    assert found.profile is not None and found.profile.strides == (40, 40)
    assert abs(found.profile.asymmetry) < 1e-9
    assert find_walks((found,), "level", first.label) is found
