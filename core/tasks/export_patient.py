"""Job: everything about one patient in open formats, into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.session.patient_export import export_patient
from core.store.private import patient_permissions
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `patient_id`, and `folder`, which is empty or not there yet. No record.

    One that is cancelled or fails leaves nothing in the folder. Refuses PAT-030 (the folder is not empty) and
    PAT-038 (it does not take it).
    """
    folder = Path(str(params["folder"]))

    def report(fraction: float, sentence: str) -> None:
        context.check_cancelled()
        context.progress(fraction, sentence)

    with open_store(context.spec.data_dir) as store, patient_permissions(), _whole_or_nothing(folder):
        export_patient(store, str(params["patient_id"]), folder, report)
    return ""


@contextmanager
def _whole_or_nothing(folder: Path) -> Iterator[None]:
    try:
        ours = not folder.exists() or not any(folder.iterdir())
        try:
            yield
        except BaseException:
            if ours:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as error:
        raise refuse(
            "PAT-038",
            "The patient was not exported.",
            f"The folder {folder} does not take it: {error.strerror or error}.",
            "Choose another folder, or free some space there.",
        ) from error
