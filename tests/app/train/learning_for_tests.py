"""A training that dies in the middle when it begins, and is soon over when it goes on."""

from __future__ import annotations

import os
import signal

import numpy as np

from core.domain.motion import GaitReference
from core.domain.record import RecordKind
from core.domain.twin import GaitPolicy, Network, Twin
from core.jobs.values import JobContext, Params
from core.simulation.environment.observation import OBSERVATION_SIZE
from core.store.repository import open_store


def learn(params: Params, context: JobContext) -> str:
    checkpoint = context.work_dir / "checkpoint.pt"
    if not checkpoint.exists():
        checkpoint.write_text("half", encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    with open_store(context.spec.data_dir) as store:
        twin = store.load(str(params["twin_id"]), Twin)
        network = Network((np.ones((14, OBSERVATION_SIZE)),), (np.zeros(14),), "silu")
        policy = GaitPolicy(
            body=twin.body,
            reference=GaitReference(1.0, 1.2, np.zeros((30, 14))),
            policy=network,
            value=network,
            log_std=np.zeros(14, np.float32),
            observation_mean=np.zeros(OBSERVATION_SIZE),
            observation_std=np.ones(OBSERVATION_SIZE),
            curves=(),
            control_steps=int(60 * float(str(params["minutes"]))),
            control_steps_per_s=1.0,
            walk_seconds_median=20.0,
            joint_rmse_deg=3.0,
        )
        visit_id = store.info(str(params["twin_id"])).visit_id
        return store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="test")
