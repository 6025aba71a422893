"""The page of the exo's help: curves and numbers of each side, deficits, situations, correlations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.cli.session_situations import situation_numbers
from core.domain.body import SAGITTAL, JointKind, Side
from core.domain.controller import Comparison
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet, SceneGeometry
from core.session.exo_help import deficit_lines, expectation_of
from core.session.report_help import help_part
from core.store.repository import open_store
from tests import situated, walked
from tests.store.samples import a_subject

PERSONAL = GaitLabel.PERSONALIZED_CONTROLLER


def comparison() -> Comparison:
    gaits = RolloutSet((), SceneGeometry(()), "Level walking")
    labels = ("measured", "healthy twin", "without exo", PERSONAL.value)
    r = np.full((4, 4, 2, 3), 0.9)
    r[1, 3] = r[3, 1] = 0.97
    alike = CycleCorrelations(labels, SAGITTAL, r, np.full((4, 2), 8.0))
    base = Comparison(gaits, walked.scores(), "", correlations=alike)
    return situated.situated(base, situated.pair("stairs-up", 0.95), situated.pair("push", falls=(1, 0)))


def test_the_page_has_curves_and_numbers_of_each_side() -> None:
    part = help_part(comparison())
    assert part is not None and len(part.plots) == 2
    assert [side for side, *_ in part.plots[1].curves] == [Side.LEFT, Side.RIGHT]
    rows = {row.name: row.cells for row in part.sides.rows}
    assert rows["Personalized, left"][:2] == ("0.120 N·m/kg · 8.4 N·m", "60 %")
    assert rows["Default, right"][2:4] == ("0.040 N·m/kg · 2.8 N·m", "10 %")


def test_every_deficit_is_told_with_what_was_expected() -> None:
    both, weak = deficit_lines(comparison(), PERSONAL)
    assert both.startswith("The left side is helped 50 % more")
    assert "the left side gets 50 % more torque than the right" in weak
    assert "As expected: more torque on the left side than on the right, turned further to flexion" in weak


def test_help_on_the_wrong_side_is_against_expectation() -> None:
    found = expectation_of(situated.profile(0.08, 0.12), situated.WEAK)
    assert found is not None and not found.met and "neither came" in found.words
    ankle = situated.profile(0.08, 0.12, joint=JointKind.ANKLE)
    assert expectation_of(ankle, situated.WEAK) is None  # what is written down is for the hip
    assert expectation_of(situated.profile(0.1, 0.1), Impairment(ImpairmentKind.DELAY, 0.5)) is None


def test_a_share_that_counts_as_equal_is_not_the_expected_help() -> None:
    """The sentence on the deficit says then that both sides get as much torque."""
    found = expectation_of(situated.profile(0.102, 0.1), situated.WEAK)
    assert found is not None and not found.met
    assert "the flexion came, the larger torque did not" in found.words


def test_the_page_says_which_controller_helps_one_side_more() -> None:
    part = help_part(comparison())
    assert part is not None
    assert part.lines[0].startswith("Personalized controller: the left side is helped 50 % more")


def test_situations_and_correlations_have_their_tables() -> None:
    part = help_part(comparison())
    assert part is not None
    stairs, push = part.situations.rows
    assert stairs.cells == ("–", "95.0 ± 0.4 %", "0", "–", "0", "6")
    assert push.name == "Push from the side" and push.cells == ("–", "–", "1", "–", "0", "6")
    assert part.correlations.title == "Correlation of the strides with the healthy twin's"
    assert part.correlations.rows[0].cells == ("0.900", "0.900", "0.900", "0.970")


def test_a_comparison_of_an_earlier_version_has_no_such_page() -> None:
    earlier = replace(comparison(), situations=(), mass_kg=None)
    assert help_part(earlier) is None and help_part(None) is None
    assert situation_numbers(earlier)["help_by_side"] == {}


def test_programs_get_the_same_numbers() -> None:
    numbers = situation_numbers(comparison())
    own = numbers["help_by_side"][PERSONAL.value]
    assert own["left"]["flexion"] == {"nm_kg": 0.12, "nm": 8.4, "at": 0.6}
    assert own["deficits"][0]["torque_ratio"] == 1.5 and own["deficits"][0]["as_expected"]
    assert numbers["situations"]["easier"] == ["stairs-up"] and not numbers["situations"]["harder"]
    level = numbers["situations"]["walks"][0]
    assert level["situation"] == "level" and level["unsupported_walks"] is None  # not counted there
    stairs = next(one for one in numbers["situations"]["walks"] if one["situation"] == "stairs-up")
    assert stairs["gait"] == "without exo" and stairs["metabolic_ratio"] is None
    assert numbers["correlations"]["healthy twin"][PERSONAL.value] == 0.97


def test_it_is_kept_in_the_record(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = store.start_visit(store.add_patient(a_subject())).id
        kept = store.save(RecordKind.COMPARISON, comparison(), visit_id=visit_id, summary="")
        found = store.load(kept, Comparison)
    assert found.impairments == (situated.WEAK,) and found.mass_kg == 70.0
    assert situation_numbers(found) == situation_numbers(comparison())
