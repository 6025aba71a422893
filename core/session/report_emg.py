"""EMG in the report: per gait cycle over the bars of normal activity and the twin's simulated muscles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import EmgEnvelopes, EmgMuscle
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.emg.cycles import emg_cycles
from core.emg.normal_timing import NORMAL_PHASES, SOURCE
from core.emg.scales import muscle_scale
from core.gait.similarity import pearson
from core.session.cycle_plot import CyclePlot
from core.session.flow import VisitFacts, standing
from core.session.muscle_activity import activation_cycle, by_muscles
from core.session.report_tables import ReportRow, ReportTable
from core.store.repository import Store

GOOD_CHANNEL = "good"  # of `ChannelQuality.verdict`


@dataclass(frozen=True, slots=True, eq=False)
class EmgPart:
    """The page of EMG."""

    title: str  # names the unit
    plots: tuple[CyclePlot, ...]  # per gait cycle, of good channels; empty where no stride lies within
    channels: ReportTable
    facts: tuple[tuple[str, str], ...]


def twin_walk(store: Store, facts: VisitFacts) -> Rollout | None:
    """The personalized twin's walk, as far as it follows from the newest records."""
    info = standing(facts, RecordKind.SIMULATED_GAIT)
    return None if info is None else store.load(info.id, RolloutSet).find(GaitLabel.PERSONALIZED_TWIN)


def emg_part(emg: EmgEnvelopes, motion: Motion | None, twin: Rollout | None) -> EmgPart:
    by_site = {
        (channel.site.muscle, channel.site.side): channel.verdict for channel in reversed(emg.channels)
    }
    rows = tuple(
        ReportRow(muscle.value.capitalize(), tuple(by_site.get((muscle, side), "–") for side in SIDES))
        for muscle in EmgMuscle
        if any((muscle, side) in by_site for side in SIDES)
    )
    facts = [
        ("File", f"{emg.source_name}, {emg.raw_rate_hz:.0f} Hz"),
        ("Normalised to", emg.normalised_to),
    ]
    facts += [("Processing", emg.processing)] if emg.processing else []
    facts.append(("Offset to motion", _offset_words(emg)))
    plots = () if motion is None else tuple(emg_plots(emg, motion, twin))
    if any(plot.simulated for plot in plots):
        facts.append(("Dashed", _simulated_words(twin)))
    if plots:
        facts.append(("Grey bars", f"when the muscle works in normal adult walking ({SOURCE})"))
    title = "EMG · measured, per gait cycle"
    return EmgPart(title, plots, ReportTable("Quality of the EMG", ("", "Left", "Right"), rows), tuple(facts))


def emg_plots(emg: EmgEnvelopes, motion: Motion, twin: Rollout | None = None) -> Iterator[CyclePlot]:
    """Both sides of every muscle that has a good channel, over the twin's muscle where it walked."""
    cycles = list(enumerate(emg_cycles(emg, motion.strides)))
    for muscle in EmgMuscle:
        scale = muscle_scale(emg, muscle)
        own = [
            (scale.factors[number], one)
            for number, one in cycles
            if one.site.muscle is muscle
            and len(one.envelope)
            and emg.channels[number].verdict == GOOD_CHANNEL
        ]
        if not own:
            continue
        curves = [
            (one.site.side, size * one.mean, size * one.sd if len(one.envelope) > 1 else None)
            for size, one in own
        ]
        simulated = [] if twin is None else _activations(twin, muscle, curves, absolute=scale.absolute)
        likeness = ", ".join(f"{side.suffix.upper()} {r:.2f}" for side, _, r in simulated if math.isfinite(r))
        yield CyclePlot(
            f"{muscle.value.capitalize()} ({scale.unit})",
            tuple(curves),
            None,
            tuple((side, curve) for side, curve, _ in simulated),
            NORMAL_PHASES[muscle],
            f"r {likeness}" if likeness else "",
        )


def _activations(
    twin: Rollout,
    muscle: EmgMuscle,
    measured: list[tuple[Side, FloatArray, FloatArray | None]],
    *,
    absolute: bool,
) -> list[tuple[Side, FloatArray, float]]:
    """The twin's activation on the measured sides with its r; as high as the EMG where that has no 100 %."""
    found = []
    for side, mean, _sd in measured:
        curve = activation_cycle(twin, muscle, side)
        if curve is not None and curve.max() > 0.0:
            size = 100.0 if absolute else float(mean.max() / curve.max())
            found.append((side, size * curve, pearson(mean, curve)))
    return found


def _simulated_words(twin: Rollout | None) -> str:
    how = "by its muscles" if twin is not None and by_muscles(twin) else "estimated by static optimisation"
    return f"the personalized twin's activation, {how}; as high as the EMG unless in % MVC; r by shape"


def _offset_words(emg: EmgEnvelopes) -> str:
    if not emg.offset_from:
        return "not known, taken as 0"
    return f"{emg.offset_s:.3f} s, from: {emg.offset_from}".replace("-", "−", 1)
