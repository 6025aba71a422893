"""Tasks that handle what nobody may read, and die in the middle of it."""

from __future__ import annotations

import os
import signal
import sys

import cv2
import numpy as np

from core.jobs.values import JobContext, Params
from core.store.repository import open_store
from core.tasks.policy_files import replace_file
from core.vault import files
from core.vault.scratch import scratch, temporary


def tell_and_die(params: Params, context: JobContext) -> str:
    """Say the code in every way there is, write a checkpoint, a video and half of a file, and be killed."""
    with open_store(context.spec.data_dir) as store:
        code = store.subject_of(str(params["visit_id"])).code
    sys.stdout.write(f"a library speaks of {code}\n")
    sys.stderr.write(f"and warns of {code}\n")
    sys.stdout.flush()
    context.message(f"{code} is here")
    replace_file(context.work_dir / "checkpoint.pt", code.encode() * 1000)
    with scratch(context.work_dir) as places, temporary(context.spec.data_dir) as others:
        path, size = places.place("camera-1.mkv"), (64, 48)
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), 30.0, size)
        for level in range(200):
            writer.write(np.full((48, 64, 3), level, np.uint8))
        others.place("report.pdf").write_bytes(code.encode() * 1000)
        with files.open_write(context.work_dir / "half.npz") as half:
            half.write(code.encode() * 100_000)
            half.write(b"\xff\xd8\xff\xe0\x00\x10JFIF" * 100_000)
            context.sample(written=1.0)
            os.kill(os.getpid(), signal.SIGKILL)
    return ""
