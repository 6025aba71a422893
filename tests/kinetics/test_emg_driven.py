"""Claims about the way from EMG to force."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from core.domain.body import JOINTS, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY, ActivationDynamics
from core.kinetics.emg_driven import EvenEmg, driven_leg, recursion, shape
from core.kinetics.hill import hill_muscles, passive_curve, speed_curve
from core.kinetics.muscle_paths import paths_of_model
from core.twin.body import Fidelity, compile_body
from tests.motion.synthetic_walk import synthetic_walk

QUICK = ActivationDynamics(shape=-1e-9, delay_s=0.05, c1=-1e-9, c2=-1e-9)


def emg(envelope: np.ndarray, *muscles: EmgMuscle, offset_s: float = 0.0) -> EmgEnvelopes:
    channels = tuple(
        ChannelQuality(one.value, ChannelSite(one, Side.RIGHT), "good", 20.0, 0.0, 0.0) for one in muscles
    )
    time_s = np.arange(len(envelope)) / 1000.0
    return EmgEnvelopes(time_s, envelope, channels, "MVC", 2000.0, "made", (), offset_s=offset_s)


def test_a_longer_tendon_does_something_else_in_the_simulated_muscles() -> None:
    """Why calibrated lengths stay out of the twin: see `core.kinetics.calibration`."""
    muscles = (Muscle.GASTROCNEMIUS_MEDIALIS, Muscle.VASTUS_MEDIALIS, Muscle.BICEPS_FEMORIS_SHORT)
    model, share = compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False), 1.03
    angle = synthetic_walk(seconds=2.5).angle_rad[::4, [j.column for j in JOINTS if j.side is Side.RIGHT]]
    places = [list(Muscle).index(muscle) for muscle in muscles]
    length_m = paths_of_model(model).along(angle, np.zeros_like(angle)).length_m[:, places]
    half, still, same = np.full_like(length_m, 0.5), np.zeros_like(length_m), np.ones(len(muscles))
    hill = hill_muscles(model, Side.RIGHT, muscles)
    calibrated = hill.force_n(half, length_m, still, same, share * same)
    calibrated -= hill.force_n(half, length_m, still, same, same)
    ids = [model.actuator(muscle.on(Side.RIGHT)).id for muscle in muscles]
    simulated = [
        simulated_n(model, at, column, share) - simulated_n(model, at, column, 1.0)
        for at, column in zip(ids, length_m.T, strict=True)
    ]
    gastrocnemius, vastus, biceps = (calibrated / hill.peak_n).mean(axis=0)
    assert (gastrocnemius, vastus) == pytest.approx((-0.118, -0.023), abs=0.005) and biceps > 0.0
    others = np.mean(simulated, axis=1) / hill.peak_n
    assert others == pytest.approx([-0.027, -0.085, -0.031], abs=0.005)


def simulated_n(model: mujoco.MjModel, at: int, length_m: np.ndarray, slack: float) -> np.ndarray:
    """Pull of one of MuJoCo's muscles at half activation, its tendon longer by a factor."""
    gain, reach = np.array(model.actuator_gainprm[at][:9]), np.array(model.actuator_lengthrange[at])
    fibre_m = (reach[1] - reach[0]) / (gain[1] - gain[0])
    tendon_m = slack * (reach[0] - gain[0] * fibre_m)
    gain[:2] = (reach - tendon_m) / fibre_m
    acc0 = model.actuator_acc0[at]
    pulls = [
        0.5 * mujoco.mju_muscleGain(length, 0.0, reach, acc0, gain)
        + mujoco.mju_muscleBias(length, reach, acc0, gain)
        for length in length_m
    ]
    return -np.array(pulls)


def test_a_steady_excitation_is_passed_on_and_a_step_follows_the_recursion() -> None:
    dynamics = ActivationDynamics(c1=-0.5, c2=-0.4)
    step = np.r_[np.zeros(3), np.ones(5)][:, None]
    u = np.zeros(8)
    for k in range(8):
        before = [u[k - j] if k >= j else 0.0 for j in (1, 2)]
        u[k] = 0.3 * step[k, 0] + 0.9 * before[0] - 0.2 * before[1]
    assert np.allclose(recursion(step, dynamics)[:, 0], u)
    assert np.allclose(recursion(np.full((50, 1), 0.3), dynamics), 0.3)


def test_shape_keeps_rest_and_full_activation_and_lifts_what_is_between() -> None:
    level = np.array([0.0, 0.5, 1.0])
    lifted = shape(level, -2.0)
    assert lifted[0] == 0.0 and lifted[2] == 1.0 and lifted[1] > 0.5
    assert np.allclose(shape(level, 0.0), level)


@pytest.mark.parametrize("offset_s", [0.0, 1.5])
def test_activation_is_late_by_the_delay_on_the_clock_of_the_motion(offset_s: float) -> None:
    burst = np.exp(-0.5 * ((np.arange(3000) / 1000.0 - 1.0) / 0.05) ** 2)[:, None]
    even = EvenEmg.of(emg(burst, EmgMuscle.SOLEUS, offset_s=offset_s))
    times = np.arange(0.3, 4.0, 0.001)
    peak = times[np.argmax(even.activation(QUICK, times)[:, 0])]
    assert peak == pytest.approx(1.05 + offset_s, abs=0.006)
    assert not even.covers(np.array([offset_s + 0.05, offset_s + 3.1])).any()


def test_a_muscle_without_its_own_electrode_goes_with_its_neighbours() -> None:
    model = compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False)
    still = np.zeros((2, 14))
    sites = tuple(
        ChannelSite(one, Side.RIGHT)
        for one in (EmgMuscle.VASTUS_LATERALIS, EmgMuscle.VASTUS_MEDIALIS, EmgMuscle.TIBIALIS_ANTERIOR)
    )
    leg = driven_leg(model, Side.RIGHT, still, still, sites)
    assert leg is not None
    drive = dict(zip(leg.muscles, leg.drive.T.tolist(), strict=True))
    assert drive[Muscle.VASTUS_INTERMEDIUS] == [0.5, 0.5, 0.0]
    assert drive[Muscle.VASTUS_LATERALIS] == [1.0, 0.0, 0.0]
    assert Muscle.SOLEUS not in drive
    assert driven_leg(model, Side.LEFT, still, still, sites) is None


def test_fibre_and_tendon_are_in_balance_and_forces_are_a_muscles() -> None:
    model = compile_body(GENERIC_BODY, Fidelity.STANDARD, surfaces=False)
    hill = hill_muscles(model, Side.LEFT, (Muscle.SOLEUS,))
    ones, still = np.ones(1), np.zeros((1, 1))
    best = hill.slack_m * (1 + hill.strain) + np.sqrt(hill.fibre_m**2 - hill.width_m**2)

    def pull(activation: float, length_m: float, speed_m_s: float = 0.0) -> float:
        return float(hill.force_n(still + activation, still + length_m, still + speed_m_s, ones, ones)[0, 0])

    full = pull(1.0, best[0])
    assert 0.85 * hill.peak_n[0] < full < hill.peak_n[0]
    assert pull(0.5, best[0]) < full and pull(1.0, best[0], -0.1) < full < pull(1.0, best[0], 0.1)
    assert pull(0.0, hill.slack_m[0]) < 0.01 * hill.peak_n[0]
    assert speed_curve(np.zeros(1))[0] == pytest.approx(1.0, abs=0.01)
    assert passive_curve(np.array([0.9, 1.6])) == pytest.approx([0.0, 1.0])
