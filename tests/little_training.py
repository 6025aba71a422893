"""Exo training with few lessons, few walkers and short walks: the same code, in seconds."""

from __future__ import annotations

from functools import partial

import pytest

from core.learning.exo import offline_stage, study, surrogate, training
from core.learning.exo.lessons import LESSONS
from core.learning.exo.offline import OfflineSettings
from core.tasks import judged_walks, train_controller
from core.twin.body import Fidelity

_OWN_AND_SLOWER = tuple(lesson for lesson in LESSONS if lesson.key in ("level", "level-0.9"))


def shrink(patch: pytest.MonkeyPatch) -> None:
    """From now on trainings in this process are little ones; what they learn is worth nothing."""
    for module, name, little in (
        (study, "LESSONS", _OWN_AND_SLOWER),
        (study, "WALKERS", 4),
        (study, "SECONDS", 2.0),
        (surrogate, "STEPS", 200),
        (offline_stage, "WALKERS", 3),
        (offline_stage, "SECONDS", 2.0),
        (offline_stage, "OfflineSettings", partial(OfflineSettings, windows=16, window_ticks=48)),
        (offline_stage, "OFFLINE_STEPS", (8, 8)),
        (offline_stage, "SIDED_OFFLINE_STEPS", (8, 8, 8)),
        (train_controller, "SELECTION_S", 1.6),
        (train_controller, "EVALUATION_WALKERS", 2),
        (judged_walks, "SEEDS", 2),
        (judged_walks, "WALKERS", 2),
        (judged_walks, "SECONDS", 1.6),
        (training, "WALKERS", dict.fromkeys(Fidelity, 4)),
        (train_controller, "ENVELOPE_WALKERS", 3),
        (train_controller, "ENVELOPE_WALKERS_OF_OTHERS", 1),
        (train_controller, "PICTURE_EVERY_S", 0.5),
        (train_controller, "PICTURE_STRIP_S", 0.2),
        (train_controller, "CHECKPOINT_EVERY_S", 0.5),
    ):
        patch.setattr(module, name, little)
