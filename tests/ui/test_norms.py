"""Whose the band is, numbers beside normal ones, offsets in words, headlines no greener than a joint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel

from core.domain.body import SAGITTAL, SIDES, JointKind
from core.domain.findings import Severity
from core.domain.motion import GaitCycles, Motion, Spread
from core.domain.record import RecordKind
from core.domain.rollout import GaitLabel, RolloutSet
from core.gait.norm_choice import Norm, Walker, norm_for
from core.gait.twin_likeness import Closeness, JointCloseness
from core.session.facts import FactsReader
from core.session.flow import Step, session_status
from core.session.norms import norm_findings
from core.session.report import report_content
from core.session.warned import warning_of
from core.store.repository import Store, open_store
from tests.store.samples import a_subject
from tests.ui import walks
from tests.ui.records import gait_policy
from tests.ui.samples import motion, squat_motion
from ui.pages.motion import MotionPage
from ui.presenters.closeness import closer_words, joints_of
from ui.presenters.gait_curves import NamedCycles, joint_panels
from ui.presenters.level_walk import review_headline, review_sentence
from ui.presenters.motion import MotionPresenter
from ui.presenters.motion_numbers import motion_table, motion_tiles, motion_verdict
from ui.session_context import SessionContext
from ui.theme import Tone

CHILD = Walker(14, 1.68, 1.21)
GROWN_UP = Walker(62, 1.68, 1.21)  # of whom no band is at hand


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
    return motion_verdict(measured, norm)


# Motion -------------------------------------------------------------------------------------------


def test_an_ankle_beside_the_band_turns_the_headline_amber_and_is_named_an_offset() -> None:
    norm = norm_for(CHILD)
    words, tone = judged(on_band(norm), norm)
    assert words.endswith("Good for sagittal analysis.") and tone is Tone.OK
    words, tone = judged(on_band(norm, ankle_deg=15.0), norm)
    assert tone is Tone.WARN
    assert words.endswith("with care: the left ankle lies 15° above the band over the whole stride.")
    (found,) = norm_findings(on_band(norm, ankle_deg=15.0), norm)
    assert found.advice.code == "MOT-102"
    assert found.advice.what == (
        "The left ankle lies 15° above the band over the whole stride: likely an offset of its zero, shape "
        "agrees (r 1.00)."
    )
    assert "guessed on the shoe" in found.advice.why


def test_another_shape_is_told_by_distance_and_correlation_and_not_as_an_offset() -> None:
    norm = norm_for(CHILD)
    measured = on_band(norm, knee_gain=0.2)
    (found,) = norm_findings(measured, norm)
    assert found.advice.code == "MOT-103"
    assert found.advice.what == "The left knee is 23° off the band on average (r 1.00)."
    assert judged(measured, norm)[1] is Tone.WARN


def test_a_grown_up_far_from_the_nearest_band_is_told_so_without_a_colour_and_without_a_verdict() -> None:
    norm = norm_for(GROWN_UP)
    measured = on_band(norm, ankle_deg=15.0, knee_gain=0.2)
    words, tone = judged(measured, norm)
    assert tone is Tone.NEUTRAL and "Good" not in words
    assert words.endswith("No band fits; the left knee is 23° off the nearest band.")
    found = norm_findings(measured, norm)
    assert [finding.advice.code for finding in found] == ["MOT-101", "MOT-102"]
    assert {finding.severity for finding in found} == {Severity.NOTE}
    assert found[0].advice.what == "No band for adults is at hand; the nearest is drawn."
    assert "children 4–17, same dimensionless speed" in found[0].advice.why
    assert found[1].advice.what.startswith("The left ankle lies 15° above the nearest band over the whole")
    assert judged(on_band(norm), norm)[1] is Tone.OK


def test_no_number_of_a_grown_up_is_marked_against_children() -> None:
    measured = motion()
    sides = [replace(one, stance_fraction=Spread(0.72, 0.01)) for one in measured.measures.sides]
    measures = replace(measured.measures, sides=(sides[0], sides[1]), cadence_steps_min=60.0)
    measured = replace(measured, measures=measures)
    rows, tiles = motion_table(measured, GROWN_UP).rows, motion_tiles(measured, GROWN_UP)
    assert not any(tone is Tone.WARN for row in rows for tone in row.tones)
    assert not any(arrow in cell for row in rows for cell in row.cells for arrow in "↑↓")
    assert tiles[1].value == "60 /min" and tiles[1].normal.startswith("(") and "Nobody of 62" in tiles[1].tip


def test_a_motion_without_a_walk_is_not_compared_with_walking() -> None:
    assert norm_findings(squat_motion(), norm_for(CHILD)) == ()
    assert [tile.normal for tile in motion_tiles(squat_motion(), CHILD)] == ["", ""]


def test_numbers_stand_beside_normal_ones_and_are_marked_where_they_differ() -> None:
    measured = motion()
    sides = [replace(one, stance_fraction=Spread(0.72, 0.01)) for one in measured.measures.sides]
    measured = replace(measured, measures=replace(measured.measures, sides=(sides[0], sides[1])))
    table = motion_table(measured, CHILD)
    rows = {row.name: row for row in table.rows}
    assert table.columns == ("", "Left", "Right", "Normal ± 1 SD")
    assert rows["Stance"].cells == ("72 ± 1 % ↑", "72 ± 1 % ↑", "59 ± 2")
    assert rows["Stance"].tones == (Tone.WARN, Tone.WARN, Tone.NEUTRAL)
    assert rows["Step length"].cells == ("62 ± 2 cm", "62 ± 2 cm", "66 ± 4")
    assert "51 to 82 children aged 4–17" in rows["Step length"].tip
    assert rows["Knee range"].cells[2] == "55°"
    speed = motion_tiles(measured, CHILD)[0]
    assert speed.value == "1.21 m/s" and speed.normal == "1.28 ± 0.20"
    assert "82 children" in speed.tip


def test_a_person_of_62_is_not_silently_compared_with_others(context: SessionContext, visit_id: str) -> None:
    page = MotionPage()
    presenter = MotionPresenter(page, context)
    context.record_changed.connect(presenter.refresh)
    context.store.save(RecordKind.MOTION, motion(), visit_id=visit_id, summary="")
    context.record_changed.emit()
    codes = [finding.advice.code for finding in page._findings._findings]
    assert "MOT-101" in codes
    shown = page.grid._band_words.text()
    assert shown == (
        "No band for adults; nearest: children 4–17, same dimensionless speed (Schwartz et al. 2008)."
    )
    panel = joint_panels(motion(), (), norm=norm_for(Walker(62, 1.68, 1.21)))[0]
    assert "nearest band mean (deg)" in panel.table() and "normal" not in panel.table()
    assert any(label.text() == "Nearest band ± 1 SD" for label in page.grid.findChildren(QLabel))


@pytest.mark.parametrize("age", [14, 62])
def test_a_headline_of_three_lines_and_a_finding_fit_a_small_screen(
    context: SessionContext, age: int
) -> None:
    store = context.store
    year = store.visit(kept(store, motion(), 1960)).started_utc.year
    context.open_visit(kept(store, on_band(norm_for(CHILD), ankle_deg=-15.0), year - age))
    page = MotionPage()
    MotionPresenter(page, context).refresh()
    page.resize(1142, 672)  # beside the list of steps and between the strips of a window of 1366 x 768
    page.show()
    QApplication.processEvents()
    layout = page.layout()
    assert layout is not None and layout.totalMinimumHeightForWidth(1142) <= 672
    assert layout.totalMinimumSize().width() <= 1142  # else the main action is out of sight
    assert page._findings.isVisible()


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
    ("joint", "tone"),
    [
        (JointCloseness("left hip", 0.95, 4.0), Tone.OK),
        (JointCloseness("left hip", 0.95, 9.0), Tone.WARN),
        (JointCloseness("left hip", 0.80, 4.0), Tone.WARN),
    ],
)
def test_a_twin_is_like_the_patient_only_in_degrees_and_in_shape(joint: JointCloseness, tone: Tone) -> None:
    assert review_headline(walks.rollout(GaitLabel.PERSONALIZED_TWIN), (joint,))[1] is tone


def test_the_review_headline_is_no_greener_than_its_worst_joint_and_names_its_offset() -> None:
    norm = norm_for(CHILD)
    measured, own = on_band(norm), on_band(norm, ankle_deg=-14.0)
    gaits = [NamedCycles(GaitLabel.PERSONALIZED_TWIN, own.cycles)]
    panels = joint_panels(measured, gaits, norm=norm)
    headline, tone = review_headline(None, joints_of(panels, GaitLabel.PERSONALIZED_TWIN))
    assert headline.endswith("(mean r 1.00, 2.3°) but for the left ankle (r 1.00, 14°).")
    assert tone is Tone.WARN
    assert review_sentence(panels).endswith(
        "It is furthest off at the left ankle: 14° on average, nearly all of it a constant offset "
        "(14° below over the whole stride; the shape agrees, r 1.00)."
    )


def test_the_review_step_is_no_greener_than_its_headline(tmp_path: Path) -> None:
    norm = norm_for(CHILD)
    gaits = walks.gaits(GaitLabel.DEFAULT_TWIN, GaitLabel.PERSONALIZED_TWIN)
    told = []
    with open_store(tmp_path) as store:
        visit_id = kept(store, on_band(norm), 1960)
        (learned,) = store.records(visit_id)
        policy, inputs = gait_policy(walk_seconds=9.0), (learned.id,)
        policy_id = store.save(RecordKind.GAIT_POLICY, policy, visit_id=visit_id, summary="", inputs=inputs)
        for ankle_deg in (0.0, -14.0):
            own = [replace(walk, cycles=on_band(norm, ankle_deg).cycles) for walk in gaits.rollouts]
            walked = replace(gaits, rollouts=tuple(own))
            record_id = store.save(
                RecordKind.SIMULATED_GAIT, walked, visit_id=visit_id, summary="", inputs=(policy_id,)
            )
            told.append(warning_of(store, store.info(record_id)))
            joints = joints_of(joint_panels(on_band(norm), _named(walked), norm=None), own[1].label)
            headline, tone = review_headline(own[1], joints)
            assert told[-1] == (headline if tone is Tone.WARN else "")
    assert told[0] == "" and "but for the left ankle (r 1.00, 14°)" in told[1]


def _named(gaits: RolloutSet) -> list[NamedCycles]:
    return [NamedCycles(walk.label, walk.cycles) for walk in gaits.rollouts]


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
        young = report_content(store, kept(store, on_band(norm_for(CHILD), ankle_deg=15.0), year - 14))
    assert not old.band_fits and old.band_source.startswith("No band for adults; nearest: ")
    assert any(line.startswith("No band for adults is at hand") for line in old.quality)
    assert not any(arrow in cell for row in old.gait.rows for cell in row.cells for arrow in "↑↓")
    assert young.band_fits and young.band_source.startswith("Normal: 82 children aged 4–17")
    assert any("lies 15° above the band over the whole stride" in line for line in young.quality)
    rows = {row.name: row.cells for row in young.gait.rows}
    assert young.gait.columns == ("", "Left or both", "Right", "Normal ± 1 SD")
    assert rows["Speed"] == ("1.21 m/s", "", "1.28 ± 0.20 m/s")
    assert rows["Step length"] == ("62 ± 2 cm", "62 ± 2 cm", "66 ± 4 cm")


def test_a_step_is_no_greener_than_its_page(tmp_path: Path) -> None:
    norm = norm_for(CHILD)
    with open_store(tmp_path) as store:
        year = store.visit(kept(store, motion(), 1960)).started_utc.year
        fine, off, grown_up = (
            kept(store, on_band(norm, ankle_deg=offset_deg), year - age)
            for offset_deg, age in ((0.0, 13), (15.0, 14), (15.0, 62))
        )
        warnings = [
            next(
                one.warning
                for one in session_status(FactsReader().read(store, visit))
                if one.step is Step.MOTION
            )
            for visit in (fine, off, grown_up)
        ]
    assert warnings[0] == "" and warnings[1].startswith("The left ankle lies 15° above the band")
    assert warnings[2] == ""  # no band fits: nothing is judged by the nearest
