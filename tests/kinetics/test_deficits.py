"""Strength from EMG, moments and gait together, of simulated people whose strength is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import SIDES, JointKind, Side
from core.domain.kinetics import ForceSource, KineticCycles
from core.domain.muscle_calibration import Told
from core.domain.muscles import MuscleGroup
from core.domain.twin import BodyParameters
from core.kinetics import deficits
from core.kinetics.deficits import Sources, assess, combined, is_weak
from core.kinetics.moment_evidence import capacity_nm_kg, moment_evidence
from core.kinetics.strength_evidence import Evidence, strength_left, strength_name, weakness_severity
from tests.kinetics.known_person import BODY, SPEED_M_S, WEAK_CALF, calibration, fit, kinetics

CALF = (MuscleGroup.PLANTARFLEXORS, Side.LEFT)


def known(strengths, seed=0, **changes) -> Sources:
    sources = Sources(
        BODY, SPEED_M_S, calibration(strengths, seed), True, kinetics(strengths, seed), fit(strengths, seed)
    )
    return replace(sources, **changes)


def told(result, place=CALF):
    return next((one for one in result.strengths if (one.group, one.side) == place), None)


def test_a_weak_calf_is_found_by_three_sources_together_in_a_clinicians_words() -> None:
    result = assess(known(WEAK_CALF))
    weak = told(result)
    assert weak is result.strengths[0] and weak.strength == pytest.approx(0.5, abs=0.08)
    assert weak.evidence == ("EMG", "joint moments", "gait")
    assert weak.sentence.startswith(
        "Left plantarflexors about 50 % of what a body of this size has (between "
    )
    assert weak.sentence.endswith("from EMG, joint moments and gait.")
    assert [one.slot.label for one in result.proposed] == ["Weakness, left plantarflexors"]
    assert strength_left(result.proposed[0].severity) == pytest.approx(weak.strength)
    assert result.synthetic


def test_more_sources_are_more_certain_than_one() -> None:
    alone = told(assess(known(WEAK_CALF, kinetics=None, fit=None)))
    assert told(assess(known(WEAK_CALF))).sd < alone.sd


def test_of_simulated_people_the_interval_holds_the_truth_and_healthy_ones_get_nothing() -> None:
    """Nine of ten were promised."""
    hits, healthy = [], 0
    for seed in range(60):
        strength = float(np.random.default_rng(seed).uniform(0.2, 0.7))
        weak = told(assess(known({CALF: strength}, seed)))
        low, high = weak.interval
        hits.append(low <= strength <= high)
        healthy += bool(assess(known({}, seed, fit=fit({}, seed))).proposed)
    assert np.mean(hits) >= 0.9
    assert healthy <= 2


def test_a_usual_moment_is_a_lower_bound_and_no_proof_of_strength() -> None:
    result = assess(Sources(BODY, SPEED_M_S, kinetics=kinetics({})))
    assert told(result) is None and not result.proposed
    words = next(words for words in result.not_told if words.startswith("Plantarflexors"))
    assert "need 2" in words and "may have far more" in words


def test_no_strength_is_told_below_what_the_moments_show() -> None:
    one = combined(CALF, [Evidence("gait", 0.1, 0.05)], least=0.25)
    assert one.strength == 0.25
    assert "between 25 and" in one.sentence


def test_a_source_that_gives_less_than_the_moments_show_is_told() -> None:
    """A runner's calf, of which the fitted gait says that it has a tenth of its strength."""
    strengths = {CALF: 0.1}
    result = assess(Sources(BODY, SPEED_M_S, kinetics=scaled_calf(2.2), fit=fit(strengths, sd=0.02)))
    assert deficits.BELOW_MOMENT in [one.advice.code for one in result.findings]
    assert told(result).strength == told(result).least > 0.45


def test_moments_alone_suggest_a_weakness_only_when_they_are_far_below_usual() -> None:
    slight, strong = (
        assess(Sources(BODY, SPEED_M_S, kinetics=scaled_calf(fraction))) for fraction in (0.85, 0.45)
    )
    assert told(slight) is None
    assert told(strong).evidence == ("joint moments",) and strong.proposed
    assert told(strong).sd > 0.15  # pain or habit would lower a moment, too


def scaled_calf(fraction: float):
    healthy = kinetics({}, seed=3)
    left, right = healthy.cycles
    moment = np.array(left.moment_nm_kg)
    moment[:, :, list(JointKind).index(JointKind.ANKLE)] *= fraction
    return replace(healthy, cycles=(KineticCycles(Side.LEFT, moment, left.power_w_kg, left.force_bw), right))


def test_contradicting_sources_are_told_and_widen_the_interval() -> None:
    sources = known({CALF: 0.3}, kinetics=None, calibration=calibration({}))
    result = assess(sources)
    finding = next(one for one in result.findings if one.advice.code == deficits.CONTRADICTION)
    assert "EMG and gait contradict each other on the left plantarflexors" in finding.advice.what
    alone = told(assess(replace(sources, calibration=None)))
    assert told(result).sd > alone.sd and not result.proposed


def test_emg_without_a_maximal_contraction_tells_no_strength() -> None:
    result = assess(known(WEAK_CALF, of_maximal_contraction=False, kinetics=None, fit=None))
    assert not result.strengths and not result.proposed
    assert [one.advice.code for one in result.findings] == [deficits.NOT_MVC]


