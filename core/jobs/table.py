"""The task of each kind of job. Tasks are named by strings, so that nothing here imports them."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.people import Action
from core.jobs.limits import FILMS, LOOK, TABLES, Limits


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job takes of a node of a cluster."""

    cores: float
    memory_mb: int
    safe_to_repeat: bool = True  # run twice, it does no harm: where its node is lost it starts again


@dataclass(frozen=True, slots=True)
class JobKind:
    task: str  # "package.module:function"
    title: str  # what the person reads
    action: Action | None = Action.TRAIN  # what the role of who starts it has to cover; None: housekeeping
    heavy: bool = False  # a training on every core: one at a time, with checkpoints
    stream: bool = False  # endless until stopped, or a read without a result; leaves no history
    limits: Limits | None = None  # of one that reads a file from outside
    cluster: Needs | None = None  # what it takes of a node of a cluster; None: always on this PC


# Measured with the demo patient, and rounded up.
LIGHT, WALKS = Needs(cores=1.0, memory_mb=600), Needs(cores=1.0, memory_mb=1700)
CELL = Needs(cores=1.0, memory_mb=2000)  # a part that is there is not made again: safe to repeat
LESSON, TRAINING = Needs(cores=2.0, memory_mb=1000), Needs(cores=2.0, memory_mb=2000)

