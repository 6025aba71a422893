"""Claims about `exotwin stats`: a table in, a test with its effect out, or advice."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import commands as cli
from core.statistics.repeated import repeated_anova

CONDITIONS = ("no exo", "default", "personalized")
ASKED = ("--subject", "id", "--within", "condition")


def values(subjects: int = 8, seed: int = 0) -> np.ndarray:
    random = np.random.RandomState(seed)
    return 3.0 + random.randn(subjects, 1) + 0.2 * random.randn(subjects, 3) - 0.4 * np.arange(3)


def long_table(path: Path, table: np.ndarray) -> Path:
    rows = [
        f"P{n},{name},{value}"
        for n, row in enumerate(table)
        for name, value in zip(CONDITIONS, row, strict=True)
    ]
    path.write_text("id,condition,watts\n" + "\n".join(rows) + "\n")
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert cli.run(["stats", *map(str, arguments), "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.usefixtures("reads_in_this_process")
class TestInThisProcess:
    def test_a_long_table_gives_the_anova_and_pairs(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = told(capsys, long_table(tmp_path / "long.csv", values()), *ASKED, "--simulated")

        (watts,) = found["values"]
        assert found["simulated"] and watts["n"] == 8
        assert watts["decided_by"] == "repeated-measures ANOVA"
        assert watts["anova"]["f"] == pytest.approx(repeated_anova(values()).f)
        assert [pair["second"] for pair in watts["pairs"]] == ["default", "personalized", "personalized"]

    def test_a_wide_table_gives_the_same(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        long = told(capsys, long_table(tmp_path / "long.csv", values()), *ASKED)
        rows = [";".join([f"P{n}", *map(str, row)]) for n, row in enumerate(values())]
        (tmp_path / "wide.csv").write_text(";".join(["id", *CONDITIONS]) + "\n" + "\n".join(rows))

        wide = told(capsys, tmp_path / "wide.csv", "--subject", "id")

        assert wide["values"][0] | {"value": "watts"} == long["values"][0]

    def test_two_conditions_get_t_and_a_one_sided_p(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = long_table(tmp_path / "long.csv", values())

        (found,) = told(
            capsys, path, *ASKED, "--conditions", "no exo", "personalized", "--alternative", "less"
        )["values"]

        (pair,) = found["pairs"]
        assert found["anova"] is None and found["decided_by"] == "paired t"
        assert pair["paired_t"]["alternative"] == "less" and pair["paired_t"]["low"] is None
        assert pair["p_bonferroni"] == pair["paired_t"]["p"] < 0.05

    def test_the_text_says_who_counts_and_what_decides(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = long_table(tmp_path / "long.csv", values())

        assert cli.run(["stats", str(path), *ASKED, "--simulated"]) == 0

        text = capsys.readouterr().out
        assert "watts (n = 8 subjects, simulated)" in text
        assert "repeated-measures ANOVA: the conditions differ, p < 0.001; large effect" in text
        assert "Mauchly W" in text and "Bonferroni" in text and "Friedman: chi²" in text

    def test_two_factors_give_three_effects(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        random = np.random.RandomState(1)
        rows = [f"P{n},{a},{b},{random.randn()}" for n in range(6) for a in "xy" for b in "uvw"]
        (tmp_path / "two.csv").write_text("id,exo,speed,value\n" + "\n".join(rows))
        asked = ("--subject", "id", "--within", "exo", "--within", "speed")

        (found,) = told(capsys, tmp_path / "two.csv", *asked)["values"]
        assert cli.run(["stats", str(tmp_path / "two.csv"), *asked]) == 0

        assert list(found["anova"]) == ["exo", "speed", "exo × speed"]
        assert "exo × speed: F[" in capsys.readouterr().out

    def test_curves_are_tested_as_curves(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        random = np.random.RandomState(1)
        at = np.linspace(0.0, 1.0, 21)
        rows = []
        for n in range(6):
            for name, bump in (("off", 0.0), ("on", 5.0)):
                curve = 10.0 * np.sin(2 * math.pi * at + random.randn()) + random.randn()
                curve += bump * np.exp(-(((at - 0.6) / 0.1) ** 2)) if n < 9 else 0.0
                rows.append(",".join([f"P{n}", name, *(f"{value:.4f}" for value in curve)]))
        names = ",".join(f"hip_{n}" for n in range(21))
        (tmp_path / "curves.csv").write_text(f"id,condition,{names}\n" + "\n".join(rows))

        found = told(capsys, tmp_path / "curves.csv", *ASKED, "--curve", "hip")

        assert found["statistic"] == "t" and found["df"] == [1, 5]
        assert len(found["curve"]) == 21
        assert found["threshold"] > 2.5

    def test_one_column_beyond_testing_does_not_hide_the_others(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = long_table(tmp_path / "long.csv", values()).read_text().splitlines()
        text = "\n".join([lines[0] + ",zero", *(line + ",0" for line in lines[1:])])
        (tmp_path / "long.csv").write_text(text)

        watts, zero = told(capsys, tmp_path / "long.csv", *ASKED)["values"]

        assert watts["differs"]
        assert zero["findings"][0]["code"] == "STA-005"

    @pytest.mark.parametrize(
        "arguments, code",
        [
            (("--subject", "nobody", "--within", "condition"), "STA-002"),
            (("--subject", "id", "--within", "condition", "--curve", "hip"), "STA-009"),
            (("--subject", "id", "--curve", "hip"), "STA-004"),
            (("--subject", "id", *("--within", "condition") * 3), "STA-004"),
            (("--subject", "id", "--within", "condition", "--conditions", "no exo"), "STA-004"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
    ) -> None:
        path = long_table(tmp_path / "long.csv", values())

        assert cli.run(["stats", str(path), *arguments]) == 2

        assert code in capsys.readouterr().err


@pytest.mark.slow
def test_the_table_is_read_by_a_process_with_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = long_table(tmp_path / "long.csv", values())

    assert cli.run(["stats", str(path), "--subject", "nobody", "--within", "id"]) == 2

    assert "STA-002" in capsys.readouterr().err
