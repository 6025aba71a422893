"""Pages beside the ten steps: opened by a button, left by their own."""

from __future__ import annotations

from enum import StrEnum

from core.session.flow import Step


class Aside(StrEnum):
    VISITS = "visits"
    PEOPLE = "people"
    DATA = "data"
    SERVER = "server"
    STATISTICS = "statistics"


Place = Step | Aside
