"""Claims about the physics in the provenance of simulated results."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.domain.record import Provenance
from core.jobs.values import JobContext, JobSpec, Params, SilentContext
from core.simulation.physics.used import use
from core.tasks.physics_used import notes_physics, physics_settings


@notes_physics
def training(params: Params, context: JobContext) -> str:
    use(str(params["physics"]))
    if params.get("dies"):
        raise MemoryError
    return "; ".join(physics_settings()["physics"])


def context(folder: Path) -> SilentContext:
    return SilentContext(JobSpec("job", "training", {}, folder, "", ""), folder)


def test_a_training_that_goes_on_with_another_physics_names_both(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        training({"physics": "one on a card", "dies": True}, context(tmp_path))

    assert training({"physics": "another"}, context(tmp_path)) == "one on a card; another"


def test_a_job_that_simulates_nothing_names_none_and_keeps_nothing(tmp_path: Path) -> None:
    @notes_physics
    def reads_files(_params: Params, _context: JobContext) -> str:
        return str(physics_settings())

    assert reads_files({}, context(tmp_path)) == "{'physics': []}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("settings", ["", "{}", '{"minutes": 1.0}'])
def test_a_record_that_does_not_say_has_none(settings: str) -> None:
    assert Provenance((), "", "0.1.0", None, settings).physics == ()
