"""Claims about default against personalized controller over the gait cycle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.cli.session_situations import situation_numbers
from core.domain.body import JointKind, Side
from core.session.curve_tests import curve_sentence, joint_tests
from core.session.report_help import help_part
from tests.ui import compared


def test_only_what_differs_is_told_with_how_much_and_by_how_many_starts() -> None:
    tests = joint_tests(compared.comparison())

    (shown,) = [one for one in tests if one.test.shown]
    words = curve_sentence(tests)

    assert len(tests) == 6
    assert (shown.joint, shown.side) == (JointKind.HIP_FLEXION, Side.LEFT)
    assert "beyond chance at left hip 7" in words and words.count("%") == 1
    assert "p < 0.05 of all 6 curves; n = 5 simulated starts, not people" in words


def test_report_and_programs_get_it() -> None:
    comparison = compared.comparison()
    part = help_part(comparison)

    numbers = situation_numbers(comparison)["default_against_personalized"]

    assert part is not None and numbers["sentence"] in part.notes
    assert numbers["simulated_starts"] == 5
    assert [name for name, one in numbers["curves"].items() if one["differs"]] == ["left hip flexion"]


def test_equal_gaits_differ_nowhere_and_earlier_comparisons_tell_nothing() -> None:
    comparison = compared.comparison()
    default = next(one for one in comparison.curves if one.label == compared.DEFAULT)
    other = np.random.RandomState(1).randn(*default.angle_rad.shape[:3], 1)
    alike = replace(default, label=compared.PERSONAL.value, angle_rad=default.angle_rad + 0.001 * other)

    words = curve_sentence(joint_tests(replace(comparison, curves=(default, alike))))

    assert "nowhere beyond chance" in words
    assert curve_sentence(joint_tests(replace(comparison, curves=()))) == ""
    assert situation_numbers(replace(comparison, curves=()))["default_against_personalized"] == {}
