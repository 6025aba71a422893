"""Whose the band is, numbers beside normal ones, offsets in words, headlines no greener than a joint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from core.domain.body import SAGITTAL, SIDES, JointKind
from core.domain.motion import GaitCycles, Motion, Spread
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel
from core.gait.norm_choice import Norm, Walker, norm_for
from core.session.norms import motion_far_off, norm_findings
from core.session.report import report_content
from core.store.repository import Store, open_store
from tests.store.samples import a_subject
from tests.ui import walks
from tests.ui.samples import motion, squat_motion
from ui.pages.motion import MotionPage
from ui.presenters.closeness import Closeness, closer_words, far_joints
from ui.presenters.gait_curves import NamedCycles, joint_panels
from ui.presenters.level_walk import review_headline, review_sentence
from ui.presenters.motion import MotionPresenter
from ui.presenters.motion_numbers import motion_table, motion_tiles, motion_verdict
from ui.session_context import SessionContext
from ui.theme import Tone

YOUNG = Walker(30, 1.68, 1.21)


def on_band(norm: Norm, ankle_deg: float = 0.0, knee_gain: float = 1.0) -> Motion:
    """A motion on the band but for the left leg's ankle, too high throughout, and knee, too stiff."""
    sides = []
    for side in SIDES:
        angle = np.zeros((5, 101, len(JointKind)))
        for kind in SAGITTAL:
            band = norm.bands.band(kind)
            assert band is not None
            angle[:, :, list(JointKind).index(kind)] = band.mean_rad
        if side is SIDES[0]:
            angle[:, :, list(JointKind).index(JointKind.ANKLE)] += np.radians(ankle_deg)
            angle[:, :, list(JointKind).index(JointKind.KNEE)] *= knee_gain
        sides.append(GaitCycles(side, angle, 0.62))
    return replace(motion(), cycles=(sides[0], sides[1]))


def judged(measured: Motion, norm: Norm) -> tuple[str, Tone]:
    return motion_verdict(measured, motion_far_off(measured, norm))


# Motion -------------------------------------------------------------------------------------------


def test_an_ankle_beside_the_band_turns_the_headline_amber_and_is_named_an_offset() -> None:
    norm = norm_for(YOUNG)
    words, tone = judged(on_band(norm), norm)
    assert words.endswith("Good for sagittal analysis.") and tone is Tone.OK
    words, tone = judged(on_band(norm, ankle_deg=15.0), norm)
    assert tone is Tone.WARN
    assert words.endswith("with care: the left ankle lies 15° above the band over the whole stride.")
    (found,) = norm_findings(on_band(norm, ankle_deg=15.0), norm)
    assert found.advice.code == "MOT-102"
    assert found.advice.what == (
        "The left ankle lies 15° above the band over the whole stride: likely an offset of the ankle's zero, "
        "shape agrees (r 1.00)."
    )
    assert "guessed on the shoe" in found.advice.why


def test_another_shape_is_told_by_distance_and_correlation_and_not_as_an_offset() -> None:
    norm = norm_for(YOUNG)
    measured = on_band(norm, knee_gain=0.2)
    (found,) = norm_findings(measured, norm)
    assert found.advice.code == "MOT-103"
    assert found.advice.what == "The left knee is 23° off the band on average (r 1.00)."
    assert judged(measured, norm)[1] is Tone.WARN


def test_a_motion_without_a_walk_is_not_compared_with_walking() -> None:
    assert norm_findings(squat_motion(), norm_for(YOUNG)) == ()
    assert [tile.normal for tile in motion_tiles(squat_motion(), YOUNG)] == ["", ""]


def test_numbers_stand_beside_normal_ones_and_are_marked_where_they_differ() -> None:
    measured = motion()
    sides = [replace(one, stance_fraction=Spread(0.72, 0.01)) for one in measured.measures.sides]
    measured = replace(measured, measures=replace(measured.measures, sides=(sides[0], sides[1])))
    table = motion_table(measured, YOUNG)
    rows = {row.name: row for row in table.rows}
    assert table.columns == ("", "Left", "Right", "Normal ± 1 SD")
    assert rows["Stance"].cells == ("72 ± 1 % ↑", "72 ± 1 % ↑", "60.5 ± 1.1 %")
    assert rows["Stance"].tones == (Tone.WARN, Tone.WARN, Tone.NEUTRAL)
    assert rows["Step length"].cells == ("62 ± 2 cm", "62 ± 2 cm", "62 ± 4 cm")
    assert "22 adults on a treadmill aged 21–37" in rows["Step length"].tip
    assert rows["Knee range"].cells[2] == "56 ± 5°"
    speed = motion_tiles(measured, YOUNG)[0]
    assert speed.value == "1.21 m/s" and speed.normal == "1.21 ± 0.17"
    assert "138 adults" in speed.tip


