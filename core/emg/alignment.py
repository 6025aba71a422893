"""When EMG began in the time of the motion: known, found from a trigger or a common event, or typed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.findings import Finding, Severity
from core.emg.signals import RawEmg
from core.errors import Advice, refuse

SAME_FILE, COMMON_EVENT, TRIGGER, TYPED = "same file", "common event", "trigger channel", "typed"
_CLOSE_S = 0.2  # recordings that begin together also end together, but for a person's reaction
_LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Offset:
    """Added to the time of the EMG, `seconds` give the time of the motion."""

    seconds: float = 0.0
    source: str = ""  # empty: nothing is known, both are taken to start together


def typed_offset(seconds: float) -> Offset:
    """Raises UserError EMG-053 when this is no time between two recordings of a visit."""
    if not np.isfinite(seconds) or abs(seconds) > _LONGEST_S:
        raise refuse(
            "EMG-053",
            f"An offset of {seconds:g} s cannot be.",
            "EMG and motion of one walk lie within an hour.",
            "Enter seconds: positive when the EMG began after the motion, negative when it began before.",
        )
    return Offset(float(seconds), TYPED)


def event_offset(emg_s: float, motion_s: float) -> Offset:
    """The same event seen at `emg_s` after the first sample of the EMG and at `motion_s` of the motion."""
    return Offset(typed_offset(motion_s - emg_s).seconds, COMMON_EVENT)


def trigger_offset(raw: RawEmg, channel: str, motion_s: float = 0.0) -> Offset:
    """The rising edge of a channel marks `motion_s` of the motion.

    Raises UserError EMG-004 (no such channel), EMG-047 (it never rises).
    """
    if channel not in raw.channels:
        raise refuse(
            "EMG-004",
            f"Channel {channel} is not in {raw.source_name}.",
            "It was chosen as the trigger.",
            f"Choose one of its channels: {', '.join(raw.channels[:8])}.",
        )
    edge = rising_edge(raw.samples(channel))
    if edge is None:
        raise refuse(
            "EMG-047",
            f"The trigger channel {channel} never rises.",
            "It stays at one level, so it does not show when the motion began.",
            "Choose another channel, or enter the seconds between both recordings.",
        )
    return Offset(motion_s - edge / raw.rate_hz, TRIGGER)


def rising_edge(signal: FloatArray) -> int | None:
    """The first sample at which a signal (T,) goes above the middle of its two levels; None if it never does.

    A trigger has two levels and little between them, unlike muscle or noise.
    """
    known = signal[np.isfinite(signal)]
    if len(known) < 2 or np.ptp(known) == 0:
        return None
    low, high = float(known.min()), float(known.max())
    between = (known > low + 0.25 * (high - low)) & (known < high - 0.25 * (high - low))
    if between.mean() > 0.1:
        return None
    above = np.nan_to_num(signal, nan=low) > (low + high) / 2
    edges = np.flatnonzero(~above[:-1] & above[1:])
    return int(edges[0]) + 1 if len(edges) else None


def coverage_findings(
    source: str, offset: Offset, emg_s: float, motion_s: tuple[float, float] | None
) -> tuple[Finding, ...]:
    """Whether the EMG, `emg_s` long, covers the motion from first to last time, and how that is known."""
    if motion_s is None:
        return ()
    first, last = motion_s
    start, end = max(first, offset.seconds), min(last, offset.seconds + emg_s)
    findings = []
    if end - start <= 0:
        findings.append(_no_overlap(source, offset, emg_s, first, last))
    elif end - start < last - first - _CLOSE_S:
        findings.append(_part(source, end - start, last - first))
    if not offset.source and abs(emg_s - (last - first)) > _CLOSE_S:
        findings.append(_start_unknown(source, emg_s, last - first))
    return tuple(findings)


def _no_overlap(source: str, offset: Offset, emg_s: float, first: float, last: float) -> Finding:
    return _warning(
        "EMG-046",
        f"{source} shows no moment of the motion.",
        f"It runs from {offset.seconds:.1f} to {offset.seconds + emg_s:.1f} s, "
        f"the motion from {first:.1f} to {last:.1f} s.",
        "Correct the start of the EMG, or choose the recording of this walk.",
    )


def _part(source: str, covered_s: float, motion_s: float) -> Finding:
    return _warning(
        "EMG-046",
        f"{source} covers {covered_s:.1f} of {motion_s:.1f} s of the motion.",
        "It is shorter than the motion, or began at another time.",
        "Strides outside it have no EMG; correct the start of the EMG if it should cover them.",
    )


def _start_unknown(source: str, emg_s: float, motion_s: float) -> Finding:
    return _warning(
        "EMG-048",
        f"{source} and the motion were taken to start together.",
        f"The EMG lasts {emg_s:.1f} s, the motion {motion_s:.1f} s, and nothing tells when either began.",
        "Enter the start of the EMG, a common event or the trigger channel before comparing their timing.",
    )


def _warning(code: str, what: str, why: str, next_step: str) -> Finding:
    return Finding(Severity.WARNING, Advice(what, why, next_step, code))
