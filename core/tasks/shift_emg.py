"""Job `shift_emg`: the same EMG at another place in the time of the motion, as a record of its own."""

from __future__ import annotations

from typing import cast

from core.domain.emg import EmgEnvelopes
from core.domain.record import RecordKind
from core.emg.alignment import typed_offset
from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.tasks.import_emg import with_offset


def run(params: Params, context: JobContext) -> str:
    """Params: emg_id, offset_s (added to the time of the EMG it gives the time of the motion).

    Refuses EMG-053 (no such offset). The file and its settings stay with the record that was shifted.
    """
    emg_id, offset = str(params["emg_id"]), typed_offset(float(cast(float, params["offset_s"])))
    with open_store(context.spec.data_dir) as store:
        info = store.info(emg_id)
        shifted = with_offset(store, info.visit_id, store.load(emg_id, EmgEnvelopes), offset)
        return store.save(
            RecordKind.EMG,
            shifted,
            visit_id=info.visit_id,
            summary=f"{info.summary.split('; begins')[0]}; begins at {offset.seconds:g} s of the motion",
            inputs=(emg_id,),
            operator=context.spec.operator,
        )
