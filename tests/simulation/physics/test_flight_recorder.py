"""Claims about the flight recorder: a breakdown can be looked at again."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_model import worn_model
from core.simulation.physics.batch import BatchPhysics
from core.simulation.physics.flight_recorder import FILE_LIMIT, FlightRecorder, read_recording
from core.simulation.physics.flight_replay import replay
from core.twin.body import Fidelity
from tests.refusals import refused

# Two pendulums; the motor on the second is a spring with the wrong sign, so its swing explodes.
UNSTABLE = """
<mujoco>
  <option timestep="0.002" integrator="Euler"/>
  <worldbody>
    <body><joint name="calm" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 -1" size="0.05"/></body>
    <body pos="1 0 0"><joint name="wild" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -1" size="0.05"/></body>
  </worldbody>
  <actuator>
    <general name="push" joint="wild" gainprm="1" biastype="affine" biasprm="0 1e8 0"/>
  </actuator>
</mujoco>
"""


def broken_down(folder: Path, batches: int = 12, bodies: int = 3) -> FlightRecorder:
    """A batch in which only the second body is disturbed, stepped until it breaks down."""
    recorder = FlightRecorder(folder, seed=7)
    physics = BatchPhysics([mujoco.MjModel.from_xml_string(UNSTABLE)] * bodies, threads=1, recorder=recorder)
    state = np.zeros((bodies, physics.state_size))
    physics.position(state)[1, 1] = 1e-6
    for _ in range(batches):
        state = physics.advance(state, np.zeros((bodies, 1)), 2).state
        if recorder.files:
            break
    return recorder


def test_a_breakdown_in_another_physics_says_that_it_was_recorded_with_that(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    model = mujoco.MjModel.from_xml_string(UNSTABLE)
    state = np.zeros((1, 1 + model.nq + model.nv))
    recorder.record(state, np.zeros((1, 1)), int(mujoco.mjtState.mjSTATE_CTRL), 2)

    recorder.breakdown([model], np.array([True]), np.full((1, 1, state.shape[1]), np.inf), by="Another 1.0")

    found = replay(read_recording(recorder.files[0]))
    assert not found.same and not found.made_here and found.made_with.startswith("Another 1.0, numpy")


def test_a_breakdown_replays_to_the_same_numbers_and_names_what_broke(tmp_path: Path) -> None:
    recorder = broken_down(tmp_path)
    recording = read_recording(recorder.files[0])

    found = replay(recording)

    assert (recording.body, recording.seed) == (1, 7)
    assert found.same and found.made_here
    assert found.quantity == "acceleration" and found.where == "wild"
    assert found.fastest == "wild" and abs(found.fastest_acceleration) > 1e5
    assert found.actuator == "push"
    assert 0.0 < found.wild_since_s < found.time_s


def test_the_replay_notices_numbers_that_are_not_the_recorded_ones(tmp_path: Path) -> None:
    recording = read_recording(broken_down(tmp_path).files[0])
    recording.state[-1, 2] *= 1.0 + 1e-12

    assert not replay(recording).same


def test_a_person_who_is_thrown_at_the_floor_breaks_down_as_a_whole(tmp_path: Path) -> None:
    model = worn_model(GENERIC_BODY, Fidelity.FAST, None)
    recorder = FlightRecorder(tmp_path)
    physics = BatchPhysics([model] * 2, threads=1, recorder=recorder)
    position = np.zeros((2, model.nq))
    position[:, 2], position[:, 3] = 0.95, 1.0
    state = physics.at_rest(position, np.zeros((2, model.nv)))
    state = physics.advance(state, np.zeros((2, model.nu)), 10).state
    state[:, 0] = 0.0  # a new start
    physics.velocity(state)[0, 2] = -3e10  # m/s

    physics.advance(state, np.zeros((2, model.nu)), 10)

    found = replay(read_recording(recorder.files[0]))
    assert found.same
    assert (found.quantity, found.where) == ("velocity", "whole body, vertical")


def test_what_was_before_a_new_start_is_not_blamed(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    physics = BatchPhysics([mujoco.MjModel.from_xml_string(UNSTABLE)], threads=1, recorder=recorder)
    fast = np.zeros((1, physics.state_size))
    physics.velocity(fast)[0, 0] = 1e6
    physics.advance(fast, np.zeros((1, 1)), 2)
    state = np.zeros((1, physics.state_size))
    physics.advance(state, np.full((1, 1), np.nan), 2)

    found = replay(read_recording(recorder.files[0]))

    assert (found.quantity, found.where, found.time_s) == ("control", "push", 0.0)


def test_pushes_now_and_then_are_recorded_and_replayed(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path)
    physics = BatchPhysics([mujoco.MjModel.from_xml_string(UNSTABLE)], threads=1, recorder=recorder)
    state = np.zeros((1, physics.state_size))
    push = np.zeros((1, 3, 6))
    push[0, 2, 0] = 1e-3  # N, on the second pendulum
    for force in (None, None, push, None, None, None, None, None):
        state = physics.advance(state, np.zeros((1, 1)), 2, force=force).state
        if recorder.files:
            break

    found = replay(read_recording(recorder.files[0]))

    assert found.same and found.where == "wild" and found.wild_since_s >= 0.008


def test_memory_and_files_are_bounded(tmp_path: Path) -> None:
    for _ in range(FILE_LIMIT + 2):
        last = broken_down(tmp_path)
    assert len(list(tmp_path.iterdir())) == FILE_LIMIT
    assert last.files == () and last.newest() == tmp_path / f"breakdown_{FILE_LIMIT}.npz"

    recorder = FlightRecorder(tmp_path / "long", depth=4)
    physics = BatchPhysics([mujoco.MjModel.from_xml_string(UNSTABLE)], threads=1, recorder=recorder)
    state = np.zeros((1, physics.state_size))
    for _ in range(9):
        state = physics.advance(state, np.zeros((1, 1)), 1).state
    physics.velocity(state)[0, 0] = 1e11
    physics.advance(state, np.zeros((1, 1)), 1)
    recording = read_recording(recorder.files[0])
    assert recording.batch == 9 and recording.state[:, 0] == pytest.approx([0.012, 0.014, 0.016, 0.018])


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no recording", encoding="utf-8")
    np.savez(tmp_path / "other.npz", state=np.zeros(3))
    for name in ("text.npz", "other.npz", "missing.npz"):
        with refused("SIM-006"):
            read_recording(tmp_path / name)
