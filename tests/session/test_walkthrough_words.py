"""Claims that keep the slow walk-through in step with the pages: it calls fields as the pages do."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from tests.session.walkthrough import KEEPER, SIGNER, WHY
from tests.ui.conftest import app as app
from ui.pages.capture import CapturePage
from ui.pages.compare import ComparePage
from ui.pages.deploy_trial import KeepCard
from ui.widgets.take_away import TakeAway


def test_the_fields_that_are_filled_in_are_called_so_on_the_pages(app: QApplication) -> None:
    compare, keep = ComparePage(), KeepCard()
    signed = {field.accessibleName() for field in compare.findChildren(QLineEdit)}
    kept = {field.accessibleName() for field in keep.findChildren(QLineEdit)}
    assert {f"Name {SIGNER}", f"Role {SIGNER}", WHY} <= signed
    assert {f"Name {KEEPER}", f"Role {KEEPER}"} <= kept


def test_the_exo_worn_and_the_zip_are_offered_under_their_names(app: QApplication) -> None:
    page = CapturePage()
    names = [box.accessibleName() for box in page.findChildren(QComboBox)]
    assert any(name.startswith("With which exo the patient walks") for name in names)
    assert TakeAway.ZIP.value == "All of it for other programs (ZIP)…"
