"""Claims about the table of deficits and the help on each side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JointKind, Side
from core.domain.help_by_side import help_by_side
from core.domain.impairment import Impairment, ImpairmentKind
from tests.situated import WEAK, profile


def test_a_healthy_twin_is_helped_alike_on_both_sides() -> None:
    found = help_by_side(profile(0.10, 0.103), 70.0)
    assert found is not None and not found.deficits
    assert found.words.startswith("Both sides are helped alike: left 2.")


def test_size_and_timing_are_told_per_side_and_direction() -> None:
    found = help_by_side(profile(0.12, 0.08), 70.0)
    assert found is not None
    left = found.of(Side.LEFT)
    assert (left.flexion.nm_kg, left.flexion.at) == (pytest.approx(0.12), 0.6)
    assert (left.extension.nm, left.extension.at) == (pytest.approx(0.06 * 70.0), 0.1)
    assert found.words.startswith("The left side is helped 50 % more: left")


def test_traces_in_the_other_direction_of_an_exo_that_turns_one_way_are_no_help() -> None:
    boot = profile(0.2, 0.2, joint=JointKind.ANKLE)
    torque = np.where(boot.torque_nm_kg > 0.0, 1e-5, boot.torque_nm_kg)
    found = help_by_side(replace(boot, torque_nm_kg=torque), 70.0, [WEAK])
    assert found is not None and found.of(Side.LEFT).flexion.nm == 0.0
    assert "dorsiflexion" not in found.deficits[0].words and "plantarflexion" in found.deficits[0].words


def test_a_deficit_is_told_with_the_torque_of_its_side_over_the_other() -> None:
    found = help_by_side(profile(0.12, 0.08), 70.0, [WEAK])
    assert found is not None
    (deficit,) = found.deficits
    assert (deficit.affected, deficit.ratio) == (Side.LEFT, pytest.approx(1.5))
    assert deficit.words == (
        "Weakness, left hip flexors: the left side gets 50 % more torque than the right; flexion of at most "
        "8.4 N·m at 60 % and extension of at most 4.2 N·m at 10 % of its gait cycle."
    )


def test_a_side_that_gets_less_is_not_praised() -> None:
    found = help_by_side(profile(0.06, 0.08), 70.0, [WEAK])
    assert found is not None
    assert "the left side gets 25 % less torque than the right" in found.deficits[0].words


def test_an_ankle_is_told_in_its_own_directions() -> None:
    found = help_by_side(profile(0.12, 0.08, joint=JointKind.ANKLE), 70.0, [WEAK])
    assert found is not None
    assert "dorsiflexion of at most" in found.deficits[0].words
    assert "plantarflexion of at most" in found.deficits[0].words


def test_no_torque_and_no_strides_are_said() -> None:
    nothing = help_by_side(profile(0.0, 0.0), 70.0, [WEAK])
    assert nothing is not None and nothing.words == "The exo gives no torque."
    assert "the exo gives no torque; no torque on this side" in nothing.deficits[0].words
    assert help_by_side(profile(0.1, 0.1, strides=(12, 0)), 70.0) is None


def test_reactions_that_are_late_concern_both_legs() -> None:
    found = help_by_side(profile(0.1, 0.1), 70.0, [Impairment(ImpairmentKind.DELAY, 0.5)])
    assert found is not None and found.deficits[0].ratio is None
    assert found.deficits[0].words.startswith("Delay: of both legs. Both sides are helped alike")
