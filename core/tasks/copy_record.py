"""Job: bring the second place up to the newest backup."""

from __future__ import annotations

from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.store.second_place import copy_record


def run(params: Params, context: JobContext) -> str:
    """Copies what is missing there, and sends a message for each record that is not whole here. No record.

    Refuses REC-013 a place that is not there or cannot be written.
    """

    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(fraction, sentence)

    with open_store(context.spec.data_dir) as store:
        done = copy_record(store.data_dir, store.stored_records(), report)
    for fault in () if done is None else done.faults:
        context.message(f"{fault.about}: {fault.sentence}")
    return ""
