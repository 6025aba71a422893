"""Job `demo_patient`: a synthetic patient with a walk seen by three cameras and EMG, all from the simulator.

The reference is the gait of a weak left leg: less knee and ankle flexion on the left, walked by the shipped
base policy on a body of the demo patient's size. Everything is labelled synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from core.capture.synthetic import PinholeCamera, project_landmarks
from core.domain.arrays import FloatArray
from core.domain.body import Joint
from core.domain.emg import EmgEnvelopes
from core.domain.frames import write_frames
from core.domain.motion import GaitReference
from core.domain.record import RecordKind
from core.domain.recording import Landmarks, LandmarkTrack, Person, Recording
from core.domain.rollout import GaitLabel
from core.domain.subject import AffectedSide, Consent, Sex, Subject
from core.domain.twin import BodyParameters
from core.emg.importing import process_emg
from core.emg.synthetic import synthetic_emg
from core.errors import refuse
from core.gait.norms import normal_reference
from core.jobs.values import JobContext, Params
from core.session.same_patient import patient_of_code
from core.simulation.analysis.gait_events import walked_points
from core.simulation.analysis.rollout import record_rollout, trace_walk
from core.simulation.environment.batch_environment import CONTROL_STEP_S
from core.simulation.environment.tracking import WalkingEnvironment
from core.simulation.environment.walker import Walker
from core.simulation.model.exo_model import worn_model
from core.store.repository import PatientRow, Store, open_store
from core.tasks.policy_files import shipped_policy
from core.twin.body import Fidelity
from core.twin.scaling import scales_for_height
from core.twin.skeleton import POINTS

SUBJECT = Subject(
    code="DEMO-01",
    birth_year=1961,
    sex=Sex.FEMALE,
    height_m=1.66,
    mass_kg=64.0,
    diagnosis="Weak left leg (synthetic)",
    affected_side=AffectedSide.LEFT,
    consent=Consent("Not needed: no real person", "2026-01-01"),
    synthetic=True,
)
WEAKER = {
    Joint.KNEE_L: 0.85,
    Joint.ANKLE_L: 0.75,
    Joint.HIP_FLEXION_L: 0.9,
}  # fraction of the normal excursion
WALK_S = 7.0
SETTLE_S = 1.0  # the first steps after the start are not recorded
NOISE_PX = 2.0
SEED = 7
_PICTURE_PX = (640, 360)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWalk:
    """Result of the simulation. Axes: T frames, P points, M muscles."""

    time_s: FloatArray  # (T,)
    point_m: FloatArray  # (T, P, 3) in the order of POINTS
    activation: FloatArray  # (T, M)
    muscle_names: tuple[str, ...]


def run(_params: Params, context: JobContext) -> str:
    """Make the demo patient with one visit; returns the LANDMARKS record's id.

    Raises UserError PAT-014 and PAT-015, see `_demo_patient`.
    """
    with open_store(context.spec.data_dir) as store:
        _demo_patient(store)  # before anything takes time
    context.progress(0.05, "The synthetic patient walks")
    walk = simulated_walk()
    context.check_cancelled()
    context.progress(0.6, "Three synthetic cameras watch")
    tracks = tuple(
        project_landmarks(walk.time_s, walk.point_m, POINTS, camera, noise_px=NOISE_PX, seed=SEED + number)
        for number, camera in enumerate(cameras(walk))
    )
    with open_store(context.spec.data_dir) as store:
        visit_id = _visit(store, context.spec.operator)
        landmarks_id = _save_landmarks(store, visit_id, tracks, context)
        context.progress(0.9, "Synthetic EMG")
        store.save(
            RecordKind.EMG,
            demo_emg(walk),
            visit_id=visit_id,
            summary="synthetic EMG of eight muscles a side",
            operator=context.spec.operator,
            seed=SEED,
        )
    return landmarks_id


def simulated_walk() -> SimulatedWalk:
    """Walk the demo patient's body with the shipped base policy."""
    body = BodyParameters(SUBJECT.height_m, SUBJECT.mass_kg, scales_for_height(SUBJECT.height_m))
    walker = Walker(
        worn_model(body, Fidelity.FAST, None), body, weak_left_leg(normal_reference(body.height_m))
    )
    environment = WalkingEnvironment([walker], seed=SEED, episode_s=2 * WALK_S, threads=1)
    trace = trace_walk(environment, shipped_policy().act, None, WALK_S)
    rollout = record_rollout(GaitLabel.MEASURED, body, trace, None)
    kept = rollout.time_s >= SETTLE_S
    qpos = environment.physics.position(trace.state[1:])[kept]
    point_m = walked_points(body, qpos, rollout.joint_angle_rad[kept])
    time_s = np.arange(kept.sum()) * CONTROL_STEP_S
    return SimulatedWalk(time_s, point_m, rollout.activation[kept], rollout.playback.muscle_names)


