"""Train: the exo controller learns to assist this twin."""

from __future__ import annotations

from ui.pages.learning_view import EFFORT, FALLS, LIKENESS, LearningView, MinutesBox
from ui.pages.personalize import LearningPage


class TrainPage(LearningPage):
    title = "Train"
    help_text = (
        "The controller learns on the patient's twin how to assist within the limits of a first session. "
        "Three things are watched: that the twin does not fall more, that walking takes less effort, and "
        "that it stays the patient's own gait. The best controller so far is always kept."
    )

    def __init__(self) -> None:
        view = LearningView((FALLS, EFFORT, LIKENESS), "The twin with the exo, now")
        words = "6 minutes give a useful controller; more minutes fine-tune it."
        super().__init__(view, MinutesBox(words, 6))
