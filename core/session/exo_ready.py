"""Whether a twin can be used to train the exo."""

from __future__ import annotations

from core.domain.twin import GaitPolicy
from core.errors import Advice, UserError
from core.simulation.environment.policy import OF_ANOTHER_VERSION, is_of_this_version


def why_not_ready(policy: GaitPolicy) -> Advice | None:
    """None when the exo can be trained on this twin."""
    return None if is_of_this_version(policy.policy) else OF_ANOTHER_VERSION


def check_ready(policy: GaitPolicy) -> None:
    """Refuses (TRN-020) a twin on which the exo cannot be trained."""
    advice = why_not_ready(policy)
    if advice is not None:
        raise UserError(advice)
