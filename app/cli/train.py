"""`exotwin train …`: a person's twin, and what ships with the program."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.paths import data_dir_default
from core.domain.body import JOINTS
from core.errors import refuse
from core.store.private import ordinary_permissions

_PERSON_HELP = """JSON file with the patient as for `session run`: code, birth_year, sex, height_m, mass_kg,
affected_side, consent; and, if known, "scale": {"thigh": 1.02, ...} (pelvis_width, thigh, shank, foot, trunk
against the generic body), "strength": [{"group": "knee extensors", "side": "left", "factor": 0.7}, ...],
"impairments": [{"kind": "weakness", "severity": 0.5, "side": "left", "group": "dorsiflexors"}, ...]"""
_TRIAL_HELP = f"""id of a MOTION record, or a .json or .npz file with one stride: period_s, speed_m_s, and one
list of degrees per joint ({", ".join(joint.value for joint in JOINTS)}), 20 to 2000 samples evenly over the
stride from left heel strike, its end not repeated; flexion, dorsiflexion and adduction are positive; joints
that are not given move as in normal walking. Without a trial a normal walk is learned."""
_TEACHER_HELP = """id of a CONTROLLER record, whose pupil becomes a record of the same visit; or a file that
`train exo-base` or `train teacher` wrote, or what ships: generic, default, walking (made to teach this). A
file and what ships need --twin, or --out for the generic twin"""
_FIDELITY_HELP = """fast: joint torques (the default); standard: 80 muscles; full: learned with 80 muscles as
well, because 416 are too slow to learn with"""


def add_train(commands: Any, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `train` and what it can train to the parsers of the commands."""
    train = commands.add_parser("train", help="train a twin, or what ships with the program").add_subparsers(
        required=True
    )
    base = train.add_parser("base", help="the base walking policy")
    base.add_argument("--minutes", type=float, default=100.0, help="(default 100)")
    base.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    base.add_argument("--processes", type=int, default=1, help="that learn together, one for every two cores")
    base.add_argument("--out", type=Path, required=True, help="folder for weights and cards")
    base.set_defaults(command=_train_base)
    _add_predictive(train)
    _add_teacher(train)
    _add_walking_teacher(train)
    exo_base = train.add_parser(
        "exo-base",
        help="the shipped controllers of an exo: default law, generic one, and those of virtual people",
    )
    exo_base.add_argument("--device", default="Hippo_L1", help="exo model (default Hippo_L1)")
    exo_base.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    exo_base.add_argument("--out", type=Path, required=True, help="folder for weights and cards")
    exo_base.set_defaults(command=_train_exo_base)
    add_data_dir(_add_student(train))
    _add_moments(train)
    twin = train.add_parser("twin", help="a person's twin, from a description of the person")
    _add_twin_options(twin)
    add_data_dir(twin)
    twin.set_defaults(command=_train_twin)


def _add_predictive(train: Any) -> None:
    predictive = train.add_parser(
        "predictive",
        help="a walk over speeds and slopes, begun from a walking policy, then rewarded without a reference",
    )
    predictive.add_argument("--minutes", type=float, default=180.0, help="(default 180)")
    predictive.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    predictive.add_argument(
        "--muscles",
        choices=("26", "80"),
        default="80",
        help="muscles of the body (default 80; with 26 the policy that shows the walk falls after a second)",
    )
    predictive.add_argument(
        "--tracking", type=Path, help="walking policy to begin from (default: the shipped)"
    )
    predictive.add_argument("--device", help="exo that half of the walkers wear without torque, as Hippo_L1")
    predictive.add_argument(
        "--from-nothing",
        action="store_true",
        help="no policy shows how to walk: stepping poses, published muscle modules; takes many hours",
    )
    predictive.add_argument("--out", type=Path, required=True, help="folder for weights and cards")
    predictive.set_defaults(command=_train_predictive)


def _add_teacher(train: Any) -> None:
    teacher = train.add_parser(
        "teacher", help="a hip exo's teacher: its policy sees the whole simulated body, no exo can run it"
    )
    teacher.add_argument(
        "--walk", type=Path, required=True, metavar="FILE", help="predictive.npz of `train predictive`"
    )
    teacher.add_argument("--device", default="Hippo_L1", help="exo model (default Hippo_L1)")
    teacher.add_argument("--minutes", type=float, default=60.0, help="(default 60)")
    teacher.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    teacher.add_argument(
        "--control", action="store_true", help="the exo gives nothing: what the person learns without help"
    )
    teacher.add_argument("--out", type=Path, required=True, help="folder for weights and card")
    teacher.set_defaults(command=_train_teacher)


def _add_walking_teacher(train: Any) -> None:
    walking = train.add_parser(
        "walking-teacher",
        help="the shipped teacher of controllers from thigh gyros: walks alone, all the torque of the exo",
    )
    walking.add_argument("--device", default="Hippo_L1", help="exo model (default Hippo_L1)")
    walking.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    walking.add_argument("--out", type=Path, required=True, help="folder for weights, card and checkpoints")
    walking.set_defaults(command=_train_walking_teacher)


def _add_moments(train: Any) -> None:
    moments = train.add_parser(
        "moments",
        help="hip moments without force plates: judge the ways of estimating them, or train what ships",
        description="With --loso: every real person is left out in turn and estimated by what was trained on "
        "the others; prints all tables, keeps nothing. With --out: trains the model that ships, on simulated "
        "people alone. Both need the real recordings (EXOTWIN_DATA).",
    )
    moments.add_argument("--loso", action="store_true", help="leave one person out at a time")
    moments.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for model and card; goes on with what is done"
    )
    moments.add_argument("--people", type=int, default=112, help="simulated, of --out (default 112)")
    moments.add_argument("--person", action="append", default=[], help="--loso: only these, by name")
    moments.add_argument(
        "--learning-rate", type=float, default=1e-3, help="--loso (default 1e-3; the source has 5e-5)"
    )
    moments.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    moments.add_argument("--json", action="store_true", dest="as_json", help="print the numbers as JSON")
    moments.set_defaults(command=_train_moments)


