"""Impairments fitted to a recorded gait: severities, standard deviations and confounded ones."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.arrays import FloatArray, frozen
from core.domain.findings import Finding
from core.domain.impairment import Slot
from core.domain.twin import BodyParameters


@dataclass(frozen=True, slots=True)
class SeverityEstimate:
    """One slider that was searched. Without any evidence the standard deviation is 0.29."""

    slot: Slot
    severity: float
    sd: float


@dataclass(frozen=True, slots=True, eq=False)
class ImpairmentFit:
    """Impairments with which the twin's gait is closest to the person's. Axis: R iterations of the search."""

    body: BodyParameters  # with the impairments that were found
    estimates: tuple[SeverityEstimate, ...]  # the most severe first
    angle_rms_deg: float  # of the twin's mean stride against the person's
    healthy_rms_deg: float  # the same before the search
    misfit: float  # sum of squares in standard deviations of gait analysis
    healthy_misfit: float
    best_misfit: FloatArray  # (R,) after each iteration
    not_told_apart: tuple[str, ...]  # persisted name: confounded impairments, as sentences
    walks: int  # walks that were simulated
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False

    def __post_init__(self) -> None:
        frozen(self, "best_misfit", (None,))
