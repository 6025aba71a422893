"""EMG in EDF, EDF+ and BDF files, whose signals may each have a rate and a unit of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.emg.file_access import check_channels, no_channels, reading, refuse_file
from core.emg.sample_groups import SampleGroup, joined
from core.emg.signals import RawEmg
from core.emg.units import unit_symbol

_DAMAGED = (ValueError, TypeError, LookupError, ArithmeticError)  # letters or numbers that are none


@dataclass(frozen=True, slots=True)
class EdfHead:
    """What a file says of its N signals."""

    names: tuple[str, ...]  # N, not unique
    units: tuple[str, ...]  # N
    rates_hz: tuple[float, ...]  # N


def read_edf(path: Path) -> RawEmg:
    """All signals, at the highest rate of those that may be EMG (see `joined`).

    Raises UserError EMG-001, EMG-002 (no signals), EMG-038.
    """
    with _opened(path) as file:
        try:
            head = _head_of(file)
            check_channels(path, len(head.names))
            groups = _groups(file, head)
        except _DAMAGED as error:
            raise refuse_file(path, f"The file is damaged: {error}.") from error
    if not groups:
        raise no_channels(path)
    return joined(groups, head.names, head.units, path.name)


def _groups(file, head: EdfHead) -> list[SampleGroup]:  # type: ignore[no-untyped-def]
    places: dict[float, list[int]] = {}
    for place, rate in enumerate(head.rates_hz):
        if not 0.0 < rate < np.inf:
            raise ValueError(f"signal {place + 1} has no rate")
        places.setdefault(rate, []).append(place)
    groups = []
    for rate, of_rate in places.items():
        signal = np.empty((int(file.getNSamples()[of_rate[0]]), len(of_rate)))
        for column, place in enumerate(of_rate):
            signal[:, column] = file.readSignal(place)
        signal.setflags(write=False)
        groups.append(SampleGroup(tuple(of_rate), signal, rate))
    return groups


class _opened:  # noqa: N801 - used like a function
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self):  # type: ignore[no-untyped-def] # the library has no types
        import pyedflib  # not before such a file is read

        with reading(self._path):
            with self._path.open("rb"):
                pass  # tells a locked file apart: the library calls everything an OSError
            try:
                self._file = pyedflib.EdfReader(str(self._path))
            except (OSError, *_DAMAGED) as error:
                raise refuse_file(self._path, f"The file is damaged: {error}.") from error
        return self._file

    def __exit__(self, *_args: object) -> None:
        self._file.close()


def _head_of(file) -> EdfHead:  # type: ignore[no-untyped-def]
    count = file.signals_in_file
    return EdfHead(
        tuple(str(file.getLabel(place)).strip() for place in range(count)),
        tuple(unit_symbol(str(file.getPhysicalDimension(place))) for place in range(count)),
        tuple(float(file.getSampleFrequency(place)) for place in range(count)),
    )
