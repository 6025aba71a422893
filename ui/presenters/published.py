"""Text and fields of published peaks beside an exo's own torque, in level walking. No widgets."""

from __future__ import annotations

import math

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind
from core.domain.controller import TorqueDirection
from core.domain.help_by_side import direction_words
from core.learning.exo.published import TIMING_TOLERANCE, Agreement, agreement, band_of, peaks_of
from ui.plots.curves import PeakField
from ui.wording import listed

_JUDGED = (
    f"Times within {100.0 * TIMING_TOLERANCE:.0f} % of the gait cycle count as inside; r is the correlation "
    "with the most similar published curve."
)
DIRECTIONS = (TorqueDirection.FLEXION, TorqueDirection.EXTENSION)


def published_fields(joint: JointKind, mass_kg: float) -> tuple[PeakField, ...]:
    """Where the peaks of all papers lie that print size and time, for a person of this mass."""
    fields = []
    for direction in DIRECTIONS:
        band = band_of(joint, direction, mass_kg)
        if band is not None:
            (low, high), (begin, end) = band
            if direction is TorqueDirection.EXTENSION:
                low, high = -high, -low
            fields.append(PeakField(low, high, begin, end))
    return tuple(fields)


def published_words(profile: AssistanceProfile, mass_kg: float, limit_nm: float) -> str:
    """Inside or outside on each side, with the papers; "" for a joint of which nothing is published.

    `limit_nm` is the most that the controller may give.
    """
    sentences = []
    for direction in DIRECTIONS:
        band = band_of(profile.joint, direction, mass_kg)
        if band is None:
            continue
        found = [
            agreement(profile, side, direction, mass_kg=mass_kg, device_peak_nm=limit_nm)
            for side in SIDES
            if profile.strides[SIDES.index(side)]
        ]
        own = "; ".join(_side_words(one, band[0]) for one in found if one is not None)
        sentences.append(f"{_band_words(profile.joint, direction, *band)}: {own}.")
    return " ".join(sentences)


def published_sources(joint: JointKind) -> str:
    """How it is judged, then all papers whose peaks are drawn, one per line."""
    papers = [
        f"{peak.source}, doi {peak.doi}: {peak.what}"
        for direction in DIRECTIONS
        for peak in peaks_of(joint, direction)
        if peak.cycle is not None
    ]
    return "\n".join(dict.fromkeys((_JUDGED, *papers)))


def _band_words(
    joint: JointKind, direction: TorqueDirection, size: tuple[float, float], time: tuple[float, float]
) -> str:
    name = direction_words(joint)[DIRECTIONS.index(direction)]
    papers = [peak.source.split(",")[0] for peak in peaks_of(joint, direction) if peak.cycle is not None]
    spread = f"{100.0 * time[0]:.0f}–{100.0 * time[1]:.0f} %"
    return (
        f"Published {name} peaks {size[0]:.2f}–{size[1]:.2f} N·m/kg at {spread} "
        f"({listed(list(dict.fromkeys(papers)))}); personalized"
    )


def _side_words(found: Agreement, band: tuple[float, float]) -> str:
    """`left 0.20 at 62 %, size inside, time outside, r 0.91`."""
    limit = " (limit of the controller)" if found.at_device_limit and not found.inside_size else ""
    size = f"size {'inside' if found.inside_size else 'outside'}{limit}"
    time = f"time {'inside' if found.inside_time else 'outside'}"
    r = "" if math.isnan(found.correlation) else f", r {found.correlation:.2f}"
    rounded_in = band[0] <= round(found.peak_nm_kg, 2) <= band[1]
    digits = 2 if rounded_in == found.inside_size else 3  # no 0.20 beside a band from 0.20 on
    peak = f"{found.side} {found.peak_nm_kg:.{digits}f} at {100.0 * found.peak_at:.0f} %"
    return f"{peak}, {size}, {time}{r}"
