"""Every bad input that a session must survive: the code it is told with, and that nothing is lost.

`bad_inputs.csv` says where each is tested; what was missing where the person meets it is tested here, through
the command line and its worker processes.
"""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import commands as cli
from core.domain.emg import EmgEnvelopes
from core.domain.findings import Finding
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, Person, Recording
from core.errors import Advice
from core.jobs.values import JobSpec, SilentContext
from core.store.repository import open_store
from core.tasks import deploy
from tests.app.cli.test_commands import PATIENT
from tests.bad_inputs import BY_CASE, index, told_codes
from tests.capture.figures import noise, write_video
from tests.emg.test_emg import RATE_HZ, bursts
from tests.motion.synthetic_walk import seen_by, side_camera, synthetic_walk
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.tasks import test_deploy_tasks
from tests.tasks.test_deploy_tasks import CODE, DEVICE, Visit, packed
from tests.virtual_exo.virtual_exo_process import virtual_exo


def test_every_bad_input_has_a_test(repository: Path) -> None:
    """That its code is really told, `tests/conftest.py` watches while the test runs."""
    for bad_input, (code, file, begins) in index().items():
        tree = ast.parse((repository / "tests" / file).read_text(encoding="utf-8"))
        tests = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        (test,) = (node for node in tests if node.name.startswith(begins))
        of_cases = {argument.arg for argument in test.args.args} & set(BY_CASE)
        assert not of_cases or any(code in ast.unparse(table) for table in test.decorator_list), bad_input


def test_a_code_that_was_not_told_is_noticed() -> None:
    with told_codes() as told:
        made = Advice("It is so.", "It was so.", "Do this.", "TST-001")
        received = pickle.loads(pickle.dumps(replace(made, code="TST-002")))
    Advice("It is so.", "It was so.", "Do this.", "TST-003")
    assert told == {"TST-001", "TST-002"} and received.code == "TST-002"


