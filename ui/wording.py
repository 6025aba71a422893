"""Words for numbers: short, with units, with honest digits."""

from __future__ import annotations

from datetime import UTC, date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(moment: datetime | date) -> str:
    """20 Nov 2026; the same in every locale."""
    if isinstance(moment, datetime):
        moment = _local(moment)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def clock(moment: datetime) -> str:
    return f"{day(moment)}, {_local(moment):%H:%M}"


def _local(moment: datetime) -> datetime:
    """The record keeps UTC without a zone; people read their own clock."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone()


def time_left(remaining_s: float | None) -> str:
    """How long a job still takes; empty when unknown."""
    if remaining_s is None:
        return ""
    if remaining_s < 8:
        return "a few seconds left"
    if remaining_s < 55:
        return f"{5 * round(remaining_s / 5)} s left"
    if remaining_s < 3600:
        return f"{max(1, round(remaining_s / 60))} min left"
    return f"{int(remaining_s // 3600)} h {int(remaining_s % 3600 // 60)} min left"


def percent(fraction: float, digits: int = 0) -> str:
    return f"{100 * fraction:.{digits}f} %"


def signed(value: float, digits: int = 0) -> str:
    """With a true minus sign, and without one before a zero."""
    return f"{value:z.{digits}f}".replace("-", "−")


def count(number: int, singular: str, plural: str | None = None) -> str:
    """1 stride, 2 strides, no strides."""
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{number or 'no'} {word}"


def listed(words: list[str]) -> str:
    """a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def unbroken(words: str) -> str:
    """The same words; no line of them begins with a unit."""
    return words.replace(" %", "\u00a0%").replace(" N·m", "\u00a0N·m")
