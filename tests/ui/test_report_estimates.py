"""Estimates on the paper of a visit: in a line each on the second page, in full on a page of the appendix."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest
from PySide6.QtGui import QImage, QPainter

from core.domain.findings import Finding, Severity
from core.domain.record import RecordKind
from core.errors import Advice
from core.session.flow import Step
from core.session.report import ReportContent, report_content
from tests.ui.test_assistance_force import found as amplitude
from tests.ui.test_moments_tab import moments
from tests.ui.test_report_two_pages import FOOT, ends, everything
from ui.presenters.report_contents import contents_of
from ui.report_estimates_page import EstimatesPage
from ui.report_pdf import appendix_pages, page_count
from ui.report_second_page import SecondPage
from ui.session_context import SessionContext

BASIS = Advice(
    "The hip moments are estimated from the motion.",
    "With 11 real people, 122 strides it was wrong by 0.19 (flexion), 0.17 (adduction) and 0.046 N·m/kg "
    "(rotation), root mean square. The mean curve of the other people was wrong by less: 0.17, 0.14 and "
    "0.033 N·m/kg.",
    "Use them as a hint; measure with force plates where a decision hangs on them.",
    "MOM-003",
)


@pytest.fixture
def content(context: SessionContext, visit_id: str) -> ReportContent:
    """Of a visit that has everything and both estimates."""
    everything(context, visit_id, Step.DEPLOY)
    keep = functools.partial(context.store.save, visit_id=visit_id, summary="")
    motion = context.store.latest(visit_id, RecordKind.MOTION)
    assert motion is not None
    told = replace(moments(), findings=(Finding(Severity.NOTE, BASIS),))
    keep(RecordKind.MOMENTS, told, inputs=(motion.id,))
    keep(RecordKind.AMPLITUDE, amplitude(again_n=35.0))
    return report_content(context.store, visit_id)


def test_both_fit_onto_the_two_pages_with_everything_else(content: ReportContent) -> None:
    assert page_count(content) == 2 and ends(SecondPage, content) <= FOOT
    assert {"Hip moments, estimated", "Assistance force"} <= {
        words for words, there in contents_of(content) if there
    }


def test_the_appendix_has_a_page_of_them_that_ends_above_its_foot(content: ReportContent) -> None:
    without = replace(content, estimates=None)
    assert appendix_pages(content) == appendix_pages(without) + 1
    assert content.estimates is not None
    image = QImage(1, 1, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    page = EstimatesPage(painter, content, 3)
    page.draw(content.estimates)
    painter.end()
    assert page.ends_at() <= FOOT


def test_a_visit_without_them_lists_none(content: ReportContent) -> None:
    told = dict(contents_of(replace(content, estimates=None)))
    assert "Hip moments, estimated" not in told and "Assistance force" not in told


def test_how_far_the_moments_are_right_is_printed_once(content: ReportContent) -> None:
    codes = [one.finding.advice.code for one in content.warnings]
    assert BASIS.code not in codes and "AMP-009" in codes
