"""Every page says where we are, whether it is good, and what next; in the same places."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from core.domain.findings import Severity
from core.errors import Advice
from core.jobs.values import Done, JobSpec, JobState, Progress
from tests.ui.samples import finding
from ui.pages.frame import Page
from ui.theme import Tone


def texts(page: Page) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page)]


def button(page: Page, words: str) -> QPushButton:
    return next(b for b in page.findChildren(QPushButton) if b.text() == words and b.isVisibleTo(page))


def test_a_greyed_main_action_always_says_why(app: QApplication) -> None:
    page = Page()
    page.set_main_action("Accept motion", enabled=False, why_not="Capture a walk first.")
    assert not button(page, "Accept motion").isEnabled()
    assert "Capture a walk first." in texts(page)
    page.set_main_action("Accept motion")
    assert "Capture a walk first." not in texts(page)


def test_the_main_action_keeps_its_place_whatever_the_verdict(app: QApplication) -> None:
    page = Page()
    page.resize(1000, 600)
    places = []
    for verdict in ("Good.", "A long verdict that takes more than one line of the page at this width " * 2):
        page.set_headline(verdict, Tone.OK)
        page.set_main_action("Accept motion")
        page.grab()
        main = button(page, "Accept motion")
        places.append(main.mapTo(page, main.rect().topRight()))
    assert places[0] == places[1]


def test_findings_are_shown_worst_first_with_a_way_out(app: QApplication) -> None:
    page = Page()
    chosen: list[str] = []
    page.finding_action.connect(chosen.append)
    findings = (
        finding(Severity.NOTE, "A-1"),
        finding(Severity.WARNING, "A-2"),
        finding(Severity.STOP, "A-3"),
    )
    page.show_findings(findings, {"A-3": "Record again"})
    page.resize(1000, 600)
    page.grab()
    button(page, "Record again").click()
    assert chosen == ["A-3"]
    assert button(page, "Show 1 more")


def test_advice_can_be_copied_with_its_code(app: QApplication) -> None:
    page = Page()
    page.show_advice(Advice("No person was found.", "It is dark.", "Turn on light.", "CAP-021"), "traceback")
    button(page, "Copy details").click()
    copied = QGuiApplication.clipboard().text()
    assert "CAP-021" in copied and "traceback" in copied


def test_a_running_job_shows_progress_time_left_and_cancel(app: QApplication, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = Page()
    cancelled: list[str] = []
    page.cancel_job.connect(cancelled.append)
    spec = JobSpec("j1", "solve_motion", {}, tmp_path)
    page.show_running(JobState(spec, Progress(0.62, "Fitting the skeleton", 240.0)), "Go on meanwhile.")
    assert {"Fitting the skeleton", "62 % · 4 min left", "Go on meanwhile."} <= set(texts(page))
    button(page, "Cancel").click()
    assert cancelled == ["j1"]
    page.show_running(JobState(spec, outcome=Done("r")))
    assert "Fitting the skeleton" not in texts(page)


def test_stale_results_can_be_done_again_or_kept(app: QApplication) -> None:
    page = Page()
    received: list[str] = []
    page.redo.connect(lambda: received.append("redo"))
    page.keep_stale.connect(lambda: received.append("keep"))
    page.show_stale("A newer recording was made after this result.")
    button(page, "Do again").click()
    button(page, "Keep").click()
    assert received == ["redo", "keep"]