def weak_left_leg(reference: GaitReference) -> GaitReference:
    """The same stride with smaller excursions on the left."""
    angle = np.array(reference.angle_rad)
    for joint, fraction in WEAKER.items():
        centre = angle[:, joint.column].mean()
        angle[:, joint.column] = centre + fraction * (angle[:, joint.column] - centre)
    return replace(reference, angle_rad=angle)


def cameras(walk: SimulatedWalk) -> tuple[PinholeCamera, ...]:
    """From the left side, and obliquely from the front on both sides; all see the whole walk."""
    middle = walk.point_m.mean(axis=(0, 1))
    length_m = float(np.ptp(walk.point_m[:, :, 1])) + 1.5
    target = (float(middle[0]), float(middle[1]), 0.9)
    side = PinholeCamera((target[0] + 0.75 * length_m, target[1], 1.1), target)
    ahead = [
        PinholeCamera((target[0] + sign * 3.0, target[1] - 0.9 * length_m, 1.3), target)
        for sign in (1.0, -1.0)
    ]
    return (side, *ahead)


def demo_emg(walk: SimulatedWalk) -> EmgEnvelopes:
    raw, sites = synthetic_emg(walk.time_s, walk.activation, walk.muscle_names, SEED)
    return replace(process_emg(raw, sites), synthetic=True)


def _visit(store: Store, operator: str) -> str:
    """A new visit of the demo patient, who is made once per data folder."""
    present = _demo_patient(store)
    patient_id = present.id if present is not None else store.add_patient(SUBJECT, by=operator)
    return store.start_visit(patient_id, by=operator).id


def _demo_patient(store: Store) -> PatientRow | None:
    """Refuses PAT-014 (archived) and PAT-015: a real person's visits never hold a synthetic walk."""
    present = patient_of_code(store, SUBJECT.code)
    if present is not None and not present.subject.synthetic:
        raise refuse(
            "PAT-015",
            f"The code {SUBJECT.code} of the demo patient is taken.",
            "A patient of this record has it who is not synthetic.",
            "Give that patient another code on the Patients page, or use another data folder for the demo.",
        )
    return present


def _save_landmarks(
    store: Store, visit_id: str, tracks: tuple[LandmarkTrack, ...], context: JobContext
) -> str:
    operator = context.spec.operator
    recording_id = store.save(
        RecordKind.RECORDING,
        Recording((), "synthetic"),
        visit_id=visit_id,
        summary=f"synthetic walk of {WALK_S - SETTLE_S:.0f} s, {len(tracks)} cameras",
        operator=operator,
        seed=SEED,
    )
    seen = min(track.detected_fraction for track in tracks)
    person = Person("Synthetic person, walks ahead", seen, 0.0, tracks)
    return store.save(
        RecordKind.LANDMARKS,
        Landmarks((person,), 0, "only person", (), synthetic=True),
        visit_id=visit_id,
        inputs=(recording_id,),
        summary="synthetic landmarks, with noise",
        operator=operator,
        seed=SEED,
        files=_backdrops(context.work_dir, tracks),
    )


def _backdrops(folder: Path, tracks: tuple[LandmarkTrack, ...]) -> tuple[Path, ...]:
    """Plain pictures marked SYNTHETIC instead of a video; the skeleton is drawn over them."""
    picture = np.full((_PICTURE_PX[1], _PICTURE_PX[0], 3), 52, dtype=np.uint8)
    place = (_PICTURE_PX[0] - 130, 26)
    cv2.putText(picture, "SYNTHETIC", place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (150, 150, 150), 1, cv2.LINE_AA)
    jpeg = bytes(cv2.imencode(".jpg", picture)[1])
    files: list[Path] = []
    for number, track in enumerate(tracks):
        frames = [(float(time_s), jpeg) for time_s in track.time_s]
        source = (track.width_px, track.height_px)
        files += write_frames(folder, frames, size_px=_PICTURE_PX, source_size_px=source, camera=number)
    return tuple(files)
