"""Claims about tables of repeated measures: what is read from them, and what is refused with a code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.statistics import table_file
from core.statistics.table import (
    Asked,
    Table,
    curve_columns,
    curves_of,
    long_values,
    value_columns,
    wide_values,
)
from core.statistics.table_file import read_table
from tests.refusals import refused

LONG = """id,condition,watts,shoe
A,off,3.1,blue
A,on,2.9,blue
B,off,3.4,red
B,on,3.0,red
C,off,2.8,red
C,on,2.9,blue
"""
BY_CONDITION = Asked("id", ("condition",))


def table(tmp_path: Path, text: str | bytes) -> Table:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(path)


def test_a_long_table_gives_subjects_by_conditions_in_their_order(tmp_path: Path) -> None:
    found = long_values(table(tmp_path, LONG), BY_CONDITION, ["watts"])

    assert found.subjects == ("A", "B", "C")
    assert found.conditions == (("off", "on"),)
    np.testing.assert_array_equal(found.values[:, :, 0], [[3.1, 2.9], [3.4, 3.0], [2.8, 2.9]])


def test_conditions_are_chosen_and_ordered(tmp_path: Path) -> None:
    asked = Asked("id", ("condition",), ("on", "off"))

    found = long_values(table(tmp_path, LONG), asked, ["watts"])

    assert found.conditions == (("on", "off"),)
    assert found.values[0, :, 0].tolist() == [2.9, 3.1]


@pytest.mark.parametrize(
    "text",
    [
        "id;a;b\nA;3,1;2,9\nB;3,4;3\nC;2,8;2,9\n",
        "\ufeffid\ta\tb\r\nA\t3.1\t2.9\r\nB\t3.4\t3\r\nC\t2.8\t2.9\r\n",
        '"id", "a", "b"\n"A", 3.1, 2.9\n\nB,3.4,3,\nC,2.8,2.9',
        "id|a|b\nA|3.1|2.9\nB|3.4|3.0\nC|2.8|2.9\n".encode("utf-16"),
    ],
)
def test_wide_tables_of_many_programs_are_read(tmp_path: Path, text: str | bytes) -> None:
    found = wide_values(table(tmp_path, text), Asked("id"), ["a", "b"])

    np.testing.assert_array_equal(found.values[:, :, 0], [[3.1, 2.9], [3.4, 3.0], [2.8, 2.9]])


def test_only_columns_of_numbers_are_values(tmp_path: Path) -> None:
    assert value_columns(table(tmp_path, LONG), BY_CONDITION) == ("watts",)
    with refused("STA-003"):
        value_columns(table(tmp_path, LONG.replace(".", "x")), BY_CONDITION)


def test_who_lacks_a_condition_is_left_out_and_named(tmp_path: Path) -> None:
    text = LONG + "D,off,2.0,red\nE,off,2.0,red\nE,on,NaN,red\n"

    found = long_values(table(tmp_path, text), BY_CONDITION, ["watts"])

    assert found.subjects == ("A", "B", "C")
    assert found.left_out == ("D", "E")
    (told,) = found.findings
    assert told.advice.code == "STA-007" and "D, E" in told.advice.what


def test_rows_of_one_subject_count_once_and_only_when_asked_to(tmp_path: Path) -> None:
    read = table(tmp_path, LONG + "A,on,3.1,blue\n")

    with refused("STA-006") as caught:
        long_values(read, BY_CONDITION, ["watts"])
    found = long_values(read, Asked("id", ("condition",), average=True), ["watts"])

    assert "lines 3, 8" in caught.value.advice.what
    assert found.values[0, 1, 0] == pytest.approx(3.0)
    assert found.averaged == 1


def test_rows_of_conditions_that_are_left_out_do_not_matter(tmp_path: Path) -> None:
    text = LONG + "A,other,1,red\nA,other,2,red\n"

    found = long_values(table(tmp_path, text), Asked("id", ("condition",), ("off", "on")), ["watts"])

    assert found.values.shape == (3, 2, 1)


def test_two_factors_are_crossed(tmp_path: Path) -> None:
    rows = [f"{who},{a},{b},{n}" for n, who in enumerate("ABC") for a in "xy" for b in "uvw"]
    read = table(tmp_path, "id,a,b,value\n" + "\n".join(rows))

    found = long_values(read, Asked("id", ("a", "b")), ["value"])

    assert found.conditions == (("x", "y"), ("u", "v", "w"))
    assert found.values.shape == (3, 6, 1)


def test_curves_are_columns_with_numbers_in_their_order(tmp_path: Path) -> None:
    names = [f"hip_{n}" for n in range(11)]
    read = table(tmp_path, ",".join(["id", "condition", *reversed(names)]) + "\nA,on" + ",1" * 11 + "\n")

    assert curve_columns(read, "hip") == tuple(names)
    assert curves_of(read) == {"hip": tuple(names)}
    for wrong in ("knee", "hip_1"):
        with refused("STA-009"):
            curve_columns(read, wrong)


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "STA-001"),
        ("just one line, of text\n", "STA-001"),
        ("no columns\nat all\n", "STA-001"),
        ("id,a,a\nA,1,2\n", "STA-001"),
        ("id,condition\nA,on,3,4\n", "STA-001"),
        (b"PK\x03\x04\0\0id,condition,watts\n", "STA-001"),
        (LONG.replace("watts", "power"), "STA-002"),
        (LONG.replace("condition", "Condition"), "STA-002"),
        (LONG.replace("3.4", "three"), "STA-003"),
        (LONG.replace("3.4", "inf"), "STA-003"),
        (LONG.replace("3.4", "1e300"), "STA-003"),
        (LONG.replace(",on,", ",off,"), "STA-004"),  # one condition, each twice
        (LONG[: LONG.index("B,")], "STA-004"),  # one subject
        ("id,condition,watts\n", "STA-001"),
        (";;;\n", "STA-001"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str | bytes, code: str) -> None:
    with refused(code):
        long_values(table(tmp_path, text), BY_CONDITION, ["watts"])


def test_a_missing_file_and_a_huge_one_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("STA-001"):
        read_table(tmp_path / "none.csv")
    monkeypatch.setattr(table_file, "MOST_BYTES", 10)
    with refused("STA-001"):
        table(tmp_path, LONG)


def test_the_line_and_the_column_of_a_word_among_numbers_are_told(tmp_path: Path) -> None:
    with refused("STA-003") as caught:
        long_values(table(tmp_path, "\n" + LONG.replace("3.4", "3.4 W")), BY_CONDITION, ["watts"])

    assert "“3.4 W” in column “watts”" in caught.value.advice.what
    assert "line 5 " in caught.value.advice.why


def test_unknown_conditions_are_refused_with_those_there_are(tmp_path: Path) -> None:
    with refused("STA-002") as caught:
        long_values(table(tmp_path, LONG), Asked("id", ("condition",), ("off", "of")), ["watts"])

    assert "off, on" in caught.value.advice.why
