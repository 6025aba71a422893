"""EMG in EDF, EDF+ and BDF files, whose signals may each have a rate and a unit of their own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.emg.file_access import check_channels, first_bytes, no_channels, reading, refuse_file
from core.emg.sample_groups import SampleGroup, joined
from core.emg.signals import RawEmg
from core.emg.units import unit_symbol

_BDF = b"\xffBIOSEMI"  # how a BDF file begins
# What the library, which is Python all through, says of a file that is none; NameError where a record takes
# no time.
_STRUCTURE = (LookupError, TypeError, AttributeError, NameError)
_DAMAGE = (ValueError, ArithmeticError, MemoryError, Warning, *_STRUCTURE)


def read_edf(path: Path) -> RawEmg:
    """All signals, at the highest rate of those that may be EMG (see `joined`).

    Raises UserError EMG-001 (damaged, cut short or with pauses in it), EMG-002 (no signals), EMG-038.
    """
    with _damage_told(path):
        signals = _signals(path)
        places: dict[float, list[int]] = {}
        for place, signal in enumerate(signals):
            rate_hz = float(signal.sampling_frequency)
            if not 0.0 < rate_hz < np.inf:
                raise ValueError(f"signal {place + 1} has no rate")
            places.setdefault(rate_hz, []).append(place)
        groups = [_group(signals, of_rate, rate_hz) for rate_hz, of_rate in places.items()]
        names = tuple(signal.label.strip() for signal in signals)
        units = tuple(unit_symbol(signal.physical_dimension) for signal in signals)
    return joined(groups, names, units, path.name)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    with reading(path), warnings.catch_warnings():
        warnings.simplefilter("error")  # the library warns of a file that was cut short, and reads the rest
        try:
            yield
        except _DAMAGE as error:
            raise refuse_file(path, f"The file is damaged: {error}.") from error


def _signals(path: Path) -> tuple[Any, ...]:
    """What the file holds beside its annotations. Raises UserError, or one of `_DAMAGE`."""
    import edfio  # not before such a file is read

    # Heads are often not the ASCII they should be: “µ” as one byte. Only EDF could be read lazily.
    if first_bytes(path, len(_BDF)) == _BDF:
        file = edfio.read_bdf(path, header_encoding="latin-1")
    else:
        file = edfio.read_edf(path, lazy_load_data=False, header_encoding="latin-1")
    if file.reserved[3:5] == "+D":
        raise refuse_file(path, "The recording was paused; what follows a pause has no place in its time.")
    if not file.signals:
        raise no_channels(path)
    check_channels(path, len(file.signals))
    return tuple(file.signals)


def _group(signals: tuple[Any, ...], places: list[int], rate_hz: float) -> SampleGroup:
    """The signals of one rate."""
    values = np.column_stack([signals[place].data for place in places]).astype(np.float64, copy=False)
    values.setflags(write=False)
    return SampleGroup(tuple(places), values, rate_hz)
