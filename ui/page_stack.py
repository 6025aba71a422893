"""The ten pages, each built when it is first shown, so that the first window does not wait for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget

from core.jobs.values import JobState
from core.session.flow import JOBS, Step
from ui.pages.frame import Page
from ui.presenters.base import StepPresenter
from ui.session_context import SessionContext

Built = tuple[Page, StepPresenter]


def _patient(context: SessionContext) -> Built:
    from ui.pages.patients import PatientsPage
    from ui.presenters.patients import PatientsPresenter

    page = PatientsPage()
    return page, PatientsPresenter(page, context)


def _capture(context: SessionContext) -> Built:
    from ui.pages.capture import CapturePage
    from ui.presenters.capture import CapturePresenter

    page = CapturePage()
    return page, CapturePresenter(page, context)


def _motion(context: SessionContext) -> Built:
    from ui.pages.motion import MotionPage
    from ui.presenters.motion import MotionPresenter

    page = MotionPage()
    return page, MotionPresenter(page, context)


def _emg(context: SessionContext) -> Built:
    from ui.pages.emg import EmgPage
    from ui.presenters.emg import EmgPresenter

    page = EmgPage()
    return page, EmgPresenter(page, context)


def _personalize(context: SessionContext) -> Built:
    from ui.pages.personalize import PersonalizePage
    from ui.presenters.personalize import PersonalizePresenter

    page = PersonalizePage()
    return page, PersonalizePresenter(page, context)


def _review(context: SessionContext) -> Built:
    from ui.pages.review import ReviewPage
    from ui.presenters.review import ReviewPresenter

    page = ReviewPage()
    return page, ReviewPresenter(page, context)


def _train(context: SessionContext) -> Built:
    from ui.pages.train import TrainPage
    from ui.presenters.train import TrainPresenter

    page = TrainPage()
    return page, TrainPresenter(page, context)


def _compare(context: SessionContext) -> Built:
    from ui.pages.compare import ComparePage
    from ui.presenters.compare import ComparePresenter

    page = ComparePage()
    return page, ComparePresenter(page, context)


def _deploy(context: SessionContext) -> Built:
    from ui.pages.deploy import DeployPage
    from ui.presenters.deploy import DeployPresenter

    page = DeployPage()
    return page, DeployPresenter(page, context)


def _report(context: SessionContext) -> Built:
    from ui.pages.report import ReportPage
    from ui.presenters.report import ReportPresenter

    page = ReportPage()
    return page, ReportPresenter(page, context)


BUILDERS: dict[Step, Callable[[SessionContext], Built]] = {
    Step.PATIENT: _patient,
    Step.CAPTURE: _capture,
    Step.MOTION: _motion,
    Step.EMG: _emg,
    Step.PERSONALIZE: _personalize,
    Step.REVIEW: _review,
    Step.TRAIN: _train,
    Step.COMPARE: _compare,
    Step.DEPLOY: _deploy,
    Step.REPORT: _report,
}


class PageArea(QScrollArea):
    """Scrolls a page only when even its least height does not fit: nothing is ever cut off."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(page)
        page.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        width, layout = self.viewport().width(), self._page.layout()
        if layout is None:
            return
        least = layout.totalMinimumSize().height()
        if layout.hasHeightForWidth():
            least = layout.totalMinimumHeightForWidth(width)
        self._page.resize(width, max(self.viewport().height(), least))


class PageStack(QStackedWidget):
    """Shows one step's page and keeps its presenter up to date while it is seen."""

    def __init__(self, context: SessionContext) -> None:
        super().__init__()
        self._context = context
        self._built: dict[Step, Built] = {}
        self._areas: dict[Step, PageArea] = {}
        self._shown: Step | None = None
        self._was_running = False

    @property
    def step(self) -> Step | None:
        return self._shown

    def page(self, step: Step) -> Page:
        return self._build(step)[0]

    def presenter(self, step: Step) -> StepPresenter:
        return self._build(step)[1]

    def show_step(self, step: Step) -> Page:
        if self._shown is not None and self._shown is not step:
            self._built[self._shown][1].leave()
        page, presenter = self._build(step)
        self._shown = step
        self.setCurrentWidget(self._areas[step])
        presenter.refresh()
        return page

    def refresh(self) -> None:
        if self._shown is not None:
            self._built[self._shown][1].refresh()

    def follow_jobs(self, states: tuple[JobState, ...]) -> None:
        """Cheap while a job of the shown step goes on; a full refresh when one starts or ends."""
        if self._shown is None:
            return
        kinds = JOBS[self._shown]
        running = any(state.outcome is None and state.spec.kind in kinds for state in states)
        presenter = self._built[self._shown][1]
        if running == self._was_running:
            presenter.progress()
        else:
            self._was_running = running
            presenter.refresh()

    def _build(self, step: Step) -> Built:
        if step not in self._built:
            page, presenter = BUILDERS[step](self._context)
            self._built[step] = page, presenter
            area = PageArea(page)
            self._areas[step] = area
            self.addWidget(area)
        return self._built[step]
