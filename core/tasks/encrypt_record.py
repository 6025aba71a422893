"""Job: encrypt what is plain of a data folder that has a key; only while nobody has the record open.

It is not in the table of jobs: the program starts it between closing a record and opening it.
"""

from __future__ import annotations

from core.jobs.values import JobContext, Params
from core.store.protection import encrypt
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """No params and no record. One that is cancelled or ends early goes on the next time.

    Refuses what `core.store.protection.encrypt` does.
    """

    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(fraction, sentence)

    report(0.0, "Encrypting the database and its backups")
    done = encrypt(context.spec.data_dir, report)
    with open_store(context.spec.data_dir) as store:
        store.log(context.spec.operator, "data folder encrypted", "", f"{done} files")
    return ""
