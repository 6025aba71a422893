"""Names that come with a job's parameters: where people have accounts, that of who started the job."""

from __future__ import annotations

from core.jobs.values import JobContext, Params
from core.store.repository import open_store

_NAMED = ("by", "sides_by", "slow_motion_by")


def by_account(params: Params, context: JobContext) -> Params:
    """The same, with the name of the account for the answers that a person gave by name."""
    given = {name: params[name] for name in _NAMED if params.get(name)}
    if not given:
        return params
    with open_store(context.spec.data_dir) as store:
        return {**params, **{name: store.people.who(str(typed)) for name, typed in given.items()}}
