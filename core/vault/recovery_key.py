"""The recovery key: printed once, kept in a safe place, typed when nothing else opens the data folder.

160 random bits as eight groups of five signs of Crockford's base 32, which has no letters that look like
digits. The fifth sign of a group checks the four before it and its place, so that a mistyped group is
named.
"""

from __future__ import annotations

import hashlib
import secrets

from core.errors import UserError, refuse

GROUPS = 8
_DATA_SIGNS = 4  # of a group, 20 bits
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011", " -–—\t\r\n")
_BYTES = 20


def new_recovery_key() -> bytes:
    return secrets.token_bytes(_BYTES)


def spelled(key: bytes) -> str:
    """As it is printed: `ABCDE-FGHJK-…`."""
    number = int.from_bytes(key, "big")
    signs = [_SIGNS[number >> 5 * place & 31] for place in reversed(range(GROUPS * _DATA_SIGNS))]
    groups = ("".join(signs[at : at + _DATA_SIGNS]) for at in range(0, len(signs), _DATA_SIGNS))
    return "-".join(data + _check_sign(place, data) for place, data in enumerate(groups))


def read_recovery_key(typed: str) -> bytes:
    """The key of what was typed; spaces, dashes and small letters do not matter.

    Raises UserError REC-032, which names the group that is wrong.
    """
    signs = typed.upper().translate(_READ_AS)
    width = _DATA_SIGNS + 1
    if len(signs) != GROUPS * width:
        raise _mistyped(f"It has {GROUPS} groups of {width} signs, and {len(signs)} signs were given.")
    data = ""
    for place in range(GROUPS):
        group = signs[place * width : (place + 1) * width]
        if not set(group) <= set(_SIGNS) or group[-1] != _check_sign(place, group[:-1]):
            raise _mistyped(f"Group {place + 1}, {group}, does not fit.")
        data += group[:-1]
    number = 0
    for sign in data:
        number = number << 5 | _SIGNS.index(sign)
    return number.to_bytes(_BYTES, "big")


def _check_sign(place: int, data: str) -> str:
    return _SIGNS[hashlib.sha256(f"{place}{data}".encode()).digest()[0] & 31]


def _mistyped(why: str) -> UserError:
    return refuse(
        "REC-032",
        "This is not a recovery key.",
        why,
        "Compare it with the printed one, sign by sign, and type it again.",
    )