JOB_TABLE: dict[str, JobKind] = {
    "demo_patient": JobKind("core.tasks.demo_patient:run", "Make the demo patient", Action.CAPTURE),
    "import_video": JobKind("core.tasks.import_video:run", "Import video", Action.CAPTURE, limits=FILMS),
    "remove_original": JobKind("core.tasks.remove_original:run", "Remove the original video", Action.ERASE),
    "list_cameras": JobKind("core.tasks.list_cameras:run", "Look for cameras", Action.CAPTURE, stream=True),
    "record_camera": JobKind("core.tasks.record_camera:run", "Camera", Action.CAPTURE, stream=True),
    "calibrate_cameras": JobKind(
        "core.tasks.calibrate_cameras:run", "Calibrate cameras", Action.CAPTURE, limits=FILMS
    ),
    "detect_pose": JobKind("core.tasks.detect_pose:run", "Find the person", Action.CAPTURE, limits=FILMS),
    "choose_person": JobKind("core.tasks.choose_person:run", "Choose the person", Action.CAPTURE),
    "import_trial": JobKind(
        "core.tasks.import_trial:run", "Import laboratory trial", Action.CAPTURE, limits=TABLES
    ),
    "solve_motion": JobKind("core.tasks.solve_motion:run", "Solve motion", Action.CAPTURE, cluster=LIGHT),
    "solve_markers": JobKind(
        "core.tasks.solve_markers:run", "Solve the motion of markers", Action.CAPTURE, cluster=LIGHT
    ),
    "edit_events": JobKind("core.tasks.edit_events:run", "Change gait events", Action.CAPTURE),
    "import_exo_log": JobKind(
        "core.tasks.import_exo_log:run", "Read the exo's log", Action.CAPTURE, limits=TABLES
    ),
    "inverse_dynamics": JobKind(
        "core.tasks.inverse_dynamics:run", "Find forces and moments", Action.TRAIN, cluster=LIGHT
    ),
    "estimate_moments": JobKind(
        "core.tasks.estimate_moments:run", "Estimate hip moments", Action.TRAIN, cluster=LIGHT
    ),
    "read_emg_head": JobKind(
        "core.tasks.read_emg_head:run", "Look into the EMG file", Action.CAPTURE, stream=True, limits=LOOK
    ),
    "import_emg": JobKind("core.tasks.import_emg:run", "Import EMG", Action.CAPTURE, limits=TABLES),
    "tune_amplitude": JobKind(
        "core.tasks.tune_amplitude:run", "Find the assistance force", Action.CAPTURE, limits=TABLES
    ),
    "shift_emg": JobKind("core.tasks.shift_emg:run", "Move EMG in time", Action.CAPTURE),
    "table_statistics": JobKind(
        "core.tasks.table_statistics:run", "Test a table", None, stream=True, limits=TABLES
    ),
    "take_logo": JobKind("core.tasks.take_logo:run", "Take the logo", None, stream=True, limits=LOOK),
    "fit_twin": JobKind("core.tasks.fit_twin:run", "Fit the twin", Action.TRAIN, cluster=LIGHT),
    "fit_impairments": JobKind(
        "core.tasks.fit_impairments:run", "Find impairments", Action.TRAIN, heavy=True, cluster=LESSON
    ),
    "calibrate_muscles": JobKind(
        "core.tasks.calibrate_muscles:run", "Calibrate muscles", Action.TRAIN, cluster=LIGHT
    ),
    "assess_deficits": JobKind(
        "core.tasks.assess_deficits:run", "Assess strength", Action.TRAIN, cluster=LIGHT
    ),
    "learn_gait": JobKind(
        "core.tasks.learn_gait:run", "Teach the twin this gait", Action.TRAIN, heavy=True, cluster=LESSON
    ),
    "simulate_gait": JobKind("core.tasks.simulate_gait:run", "Simulate gait", Action.TRAIN, cluster=LIGHT),
    "simulate_scenario": JobKind(
        "core.tasks.simulate_scenario:run", "Simulate a situation", Action.TRAIN, cluster=LIGHT
    ),
    "plan_assistance": JobKind(
        "core.tasks.plan_assistance:run", "Plan the belt's assistance", Action.TRAIN, cluster=LIGHT
    ),
    "teach_profile": JobKind(
        "core.tasks.teach_profile:run", "Teach the exo the profile", Action.TRAIN, cluster=LIGHT
    ),
    "train_controller": JobKind(
        "core.tasks.train_controller:run", "Train controller", Action.TRAIN, heavy=True, cluster=TRAINING
    ),
    "adapt_controller": JobKind(
        "core.tasks.adapt_controller:run", "Fine-tune the controller", Action.TRAIN, cluster=LIGHT
    ),
    "distil_controller": JobKind(
        "core.tasks.distil_controller:run", "Make a controller from thigh gyros", Action.TRAIN, cluster=LIGHT
    ),
    "compare": JobKind("core.tasks.compare:run", "Compare controllers", Action.TRAIN, cluster=WALKS),
    "package_controller": JobKind("core.tasks.package_controller:run", "Package controller", Action.PACK),
    "deploy": JobKind("core.tasks.deploy:run", "Transfer to the exo", Action.DEPLOY),
    "virtual_walk": JobKind("core.tasks.virtual_walk:run", "Walk with the virtual exo", Action.DEPLOY),
    "roll_back": JobKind("core.tasks.roll_back:run", "Go back to the controller before", Action.DEPLOY),
    "telemetry": JobKind("core.tasks.telemetry:run", "Exo connection", Action.DEPLOY, stream=True),
    "compare_captures": JobKind("core.tasks.compare_captures:run", "Compare recordings", Action.CAPTURE),
    # Leaves no history: the name of the folder may be that of the patient.
    "export_patient": JobKind(
        "core.tasks.export_patient:run", "Export the patient", Action.EXPORT, stream=True
    ),
    "look_at_server": JobKind("core.tasks.look_at_server:run", "Test the record server", None, stream=True),
    "fetch_results": JobKind("core.tasks.fetch_results:run", "Fetch files of results", None, stream=True),
    "copy_record": JobKind("core.tasks.copy_record:run", "Copy to the second place", None, stream=True),
    "study_cell": JobKind(
        "core.tasks.study_cell:run", "A virtual patient of a study", Action.TRAIN, cluster=CELL
    ),
    "study_strangers": JobKind(
        "core.tasks.study_strangers:run", "With the controllers of others", Action.TRAIN, cluster=WALKS
    ),
    "list_exos": JobKind("core.tasks.list_exos:run", "Look for exos", Action.DEPLOY, stream=True),
}


def grants(kind: str, remove_original: bool) -> frozenset[Action]:
    """What a job may do besides: hiding heads on the way in keeps a copy and removes the film itself."""
    hides = kind == "import_video" and remove_original
    return frozenset({Action.ERASE}) if hides else frozenset()
