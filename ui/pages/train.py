"""Train: the exo controller learns to assist this twin."""

from __future__ import annotations

from core.domain.controller import Aim, ExoSensors
from ui.pages.learning_view import (
    ACTIVATION,
    AGAINST,
    EFFORT,
    FALLS,
    IMITATION,
    LIKENESS,
    METABOLIC,
    Choice,
    LearningView,
    MinutesBox,
    Option,
)
from ui.pages.personalize import FAST, STANDARD, LearningPage

AIM = Choice(
    "aim",
    "Aim",
    "What the exo relieves first",
    (
        Option(Aim.MUSCLES.value, "Relieve muscles", "Muscles are to work less hard, weak ones above all."),
        Option(Aim.ENERGY.value, "Save energy", "Walking is to cost less energy."),
        Option(
            Aim.WITH_THE_LEG.value,
            "Only with the leg",
            "Saves energy, but hardly ever pushes against the leg's movement.",
        ),
    ),
)
FIDELITY = Choice(
    "fidelity",
    "Learns on",
    "What moves the twin's joints",
    (
        Option(FAST, "Joint torques (quick)"),
        Option(STANDARD, "80 muscles", "Through straps; takes much longer."),
    ),
)
SENSORS = Choice(
    "sensors",
    "Sensors",
    "What the exo feels the person by",
    (
        Option(ExoSensors.ENCODERS.value, "Encoders"),
        Option(
            ExoSensors.THIGH_GYROS.value,
            "Thigh gyros only",
            "One gyro on each thigh will do: it imitates a controller with encoders, which is trained first.",
        ),
    ),
)


class TrainPage(LearningPage):
    title = "Train"
    help_text = (
        "The controller learns on the patient's twin how to assist within the limits of a first session. "
        "Four things are watched: that walking takes less energy, that muscles work less hard, that the twin "
        "does not fall more, and that it stays the patient's own gait. All of it is simulated. The best "
        "controller so far is always kept."
    )

    def __init__(self) -> None:
        curves = (METABOLIC, ACTIVATION, FALLS, LIKENESS)
        view = LearningView(curves, "The twin with the exo, now", earlier=(EFFORT, AGAINST, IMITATION))
        words = "6 minutes give a useful controller; more fine-tune it."
        super().__init__(view, MinutesBox(words, 6, (AIM, FIDELITY, SENSORS)))

    def prefer(self, fidelity: str) -> None:
        """Propose what moves the joints, as the twin learned to walk."""
        box = self.minutes_box.boxes[FIDELITY.param]
        box.setCurrentIndex(box.findData(fidelity))

    @property
    def aim(self) -> str:
        return self.minutes_box.chosen(AIM.param)

    @property
    def sensors(self) -> str:
        return self.minutes_box.chosen(SENSORS.param)
