"""The folder of a study: its record, a copy of its file, and its results."""

from __future__ import annotations

from pathlib import Path

from core.cohort.folder_names import STUDY_FILE
from core.cohort.study_file import plan_sha256, read_study
from core.domain.cohort_plan import CohortPlan
from core.errors import refuse
from core.store.files import folder_errors, write_synced


def begin_folder(folder: Path, plan: CohortPlan, file: Path) -> None:
    """Make the folder of a new study, or find that of this one.

    Refuses STU-006 (that of another study) and STU-007 (a folder that holds something else), REC-003 and
    REC-006 where it cannot be made.
    """
    kept = folder / STUDY_FILE
    if kept.is_file():
        if plan_sha256(read_study(kept)) != plan_sha256(plan):
            raise refuse(
                "STU-006",
                f"{folder} holds another study.",
                f"Its {kept.name} does not say the same as {file.name}, so that cells could not be compared.",
                "Choose another folder with --out, or run the study with the file as it was.",
            )
        return
    cut_off = f".{STUDY_FILE}-"  # what is left of a study that was killed as it began
    if folder.is_dir() and any(not one.name.startswith(cut_off) for one in folder.iterdir()):
        raise refuse(
            "STU-007",
            f"{folder} is no folder for a study.",
            "It holds something else. Virtual patients are kept apart from people and from other files.",
            "Choose a new or empty folder with --out.",
        )
    with folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_synced(kept, file.read_bytes())


def plan_in(folder: Path) -> CohortPlan:
    """Refuses STU-008 a folder without a study."""
    kept = folder / STUDY_FILE
    if not kept.is_file():
        raise refuse(
            "STU-008",
            f"There is no study in {folder}.",
            f"A folder in which a study was run has the file {STUDY_FILE}.",
            "Name the folder that was given to `exotwin study run` after --out.",
        )
    return read_study(kept)
