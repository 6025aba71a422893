"""Strength in a headless session: assessed where something tells it, and never accepted for a person."""

from __future__ import annotations

from typing import Any

from app.terminal import Terminal
from core.domain.deficits import Deficits
from core.session.weakness import assessment, proposals, usable_sources
from core.store.repository import Store


def assess_strength(store: Store, visit_id: str, motion_id: str, terminal: Terminal) -> None:
    """Assess strength where EMG, joint moments or fitted impairments of this motion exist."""
    if usable_sources(store, motion_id):
        terminal.run("assess_deficits", {"motion_id": motion_id}, visit_id=visit_id)


def strength_numbers(store: Store, visit_id: str) -> dict[str, Any]:
    """What was assessed and what is suggested, for `summary.json`; nothing where nothing was assessed."""
    info = assessment(store, visit_id)
    if info is None:
        return {}
    deficits = store.load(info.id, Deficits)
    return {
        "strength": {
            "told": [one.sentence for one in deficits.strengths],
            "not_told": list(deficits.not_told),
            "suggested": [
                {
                    "impairment": one.impairment.slot.label,
                    "severity": round(one.impairment.severity, 2),
                    "accepted": one.accepted,
                }
                for one in proposals(store, visit_id)
            ],
            "synthetic": deficits.synthetic,
        }
    }
