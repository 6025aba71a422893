"""In what unit the envelope of a muscle is shown: percent of MVC, microvolts, or percent of what is known."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.emg import FILE_SCALE, MVC, EmgEnvelopes, EmgMuscle

PERCENT = "%"


@dataclass(frozen=True, slots=True)
class EmgScale:
    """Of all channels of one muscle, so that sides can be compared."""

    unit: str  # "% MVC", "µV", "% of file" (its own scale) or "% of max" (of this recording)
    factors: tuple[float, ...]  # per channel of the EMG, from the envelope to this unit

    @property
    def absolute(self) -> bool:
        """Whether 100 is full activation."""
        return self.unit == f"{PERCENT} {MVC}"


def muscle_scale(emg: EmgEnvelopes, muscle: EmgMuscle) -> EmgScale:
    """Percent of MVC where all channels of the muscle have one, else microvolts where all tell them."""
    own = [number for number, channel in enumerate(emg.channels) if channel.site.muscle is muscle]
    percent = (100.0,) * len(emg.channels)
    references = {emg.reference(number) for number in own}
    if references == {MVC}:
        return EmgScale(f"{PERCENT} {MVC}", percent)
    if emg.full_uv and all(emg.full_uv[number] > 0.0 for number in own):
        return EmgScale("µV", emg.full_uv)
    if references == {FILE_SCALE}:
        return EmgScale(f"{PERCENT} of file", percent)
    return EmgScale(f"{PERCENT} of max", percent)
