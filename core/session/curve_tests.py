"""Default against personalized controller over the gait cycle: where the twin walks otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.body import SIDES, JointKind, Side
from core.domain.controller import Comparison
from core.domain.rollout import GaitLabel
from core.domain.start_curves import StartCurves
from core.statistics.curves import LEAST, CurveTest, paired_curves

COMPARED = (GaitLabel.DEFAULT_CONTROLLER, GaitLabel.PERSONALIZED_CONTROLLER)


@dataclass(frozen=True, slots=True)
class JointTest:
    """Of one joint; all joints and sides together keep the 5 %."""

    joint: JointKind
    side: Side
    test: CurveTest
    largest_rad: float  # mean difference

    @property
    def name(self) -> str:
        return f"{self.side.value} {self.joint.label.lower()}"


def joint_tests(comparison: Comparison) -> tuple[JointTest, ...]:
    """Personalized minus default controller; () where earlier versions kept no curves of the starts."""
    found = [_of(comparison, label) for label in COMPARED]
    if found[0] is None or found[1] is None or found[0].seeds != found[1].seeds:
        return ()
    first, second = found[0].angle_rad, found[1].angle_rad
    change = second - first
    places = [
        (column, number, whole)
        for column in range(len(found[0].joints))
        for number in range(len(SIDES))
        if (whole := np.isfinite(change[:, number, column]).all(axis=1)).sum() >= LEAST
    ]
    return tuple(
        JointTest(
            found[0].joints[column],
            SIDES[number],
            paired_curves(first[whole, number, column], second[whole, number, column], tests=len(places)),
            float(np.abs(change[whole, number, column].mean(axis=0)).max()),
        )
        for column, number, whole in places
    )


def curve_sentence(tests: tuple[JointTest, ...]) -> str:
    """Where, the longest stretch of each joint, and by whom it is told; empty where nothing was tested."""
    if not tests:
        return ""
    shown = [f"{one.side.value} {one.joint.place} {_longest(one.test)}" for one in tests if one.test.shown]
    where = f"beyond chance at {', '.join(shown)}" if shown else "nowhere beyond chance"
    largest = np.degrees(max(one.largest_rad for one in tests))
    return (
        f"Joint angles, personalized against default controller: at most {largest:.1f}° apart, {where} "
        f"(SPM, p < 0.05 of all {len(tests)} curves; n = {tests[0].test.n} simulated starts, not people)."
    )


def _longest(test: CurveTest) -> str:
    longest = max(test.clusters, key=lambda one: one.end - one.begin)
    begin, end, more = round(longest.begin), round(longest.end), len(test.clusters) - 1
    named = f"{begin}–{end} %" if begin != end else f"{begin} %"
    return f"{named} (+{more})" if more else named


def _of(comparison: Comparison, label: GaitLabel) -> StartCurves | None:
    return next((one for one in comparison.curves if one.label == label.value), None)
