"""Findings on the quality of a result, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Advice


class Severity(StrEnum):
    STOP = "stop"  # the next step must not start
    WARNING = "warning"  # goes on, but the person must know
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    severity: Severity
    advice: Advice


def finding(severity: Severity, what: str, why: str, next_step: str, code: str) -> Finding:
    """With its advice."""
    return Finding(severity, Advice(what, why, next_step, code))


def worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))