def _add_twin_options(twin: argparse.ArgumentParser) -> None:
    twin.add_argument("--person", type=Path, required=True, metavar="FILE", help=_PERSON_HELP)
    twin.add_argument("--trial", metavar="ID|FILE", help=_TRIAL_HELP)
    twin.add_argument("--fidelity", choices=("fast", "standard", "full"), default="fast", help=_FIDELITY_HELP)
    twin.add_argument("--minutes", type=float, default=6.0, help="in all, with what was learned before")
    twin.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    twin.add_argument("--resume", action="store_true", help="go on with the same training where it stopped")
    twin.add_argument("--out", type=Path, metavar="DIR", help="folder for the policy and the numbers")
    twin.add_argument("--json", action="store_true", dest="as_json", help="print the numbers as JSON")


def _add_student(train: Any) -> argparse.ArgumentParser:
    student: argparse.ArgumentParser = train.add_parser(
        "student", help="a controller from one gyro on each thigh, distilled from one that knows more"
    )
    student.set_defaults(command=_train_student)
    student.add_argument("--teacher", required=True, metavar="ID|FILE|NAME", help=_TEACHER_HELP)
    student.add_argument("--twin", default="", metavar="ID", help="GAIT_POLICY record that is to wear it")
    student.add_argument("--device", default="Hippo_L1", help="exo of a file or name (default Hippo_L1)")
    student.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    student.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for weights and card of a file's pupil"
    )
    student.add_argument("--json", action="store_true", dest="as_json", help="print the numbers as JSON")
    return student


def _train_base(args: argparse.Namespace) -> int:
    from app.session_request import check_minutes, check_processes, check_results_folder
    from app.train.base_policies import train_base

    check_minutes(args.minutes)
    check_results_folder(args.out)
    check_processes(args.processes)
    with ordinary_permissions():
        print(train_base(args.minutes, args.seed, args.out, print, processes=args.processes))
    return 0


def _train_predictive(args: argparse.Namespace) -> int:
    from app.session_request import check_minutes, check_results_folder
    from app.train.predictive import PredictiveRequest, read_policy, train_predictive
    from core.twin.body import Fidelity

    check_minutes(args.minutes)
    check_results_folder(args.out)
    if args.from_nothing and args.tracking is not None:
        raise refuse(
            "TRN-052",
            "A walk from nothing begins without a walking policy.",
            "Both --from-nothing and --tracking are given.",
            "Leave one of them out.",
        )
    tracking = None if args.tracking is None else read_policy(args.tracking)
    fidelity = Fidelity.LUMPED if args.muscles == "26" else Fidelity.STANDARD
    request = PredictiveRequest(
        args.minutes, args.out, args.seed,
        fidelity=fidelity, tracking=tracking, device_id=args.device, from_nothing=args.from_nothing,
    )  # fmt: skip
    with ordinary_permissions():
        print(train_predictive(request, print))
    return 0


def _train_teacher(args: argparse.Namespace) -> int:
    from app.session_request import check_minutes, check_results_folder
    from app.train.teacher import TeacherRequest, train_teacher

    check_minutes(args.minutes)
    check_results_folder(args.out)
    request = TeacherRequest(args.walk, args.out, args.minutes, args.device, args.seed, control=args.control)
    with ordinary_permissions():
        print(train_teacher(request, print))
    return 0


def _train_walking_teacher(args: argparse.Namespace) -> int:
    from app.session_request import check_results_folder
    from app.train.walking_teacher import WalkingTeacherRequest, make_walking_teacher

    check_results_folder(args.out)
    with ordinary_permissions():
        card = make_walking_teacher(WalkingTeacherRequest(args.device, args.out, args.seed), _to_stderr)
    print(json.dumps(card, indent=2))
    return 0


def _train_exo_base(args: argparse.Namespace) -> int:
    from app.session_request import check_results_folder
    from app.train.default_controllers import make
    from app.train.exo_base import make_generic, make_strangers

    check_results_folder(args.out)
    with ordinary_permissions():
        cards = (
            make(args.device, args.out, args.seed),
            make_generic(args.device, args.out, print, args.seed),
            make_strangers(args.device, args.out, print, args.seed),
        )
    print(json.dumps(cards, indent=2))
    return 0


def _train_moments(args: argparse.Namespace) -> int:
    from app.cli.moments import moments_command

    return moments_command(args)


def _train_twin(args: argparse.Namespace) -> int:
    from app.terminal import open_terminal
    from app.train.twin import TwinRequest, train_twin

    folder = getattr(args, "data_dir", None) or data_dir_default()
    request = TwinRequest(
        args.person, args.trial, args.fidelity, args.minutes, args.seed, folder, args.out, args.resume
    )
    with open_terminal(folder) as terminal:
        result = train_twin(request, terminal)
    if args.as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:<22} {value}")
    return 0


def _train_student(args: argparse.Namespace) -> int:
    from app.terminal import open_terminal
    from app.train.student import StudentRequest, student_into_folder, student_of_record

    folder = getattr(args, "data_dir", None) or data_dir_default()
    request = StudentRequest(args.teacher, folder, args.out, args.device, args.seed, args.twin)
    if request.of_the_record:
        with open_terminal(folder) as terminal:
            result = student_of_record(request, terminal)
    else:
        result = student_into_folder(request, _to_stderr)
    if args.as_json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:<22} {value}")
    return 0


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr)
