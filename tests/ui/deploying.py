"""The Deploy page over a signed comparison, for the tests of the page."""

from __future__ import annotations

from core.session.flow import Step
from tests.ui import records
from ui.pages.deploy import DeployPage
from ui.presenters.deploy import DeployPresenter
from ui.session_context import SessionContext


def deploy_page(context: SessionContext) -> tuple[DeployPage, DeployPresenter]:
    page = DeployPage()
    presenter = DeployPresenter(page, context)
    presenter.refresh()
    page.resize(1000, 700)
    page.show()
    return page, presenter


def signed_records(context: SessionContext, visit_id: str, *, packed: bool) -> dict[Step, str]:
    made = records.fill(context.store, visit_id, Step.COMPARE)
    records.sign(context.store, visit_id, made)
    if packed:
        made[Step.DEPLOY] = records.pack(context.store, visit_id, made)
    return made
