"""Every step and every job from a terminal, through the same code as the screens."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.assist import add_assist
from app.cli.bench import add_bench
from app.cli.calibrate import add_calibrate
from app.cli.cluster import add_address, add_cluster
from app.cli.data import add_data
from app.cli.deploy import add_deploy
from app.cli.emg import add_emg, add_emg_options, emg_files, emg_options
from app.cli.exo_log import add_exo_log_options, exo_log_options
from app.cli.export import add_export
from app.cli.film_options import add_film_options
from app.cli.job import add_job
from app.cli.motion import add_motion
from app.cli.open_package import WINDOW_NAME, add_open
from app.cli.parser import program_parser
from app.cli.patient import add_patient
from app.cli.people import add_people
from app.cli.plain_output import plain_output
from app.cli.record import add_record
from app.cli.report_file import add_report
from app.cli.session_options import add_condition, add_session_options, session_request
from app.cli.signing import acting, add_as
from app.cli.stats import add_stats
from app.cli.study import add_study
from app.cli.terminal_advice import reader_is_gone
from app.cli.train import add_train
from app.cli.trial import add_trial
from app.cli.trial_options import add_trial_options, trial_files
from app.cli.update import add_update
from app.cli.visits import add_visits
from app.paths import data_dir_default
from app.screen import has_screen
from core.errors import Advice, JobCancelled, UserError, refuse
from core.store.files import folder_is_unusable
from core.store.folder_lock import name_program

_COLOURED = ("doctor", "bench")  # print colours, and no names from files
EXIT_OK, EXIT_BUG, EXIT_REFUSED, EXIT_CANCELLED = 0, 1, 2, 130
Command = Callable[[argparse.Namespace], int]


def run(arguments: list[str]) -> int:
    """Parse and run one command; returns the exit status."""
    try:
        args = _parser().parse_args(arguments)
    except UserError as error:
        return _print_advice(error.advice, EXIT_REFUSED)
    name_program(f"exotwin {args.word}" if args.word else WINDOW_NAME)
    command: Command = args.command
    try:
        plain = nullcontext() if args.word in _COLOURED else plain_output()
        with plain, acting(_data_dir(args), getattr(args, "as_name", "")):
            status = command(args)
        sys.stdout.flush()
        return status
    except UserError as error:
        status = _print_advice(error.advice, EXIT_REFUSED)
        _print_restore_hint(error.advice, args)
        return status
    except (JobCancelled, KeyboardInterrupt):
        print("Stopped. Finished steps are kept.", file=sys.stderr)
        return EXIT_CANCELLED
    except Exception as error:  # noqa: BLE001 - the process border: a person reads this, not a traceback
        if isinstance(error, PermissionError) and _is_of(error.filename, _data_dir(args)):
            return _print_advice(
                folder_is_unusable(_data_dir(args), error.strerror or str(error)).advice, EXIT_REFUSED
            )
        if isinstance(error, BrokenPipeError) and reader_is_gone():
            return EXIT_OK
        return _print_advice(_bug(error, _data_dir(args)), EXIT_BUG)


def _is_of(file: object, data_dir: Path) -> bool:
    """Whether this is a file of the data folder, which may be somebody else's."""
    return isinstance(file, str | Path) and Path(file).is_relative_to(data_dir)


def _print_advice(advice: Advice, status: int) -> int:
    print(advice.one_line(), file=sys.stderr)
    return status


def _print_restore_hint(advice: Advice, args: argparse.Namespace) -> None:
    from core.store.backup_files import newest_backup

    folder = _data_dir(args)
    if advice.code == "REC-002" and newest_backup(folder) is not None:
        print(f"Run: exotwin restore --data-dir {shlex.quote(str(folder))}", file=sys.stderr)


def _bug(error: Exception, data_dir: Path) -> Advice:
    """Advice for a bug in ExoTwin; its traceback goes to the log."""
    from app.crash import bug_advice
    from app.logs import start_logging
    from app.terminal import JobDied
    from core.jobs.values import Crashed, outcome_advice

    try:
        where = f"Earlier results are untouched; details are in {start_logging(data_dir)}."
    except UserError:  # then the terminal is the only place left
        where = "Earlier results are untouched; details are above."
    logging.getLogger(__name__).error("Unexpected error", exc_info=error)
    died = outcome_advice(Crashed(str(error))) if isinstance(error, JobDied) else None
    return bug_advice(where) if died is None else replace(died, next_step=where)


