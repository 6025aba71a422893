"""Claims about codes: bounded, not taken for another, no names."""

from __future__ import annotations

import pytest

from core.domain.patient_code import check_code, look_alike, looks_like_a_name
from tests.refusals import code_of, refused


@pytest.mark.parametrize("code", ["P-0042", "S3.B-17/2", "DEMO-01", "a", "x" * 20])
def test_ordinary_codes_are_taken(code: str) -> None:
    check_code(code)


@pytest.mark.parametrize(
    ("code", "advice"),
    [("", "PAT-001"), ("x" * 21, "PAT-020"), ("Müller", "PAT-020"), ("P\n1", "PAT-020"), ("P-О1", "PAT-020")],
)
def test_what_no_header_can_show_and_what_only_looks_latin_is_refused(code: str, advice: str) -> None:
    assert code_of(check_code, code) == advice


def test_the_sign_that_is_in_the_way_is_named() -> None:
    with refused("PAT-020") as told:
        check_code("Müller")
    assert "“ü”" in told.value.advice.why


@pytest.mark.parametrize(
    ("code", "known"),
    [
        *(("P-OO1", "P-001"), ("p-001", "P-001"), ("P001", "P-001"), ("P_001", "P-001"), ("P-0001", "P-001")),
        *(("P-1I", "P-11"), ("P-l1", "P-11"), ("5-02", "S-02"), ("B-7", "8-7"), ("Z-3", "2-3")),
    ],
)
def test_codes_that_people_take_for_each_other_are_found(code: str, known: str) -> None:
    assert look_alike(code, ["Q-9", known]) == known


@pytest.mark.parametrize(("code", "known"), [("P-001", "P-002"), ("P-010", "P-001"), ("P-1", "P-001A")])
def test_other_codes_are_not(code: str, known: str) -> None:
    assert look_alike(code, [code, known]) is None


@pytest.mark.parametrize("code", ["Weber", "anna.weber", "WEBER", "Weber-1961", "Anna2", "Kim"])
def test_what_looks_like_a_name_is_noticed(code: str) -> None:
    assert looks_like_a_name(code)


@pytest.mark.parametrize("code", ["P-0042", "DEMO-01", "STROKE-12", "AB-1961", "TKR", "S3.B-17/2"])
def test_ordinary_codes_are_no_names(code: str) -> None:
    assert not looks_like_a_name(code)
