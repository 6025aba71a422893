"""EMG in the analog channels of C3D files."""

from __future__ import annotations

from pathlib import Path

from core.emg.file_access import check_channels, no_channels
from core.emg.signals import RawEmg, unique_names
from core.emg.units import unit_symbol
from core.laboratory.c3d import C3dHead, read_c3d, read_c3d_head

_CUT_SHORT = "LAB-004"  # of what a C3D file is told about, this concerns its EMG


def read_c3d_names(path: Path) -> tuple[tuple[str, ...], bool, tuple[str, ...], tuple[str, ...], float]:
    """Names, whether there is a rate, units, descriptions and rate of the analog channels.

    Reads no samples, however long the file is. Refuses as `read_c3d_emg`.
    """
    head = read_c3d_head(path)
    names, units, descriptions = _texts(path, head)
    return names, True, units, descriptions, head.analog_rate_hz


def read_c3d_emg(path: Path) -> RawEmg:
    """All analog channels, in the precision of the file.

    Raises UserError EMG-002 (no channels), EMG-012 (too many), LAB-001 (missing or locked), LAB-002
    (damaged).
    """
    file = read_c3d(path)
    names, units, descriptions = _texts(path, file)
    if not len(file.analog):
        raise no_channels(path)
    cut_short = tuple(finding for finding in file.findings if finding.advice.code == _CUT_SHORT)
    return RawEmg(names, file.analog, file.analog_rate_hz, path.name, units, descriptions, findings=cut_short)


def _texts(path: Path, head: C3dHead) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    if not head.analog_labels:
        raise no_channels(path)
    check_channels(path, len(head.analog_labels))
    return (
        unique_names(list(head.analog_labels)),
        tuple(map(unit_symbol, head.analog_units)),
        head.analog_descriptions,
    )
