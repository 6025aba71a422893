"""Claims about data folders of earlier versions: every record opens, every training goes on or says why not.

See `golden/README.md` for what is in them.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.jobs.history import ended_jobs
from core.deploy.checks import CheckContext, examine
from core.deploy.keys.site_key import KeyKind, signing_key, trusted_keys
from core.deploy.package import SUFFIX, read_package
from core.domain.controller import Comparison, Deployment, Package, TrainedController
from core.domain.emg import EmgEnvelopes
from core.domain.exo_walk import ExoWalk
from core.domain.impairment_fit import ImpairmentFit
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind, Verdict
from core.domain.recording import Landmarks, Recording
from core.domain.report import Report
from core.domain.rollout import RolloutSet
from core.domain.twin import GaitPolicy, Twin
from core.errors import JobCancelled
from core.jobs.values import Crashed, Done, JobSpec, JobState, Message, Sample, SilentContext
from core.store.repository import Store, open_store
from core.tasks import fit_impairments, gait_envelope, learn_gait, train_controller
from tests.deploy.controllers import built
from tests.refusals import code_of

GOLDEN = Path(__file__).parent / "golden" / "version-0.1.0.zip"
PAYLOADS: dict[RecordKind, type] = {
    RecordKind.RECORDING: Recording,
    RecordKind.LANDMARKS: Landmarks,
    RecordKind.MOTION: Motion,
    RecordKind.EMG: EmgEnvelopes,
    RecordKind.TWIN: Twin,
    RecordKind.IMPAIRMENTS: ImpairmentFit,
    RecordKind.GAIT_POLICY: GaitPolicy,
    RecordKind.SIMULATED_GAIT: RolloutSet,
    RecordKind.SCENARIO: RolloutSet,
    RecordKind.CONTROLLER: TrainedController,
    RecordKind.COMPARISON: Comparison,
    RecordKind.PACKAGE: Package,
    RecordKind.DEPLOYMENT: Deployment,
    RecordKind.WALK: ExoWalk,
    RecordKind.REPORT: Report,
}
FROM_A_TERMINAL = "3c7590a732dc46448dd3e9cee40dc32c"  # begun otherwise, and goes on as the first one does
KILLED = {  # job: what it was about, and seconds that it had learned when its worker was killed
    "6dbc0ce61f9c477cb9f6a53b57eac5d3": ("fit_impairments", 0.0),
    "ad7e02f2a14c470a81a67b819d5c9283": ("learn_gait", 20.31),
    "976683718f854ee58837a10d69ed5058": ("learn_gait", 23.05),  # by 80 muscles
    FROM_A_TERMINAL: ("learn_gait", 20.07),  # `exotwin train twin --out`
    "64bb6aac9388451bb60145ea37ca23fd": ("train_controller", 20.47),  # while the twin got used to the exo
    "ba658eb04122455391370658fe30c1d2": ("train_controller", 28.14 + 22.58),
}
GOES_ON = [
    pytest.param(job_id, marks=pytest.mark.long) if job_id == FROM_A_TERMINAL else job_id
    for job_id, (kind, _learned_s) in KILLED.items()
    if kind != "train_controller"
]
CANNOT = [job_id for job_id, (kind, _learned_s) in KILLED.items() if kind == "train_controller"]


SINCE = {  # kinds that came later
    RecordKind.CALIBRATION,
    RecordKind.LABORATORY_TRIAL,
    RecordKind.EXO_LOG,
    RecordKind.KINETICS,
    RecordKind.AMPLITUDE,
    RecordKind.MOMENTS,
    RecordKind.MUSCLE_CALIBRATION,
    RecordKind.DEFICITS,
    RecordKind.CHOSEN_IMPAIRMENTS,
    RecordKind.INTERPRETATION,
    RecordKind.CAPTURE_COMPARISON,
    RecordKind.BELT_PROFILE,
    RecordKind.STUDY_CELL,
    RecordKind.STRANGER_WALKS,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(GOLDEN) as archive:
        archive.extractall(tmp_path / "data")
    return tmp_path / "data"


def everything(store: Store) -> list[RecordInfo]:
    return [
        info
        for patient in store.patients()
        for visit in store.visits(patient.id)
        for info in store.records(visit.id)
    ]


def test_every_record_of_an_earlier_version_opens(folder: Path) -> None:
    with open_store(folder) as store:
        found = everything(store)
        for info in found:
            assert isinstance(store.load(info.id, PAYLOADS[info.kind]), PAYLOADS[info.kind])
    assert {info.kind for info in found} == set(RecordKind) - SINCE == set(PAYLOADS)
    assert Counter(info.provenance.code_version for info in found) == {"0.1.0": len(found)}
    assert {info.provenance.physics for info in found} == {()}  # it did not say


def test_no_number_of_a_record_has_changed_its_name_or_place(folder: Path) -> None:
    """A field that is renamed with a default would open too, and hold the default."""
    with open_store(folder) as store:
        for info in everything(store):
            content = json.loads((store.folder(info.id) / "record.json").read_text(encoding="utf-8"))
            payload: Any = store.load(info.id, PAYLOADS[info.kind])
            assert content["type"] == type(payload).__name__
            assert set(content["payload"]) <= {name for name in dir(payload) if not name.startswith("_")}


def test_decisions_the_log_and_the_audit_trail_are_whole(folder: Path) -> None:
    with open_store(folder) as store:
        (demo, _other) = sorted(store.patients(), key=lambda row: row.subject.code)
        (visit,) = store.visits(demo.id)
        verdicts = {decision.verdict for decision in store.decisions(visit.id)}
        assert verdicts == {Verdict.ACCEPTED, Verdict.KEPT, Verdict.SIGNED}
        assert len(store.audit_trail()) == 9 and store.audit_break() is None
        assert len(store.log_entries()) > len(store.records(visit.id))
        assert store.subject_of(visit.id).synthetic


def test_its_keys_open_and_its_package_is_known(folder: Path) -> None:
    kinds = Counter(key.kind for key in trusted_keys(folder).values())
    (package,) = (folder / "records" / "package").glob(f"*/*{SUFFIX}")

    assert kinds == {KeyKind.PRACTICE: 1, KeyKind.SITE: 1}
    assert signing_key(folder, None, "a long passphrase").public.key_id in trusted_keys(folder)
    manifest = read_package(package).manifest
    assert trusted_keys(folder)[manifest.signer.key_id].kind is KeyKind.PRACTICE


def test_its_controller_and_its_package_lack_the_persons_gait_and_are_refused_with_advice(
    folder: Path,
) -> None:
    (path,) = (folder / "records" / "package").glob(f"*/*{SUFFIX}")
    around = CheckContext(trusted_keys(folder), datetime.now(UTC))
    failed = {check.name: check.advice for check in examine(path.read_bytes(), path.name, around).checks}
    gait = failed["gait"]
    assert gait is not None and gait.code == "DEP-026" and "Train the controller again" in gait.next_step
    with open_store(folder) as store:
        (info,) = (info for info in everything(store) if info.kind is RecordKind.CONTROLLER)
        controller = store.load(info.id, TrainedController)
    assert controller.envelope is None
    assert code_of(built, controller) == "DEP-026"


def test_its_jobs_are_in_the_history_and_the_killed_ones_can_go_on(folder: Path) -> None:
    jobs = {state.spec.id: state for state in ended_jobs(folder)}

    assert {name for name, state in jobs.items() if state.resumable} == set(KILLED)
    assert {jobs[name].spec.kind for name in KILLED} == {kind for kind, _learned_s in KILLED.values()}
    assert all(isinstance(jobs[name].outcome, Crashed) for name in KILLED)
    assert all(isinstance(state.outcome, Done) for name, state in jobs.items() if name not in KILLED)


class OneMoreRound(SilentContext):
    """A person who cancels a search after its next round."""

    def check_cancelled(self) -> None:
        searched = any(isinstance(event, Sample) for event in self.events)
        if self.spec.kind == "fit_impairments" and searched:
            raise JobCancelled


def going_on(state: JobState, folder: Path, **changes: Any) -> SilentContext:
    """The killed job's own parameters and folder, with little left to do."""
    spec = JobSpec(state.spec.id, state.spec.kind, {**state.spec.params, **changes}, folder)
    return OneMoreRound(spec, folder / "jobs" / spec.id)


