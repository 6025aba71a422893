"""`exotwin virtual-exo`: a simulated exo that this and other programs can connect to."""

from __future__ import annotations

from pathlib import Path

from core.virtual_exo.server import WORN_BEFORE_S, run_virtual_exo


def virtual_exo_command(
    listen: str,
    plant: Path | None,
    *,
    state_dir: Path | None = None,
    parent: int | None = None,
    device: str = "Hippo_L1",
    serial: str = "VIRTUAL-1",
    faults: str = "",
    worn_before_s: float = WORN_BEFORE_S,
    trust: Path | None = None,
    token: Path | None = None,
) -> int:
    """Serve until SIGTERM, SIGINT or the end of process `parent`; the exit status.

    Writes one JSON line with the address when it is ready. Raises UserError EXO-020, EXO-021, EXO-030.
    """
    return run_virtual_exo(
        listen,
        plant=plant,
        state=state_dir,
        parent=parent,
        profile_id=device,
        serial=serial,
        faults=faults,
        worn_before_s=worn_before_s,
        trust=trust,
        token=token,
    )
