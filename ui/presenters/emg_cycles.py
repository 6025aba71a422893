"""From EMG and motion to curves per gait cycle, times of activity and co-contraction."""

from __future__ import annotations

from core.domain.body import SIDES
from core.domain.emg import EmgEnvelopes
from core.domain.motion import Motion
from core.emg.alignment import SAME_FILE
from core.emg.cocontraction import Cocontraction, cocontractions
from core.emg.cycles import EmgCycles, emg_cycles
from core.emg.normal_timing import NORMAL_PHASES
from core.emg.normal_timing import WORDS as NORMAL_WORDS
from core.emg.onsets import Burst, activity
from core.emg.scales import muscle_scale
from ui.pages.emg_cycles import EmgCyclesView
from ui.pages.number_table import NumberRow, NumberTable
from ui.plots.curves import CurveStyle, CycleCurve, EmgQuantity, JointPanel
from ui.wording import count, short_muscle

_TRUSTED = "good"
_NO_MOTION = "EMG per gait cycle needs the strides of the Motion step. Solve the motion; then it stands here."
_NO_STRIDE = (
    "No stride of the motion lies within the EMG. Check when the EMG began in the time of the motion: it can "
    "be changed below the signals."
)


def cycles_view(emg: EmgEnvelopes, motion: Motion | None) -> EmgCyclesView:
    """The tab for one EMG and the motion of the same visit, which may be missing."""
    if motion is None:
        return EmgCyclesView(instead=_NO_MOTION)
    cycles = emg_cycles(emg, motion.strides)
    seen = tuple(one for one in cycles if len(one.envelope))
    if not seen:
        return EmgCyclesView(instead=_NO_STRIDE)
    verdicts = {channel.name: channel.verdict for channel in emg.channels}
    pairs = cocontractions([one for one in seen if verdicts[one.name] == _TRUSTED])
    return EmgCyclesView(
        panels=_panels(emg, cycles),
        activity=_activity_table(seen, verdicts),
        cocontraction=_pair_table(pairs),
        words=f"{_counted(cycles)} Band: one standard deviation between strides. "
        f"{NORMAL_WORDS} {_clocks(emg)}",
        pair_words=_pair_words(emg) if pairs else "",
    )


def _panels(emg: EmgEnvelopes, cycles: tuple[EmgCycles, ...]) -> tuple[JointPanel, ...]:
    """Of every channel with a stride; the other side of a muscle says that it was not recorded."""
    panels = [_panel(emg, number, one) for number, one in enumerate(cycles) if len(one.envelope)]
    shown = {(panel.kind, panel.side) for panel in panels}
    missing = [
        JointPanel(kind, side, (), missing="no EMG within a stride")
        for kind in dict.fromkeys(panel.kind for panel in panels)
        for side in SIDES
        if (kind, side) not in shown
    ]
    return (*panels, *missing)


def _panel(emg: EmgEnvelopes, number: int, cycles: EmgCycles) -> JointPanel:
    """One channel in the unit of its muscle, over the bars of normal activity."""
    muscle = cycles.site.muscle
    scale = muscle_scale(emg, muscle)
    size = scale.factors[number]
    sd = size * cycles.sd if len(cycles.envelope) > 1 else None
    curve = CycleCurve("measured", cycles.site.side, size * cycles.mean, sd, CurveStyle.MEASURED)
    return JointPanel(
        EmgQuantity(muscle, scale.unit),
        cycles.site.side,
        (curve,),
        toe_off_fraction=cycles.toe_off_fraction,
        active=NORMAL_PHASES[muscle],
    )


def _activity_table(cycles: tuple[EmgCycles, ...], verdicts: dict[str, str]) -> NumberTable:
    """Channels that are not good have no times: noise switches on and off as well."""
    rows = []
    for one in cycles:
        found = activity(one)
        spans = ", ".join(map(_span, found.bursts)) or "–"
        agree = f"{100 * found.agreement:.0f} %" if len(one.envelope) > 1 else "–"
        good = verdicts[one.name] == _TRUSTED
        rows.append(
            NumberRow(
                f"{one.site.side.suffix.upper()} {short_muscle(one.site.muscle).lower()}",
                (spans if good else verdicts[one.name], agree if good else "–", f"{len(one.envelope)}"),
                side=one.site.side,
                tip=f"{one.site.muscle.value.capitalize()}, channel {one.name}; "
                "percent of the gait cycle from heel strike.",
            )
        )
    return NumberTable(("", "Active,\n% of cycle", "Strides\nagree", "Strides"), tuple(rows))


def _span(burst: Burst) -> str:
    return f"{burst.on_percent:.0f}–{burst.off_percent:.0f}"


def _pair_table(pairs: tuple[Cocontraction, ...]) -> NumberTable:
    rows = tuple(
        NumberRow(
            f"{pair.side.suffix.upper()} {' / '.join(short_muscle(one).lower() for one in pair.muscles)}",
            tuple(
                "–" if value != value else f"{value:.0f} %"
                for value in (pair.common_percent, pair.stance_percent, pair.swing_percent)
            ),
            side=pair.side,
            tip=f"{' and '.join(one.value for one in pair.muscles).capitalize()}. "
            f"Index of Rudolph: {pair.rudolph:.2f}.",
        )
        for pair in pairs
    )
    return NumberTable(("Co-contraction", "Cycle", "Stance", "Swing"), rows)


def _pair_words(emg: EmgEnvelopes) -> str:
    words = "Share of the activity that both muscles have in common (Falconer & Winter 1985)."
    if emg.normalised_to != "MVC":
        words += " Unless all muscles are relative to MVC it compares sides and visits, not muscles."
    return words


def _counted(cycles: tuple[EmgCycles, ...]) -> str:
    used = {one.site.side: len(one.envelope) for one in cycles}
    out = {one.site.side: one.left_out for one in cycles}
    words = " and ".join(f"{count(number, 'stride')} {side.value}" for side, number in used.items())
    left_out = sum(out.values())
    return f"{words}." + (f" {count(left_out, 'stride')} outside the EMG left out." if left_out else "")


def _clocks(emg: EmgEnvelopes) -> str:
    if not emg.offset_from:
        return "EMG and motion are taken to start at the same moment; nothing says so."
    if emg.offset_from == SAME_FILE:
        return "EMG and motion are from the same file."
    return f"The EMG starts {emg.offset_s:+.2f} s against the motion ({emg.offset_from})."
