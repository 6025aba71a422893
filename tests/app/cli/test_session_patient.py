"""Claims about the patient of a session without a screen: an odd code is told, the visit gets its notes."""

from __future__ import annotations

from pathlib import Path

from app.cli.session_patient import begin_visit
from app.session_request import SessionRequest
from app.terminal import Terminal
from core.domain.walking_ability import FunctionalClass, VisitNotes, WalkingAid
from core.store.repository import open_store
from tests.store.samples import a_subject

NOTES = VisitNotes(WalkingAid.ROLLATOR, FunctionalClass.SUPERVISION, "tired")


class Lines(Terminal):
    """A terminal of which only the printed lines are looked at."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def print_line(self, sentence: str) -> None:
        self.lines.append(sentence)


def test_a_code_that_is_easily_taken_for_another_is_told_once_and_the_visit_keeps_its_notes(
    tmp_path: Path,
) -> None:
    request = SessionRequest("", 1.0, tmp_path, tmp_path / "out", visit_notes=NOTES)
    told = Lines()
    with open_store(tmp_path) as store:
        store.add_patient(a_subject("P-0042"))
        ids = [begin_visit(store, a_subject("P-OO42"), request, told, by="x") for _ in range(2)]
        assert all(store.visit(visit_id).notes == NOTES for visit_id in ids)
    assert told.lines == ["P-OO42: Easily taken for P-0042, another patient here."]
