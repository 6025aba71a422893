"""Small studies of twins, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.learning.exo import study as study_module
from core.learning.exo.lessons import LESSONS
from core.learning.exo.study import Study, study_twin
from core.learning.exo.twin_in_exo import TwinInExo
from tests.learning.exo.twins import LIMITS, WEAK_LEFT, walking_twin

FEW_LESSONS = tuple(lesson for lesson in LESSONS if lesson.key in ("level", "level-0.9"))


@pytest.fixture(scope="session")
def few_lessons() -> Iterator[None]:
    """The same study of fewer lessons, by fewer walkers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_module, "LESSONS", FEW_LESSONS)
        patch.setattr(study_module, "WALKERS", 6)
        patch.setattr(study_module, "SECONDS", 3.6)
        yield


@pytest.fixture(scope="session")
def twin() -> TwinInExo:
    return walking_twin()


@pytest.fixture(scope="session")
def study(twin: TwinInExo, few_lessons: None) -> Study:
    return study_twin(twin, LIMITS, seed=0, watch=lambda sentence: None)


@pytest.fixture(scope="session")
def study_of_weak_left(few_lessons: None) -> Study:
    return study_twin(walking_twin(WEAK_LEFT), LIMITS, seed=0, watch=lambda sentence: None)
