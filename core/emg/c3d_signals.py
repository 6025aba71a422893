"""EMG in the analog channels of C3D files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import ezc3d
import numpy as np

from core.emg.file_access import no_channels, reading
from core.emg.signals import RawEmg, unique_names
from core.emg.units import unit_symbol
from core.errors import refuse

# A C3D file counts its parameter blocks of 512 bytes in one byte; the header is one more block.
_C3D_HEAD_BYTES = 257 * 512
# ezc3d reads this many and leaves the rest out without a word: findings/ezc3d-long-recordings.sh
_MOST_C3D_FRAMES = 65_535


def read_c3d_head(path: Path) -> tuple[tuple[str, ...], bool, tuple[str, ...], tuple[str, ...], float]:
    """Names, whether there is a rate, units, descriptions and rate of the analog channels.

    ezc3d reads whole files, so it gets the beginning as a file.
    """
    with tempfile.TemporaryDirectory() as folder:
        head = Path(folder) / "head.c3d"
        try:
            with reading(path), path.open("rb") as stream:
                head.write_bytes(stream.read(_C3D_HEAD_BYTES))
            content = ezc3d.c3d(str(head))
            used = int(content["parameters"]["ANALOG"]["USED"]["value"][0])
            rate = float(content["header"]["analogs"]["frame_rate"])
            names = unique_names(_texts(content, "LABELS", used))
        except _C3D_ERRORS as error:
            raise _no_c3d(path, error) from error
    if not names:
        raise no_channels(path)
    units = tuple(map(unit_symbol, _texts(content, "UNITS", used)))
    return names, True, units, tuple(_texts(content, "DESCRIPTIONS", used)), rate


def read_c3d_emg(path: Path) -> RawEmg:
    """All analog channels. Raises UserError EMG-001, EMG-002, EMG-012 (it would lose its end), EMG-038."""
    try:
        with reading(path), path.open("rb"):
            pass  # tells a locked file apart: the library calls everything an OSError
        content = ezc3d.c3d(str(path))
        rate = float(content["header"]["analogs"]["frame_rate"])
        frames = int(content["parameters"]["POINT"]["FRAMES"]["value"][0])
        signal = np.asarray(content["data"]["analogs"][0], dtype=float).T
        labels = _texts(content, "LABELS", signal.shape[1])
    except _C3D_ERRORS as error:
        raise _no_c3d(path, error) from error
    if frames >= _MOST_C3D_FRAMES:
        raise _too_long(path)
    if not labels or not len(signal):
        raise no_channels(path)
    return RawEmg(
        unique_names(labels),
        signal[:, : len(labels)],
        rate,
        path.name,
        tuple(map(unit_symbol, _texts(content, "UNITS", len(labels)))),
        tuple(_texts(content, "DESCRIPTIONS", len(labels))),
    )


_C3D_ERRORS = (OSError, RuntimeError, KeyError, IndexError, ValueError)


def _texts(content: Any, parameter: str, count: int) -> list[str]:
    """A list of the ANALOG group, as long as there are channels; LABELS are never made up."""
    group = content["parameters"]["ANALOG"]
    values = group["LABELS"]["value"] if parameter == "LABELS" else group.get(parameter, {}).get("value", [])
    texts = [str(text).strip() for text in values][:count]
    return (
        texts
        if parameter == "LABELS"
        else texts + [""] * (len(group["LABELS"]["value"][:count]) - len(texts))
    )


def _no_c3d(path: Path, error: Exception) -> Exception:
    return refuse(
        "EMG-001",
        f"{path.name} cannot be read as C3D.",
        f"The file is damaged or not a C3D file: {error}.",
        "Export it again, or as CSV with one column per muscle.",
    )


def _too_long(path: Path) -> Exception:
    return refuse(
        "EMG-012",
        f"{path.name} is too long to be read whole as C3D.",
        f"It has {_MOST_C3D_FRAMES} frames or more; what comes after them would be lost.",
        "Export it as CSV, or as C3D in shorter parts.",
    )
