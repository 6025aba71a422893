"""When muscles work in the normal gait of adults, as published; for bars beside measured EMG."""

from __future__ import annotations

from core.domain.emg import EmgMuscle

Phases = tuple[tuple[float, float], ...]  # on, off in percent of the gait cycle, ascending

SOURCE = "Perry 1992"
WORDS = f"Grey bars: when the muscle works in normal adult walking at an own pace ({SOURCE})."


def _over(on: float, off: float) -> Phases:
    """A phase that begins before heel strike goes on after it."""
    return ((on, off),) if on < off else ((0.0, off), (on, 100.0))


NORMAL_PHASES: dict[EmgMuscle, Phases] = {
    EmgMuscle.GLUTEUS_MAXIMUS: _over(94.0, 24.0),  # its upper half; the lower one is off at 10
    EmgMuscle.GLUTEUS_MEDIUS: _over(95.0, 29.0),
    EmgMuscle.TENSOR_FASCIAE_LATAE: _over(26.0, 39.0),
    EmgMuscle.ADDUCTORS: _over(44.0, 77.0),  # adductor longus
    EmgMuscle.RECTUS_FEMORIS: _over(55.0, 66.0),
    EmgMuscle.VASTUS_LATERALIS: _over(88.0, 15.0),
    EmgMuscle.VASTUS_MEDIALIS: _over(87.0, 16.0),
    EmgMuscle.BICEPS_FEMORIS: _over(79.0, 5.0),  # long head
    EmgMuscle.SEMITENDINOSUS: _over(87.0, 4.0),
    EmgMuscle.SEMIMEMBRANOSUS: _over(81.0, 5.0),
    EmgMuscle.GRACILIS: _over(64.0, 78.0),
    EmgMuscle.SARTORIUS: _over(57.0, 70.0),
    EmgMuscle.TIBIALIS_ANTERIOR: _over(54.0, 9.0),
    EmgMuscle.GASTROCNEMIUS_MEDIALIS: _over(6.0, 48.0),
    EmgMuscle.GASTROCNEMIUS_LATERALIS: _over(6.0, 48.0),
    EmgMuscle.SOLEUS: _over(3.0, 52.0),
    EmgMuscle.PERONEUS_LONGUS: _over(11.0, 49.0),
}
"""Perry J., Gait Analysis: Normal and Pathological Function, Slack 1992 (second edition with J. M. Burnfield
2010): mean onset and cessation in fine-wire EMG of healthy adults, with the numbers as public gait programs
quote them. Surface electrodes see neighbours, too, and hear the rectus femoris beside the vasti."""
