"""Job `compare_captures`: recordings of one patient side by side, across visits and conditions."""

from __future__ import annotations

from core.jobs.values import JobContext, Params
from core.session.capture_change import compare_captures, save_comparison
from core.session.captures import capture_of, captures_of
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `motion_ids`, two to four MOTIONs of one patient; the others are compared with the first.

    Returns the id of a CAPTURE_COMPARISON in the visit of the newest one. Refuses VIS-001 to VIS-003.
    """
    given = params.get("motion_ids")
    ids = [str(name) for name in given] if isinstance(given, list) else []
    context.progress(0.1, "Reading the recordings")
    with open_store(context.spec.data_dir) as store:
        chosen = [capture_of(store, name) for name in ids]
        patient_ids = {store.visit(capture.visit_id).patient_id for capture in chosen}
        every = captures_of(store, patient_ids.pop()) if len(patient_ids) == 1 else ()
        context.check_cancelled()
        context.progress(0.5, "Comparing the strides")
        comparison = compare_captures(store, chosen, every)
        context.progress(0.9, "Saving")
        return save_comparison(store, comparison, operator=context.spec.operator)
