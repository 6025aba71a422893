"""Claims about virtual sensors: they tell the truth when perfect, and err by the stated amounts."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import SIDES, Joint, Side
from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import worn_model
from core.simulation.model.exo_sensors import (
    PERFECT,
    Encoder,
    Faults,
    FootSwitch,
    Imu,
    ImuSite,
    VirtualSensors,
    add_probes,
)
from core.simulation.model.joint_coupling import position_columns
from core.simulation.physics.batch import BatchPhysics
from core.twin.body import Fidelity

SENSORS = (Imu(ImuSite.THIGH, Side.LEFT), Encoder(Joint.HIP_FLEXION_L), FootSwitch(Side.LEFT))
PENDULUM = """
<mujoco>
  <option gravity="0 -9.81 0"/>
  <worldbody>
    <body name="femur_l">
      <joint name="hip_flexion_l" axis="0 0 1"/>
      <geom type="capsule" fromto="0 0 0 0 -0.4 0" size="0.05"/>
    </body>
  </worldbody>
  <sensor><user name="ground_l" dim="6"/></sensor>
</mujoco>
"""


def pendulum() -> mujoco.MjModel:
    spec = mujoco.MjSpec.from_string(PENDULUM)
    add_probes(spec, SENSORS)
    return spec.compile()


def felt(model: mujoco.MjModel, angle: float = 0.0, velocity: float = 0.0, load_n: float = 0.0) -> np.ndarray:
    """The model's sensor values (Y,) in this state, with the foot loaded."""
    data = mujoco.MjData(model)
    data.qpos[0], data.qvel[0] = angle, velocity
    mujoco.mj_forward(model, data)
    data.sensor("ground_l").data[2] = -load_n
    return data.sensordata.copy()


def worn(faults: Faults, worlds: int = 1, seed: int = 0) -> tuple[mujoco.MjModel, VirtualSensors]:
    model = pendulum()
    return model, VirtualSensors(model, SENSORS, worlds, rate_hz=100.0, faults=faults, seed=seed)


def test_perfect_sensors_tell_which_way_is_up_how_fast_it_turns_and_whether_the_foot_stands() -> None:
    model, sensors = worn(PERFECT)
    hanging = sensors.read(felt(model, load_n=200.0)[None])[0]
    np.testing.assert_allclose(hanging, [0, 0, 0, 0, 1, 0, 0, 0, 1], atol=1e-6)
    swinging = sensors.read(felt(model, angle=0.3, velocity=2.0, load_n=20.0)[None])[0]
    np.testing.assert_allclose(swinging[:3], [0, 0, 2], atol=1e-6)
    np.testing.assert_allclose(swinging[6:], [0.3, 2.0, 0.0], atol=1e-6)
    assert np.linalg.norm(swinging[3:6]) == pytest.approx(1.0)
    assert [(own.start, own.stop) for own in sensors.channels] == [(0, 6), (6, 8), (8, 9)]


def test_a_misplaced_sensor_is_turned_by_no_more_than_stated_and_measures_the_same_amount() -> None:
    model, sensors = worn(Faults(misplacement_rad=0.2), worlds=300)
    seen = sensors.read(np.tile(felt(model, velocity=2.0), (300, 1)))
    np.testing.assert_allclose(np.linalg.norm(seen[:, :3], axis=1), 2.0, rtol=1e-5)
    turned = np.arccos(np.clip(seen[:, 2] / 2.0, -1.0, 1.0))
    assert turned.max() <= 0.2 + 1e-3 and turned.max() > 0.15
    again = sensors.read(np.tile(felt(model, velocity=2.0), (300, 1)))
    np.testing.assert_array_equal(seen, again)  # put on once, it stays where it is


def test_noise_and_bias_have_the_stated_size() -> None:
    faults = Faults(gyroscope_noise_rad_s=0.05, gyroscope_bias_rad_s=0.1, angle_noise_rad=0.01)
    model, sensors = worn(faults, worlds=200)
    seen = np.stack([sensors.read(np.tile(felt(model), (200, 1))) for _ in range(100)])
    assert np.std(seen[..., 0], axis=0).mean() == pytest.approx(0.05, rel=0.05)
    assert np.std(seen[..., 6], axis=0).mean() == pytest.approx(0.01, rel=0.05)
    bias = seen[..., 0].mean(axis=0)
    assert 0.08 < np.abs(bias).max() < 0.12 and np.std(bias) == pytest.approx(0.1 / np.sqrt(3), rel=0.15)
    np.testing.assert_allclose(seen[..., 8], 0.0)  # a switch has no noise


def test_late_sensors_tell_the_past_and_lost_samples_repeat_the_last_one() -> None:
    model, late = worn(Faults(delay_s=0.03), worlds=200)
    model, lossy = worn(Faults(dropout=0.2), worlds=200)
    heard = []
    for tick in range(200):
        now = np.tile(felt(model, angle=0.001 * tick), (200, 1))
        delayed, kept = late.read(now)[:, 6], lossy.read(now)[:, 6]
        heard.append(kept)
    assert set(np.round(199 - delayed / 0.001).astype(int)) == {0, 1, 2, 3}
    repeats = np.mean(np.diff(np.array(heard), axis=0) == 0.0)
    assert repeats == pytest.approx(0.2, abs=0.01)


def test_the_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    faults = Faults(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.02, 0.1)
    streams = []
    for seed in (3, 3, 4):
        model, sensors = worn(faults, worlds=4, seed=seed)
        streams.append([sensors.read(np.tile(felt(model, 0.1 * tick), (4, 1))) for tick in range(20)])
    np.testing.assert_array_equal(streams[0], streams[1])
    assert not np.array_equal(streams[0], streams[2])


def test_what_is_put_on_anew_has_no_past_and_leaves_the_others_alone() -> None:
    model, sensors = worn(Faults(delay_s=0.05), worlds=2)
    for _ in range(10):
        sensors.read(np.tile(felt(model, angle=1.0), (2, 1)))
    sensors.reset(np.array([True, False]))
    seen = sensors.read(np.stack([felt(model, angle=0.2), felt(model, angle=1.0)]))
    np.testing.assert_allclose(seen[:, 6], [0.2, 1.0], atol=1e-6)


def test_a_rollout_of_the_body_brings_what_the_sensors_need() -> None:
    imus = tuple(Imu(segment, side) for segment in ImuSite for side in SIDES)
    probes = (*imus, Encoder(Joint.KNEE_R), FootSwitch(Side.LEFT))
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None, probes=probes)
    physics = BatchPhysics([model] * 2, threads=1)
    position = np.zeros((2, model.nq))
    position[:, 2], position[:, 3] = 0.93, 1.0
    advance = physics.advance(
        physics.at_rest(position, np.zeros((2, model.nv))), np.zeros((2, model.nu)), 100
    )
    sensors = VirtualSensors(model, probes, 2, rate_hz=100.0, faults=PERFECT, seed=0)
    seen = sensors.read(advance.sensor)
    assert seen.shape == (2, 8 * 6 + 2 + 1) and np.isfinite(seen).all()
    ups = seen[:, :48].reshape(2, 8, 6)[..., 3:]
    assert ups[..., 1].min() > 0.9  # standing, every segment's y axis points up
    knee = physics.position(advance.state)[:, position_columns(model)[Joint.KNEE_R.column]]
    np.testing.assert_allclose(seen[:, 48], knee, atol=2e-3)  # sensors speak of the step's beginning
    np.testing.assert_array_equal(seen[:, 50], 1.0)
