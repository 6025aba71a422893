"""Train: the exo controller learns to assist this twin."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTabBar, QWidget

from core.domain.controller import Aim, ExoSensors
from ui.pages.belt import BeltPanel, BeltState
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
from ui.widgets.basics import Deck, column

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


TRAINING_TAB, BELT_TAB = range(2)


class TrainPage(LearningPage):
    title = "Train"
    help_text = (
        "The controller learns on the patient's twin how to assist within the limits of a first session. "
        "Four things are watched: that walking takes less energy, that muscles work less hard, that the twin "
        "does not fall more, and that it stays the patient's own gait. All of it is simulated. The best "
        "controller so far is always kept. For a belt exo the force can be planned from the person's own hip "
        "moment instead, and taught to the exo."
    )

    plan_belt = Signal(object)  # BeltWishes
    teach_belt = Signal()

    def __init__(self) -> None:
        curves = (METABOLIC, ACTIVATION, FALLS, LIKENESS)
        view = LearningView(curves, "The twin with the exo, now", earlier=(EFFORT, AGAINST, IMITATION))
        words = "6 minutes give a useful controller; more fine-tune it."
        super().__init__(view, MinutesBox(words, 6, (AIM, FIDELITY, SENSORS)))

    def arrange(self) -> None:
        self.belt, self.tabs = BeltPanel(), QTabBar()
        learning = QWidget()
        inside = column(self.minutes_box, gap=12)
        inside.addWidget(self.view, 1)
        learning.setLayout(inside)
        self._shown_parts = (learning, self.belt)
        self._parts = Deck(*self._shown_parts)
        for words in ("Training", "Belt exo"):
            self.tabs.addTab(words)
        self.tabs.setAccessibleName("Parts of Train")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.body.addWidget(self.tabs)
        self.body.addWidget(self._parts, 1)
        self.tabs.currentChanged.connect(lambda number: self._parts.show_widget(self._shown_parts[number]))
        self.belt.plan.connect(self.plan_belt)
        self.belt.teach.connect(self.teach_belt)

    def show_belt(self, state: BeltState) -> None:
        self.belt.show_state(state)

    def open_tab(self, number: int) -> None:
        self.tabs.setCurrentIndex(number)

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
