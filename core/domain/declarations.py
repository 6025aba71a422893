"""What people sign at the exo: nobody walks with a virtual one, so no declaration there says that."""

from __future__ import annotations

from dataclasses import replace

from core.domain.controller import Approver

_VIRTUAL = "virtual exo"
NOBODY = "which nobody wears"


def keep_declaration(code: str, device: str, *, virtual: bool) -> str:
    """Under a controller that stays on the exo."""
    if virtual:
        return (
            f"I have watched a simulated walk on a {_VIRTUAL} ({device}), {NOBODY}, and let the personalized "
            f"controller of {code} stay on it. {code} has not walked with it."
        )
    return (
        f"I have seen {code} walk with {device} under supervision, and let the personalized controller stay "
        "on it for full use within its limits."
    )


def roll_back_declaration(code: str, *, virtual: bool) -> str:
    """Under a controller that was kept before and replaces the present one; a typed reason follows it."""
    if virtual:
        return f"I let the {_VIRTUAL}, {NOBODY}, run the controller of {code} again that was kept before."
    return f"I let {code} use the controller again that was kept before."


def on_virtual_exo(approver: Approver) -> Approver:
    """The same signature, saying itself that it was given on a virtual exo."""
    if _VIRTUAL in approver.meaning:
        return approver
    return replace(approver, meaning=f"On a {_VIRTUAL}, {NOBODY}: {approver.meaning}")
