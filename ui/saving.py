"""A file that was made goes where the person wants it."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.errors import refuse
from core.store.private import patient_permissions


def copy_to(made: Path, path: Path, what: str) -> None:
    """Copy `made` to `path`; `what` begins the sentence of a refusal. Refuses RPT-003."""
    try:
        with patient_permissions():
            shutil.copyfile(made, path)
    except OSError as error:
        raise refuse(
            "RPT-003",
            f"{what} could not be saved as {path.name}.",
            f"The folder {path.parent} does not take it: {error.strerror or error}.",
            "Choose another folder.",
        ) from error
