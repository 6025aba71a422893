"""Units of EMG channels: from headers, reconciled between recordings."""

from __future__ import annotations

import re

# How a unit is spelled here: its size in volts.
VOLTS = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "nV": 1e-9}
_SPELLINGS = {
    "v": "V",
    "volt": "V",
    "volts": "V",
    "mv": "mV",
    "millivolt": "mV",
    "millivolts": "mV",
    "uv": "uV",
    "microv": "uV",
    "microvolt": "uV",
    "microvolts": "uV",
    "nv": "nV",
    "nanovolt": "nV",
    "nanovolts": "nV",
}
TIME_UNITS_S = {
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "second": 1.0,
    "seconds": 1.0,
    "sek": 1.0,
    "sekunden": 1.0,
    "ms": 1e-3,
    "msec": 1e-3,
    "millisecond": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
    "usec": 1e-6,
    "microseconds": 1e-6,
    "min": 60.0,
    "minutes": 60.0,
}
# Of accelerometers, gyroscopes, force plates, angles, counters: no channel in them is EMG.
_OTHER = frozenset(
    [
        "g",
        "mg",
        "m/s2",
        "m/s^2",
        "m/s/s",
        "m/s^-2",
        "mm/s2",
        "mm/s^2",
        "deg/s",
        "deg/sec",
        "dps",
        "rad/s",
        "rad",
        "deg",
        "degree",
        "degrees",
        "n",
        "kn",
        "nm",
        "nmm",
        "n.m",
        "n*m",
        "n.mm",
        "n*mm",
        "n-m",
        "n-mm",
        "kg",
        "kgf",
        "lb",
        "lbf",
        "m",
        "mm",
        "cm",
        "ut",
        "t",
        "gauss",
        "gs",
        "pa",
        "kpa",
        "hz",
        "samples",
        "frames",
        "bpm",
        "c",
        "ohm",
        "ohms",
        "kohm",
        "w",
        "in",
    ]
)
_UNITLESS = frozenset(
    (
        "",
        "-",
        "a.u.",
        "au",
        "arb",
        "%",
        "%mvc",
        "% mvc",
        "norm",
        "normalized",
        "none",
        "ratio",
        "adc",
        "counts",
    )
)
_IN_BRACKETS = re.compile(r"\s*[\(\[\{]\s*([^()\[\]{}]*?)\s*[\)\]\}]\s*$")
_AFTER_COMMA = re.compile(r"\s*[,;/|]\s*([^,;/|]+?)\s*$")
_AFTER_SCORE = re.compile(r"[_\s](mV|uV|µV|μV|V|ms|s)$")


def unit_symbol(text: str) -> str:
    """`V`, `mV`, `uV` or `nV` however it is written; other units as they are, without blanks at the ends."""
    plain = text.strip().strip("()[]{}").strip().replace("µ", "u").replace("μ", "u").replace("�", "u")
    return _SPELLINGS.get(plain.lower(), plain)


def in_volts(unit: str) -> float | None:
    """The size of a unit in volts; None when it is no voltage."""
    return VOLTS.get(unit)


def time_unit_s(unit: str) -> float | None:
    """The size of a unit of time in seconds; None when it is none."""
    return TIME_UNITS_S.get(unit_symbol(unit).lower())


def is_other_quantity(unit: str) -> bool:
    """Whether a unit belongs to something else than EMG."""
    plain = unit_symbol(unit).lower().replace("²", "2").replace("°", "deg").replace("·", ".")
    return plain in _OTHER or plain in TIME_UNITS_S


def is_unit(text: str) -> bool:
    """Whether this is the name of a unit, as in a row of units below the header."""
    symbol = unit_symbol(text)
    lower = symbol.lower()
    return symbol in VOLTS or is_other_quantity(symbol) or lower in TIME_UNITS_S or lower in _UNITLESS


def split_unit(name: str) -> tuple[str, str]:
    """A column's name and the unit that stands in or after it: `R TA (mV)`, `LT TIB.ANT., uV`, `R_TA_mV`."""
    for pattern in (_IN_BRACKETS, _AFTER_COMMA, _AFTER_SCORE):
        found = pattern.search(name)
        if found and found.group(1).strip() and is_unit(found.group(1)):
            return name[: found.start()].strip(), unit_symbol(found.group(1))
    return name.strip(), ""
