"""Words for numbers: short, with units, with honest digits."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime

from PySide6.QtCore import QDate, QDateTime, QLocale

from core.domain.emg import EmgMuscle

_PLAIN = "d MMM yyyy"  # 20 Nov 2026: where the system has no way of its own to write dates
_SHORT = QLocale.FormatType.ShortFormat
_CENTURY = 2000  # of years that are typed with two digits


def day(moment: datetime | date) -> str:
    """As the system's locale writes dates, with the whole year: 20.11.2026, 11/20/2026 or 20 Nov 2026."""
    if isinstance(moment, datetime):
        moment = _local(moment)
    return QLocale.c().toString(QDate(moment.year, moment.month, moment.day), _date_format())


def clock(moment: datetime) -> str:
    """Day and time of the day, as the system's locale writes them."""
    local = _local(moment)
    time = QDateTime(local.year, local.month, local.day, local.hour, local.minute, 0).time()
    return f"{day(moment)}, {QLocale.c().toString(time, QLocale().timeFormat(_SHORT))}"


def read_day(text: str) -> date | None:
    """A day as people type it: as `day` writes it, with two digits of the year, or 2026-11-20; else None."""
    text = text.strip()
    with suppress(ValueError):
        return date.fromisoformat(text)
    usual = re.sub(r"(?<!M)MM(?!M)", "M", _date_format().replace("dd", "d"))  # one digit does
    for pattern in (usual, usual.replace("yyyy", "yy"), _PLAIN):
        found = QLocale.c().toDate(text, pattern, _CENTURY)
        if found.isValid() and found.year() >= 1000:
            return date(found.year(), found.month(), found.day())
    return None


def _date_format() -> str:
    """The short format of the locale with a year of four digits; the digits themselves are ours."""
    locale = QLocale()
    if locale.language() is QLocale.Language.C:
        return _PLAIN
    return re.sub(r"(?<!y)yy(?!y)", "yyyy", locale.dateFormat(_SHORT))


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


def short_muscle(muscle: EmgMuscle) -> str:
    """`Gastroc. med.`, where the whole name has no room."""
    return _SHORT_MUSCLES.get(muscle, muscle.value.capitalize())


def unbroken(words: str) -> str:
    """The same words; no line of them begins with a unit."""
    return words.replace(" %", "\u00a0%").replace(" N·m", "\u00a0N·m")


_SHORT_MUSCLES = {
    EmgMuscle.GASTROCNEMIUS_MEDIALIS: "Gastroc. med.",
    EmgMuscle.GASTROCNEMIUS_LATERALIS: "Gastroc. lat.",
    EmgMuscle.TENSOR_FASCIAE_LATAE: "Tensor f. l.",
    EmgMuscle.TIBIALIS_ANTERIOR: "Tibialis ant.",
    EmgMuscle.VASTUS_LATERALIS: "Vastus lat.",
    EmgMuscle.VASTUS_MEDIALIS: "Vastus med.",
    EmgMuscle.SEMIMEMBRANOSUS: "Semimembr.",
    EmgMuscle.SEMITENDINOSUS: "Semitend.",
    EmgMuscle.GLUTEUS_MAXIMUS: "Glut. max.",
    EmgMuscle.GLUTEUS_MEDIUS: "Glut. med.",
    EmgMuscle.BICEPS_FEMORIS: "Biceps fem.",
    EmgMuscle.RECTUS_FEMORIS: "Rectus fem.",
    EmgMuscle.PERONEUS_LONGUS: "Peroneus l.",
}