def _parser() -> argparse.ArgumentParser:
    parser = program_parser()
    _add_folder(parser)
    add_address(parser)
    parser.set_defaults(command=_gui)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="word")
    _add_doctor(commands)
    _add_session(commands)
    add_motion(commands, _add_data_dir)
    add_emg(commands, _add_data_dir)
    _add_virtual_exo(commands)
    add_job(commands, _add_data_dir)
    add_record(commands, _add_data_dir)
    add_data(commands, _add_data_dir)
    _add_gallery(commands)
    add_bench(commands, _add_data_dir)
    add_train(commands, _add_data_dir)
    add_trial(commands, _add_data_dir)
    add_stats(commands, _add_data_dir)
    add_study(commands, _add_data_dir)
    add_export(commands, _add_data_dir)
    add_report(commands, _add_data_dir)
    add_visits(commands, _add_data_dir)
    add_assist(commands, _add_data_dir)
    _add_replay(commands)
    _add_simulate(commands)
    add_calibrate(commands, _add_data_dir)
    add_deploy(commands, _add_data_dir)
    add_open(commands, _add_folder)
    add_update(commands)
    add_people(commands, _add_data_dir)
    add_patient(commands, _add_data_dir)
    add_cluster(commands)
    return parser


def _add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Which data folder, and who acts in it."""
    _add_folder(parser)
    add_as(parser)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    # A subcommand's own default would otherwise overwrite what was given before it.
    parser.add_argument(
        "--data-dir",
        type=lambda text: Path(text).absolute(),
        default=argparse.SUPPRESS,
        help="data folder to use (default: EXOTWIN_DATA_DIR, else the one of this login)",
    )


def _data_dir(args: argparse.Namespace) -> Path:
    return getattr(args, "data_dir", None) or data_dir_default()


if TYPE_CHECKING:
    from app.cli.parser import Parser
    from app.cli.session_run import SessionEnd

    Subparsers = argparse._SubParsersAction[Parser]  # the type has no public name


def _add_doctor(commands: Subparsers) -> None:
    parser = commands.add_parser("doctor", help="check this PC, with advice")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    _add_data_dir(parser)
    parser.set_defaults(command=_doctor)


def _add_session(commands: Subparsers) -> None:
    session = commands.add_parser("session", help="a whole session without a screen").add_subparsers(
        required=True
    )
    run_parser = session.add_parser("run", help="from a walking video, or from a laboratory's trial")
    run_parser.add_argument("--patient", type=Path, required=True, help="JSON file with the patient")
    seen = run_parser.add_mutually_exclusive_group(required=True)
    seen.add_argument("--video", type=Path, action="append", help="one per camera")
    add_trial_options(seen, run_parser)
    run_parser.add_argument("--calibration", type=Path, help="file: places and lenses of the cameras")
    add_emg_options(run_parser)
    add_exo_log_options(run_parser)
    run_parser.add_argument("--person", type=int, help="which person, when several are seen (0 is the first)")
    add_film_options(run_parser)
    add_condition(run_parser)
    run_parser.set_defaults(command=_session_run)
    demo = session.add_parser("demo", help="with the synthetic demo patient")
    demo.set_defaults(command=_session_demo)
    for parser in (run_parser, demo):
        add_session_options(parser)
        _add_data_dir(parser)
        add_address(parser)


def _add_virtual_exo(commands: Subparsers) -> None:
    parser = commands.add_parser("virtual-exo", help="a virtual exo that speaks the real protocol")
    parser.add_argument("--listen", required=True, help="pty or tcp:PORT (0 picks a free port)")
    parser.add_argument("--device", default="Hippo_L1", help="exo model (default Hippo_L1)")
    parser.add_argument("--plant", type=Path, help="file with the wearer's motion, sensors and motors")
    parser.add_argument("--state", type=Path, help="folder that keeps the controller slots")
    parser.add_argument("--parent", type=int, help="end when this process ends")
    parser.add_argument("--faults", default="", help="tcp:PORT where faults may be injected")
    parser.add_argument(
        "--worn-before", type=float, default=6.0, help="seconds that the person wears it already (default 6)"
    )
    parser.add_argument(
        "--token", type=Path, help="file with the word that a program has to know on tcp:PORT"
    )
    parser.set_defaults(command=_virtual_exo)


def _add_gallery(commands: Subparsers) -> None:
    parser = commands.add_parser("gallery", help="pictures of every page in both themes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    _add_data_dir(parser)
    parser.set_defaults(command=_gallery)


def _add_replay(commands: Subparsers) -> None:
    parser = commands.add_parser("replay", help="what broke when the physics of a body broke down")
    parser.add_argument("file", type=Path, help="flight recording, breakdown_1.npz in the job's folder")
    parser.set_defaults(command=_replay)


def _add_simulate(commands: Subparsers) -> None:
    parser = commands.add_parser("simulate", help="a twin in a situation: arrays, success and a film")
    parser.add_argument("scenario", help="for example level-1.2, ramp-up-5, stairs-up, run-2.5, push, course")
    parser.add_argument(
        "--twin", default="default", help="a twin that has learned to walk (default: default)"
    )
    parser.add_argument(
        "--fidelity",
        choices=("fast", "standard", "full"),
        help="moved by joint torques, 80 or 416 muscles (default: as the twin has learned)",
    )
    parser.add_argument("--seconds", type=float, help="length of the walks (default: 10, of a course 25)")
    parser.add_argument("--starts", type=int, default=16, help="random starts, each a walk (default 16)")
    parser.add_argument("--seed", type=int, default=0, help="of these starts (default 0)")
    parser.add_argument("--out", type=Path, required=True, help="folder for arrays, summary and film")
    _add_data_dir(parser)
    add_address(parser)
    parser.set_defaults(command=_simulate)


def _gui(args: argparse.Namespace) -> int:
    if not has_screen():
        raise refuse(
            "PC-020",
            "There is no screen to draw on.",
            "This session has no display.",
            "Start ExoTwin from a desktop, or use `exotwin session`, which needs none.",
        )
    from app.main import run_gui

    return run_gui(_data_dir(args), demo=args.demo)


def _doctor(args: argparse.Namespace) -> int:
    from app.cli.doctor import doctor_command

    return doctor_command(_data_dir(args), args.as_json)


def _session_run(args: argparse.Namespace) -> int:
    from app.cli.session_run import run_video_session
    from app.cli.trial_session import run_trial_session
    from app.session_request import check_files
    from app.terminal import open_terminal
    from core.session.patient_file import read_patient, read_visit_notes

    trial = trial_files(args)
    subject = read_patient(args.patient)
    data_dir = _data_dir(args)
    check_files(*emg_files(args))
    request = replace(
        session_request(args, data_dir, args.person),
        emg_options=emg_options(args),
        exo_log=exo_log_options(args),
        visit_notes=read_visit_notes(args.patient),
    )
    with open_terminal(data_dir) as terminal:
        if trial is not None:
            return _finish(run_trial_session(request, subject, trial, args.emg, terminal), args)
        end = run_video_session(request, subject, args.video, args.emg, terminal, args.calibration)
    return _finish(end, args)


def _session_demo(args: argparse.Namespace) -> int:
    from app.cli.session_run import run_demo_session
    from app.terminal import open_terminal

    data_dir = _data_dir(args)
    request = session_request(args, data_dir)
    with open_terminal(data_dir) as terminal:
        end = run_demo_session(request, terminal)
    return _finish(end, args)


def _finish(end: SessionEnd, args: argparse.Namespace) -> int:
    """Print the result; raises the advice of a session whose controller no exo keeps."""
    if args.as_json:
        print(json.dumps(end.summary, indent=2))
    else:
        who = end.summary["people"]
        print(f"{end.summary['verdict']}\n{end.summary['outcome']}\nResults are in {args.out} ({who}).")
    if end.advice is not None:
        raise UserError(end.advice)
    return EXIT_OK if end.summary["confirmed"] else EXIT_BUG


def _virtual_exo(args: argparse.Namespace) -> int:
    from app.cli.virtual_exo import virtual_exo_command
    from app.session_request import check_folder

    if args.state is not None:
        check_folder(args.state, "--state")
    return virtual_exo_command(
        args.listen,
        args.plant,
        state_dir=args.state,
        parent=args.parent,
        device=args.device,
        faults=args.faults,
        worn_before_s=args.worn_before,
        token=args.token,
        trust=_data_dir(args),
    )


def _gallery(args: argparse.Namespace) -> int:
    from app.session_request import check_results_folder
    from ui.gallery import render_gallery

    check_results_folder(args.out)
    return render_gallery(args.out, _data_dir(args))


def _replay(args: argparse.Namespace) -> int:
    from app.cli.replay import replay_lines
    from app.jobs.guarded import guarded

    for line in guarded((args.file,), replay_lines, args.file):
        print(line)
    return EXIT_OK


def _simulate(args: argparse.Namespace) -> int:
    from app.session_request import scenario_params
    from app.terminal import open_terminal
    from core.tasks.simulate_scenario import SUMMARY

    params = scenario_params(args)
    with open_terminal(_data_dir(args)) as terminal:
        terminal.run("simulate_scenario", params)
    summary = json.loads((args.out / SUMMARY).read_text(encoding="utf-8"))
    print(f"Simulated. {summary['verdict']}.\nArrays, summary and film are in {args.out}.")
    return EXIT_OK
