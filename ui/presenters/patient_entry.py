"""From what is typed about a patient to the patient: every field checked, all that is wrong told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from core.domain.patient_code import check_code, doubts
from core.domain.subject import (
    MOST_CONSENT_NAME,
    Consent,
    Subject,
    check_birth_year,
    check_diagnosis,
    check_height,
    check_mass,
)
from core.domain.walking_ability import check_notes
from core.errors import UserError, refuse
from ui.theme import Tone
from ui.widgets.field_note import FieldNote
from ui.widgets.patient_form import PatientEntry
from ui.wording import day, read_day

_EXAMPLE_DAY = date(2026, 11, 20)


def subject_from(entry: PatientEntry, *, synthetic: bool = False) -> Subject:
    """The patient as typed. Raises UserError of the first field that is wrong; `mistakes` has all of them."""
    return Subject(
        code=entry.code.strip(),
        birth_year=_birth_year(entry.birth_year),
        sex=entry.sex,
        height_m=_number(entry.height_m, "height", "1.68, in metres"),
        mass_kg=_number(entry.mass_kg, "mass", "60, in kilograms"),
        diagnosis=entry.diagnosis.strip(),
        affected_side=entry.affected_side,
        consent=_consent(entry),
        device=entry.device,
        synthetic=synthetic,
        notes=entry.notes.strip(),
    )


def mistakes(entry: PatientEntry, *, own_code: str = "", taken: Iterable[str] = ()) -> tuple[FieldNote, ...]:
    """What has to be mended before the patient can be saved, at its field; `own_code` may stay as it is."""
    by, on = entry.consent_by.strip(), entry.consent_on.strip()
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("code", lambda: _code(entry.code.strip(), own_code, taken)),
        ("birth_year", lambda: _birth_year(entry.birth_year)),
        ("height_m", lambda: check_height(_number(entry.height_m, "height", "1.68, in metres"))),
        ("mass_kg", lambda: check_mass(_number(entry.mass_kg, "mass", "60, in kilograms"))),
        ("diagnosis", lambda: check_diagnosis(entry.diagnosis.strip())),
        ("notes", lambda: check_notes(entry.notes)),
        ("consent_by", lambda: _consent_by(by) if on else None),
        ("consent_on", lambda: _consent_on(on, entry.birth_year) if by or on else None),
    )
    return tuple(note for field, check in checks if (note := _note(field, check)) is not None)


def code_doubts(code: str, known: Iterable[str]) -> tuple[FieldNote, ...]:
    """What is odd about a code that can be used all the same."""
    found = doubts(code.strip(), known)
    return (FieldNote("code", " ".join(found), tone=Tone.WARN),) if found else ()


def _note(field: str, check: Callable[[], object]) -> FieldNote | None:
    try:
        check()
    except UserError as error:
        return FieldNote(field, error.advice.why, error.advice.one_line())
    return None


def _code(code: str, own: str, taken: Iterable[str]) -> None:
    if code == own and code:
        return
    check_code(code)
    if code in taken:
        raise refuse(
            "PAT-005",
            f"There is already a patient with the code {code}.",
            "Another patient has this code.",
            "Choose another code, or open the existing patient.",
        )


def _birth_year(text: str) -> int:
    year = _number(text, "birth year", "1961")
    if not year.is_integer():
        raise refuse(
            "PAT-006", "The birth year is not usable.", f"“{text.strip()}” is no year.", "Enter 1961, say."
        )
    check_birth_year(int(year))
    if year > date.today().year:
        raise refuse(
            "PAT-004",
            f"The birth year {year:.0f} cannot be right.",
            "It lies in the future.",
            "Correct the birth year.",
        )
    return int(year)


def _number(text: str, name: str, example: str) -> float:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        typed = f"“{text.strip()}” is not a number." if text.strip() else "The field is empty."
        raise refuse(
            "PAT-006", f"The {name} is not usable.", typed, f"Enter a number such as {example}."
        ) from None


def _consent(entry: PatientEntry) -> Consent | None:
    by, on = entry.consent_by.strip(), entry.consent_on.strip()
    if not by and not on:
        return None
    _consent_by(by)
    return Consent(by, _consent_on(on, entry.birth_year).isoformat())


def _consent_by(by: str) -> None:
    if not by:
        raise _consent_incomplete("The name of who took it is missing.")
    if len(by) > MOST_CONSENT_NAME:
        raise _consent_incomplete(f"A name has at most {MOST_CONSENT_NAME} letters.")


def _consent_on(on: str, birth_year: str) -> date:
    taken = read_day(on)
    if taken is None:
        missing = f"“{on}” is no date" if on else "The date is missing"
        raise _consent_incomplete(f"{missing}; enter one such as {day(_EXAMPLE_DAY)}.")
    if taken > date.today():
        raise _consent_incomplete("This day is in the future.")
    if birth_year.strip().isdecimal() and taken.year < int(birth_year):
        raise _consent_incomplete("This day is before the patient was born.")
    return taken


def _consent_incomplete(why: str) -> UserError:
    return refuse(
        "PAT-007",
        "The consent is incomplete.",
        why,
        f"Enter the name and a date such as {day(_EXAMPLE_DAY)}, or empty both fields.",
    )
