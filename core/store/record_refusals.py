"""What the record refuses about patients, visits and results, in words."""

from __future__ import annotations

from core.errors import UserError, refuse


def code_taken(code: str) -> UserError:
    return refuse(
        "PAT-005",
        f"There is already a patient with the code {code}.",
        "A code names exactly one patient.",
        "Choose another code, or open the existing patient.",
    )


def unknown(what: str, name: str) -> UserError:
    return refuse(
        "REC-007",
        f"There is no {what} {name} in this data folder.",
        "It belongs to another data folder, or its name is not complete.",
        "Check the data folder, then choose again.",
    )
