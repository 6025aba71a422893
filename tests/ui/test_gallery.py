"""Claims about the gallery: every part of a page is in it, also what another tab hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.session.flow import Step
from tests.ui import records
from ui import gallery
from ui.main_window import MainWindow
from ui.session_context import SessionContext


def test_what_another_tab_hides_has_a_picture_of_its_own(
    context: SessionContext, visit_id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gallery, "_SETTLE_MS", 0)
    records.fill(context.store, visit_id, Step.MOTION)
    window = MainWindow(context)
    window.show()
    window.go_to(Step.MOTION)
    names = gallery._save_tabs(tmp_path, window, Step.MOTION, "light-1366x768")
    assert names[0] == "motion-forces-light-1366x768" and "motion-events-light-1366x768" in names
    assert all((tmp_path / f"{name}.png").is_file() for name in names)