@pytest.mark.slow
@pytest.mark.parametrize("job_id", GOES_ON)
def test_a_training_goes_on_from_the_checkpoint_of_an_earlier_version(
    folder: Path, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that cannot go on must refuse with TRN-014 or TRN-020: see the next test."""
    kind, learned_s = KILLED[job_id]
    for module, name, little in (
        (learn_gait, "EVALUATION_STARTS", 2),
        (learn_gait, "EVALUATION_S", 2.0),
        (gait_envelope, "WALKERS", 2),
    ):
        monkeypatch.setattr(module, name, little)
    (state,) = (state for state in ended_jobs(folder) if state.spec.id == job_id)
    changes = {} if kind == "fit_impairments" else {"minutes": (learned_s + 0.2) / 60.0}
    context = going_on(state, folder, **changes)

    if kind == "fit_impairments":
        with pytest.raises(JobCancelled):  # one more round is enough
            fit_impairments.run(context.spec.params, context)
    else:
        record_id = learn_gait.run(context.spec.params, context)
        with open_store(folder) as store:
            info = store.info(record_id)
            assert isinstance(store.load(record_id, PAYLOADS[info.kind]), PAYLOADS[info.kind])

    told = [event.text for event in context.events if isinstance(event, Message)]
    assert any(text.startswith("Continues") for text in told)
    assert any(isinstance(event, Sample) for event in context.events)


@pytest.mark.slow
@pytest.mark.parametrize("job_id", CANNOT)
def test_a_training_of_the_exo_that_an_earlier_version_began_ends_in_advice_and_nothing_is_lost(
    folder: Path, job_id: str
) -> None:
    """It learned by another cost, beginning with the default controller: its state means nothing here."""
    (state,) = (state for state in ended_jobs(folder) if state.spec.id == job_id)
    context = going_on(state, folder)
    checkpoints = {path: path.read_bytes() for path in context.work_dir.glob("*.pt")}
    with open_store(folder) as store:
        before = everything(store)

    assert code_of(train_controller.run, context.spec.params, context) == "TRN-014"

    assert checkpoints
    assert {path: path.read_bytes() for path in context.work_dir.glob("*.pt")} == checkpoints
    with open_store(folder) as store:
        assert everything(store) == before
