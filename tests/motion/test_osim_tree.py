"""Models, markers and tasks as OpenSim writes them, and the same model solved as OpenSim solves it."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.bench.ik import goals
from core.domain.arrays import FloatArray
from core.laboratory.trc import read_trc
from core.motion.marker_files import read_tasks
from core.motion.marker_kinematics import solve_markers
from core.motion.osim_functions import SimmSpline
from core.motion.osim_tree import read_osim
from tests.refusals import refused

IK = "opensim-subject01/Applications/IK/tests/resources"
SPLINE_X, SPLINE_Y = "-2 -1 -0.5 0 1", "0.1 0.05 0.02 0 -0.01"


def axis(name: str, along: str, function: str, coordinate: str = "") -> str:
    return (
        f'<TransformAxis name="{name}"><coordinates>{coordinate}</coordinates><axis>{along}</axis>'
        f"<function>{function}</function></TransformAxis>"
    )


ANGLE = "<LinearFunction><coefficients>1 0</coefficients></LinearFunction>"
NOTHING = "<Constant><value>0</value></Constant>"
SPLINE = (
    f"<MultiplierFunction><function><SimmSpline><x>{SPLINE_X}</x><y>{SPLINE_Y}</y></SimmSpline></function>"
    "<scale>2</scale></MultiplierFunction>"
)


def joint(tag: str, name: str, parent: str, inside: str, place: str = "0 0 0", more: str = "") -> str:
    return (
        f'<Joint><{tag} name="{name}"><parent_body>{parent}</parent_body>'
        f"<location_in_parent>{place}</location_in_parent>{more}{inside}</{tag}></Joint>"
    )


def coordinate(name: str, default: float = 0.0, locked: str = "false") -> str:
    return (
        f'<CoordinateSet><objects><Coordinate name="{name}"><default_value>{default}</default_value>'
        f"<locked>{locked}</locked></Coordinate></objects></CoordinateSet>"
    )


def transform(*axes: str) -> str:
    return f"<SpatialTransform>{''.join(axes)}</SpatialTransform>"


GROUND = joint(
    "CustomJoint",
    "free",
    "ground",
    transform(
        axis("rotation1", "0 0 1", ANGLE, "tilt"),
        axis("rotation2", "1 0 0", ANGLE, "list"),
        axis("rotation3", "0 1 0", ANGLE, "turn"),
        axis("translation1", "1 0 0", ANGLE, "tx"),
        axis("translation2", "0 1 0", ANGLE, "ty"),
        axis("translation3", "0 0 1", ANGLE, "tz"),
    ),
)
KNEE = joint(
    "CustomJoint",
    "knee",
    "pelvis",
    transform(
        axis("rotation1", "0 0 1", ANGLE, "bend"),
        axis("rotation2", "0 1 0", NOTHING),
        axis("rotation3", "1 0 0", NOTHING),
        axis("translation1", "1 0 0", SPLINE, "bend"),
        axis("translation2", "0 1 0", "<Constant><value>-0.4</value></Constant>"),
        axis("translation3", "0 0 1", NOTHING),
    )
    + coordinate("bend", 0.3),
    "0.1 0 0.05",
)
TURNED = "<location>0.02 0.03 0</location><orientation>0.1 -0.2 0.3</orientation>"
ANKLE = joint("PinJoint", "ankle", "shank", coordinate("flex"), "0 -0.4 0", TURNED)
MARKERS = (
    '<MarkerSet><objects><Marker name="Toe"><body>foot</body><location>0.2 0 0.01</location></Marker>'
    '<Marker name="Hip"><body>pelvis</body><location>0 0 0.1</location></Marker></objects></MarkerSet>'
)


def model(*joints: str, bodies: tuple[str, ...] = ("pelvis", "shank", "foot")) -> str:
    inside = "".join(f'<Body name="{name}">{own}</Body>' for name, own in zip(bodies, joints, strict=False))
    bodies_in_file = f"<BodySet><objects>{inside}</objects></BodySet>"
    return f"<OpenSimDocument><Model>{bodies_in_file}{MARKERS}</Model></OpenSimDocument>"


def test_points_move_as_the_model_says():
    """By hand: parent place, slide, bend, pin place, flex, and the inverse of the place in the child."""
    tree = read_osim(model(GROUND, KNEE, ANKLE))
    bend, flex = 0.4, -0.3
    pose = np.zeros((1, 8))
    pose[0, [tree.column_of["bend"], tree.column_of["flex"]]] = bend, flex

    x, y = (np.array([float(word) for word in words.split()]) for words in (SPLINE_X, SPLINE_Y))
    slide = 2 * SimmSpline.through(x, y)(np.array([bend]))[0][0]
    child = Rotation.from_euler("XYZ", [0.1, -0.2, 0.3]).inv()
    at_pin = child.apply(np.array([0.2, 0.0, 0.01]) - [0.02, 0.03, 0.0])
    in_shank = np.array([0.0, -0.4, 0.0]) + Rotation.from_rotvec([0, 0, flex]).apply(at_pin)
    toe = np.array([0.1 + slide, -0.4, 0.05]) + Rotation.from_rotvec([0, 0, bend]).apply(in_shank)
    found = tree.tree(("Toe", "Hip")).points_m(pose)[0]
    np.testing.assert_allclose(found, [toe, [0.0, 0.0, 0.1]], atol=1e-12)
    assert tree.default.tolist() == [0.0] * 6 + [0.3, 0.0]


def test_a_sliding_joint_is_differentiated_with_its_slide():
    tree = read_osim(model(GROUND, KNEE, ANKLE)).tree(("Toe",))
    pose = np.random.default_rng(0).normal(0, 0.5, (6, 8))

    slopes = tree.slopes(pose).by_pose
    for column, step in enumerate(1e-6 * np.eye(8)):
        numeric = (tree.points_m(pose + step) - tree.points_m(pose - step)) / 2e-6
        np.testing.assert_allclose(slopes[..., column], numeric, atol=1e-8)


def test_a_locked_angle_is_no_unknown_and_stays_at_its_default():
    locked = ANKLE.replace(coordinate("flex"), coordinate("flex", -0.3, "true"))
    free, held = read_osim(model(GROUND, KNEE, ANKLE)), read_osim(model(GROUND, KNEE, locked))
    pose = np.zeros((1, 8))
    pose[0, free.column_of["flex"]] = -0.3

    assert "flex" not in held.column_of
    np.testing.assert_allclose(
        held.tree(("Toe",)).points_m(pose[:, :7]), free.tree(("Toe",)).points_m(pose), atol=1e-12
    )


def test_a_welded_body_moves_with_its_parent():
    tree = read_osim(model(GROUND, KNEE, joint("WeldJoint", "weld", "shank", "", "0 -0.4 0")))

    np.testing.assert_allclose(
        tree.tree(("Toe",)).points_m(np.zeros((1, 7)))[0, 0], [0.3, -0.8, 0.06], atol=1e-12
    )


def test_the_roots_angles_are_told_as_the_model_names_them():
    tree = read_osim(model(GROUND, KNEE, ANKLE))
    pose = np.zeros((2, 8))
    pose[0, 3:6] = Rotation.from_euler("ZXY", [0.3, -0.1, 2.0]).as_rotvec()
    pose[0, :3] = 1.0, 2.0, 3.0
    pose[1] = np.nan

    found = tree.coordinates(pose)
    values = [found[name][0] for name in ("tilt", "list", "turn", "tx", "ty", "tz")]
    np.testing.assert_allclose(values, [0.3, -0.1, 2.0, 1.0, 2.0, 3.0], atol=1e-12)
    assert np.isnan(found["tilt"][1])


def test_the_spline_meets_a_cubic_everywhere_and_goes_on_straight():
    x = np.array([-2.0, -1.2, -0.1, 0.4, 1.5, 2.0])
    spline = SimmSpline.through(x, x**3 - x)
    inside = np.linspace(-2.0, 2.0, 41)

    value, slope = spline(inside)
    np.testing.assert_allclose(value, inside**3 - inside, atol=1e-12)
    np.testing.assert_allclose(slope, 3 * inside**2 - 1, atol=1e-12)
    value, slope = spline(np.array([-3.0, 2.5]))
    np.testing.assert_allclose(value, [-6.0 - 11.0, 6.0 + 5.5], atol=1e-12)
    np.testing.assert_allclose(slope, [11.0, 11.0], atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "not a model",
        "<OpenSimDocument><Model><BodySet><objects/></BodySet></Model></OpenSimDocument>",
        "<OpenSimDocument><Model><JointSet/></Model></OpenSimDocument>",
        model(GROUND, joint("BallJoint", "hip", "pelvis", coordinate("bend"))),
        model(joint("PinJoint", "free", "ground", coordinate("bend"))),
        model(GROUND, KNEE.replace("SimmSpline", "StepFunction")),
        model(GROUND, KNEE.replace(ANGLE, ANGLE.replace("1 0", "-1 0"))),
        model(GROUND.replace("0 1 0", "0 2 1")),
        model(KNEE.replace("pelvis", "nothing")),
        model(GROUND, KNEE.replace("translation3", "translation4")),
    ],
    ids=range(10),
)
def test_a_model_that_is_no_tree_of_hinges_is_refused(text):
    with refused("MOT-080"):
        read_osim(text)


def trc(*rows: str, units: str = "mm", names: str = "A\t\t\tB") -> str:
    head = f"PathFileType\t4\t(X/Y/Z)\tx.trc\nDataRate\tNumFrames\tNumMarkers\tUnits\n60\t2\t2\t{units}"
    return "\n".join([head, f"Frame#\tTime\t{names}", "\t\tX1\tY1\tZ1\tX2\tY2\tZ2", "", *rows]) + "\n"


def test_markers_are_read_in_metres_and_one_out_of_view_is_missing():
    paths = read_trc(trc("1\t0.0\t1000\t2000\t3000\t4\t5\t6", "2\t0.1\t\t\t\t4\t5\t6"))

    assert paths.names == ("A", "B")
    np.testing.assert_allclose(paths.place_m[0], [[1.0, 2.0, 3.0], [0.004, 0.005, 0.006]])
    assert np.isnan(paths.place_m[1, 0]).all()
    assert np.isnan(paths.of(("B", "C"))[:, 1]).all()
    assert len(paths.between(0.05, 1.0).time_s) == 1
    np.testing.assert_allclose(
        read_trc(trc("1\t0.0\t1\t2\t3\t4\t5\t6", units="m")).place_m[0, 0], [1.0, 2.0, 3.0]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        trc("1\t0.0\t1\t2\t3\t4\t5\t6", units="furlongs"),
        trc("1\t0.1\t1\t2\t3\t4\t5\t6", "2\t0.0\t1\t2\t3\t4\t5\t6"),
        trc("1\t0.0\tone\t2\t3\t4\t5\t6"),
        trc("1\t0.0\t1\t2\t3\t4\t5\t6", names="A"),
        trc(),
    ],
    ids=range(7),
)
def test_what_is_no_file_of_markers_is_refused(text):
    with refused("MOT-081"):
        read_trc(text)


def test_the_line_that_is_not_numbers_is_named():
    with refused("MOT-081") as told:
        read_trc(trc("1\t0.0\t1\t2\t3\t4\t5\t6", "2\t0.1\tone\t2\t3\t4\t5\t6"))

    assert "Line 8 is not numbers" in str(told.value)


TASK = '<IKMarkerTask name="{0}"><apply>{1}</apply><weight>2</weight></IKMarkerTask>'


def test_weights_are_read_even_where_the_file_closes_what_it_never_opened():
    text = f"<IKTaskSet>{TASK.format('A', 'true')}{TASK.format('B', 'false')}</IKTaskSet></OpenSimDocument>"

    assert read_tasks(text).marker_weight == {"A": 2.0}


@pytest.mark.parametrize(
    "text",
    ["", "words", "<IKTaskSet/>", f"<IKTaskSet>{TASK.format('A', 'true')}{TASK.format('B', 'true')[:20]}"],
    ids=range(4),
)
def test_tasks_that_are_cut_or_none_are_refused(text):
    with refused("MOT-082"):
        read_tasks(text)


def stored_motion(text: str) -> dict[str, FloatArray]:
    """Columns of a .mot or .sto file by name, in the file's own units: a header need not tell them."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.strip() == "endheader")
    names = lines[begin + 1].split()
    table = np.array([[float(word) for word in line.split()] for line in lines[begin + 2 :] if line.strip()])
    return dict(zip(names, table.T, strict=True))


