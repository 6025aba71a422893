"""The largest force before the vasti work harder: too strong a pull makes the knee catch up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.amplitude import LARGEST_N, MUSCLES, MeasuredActivity
from core.domain.emg import EmgMuscle
from core.domain.findings import Finding, Severity
from core.errors import Advice

RISE_SD = 2.0  # standard deviations from cycle to cycle, at the force of the muscle's least activity
LEAST_RISE_PERCENT = (
    1.0  # of the maximum contraction: less is what electrodes and amplifiers give by themselves
)
VASTI = (EmgMuscle.VASTUS_MEDIALIS, EmgMuscle.VASTUS_LATERALIS)


@dataclass(frozen=True, slots=True)
class SafeForce:
    force_n: float
    why: str
    findings: tuple[Finding, ...] = ()


def safe_force(measured: MeasuredActivity) -> SafeForce:
    """The largest measured force before one of VASTI has risen by RISE_SD from its least activity, and by
    LEAST_RISE_PERCENT.

    Falling activity at small forces is no rise: only forces above the one of least activity count. Where no
    muscle rises it is LARGEST_N.
    """
    rises = [(found, muscle) for muscle in VASTI if (found := _rise(measured, muscle)) is not None]
    if not rises:
        return SafeForce(LARGEST_N, "Neither vastus rises up to the largest force measured.")
    place, muscle = min(rises, key=lambda rise: rise[0])
    bound, risen = float(measured.force_n[place - 1]), float(measured.force_n[place])
    why = f"{muscle.value.capitalize()} works harder at {risen:.0f} N than it did before."
    advice = Advice(
        f"Forces above {bound:.0f} N are left out.",
        f"{why[:-1]}, by more than two standard deviations.",
        f"Give no more than {bound:.0f} N; look at the recording at {risen:.0f} N if that surprises.",
        "AMP-007",
    )
    return SafeForce(bound, why, (Finding(Severity.NOTE, advice),) if risen <= LARGEST_N else ())


def _rise(measured: MeasuredActivity, muscle: EmgMuscle) -> int | None:
    """Number of the first force at which a muscle has risen; None where it does not."""
    column = MUSCLES.index(muscle)
    mean = measured.mean_percent[:, column]
    least = int(mean.argmin())
    limit = mean[least] + max(LEAST_RISE_PERCENT, RISE_SD * measured.sd_percent[least, column])
    risen = np.flatnonzero(mean[least + 1 :] > limit)
    return least + 1 + int(risen[0]) if len(risen) else None