class Clinic:
    """A data folder with earlier work in it, used from the command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.data, self._capsys = folder, folder / "data", capsys
        with open_store(self.data) as store:
            self.visit_id = store.start_visit(store.add_patient(a_subject("P-EARLIER"))).id
            track = seen_by(synthetic_walk(seconds=0.9), side_camera())
            person = Person("Person 1", 1.0, 1000.0, (track,))
            self.landmarks_id = store.save(
                RecordKind.LANDMARKS,
                Landmarks((person,), 0, "only person", (), synthetic=True),
                visit_id=self.visit_id,
                summary="earlier",
            )

    def runs(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        status = cli.run([*words, "--data-dir", str(self.data)])
        said = self._capsys.readouterr()
        return status, said.out.strip(), said.err

    def job(self, kind: str, **params: Any) -> tuple[int, str, str]:
        path = self.folder / f"{kind}.json"
        path.write_text(json.dumps(params), encoding="utf-8")
        return self.runs("job", kind, str(path))

    def session(self, video: Path) -> tuple[int, str, str]:
        patient = self.folder / "patient.json"
        patient.write_text(json.dumps(PATIENT), encoding="utf-8")
        files = ("--patient", str(patient), "--video", str(video), "--out", str(self.folder / "out"))
        return self.runs("session", "run", *files)

    def assert_refused(self, answer: tuple[int, str, str], code: str) -> None:
        status, out, told = answer
        assert status == cli.EXIT_REFUSED and out == "", told
        assert sum(line.endswith(f"[{code}]") for line in told.splitlines()) == 1, told
        assert "Traceback" not in told

    def assert_earlier_work_is_whole(self) -> None:
        with open_store(self.data) as store:
            assert store.load(self.landmarks_id, Landmarks).patient.tracks[0].time_s.size > 0
            assert "P-EARLIER" in [row.subject.code for row in store.patients()]
        assert not list(self.data.glob("records/*/.*"))  # nothing half-written


@pytest.fixture
def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Clinic]:
    made = Clinic(tmp_path, capsys)
    yield made
    made.assert_earlier_work_is_whole()


def _empty(path: Path) -> None:
    path.touch()


def _text(path: Path) -> None:
    path.write_text("Dear patient, " * 200, encoding="utf-8")


def _cut(path: Path) -> None:
    whole = write_video(path, noise(60), 30.0).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _slow(path: Path) -> None:
    write_video(path, noise(15), 5.0)


def _nobody(path: Path) -> None:
    write_video(path, noise(40), 30.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (_empty, "CAP-002"),
        (_text, "CAP-003"),
        (_cut, "CAP-004"),
        (_slow, "CAP-005"),
        (_nobody, "CAP-021"),
    ],
)
def test_a_bad_video_is_refused_in_one_line_and_stays_where_it_is(
    clinic: Clinic, pose_model: Path, make: Any, code: str
) -> None:
    video = clinic.folder / "walk.mp4"
    make(video)
    before = video.read_bytes()

    clinic.assert_refused(clinic.session(video), code)

    assert video.read_bytes() == before


def _findings(clinic: Clinic, record_id: str, payload: type[Any]) -> list[str]:
    with open_store(clinic.data) as store:
        findings: tuple[Finding, ...] = store.load(record_id, payload).findings
    return [finding.advice.code for finding in findings]


@pytest.mark.slow
def test_frames_before_the_cut_of_a_video_are_kept_with_a_warning(clinic: Clinic) -> None:
    whole = write_video(clinic.folder / "whole.avi", noise(60), 30.0, "MJPG").read_bytes()
    cut = clinic.folder / "cut.avi"
    cut.write_bytes(whole[: len(whole) // 2])

    status, record_id, told = clinic.job("import_video", visit_id=clinic.visit_id, files=[str(cut)])

    assert status == cli.EXIT_OK, told
    assert "CAP-010" in _findings(clinic, record_id, Recording)
    with open_store(clinic.data) as store:
        assert store.load(record_id, Recording).videos[0].frames >= 20


@pytest.mark.slow
def test_a_walk_without_a_stride_stops(clinic: Clinic) -> None:
    status, record_id, told = clinic.job("solve_motion", landmarks_id=clinic.landmarks_id)
    assert status == cli.EXIT_OK, told
    assert "MOT-010" in _findings(clinic, record_id, Motion)


def _emg(clinic: Clinic, channel: str = "L_soleus", spoil: slice | None = None) -> str:
    signal = bursts()
    if spoil is not None:
        signal[spoil] = np.nan
    path = clinic.folder / "emg.csv"
    rows = [f"{number / RATE_HZ:.9f},{value:.6f}" for number, value in enumerate(signal)]
    path.write_text("\n".join([f"time,{channel}", *rows]), encoding="utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channel", "params", "code"),
    [
        ("L_soleus", {"rate_hz": 2000}, "EMG-003"),
        ("L_soleus", {"sites": {"R_soleus": ["soleus", "right"]}}, "EMG-004"),
        ("Spare 1", {}, "EMG-005"),
        ("L_soleus", {"sites": {"L_soleus": ["third eye", "left"]}}, "EMG-007"),
    ],
)
def test_bad_emg_is_refused(clinic: Clinic, channel: str, params: dict[str, Any], code: str) -> None:
    file = _emg(clinic, channel)
    clinic.assert_refused(clinic.job("import_emg", visit_id=clinic.visit_id, file=file, **params), code)


@pytest.mark.slow
def test_emg_with_gaps_is_kept_and_the_channel_named(clinic: Clinic) -> None:
    file = _emg(clinic, spoil=slice(2000, 3500))
    status, record_id, told = clinic.job("import_emg", visit_id=clinic.visit_id, file=file)

    assert status == cli.EXIT_OK, told
    assert "EMG-010" in _findings(clinic, record_id, EmgEnvelopes)


visit = test_deploy_tasks.visit  # a signed controller


class PullsTheCable(SilentContext):
    """Ends the exo's process while the controller is being sent."""

    exo: Any = None

    def progress(self, fraction: float | None, sentence: str) -> None:
        super().progress(fraction, sentence)
        if "kB sent" in sentence and self.exo.poll() is None:
            self.exo.kill()
            self.exo.wait()


def test_an_exo_unplugged_while_uploading_is_told_and_nothing_counts_as_deployed(
    visit: Visit, tmp_path: Path
) -> None:
    package_id = packed(visit, tmp_path)
    params = {"package_id": package_id, "confirmed_patient": CODE, "confirmed_device": DEVICE}
    with virtual_exo("--listen", "tcp:0", "--trust", str(visit.data_dir)) as running:
        context = PullsTheCable(JobSpec("job", "deploy", {}, visit.data_dir, visit.id), tmp_path / "work")
        context.exo = running.process
        with refused("EXO-005"):
            deploy.run({**params, "address": running.address}, context)
    with open_store(visit.data_dir) as store:
        assert store.latest(visit.id, RecordKind.DEPLOYMENT) is None
        last = store.audit_trail()[-1].event
    assert last.step == "refused" and "EXO-005" in last.detail and last.device_serial == running.serial
