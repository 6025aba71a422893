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
        "Use it there: by EXOTWIN_DATABASE for a server, by --data-dir for another folder. What is left here "
        "stays as it was then.",
    )


def not_moved(why: str, next_step: str) -> UserError:
    return refuse("REC-079", "The record was not moved.", why, next_step)
