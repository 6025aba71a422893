"""Whether a twin can be used to train the exo."""

from __future__ import annotations

from core.domain.twin import GaitPolicy
from core.errors import Advice, UserError
from core.simulation.environment.policy import OF_ANOTHER_VERSION, is_of_this_version

MUSCLE_TWIN = Advice(
    "The exo cannot be trained on this twin yet.",
    "It walks with 80 muscles, and the exo is trained on a twin moved by joint torques.",
    "On the Personalize page choose “Learn again”, then “Joint torques (fast)”.",
    "TRN-016",
)


def why_not_ready(policy: GaitPolicy) -> Advice | None:
    """None when the exo can be trained on this twin."""
    if not is_of_this_version(policy.policy):
        return OF_ANOTHER_VERSION
    return None if policy.coordination is None else MUSCLE_TWIN


def check_ready(policy: GaitPolicy) -> None:
    """Refuses (TRN-016, TRN-020) a twin on which the exo cannot be trained."""
    advice = why_not_ready(policy)
    if advice is not None:
        raise UserError(advice)
