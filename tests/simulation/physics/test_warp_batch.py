"""Claims about physics by MuJoCo Warp: single precision away from C, in the air and on a real walk.

Its kernels are compiled once (half a minute for the first claim, two minutes for all) and kept in pytest's
cache; they run on the processor here.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import mujoco
import numpy as np
import pytest

from app.bench.scale_physics import RecordedWalk, differences, recorded_walk
from core.domain.body import Side
from core.domain.scenario import Ground, GroundKind
from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import exo_model, worn_model
from core.simulation.physics.batch import BatchPhysics
from core.simulation.physics.domain_randomisation import RandomisationRanges, altered_model, draw
from core.simulation.physics.perturbations import slippery
from core.twin.body import Fidelity
from tests.learning.exo.twins import DEVICE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("mujoco_warp") is None, reason="the extra “gpu” is not installed"),
]
LONG = pytest.mark.long

ROWS = 3
BODIES = [Fidelity.FAST, Fidelity.LUMPED, Fidelity.STANDARD]
IN_THE_AIR = [BODIES[0], *(pytest.param(one, marks=LONG) for one in BODIES[1:])]


@pytest.fixture(autouse=True)
def kernels(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    import warp

    assert pytestconfig.cache is not None
    monkeypatch.setattr(warp.config, "kernel_cache_dir", str(pytestconfig.cache.mkdir("warp")))


def on_warp(models: Sequence[mujoco.MjModel]):  # type: ignore[no-untyped-def]
    from core.simulation.physics.warp_batch import WarpPhysics

    return WarpPhysics(models, device="cpu")


def randomised(fidelity: Fidelity, count: int = ROWS) -> list[mujoco.MjModel]:
    """Bodies with masses, strengths and frictions of their own, each with the exo."""
    model = worn_model(GENERIC_BODY, fidelity, DEVICE, surfaces=False)
    muscles = int((model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE).sum())
    return [altered_model(model, change) for change in draw(RandomisationRanges(), count, muscles, 0)]


def converged(model: mujoco.MjModel) -> mujoco.MjModel:
    """A copy whose contacts are solved to the end: a body that falls with limp joints lands harder than feet
    of a walk, and two programs that stop early stop at other places.
    """
    copied = copy.copy(model)
    copied.opt.iterations = copied.opt.ls_iterations = 50
    return copied


def begun(physics: BatchPhysics, models: Sequence[mujoco.MjModel], height_m: float) -> np.ndarray:
    position = np.array([model.qpos0 for model in models])
    position[:, 2] += height_m
    return physics.at_rest(position, np.zeros((len(models), models[0].nv)))


@pytest.mark.parametrize("fidelity", IN_THE_AIR)
def test_fifty_steps_in_the_air_end_within_single_precision(fidelity: Fidelity) -> None:
    models = randomised(fidelity)
    c = BatchPhysics(models, threads=1)
    control = np.random.default_rng(0).uniform(0.0, 0.3, (ROWS, models[0].nu))
    state = begun(c, models, 1.0)

    ours, theirs = c.advance(state, control, 50), on_warp(models).advance(state, control, 50)

    # Measured: 4e-7 (torques), 6e-7 (26 muscles); accelerations of toes reach 1 300 rad/s2.
    assert np.abs(c.position(ours.state) - c.position(theirs.state)).max() < 5e-6
    assert np.abs(c.velocity(ours.state) - c.velocity(theirs.state)).max() < 2e-4
    assert np.abs(c.activation(ours.state) - c.activation(theirs.state)).max(initial=0.0) < 1e-6
    assert np.array_equal(ours.state[:, 0], theirs.state[:, 0])  # time, to the bit
    assert not theirs.diverged.any()


@pytest.fixture(scope="module", params=[False, True], ids=["torques", "80 muscles"])
def walk(request: pytest.FixtureRequest) -> RecordedWalk:
    return recorded_walk(muscles=request.param)


@LONG
def test_a_walk_of_the_shipped_policy_has_the_same_forces(walk: RecordedWalk) -> None:
    """Every control interval of two seconds of walking with the exo, each from the state it had in C."""
    found = differences(walk, on_warp(walk.models))

    ground = np.array([one.ground_force_weights for one in found])
    assert len(found) >= 90
    position = [one.position for one in found]
    assert np.median(position) < 1e-6
    # Measured 5e-5, by toes of 80 muscles in single steps (0.01 rad/s) in which a foot rolls on to them:
    # more iterations or a smaller tolerance change nothing of it. Torques: 1.3e-6.
    assert max(position) < 2e-4
    assert max(one.activation for one in found) < 1e-6
    assert max(one.actuator_force for one in found) < 0.05  # N, measured 0.006; N m of the torque body
    assert np.quantile(ground, 0.99) < 1e-3 and ground.max() < 0.02  # of body weight


@LONG
def test_a_force_from_outside_acts_as_in_c() -> None:
    models = randomised(Fidelity.FAST)
    c = BatchPhysics(models, threads=1)
    force = np.zeros((ROWS, models[0].nbody, 6))
    force[1, models[0].body("pelvis").id] = 40.0, -25.0, 10.0, 3.0, 5.0, -2.0
    state, control = begun(c, models, 1.0), np.zeros((ROWS, models[0].nu))

    ours = c.advance(state, control, 20, force=force).state
    physics = on_warp(models)
    theirs = physics.advance(state, control, 20, force=force).state
    after = physics.advance(state, control, 20).state

    assert np.abs(ours - theirs)[:, 1:].max() < 2e-5
    assert np.abs(after - c.advance(state, control, 20).state)[:, 1:].max() < 2e-5


@LONG
def test_level_ground_and_ramps_share_a_batch_and_each_stands_on_its_own() -> None:
    """MuJoCo Warp takes the place of a floor from one model for all: here every body has its own."""
    models = [
        converged(worn_model(GENERIC_BODY, Fidelity.FAST, None, ground=ground, surfaces=False))
        for ground in (Ground(), Ground(GroundKind.RAMP, 0.1), Ground(GroundKind.RAMP, -0.1))
    ]
    c = BatchPhysics(models, threads=1)
    state, control = begun(c, models, 0.0), np.zeros((3, models[0].nu))

    physics = on_warp(models)
    ours, theirs = c.advance(state, control, 60), physics.advance(state, control, 60)

    assert len(physics._crowds) == 1
    off = np.abs(c.position(ours.state) - c.position(theirs.state)).max(axis=1)
    # Downhill a contact begins just as a step does, or a step later. Measured 6e-4; C alone comes as far
    # from itself (6.5e-4) when its start is moved by 6e-8; uphill and on the level it does not.
    assert off[:2].max() < 1e-6 and off[2] < 2e-3
    for row, model in enumerate(models):
        alone = on_warp([model]).advance(state[[row]], control[[row]], 60)
        assert np.abs(alone.state[0] - theirs.state[row]).max() < 1e-6
    assert np.abs(ours.state[1] - ours.state[2]).max() > 0.05


@LONG
def test_a_slip_and_a_joint_that_stiffens_act_at_once() -> None:
    models = [converged(model) for model in randomised(Fidelity.FAST)]
    c, physics = BatchPhysics(models, threads=1), on_warp(models)
    state, control = begun(c, models, 0.0), np.zeros((ROWS, models[0].nu))
    acting = [models[0], slippery(models[1], Side.LEFT, 0.05), models[2]]
    physics.advance(state, control, 5)
    models[2].jnt_stiffness[8] += 200.0
    models[2].dof_damping[13] += 10.0

    ours = c.advance(state, control, 60, models=acting).state
    theirs = physics.advance(state, control, 60, models=acting).state

    assert np.abs(ours - theirs)[:, 1:].max() < 1e-4


@LONG
def test_a_body_whose_numbers_break_down_is_reported_and_keeps_its_state() -> None:
    models = randomised(Fidelity.FAST)
    physics = on_warp(models)
    state, control = begun(BatchPhysics(models, threads=1), models, 1.0), np.zeros((ROWS, models[0].nu))
    physics.velocity(state)[1] = 1e9

    end = physics.advance(state, control, 5)

    assert end.diverged.tolist() == [False, True, False]
    assert np.array_equal(end.state[1], state[1])


@LONG
@pytest.mark.parametrize("fidelity", BODIES)
def test_bodies_in_compliant_straps_are_taken(fidelity: Fidelity) -> None:
    from core.simulation.physics.warp_batch import loaded
    from core.simulation.physics.warp_numbers import numbers_of

    straps = () if fidelity is Fidelity.FAST else exo_model(DEVICE).straps
    model = worn_model(GENERIC_BODY, fidelity, DEVICE, surfaces=False, straps=straps)
    assert numbers_of(*loaded(), model).own["body_mass"].shape == (model.nbody,)


@LONG
def test_the_cache_of_kernels_is_pytests(pytestconfig: pytest.Config) -> None:
    import warp

    assert pytestconfig.cache is not None
    assert Path(warp.config.kernel_cache_dir) == Path(pytestconfig.cache.mkdir("warp"))
