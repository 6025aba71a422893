"""`exotwin job`: one job of the session, and what each of them wants to know."""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.cluster import add_address
from app.paths import data_dir_default
from core.domain.outside_json import read_json_file
from core.errors import refuse
from core.jobs.table import JOB_TABLE

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[Any]  # the type has no public name


def add_job(commands: Subparsers, add_data_dir: Callable[[argparse.ArgumentParser], None]) -> None:
    parser = commands.add_parser(
        "job",
        help="one job of the session; without a file: which parameters it takes",
        description="Run one job and print the id of its result. `exotwin job` lists the jobs, "
        "`exotwin job KIND` tells the parameters of one.",
    )
    parser.add_argument("kind", nargs="?", metavar="KIND", help="name of the job")
    parser.add_argument("params", nargs="?", type=Path, help="JSON file with the job's parameters")
    add_data_dir(parser)
    add_address(parser)
    parser.set_defaults(command=_job)


def _job(args: argparse.Namespace) -> int:
    if args.kind is None:
        print("\n".join(f"{kind:20} {job.title}" for kind, job in JOB_TABLE.items()))
        return 0
    if args.kind not in JOB_TABLE:
        raise refuse(
            "JOB-002",
            f"There is no job called {args.kind}.",
            "Jobs have fixed names.",
            f"Use one of: {', '.join(JOB_TABLE)}.",
        )
    if args.params is None:
        print(f"{JOB_TABLE[args.kind].title}\n\n{parameters_of(args.kind)}")
        return 0
    return _run(args.kind, _read(args.params), getattr(args, "data_dir", None) or data_dir_default())


def parameters_of(kind: str) -> str:
    """What a job takes, gives and refuses, in the words of its task."""
    module, function = JOB_TABLE[kind].task.split(":")
    return inspect.getdoc(getattr(importlib.import_module(module), function)) or ""


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(read_json_file(path))
    except (OSError, ValueError, TypeError) as error:
        raise refuse(
            "JOB-003",
            f"The parameter file {path} cannot be read.",
            f"{error}.",
            "Give a JSON file with the job's parameters; `exotwin job KIND` tells which.",
        ) from error


def _run(kind: str, params: dict[str, Any], data_dir: Path) -> int:
    from app.terminal import open_terminal

    with open_terminal(data_dir) as terminal:
        record_id = terminal.run(kind, params, visit_id=str(params.get("visit_id", "")))
    print(record_id)
    return 0
