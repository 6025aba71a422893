"""Name and logo of the clinic, as they stand on every report, and how long it keeps patients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import refuse

CLINIC_FILE, LOGO_FILE = "clinic.json", "clinic.logo"
MOST_NAME = 80  # letters that stand beside a logo
LEAST_YEARS, MOST_YEARS = 1, 100  # that patients are kept after their last visit
_MOST_BYTES = 2_000_000
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # how PNG and JPEG files begin


@dataclass(frozen=True, slots=True)
class Clinic:
    name: str = ""
    logo: bytes = b""  # a PNG or JPEG file; empty without one
    keep_years: int | None = None  # after the last visit; None: nobody decided. Nothing is erased by itself


def read_clinic(data_dir: Path) -> Clinic:
    """What was written; nothing where no clinic was named or the file is damaged: a report needs none."""
    told = _told(data_dir)
    name, years = told.get("name"), told.get("keep_years")
    try:
        logo = (data_dir / LOGO_FILE).read_bytes()
    except OSError:
        logo = b""
    kept = years if isinstance(years, int) and LEAST_YEARS <= years <= MOST_YEARS else None
    return Clinic(name if isinstance(name, str) else "", logo, kept)


def write_name(data_dir: Path, name: str) -> None:
    """An empty one takes the name off the reports."""
    _write(data_dir, {"name": name.strip()[:MOST_NAME]})


def write_keep_years(data_dir: Path, years: int | None) -> None:
    """How long patients are kept after their last visit; None: no time is set. Refuses PAT-034."""
    if years is not None and not LEAST_YEARS <= years <= MOST_YEARS:
        raise refuse(
            "PAT-034",
            "The time was not changed.",
            f"Patients can be kept for {LEAST_YEARS} to {MOST_YEARS} years after their last visit.",
            "Give whole years, or off.",
        )
    _write(data_dir, {"keep_years": years})


def _told(data_dir: Path) -> dict[str, Any]:
    try:
        told = json.loads((data_dir / CLINIC_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(data_dir: Path, change: dict[str, Any]) -> None:
    text = json.dumps({**_told(data_dir), **change}, ensure_ascii=False)
    (data_dir / CLINIC_FILE).write_text(text, encoding="utf-8")


def write_logo(data_dir: Path, file: Path | None) -> None:
    """Keep a copy of this picture; None takes it off the reports.

    Refuses as `read_picture`. A picture from outside comes here by the job `take_logo`, which draws it anew.
    """
    if file is None:
        (data_dir / LOGO_FILE).unlink(missing_ok=True)
    else:
        (data_dir / LOGO_FILE).write_bytes(read_picture(file))


def read_picture(file: Path) -> bytes:
    """A picture for a logo. Refuses RPT-023 what is no PNG or JPEG, is larger than 2 MB or cannot be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise logo_refused(file, f"It cannot be read: {error.strerror or error}.") from error
    if not content.startswith(_PICTURES):
        raise logo_refused(file, "It is neither a PNG nor a JPEG file.")
    if len(content) > _MOST_BYTES:
        raise logo_refused(file, "It has more than 2 MB, which are plenty for a logo.")
    return content


def logo_refused(file: Path, why: str) -> Exception:
    return refuse(
        "RPT-023", f"{file.name} was not taken as the logo.", why, "Choose a small PNG or JPEG file."
    )
