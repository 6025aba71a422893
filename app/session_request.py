"""Parameters of a headless session, checked before anything takes time."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.devices.profiles import require_training
from core.domain.clock import LEAST_FACTOR, MOST_FACTOR
from core.domain.impairment import Impairment
from core.domain.subject import USUAL_DEVICE
from core.domain.walking_ability import VisitNotes
from core.errors import UserError, refuse
from core.jobs.values import JsonValue
from core.session.impairments import check_choice
from core.store.private import patient_permissions

LEAST_MINUTES, MOST_MINUTES = 0.2, 24 * 60.0  # both trainings together
MOST_STARTS = 1024
SUMMARY, REPORT = "summary.json", "report.pdf"  # what a session leaves in its folder, beside its package
_RESULTS = (SUMMARY, REPORT, "*.exopkg")
WALK_SECONDS = (5.0, 600.0)  # two to settle and two strides; ten minutes


@dataclass(frozen=True, slots=True)
class SessionRequest:
    device: str  # "": the one that the patient wears already
    minutes: float
    data_dir: Path
    out: Path
    seed: int = 0
    person: int | None = None
    fidelity: str = "fast"  # of the twin; "standard" walks by 80 muscles
    slow_motion: float | None = None  # how many times slower than life the film plays; None: not said
    turn_deg: int = 0  # clockwise, of a film that lies on its side
    hide_face: bool = False  # keep the video with blurred heads only
    condition: str = ""  # a `Condition`, with which exo the person walks; empty: not stated
    sides: str = ""  # a `SideSource`; empty: a motion whose sides are in doubt ends the session
    accepted_by: str = ""  # who goes on in spite of findings that stop; empty: they end the session
    role: str = ""  # of this person, and of the one below
    impairments: tuple[Impairment, ...] = ()  # put into the twin
    impairments_by: str = ""  # who answers for them
    emg_options: Mapping[str, JsonValue] = field(default_factory=dict)  # more parameters of `import_emg`
    exo_log: Mapping[str, JsonValue] = field(default_factory=dict)  # of `import_exo_log`; empty: none
    visit_notes: VisitNotes = field(default_factory=VisitNotes)  # how the patient walks at this visit


def check_request(request: SessionRequest, *files: Path | None) -> None:
    """Refuse now what would be refused after minutes of work.

    Raises UserError PC-024 (a number out of range), PC-025 (a file is missing), PC-023 (`out` cannot be
    written), PC-027 (`out` holds results), EXO-030 (unknown exo), EXO-043 (one that no twin can wear),
    EXO-031 (one that no controller ships for yet), or PER-001 to PER-003 (impairments).
    """
    require_training(request.device or USUAL_DEVICE)
    check_minutes(request.minutes)
    if request.person is not None and request.person < 0:
        raise out_of_range("person", str(request.person), "0 for the first person, 1 for the second, …")
    if request.slow_motion is not None and not LEAST_FACTOR <= request.slow_motion <= MOST_FACTOR:
        possible = f"{LEAST_FACTOR:g} (as fast as life) to {MOST_FACTOR:g} times slower than life"
        raise out_of_range("slow-motion", f"{request.slow_motion:g}", possible)
    _check_impairments(request)
    check_name_and_role(request.accepted_by or request.impairments_by, request.role)
    check_files(*files)
    check_results_folder(request.out)
    _check_no_results(request.out)


def _check_impairments(request: SessionRequest) -> None:
    """Refuses PER-001 to PER-003, and (PC-022) what would be left out without a word."""
    slots = [one.slot for one in request.impairments]
    twice = next((slot.label for slot in slots if slots.count(slot) > 1), None)
    if twice is not None:
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            f"It gives the twin an impairment of the same kind and place twice: {twice}.",
            "Give --impairment once for each kind and place.",
        )
    if request.impairments_by and not request.impairments:
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            f"{request.impairments_by} answers for impairments of the twin, but it names none.",
            "Name them, each after --impairment, or leave --impairments-by out.",
        )
    try:
        check_choice(request.impairments, request.impairments_by, request.role)
    except UserError as error:
        raise UserError(replace(error.advice, next_step=_ON_IMPAIRMENTS[error.advice.code])) from error


_ON_IMPAIRMENTS = {  # what a terminal can do
    "PER-001": "Run again with --impairments-by NAME and --role ROLE.",
    "PER-002": "Run again with a severity above 0 at the end of this --impairment, or without it.",
    "PER-003": "Run again with fewer --impairment options.",
}


def check_name_and_role(name: str, role: str) -> None:
    """Refuses (PC-022) a name without a role, or a role without a name."""
    if bool(name.strip()) != bool(role.strip()):
        raise refuse(
            "PC-022",
            "This command cannot be understood.",
            "Whoever answers for something in a session does so by name and role.",
            "Give both a name (--accept-stopped NAME or --impairments-by NAME) and --role ROLE.",
        )


def check_files(*files: Path | None) -> None:
    """Refuses (PC-025) a file that is not there, or is a folder."""
    for file in files:
        if file is not None and file.is_dir():
            raise refuse(
                "PC-025",
                f"{file} is no file.",
                "It is a folder.",
                "Name the file in it that is meant, and run the command again.",
            )
        if file is not None and not file.is_file():
            raise refuse(
                "PC-025",
                f"There is no file {file}.",
                "Its name is wrong, it was moved, or its disk is not connected.",
                "Check the name and run the command again.",
            )


def _check_no_results(folder: Path) -> None:
    """A package or a report of another session would be lost, or taken for one of this session."""
    found = sorted(path.name for pattern in _RESULTS for path in folder.glob(pattern))
    if found:
        raise refuse(
            "PC-027",
            f"There are results in {folder} already: {', '.join(found)}.",
            "They would be written over, or be taken for results of this session.",
            "Choose another folder with --out.",
        )


def check_minutes(minutes: float) -> None:
    """Refuses (PC-024) a training time that is no time, or longer than a day."""
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise out_of_range("minutes", f"{minutes:g}", f"{LEAST_MINUTES:g} to {MOST_MINUTES:g}")


def check_processes(count: int) -> None:
    """Refuses (PC-024) a number of processes that this PC has no cores for."""
    most = max(1, os.cpu_count() or 1)
    if not 1 <= count <= most:
        raise out_of_range("processes", f"{count}", f"1 to {most}")


def check_walks(starts: int, seconds: float) -> None:
    """Refuses (PC-024) an evaluation of no walker or of thousands, or too short or too long for strides."""
    if not 1 <= starts <= MOST_STARTS:
        raise out_of_range("starts", f"{starts}", f"1 to {MOST_STARTS}")
    low, high = WALK_SECONDS
    if not low <= seconds <= high:
        raise out_of_range("seconds", f"{seconds:g}", f"{low:g} to {high:g}")


def check_results_folder(folder: Path) -> None:
    """Make the folder given after --out. Refuses (PC-023) when nothing can be written there."""
    with patient_permissions():
        check_folder(folder, "--out")


def check_folder(folder: Path, option: str) -> None:
    """Make a folder given after `option`. Refuses (PC-023) when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise refuse(
            "PC-023",
            f"Nothing can be written to {folder}.",
            f"The system says: {error.strerror or error}.",
            f"Choose another folder with {option}.",
        ) from error


def scenario_params(args: argparse.Namespace) -> dict[str, JsonValue]:
    """Parameters of the job behind `exotwin simulate`. Refuses PC-023, PC-024, SIM-031 and SIM-033."""
    from core.tasks.simulate_scenario import chosen_scenario, chosen_seconds

    scenario = chosen_scenario(args.scenario)
    seconds = chosen_seconds(scenario.usual_s if args.seconds is None else args.seconds)
    check_walks(args.starts, seconds)
    check_results_folder(args.out)
    params = {name: getattr(args, name) for name in ("scenario", "twin", "starts", "seed")} | {
        "seconds": seconds
    }
    fidelity = {} if args.fidelity is None else {"fidelity": args.fidelity}
    return {**params, **fidelity, "out": str(args.out.absolute())}


def out_of_range(name: str, given: str, possible: str) -> UserError:
    """The refusal (PC-024) of a number given after `--name`."""
    return refuse(
        "PC-024",
        f"--{name} {given} is not possible.",
        f"It can be {possible}.",
        f"Give another value after --{name}.",
    )
