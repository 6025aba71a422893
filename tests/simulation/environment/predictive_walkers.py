"""Standing bodies with muscles to begin predictive walks from, and a few plain synergies."""

from __future__ import annotations

from functools import lru_cache

import mujoco
import numpy as np

from core.domain.scenario import LEVEL_GROUND, Ground
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.simulation.environment.predictive import PredictiveEnvironment, PredictiveWalker, RecordedStarts
from core.simulation.model.exo_model import worn_model
from core.twin.body import Fidelity
from core.twin.scaling import neutral_pose

FULL = mujoco.mjtState.mjSTATE_FULLPHYSICS
SYNERGIES = 4


def lean_model(device: str | None = None, ground: Ground = LEVEL_GROUND) -> mujoco.MjModel:
    return worn_model(GENERIC_BODY, Fidelity.STANDARD, device, ground=ground, surfaces=False)


@lru_cache(maxsize=4)
def standing(device: str | None = None, activation: float = 0.1) -> RecordedStarts:
    """The body on both feet; in the second of two starts it moves ahead at 1 m/s."""
    model = lean_model(device)
    data = mujoco.MjData(model)
    states, sensors = [], []
    for speed in (0.0, 1.0):
        mujoco.mj_resetData(model, data)
        data.qpos[:] = neutral_pose(model)
        data.qpos[2], data.qvel[1] = 0.935, -speed
        data.act[:] = activation
        mujoco.mj_forward(model, data)
        state = np.zeros(mujoco.mj_stateSize(model, FULL))
        mujoco.mj_getState(model, data, state, FULL)
        states.append(state)
        sensors.append(data.sensordata.copy())
    return RecordedStarts(np.array(states), np.array(sensors), np.array([0.0, 1.0]))


def plain_synergies(muscles: int = 80) -> np.ndarray:
    """Every fourth muscle together."""
    return np.array([(np.arange(muscles) % SYNERGIES == number).astype(float) for number in range(SYNERGIES)])


def environment(
    count: int = 4,
    *,
    seed: int = 1,
    threads: int = 1,
    latency_s: float = 0.0,
    speeds_m_s: tuple[float, float] = (0.0, 0.1),
    episode_s: float = 10.0,
    body: BodyParameters = GENERIC_BODY,
    ground: Ground = LEVEL_GROUND,
    device: str | None = None,
) -> PredictiveEnvironment:
    walker = PredictiveWalker(lean_model(device, ground), body, speeds_m_s, ground, latency_s)
    return PredictiveEnvironment(
        [walker] * count,
        standing(device),
        plain_synergies(),
        seed=seed,
        episode_s=episode_s,
        threads=threads,
    )
