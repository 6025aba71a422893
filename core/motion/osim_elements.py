"""Places and orientations in OpenSim's model files."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from core.domain.arrays import FloatArray
from core.errors import UserError


def vector_of(element: ET.Element, tag: str, *, refused: Callable[[str], UserError]) -> FloatArray:
    """Three numbers (3,), zero where the tag is missing; raises what `refused` makes of anything else."""
    words = element.findtext(tag, "0 0 0").split()
    try:
        x, y, z = (float(word) for word in words)
    except ValueError as error:
        raise refused(f"Its {tag} {' '.join(words)} is not three numbers.") from error
    return np.array([x, y, z])


def turn_of(element: ET.Element, tag: str, *, refused: Callable[[str], UserError]) -> FloatArray:
    """Orientations (3, 3); in these files they are angles about the turning x, y, z axes."""
    return np.asarray(Rotation.from_euler("XYZ", vector_of(element, tag, refused=refused)).as_matrix())