def test_opensims_own_model_and_markers_give_opensims_stored_angles(shared_data):
    """`std_subject01_walk1_ik.mot` is what OpenSim's makers compare their own solver with.

    Markers in the file have five digits, so that they stand 0.013 mm beside the model's and turn the
    pelvis by 0.01 degrees on average; the tolerance of 0.05 degrees is for the worst of 73 frames.
    """
    model = read_osim(shared_data(f"{IK}/subject01_simbody.osim").read_text(encoding="utf-8"))
    paths = read_trc(shared_data(f"{IK}/subject01_synthetic_marker_data.trc").read_text(encoding="utf-8"))
    tasks = read_tasks(shared_data(f"{IK}/gait2354_IK_Tasks.xml").read_text(encoding="utf-8"))
    stored = stored_motion(shared_data(f"{IK}/std_subject01_walk1_ik.mot").read_text(encoding="utf-8"))

    fit = solve_markers(
        model.tree(paths.names),
        paths.of(paths.names),
        goals(tasks, paths.names, model.column_of, model.default),
    )
    found = model.coordinates(fit.pose)
    assert fit.rms_m < 2e-5
    for name, values in found.items():
        unit = 1.0 if name in ("pelvis_tx", "pelvis_ty", "pelvis_tz") else np.degrees(1.0)
        tolerance = 1e-4 if unit == 1.0 else 0.05
        np.testing.assert_allclose(unit * values, stored[name], atol=tolerance, err_msg=name)
