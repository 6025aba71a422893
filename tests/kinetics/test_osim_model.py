"""OpenSim's own models: moments as OpenSim finds them, and what such a model cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.bench.kinetics_opensim import WALKS, read_walk, table_of
from core.kinetics.osim_model import read_osim_model
from core.kinetics.rigid_tree import GRAVITY_M_S2, Course
from core.kinetics.smoothing import course_of
from tests.refusals import refused

_REFERENCE = "opensim-subject01/Applications/ID/tests/resources/std_subject01_InverseDynamics.sto"
PENDULUM = """<OpenSimDocument Version="40000"><Model name="pendulum">
<BodySet><objects><Body name="bob"><mass>2</mass><mass_center>0 -0.5 0</mass_center>
<inertia>0.1 0.1 0.1 0 0 0</inertia></Body></objects></BodySet>
<JointSet><objects><PinJoint name="hinge"><socket_parent_frame>/ground</socket_parent_frame>
<socket_child_frame>/bodyset/bob</socket_child_frame><coordinates><Coordinate name="swing"/></coordinates>
</PinJoint></objects></JointSet></Model></OpenSimDocument>"""


def test_a_pendulum_of_version_4_needs_the_moment_that_a_textbook_gives() -> None:
    model = read_osim_model(PENDULUM)
    swing, rate, push = np.array([[0.3]]), np.array([[0.5]]), np.array([[2.0]])

    moment = model.tree.moments(Course(swing, rate, push))

    want = (0.1 + 2.0 * 0.5**2) * 2.0 + 2.0 * GRAVITY_M_S2 * 0.5 * np.sin(0.3)
    np.testing.assert_allclose(moment, [[want]])


def test_moments_of_a_measured_walk_are_those_that_opensim_publishes(
    shared_data: Callable[[str], Path],
) -> None:
    reference = shared_data(_REFERENCE)
    walk = next(walk for walk in WALKS if walk.name == "subject01")
    data = read_walk(reference.parents[5], walk)
    theirs, _ = table_of(reference)
    found = data.model.tree.moments(course_of(data.time_s, data.value, None), data.loads)

    inside = (data.time_s > 0.6) & (data.time_s < 1.55)  # where both filters have run in
    for name in ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle"):
        for side in "rl":
            ours = found[inside, data.model.coordinates.index(f"{name}_{side}")]
            want = np.interp(data.time_s[inside], theirs["time"], theirs[f"{name}_{side}_moment"])
            assert np.sqrt(np.mean((ours - want) ** 2)) / data.model.tree.mass_kg < 0.04


def test_a_coupled_coordinate_follows_its_partner_whatever_the_file_says(
    shared_data: Callable[[str], Path],
) -> None:
    """In OpenSim's own example the kneecap's column is in degrees and the knee's in radians."""
    model_file = shared_data(WALKS[1].model)
    model = read_osim_model(model_file.read_text(encoding="utf-8"))
    value = model.values({"knee_angle_r": np.array([0.5]), "knee_angle_r_beta": np.array([28.6])})
    assert value[0, model.coordinates.index("knee_angle_r_beta")] == 0.5


def test_what_is_no_model_of_known_joints_is_refused() -> None:
    with refused("KIN-001"):
        read_osim_model("<OpenSimDocument><Model>")
    with refused("KIN-001"):
        read_osim_model(PENDULUM.replace("PinJoint", "GimbalJoint"))
