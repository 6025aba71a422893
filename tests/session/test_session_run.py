"""Claims about the session without a screen: what ends it before the exo, and what is kept then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.cli import commands as cli
from app.cli import session_run, session_virtual_exo
from app.cli.commands import _parser
from app.cli.session_options import session_request
from app.cli.session_run import SessionEnd, raise_if_stopped, run_demo_session, run_video_session
from app.cli.trial_options import TrialFiles, trial_files
from app.cli.trial_session import run_trial_session
from app.session_request import SessionRequest, check_request
from core.domain.controller import (
    UNATTENDED_APPROVER,
    Comparison,
    Handover,
    Package,
    unattended,
)
from core.domain.findings import Finding, Severity
from core.domain.muscles import MuscleGroup
from core.domain.record import RecordKind, Verdict
from core.domain.sides_doubt import doubt_of_sides
from core.domain.subject import Subject
from core.errors import Advice, UserError, refuse
from core.session.flow import Step
from core.store.repository import open_store
from core.tasks import demo_patient
from tests.refusals import refused
from tests.store.samples import a_subject
from tests.ui import records, samples, walks
from tests.ui.conftest import app as app
from tests.ui.test_laboratory_trial import a_trial

HELPS, HARDER = 0.88, 1.12  # metabolic rate / without the exo


def test_what_holds_the_screens_holds_the_terminal_too() -> None:
    unclear = Advice("It is not clear who the patient is.", "Two people walk.", "Choose one.", "CAP-022")
    small = Advice("The person is small.", "They are far away.", "Come closer.", "CAP-026")
    raise_if_stopped((Finding(Severity.WARNING, small),))
    with pytest.raises(UserError) as stopped:
        raise_if_stopped((Finding(Severity.WARNING, small), Finding(Severity.STOP, unclear)))
    assert stopped.value.advice.code == "CAP-022"


def test_nobody_is_offered_to_go_on_without_a_walk() -> None:
    front = Finding(Severity.STOP, Advice("From the front.", "Hardly seen.", "Film again.", "MOT-029"))
    nobody = Finding(Severity.STOP, Advice("Nobody walks.", "No steps.", "Record a walk.", "MOT-072"))
    with refused("MOT-029") as told:
        raise_if_stopped((front,))
    assert "--accept-stopped" in told.value.advice.next_step
    for findings, code in (((nobody,), "MOT-072"), ((front, nobody), "MOT-029")):
        with refused(code) as told:
            raise_if_stopped(findings)
        assert "--accept-stopped" not in told.value.advice.next_step


class HandTerminal:
    """Jobs that write what they would have written, at once; the comparison is as a test wants it."""

    def __init__(self, request: SessionRequest, cost: float) -> None:
        self.seconds: dict[str, float] = {}
        self.ran: list[str] = []
        self.lines: list[str] = []
        self.given: dict[str, dict[str, Any]] = {}
        self._data_dir, self._cost = request.data_dir, cost
        self._made: dict[Step, str] = {}
        self.without_emg = False
        self.disturbed_walks = 0  # refused before one is walked to its end

    def plan(self, kinds: tuple[str, ...]) -> None:
        self.planned = kinds

    def print_line(self, sentence: str) -> None:
        self.lines.append(sentence)

    def run(self, kind: str, params: dict[str, Any], *, visit_id: str = "") -> str:
        assert kind in self.planned, f"{kind} was not planned"
        self.ran.append(kind)
        self.given[kind] = params
        self.seconds[kind] = 1.0
        with open_store(self._data_dir) as store:
            match kind:
                case "demo_patient":
                    visit_id = demo_patient._visit(store, "test")
                    landmarks = samples.landmarks()
                    return store.save(RecordKind.LANDMARKS, landmarks, visit_id=visit_id, summary="")
                case "detect_pose":
                    landmarks = samples.landmarks()
                    return store.save(RecordKind.LANDMARKS, landmarks, visit_id=visit_id, summary="")
                case "import_trial":
                    return store.save(RecordKind.LABORATORY_TRIAL, a_trial(), visit_id=visit_id, summary="")
                case "import_emg" if self.without_emg:
                    raise refuse("EMG-002", "There is no EMG in this file.", "Empty.", "Give another.")
                case "solve_motion" | "solve_markers":
                    self._made = records.fill(store, visit_id, Step.TRAIN)
                    return self._made[Step.MOTION]
                case "compare":
                    comparison = Comparison(
                        walks.gaits(*records.GAITS), records.scores(self._cost), "Compared."
                    )
                    inputs = (self._made[Step.TRAIN],)
                    return store.save(
                        RecordKind.COMPARISON, comparison, visit_id=visit_id, inputs=inputs, summary=""
                    )
                case "package_controller":
                    (store.data_dir / "controller.exopkg").write_bytes(b"packed")
                    package = Package("controller.exopkg", records.SHA256, 6, "Hippo_L1", "t", records.LIMITS)
                    return store.save(
                        RecordKind.PACKAGE, package, visit_id=visit_id, summary="",
                        files=(store.data_dir / "controller.exopkg",),
                    )  # fmt: skip
                case "deploy" if self.disturbed_walks:
                    packed = str(params["package_id"])
                    return records.put_on_exo(store, visit_id, packed, stage=Handover.PROVISIONAL)
                case "deploy":
                    return records.put_on_exo(store, visit_id, str(params["package_id"]))
                case "virtual_walk" if self.disturbed_walks:
                    self.disturbed_walks -= 1
                    raise refuse("EXO-019", "The walk did not get on.", "The exo is in fault.", "Try again.")
                case _:
                    return ""


class StillExo:
    """In place of a process that speaks the protocol: these claims are about what comes before it."""

    def __init__(self, _data_dir: Path) -> None:
        self.stopped = False

    def start(self, device: str) -> str:
        return "tcp:127.0.0.1:1"

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def request_(tmp_path: Path, app: QApplication, monkeypatch: pytest.MonkeyPatch) -> SessionRequest:
    monkeypatch.setattr(session_virtual_exo, "VirtualExo", StillExo)
    return SessionRequest("Hippo_L1", 6.0, tmp_path / "data", tmp_path / "out")


def test_several_videos_and_their_calibration_reach_the_jobs_of_the_page(
    request_: SessionRequest, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("cam01.mp4", "cam02.mp4", "rig.toml")]
    for file in files:
        file.touch()
    terminal = HandTerminal(request_, 0.9)
    run_video_session(request_, a_subject(), files[:2], None, terminal, files[2])  # type: ignore[arg-type]
    assert terminal.given["import_video"]["files"] == [str(files[0]), str(files[1])]
    for kind in ("import_video", "detect_pose"):
        assert terminal.given[kind]["calibration"] == str(files[2])


def test_the_twin_learns_by_its_muscles_where_the_request_says_so(request_: SessionRequest) -> None:
    video = request_.data_dir.parent / "walk.mp4"
    video.touch()
    request = replace(request_, fidelity="standard")
    terminal = HandTerminal(request, HELPS)
    run_video_session(request, a_subject(), (video,), None, terminal)  # type: ignore[arg-type]
    assert terminal.given["learn_gait"]["fidelity"] == "standard"


def session(request: SessionRequest, cost: float, subject: Subject | None = None) -> SessionEnd:
    video = request.data_dir.parent / "walk.mp4"
    video.touch()
    terminal = HandTerminal(request, cost)
    end = run_video_session(request, subject or a_subject(), (video,), None, terminal)  # type: ignore[arg-type]
    assert ("deploy" in terminal.ran) == (end.advice is None)
    return end


@pytest.mark.parametrize("demo", [True, False])
def test_the_patient_wears_the_exo_of_the_session(request_: SessionRequest, demo: bool) -> None:
    """Else comparison and transfer refuse the controller as one of another exo."""
    request = replace(request_, device="DephyExoBoot_L1")
    if demo:
        run_demo_session(request, HandTerminal(request, HELPS))  # type: ignore[arg-type]
    else:
        session(request, HELPS)
    with open_store(request.data_dir) as store:
        assert [row.subject.device for row in store.patients()] == ["DephyExoBoot_L1"]


def test_without_a_word_about_the_exo_the_patient_keeps_the_own_one(request_: SessionRequest) -> None:
    session(replace(request_, device=""), HELPS, replace(a_subject(), device="OpenExo_L1"))
    with open_store(request_.data_dir) as store:
        assert [row.subject.device for row in store.patients()] == ["OpenExo_L1"]


def test_a_controller_that_helps_is_kept_on_the_virtual_exo_and_nobody_answers_for_it(
    request_: SessionRequest,
) -> None:
    end = session(request_, HELPS)
    assert end.advice is None and end.summary["confirmed"]
    outcome = end.summary["outcome"]
    assert outcome.startswith("Kept on the virtual exo; nobody wears it. It makes walking easier")
    with open_store(request_.data_dir) as store:
        (visit,) = store.visits(store.patients()[0].id)
        (signed,) = (one for one in store.decisions(visit.id) if one.verdict is Verdict.SIGNED)
    assert (signed.by, signed.role) == (UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role)
    assert unattended(signed.by)


@pytest.mark.parametrize(("disturbed", "code"), [(1, ""), (2, "EXO-019")])
def test_a_disturbed_walk_with_the_virtual_exo_is_tried_once_more_and_costs_no_results(
    request_: SessionRequest, disturbed: int, code: str
) -> None:
    terminal = HandTerminal(request_, HELPS)
    terminal.disturbed_walks = disturbed
    end = run_demo_session(request_, terminal)  # type: ignore[arg-type]
    assert terminal.ran.count("virtual_walk") == 2 and "EXO-019" in terminal.lines[-1]
    assert ("" if end.advice is None else end.advice.code) == code
    assert end.summary == json.loads((request_.out / "summary.json").read_text(encoding="utf-8"))
    assert end.summary["confirmed"] is (not code)
    assert end.summary["outcome"].startswith("Not kept on the virtual exo" if code else "Kept on the virtual")
    assert (request_.out / "report.pdf").is_file()


def test_a_controller_that_makes_walking_harder_ends_before_the_exo_and_loses_nothing(
    request_: SessionRequest,
) -> None:
    end = session(request_, HARDER)
    assert end.advice is not None and end.advice.code == "CMP-002"
    assert "12.0 % higher metabolic rate" in end.advice.what and "--minutes 12" in end.advice.next_step
    assert "visit 1 of P-0001" in end.advice.next_step and "Compare page" in end.advice.next_step
    assert end.summary == json.loads((request_.out / "summary.json").read_text(encoding="utf-8"))
    assert end.summary["makes_walking_harder"] is True and end.summary["confirmed"] is False
    assert end.summary["package_sha256"] is None
    assert end.summary["metabolic_ratio_with_exo"]["low"] > 1.1 and end.summary["difference_shown"]
    assert end.summary["outcome"].startswith("Not put onto an exo. It makes walking harder")
    assert (request_.out / "report.pdf").read_bytes().startswith(b"%PDF")
    assert not list(request_.out.glob("*.exopkg"))
    with open_store(request_.data_dir) as store:
        (visit,) = store.visits(store.patients()[0].id)
        assert store.latest(visit.id, RecordKind.COMPARISON) is not None
        assert not any(one.verdict is Verdict.SIGNED for one in store.decisions(visit.id))


def test_a_controller_of_which_nothing_is_known_ends_before_the_exo_too(request_: SessionRequest) -> None:
    end = session(request_, float("nan"))
    assert end.advice is not None and "not known" in end.advice.what
    assert end.summary["makes_walking_harder"] is None and end.summary["metabolic_ratio_with_exo"] is None


def test_the_demo_shows_the_whole_way_and_says_that_walking_gets_harder(request_: SessionRequest) -> None:
    terminal = HandTerminal(request_, HARDER)
    end = run_demo_session(request_, terminal)  # type: ignore[arg-type]
    assert end.advice is None and end.summary["confirmed"] and end.summary["makes_walking_harder"]
    told = "Kept on the virtual exo; nobody wears it. It makes walking harder in simulation: 12.0 % higher"
    assert end.summary["outcome"].startswith(told)
    assert (request_.out / "controller.exopkg").exists()


def test_the_same_patient_gets_another_visit_and_another_one_of_that_code_is_refused(
    request_: SessionRequest,
) -> None:
    session(request_, HELPS)
    session(replace(request_, out=request_.out / "second"), HELPS)
    other = replace(a_subject(), height_m=1.80, mass_kg=90.0)
    with refused("PAT-013"):
        session(replace(request_, out=request_.out / "third"), HELPS, other)
    with open_store(request_.data_dir) as store:
        (row,) = store.patients()
        assert row.subject == a_subject() and len(store.visits(row.id)) == 2


@pytest.mark.parametrize("name", ["summary.json", "report.pdf", "controller-0123.exopkg"])
def test_results_of_another_session_are_not_written_over(request_: SessionRequest, name: str) -> None:
    request_.out.mkdir()
    (request_.out / name).write_text("of another patient", encoding="utf-8")
    with refused("PC-027"):
        session(request_, HELPS)
    with refused("PC-027"):
        run_demo_session(request_, HandTerminal(request_, HELPS))  # type: ignore[arg-type]
    assert (request_.out / name).read_text(encoding="utf-8") == "of another patient"
    assert not (request_.data_dir / "records").exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_tells_the_summary_and_then_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    advice = Advice("It makes walking harder.", "Nobody is here.", "Train longer.", "CMP-002")
    told = {"verdict": "Compared.", "outcome": "Not put onto an exo.", "people": "nobody signed in"}
    end = SessionEnd({**told, "confirmed": False}, advice)
    monkeypatch.setattr(session_run, "run_demo_session", lambda *_given: end)
    words = ["session", "demo", "--data-dir", str(tmp_path), "--out", str(tmp_path / "out")]
    assert cli.run([*words, *(["--json"] if as_json else [])]) == cli.EXIT_REFUSED
    said = capsys.readouterr()
    assert said.err.strip().endswith("[CMP-002]")
    assert json.loads(said.out) == end.summary if as_json else "Not put onto an exo." in said.out


def test_sides_in_doubt_end_a_session_with_the_option_that_answers_them() -> None:
    with pytest.raises(UserError) as refused:
        raise_if_stopped((doubt_of_sides(0.98),))
    assert refused.value.advice.code == "MOT-032"
    assert "--sides as-detected or --sides repaired" in refused.value.advice.next_step


@pytest.mark.parametrize("command", ["run", "demo"])
def test_the_terminal_takes_the_answer_about_sides(command: str) -> None:
    patient = ["--patient", "p.json", "--video", "v.mp4"] if command == "run" else []
    given = _parser().parse_args(["session", command, *patient, "--out", "o", "--sides", "as-detected"])
    assert session_request(given, Path("d")).sides == "as-detected"


def test_the_terminal_takes_what_a_person_says_about_the_film() -> None:
    words = ["session", "run", "--patient", "p.json", "--video", "v.mp4", "--out", "o"]
    plain = session_request(_parser().parse_args(words), Path("d"))
    assert (plain.slow_motion, plain.turn_deg, plain.hide_face) == (None, 0, False)
    words += ["--slow-motion", "4", "--turn", "90", "--hide-face"]
    said = session_request(_parser().parse_args(words), Path("d"))
    assert (said.slow_motion, said.turn_deg, said.hide_face) == (4.0, 90, True)


def test_what_was_said_about_the_film_reaches_the_jobs(request_: SessionRequest) -> None:
    told = replace(request_, slow_motion=2.0, turn_deg=270, hide_face=True)
    asked: dict[str, dict[str, Any]] = {}

    class Listening(HandTerminal):
        def run(self, kind: str, params: dict[str, Any], *, visit_id: str = "") -> str:
            asked[kind] = params
            return super().run(kind, params, visit_id=visit_id)

    video = request_.data_dir.parent / "walk.mp4"
    video.touch()
    run_video_session(told, a_subject(), (video,), None, Listening(told, HELPS))  # type: ignore[arg-type]

    film, motion = asked["import_video"], asked["solve_motion"]
    assert (film["turn_deg"], film["hide_face"]) == (270, True)
    assert motion["slow_motion"] == 2.0 and motion["slow_motion_by"]


def test_the_log_of_a_worn_exo_is_read_after_the_motion_and_goes_into_the_forces(
    request_: SessionRequest,
) -> None:
    video = request_.data_dir.parent / "walk.mp4"
    video.touch()
    request = replace(request_, exo_log={"file": "exo.csv", "offset_s": -1.5})
    terminal = HandTerminal(request, HELPS)
    run_video_session(request, a_subject(), (video,), None, terminal)  # type: ignore[arg-type]
    forces, log = terminal.given["inverse_dynamics"], terminal.given["import_exo_log"]
    assert log == {"motion_id": forces["motion_id"], "file": "exo.csv", "offset_s": -1.5}
    assert "exo_log_id" in forces
    assert terminal.ran.index("solve_motion") < terminal.ran.index("import_exo_log")


@pytest.mark.parametrize(
    ("code", "option"), [("MOT-090", "--slow-motion"), ("CAP-022", "--person"), ("CAP-032", "--turn")]
)
def test_a_film_that_needs_an_answer_ends_a_session_with_the_option_that_gives_it(
    code: str, option: str
) -> None:
    step = "Turn the video: on the Capture page, or with --turn 90." if code == "CAP-032" else "Look."
    with pytest.raises(UserError) as stopped:
        raise_if_stopped((Finding(Severity.STOP, Advice("What?", "Why.", step, code)),))
    assert option in stopped.value.advice.next_step


@pytest.mark.parametrize("factor", [0.5, 100.0])
def test_a_factor_that_no_film_has_is_refused_before_anything_takes_time(
    request_: SessionRequest, factor: float
) -> None:
    with refused("PC-024"):
        session(replace(request_, slow_motion=factor), HELPS)


def test_a_laboratory_trial_goes_the_same_way_as_a_film(request_: SessionRequest) -> None:
    files = [request_.data_dir.parent / name for name in ("walk.c3d", "static.c3d")]
    for file in files:
        file.touch()
    terminal = HandTerminal(request_, HELPS)

    end = run_trial_session(request_, a_subject(), TrialFiles(*files), None, terminal)  # type: ignore[arg-type]

    assert terminal.ran[:4] == ["import_trial", "import_emg", "solve_markers", "fit_twin"]
    assert terminal.given["import_trial"]["standing"] == str(files[1])
    assert terminal.given["import_emg"]["file"] == str(files[0])
    assert end.advice is None and end.summary["confirmed"]


def test_a_trial_without_usable_emg_says_why_the_step_was_skipped(request_: SessionRequest) -> None:
    walk = request_.data_dir.parent / "walk.c3d"
    walk.touch()
    terminal = HandTerminal(request_, HELPS)
    terminal.without_emg = True

    run_trial_session(request_, a_subject(), TrialFiles(walk), None, terminal)  # type: ignore[arg-type]

    with open_store(request_.data_dir) as store:
        visit_id = store.visits(store.patients()[0].id)[0].id
        told = [decision.reason for decision in store.decisions(visit_id) if decision.step == Step.EMG]
    assert told == ["walk.c3d gives no EMG: There is no EMG in this file."]


@pytest.mark.parametrize(
    "words",
    [
        ["--trial", "w.c3d", "--slow-motion", "4"],
        ["--trial", "w.c3d", "--person", "1"],
        ["--video", "w.mp4", "--standing", "s.c3d"],
    ],
)
def test_what_belongs_to_a_film_is_not_taken_with_a_trial(words: list[str]) -> None:
    args = _parser().parse_args(["session", "run", "--patient", "p.json", "--out", "o", *words])
    with refused("PC-022"):
        trial_files(args)


WEAK = "weakness,left,hip flexors,0.5"


def with_impairments(*words: str, name: str = "Dr. A") -> SessionRequest:
    given = ["session", "run", "--patient", "p.json", "--video", "v.mp4", "--out", "o", "--role", "physician"]
    given += [part for one in words for part in ("--impairment", one)]
    return session_request(_parser().parse_args([*given, "--impairments-by", name]), Path("d"))


def test_impairments_of_the_terminal_reach_the_twin_by_name_and_are_told(request_: SessionRequest) -> None:
    said = with_impairments(WEAK, "delay,0.2")
    asked = replace(
        request_, impairments=said.impairments, impairments_by=said.impairments_by, role=said.role
    )
    terminal = HandTerminal(asked, HELPS)

    end = run_demo_session(asked, terminal)  # type: ignore[arg-type]

    assert end.summary["impairments"] == [
        {
            "impairment": label,
            "severity": severity,
            "in_some_strides_only": False,
            "origin": "entered",
            "by": "Dr. A",
            "role": "physician",
        }
        for label, severity in (("Weakness, left hip flexors", 0.5), ("Delay", 0.2))
    ]
    with open_store(asked.data_dir) as store:
        listed = store.info(terminal.given["fit_twin"]["impairments_id"])
    assert listed.kind is RecordKind.CHOSEN_IMPAIRMENTS


@pytest.mark.parametrize(
    ("code", "words", "name"),
    [
        ("PER-001", [WEAK], " "),
        ("PER-002", ["delay,0"], "Dr. A"),
        ("PER-003", [f"weakness,left,{group.value},0.3" for group in tuple(MuscleGroup)[:5]], "Dr. A"),
        ("PER-005", ["weakness,hip flexors,0.5"], "Dr. A"),
        ("PER-005", ["weakness,left,hip flexors,half"], "Dr. A"),
        ("PER-005", ["weakness,left,hip flexors,1.5"], "Dr. A"),
        ("PER-005", ["pain,left,0.5,occasional"], "Dr. A"),
        ("PER-005", [""], "Dr. A"),
        ("PC-022", [WEAK, "weakness,left,hip flexors,0.3,occasional"], "Dr. A"),
        ("PC-022", [], "Dr. A"),
    ],
)
def test_impairments_that_nobody_answers_for_or_that_cannot_be_are_refused_at_once(
    request_: SessionRequest, code: str, words: list[str], name: str
) -> None:
    with refused(code):
        asked = with_impairments(*words, name=name)
        check_request(replace(request_, impairments=asked.impairments, impairments_by=name, role=asked.role))


def test_advice_on_impairments_names_options_that_a_terminal_has(request_: SessionRequest) -> None:
    nameless = replace(request_, impairments=with_impairments(WEAK).impairments)
    with pytest.raises(UserError) as refusal:
        check_request(nameless)
    assert "--impairments-by NAME and --role ROLE" in refusal.value.advice.next_step
