"""The patient file: `exotwin session run` reads it, and an export writes it."""

from __future__ import annotations

import json
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from core.domain.outside_json import read_json_file
from core.domain.patient_code import check_code
from core.domain.record import Visit
from core.domain.subject import (
    AffectedSide,
    Consent,
    Sex,
    Subject,
    check_consent,
    check_diagnosis,
    consent_unusable,
)
from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.errors import UserError, refuse

FILE_NAME = "patient.json"
_Choice = TypeVar("_Choice", bound=Enum)


def read_patient(path: Path) -> Subject:
    """The patient of a file.

    Raises UserError PAT-010 when it cannot be used, and PAT-001 to PAT-004, PAT-020, PAT-021 and PAT-033 for
    values out of range.
    """
    try:
        content = _content(path)
        side = content.get("affected_side")
        subject = Subject(
            code=content["code"].strip(),
            birth_year=int(content["birth_year"]),
            sex=_one_of(Sex, "sex", content["sex"]),
            height_m=float(content["height_m"]),
            mass_kg=float(content["mass_kg"]),
            diagnosis=_text(content, "diagnosis"),
            affected_side=None if side is None else _one_of(AffectedSide, "affected_side", side),
            consent=_consent(content["consent"]),
            notes=_text(content, "notes"),
            synthetic=content.get("synthetic") is True,
        )
    except KeyError as error:
        raise _unusable(path, f"The entry {error} is missing") from error
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise _unusable(path, f"It is missing, not JSON, or an entry is wrong: {error}") from error
    check_code(subject.code)
    check_diagnosis(subject.diagnosis)
    check_consent(subject, date.today())
    return subject


def _consent(told: object) -> Consent:
    """Refuses PAT-033 what is not told whole: a session starts a visit, and a visit needs consent."""
    by, on = (told.get("by"), told.get("on")) if isinstance(told, dict) else (None, None)
    if not isinstance(by, str) or not isinstance(on, str):
        missing = "No consent is recorded" if told is None else "It has no entries by and on, as texts"
        raise consent_unusable(f"{missing} in the patient file.")
    return Consent(by.strip(), on.strip())


def read_visit_notes(path: Path) -> VisitNotes:
    """How the patient walks at this visit, where the file tells it. Raises UserError PAT-010 and PAT-021."""
    try:
        content = _content(path)
        aid, ability = content.get("walking_aid"), content.get("functional_class")
        return VisitNotes(
            None if aid is None else _one_of(WalkingAid, "walking_aid", aid),
            None if ability is None else _one_of(FunctionalClass, "functional_class", ability),
            _text(content, "visit_notes"),
        )
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise _unusable(path, f"It is missing, not JSON, or an entry is wrong: {error}") from error


def patient_json(subject: Subject, visit: Visit) -> str:
    """A patient file of this visit; `read_patient` and `read_visit_notes` read it back, but for the exo."""
    consent, noted = subject.consent, visit.notes
    content = {
        "code": subject.code,
        "birth_year": subject.birth_year,
        "sex": subject.sex.value,
        "height_m": subject.height_m,
        "mass_kg": subject.mass_kg,
        "diagnosis": subject.diagnosis,
        "affected_side": None if subject.affected_side is None else subject.affected_side.value,
        "notes": subject.notes,
        "consent": None if consent is None else {"by": consent.by, "on": consent.on},
        "device": subject.device,
        "synthetic": subject.synthetic,
        "visit": visit.number,
        "visit_started_utc": visit.started_utc.isoformat(timespec="seconds"),
        "walking_aid": None if noted.walking_aid is None else noted.walking_aid.value,
        "functional_class": None if noted.functional_class is None else noted.functional_class.value,
        "visit_notes": noted.notes,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _content(path: Path) -> dict[str, Any]:
    content = read_json_file(path)
    if not isinstance(content, dict):
        raise TypeError("it is no list of entries with names")
    return content


def _one_of(choices: type[_Choice], name: str, told: object) -> _Choice:
    """Refuses by naming what can be told, not by the name of a class."""
    try:
        return choices(told)
    except ValueError as error:
        known = ", ".join(str(one.value) for one in choices)
        raise ValueError(f"{name} is {told!r}, and can be {known}") from error


def _text(content: dict[str, Any], name: str) -> str:
    text = content.get(name) or ""
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    return text


def _unusable(path: Path, why: str) -> UserError:
    return refuse(
        "PAT-010",
        f"The patient file {path.name} cannot be used.",
        f"{why}.",
        "It needs code, birth_year, sex, height_m, mass_kg, affected_side (none, left, right, "
        "both or null) and consent with by and on.",
    )
