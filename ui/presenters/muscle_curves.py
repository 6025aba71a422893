"""This person's EMG over the twin's muscles: curves per gait cycle, likeness, words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.emg import EmgEnvelopes, EmgMuscle
from core.domain.motion import Motion
from core.domain.rollout import GaitLabel, Rollout, RolloutSet
from core.emg.cycles import EmgCycles, emg_cycles
from core.emg.normal_timing import NORMAL_PHASES
from core.emg.normal_timing import WORDS as NORMAL_WORDS
from core.gait.similarity import pearson
from core.session.muscle_activity import activation_cycle, by_muscles
from ui.plots.curves import CurveStyle, CycleCurve, JointPanel, Likeness, Measure
from ui.plots.muscle_grid import MuscleView
from ui.presenters.closeness import closeness_of
from ui.presenters.gait_curves import STYLES
from ui.wording import count, listed, short_muscle

TWINS = (GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)
GOOD, MVC = "good", "MVC"  # of `ChannelQuality.verdict`; of `EmgEnvelopes.reference`
MEASURED = "measured EMG"
_BAND_WORDS = "Band around the measured curve: ± 1 SD between strides."
_OWN_PEAK = "Each curve in % of its own largest mean value: compare when muscles work, not how hard. "
_ABSOLUTE = "EMG in % of the maximal voluntary contraction, activation in % of full activation. "
_FROM_EMG = (
    "This twin's muscles start from this same EMG, so r says how far the simulation stays with it; it is no "
    "prediction. "
)
_NO_OFFSET = "When the EMG began is not known: it is taken to begin with the motion. "


def muscle_view(
    emg: EmgEnvelopes | None, motion: Motion | None, gaits: RolloutSet, *, own_habits: bool, skipped: str = ""
) -> MuscleView:
    """Measured over simulated, or why not. `own_habits`: the twin's muscles were given this EMG."""
    why = _why_not(emg, motion, gaits, skipped)
    if why is not None or emg is None or motion is None:
        reason, remedy = why or ("", "")
        return MuscleView(reason=reason, remedy=remedy)
    panels = _panels(emg, motion, gaits)
    if not any(curve.label == MEASURED for panel in panels for curve in panel.curves):
        return MuscleView(
            reason="No stride of the motion lies within the EMG.",
            remedy="On the EMG page, set when the EMG began against the motion, or import that walk's EMG.",
        )
    return MuscleView(panels, _sentence(panels), _words(emg, gaits, own_habits=own_habits))


def _why_not(
    emg: EmgEnvelopes | None, motion: Motion | None, gaits: RolloutSet, skipped: str
) -> tuple[str, str] | None:
    if emg is None:
        reason = f"EMG was skipped: {skipped}" if skipped else "This visit has no EMG."
        return (
            reason,
            "With EMG of this walk, imported on the EMG page, it is laid over the twin's muscles here.",
        )
    if gaits.find(GaitLabel.PERSONALIZED_TWIN) is None:
        return "There is no walk of the personalized twin.", "Simulate again to compare it."
    if motion is None or motion.without_walk:
        return "The motion has no strides to cut the EMG at.", "Record a walk with EMG."
    if not any(channel.verdict == GOOD for channel in emg.channels):
        return (
            "No channel of the EMG is good enough to compare.",
            "See the EMG page for what is wrong with each.",
        )
    return None


# Curves -------------------------------------------------------------------------------------------


def _panels(emg: EmgEnvelopes, motion: Motion, gaits: RolloutSet) -> tuple[JointPanel, ...]:
    recorded = {
        (one.site.muscle, one.site.side): one
        for one, channel in reversed(list(zip(emg_cycles(emg, motion.strides), emg.channels, strict=True)))
        if channel.verdict == GOOD
    }
    muscles = [muscle for muscle in EmgMuscle if any((muscle, side) in recorded for side in SIDES)]
    absolute = is_absolute(emg)
    return tuple(
        _panel(recorded.get((muscle, side)), gaits, muscle, side, absolute=absolute)
        for muscle in muscles
        for side in SIDES
    )


