"""With which exo a walk was recorded: what two recordings of a person may differ in besides the day."""

from __future__ import annotations

from enum import StrEnum


class Condition(StrEnum):
    """What the person wore while walking, as somebody said it. The values are stored."""

    NOT_STATED = "not stated"  # of recordings of earlier versions, and where nobody said it
    NO_EXO = "no exo"
    DEFAULT = "default"  # wore the exo with the default controller
    PERSONALIZED = "personalized"
    OTHER = "other"  # anything else: worn without torque, another exo, a walking aid

    @property
    def words(self) -> str:
        """In the middle of a sentence or beside a date: "personalized controller"."""
        return _WORDS[self]

    @property
    def label(self) -> str:
        """In a list of choices: "Personalized controller"."""
        return self.words[:1].upper() + self.words[1:]

    @property
    def assisted(self) -> bool:
        """Whether an exo helped: such a walk is not the person's own."""
        return self in (Condition.DEFAULT, Condition.PERSONALIZED)

    @property
    def option(self) -> str:
        """As it is typed in a terminal: "no-exo"."""
        return self.value.replace(" ", "-")

    @staticmethod
    def of_option(text: str) -> Condition:
        """What was typed in a terminal; nothing stands for not stated. Raises ValueError of other words."""
        return Condition(text.replace("-", " ")) if text else Condition.NOT_STATED


_WORDS = {
    Condition.NOT_STATED: "condition not stated",
    Condition.NO_EXO: "no exo",
    Condition.DEFAULT: "default controller",
    Condition.PERSONALIZED: "personalized controller",
    Condition.OTHER: "other condition",
}
