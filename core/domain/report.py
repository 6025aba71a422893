"""The visit report as it was handed out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """A PDF of a few pages, kept in the record's folder."""

    file_name: str
    patient_code: str
    visit_number: int
