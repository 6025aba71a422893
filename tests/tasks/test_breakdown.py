"""Claims about a training run whose physics breaks down: it stops, and its advice names the recording."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from app.cli import commands as cli
from core.errors import UserError
from core.gait.norms import normal_reference
from core.simulation.model.exo_model import worn_model
from core.tasks import learn_gait
from tests.tasks.test_learn_gait import Visit, small

__all__ = ["small"]  # few walkers, for every test here


def pushed_apart(*arguments: Any, **named: Any) -> Any:
    """A body whose knees are pushed away from their target instead of towards it."""
    model = copy.deepcopy(worn_model(*arguments, **named))
    for side in "lr":
        model.actuator(f"knee_angle_{side}").biasprm[1] = 1e7
        model.actuator(f"knee_angle_{side}").forcerange[:] = (-1e12, 1e12)
    return model


@pytest.mark.slow
def test_a_body_that_breaks_down_is_told_with_a_recording_that_can_be_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = Visit(tmp_path).context(normal_reference(1.68))
    monkeypatch.setattr(learn_gait, "worn_model", pushed_apart)
    monkeypatch.setattr(learn_gait, "shipped_policy", lambda *, muscles: None)

    with pytest.raises(UserError) as caught:
        learn_gait.run(context.spec.params, context)

    assert caught.value.advice.code == "SIM-005"
    named = re.search(r"exotwin replay (\S+)`", caught.value.advice.next_step)
    assert named is not None
    capsys.readouterr()
    assert cli.run(["replay", named.group(1)]) == cli.EXIT_OK
    output = capsys.readouterr().out
    assert "What broke first: the acceleration of" in output and "knee flexion" in output
    assert "bit by bit" in output


@pytest.mark.usefixtures("reads_in_this_process")
def test_a_file_that_is_no_recording_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["replay", str(tmp_path / "nothing.npz")]) == cli.EXIT_REFUSED
    assert capsys.readouterr().err.rstrip().endswith("[SIM-006]")