def _panel(
    cycles: EmgCycles | None, gaits: RolloutSet, muscle: EmgMuscle, side: Side, *, absolute: bool
) -> JointPanel:
    measure = Measure(muscle.value.capitalize(), short_muscle(muscle), " %", digits=0)
    if cycles is None:
        return JointPanel(measure, side, (), missing="no good EMG of this muscle")
    if not len(cycles.envelope):
        return JointPanel(measure, side, (), missing="no stride within the EMG")
    twins = [gait for label in TWINS if (gait := gaits.find(label)) is not None]
    simulated = [
        (gait, curve) for gait in twins if (curve := activation_cycle(gait, muscle, side)) is not None
    ]
    return JointPanel(
        measure,
        side,
        (
            _measured(cycles, absolute),
            *(_simulated(gait, curve, side, absolute) for gait, curve in simulated),
        ),
        toe_off_fraction=cycles.toe_off_fraction if np.isfinite(cycles.toe_off_fraction) else None,
        active=NORMAL_PHASES[muscle],
        likeness=tuple(
            Likeness(gait.label.value, pearson(cycles.mean, curve), float("nan"), shape_only=True)
            for gait, curve in simulated
        ),
    )


def _measured(cycles: EmgCycles, absolute: bool) -> CycleCurve:
    size, several = _percent(cycles.mean, absolute), len(cycles.envelope) > 1
    return CycleCurve(
        MEASURED,
        cycles.site.side,
        size * cycles.mean,
        size * cycles.sd if several else None,
        CurveStyle.MEASURED,
        _BAND_WORDS if several else "",
    )


def _simulated(gait: Rollout, curve: FloatArray, side: Side, absolute: bool) -> CycleCurve:
    return CycleCurve(gait.label.value, side, _percent(curve, absolute) * curve, None, STYLES[gait.label])


def is_absolute(emg: EmgEnvelopes) -> bool:
    """Whether the height of every good channel is a share of the maximal voluntary contraction."""
    good = [n for n, channel in enumerate(emg.channels) if channel.verdict == GOOD]
    return bool(good) and all(emg.reference(n) == MVC for n in good)


def _percent(mean: FloatArray, absolute: bool) -> float:
    """Factor to percent, of the whole or of the curve's own peak."""
    peak = float(mean.max())
    return 100.0 if absolute or peak <= 0 else 100.0 / peak


# Words --------------------------------------------------------------------------------------------


def _sentence(panels: Sequence[JointPanel]) -> str:
    own, default = (closeness_of(panels, label).correlation for label in reversed(TWINS))
    compared = count(sum(bool(panel.curves) for panel in panels), "recorded muscle")
    if not np.isfinite(own):
        return "The personalized twin has no complete stride to compare with the EMG."
    words = (
        f"Measured EMG against the personalized twin's simulated activation: mean r {own:.2f} over {compared}"
    )
    return f"{words}; default twin {default:.2f}." if np.isfinite(default) else f"{words}."


def _words(emg: EmgEnvelopes, gaits: RolloutSet, *, own_habits: bool) -> str:
    twin = gaits.find(GaitLabel.PERSONALIZED_TWIN)
    estimated = twin is not None and not by_muscles(twin)
    words = (
        "Simulated: by static optimisation of the twin's torques. "
        if estimated
        else "Simulated: by muscles. "
    )
    words += _ABSOLUTE if is_absolute(emg) else _OWN_PEAK
    words += _FROM_EMG if own_habits and not estimated else ""  # static optimisation knows no habits
    words += f"{NORMAL_WORDS} "
    words += "" if emg.offset_from else _NO_OFFSET
    bad = [f"{c.site.side} {c.site.muscle} ({c.verdict})" for c in emg.channels if c.verdict != GOOD]
    return words + (f"Left out for their quality: {listed(bad)}." if bad else "")
