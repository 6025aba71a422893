"""Claims about the job that adapts a controller to a recorded walk."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from app.bench.assist_adapt import other_gait, recorded, worn_walk
from core.devices.profiles import load_default_controller
from core.domain.adaptation import MOST_TORQUE_CHANGE, WornGait
from core.domain.controller import Deployment, ExoController, Package, TrainedController
from core.domain.record import RecordKind
from core.jobs.values import Progress, SilentContext
from core.learning.exo import fine_tuning
from core.learning.exo.twin_in_exo import TwinInExo
from core.session.flow import Step, StepState, VisitFacts, session_status
from core.store.repository import open_store
from core.tasks import adapt_controller, gait_envelope, twin_as_walked
from tests.domain.test_walk_measures import walks
from tests.learning.exo.twins import DEVICE, LIMITS, walking_twin
from tests.little_training import shrink
from tests.refusals import code_of, refused
from tests.tasks.test_controller_tasks import Visit, visit_in
from tests.ui.records import GAIT, SHA256


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        for module, name, little in (
            (fine_tuning, "STEPS", 6),
            (fine_tuning, "PRICES", (20.0,)),
            (fine_tuning, "WALKERS", 3),
            (fine_tuning, "SECONDS", 2.0),
            (adapt_controller, "SELECTION_WALKERS", 2),
            (adapt_controller, "SELECTION_S", 1.6),
            (twin_as_walked, "WALKERS", 2),
            (twin_as_walked, "SECONDS", 4.0),
            (twin_as_walked, "ROUNDS", 2),
            (gait_envelope, "WALKERS", 3),
        ):
            patch.setattr(module, name, little)
        for slow in ("twin_as_walked", "study_twin"):  # of the same twin, once for all tests
            patch.setattr(adapt_controller, slow, _once(getattr(adapt_controller, slow)))
        yield


def _once(work: Callable[..., object]) -> Callable[..., object]:
    found: list[object] = []

    def remembered(*arguments: object, **named: object) -> object:
        if not found:
            found.append(work(*arguments, **named))
        return found[0]

    return remembered


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory, small: None) -> Visit:
    return visit_in(tmp_path_factory.mktemp("adapted"))


@pytest.fixture(scope="module")
def walk_id(visit: Visit) -> str:
    """A walk with the default controller, of a wearer with shorter and quicker strides than the twin."""
    controller = dataclasses.replace(load_default_controller(DEVICE), limits=LIMITS)
    twin = walking_twin()
    wearer = TwinInExo(dataclasses.replace(twin.policy, reference=other_gait(twin.policy.reference)), DEVICE)
    walk = recorded(wearer, controller, 12.0)
    trained = worn_walk(walk, controller).trained
    with open_store(visit.folder) as store:

        def saved(kind: RecordKind, payload: object, *inputs: str) -> str:
            return store.save(kind, payload, visit_id=visit.visit_id, inputs=inputs, summary="")

        worn = saved(RecordKind.CONTROLLER, dataclasses.replace(trained, envelope=GAIT), visit.policy_id)
        package = Package("c.exopkg", SHA256, 1, DEVICE, "tag", LIMITS, envelope=GAIT)
        on_exo = Deployment(SHA256, SHA256, "VX-1", "pty", confirmed=True, virtual=True)
        packed = saved(RecordKind.PACKAGE, package, worn)
        return saved(RecordKind.WALK, walk, saved(RecordKind.DEPLOYMENT, on_exo, packed))


def run(visit: Visit, walk_id: str) -> tuple[str, SilentContext]:
    context = visit.context("adapt_controller", {"walk_id": walk_id, "seed": 0})
    return adapt_controller.run(context.spec.params, context), context


def take_what_is_learned(patch: pytest.MonkeyPatch) -> None:
    """So little learning is worth nothing: here all that it gives counts as better."""

    def take(self: fine_tuning.LeastAgainst, controller: ExoController) -> float:
        self.controller = controller
        return 0.1

    patch.setattr(fine_tuning.LeastAgainst, "consider", take)
    patch.setattr(adapt_controller, "_check_bounds", lambda *_: None)


@pytest.mark.slow
def test_what_is_not_better_is_refused_and_nothing_is_saved(
    visit: Visit, walk_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tuning.LeastAgainst, "consider", lambda self, controller: 0.2)
    with open_store(visit.folder) as store:
        before = store.records(visit.visit_id)
        assert code_of(run, visit, walk_id) == "TRN-048"
        assert store.records(visit.visit_id) == before


def test_a_gait_that_the_twin_does_not_or_cannot_walk_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, controller = walking_twin().policy, load_default_controller(DEVICE)
    own = WornGait(1.1, (0.8, 0.8), (9, 9))
    monkeypatch.setattr(twin_as_walked, "gait_of_twin", lambda *_, **__: own)
    for walked in (WornGait(1.8, (0.8, 0.8), (9, 9)), WornGait(1.1, (0.8, 0.4), (9, 9))):
        with refused("TRN-044"):
            twin_as_walked.twin_as_walked(policy, controller, DEVICE, walked, seed=0)
    monkeypatch.undo()
    falls = dataclasses.replace(policy, reference=dataclasses.replace(policy.reference, period_s=0.2))
    monkeypatch.setattr(twin_as_walked, "SECONDS", 1.6)
    assert code_of(twin_as_walked.gait_of_twin, falls, controller, DEVICE, seed=0) == "TRN-043"


@pytest.mark.parametrize(
    ("change", "cost", "falls", "against", "told"),
    (
        (0.25, 0.9, 0, 0.1, "25 % of the peak"),
        (0.1, 1.1, 0, 0.1, "higher metabolic rate than with the controller before"),
        (0.1, 0.9, 1, 0.1, "3 falls in 8 walks instead of 2"),
        (0.1, 0.9, 0, 0.3, "was not less"),
    ),
)
def test_every_bound_refuses_with_its_reason(
    change: float, cost: float, falls: int, against: float, told: str
) -> None:
    old = load_default_controller(DEVICE)
    was = walks(2)
    now = dataclasses.replace(
        was,
        metabolic_w_kg=cost * was.metabolic_w_kg,
        falls=was.falls + falls,
        negative_work_fraction=np.full(was.seeds, against),
    )
    was = dataclasses.replace(was, negative_work_fraction=np.full(was.seeds, 0.2))
    with refused("TRN-048") as caught:
        adapt_controller._check_bounds(old, old, change, now, was)
    assert told in caught.value.advice.why


@pytest.mark.slow
def test_it_is_a_new_controller_of_the_walk_within_the_bounds(
    visit: Visit, walk_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_what_is_learned(monkeypatch)
    with open_store(visit.folder) as store:
        before = store.latest(visit.visit_id, RecordKind.CONTROLLER)
        assert before is not None
        old = store.load(before.id, TrainedController)
        record_id, context = run(visit, walk_id)
        info, new = store.info(record_id), store.load(record_id, TrainedController)
        assert [name for name, _ in info.provenance.inputs] == [visit.policy_id, before.id, walk_id]
        adapted = new.adapted
        assert adapted is not None and (adapted.walk_id, adapted.controller_id) == (walk_id, before.id)
        assert new.controller.limits == old.controller.limits and old.adapted is None
        assert 0.0 < adapted.torque_change <= MOST_TORQUE_CHANGE
        assert adapted.virtual and "virtual walk" in info.summary
        assert twin_as_walked.difference(adapted.followed, adapted.walked) < 0.1
        assert twin_as_walked.difference(adapted.twin, adapted.walked) > 0.1
        assert new.walking is not None and new.envelope is not None and len(new.gaits) == 3
        told = next(one.advice for one in new.findings if one.advice.code == "TRN-049")
        assert "nobody walked" in told.what and "half torque" in told.next_step
        facts = VisitFacts(None, store.records(visit.visit_id))
        states = {status.step: status.state for status in session_status(facts)}
        assert states[Step.TRAIN] is StepState.DONE and states[Step.DEPLOY] is StepState.STALE
        fractions = [one.fraction for one in context.events if isinstance(one, Progress)]
        assert fractions == sorted(fractions) and fractions[-1] < 1.0
        assert code_of(run, visit, walk_id) == "TRN-045"  # it is the walk of the controller before
