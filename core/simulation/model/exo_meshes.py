"""The drawn parts of an exo, thinned before they are compiled.

A part from a CAD program has a hundred thousand triangles, for which MuJoCo takes half a gigabyte, and twelve
thousand are drawn of the whole exo.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from core.simulation.model.visual_meshes import EXO_FACES, Surface, within

_HEADER_BYTES, _COUNT_BYTES = 80, 4
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def thin_meshes(spec: Any) -> None:
    """Replace each mesh of an editable device that is finer than the whole exo is drawn."""
    for mesh in spec.meshes:
        file = Path(spec.modelfiledir, spec.meshdir or "", mesh.file)
        scale = tuple(float(value) for value in mesh.scale)
        surface = _thinned(file, scale) if mesh.file else None
        if surface is None:
            continue
        vertex, face = surface
        mesh.name = mesh.name or file.stem  # the default, which goes with the file
        mesh.uservert, mesh.userface = vertex.reshape(-1), face.reshape(-1).astype(np.int32)
        mesh.file, mesh.inertia = "", mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL  # it need not be closed


@lru_cache(maxsize=64)
def _thinned(file: Path, scale: tuple[float, ...]) -> Surface | None:
    """Vertices and faces in the file's own units; None for a file that may stay as it is.

    Cells are as large as in the drawing, so they are measured after scaling.
    """
    if file.suffix.lower() != ".stl":
        return None
    count = int(np.fromfile(file, "<u4", 1, offset=_HEADER_BYTES)[0])
    if count <= EXO_FACES or file.stat().st_size != _HEADER_BYTES + _COUNT_BYTES + count * _TRIANGLE.itemsize:
        return None
    triangles = np.fromfile(file, _TRIANGLE, count, offset=_HEADER_BYTES + _COUNT_BYTES)
    corners = triangles["corners"].reshape(-1, 3).astype(np.float64) * scale
    surface = {0: (corners, np.arange(len(corners)).reshape(-1, 3))}
    vertex, face = within(surface, EXO_FACES)[0]
    return vertex / scale, face
