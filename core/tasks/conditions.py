"""The condition of a recording as a parameter of the jobs that make one."""

from __future__ import annotations

from core.domain.condition import Condition
from core.errors import refuse
from core.jobs.values import Params


def stated_condition(params: Params) -> Condition:
    """`condition`, with which exo the person walks; not stated without it. Refuses VIS-010 another word."""
    given = str(params.get("condition") or Condition.NOT_STATED.value)
    try:
        return Condition.of_option(given)
    except ValueError:
        words = ", ".join(condition.option for condition in Condition)
        raise refuse(
            "VIS-010",
            "The recording was not made.",
            f"“{given}” is no condition that a walk is recorded in.",
            f"Use one of: {words}.",
        ) from None
