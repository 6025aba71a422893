"""Claims about exos of the ankle and exos that turn a joint one way: laws, offline torque, shoes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, JointKind
from core.domain.controller import TorqueDirection, TorqueLimits
from core.domain.scenario import LEVEL_WALKING
from core.exo_core.numpy_runtime import ExoRuntime
from core.gait.norms import normal_reference
from core.learning.exo.delayed_output_feedback import DelayedOutputFeedback
from core.learning.exo.delayed_spring import DELAY_S, REST_RAD, STIFFNESS_NM_RAD, DelayedSpring, spring_torque
from core.learning.exo.distillation import JointTrack, distil_law
from core.learning.exo.laws import random_law
from core.learning.exo.offline import _beyond_limits, soft_clamp
from core.learning.exo.twin_in_exo import TwinInExo
from core.learning.exo.worn_controller import CONTROL_HZ
from core.simulation.model.exo_model import exo_model
from tests.learning.exo.twins import LIMITS, policy_of, shipped_policy

PUSH = TorqueLimits(30.0, 300.0, 0.7, TorqueDirection.EXTENSION)
LIFT = replace(PUSH, direction=TorqueDirection.FLEXION)
SLOW = replace(PUSH, rate_nm_s=1e9)


class Ankles:
    """An environment of N walkers, as far as a law sees it."""

    exo_joint = JointKind.ANKLE

    def __init__(self, size: int) -> None:
        self.size = size
        self.exo_columns = list(JointKind.ANKLE.columns)
        self.joint_angle_rad = np.zeros((size, len(JOINTS)))

    @property
    def exo_reading(self) -> tuple[FloatArray, FloatArray]:
        angle: FloatArray = self.joint_angle_rad[:, self.exo_columns]
        return angle, np.zeros_like(angle)

    def bent(self, *angle_rad: float) -> Any:
        self.joint_angle_rad[:, self.exo_columns] = angle_rad
        return self


def test_an_exo_that_pushes_gives_nothing_for_the_other_sign_but_the_gradient_leads_back() -> None:
    for limits, sign in ((PUSH, -1.0), (LIFT, 1.0)):
        asked = (sign * torch.tensor([-3.0, -0.5, 0.0, 5.0, 200.0])).requires_grad_()
        given = sign * soft_clamp(asked, limits)

        given.sum().backward()

        assert given.tolist() == pytest.approx([0.0, 0.0, 0.0, 5.0, 30.0], rel=0.02)
        assert asked.grad is not None and (sign * asked.grad[:4] > 0.1).all()


def test_a_target_of_the_wrong_sign_learns_to_turn() -> None:
    """From 6 N m the wrong way to the 20 N m that would be best, by gradient steps alone."""
    asked = torch.tensor([6.0], requires_grad=True)
    for _ in range(60):
        missed = (soft_clamp(asked, PUSH) + 20.0) ** 2
        (slope,) = torch.autograd.grad(missed.sum(), asked)
        asked = (asked - 0.3 * slope).detach().requires_grad_()
    assert soft_clamp(asked, PUSH).item() == pytest.approx(-20.0, abs=0.5)


def test_both_ways_the_torque_nears_its_peak_as_ever() -> None:
    asked = torch.tensor([-40.0, -3.0, 0.0, 8.0])
    assert soft_clamp(asked, LIMITS).tolist() == (12.0 * torch.tanh(asked / 12.0)).tolist()
    assert _beyond_limits(asked, LIMITS).tolist() == pytest.approx((asked.abs() / 12.0 - 1.0).tolist())
    assert _beyond_limits(torch.tensor([15.0, -45.0]), PUSH).tolist() == [0.5, 0.5]


def test_a_spring_pushes_in_stance_after_its_delay_and_leaves_the_swing_alone() -> None:
    law, walkers = DelayedSpring(Ankles(1), 100.0, 0.1, 0.03, SLOW), Ankles(1)  # type: ignore[arg-type]
    bent = [law(walkers.bent(angle, 0.09)) for angle in (0.2, 0.3, 0.0, 0.0, 0.0, 0.0, 0.9)]

    left, right = np.array(bent)[:, 0].T
    assert left == pytest.approx([0.0, 0.0, 0.0, -10.0, -20.0, 0.0, 0.0])
    assert not right.any()


def test_a_spring_stays_within_the_limits_and_forgets_who_starts_again() -> None:
    law, walkers = DelayedSpring(Ankles(2), 1000.0, 0.0, 0.0, PUSH), Ankles(2)  # type: ignore[arg-type]
    torque = [law(walkers.bent(0.5, -0.5)) for _ in range(15)]

    law.reset(np.array([True, False]), walkers)  # type: ignore[arg-type]

    assert np.diff(np.array(torque)[:, 0, 0]).min() >= -3.0 - 1e-9  # 300 N m/s
    assert torque[-1].tolist() == [[-30.0, 0.0]] * 2
    assert law(walkers.bent(0.0, 0.0)).tolist() == [[0.0, 0.0], [-27.0, 0.0]]


def test_the_law_that_is_taught_is_the_law_that_was_tried() -> None:
    walkers, random = Ankles(1), np.random.default_rng(0)
    law = DelayedSpring(walkers, STIFFNESS_NM_RAD, REST_RAD, DELAY_S, replace(SLOW, peak_nm=1e9))  # type: ignore[arg-type]
    angle = random.uniform(-0.3, 0.3, (60, 2))

    walked = np.array([law(walkers.bent(*one))[0] for one in angle])

    np.testing.assert_allclose(spring_torque(angle), walked)
    assert round(DELAY_S * CONTROL_HZ) > 0


def test_the_network_on_the_exo_reproduces_the_spring() -> None:
    """On ankles of a normal stride at three paces; it sees 30 ms and the law is 60 ms late."""
    tracks = []
    for period_s in (0.95, 1.1, 1.25):
        phase = np.arange(600) / (100.0 * period_s)
        stride = normal_reference().angle_rad[:, list(JointKind.ANKLE.columns)]
        turn = np.arange(len(stride)) / len(stride)
        angle = np.stack([np.interp(phase, turn, side, period=1.0) for side in stride.T], axis=1)
        tracks.append(JointTrack(angle, np.gradient(angle, 0.01, axis=0)))

    controller, error_nm = distil_law(tracks, SLOW, seed=0, joint=JointKind.ANKLE, steps=300)

    runtime, track = ExoRuntime(controller), tracks[1]
    readings = zip(track.angle_rad.astype(np.float32), track.velocity_rad_s.astype(np.float32), strict=True)
    torque = np.array([runtime.step(*reading) for reading in readings])[100:]
    expected = np.maximum(spring_torque(track.angle_rad)[100:], SLOW.lowest_nm)
    assert controller.joint is JointKind.ANKLE and error_nm < 3.0
    assert np.corrcoef(torque[:, 0], expected[:, 0])[0, 1] > 0.97
    assert torque.max() <= 0.0 and np.abs(torque[expected == 0.0]).mean() < 1.0


def drawn(walkers: Any, limits: TorqueLimits) -> Any:
    return random_law(walkers, limits, np.random.default_rng(1))


def test_twins_are_studied_with_a_law_of_the_joint_that_their_exo_turns() -> None:
    ankles, hips = Ankles(5), Ankles(5)
    hips.exo_joint, hips.exo_columns = JointKind.HIP_FLEXION, list(JointKind.HIP_FLEXION.columns)
    assert isinstance(drawn(ankles, PUSH), DelayedSpring)
    assert isinstance(drawn(hips, LIMITS), DelayedOutputFeedback)

    one_way: FloatArray = np.zeros((5, 2))
    law = drawn(hips, PUSH)
    for _ in range(40):
        one_way = np.minimum(one_way, law(hips.bent(0.4, -0.3)))
        assert law(hips).max() <= 0.0
    assert one_way.min() < -5.0


@pytest.fixture(scope="module")
def boots() -> TwinInExo:
    return TwinInExo(policy_of(shipped_policy()), "DephyExoBoot_L1")


def test_without_the_exo_the_same_joint_is_looked_at(boots: TwinInExo) -> None:
    assert boots.walker(LEVEL_WALKING, worn=False).exo_joint is JointKind.ANKLE


def test_toes_bend_up_in_a_boot_and_are_not_pushed_against_it(boots: TwinInExo) -> None:
    """In this body a positive angle lowers the toes; assist-sim gives 0.2 rad up and 0.0145 down."""
    assert exo_model("DephyExoBoot_L1").toes_rad == pytest.approx((-0.2, 0.0145))
    assert exo_model("OpenExo_L1").toes_rad is None
    walkers = [boots.walker(LEVEL_WALKING, worn=worn) for worn in (True, False)]
    worn, bare = (boots.environment([walker], seed=3, threads=1) for walker in walkers)
    toes = list(JointKind.TOES.columns)
    pushing = np.full((1, len(JOINTS)), -2.0)

    held, free = worn.target(pushing), bare.target(pushing)

    assert held[:, toes] == pytest.approx(-0.2) and (free[:, toes] < -0.25).all()
    others = [column for column in range(len(JOINTS)) if column not in toes]
    np.testing.assert_array_equal(held[:, others], free[:, others])
