"""Test the connection to a record server, in a process of its own: the windows load no database driver."""

from __future__ import annotations

import json
from dataclasses import asdict

from core.jobs.values import JobContext, Params
from core.store.record_address import checked_url
from core.tasks.sent_secret import wait_for_secret


def run(params: Params, context: JobContext) -> str:
    """Say what is found there as a message: a `core.store.server_look.ServerLook` as JSON. Changes nothing.

    `url`: address without a password. `password_follows`: it is sent to the job, see `SECRET`; else it comes
    from where the record's own does. Refuses REC-050 to REC-058 and what the key store does.
    """
    from core.store.dialects.postgresql_look import look_at

    url = checked_url(str(params["url"]))
    if params.get("password_follows"):
        url = url.set(password=wait_for_secret(context))
    context.progress(None, "Connecting")
    context.message(json.dumps(asdict(look_at(url))))
    return ""
