"""Units of length as laboratories write them."""

from __future__ import annotations

_LENGTH_M = {
    "mm": 1e-3,
    "millimeter": 1e-3,
    "millimetre": 1e-3,
    "cm": 1e-2,
    "centimeter": 1e-2,
    "centimetre": 1e-2,
    "dm": 1e-1,
    "m": 1.0,
    "meter": 1.0,
    "metre": 1.0,
    "in": 0.0254,
    "inch": 0.0254,
    "inches": 0.0254,
}


def length_unit_m(text: str) -> float | None:
    """Metres in a unit of length, e.g. 0.001 for "mm" and "Millimeters"; None when it is none."""
    name = text.strip().strip("[]()").lower()
    return _LENGTH_M.get(name, _LENGTH_M.get(name.removesuffix("s")))
