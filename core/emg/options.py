"""How EMG is processed, as values: the band, what makes the envelope, the mains. No filter is made here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.errors import refuse

BAND_HZ = (20.0, 500.0)
ENVELOPE_HZ = 10.0
_NYQUIST_FRACTION = 0.9  # a digital filter needs room below half the rate
_LOWEST_HZ, _HIGHEST_HZ = 5.0, 1000.0  # ISEK's 5 Hz (Merletti 1999); above 1000 Hz skin lets nothing through
_ENVELOPE_HZ = (0.5, 50.0)
_WINDOW_S = (0.01, 1.0)


class Smoothing(StrEnum):
    """What makes an envelope of the band-passed signal."""

    LOW_PASS = "low-pass"  # of the rectified signal: the linear envelope
    MOVING_RMS = "moving RMS"  # root of the mean square in a window centred on each sample


@dataclass(frozen=True, slots=True)
class ProcessingOptions:
    """One chain. The values without arguments are those of the study that `core.emg.processing` names.

    Raises UserError EMG-061 where a value makes no filter.
    """

    band_hz: tuple[float, float] = BAND_HZ
    smoothing: Smoothing = Smoothing.LOW_PASS
    envelope_hz: float = ENVELOPE_HZ  # corner of the low-pass
    window_s: float = 0.1  # of the moving RMS
    notch_hz: float | None = None  # mains frequency that is cut out, with its harmonics

    def __post_init__(self) -> None:
        low, high = self.band_hz
        if not _LOWEST_HZ <= low < high <= _HIGHEST_HZ:
            raise _no_filter(
                f"A pass band from {low:g} to {high:g} Hz", f"{_LOWEST_HZ:g} to {_HIGHEST_HZ:g} Hz"
            )
        if not _ENVELOPE_HZ[0] <= self.envelope_hz <= _ENVELOPE_HZ[1]:
            raise _no_filter(f"A low-pass of {self.envelope_hz:g} Hz", "0.5 to 50 Hz")
        if not _WINDOW_S[0] <= self.window_s <= _WINDOW_S[1]:
            raise _no_filter(f"A window of {1000 * self.window_s:g} ms", "10 to 1000 ms")
        if self.notch_hz not in (None, 50.0, 60.0):
            raise _no_filter(f"A mains frequency of {self.notch_hz:g} Hz", "50 or 60 Hz")

    def words(self, rate_hz: float) -> str:
        """The chain at this rate, in words, as it goes into the record."""
        low, high = band_hz(rate_hz, self)
        notch = "" if self.notch_hz is None else f"notch at {self.notch_hz:g} Hz and its harmonics, "
        smooth = (
            f"rectified, low-pass {self.envelope_hz:g} Hz"
            if self.smoothing is Smoothing.LOW_PASS
            else f"moving RMS over {1000 * self.window_s:g} ms"
        )
        return f"{notch}band-pass {low:g}-{high:g} Hz, mean removed, {smooth}; filters without lag"


STUDY = ProcessingOptions()


def band_hz(rate_hz: float, options: ProcessingOptions = STUDY) -> tuple[float, float]:
    """The pass band at this rate: as asked, or up to where the rate allows."""
    return options.band_hz[0], min(options.band_hz[1], _NYQUIST_FRACTION * rate_hz / 2)


def _no_filter(what: str, possible: str) -> Exception:
    return refuse(
        "EMG-061",
        f"{what} cannot be used for EMG.",
        f"Possible: {possible}.",
        "Choose one of the chains by its name, or give values in this range.",
    )
