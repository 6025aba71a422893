"""What 100 % of each channel is, and whether that can be believed.

The recording of maximum contractions is judged like the walk: its units are brought to those of the walk, its
channels are looked at, and a walk far above or below the maximum is no share of it. Such a channel is shown
relative to its own recorded maximum instead, and a warning says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.emg import MVC, OWN_MAXIMUM, ChannelSite
from core.domain.findings import Finding, Severity
from core.emg.mvc import MvcValues, mvc_findings, mvc_values
from core.emg.naming import suggestions
from core.emg.options import ProcessingOptions
from core.emg.processing import repair_gaps
from core.emg.quality import GAP_LIMIT, channel_quality
from core.emg.signals import RawEmg
from core.emg.units import in_volts
from core.errors import Advice

MIXED = "MVC or recorded maximum"
# Fast or uphill walking passes a poor maximum by half, not by twice: in between, the maximum was not one.
WALK_ABOVE_MVC = 1.75
# A walk below this of the maximum is rather another unit, where the units are not told.
WALK_BELOW_MVC = 0.005
_NO_ELECTRODE = ("flat", "gaps")
# A held contraction has no bursts; whether it is more than noise shows in comparison with the walk.
_HARMLESS = ("", "good", "crosstalk", "noise")


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Axes: C channels."""

    full: FloatArray  # (C,) that is 100 %, in the unit of the walk
    to: tuple[str, ...]  # C, `MVC` or `OWN_MAXIMUM`
    findings: tuple[Finding, ...]
    values: MvcValues | None  # None without recordings of maximum contractions

    @property
    def normalised_to(self) -> str:
        """What 100 % is in all channels, or `MIXED` where it differs."""
        kinds = set(self.to)
        return kinds.pop() if len(kinds) == 1 else MIXED


def reference_of(
    raw: RawEmg,
    peak: FloatArray,
    sites: Mapping[str, ChannelSite],
    names: Sequence[str],
    maxima: Sequence[RawEmg],
    options: ProcessingOptions,
) -> Reference:
    """The reference of the channels `names`; `peak` (C,) is the highest envelope of each in the walk."""
    if not maxima:
        return Reference(peak, (OWN_MAXIMUM,) * len(names), (), None)
    same = [in_units_of(raw, sites, recording) for recording in maxima]
    values = mvc_values(same, names, options)
    findings: list[Finding] = []
    full, to = peak.copy(), []
    for number, name in enumerate(names):
        trouble = _trouble(raw, name, sites[name], float(peak[number]), values, number, same)
        if trouble is not None:
            findings.append(Finding(Severity.WARNING, trouble))
        trusted = trouble is None or trouble.code == "EMG-043"
        if trusted:
            full[number] = values.value[number]
        to.append(MVC if trusted else OWN_MAXIMUM)
    used = [name for name, one in zip(names, to, strict=True) if one == MVC]
    return Reference(full, tuple(to), (*mvc_findings(values, names, used), *findings), values)


def in_units_of(raw: RawEmg, sites: Mapping[str, ChannelSite], recording: RawEmg) -> RawEmg:
    """The mapped channels of a recording, in the names and units of `raw`.

    A channel is the one of the same name, or the only one whose name tells the same muscle and side.
    """
    by_site = {site: name for name, site in suggestions(recording).sites.items()}
    names, columns, units = [], [], []
    for name, site in sites.items():
        other = name if name in recording.channels else by_site.get(site)
        if other is None or name not in raw.channels:
            continue
        place = recording.channels.index(other)
        unit, wanted = recording.units[place], raw.units[raw.channels.index(name)]
        size, wanted_size = in_volts(unit), in_volts(wanted)
        known = size is not None and wanted_size is not None
        scale = size / wanted_size if size is not None and wanted_size is not None else 1.0
        names.append(name)
        columns.append(recording.samples(other) * scale)
        units.append(wanted if known else unit)
    signal = np.stack(columns, axis=1) if columns else np.empty((len(recording.signal), 0))
    return RawEmg(tuple(names), signal, recording.rate_hz, recording.source_name, tuple(units))


def _trouble(
    raw: RawEmg,
    name: str,
    site: ChannelSite,
    peak: float,
    values: MvcValues,
    number: int,
    maxima: Sequence[RawEmg],
) -> Advice | None:
    """Why the maximum of a channel cannot be believed; EMG-043 where it can, with care."""
    having = [recording for recording in maxima if name in recording.channels]
    called = f"{name} ({site.side} {site.muscle})"
    if not having:
        return _advice("EMG-042", called, "is not in the recording of maximum contractions")
    verdicts = [_verdict(recording, name, site) for recording in having]
    if all(verdict in _NO_ELECTRODE for verdict in verdicts) or not values.value[number] > 0:
        return _advice("EMG-041", called, "shows no contraction in the recording of maximum contractions")
    share = peak / float(values.value[number])
    units_known = in_volts(raw.units[raw.channels.index(name)]) is not None and all(
        in_volts(recording.units[recording.channels.index(name)]) is not None for recording in having
    )
    if share > WALK_ABOVE_MVC:
        return _advice(
            "EMG-040", called, f"reaches {_percent(share)} of its maximum contraction", units_known
        )
    if not units_known and 0 < share < WALK_BELOW_MVC:
        return _advice("EMG-050", called, f"stays below {_percent(share)} of its maximum contraction", False)
    wrong = next(
        (v for r, v in zip(having, verdicts, strict=True) if r.source_name == values.source[number]), ""
    )
    if wrong not in _HARMLESS:
        return Advice(
            f"{called}: the recording of its maximum contraction is not good ({wrong}).",
            "100 % may lie too low or too high.",
            "Record the maximum contraction again, or compare its timing only.",
            "EMG-043",
        )
    return None


def _verdict(recording: RawEmg, name: str, site: ChannelSite) -> str:
    signal, gaps = repair_gaps(recording.samples(name), recording.rate_hz)
    if gaps > GAP_LIMIT or np.ptp(signal) == 0:
        return "flat"
    return channel_quality(name, site, signal, recording.rate_hz, gaps, held=True).verdict


def _percent(share: float) -> str:
    if share > 10:
        return f"{float(f'{share:.2g}'):,.0f} times the size"
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


_WHY = {
    "EMG-040": "No muscle works at so much more than its maximum: the contraction was not maximal.",
    "EMG-041": "The electrode was off, or nothing was recorded.",
    "EMG-042": "It was not recorded there, or is called otherwise.",
    "EMG-050": "One of the two recordings is in another unit.",
}
_UNITS = "Give the unit of both recordings, or "


def _advice(code: str, called: str, said: str, units_known: bool = True) -> Advice:
    why = _WHY[code]
    if code == "EMG-040" and not units_known:
        why = "It was not maximal, or the recordings are in different units, which they do not tell."
    record = "record the maximum contraction again"
    return Advice(
        f"{called} {said}; it is shown relative to its own maximum, not as % MVC.",
        why,
        f"{record[0].upper()}{record[1:]}." if units_known else f"{_UNITS}{record}.",
        code,
    )
