"""The pages, each built when it is first shown, so that the first window does not wait for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget

from core.jobs.values import JobState
from core.session.flow import JOBS, Step
from ui import theme
from ui.asides import Aside, Place
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


def _visits(context: SessionContext) -> Built:
    from ui.pages.visits import VisitsPage
    from ui.presenters.visits import VisitsPresenter

    page = VisitsPage()
    return page, VisitsPresenter(page, context)


def _people(context: SessionContext) -> Built:
    from ui.pages.people import PeoplePage
    from ui.presenters.people import PeoplePresenter

    page = PeoplePage()
    return page, PeoplePresenter(page, context)


def _data(context: SessionContext) -> Built:
    from ui.pages.data import DataPage
    from ui.presenters.data import DataPresenter

    page = DataPage()
    return page, DataPresenter(page, context)


def _server(context: SessionContext) -> Built:
    from ui.pages.record_server import RecordServerPage
    from ui.presenters.record_server import RecordServerPresenter

    page = RecordServerPage()
    return page, RecordServerPresenter(page, context)


def _statistics(context: SessionContext) -> Built:
    from ui.pages.statistics import StatisticsPage
    from ui.presenters.statistics import StatisticsPresenter

    page = StatisticsPage()
    return page, StatisticsPresenter(page, context)


BUILDERS: dict[Place, Callable[[SessionContext], Built]] = {
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
    Aside.VISITS: _visits,
    Aside.PEOPLE: _people,
    Aside.DATA: _data,
    Aside.SERVER: _server,
    Aside.STATISTICS: _statistics,
}


class PageArea(QScrollArea):
    """Scrolls a page only when even its least size does not fit: nothing is ever cut off."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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
        layout = self._page.layout()
        if layout is None:
            return
        width = max(self.viewport().width(), layout.totalMinimumSize().width())
        least = layout.totalMinimumSize().height()
        if layout.hasHeightForWidth():
            least = layout.totalMinimumHeightForWidth(width)
        self._page.resize(width, max(self.viewport().height(), least))


class PageStack(QStackedWidget):
    """Shows one step's page and keeps its presenter up to date while it is seen."""

    def __init__(self, context: SessionContext) -> None:
        super().__init__()
        self._context = context
        self._built: dict[Place, Built] = {}
        self._areas: dict[Place, PageArea] = {}
        self._shown: Place | None = None
        self._was_running = False

    @property
    def step(self) -> Step | None:
        """The step whose page is shown; None before the first one and on a page beside the steps."""
        return self._shown if isinstance(self._shown, Step) else None

    @property
    def shown(self) -> Place | None:
        return self._shown

    def page(self, place: Place) -> Page:
        return self._build(place)[0]

    def presenter(self, place: Place) -> StepPresenter:
        return self._build(place)[1]

    def show_step(self, place: Place) -> Page:
        if self._shown is not None and self._shown is not place:
            self._built[self._shown][1].leave()
        page, presenter = self._build(place)
        self._shown = place
        theme.dress(self._areas[place])  # the look may have changed while another page was shown
        self.setCurrentWidget(self._areas[place])
        presenter.refresh()
        return page

    def refresh(self) -> None:
        if self._shown is not None:
            self._built[self._shown][1].refresh()

    def follow_theme(self) -> None:
        """Dress the shown page; the hidden ones wait until they are shown, as each takes its time."""
        if self._shown is not None:
            theme.dress(self._areas[self._shown])
            self.refresh()

    def follow_jobs(self, states: tuple[JobState, ...]) -> None:
        """Cheap while a job of the shown step goes on; a full refresh when one starts or ends."""
        if self._shown is None:
            return
        kinds = JOBS[self._shown] if isinstance(self._shown, Step) else frozenset()
        running = any(state.outcome is None and state.spec.kind in kinds for state in states)
        presenter = self._built[self._shown][1]
        if running == self._was_running:
            presenter.progress()
        else:
            self._was_running = running
            presenter.refresh()

    def _build(self, place: Place) -> Built:
        if place not in self._built:
            page, presenter = BUILDERS[place](self._context)
            self._built[place] = page, presenter
            area = PageArea(page)
            self._areas[place] = area
            self.addWidget(area)
        return self._built[place]
