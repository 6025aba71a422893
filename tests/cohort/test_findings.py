"""Claims about what is told of a study: differences where they are, and none where the interval has zero."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from core.cohort.cells import CellState
from core.cohort.cost import expected_cost
from core.cohort.findings import Contrast, study_findings
from core.cohort.results import OWN, STRANGERS
from core.cohort.summary_file import read_summary
from core.cohort.table_files import TableFormat, write_tables
from core.cohort.tables import result_tables
from core.cohort.told import findings_lines, findings_values
from core.domain.cohort_cell import CellWalks
from core.domain.rollout import GaitLabel
from core.statistics.paired import bonferroni, paired_t
from tests.cohort.made_up import COST, STARTS, STRANGERS_COST, made_up, plan
from tests.refusals import code_of


def test_what_a_controller_brings_is_told_with_its_interval() -> None:
    found = study_findings(made_up(plan(12), own=0.88))

    (device,) = found.devices
    without = device.measures[0].contrasts[0]
    own = device.data.ratio["metabolic"][:, -1]
    assert (without.other, without.shown) == (GaitLabel.WITHOUT_EXO, True)
    assert without.t == paired_t(np.ones(12), own)
    assert without.p == pytest.approx(min(1.0, 5 * without.t.p))  # as many as there are contrasts
    assert "lower" in found.verdict and "12 of 12 virtual patients, simulated" in found.verdict
    assert "Against controllers of others" in found.verdict
    anova = device.measures[0].anova
    assert anova is not None and anova.shown and anova.n == 12


def test_no_help_is_claimed_where_the_interval_has_zero_in_it() -> None:
    found = study_findings(made_up(plan(12), own=1.0))

    contrast = found.devices[0].measures[0].contrasts[0]
    assert contrast.t.low < 0.0 < contrast.t.high
    assert not contrast.shown
    assert "no difference is shown" in found.verdict and "lower" not in found.verdict
    assert "no difference is shown to walking without the exo" in found.answer
    # It costs more than what everybody gets without a training: that is told with the answer.
    assert "higher than with the default controller" in found.answer
    assert "Against the default controller" in found.verdict


def test_an_interval_without_zero_is_no_claim_before_it_is_corrected_for_many() -> None:
    t = paired_t(np.ones(5), np.array([0.95, 0.96, 0.99, 1.0, 0.97]))
    assert t.high < 0.0 and 0.01 < t.p < 0.05

    alone, of_five = (Contrast(GaitLabel.WITHOUT_EXO, t, bonferroni(t.p, tests)) for tests in (1, 5))

    assert alone.shown and "lower" in alone.words
    assert not of_five.shown and "no difference is shown" in of_five.words


def test_who_was_excluded_is_told_and_counts_nowhere() -> None:
    result = made_up(plan(12), excluded=(3, 7))

    found = study_findings(result)

    data = found.devices[0].data
    assert set(data.patients) == set(range(1, 13)) - {3, 7}
    owners = {number for one in result.states if one.strangers for number in one.strangers.owners}
    assert not owners & {3, 7}
    told = findings_values(found)
    assert [one["code"] for one in told["excluded"]] == ["TRN-022", "TRN-022"]
    assert any("V-00003" in line and "falls" in line for line in findings_lines(found))


def test_the_strangers_column_is_the_mean_of_the_row_of_the_matrix() -> None:
    data = study_findings(made_up(plan(9))).devices[0].data

    matrix, ratio = data.strangers["metabolic"], data.ratio["metabolic"]
    own = matrix.wearer == matrix.owner
    assert (np.bincount(matrix.wearer[~own]) == 3).all()
    means = np.bincount(matrix.wearer[~own], matrix.ratio[~own]) / 3.0
    np.testing.assert_allclose(means, ratio[:, data.conditions.index(STRANGERS)])
    assert matrix.wearer[own].tolist() == list(range(9))
    np.testing.assert_allclose(matrix.ratio[own], ratio[:, data.conditions.index(OWN)])


def test_how_often_the_own_controller_is_best_is_told_beside_what_chance_makes() -> None:
    of = plan(12)
    data = study_findings(made_up(of, own=0.97)).devices[0]  # as good as those of others
    best = data.measures[0].own_best

    assert best is not None and best.patients == 12
    assert best.by_chance == pytest.approx(12 / 4)  # one of its own among three of others
    matrix = data.data.strangers["metabolic"]
    by_hand = 0
    for row in range(12):
        mine = matrix.wearer == row
        by_hand += int(matrix.owner[mine][np.argmin(matrix.ratio[mine])] == row)
    assert best.best == by_hand <= best.as_good
    assert "by chance alone 3" in best.words


def test_intervals_and_p_are_those_of_scipy_from_the_tables_that_are_written() -> None:
    """By hand from rows of walks: a patient is the mean over starts of the ratio of cost per metre."""
    found = study_findings(made_up(plan(10), own=0.9))
    walks = result_tables(found.result)["walks"]
    rows = [dict(zip(walks, row, strict=True)) for row in zip(*walks.values(), strict=True)]
    cost = {
        (one["patient"], one["condition"], one["start"]): np.array(
            [one["metabolic_w_kg_umberger"], one["metabolic_w_kg_bhargava"]]
        )
        / one["speed_m_s"]
        for one in rows
    }

    def patients(condition: str) -> np.ndarray:
        return np.array(
            [
                np.mean([(cost[n, condition, s] / cost[n, "without exo", s]).mean() for s in range(STARTS)])
                for n in range(1, 11)
            ]
        )

    own = patients("personalized controller")
    for contrast in found.devices[0].measures[0].contrasts:
        if contrast.other in (GaitLabel.WITHOUT_EXO, STRANGERS):
            continue
        other = patients(contrast.other.value)
        told = stats.ttest_rel(own, other)
        ends = told.confidence_interval(0.95)
        assert (contrast.t.low, contrast.t.high) == pytest.approx((ends.low, ends.high), rel=1e-9)
        assert contrast.t.effect.value == pytest.approx((own - other).mean() / (own - other).std(ddof=1))
        p = stats.wilcoxon(own - other).pvalue if contrast.by_ranks else told.pvalue
        assert contrast.p == pytest.approx(min(1.0, 5 * p))
    alone = stats.ttest_1samp(own, 1.0)
    assert found.devices[0].measures[0].contrasts[0].t.p == pytest.approx(alone.pvalue)


def test_ranks_decide_where_differences_are_not_normal() -> None:
    result = made_up(plan(12), own=0.9)
    far = replace(result.states[0].cell, walks=tuple(map(_ten_times, result.states[0].cell.walks)))  # type: ignore[type-var, union-attr]
    states = (replace(result.states[0], cell=far), *result.states[1:])

    contrast = study_findings(replace(result, states=states)).devices[0].measures[0].contrasts[0]

    assert contrast.by_ranks and contrast.test == "Wilcoxon signed ranks"
    own = study_findings(replace(result, states=states)).devices[0].data.ratio["metabolic"][:, -1]
    assert contrast.p == pytest.approx(min(1.0, 5 * stats.wilcoxon(own - 1.0).pvalue))
    assert not contrast.shown  # its interval has zero in it


def _ten_times(walks: CellWalks) -> CellWalks:
    """With the own controller this patient needs ten times as much."""
    if walks.label is not GaitLabel.PERSONALIZED_CONTROLLER:
        return walks
    return replace(
        walks, measures=replace(walks.measures, metabolic_w_kg=10.0 * walks.measures.metabolic_w_kg)
    )


def test_who_fell_before_anything_was_measured_is_left_out_and_told() -> None:
    result = made_up(plan(12))
    strangers = result.states[3].strangers
    assert strangers is not None
    fell = replace(
        strangers.measures[0], metabolic_w_kg=np.full((STARTS, 2), np.nan), falls=strangers.measures[0].starts
    )
    walked = replace(strangers, measures=(fell, *strangers.measures[1:]))
    states = (*result.states[:3], replace(result.states[3], strangers=walked), *result.states[4:])

    found = study_findings(replace(result, states=states))

    data = found.devices[0].data
    assert (data.unmeasured, len(data.patients)) == ((4,), 11)
    assert data.falls[STRANGERS] == (24, 12 * 3 * 24)
    assert "11 of 12 virtual patients" in found.verdict
    json.dumps(findings_values(found), allow_nan=False)
    assert any("fell too soon" in line for line in findings_lines(found))


def test_curves_differ_where_they_were_made_to_and_nowhere_else() -> None:
    curves = dict(study_findings(made_up(plan(12))).devices[0].curves)

    hip, *others = curves.values()
    assert any(one.begin < 50.0 < one.end and one.sign == 1 for one in hip.clusters)
    assert not any(test.clusters for test in others)


def test_several_exos_are_crossed_with_the_conditions() -> None:
    found = study_findings(made_up(plan(5, 2, devices=["Hippo_L1", "Ankle_L1"], seeds=[0, 1])))

    assert [one.n for one in found.devices] == [5, 5]
    first = found.devices[0].measures[0].contrasts[0]
    assert first.p == pytest.approx(min(1.0, 2 * 5 * first.t.p))  # comparisons with both exos
    assert found.device_by_condition[0].effect_names == ("exo", "condition", "exo × condition")
    assert "Ankle_L1" in found.verdict


def test_of_two_patients_nothing_is_tested() -> None:
    found = study_findings(made_up(plan(4, 1), excluded=(1, 2)))

    assert found.devices[0].measures[0].anova is None
    assert "too few patients to test" in found.verdict
    assert any("nothing is tested" in line for line in findings_lines(found))


def test_where_the_exo_changed_nothing_at_all_it_is_told_and_not_that_patients_are_too_few() -> None:
    result = made_up(plan(4))
    found = study_findings(replace(result, states=tuple(map(_as_without_the_exo, result.states))))

    assert "exactly that without the exo" in found.verdict and "exactly" in found.answer
    assert "too few" not in found.verdict + found.answer


def _as_without_the_exo(state: CellState) -> CellState:
    assert state.cell is not None
    (without,) = (walks for walks in state.cell.walks if walks.label is GaitLabel.WITHOUT_EXO)
    walks = (replace(one, measures=without.measures) if one.label is OWN else one for one in state.cell.walks)
    return replace(state, cell=replace(state.cell, walks=tuple(walks)))


@pytest.mark.parametrize("wanted", list(TableFormat))
def test_the_same_result_has_the_same_bytes(tmp_path: Path, wanted: TableFormat) -> None:
    if wanted is TableFormat.PARQUET:
        pytest.importorskip("pyarrow", reason="an optional part: exotwin[cluster]")
    first, again = (
        write_tables(tmp_path / name, result_tables(made_up(plan(5, 2))), wanted) for name in ("a", "b")
    )

    assert [one.name for one in first] == [
        f"{n}.{wanted}" for n in ("patients", "cells", "walks", "curves", "strangers")
    ]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_parquet_and_csv_hold_the_same_numbers(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="an optional part: exotwin[cluster]")
    tables = result_tables(made_up(plan(5, 2)))
    write_tables(tmp_path, tables, TableFormat.PARQUET)
    write_tables(tmp_path, tables, TableFormat.CSV)

    read = parquet.read_table(tmp_path / "walks.parquet").to_pydict()
    lines = (tmp_path / "walks.csv").read_text("utf-8").splitlines()
    assert read == tables["walks"]
    place = lines[0].split(",").index("metabolic_w_kg_umberger")
    assert [float(line.split(",")[place]) for line in lines[1:]] == read["metabolic_w_kg_umberger"]


def test_without_pyarrow_parquet_is_refused_and_csv_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.cohort.table_files.find_spec", lambda name: None)
    tables = result_tables(made_up(plan(5, 2)))

    assert code_of(write_tables, tmp_path, tables, TableFormat.PARQUET) == "STU-009"
    assert write_tables(tmp_path, tables, TableFormat.CSV)


def test_a_window_reads_the_summary_that_was_written(tmp_path: Path) -> None:
    result = made_up(plan(12), excluded=(4,))
    found = study_findings(result)
    summary = tmp_path / "results" / "summary.json"
    assert code_of(read_summary, tmp_path) == "STU-011"
    summary.parent.mkdir()
    summary.write_text(json.dumps(findings_values(found)), encoding="utf-8")

    shown = read_summary(tmp_path)

    measure = shown.devices[0].measures[0]
    assert (shown.answer, shown.verdict) == (found.answer, found.verdict)
    assert (shown.finished, len(shown.excluded)) == (11, 1)
    assert [one.shown for one in measure.own_minus] == [
        one.shown for one in found.devices[0].measures[0].contrasts
    ]
    matrix = found.devices[0].data.strangers["metabolic"]
    for name in ("wearer", "owner", "ratio"):
        np.testing.assert_allclose(getattr(measure.strangers, name), getattr(matrix, name), rtol=1e-5)
    assert shown.devices[0].falls[0] == ("without exo", 0, 264)
    summary.write_text(json.dumps(findings_values(found) | {"schema": 1}), encoding="utf-8")
    assert code_of(read_summary, tmp_path) == "STU-011"
    summary.write_text('{"study": "cut', encoding="utf-8")
    assert code_of(read_summary, tmp_path) == "STU-011"


def test_what_a_study_costs_is_told_by_its_finished_cells() -> None:
    here = plan(10)
    result = made_up(here, excluded=(2,))

    unwalked = [replace(one, strangers=None) for one in result.states[:4]]
    before, after = expected_cost(here), expected_cost(here, result.states)
    midway = expected_cost(here, unwalked + [CellState(one.key) for one in result.states[4:]])

    assert (before.cells, before.walks, before.measured) == (10, 10, 0)
    assert (after.cells, after.walks, after.measured) == (0, 0, 9)
    assert (midway.cells, midway.walks, midway.measured) == (6, 9, 3)  # one of four was excluded
    assert midway.cpu_s == before.cpu_s | {one.part: one.cpu_s for one in COST}
    strangers_s, own_s = midway.cpu_s["strangers"], sum(one.cpu_s for one in COST)
    assert midway.hours(4) == pytest.approx((2 * own_s + 3 * strangers_s) / 3600.0)
    assert after.cell_cpu_s == sum(one.cpu_s for one in (*COST, *STRANGERS_COST))
    assert after.peak_mb == 1400.0
    assert before.hours(4) == pytest.approx(3 * before.cell_cpu_s / 3600.0)  # ten cells: three rounds of four
    assert before.memory_gb(100) == pytest.approx(
        10 * before.peak_mb / 1024.0
    )  # no more than there are cells
