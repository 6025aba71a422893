"""Job `import_trial`: markers and plates of a laboratory become a trial; the files themselves are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordKind
from core.jobs.values import JobContext, Params
from core.laboratory.trial import read_trial
from core.store.files import Attachment
from core.store.repository import open_store
from core.tasks.conditions import stated_condition

_FILES = {"file": "trial", "plates": "plates", "standing": "standing"}  # parameter: name it is kept under


def run(params: Params, context: JobContext) -> str:
    """Params: `visit_id`, `file` (.c3d or .trc); if there are, `plates` (.mot, .sto, .c3d), `standing` and
    `condition`.

    Returns the id of a LABORATORY_TRIAL. Refuses what `read_trial` does, and VIS-010 an unknown condition.
    """
    condition = stated_condition(params)
    paths = {name: Path(str(params[name])) for name in _FILES if params.get(name)}
    context.progress(0.1, f"Reading {paths['file'].name}")
    read = read_trial(paths["file"], plates=paths.get("plates"), standing=paths.get("standing"))
    trial = replace(read, condition=condition)
    context.check_cancelled()
    context.progress(0.8, "Saving")
    # Names that cannot name the patient, and that no other file of the record has.
    kept = tuple(Attachment(f"{_FILES[name]}{path.suffix.lower()}", path) for name, path in paths.items())
    with open_store(context.spec.data_dir) as store:
        return store.save(
            RecordKind.LABORATORY_TRIAL,
            trial,
            visit_id=str(params["visit_id"]),
            summary=summary_of(trial),
            operator=context.spec.operator,
            files=kept,
        )


def summary_of(trial: LaboratoryTrial) -> str:
    """One line for people."""
    frames = len(trial.time_s)
    rate = f", {1.0 / (trial.time_s[1] - trial.time_s[0]):.0f} frames/s" if frames > 1 else ""
    plates = {0: "no force plate", 1: "1 force plate"}.get(
        len(trial.plates), f"{len(trial.plates)} force plates"
    )
    standing = "" if trial.standing_m is None else ", standing trial"
    length_s = float(trial.time_s[-1])
    return f"{length_s:.1f} s{rate}, {len(trial.marker_names)} markers, {plates}{standing}"
