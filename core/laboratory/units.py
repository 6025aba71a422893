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


_FORCE_N = {"n": 1.0, "newton": 1.0, "kn": 1e3}


def force_unit_n(text: str) -> float | None:
    """Newtons in a unit of force; None when it is none (volts, or nothing)."""
    return _FORCE_N.get(text.strip().strip("[]()").lower().removesuffix("s"))


def moment_unit_nm(text: str) -> float | None:
    """Newton metres in a unit of moments, e.g. 0.001 for "Nmm" and "N·mm"; None when it is none."""
    bare = "".join(letter for letter in text.lower() if letter.isalnum())
    for force, force_n in _FORCE_N.items():
        length_m = length_unit_m(bare.removeprefix(force)) if bare.startswith(force) else None
        if length_m is not None:
            return force_n * length_m
    return None
