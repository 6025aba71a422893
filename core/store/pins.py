"""PINs and passphrases: what makes a usable one, how it is kept, and how long to wait after wrong ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

from core.errors import refuse

LEAST_DIGITS, LEAST_LETTERS, MOST_LETTERS = 6, 10, 128
FREE_GUESSES = 3  # wrong ones without a wait: people mistype
_FIRST_WAIT_S, MOST_WAIT_S = 5.0, 900.0
_SALT_BYTES, _KEY_BYTES, _MAX_MEMORY = 16, 32, 2**28
_STEPS = ("01234567890", "09876543210")


@dataclass(frozen=True, slots=True)
class PinCost:
    """Parameters of scrypt (RFC 7914): memory is 128 * block * 2**log2_n bytes."""

    log2_n: int
    block: int = 8
    parallel: int = 1


# 64 MiB and about 0.2 s on an ordinary PC: nobody waits for it, and it cannot be guessed in bulk.
USUAL_COST = PinCost(16)
# What an unknown name is compared with, so that it takes as long as a known one; no PIN fits.
NOBODYS_PIN = f"scrypt$16$8$1${'A' * 22}==${'A' * 43}="


def check_pin(pin: str) -> None:
    """Refuses PPL-006 what is guessed too easily: digits need six, anything else ten letters."""
    pin = _plain(pin)
    reason = ""
    if len(pin) > MOST_LETTERS:
        reason = f"It has more than {MOST_LETTERS} letters."
    elif pin.isdecimal() and len(pin) < LEAST_DIGITS:
        reason = f"It has fewer than {LEAST_DIGITS} digits."
    elif not pin.isdecimal() and len(pin) < LEAST_LETTERS:
        reason = f"A passphrase has at least {LEAST_LETTERS} letters."
    elif len(set(pin)) < 3 or any(pin in steps for steps in _STEPS):
        reason = "It is one of those that are tried first."
    if reason:
        raise refuse(
            "PPL-006",
            "This PIN was not taken.",
            reason,
            f"Choose at least {LEAST_DIGITS} digits in no order, or a passphrase of at least {LEAST_LETTERS} "
            "letters.",
        )


def hash_pin(pin: str, cost: PinCost = USUAL_COST) -> str:
    """Text for the database: parameters, salt and hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _derived(pin, salt, cost)
    numbers = f"{cost.log2_n}${cost.block}${cost.parallel}"
    return f"scrypt${numbers}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def matches(pin: str, kept: str) -> bool:
    """Whether this PIN made that text, compared in constant time. A damaged text matches nothing."""
    try:
        _kind, log2_n, block, parallel, salt, key = kept.split("$")
        cost = PinCost(int(log2_n), int(block), int(parallel))
        made = _derived(pin, base64.b64decode(salt), cost)
    except ValueError:
        return False
    return hmac.compare_digest(made, base64.b64decode(key))


def wait_after(wrong: int) -> float:
    """Seconds until the next try after so many wrong ones in a row; doubled each time, at most 15 minutes."""
    if wrong < FREE_GUESSES:
        return 0.0
    return float(min(MOST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(wrong - FREE_GUESSES, 20)))


def _derived(pin: str, salt: bytes, cost: PinCost) -> bytes:
    return hashlib.scrypt(
        _plain(pin).encode(),
        salt=salt,
        n=2**cost.log2_n,
        r=cost.block,
        p=cost.parallel,
        maxmem=_MAX_MEMORY,
        dklen=_KEY_BYTES,
    )


def _plain(pin: str) -> str:
    """The same letters from every keyboard."""
    return unicodedata.normalize("NFKC", pin)
