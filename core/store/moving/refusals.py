"""Why a record is not moved, in words."""

from __future__ import annotations

from pathlib import Path

from core.errors import UserError, refuse


def not_empty(where: str, why: str) -> UserError:
    return refuse(
        "REC-077",
        f"The record was not moved to {where}.",
        why,
        "Name an empty database, folder or store; the record here is as it was.",
    )


def moved_away(data_dir: Path, where: str) -> UserError:
    return refuse(
        "REC-078",
        f"The record in {data_dir} is not used any more.",
        f"It was moved to {where}.",
        "Use it there: a server by exotwin record server use ADDRESS, another folder by --data-dir. What is "
        "left here stays as it was then.",
    )


def training_runs(words: str, lapses_s: float) -> UserError:
    return not_moved(
        f"{words}; its result would have no record to go to.",
        "Wait for its end, or cancel it there. When that program was killed, wait "
        f"{lapses_s:g} s, then try again.",
    )


def not_moved(why: str, next_step: str) -> UserError:
    return refuse("REC-079", "The record was not moved.", why, next_step)
