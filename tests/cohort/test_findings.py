"""Claims about what is told of a study: differences where they are, and none where the interval has zero."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.cohort.cost import expected_cost
from core.cohort.findings import Contrast, study_findings
from core.cohort.results import OWN, STRANGERS
from core.cohort.summary_file import read_summary
from core.cohort.table_files import TableFormat, write_tables
from core.cohort.tables import result_tables
from core.cohort.told import findings_lines, findings_values
from core.domain.rollout import GaitLabel
from core.statistics.paired import bonferroni, paired_t
from tests.cohort.made_up import COST, STRANGERS_COST, made_up, plan
from tests.refusals import code_of


def test_what_a_controller_brings_is_told_with_its_interval() -> None:
    found = study_findings(made_up(plan(12), own=0.88))

    (device,) = found.devices
    without = device.measures[0].contrasts[0]
    own = device.data.ratio["metabolic"][:, -1]
    assert (without.other, without.shown) == (GaitLabel.WITHOUT_EXO, True)
    assert without.t == paired_t(np.ones(12), own)
    assert without.p == pytest.approx(min(1.0, 5 * without.t.p))  # as many as there are contrasts
    assert "lower" in found.verdict and "simulated" in found.verdict
    assert device.measures[0].own_best == 12
    anova = device.measures[0].anova
    assert anova is not None and anova.shown and anova.n == 12


def test_no_help_is_claimed_where_the_interval_has_zero_in_it() -> None:
    found = study_findings(made_up(plan(12), own=1.0))

    contrast = found.devices[0].measures[0].contrasts[0]
    assert contrast.t.low < 0.0 < contrast.t.high
    assert not contrast.shown
    assert "no difference is shown" in found.verdict
    assert "lower" not in found.verdict


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

    matrix = data.strangers["metabolic"]
    others = np.where(np.eye(9, dtype=bool), np.nan, matrix)
    assert (np.isfinite(others).sum(axis=1) == 3).all()
    column = data.ratio["metabolic"][:, data.conditions.index(STRANGERS)]
    np.testing.assert_allclose(np.nanmean(others, axis=1), column)
    np.testing.assert_allclose(np.diag(matrix), data.ratio["metabolic"][:, data.conditions.index(OWN)])


def test_curves_differ_where_they_were_made_to_and_nowhere_else() -> None:
    curves = dict(study_findings(made_up(plan(12))).devices[0].curves)

    hip, *others = curves.values()
    assert any(one.begin < 50.0 < one.end and one.sign == 1 for one in hip.clusters)
    assert not any(test.clusters for test in others)


def test_several_exos_are_crossed_with_the_conditions() -> None:
    found = study_findings(made_up(plan(8, 2, devices=["Hippo_L1", "Ankle_L1"], seeds=[0, 1])))

    assert [one.n for one in found.devices] == [8, 8]
    assert found.device_by_condition[0].effect_names == ("exo", "condition", "exo × condition")
    assert "Ankle_L1" in found.verdict


def test_of_two_patients_nothing_is_tested() -> None:
    found = study_findings(made_up(plan(4, 1), excluded=(1, 2)))

    assert found.devices[0].measures[0].anova is None
    assert "too few to test" in found.verdict
    assert any("nothing is tested" in line for line in findings_lines(found))


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
    assert (shown.verdict, shown.finished, len(shown.excluded)) == (found.verdict, 11, 1)
    assert [one.shown for one in measure.own_minus] == [
        one.shown for one in found.devices[0].measures[0].contrasts
    ]
    np.testing.assert_allclose(measure.strangers, found.devices[0].data.strangers["metabolic"], rtol=1e-5)
    summary.write_text('{"study": "cut', encoding="utf-8")
    assert code_of(read_summary, tmp_path) == "STU-011"


def test_what_a_study_costs_is_told_by_its_finished_cells() -> None:
    here = plan(10)
    result = made_up(here, excluded=(2,))

    before, after = expected_cost(here), expected_cost(here, result.states)

    assert (before.cells, before.measured) == (10, 0)
    assert (after.cells, after.measured) == (0, 9)
    assert after.cell_cpu_s == sum(one.cpu_s for one in (*COST, *STRANGERS_COST))
    assert after.peak_mb == 1400.0
    assert before.hours(4) == pytest.approx(3 * before.cell_cpu_s / 3600.0)  # ten cells: three rounds of four
    assert before.memory_gb(100) == pytest.approx(
        10 * before.peak_mb / 1024.0
    )  # no more than there are cells
