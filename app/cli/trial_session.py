"""A session that begins with a laboratory's trial: markers, plates and EMG in place of a film."""

from __future__ import annotations

import time
from pathlib import Path

from app.cli.emg import import_emg
from app.cli.session_patient import begin_visit
from app.cli.session_plan import trial_jobs
from app.cli.session_run import OPERATOR, SessionEnd, from_motion, raise_if_stopped
from app.cli.trial_options import TrialFiles
from app.session_request import SessionRequest, check_request
from app.terminal import Terminal
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import Verdict
from core.domain.subject import Subject
from core.errors import UserError
from core.jobs.values import JsonValue
from core.session.flow import Step
from core.store.repository import Store, open_store


def run_trial_session(
    request: SessionRequest, subject: Subject, files: TrialFiles, emg: Path | None, terminal: Terminal
) -> SessionEnd:
    """From the files of one walk to a controller kept on a virtual exo, or to a comparison to be signed.

    Refuses, besides what its jobs do, PAT-013 and PAT-014 (see `same_patient`) before anything takes time.
    """
    check_request(request, files.walk, files.standing, files.plates, emg)
    started_s = time.monotonic()
    terminal.plan(trial_jobs(exo_log=bool(request.exo_log)))
    with open_store(request.data_dir) as store:
        visit_id = begin_visit(store, subject, request, terminal, by=OPERATOR)
        told = {**_as_params(files, visit_id), "condition": request.condition}
        trial_id = terminal.run("import_trial", told, visit_id=visit_id)
        raise_if_stopped(store.load(trial_id, LaboratoryTrial).findings)
        _import_emg(store, visit_id, files, emg, request, terminal)
        motion_id = terminal.run("solve_markers", {"trial_id": trial_id}, visit_id=visit_id)
        return from_motion(store, visit_id, motion_id, request, terminal, started_s=started_s)


def _as_params(files: TrialFiles, visit_id: str) -> dict[str, JsonValue]:
    params: dict[str, JsonValue] = {"visit_id": visit_id, "file": str(files.walk)}
    if files.standing is not None:
        params["standing"] = str(files.standing)
    if files.plates is not None:
        params["plates"] = str(files.plates)
    return params


def _import_emg(
    store: Store,
    visit_id: str,
    files: TrialFiles,
    emg: Path | None,
    request: SessionRequest,
    terminal: Terminal,
) -> None:
    """The EMG file that was given, else what the trial's own file has; without any the step is skipped."""
    if emg is not None:
        import_emg(terminal, visit_id, emg, request.emg_options)
        return
    reason = "No EMG file was given."
    if files.walk.suffix.lower() == ".c3d":
        try:
            import_emg(terminal, visit_id, files.walk, request.emg_options)
        except UserError as refused:  # nobody asked for it: a trial without usable EMG is still a walk
            reason = f"{files.walk.name} gives no EMG: {refused.advice.what}"
        else:
            return
    store.decide(visit_id, Step.EMG, Verdict.SKIPPED, by=OPERATOR, reason=reason)
