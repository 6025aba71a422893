"""The refusal of a calibration file whose format is known but whose content cannot be used."""

from __future__ import annotations

from core.errors import UserError, refuse


def damaged(name: str, why: str) -> UserError:
    """CAL-004 with the reason: which camera, which entry."""
    return refuse(
        "CAL-004",
        f"The calibration file {name} is damaged.",
        why,
        "Export the calibration again, or calibrate with a board.",
    )
