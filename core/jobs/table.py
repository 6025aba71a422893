"""The task of each kind of job. Tasks are named by strings, so that nothing here imports them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobKind:
    task: str  # "package.module:function"
    title: str  # what the person reads
    heavy: bool = False  # a training on every core: one at a time, with checkpoints
    stream: bool = False  # endless until stopped, or a read without a result; leaves no history


JOB_TABLE: dict[str, JobKind] = {
    "demo_patient": JobKind("core.tasks.demo_patient:run", "Make the demo patient"),
    "import_video": JobKind("core.tasks.import_video:run", "Import video"),
    "remove_original": JobKind("core.tasks.remove_original:run", "Remove the original video"),
    "list_cameras": JobKind("core.tasks.list_cameras:run", "Look for cameras", stream=True),
    "record_camera": JobKind("core.tasks.record_camera:run", "Camera", stream=True),
    "calibrate_cameras": JobKind("core.tasks.calibrate_cameras:run", "Calibrate cameras"),
    "detect_pose": JobKind("core.tasks.detect_pose:run", "Find the person"),
    "choose_person": JobKind("core.tasks.choose_person:run", "Choose the person"),
    "import_trial": JobKind("core.tasks.import_trial:run", "Import laboratory trial"),
    "solve_motion": JobKind("core.tasks.solve_motion:run", "Solve motion"),
    "solve_markers": JobKind("core.tasks.solve_markers:run", "Solve the motion of markers"),
    "edit_events": JobKind("core.tasks.edit_events:run", "Change gait events"),
    "import_exo_log": JobKind("core.tasks.import_exo_log:run", "Read the exo's log"),
    "inverse_dynamics": JobKind("core.tasks.inverse_dynamics:run", "Find forces and moments"),
    "read_emg_head": JobKind("core.tasks.read_emg_head:run", "Look into the EMG file", stream=True),
    "import_emg": JobKind("core.tasks.import_emg:run", "Import EMG"),
    "shift_emg": JobKind("core.tasks.shift_emg:run", "Move EMG in time"),
    "fit_twin": JobKind("core.tasks.fit_twin:run", "Fit the twin"),
    "fit_impairments": JobKind("core.tasks.fit_impairments:run", "Find impairments", heavy=True),
    "calibrate_muscles": JobKind("core.tasks.calibrate_muscles:run", "Calibrate muscles"),
    "assess_deficits": JobKind("core.tasks.assess_deficits:run", "Assess strength"),
    "learn_gait": JobKind("core.tasks.learn_gait:run", "Teach the twin this gait", heavy=True),
    "simulate_gait": JobKind("core.tasks.simulate_gait:run", "Simulate gait"),
    "simulate_scenario": JobKind("core.tasks.simulate_scenario:run", "Simulate a situation"),
    "train_controller": JobKind("core.tasks.train_controller:run", "Train controller", heavy=True),
    "adapt_controller": JobKind("core.tasks.adapt_controller:run", "Fine-tune the controller"),
    "compare": JobKind("core.tasks.compare:run", "Compare controllers"),
    "package_controller": JobKind("core.tasks.package_controller:run", "Package controller"),
    "deploy": JobKind("core.tasks.deploy:run", "Transfer to the exo"),
    "virtual_walk": JobKind("core.tasks.virtual_walk:run", "Walk with the virtual exo"),
    "roll_back": JobKind("core.tasks.roll_back:run", "Go back to the controller before"),
    "telemetry": JobKind("core.tasks.telemetry:run", "Exo connection", stream=True),
    "compare_captures": JobKind("core.tasks.compare_captures:run", "Compare recordings"),
    "copy_record": JobKind("core.tasks.copy_record:run", "Copy to the second place", stream=True),
    "list_exos": JobKind("core.tasks.list_exos:run", "Look for exos", stream=True),
}
