"""The search finds the impairments that a gait was made with, and says what it cannot tell."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import JOINTS, SAGITTAL, SIDES, Joint, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind, Slot, severities
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import MuscleGroup
from core.domain.twin import GENERIC_BODY
from core.learning.impairments.candidate_gaits import WALK_S, WalkedGait, angle_rms_deg, gait_vector
from core.learning.impairments.fit import ABSENT, UNKNOWN_SD, ImpairmentSearch, SearchSettings
from core.simulation.analysis.gait_features import GaitFeatures, SideFeatures

K, G, LEFT, RIGHT = ImpairmentKind, MuscleGroup, Side.LEFT, Side.RIGHT
DORSI = Slot(K.WEAKNESS, LEFT, group=G.DORSIFLEXORS)
PLANTAR = Slot(K.SPASTICITY, LEFT, group=G.PLANTARFLEXORS)
KNEE = Slot(K.STIFFNESS, RIGHT, joint=JointKind.KNEE)
TWIN_KNEE = Slot(K.LIMITED_RANGE, RIGHT, joint=JointKind.KNEE)  # changes this twin's gait as KNEE does
UNSEEN = Slot(K.WEAKNESS, RIGHT, group=G.HIP_ADDUCTORS)
FALLS = Slot(K.WEAKNESS, RIGHT, group=G.KNEE_EXTENSORS)
SLOTS = (DORSI, PLANTAR, KNEE, UNSEEN, FALLS)
SHORT = SearchSettings(searched=4, population=10, generations=8, gauss_newton_steps=2)


class BendingTwin:
    """A twin whose curves and steps bend smoothly with what it is impaired by."""

    body = GENERIC_BODY

    def walk(self, candidates: Sequence[tuple[Impairment, ...]]) -> tuple[WalkedGait, ...]:
        return tuple(self.gait({one.slot: one.severity for one in candidate}) for candidate in candidates)

    def gait(self, of: dict[Slot, float]) -> WalkedGait:
        if of.get(FALLS, 0.0) > 0.1:
            return WalkedGait(1.0, None)
        turn = np.linspace(0.0, 2 * np.pi, CYCLE_POINTS)
        cycle = np.tile(0.5 * np.sin(turn)[:, None], (1, len(JOINTS)))
        dorsi, plantar = of.get(DORSI, 0.0), of.get(PLANTAR, 0.0)
        knee = of.get(KNEE, 0.0) + of.get(TWIN_KNEE, 0.0)
        cycle[:, Joint.of(JointKind.ANKLE, LEFT).column] -= 0.3 * dorsi**1.3 * (turn > 4.0)
        cycle[:, Joint.of(JointKind.ANKLE, LEFT).column] -= 0.25 * plantar * np.cos(turn)
        cycle[:, Joint.of(JointKind.KNEE, RIGHT).column] *= 1.0 - 0.6 * knee
        sides = tuple(
            SideFeatures(side, *np.zeros(11), 0.05 - 0.03 * dorsi * (side is LEFT), 0.6, 0.7, 1.1)
            for side in SIDES
        )
        return WalkedGait(
            WALK_S, GaitFeatures((sides[0], sides[1]), 1.3 - 0.1 * plantar, 110.0, 1.0, 0.0, cycle)
        )


def searched(
    truth: dict[Slot, float],
    *,
    slots: tuple[Slot, ...] = SLOTS,
    settings: SearchSettings = SHORT,
    seed: int = 0,
) -> ImpairmentSearch:
    target = BendingTwin().gait(truth).features
    assert target is not None
    search = ImpairmentSearch(target, BendingTwin(), slots=slots, seed=seed, settings=settings)
    return search


def finished(search: ImpairmentSearch) -> ImpairmentSearch:
    while not search.done:
        search.advance()
    return search


def test_the_severities_that_made_a_gait_are_found_and_nothing_else() -> None:
    truth = {DORSI: 0.5, KNEE: 0.3}

    fit = finished(searched(truth)).result()

    found = {one.slot: one.severity for one in fit.body.impairments}
    assert found.keys() == truth.keys()
    for slot, severity in truth.items():
        assert found[slot] == pytest.approx(severity, abs=0.05)
    assert fit.misfit < 0.15 * fit.healthy_misfit
    assert fit.angle_rms_deg < 0.2 * fit.healthy_rms_deg


def test_a_healthy_gait_gives_no_impairment() -> None:
    assert finished(searched({})).result().body.impairments == ()


def test_a_severity_without_influence_is_reported_as_unknown() -> None:
    fit = finished(searched({DORSI: 0.5})).result()

    sd = {one.slot: one.sd for one in fit.estimates}
    assert sd[UNSEEN] == pytest.approx(UNKNOWN_SD, rel=0.05)
    assert sd[DORSI] < 0.15
    assert f"{UNSEEN.label}: hardly shows in this gait, so its severity is not known." in fit.not_told_apart


def test_two_impairments_with_the_same_effect_are_not_told_apart() -> None:
    fit = finished(searched({KNEE: 0.4}, slots=(DORSI, KNEE, TWIN_KNEE))).result()

    pair = [sentence for sentence in fit.not_told_apart if "only both together are certain" in sentence]
    together = sum(one.severity for one in fit.estimates if one.slot in (KNEE, TWIN_KNEE))
    assert len(pair) == 1 and "knee" in pair[0]
    assert together == pytest.approx(0.4, abs=0.1)
    assert all(one.sd > 0.15 for one in fit.estimates if one.slot in (KNEE, TWIN_KNEE))


def test_a_rival_that_was_not_searched_is_named() -> None:
    few = replace(SHORT, searched=1)

    fit = finished(searched({KNEE: 0.4}, slots=(DORSI, KNEE, TWIN_KNEE), settings=few)).result()

    assert len(fit.estimates) == 1
    assert any("could as well be" in sentence for sentence in fit.not_told_apart)


def test_an_impairment_with_which_the_twin_falls_is_left_out_and_named() -> None:
    fit = finished(searched({DORSI: 0.3})).result()

    assert FALLS not in [one.slot for one in fit.estimates]
    assert f"{FALLS.label}: the twin falls with it, so it was not searched." in fit.not_told_apart


def test_a_search_continues_from_its_checkpoint_as_if_it_had_not_stopped() -> None:
    whole = searched({DORSI: 0.5, PLANTAR: 0.2}, seed=4)
    for _ in range(5):
        whole.advance()
    resumed = searched({DORSI: 0.5, PLANTAR: 0.2}, seed=4)

    resumed.load_checkpoint(whole.save_checkpoint())

    np.testing.assert_array_equal(finished(whole).cost(), finished(resumed).cost())


def test_a_checkpoint_of_another_search_is_not_taken() -> None:
    one = searched({DORSI: 0.5}, seed=1)
    for _ in range(3):
        one.advance()

    with pytest.raises(ValueError, match="another search"):
        searched({DORSI: 0.5}, seed=2).load_checkpoint(one.save_checkpoint())
    with pytest.raises(ValueError, match="another search"):
        searched({DORSI: 0.5}, seed=1, slots=(DORSI, KNEE)).load_checkpoint(one.save_checkpoint())


def test_every_found_severity_is_a_possible_one() -> None:
    fit = finished(searched({DORSI: 1.0, KNEE: 1.0})).result()

    found = severities(fit.body.impairments)
    assert ((found == 0.0) | (found >= ABSENT)).all() and found.max() <= 1.0


def test_a_camera_from_the_side_gives_sagittal_curves_only() -> None:
    gait = BendingTwin().gait({}).features
    assert gait is not None
    turned = replace(
        gait, cycle_rad=gait.cycle_rad + 0.1 * np.array([j.kind not in SAGITTAL for j in JOINTS])
    )

    def distance(sagittal_only: bool) -> float:
        one, other = (gait_vector(walk, sagittal_only=sagittal_only) for walk in (gait, turned))
        return float(np.abs(one - other).max())

    assert distance(sagittal_only=True) == 0.0
    assert distance(sagittal_only=False) > 0.1
    assert angle_rms_deg(gait, turned) == 0.0
