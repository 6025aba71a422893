"""An exo that was worn during the recording, in a session without a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.cli.terminal_advice import in_a_terminal
from app.terminal import Terminal
from core.domain.kinetics import Kinetics
from core.domain.record import RecordKind
from core.errors import UserError
from core.jobs.values import JsonValue
from core.kinetics.worn_exo import FINDINGS
from core.session.conditions import assisted_findings, condition_of
from core.store.repository import Store


def worn_exo(terminal: Terminal, visit_id: str, motion_id: str, options: Mapping[str, JsonValue]) -> Any:
    """What `inverse_dynamics` is told of a worn exo: its EXO_LOG, or nothing without a log."""
    if not options:
        return {}
    try:
        log_id = terminal.run("import_exo_log", {"motion_id": motion_id, **options}, visit_id=visit_id)
    except UserError as error:
        raise UserError(in_a_terminal(error.advice)) from error
    return {"exo_log_id": log_id}


def worn_exo_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """What was accounted for, for `summary.json`; nothing without a worn exo."""
    info = store.latest(visit_id, RecordKind.KINETICS)
    kinetics = None if info is None else store.load(info.id, Kinetics)
    if kinetics is None or kinetics.exo_moment_nm is None:
        return {}
    findings = [one.advice for one in kinetics.findings if one.advice.code in FINDINGS]
    return {
        "worn_exo": {
            "accounted_for": kinetics.exo_words,
            "findings": [f"{advice.what} {in_a_terminal(advice).next_step}" for advice in findings],
        }
    }


def condition_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """With which exo the walk was recorded, and what follows where one helped, for `summary.json`."""
    solved = store.latest(visit_id, RecordKind.MOTION)
    if solved is None:
        return {}
    told = [finding.advice.one_line() for finding in assisted_findings(store, solved.id)]
    return {"condition": condition_of(store, solved.id).value, "condition_findings": told}
