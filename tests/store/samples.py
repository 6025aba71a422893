"""Small values that tests of several rooms put into a record."""

from __future__ import annotations

from core.domain.subject import AffectedSide, Consent, Sex, Subject


def a_subject(code: str = "P-0001") -> Subject:
    consent = Consent("Dr Test", "2026-11-20")
    return Subject(code, 1980, Sex.FEMALE, 1.68, 60.0, "stroke", AffectedSide.LEFT, consent)
