"""Which package, deployment and walk of a visit count: those of the controller that was signed last."""

from __future__ import annotations

from core.domain.assistance import Assistance
from core.domain.controller import Comparison, Deployment, Handover
from core.domain.exo_walk import ExoWalk
from core.domain.record import RecordInfo, RecordKind, Verdict
from core.domain.release import Purpose
from core.domain.situation_effects import brief_assistance
from core.session.release import release_lines, signed_purpose
from ui.pages.deploy_trial import WalkView
from ui.presenters import deploy_text
from ui.presenters.base import StepPresenter


class ExoRecords:
    """Reads what a page of the deployed controller shows from the record."""

    def __init__(self, presenter: StepPresenter) -> None:
        self._presenter, self._context = presenter, presenter.context
        self._walk: WalkView | None = None  # read once: it is long
        self._verdict: tuple[str, Assistance] | None = None  # of a comparison, by its id

    def package(self) -> RecordInfo | None:
        """The newest package, if it is of the newest signed comparison and holds its newest signature."""
        newest = self._presenter.newest
        package, comparison = newest(RecordKind.PACKAGE), newest(RecordKind.COMPARISON)
        if package is None or comparison is None:
            return None
        signed = (
            decision.on_utc
            for decision in self._context.store.decisions(package.visit_id)
            if decision.verdict is Verdict.SIGNED and decision.record_id == comparison.id
        )
        if any(on_utc > package.created_utc for on_utc in signed):
            return None
        return package if comparison.id in {name for name, _ in package.provenance.inputs} else None

    def for_a_person(self) -> bool:
        """Whether the newest comparison is signed to be worn: its package is for one exo alone."""
        comparison = self._presenter.newest(RecordKind.COMPARISON)
        if comparison is None:
            return False
        return signed_purpose(self._context.store, comparison.id) is Purpose.SUPERVISED_HUMAN

    def release(self) -> tuple[str, ...]:
        """What the newest signed comparison says of the controller, and who released it in spite of that."""
        comparison = self._presenter.newest(RecordKind.COMPARISON)
        if comparison is None:
            return ()
        if self._verdict is None or self._verdict[0] != comparison.id:
            found = brief_assistance(self._context.store.load(comparison.id, Comparison))
            self._verdict = (comparison.id, found)
        decisions = self._context.store.decisions(comparison.visit_id)
        return release_lines(self._verdict[1], decisions, comparison.id)

    def deployment(self) -> Deployment | None:
        """What the exo reported last about this package, or the one that was gone back to since."""
        info, package = self._presenter.newest(RecordKind.DEPLOYMENT), self.package()
        if info is None or package is None:
            return None
        before = self._before(info)
        first = self._context.store.info(before[-1]) if before else info
        deployment = self._context.store.load(info.id, Deployment)
        of_this = package.id in {name for name, _digest in first.provenance.inputs}
        gone_back = deployment.handover is Handover.ROLLED_BACK and info.created_utc > package.created_utc
        return deployment if of_this or gone_back else None

    def walk(self) -> WalkView | None:
        """The newest walk, if it was with what the newest deployment put onto the exo."""
        newest = self._presenter.newest
        info, deployed = newest(RecordKind.WALK), newest(RecordKind.DEPLOYMENT)
        if info is None or deployed is None:
            return None
        if self._walk is None or self._walk.record_id != info.id:
            self._walk = deploy_text.walk_view(info.id, self._context.store.load(info.id, ExoWalk))
        used = {name for name, _digest in info.provenance.inputs}
        return self._walk if used & {deployed.id, *self._before(deployed)} else None

    def forget(self) -> None:
        self._walk = None

    def _before(self, info: RecordInfo) -> tuple[str, ...]:
        """The records that this deployment followed, newest first."""
        found: list[str] = []
        name = self._presenter.input_of(info.id, RecordKind.DEPLOYMENT)
        while name is not None:
            found.append(name)
            name = self._presenter.input_of(name, RecordKind.DEPLOYMENT)
        return tuple(found)
