"""Fit impairments of the twin to a person's recorded gait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.domain.impairment import SLOTS, Slot
from core.domain.impairment_fit import ImpairmentFit
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.domain.scenario import LEVEL_WALKING
from core.domain.twin import BodyParameters, Twin
from core.errors import JobCancelled, refuse
from core.gait.scenario_reference import scenario_reference
from core.jobs.values import JobContext, Params
from core.learning.impairments.candidate_gaits import TwinWalks
from core.learning.impairments.fit import ImpairmentSearch, SearchProgress
from core.session.stops import refuse_stopped_motion
from core.simulation.analysis.gait_features import GaitFeatures, motion_features
from core.simulation.reference_gait.reference_strides import check_reference
from core.store.repository import open_store
from core.tasks.physics_used import notes_physics, physics_settings
from core.tasks.policy_files import replace_file, resuming, shipped_policy
from core.vault import files

CHECKPOINT = "checkpoint.pt"


@notes_physics
def run(params: Params, context: JobContext) -> str:
    """Fit impairments of TWIN `twin_id` to MOTION `motion_id`; returns the IMPAIRMENTS record's id.

    `sliders` (labels) restricts the search; by default every impairment is searched.
    """
    twin_id, motion_id = str(params["twin_id"]), str(params["motion_id"])
    seed = int(str(params.get("seed", 0)))
    with open_store(context.spec.data_dir) as store:
        twin, motion = store.load(twin_id, Twin), store.load(motion_id, Motion)
        refuse_stopped_motion(store, motion_id)
        visit_id = store.info(twin_id).visit_id
        slots = _slots(params.get("sliders"))
        context.progress(0.0, "Reading the person's gait")
        search = _search(twin.body, motion, slots, seed)
        _continue(search, context.work_dir / CHECKPOINT, context)
        fit = search.result(synthetic=twin.synthetic or motion.synthetic)
        return store.save(
            RecordKind.IMPAIRMENTS,
            fit,
            visit_id=visit_id,
            inputs=(twin_id, motion_id),
            summary=summary(fit),
            operator=context.spec.operator,
            seed=seed,
            settings={"sliders": [slot.label for slot in slots], "walks": fit.walks} | physics_settings(),
        )


def summary(fit: ImpairmentFit) -> str:
    """One line: the impairments found, the most severe first."""
    found = {impairment.slot for impairment in fit.body.impairments}
    parts = [
        f"{one.slot.label} {one.severity:.2f} (sd {one.sd:.2f})" for one in fit.estimates if one.slot in found
    ]
    rest = f"{fit.angle_rms_deg:.1f} degrees from the person's joint angles"
    return f"{'; '.join(parts) or 'no impairment'}; {rest}"


def _slots(labels: object) -> tuple[Slot, ...]:
    """Sliders by their labels; all of them when none is named. Refuses (TWN-022) an unknown label."""
    if not isinstance(labels, list) or not labels:
        return SLOTS
    known = {slot.label: slot for slot in SLOTS}
    unknown = [str(label) for label in labels if label not in known]
    if unknown:
        raise refuse(
            "TWN-022",
            f"There is no impairment called {unknown[0]}.",
            "Impairments have fixed names.",
            f"Use names as these: {'; '.join(list(known)[:3])}.",
        )
    return tuple(known[str(label)] for label in labels)


def _search(body: BodyParameters, motion: Motion, slots: tuple[Slot, ...], seed: int) -> ImpairmentSearch:
    healthy = replace(body, impairments=())
    speed = replace(LEVEL_WALKING, speed_m_s=motion.measures.speed_m_s)
    reference = scenario_reference(speed, healthy, None)
    check_reference(reference)
    target = recorded_features(healthy, motion)
    walks = TwinWalks(healthy, reference, shipped_policy(), seed=seed)
    if walks.walk([()])[0].walked_fraction < 1.0:
        raise refuse(
            "TWN-021",
            "The twin does not walk like a healthy person of this size at this speed.",
            f"Without any impairment it falls at {motion.measures.speed_m_s:.2f} m/s.",
            "Teach the twin this person's gait instead; impairments cannot be told from it.",
        )
    return ImpairmentSearch(target, walks, slots=slots, sagittal_only=motion.sagittal_only, seed=seed)


def recorded_features(body: BodyParameters, motion: Motion) -> GaitFeatures:
    """Gait features of a recorded motion. Refuses (TWN-020) one without strides of both feet."""
    features = motion_features(body, motion)
    if features is None:
        raise refuse(
            "TWN-020",
            "This gait cannot be compared with the twin's.",
            "One of the feet has no complete stride.",
            "Record a longer walk, at least two steps of each foot, and solve its motion.",
        )
    return features


def _continue(search: ImpairmentSearch, checkpoint: Path, context: JobContext) -> None:
    """Search from the last checkpoint to the end, with a checkpoint after every iteration."""
    if checkpoint.is_file():
        with resuming():
            search.load_checkpoint(files.read_bytes(checkpoint))
        context.message("Continues where it stopped")
    try:
        while not search.done:
            context.check_cancelled()
            _report(search.advance(), context)
            replace_file(checkpoint, search.save_checkpoint())
    except JobCancelled:
        replace_file(checkpoint, search.save_checkpoint())
        raise


def _report(progress: SearchProgress, context: JobContext) -> None:
    context.sample(misfit=progress.cost)
    done = progress.iteration / progress.iterations
    context.progress(done, f"{progress.walks} walks compared with the person's")
