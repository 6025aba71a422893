"""Claims about `exotwin job`, `--version` and how progress reads where no bar can be drawn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import pytest

from app.cli import commands as cli
from app.cli.session_plan import demo_jobs, film_jobs, trial_jobs
from app.terminal import progress_line
from core.jobs.table import JOB_TABLE
from core.jobs.values import Progress


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.run(list(words)) == cli.EXIT_OK
    return capsys.readouterr().out


def test_all_jobs_are_listed_with_what_they_do(capsys: Any) -> None:
    said = told(capsys, "job")

    assert all(f"{kind} " in said and job.title in said for kind, job in JOB_TABLE.items())


def test_a_job_without_a_file_tells_its_parameters(capsys: Any) -> None:
    assert "`person` (from 0)" in told(capsys, "job", "choose_person")


def test_every_job_says_what_it_takes_or_sends() -> None:
    from app.cli.job import parameters_of

    light = ("choose_person", "list_cameras", "list_exos", "shift_emg", "roll_back", "remove_original")
    assert all(len(parameters_of(kind)) > 40 for kind in light)


def test_the_version_names_program_system_and_parts(capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        cli.run(["--version"])

    said = capsys.readouterr().out
    assert end.value.code == 0
    assert said.startswith("ExoTwin 0.") and "Python 3." in said and "torch 2." in said


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(0.45, "Lesson 3", 88.0), "step 4 of 10: Teach, 45 %, about 90 s left (Lesson 3)"),
        (Progress(0.45, "Lesson 3", 400.0), "step 4 of 10: Teach, 45 %, about 7 min left (Lesson 3)"),
        (Progress(0.0, "Reading"), "step 4 of 10: Teach, 0 % (Reading)"),
        (Progress(None, "Waiting"), "step 4 of 10: Teach (Waiting)"),
    ],
)
def test_a_line_of_progress_tells_step_share_and_time(progress: Progress, line: str) -> None:
    assert progress_line("step 4 of 10: Teach", progress) == line


def test_a_planned_session_names_every_job_once() -> None:
    plans = (
        film_jobs(emg=True, exo_log=True),
        film_jobs(emg=False, exo_log=False),
        trial_jobs(exo_log=True),
        demo_jobs(exo_log=False),
    )
    for plan in plans:
        assert len(set(plan)) == len(plan) and set(plan) <= JOB_TABLE.keys()
    assert len(plans[0]) == 16 and len(plans[3]) == 13


def without_help(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every command and option below a parser that has no word about itself."""
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            if not action.help:
                yield f"{parser.prog} {action.option_strings or action.dest}"
            continue
        told = {choice.dest for choice in action._choices_actions if choice.help}
        yield from (f"{parser.prog} {name}" for name in action.choices.keys() - told)
        for below in action.choices.values():
            yield from without_help(below)


def test_every_command_and_option_says_what_it_is() -> None:
    assert not list(without_help(cli._parser()))
