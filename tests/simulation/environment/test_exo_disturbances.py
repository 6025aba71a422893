"""Claims about failures of a worn exo: what it gives and reads, for how long, on which side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Side
from core.domain.scenario import ExoDisturbance, ExoDisturbanceKind
from core.domain.twin import GENERIC_BODY
from core.gait.norms import normal_reference
from core.simulation.environment.batch_environment import EXO_STEP_S
from core.simulation.environment.exo_disturbances import ExoDisturbances
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity

HALT, STAYS, FREEZES, SLIPS = ExoDisturbanceKind
BEGIN_S, SHORT_S = 0.11, 0.03  # within a control step, for three ticks of the exo
TICKS = round(0.3 / EXO_STEP_S)


class Ramp:
    """An exo that gives 0.1 N m more in every tick, and keeps what it reads."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.read: list[FloatArray] = []

    def __call__(self, environment: WalkingEnvironment) -> FloatArray:
        self.asked.append(0.1 * (len(self.asked) + 1))
        self.read.append(np.array(environment.exo_reading)[:, 0])
        return np.full((environment.size, 2), self.asked[-1])


class Truth(WalkingEnvironment):
    """Keeps what the exo gave, and what its joints did, in every tick."""

    def _exo_torque(self, assist):  # type: ignore[no-untyped-def]
        given = super()._exo_torque(assist)
        columns = self.exo_columns
        self.given.append(given[0].copy())
        self.moved.append(np.array([self.joint_angle_rad[0, columns], self.joint_velocity_rad_s[0, columns]]))
        return given

    given: list[FloatArray]
    moved: list[FloatArray]


@pytest.fixture(scope="module")
def wearer() -> Walker:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, "Hippo_L1", surfaces=False)
    return Walker(model, GENERIC_BODY, normal_reference())


def walked(wearer: Walker, failure: ExoDisturbance | None) -> tuple[Ramp, FloatArray, FloatArray]:
    """Three tenths of a second: the exo, the torque given (T, 2), and the true motion (T, 2, 2)."""
    environment = Truth([replace(wearer, exo_disturbance=failure)], seed=1, threads=1)
    environment.given, environment.moved = [], []
    exo = Ramp()
    while len(exo.asked) < TICKS:
        environment.step(np.zeros((1, 14)), exo)
    return exo, np.array(environment.given), np.array(environment.moved)


def failing(kind: ExoDisturbanceKind, sides: tuple[Side, ...] = SIDES, **numbers: float) -> ExoDisturbance:
    return ExoDisturbance(kind, sides, at_s=BEGIN_S, duration_s=SHORT_S, **numbers)


FAILED = slice(round(BEGIN_S / EXO_STEP_S), round((BEGIN_S + SHORT_S) / EXO_STEP_S))


def test_a_halt_ends_the_torque_at_once_for_its_time_on_its_side(wearer: Walker) -> None:
    exo, given, _ = walked(wearer, failing(HALT, (Side.LEFT,)))

    expected = np.array(exo.asked)
    np.testing.assert_array_equal(given[:, 1], expected)
    expected[FAILED] = 0.0
    np.testing.assert_array_equal(given[:, 0], expected)


def test_frozen_torque_stays_as_it_was_in_the_tick_before(wearer: Walker) -> None:
    exo, given, _ = walked(wearer, failing(STAYS, (Side.RIGHT,)))

    expected = np.array(exo.asked)
    np.testing.assert_array_equal(given[:, 0], expected)
    expected[FAILED] = expected[FAILED.start - 1]
    np.testing.assert_array_equal(given[:, 1], expected)


def test_a_frozen_sensor_tells_its_last_angle_and_velocity_and_then_the_true_ones(wearer: Walker) -> None:
    exo, _, moved = walked(wearer, failing(FREEZES))

    expected = moved.copy()
    expected[FAILED] = moved[FAILED.start - 1]
    np.testing.assert_array_equal(np.array(exo.read), expected)
    assert np.abs(moved[FAILED] - expected[FAILED]).max() > 0.0


def test_a_strap_that_slips_shifts_the_angle_from_then_on_and_not_the_velocity(wearer: Walker) -> None:
    exo, _, moved = walked(wearer, failing(SLIPS, (Side.LEFT,), shift_rad=0.15))

    shift = np.array(exo.read) - moved
    assert not shift[:, :, 1].any() and not shift[:, 1].any()
    np.testing.assert_allclose(shift[:, 0, 0], 0.15 * (np.arange(TICKS) >= FAILED.start), atol=1e-12)


def test_an_exo_in_order_gives_what_is_asked_and_reads_the_truth(wearer: Walker) -> None:
    exo, given, moved = walked(wearer, None)

    np.testing.assert_array_equal(given, np.repeat(np.array(exo.asked)[:, None], 2, axis=1))
    np.testing.assert_array_equal(np.array(exo.read), moved)


def test_a_walk_with_a_frozen_sensor_continues_exactly_from_its_memory(wearer: Walker) -> None:
    failure = replace(failing(FREEZES), duration_s=1.0)
    one, other = (
        WalkingEnvironment([replace(wearer, exo_disturbance=failure)], seed=1, threads=1) for _ in range(2)
    )
    for _ in range(8):
        one.step(np.zeros((1, 14)), Ramp())

    other.load_state_dict({name: array.copy() for name, array in one.state_dict().items()})

    np.testing.assert_array_equal(one.exo_reading, other.exo_reading)


def test_walkers_without_a_failure_have_none() -> None:
    failures = ExoDisturbances([None, failing(HALT)])
    asked, before = np.ones((2, 2)), np.full((2, 2), 7.0)

    given = failures.torque_nm(np.full(2, BEGIN_S), asked, before)

    np.testing.assert_array_equal(given, [[1.0, 1.0], [0.0, 0.0]])
    assert failures.expected and not ExoDisturbances([None]).expected
