"""A laboratory trial on the Capture page: its files, its import, and what was read."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.domain.condition import Condition
from core.domain.findings import Severity
from core.domain.laboratory import LaboratoryTrial
from core.domain.record import RecordInfo
from ui.marker_view import marker_view
from ui.pages.capture import CaptureState
from ui.presenters.base import StepPresenter
from ui.theme import Tone
from ui.widgets.laboratory_files import TRIAL_ENDINGS, TrialFiles
from ui.wording import count

OTHER_TRIAL = ("trial", "Laboratory file…")


class ChosenTrial:
    """The files chosen for the next import, and the page of the newest trial."""

    def __init__(self, presenter: StepPresenter) -> None:
        self._presenter, self._context = presenter, presenter.context
        self.files: TrialFiles | None = None
        self._read = lru_cache(maxsize=2)(self._load)

    def choose(self, walk: Path) -> None:
        self.files = TrialFiles(walk)

    def add(self, *, standing: Path | None = None, plates: Path | None = None) -> None:
        if self.files is not None:
            chosen = {"standing": standing, "plates": plates}
            self.files = replace(self.files, **{name: path for name, path in chosen.items() if path})

    def take(self, worn: Condition = Condition.NOT_STATED) -> None:
        """Import what was chosen, of a walk with this exo."""
        files, visit_id = self.files, self._context.visit_id
        if files is None or visit_id is None:
            return
        self.files = None
        self._presenter.submit(
            "import_trial",
            visit_id=visit_id,
            file=str(files.walk),
            standing=None if files.standing is None else str(files.standing),
            plates=None if files.plates is None else str(files.plates),
            condition=worn.value,
        )

    def forget(self) -> None:
        self.files = None
        self._read.cache_clear()

    def page_state(self, info: RecordInfo) -> CaptureState:
        """What was read from the trial, with its markers drawn as a skeleton."""
        trial, state = self._read(info.id)
        busy = self._presenter.running_job() is not None
        stopped = any(finding.severity is Severity.STOP for finding in trial.findings)
        return replace(
            state,
            main_action="" if busy else OTHER_TRIAL[1] if stopped else "Go on with Motion",
            secondary=() if busy else (("import", "Import video"), ("camera", "Use camera"), OTHER_TRIAL),
            laboratory=self.files,
        )

    def stopped(self, trial_id: str) -> bool:
        return any(f.severity is Severity.STOP for f in self._read(trial_id)[0].findings)

    def _load(self, trial_id: str) -> tuple[LaboratoryTrial, CaptureState]:
        trial = self._context.store.load(trial_id, LaboratoryTrial)
        stopped = any(finding.severity is Severity.STOP for finding in trial.findings)
        headline = "This trial cannot be used as it is." if stopped else "The laboratory trial is here."
        return trial, CaptureState(
            headline,
            Tone.STOP if stopped else Tone.OK,
            clip=marker_view(trial),
            facts=trial_facts(trial),
            findings=trial.findings,
            badges=("Synthetic",) if trial.synthetic else ("Laboratory",),
        )


def trial_facts(trial: LaboratoryTrial) -> str:
    """One quiet line: name, markers, rate, length, plates and the standing trial."""
    length_s = float(trial.time_s[-1] - trial.time_s[0])
    seen = np.isfinite(trial.marker_m).any(axis=(0, 2))  # a standing trial may have more of them
    facts = [
        trial.source_name,
        count(int(seen.sum()), "marker"),
        *(
            [f"{(len(trial.time_s) - 1) / length_s:.0f} frames/s", f"{length_s:.1f} s"]
            if length_s
            else ["1 frame"]
        ),
        count(len(trial.plates), "force plate") if trial.plates else "no force plate",
        "with a standing trial" if trial.standing_m is not None else "no standing trial",
        *([] if trial.condition is Condition.NOT_STATED else [trial.condition.words]),
    ]
    return " · ".join(facts)


def is_trial(files: tuple[Path, ...]) -> bool:
    """Whether these files, dropped or chosen together, are a laboratory's and no films."""
    return bool(files) and files[0].suffix.lower() in TRIAL_ENDINGS