def test_impairments_that_do_not_explain_the_gait_are_no_evidence() -> None:
    """As a search ends on a healthy youth: severe, sure of itself, and hardly nearer to the gait."""
    fitted = replace(fit({CALF: 0.2}), misfit=359.0, healthy_misfit=448.0)
    result = assess(Sources(BODY, SPEED_M_S, fit=fitted))
    assert not result.strengths and not result.proposed
    [finding] = result.findings
    assert finding.advice.code == deficits.NOT_EXPLAINED and "explain 20 %" in finding.advice.what


def test_a_strength_at_its_bound_is_no_value() -> None:
    sources = known(
        WEAK_CALF, calibration=calibration(WEAK_CALF, told=Told.AT_BOUND), kinetics=None, fit=None
    )
    result = assess(sources)
    assert not result.strengths
    assert "stopped at a bound" in result.not_told[list(MuscleGroup).index(MuscleGroup.PLANTARFLEXORS)]


def test_a_leg_below_the_lowest_strength_tried_is_weak_beside_a_usual_one() -> None:
    """Any strength below fits, and the interval says so."""
    strengths = calibration({}, sd=0.01)
    lowest = replace(
        strengths,
        parameters=tuple(
            replace(one, after=0.5, low=0.5, told=Told.AT_BOUND) if one.name == strength_name(CALF) else one
            for one in strengths.parameters
        ),
    )
    weak = told(assess(known({}, calibration=lowest, kinetics=None, fit=None)))
    assert weak.interval == pytest.approx((0.05, 0.49), abs=0.02)
    both = replace(
        lowest,
        parameters=tuple(
            replace(one, after=0.5, low=0.5, told=Told.AT_BOUND) if "plantarflexors" in one.name else one
            for one in lowest.parameters
        ),
    )
    assert told(assess(known({}, calibration=both, kinetics=None, fit=None))) is None


def test_a_calf_recorded_in_one_part_is_told_by_that_part_and_an_unexplained_leg_not_at_all() -> None:
    whole = calibration(WEAK_CALF)
    part = replace(
        whole,
        parameters=tuple(
            replace(one, name=one.name.replace("plantarflexors", "soleus")) for one in whole.parameters
        ),
    )
    sources = known(WEAK_CALF, calibration=part, kinetics=None, fit=None)
    assert told(assess(sources)).strength == pytest.approx(0.5, abs=0.1)
    unexplained = replace(part, body=replace(part.body, strength=()))
    assert not assess(replace(sources, calibration=unexplained)).strengths


def test_when_every_muscle_comes_out_weak_only_the_sides_are_compared() -> None:
    """A model that is too strong, or no maximal contraction, is as likely as weakness throughout."""
    groups = [(group, side) for group in MuscleGroup for side in SIDES]
    same = dict.fromkeys(groups, 0.6)
    one_sided = {**same, CALF: 0.3}
    nothing, weak = (
        assess(known(strengths, kinetics=None, fit=None, calibration=calibration(strengths, sd=0.01)))
        for strengths in (same, one_sided)
    )
    assert not nothing.proposed
    assert [one.advice.code for one in nothing.findings] == [deficits.ALL_LOW]
    assert [one.slot.label for one in weak.proposed] == ["Weakness, left plantarflexors"]
    assert told(weak).strength == pytest.approx(0.5, abs=0.05)


def test_forces_that_were_estimated_show_no_weakness_and_bound_nothing() -> None:
    estimated = kinetics({CALF: 0.1}, source=ForceSource.ESTIMATED)
    assert all(one.least == 0.0 for one in moment_evidence(estimated, BODY, SPEED_M_S))
    result = assess(Sources(BODY, SPEED_M_S, kinetics=estimated))
    assert not result.strengths and not result.proposed
    assert [one.advice.code for one in result.findings] == [deficits.NO_PLATES]


def test_at_most_four_are_suggested_the_weakest_first() -> None:
    places = [(group, Side.LEFT) for group in MuscleGroup][:6]
    strengths = {place: 0.2 + 0.05 * number for number, place in enumerate(places)}
    result = assess(known(strengths, kinetics=None, calibration=None, fit=fit(strengths, sd=0.02)))
    severities = [one.severity for one in result.proposed]
    assert len(severities) == 4 and severities == sorted(severities, reverse=True)


def test_weakness_and_strength_are_one_the_inverse_of_the_other() -> None:
    for strength in (0.1, 0.316, 0.75, 1.0):
        assert strength_left(weakness_severity(strength)) == pytest.approx(strength)
    assert weakness_severity(1.3) == 0.0 and weakness_severity(0.01) == 1.0


def test_a_wide_interval_is_not_called_weak() -> None:
    assert is_weak(0.5, 0.1) and not is_weak(0.5, 0.4) and not is_weak(0.78, 0.05)


def test_capacity_grows_with_mass_as_the_model_is_scaled() -> None:
    small = BodyParameters(1.40, 35.0)
    assert capacity_nm_kg(CALF[0], small) / capacity_nm_kg(CALF[0], BODY) == pytest.approx(
        (70.0 / 35.0) ** (1 / 3)
    )