def test_numbers_of_an_age_nobody_was_measured_at_stand_in_brackets_without_marks() -> None:
    slow = replace(motion(), measures=replace(motion().measures, cadence_steps_min=60.0))
    cadence = motion_tiles(slow, Walker(45, 1.68, 1.21))[1]
    assert cadence.value == "60 /min" and cadence.normal.startswith("(") and "Nobody of 45" in cadence.tip
    assert motion_tiles(slow, YOUNG)[1].value == "60 /min ↓"


def test_a_person_of_62_is_not_silently_compared_with_others(context: SessionContext, visit_id: str) -> None:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="")
    context.record_changed.emit()
    codes = [finding.advice.code for finding in page._findings._findings]
    assert "MOT-101" in codes
    shown = page.grid._band_words.text()
    assert shown.startswith("No band fits age 62 at 1.21 m/s; nearest: 24 adults aged 21–37")
    assert "Fukuchi et al. 2018" in shown and "children" not in shown
    assert any(label.text() == "Nearest band ± 1 SD" for label in page.grid.findChildren(QLabel))


# Review -------------------------------------------------------------------------------------------


def test_where_distance_and_shape_disagree_both_are_said() -> None:
    own, default = Closeness(0.87, 4.1), Closeness(0.91, 7.9)
    assert closer_words(own, default, "the default twin") == (
        "closer in degrees than the default twin, but less alike in shape "
        "(4.1° off instead of 7.9°, mean r 0.87 instead of 0.91)"
    )
    assert closer_words(default, own, "it").startswith("more alike in shape than it, but further off")
    assert closer_words(Closeness(0.95, 4.1), default, "it").startswith("more closely than it (mean r 0.95")
    assert closer_words(default, Closeness(0.95, 4.1), "it").startswith("less closely than it")
    assert closer_words(Closeness(0.914, 7.94), default, "it") == "as closely as it (mean r 0.91, 7.9°)"


@pytest.mark.parametrize(
    ("closeness", "tone"),
    [(Closeness(0.95, 4.0), Tone.OK), (Closeness(0.95, 9.0), Tone.WARN), (Closeness(0.80, 4.0), Tone.WARN)],
)
def test_a_twin_is_like_the_patient_only_in_degrees_and_in_shape(closeness: Closeness, tone: Tone) -> None:
    assert review_headline(walks.rollout(GaitLabel.PERSONALIZED_TWIN), closeness)[1] is tone


def test_the_review_headline_is_no_greener_than_its_worst_joint_and_names_its_offset() -> None:
    norm = norm_for(YOUNG)
    measured, own = on_band(norm), on_band(norm, ankle_deg=-14.0)
    gaits = [NamedCycles(GaitLabel.PERSONALIZED_TWIN, own.cycles)]
    panels = joint_panels(measured, gaits, norm=norm)
    far = far_joints(panels, GaitLabel.PERSONALIZED_TWIN)
    headline, tone = review_headline(None, Closeness(0.99, 2.3), far)
    assert headline.endswith("(mean r 0.99, 2.3°) but for the left ankle (r 1.00, 14°).")
    assert tone is Tone.WARN
    assert review_sentence(panels).endswith(
        "It is furthest off at the left ankle: 14° on average, nearly all of it a constant offset "
        "(14° below over the whole stride; the shape agrees, r 1.00)."
    )


# Report -------------------------------------------------------------------------------------------


def kept(store: Store, solved: Motion, birth_year: int) -> str:
    subject = replace(a_subject(), code=f"P-{birth_year}", birth_year=birth_year, height_m=1.68)
    visit_id = store.start_visit(store.add_patient(subject)).id
    store.save(RecordKind.MOTION, solved, visit_id=visit_id, summary="motion")
    return visit_id


def test_the_report_has_the_normal_numbers_and_says_whose_its_bands_are(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        visit_id = kept(store, motion(), 1960)
        year = store.visit(visit_id).started_utc.year
        old = report_content(store, visit_id)
        young = report_content(store, kept(store, on_band(norm_for(YOUNG), ankle_deg=15.0), year - 30))
    assert not old.band_fits and old.band_source.startswith(f"No band fits age {year - 1960} at 1.21 m/s")
    assert f"No published band fits age {year - 1960} at 1.21 m/s." in old.quality
    assert young.band_fits and young.band_source.startswith("Normal: 24 adults aged 21–37")
    assert any("lies 15° above the band over the whole stride" in line for line in young.quality)
    rows = {row.name: row.cells for row in young.gait.rows}
    assert young.gait.columns == ("", "Left or both", "Right", "Normal ± 1 SD")
    assert rows["Speed"] == ("1.21 m/s", "", "1.21 ± 0.17 m/s")
    assert rows["Step length"] == ("62 ± 2 cm", "62 ± 2 cm", "62 ± 4 cm")
