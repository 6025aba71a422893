"""Job `import_exo_log`: what an exo gave that was worn while the motion was recorded."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.devices.profiles import load_profile
from core.domain.body import SIDES, Joint
from core.domain.exo_log import ExoLog
from core.domain.exo_walk import ExoWalk
from core.domain.motion import Motion
from core.domain.record import RecordKind
from core.errors import refuse
from core.jobs.values import JobContext, Params
from core.kinetics.exo_log import read_exo_log
from core.kinetics.worn_exo import exo_moments
from core.session.worn_exo import captured_for
from core.store.files import Attachment
from core.store.repository import open_store


def run(params: Params, context: JobContext) -> str:
    """Params: `motion_id`, and `file` (CSV, TXT, STO, MOT) or `walk_id` (a WALK of the program's own record).

    `offset_s` added to the log's time gives the motion's; a WALK needs it, since its time counts from arming.
    `positive` ("flexion" or "extension") for columns whose names tell no direction; `device` where the exo is
    one of this program, so that its mass is carried. Returns the id of an EXO_LOG. Refuses what
    `read_exo_log` and `exo_moments` do, EXO-030 (unknown device) and KIN-043 (a WALK that tells nothing).
    """
    motion_id, device_id = str(params["motion_id"]), str(params.get("device") or "")
    if device_id:
        load_profile(device_id)
    offset = params.get("offset_s")
    offset_s = None if offset is None else float(str(offset))
    context.progress(0.1, "Reading the exo's log")
    with open_store(context.spec.data_dir) as store:
        motion = store.load(motion_id, Motion)
        walk_id = str(params["walk_id"]) if params.get("walk_id") else None
        file = None if walk_id is not None else Path(str(params["file"]))
        if file is None:
            log = _of_a_walk(store.load(str(walk_id), ExoWalk), offset_s, device_id)
        else:
            positive = str(params.get("positive") or "")
            log = read_exo_log(file, positive=positive, offset_s=offset_s, device_id=device_id)
        log = replace(log, slow_motion=motion.clock.slow_motion)
        exo_moments(log, motion.kinematics.time_s)  # refuses a log of another time
        context.progress(0.9, "Saving")
        return store.save(
            RecordKind.EXO_LOG,
            log,
            visit_id=store.info(motion_id).visit_id,
            inputs=(captured_for(store, motion_id),),
            summary=_summary(log),
            operator=context.spec.operator,
            settings={"offset_s": offset_s, "walk_id": walk_id, "device": device_id},
            files=() if file is None else (Attachment(f"exo_log{file.suffix.lower()}", file),),
        )


def _of_a_walk(walk: ExoWalk, offset_s: float | None, device_id: str) -> ExoLog:
    """The torques that a real exo measured at the joints that it turns, flexion positive."""
    if walk.virtual:
        raise refuse(
            "KIN-043",
            "This walk tells nothing about the recorded person.",
            "Its exo was the virtual one, which nobody wears.",
            "Choose the log of the exo that was worn during the recording.",
        )
    if offset_s is None or not math.isfinite(offset_s):
        raise refuse(
            "KIN-043",
            "When the walk with the exo took place is not known.",
            "Its time counts from the moment when the exo was armed, not from the start of the recording.",
            "Enter at which second of the motion the exo was armed.",
        )
    grows = np.diff(walk.time_s, prepend=-np.inf) > 0.0  # a tick may come twice
    return ExoLog(
        joints=tuple(Joint.of(walk.joint, side) for side in SIDES),
        time_s=walk.time_s[grows],
        torque_nm=walk.delivered_nm[grows],
        offset_s=offset_s,
        device_id=device_id,
        source_name="walk with the exo",
        findings=(),
    )


def _summary(log: ExoLog) -> str:
    """One line for people."""
    seconds = float(log.time_s[-1] - log.time_s[0])
    return f"{seconds:.1f} s, {', '.join(joint.label.lower() for joint in log.joints)}"
