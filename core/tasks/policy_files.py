"""Policies and checkpoints as files: the shipped base policy, and atomic writes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import resources
from core.errors import refuse
from core.simulation.environment.policy import PolicyNetworks, require_this_version
from core.store.files import disk_errors
from core.vault import files

BASE_POLICY = "policies/base_walk.npz"
MUSCLE_POLICY = "policies/base_walk_muscles.npz"


@lru_cache(maxsize=2)
def shipped_policy(*, muscles: bool = False) -> PolicyNetworks:
    """The base policy that every person's twin starts from. Refuses (SIM-020) when the file is missing."""
    path = resources.path(MUSCLE_POLICY if muscles else BASE_POLICY)
    if not path.is_file():
        raise refuse(
            "SIM-020",
            "The base walking policy is missing.",
            f"{path.name} is not where the installation puts it.",
            "Install ExoTwin again.",
        )
    return policy_of(path)


def policy_of(path: Path) -> PolicyNetworks:
    """The policy of a file that `policy_bytes` filled. Refuses (TRN-020) one of another program version."""
    with np.load(path) as arrays:
        return require_this_version(PolicyNetworks.of(arrays))


def policy_bytes(networks: PolicyNetworks) -> bytes:
    """The content of a policy file, readable by `PolicyNetworks.of(np.load(...))`."""
    return arrays_bytes(networks.arrays())


def arrays_bytes(arrays: Mapping[str, Any]) -> bytes:
    """Named arrays as the content of an npz file."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def replace_file(path: Path, content: bytes) -> None:
    """Write `content` so that a crash, a power cut or a full disk leaves either the old file or the new one.

    Raises UserError REC-003 when the disk is full.
    """
    fresh = path.with_name(f".{path.name}.new")  # a dot in front: half of one is never taken for a checkpoint
    with disk_errors():
        try:
            with files.open_write(fresh) as stream:
                stream.write(content)
                files.sync(stream)
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


@contextmanager
def resuming() -> Iterator[None]:
    """Refuse (TRN-014) a checkpoint that cannot be read."""
    try:
        yield
    except (pickle.UnpicklingError, RuntimeError, KeyError, ValueError, EOFError) as error:
        raise refuse(
            "TRN-014",
            "This training cannot be continued.",
            "Its last saved state is damaged or of another program version.",
            "Start the training again.",
        ) from error
