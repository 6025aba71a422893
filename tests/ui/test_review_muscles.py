"""Review, tab "Muscles and EMG": measured over simulated, or the reason why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.domain.body import Side
from core.domain.emg import EmgMuscle
from core.domain.record import RecordKind, Verdict
from core.domain.rollout import GaitLabel
from core.kinetics.habits import SHOWN_BY
from core.session.flow import Step
from core.session.muscle_activity import MODEL, activation_cycle
from tests.ui import muscle_samples, records, samples, walks
from ui.pages.review import ReviewPage
from ui.plots.curves import JointPanel
from ui.plots.muscle_grid import MuscleView
from ui.presenters.muscle_curves import muscle_view
from ui.presenters.review import ReviewPresenter
from ui.session_context import SessionContext

GAITS = muscle_samples.walks_with_muscles()


def view(**changes: object) -> MuscleView:
    emg = muscle_samples.emg(**changes)  # type: ignore[arg-type]
    return muscle_view(emg, samples.motion(), GAITS, own_habits=False)


def panel(shown: MuscleView, title: str) -> JointPanel:
    return next(panel for panel in shown.panels if panel.title == title)


def test_every_recorded_muscle_has_both_twins_and_a_correlation_with_each() -> None:
    soleus = panel(view(), "Left soleus")
    assert [curve.label for curve in soleus.curves] == ["measured EMG", "default twin", "personalized twin"]
    default, own = (likeness.correlation for likeness in soleus.likeness)
    assert own > 0.99 and default < 0.7
    assert soleus.likeness[-1].words() == f"r {own:.2f}"


def test_the_sentence_has_both_mean_correlations() -> None:
    assert "mean r 1.00 over 4 recorded muscles; default twin 0.5" in view().sentence


def test_an_offset_moves_the_emg_onto_the_motion() -> None:
    assert panel(view(offset_s=0.7, offset_from="typed"), "Left soleus").likeness[-1].correlation > 0.99
    moved = replace(muscle_samples.emg(), offset_s=0.1)
    late = muscle_view(moved, samples.motion(), GAITS, own_habits=False)
    assert panel(late, "Left soleus").likeness[-1].correlation < 0.8


def test_shares_of_the_own_peak_unless_the_emg_is_of_a_maximal_contraction() -> None:
    relative, absolute = view(), view(normalised_to="MVC")
    own = panel(relative, "Left soleus").curves
    assert [round(float(curve.mean.max())) for curve in own] == [100, 100, 100]
    assert "own largest mean value" in relative.words
    measured, _, simulated = panel(absolute, "Left soleus").curves
    assert measured.mean.max() == pytest.approx(85.0, abs=1.0)
    assert simulated.mean.max() == pytest.approx(32.0, abs=1.0)
    assert "maximal voluntary contraction" in absolute.words


def test_a_bad_channel_is_left_out_and_named() -> None:
    shown = view()
    assert panel(shown, "Left vastus lateralis").curves == ()
    assert "Left out for their quality: left vastus lateralis (clipped)." in shown.words
    assert panel(shown, "Right soleus").missing == "no good EMG of this muscle"


def test_what_the_curves_are_is_said() -> None:
    assert view().words.startswith("Simulated: by muscles.")
    assert "taken to begin with the motion" in view(offset_from="").words
    twin = GAITS.rollouts[1]
    assert twin.muscles is not None
    estimated = replace(twin, muscles=replace(twin.muscles, estimated=True))
    gaits = replace(GAITS, rollouts=(GAITS.rollouts[0], estimated))
    words = muscle_view(muscle_samples.emg(), samples.motion(), gaits, own_habits=True).words
    assert "static optimisation" in words and "no prediction" not in words
    own = muscle_view(muscle_samples.emg(), samples.motion(), GAITS, own_habits=True)
    assert "start from this same EMG" in own.words and "it is no prediction" in own.words


def test_without_emg_muscles_or_strides_the_reason_is_given() -> None:
    emg, motion, bare = muscle_samples.emg(), samples.motion(), walks.gaits(GaitLabel.DEFAULT_TWIN)
    cases = {
        "This visit has no EMG.": muscle_view(None, motion, GAITS, own_habits=False),
        "EMG was skipped: no electrodes": muscle_view(
            None, motion, GAITS, own_habits=False, skipped="no electrodes"
        ),
        "There is no walk of the personalized twin.": muscle_view(emg, motion, bare, own_habits=False),
        "The motion has no strides to cut the EMG at.": muscle_view(
            emg, samples.squat_motion(), GAITS, own_habits=False
        ),
        "No stride of the motion lies within the EMG.": muscle_view(
            replace(emg, offset_s=60.0), motion, GAITS, own_habits=False
        ),
    }
    for reason, shown in cases.items():
        assert (shown.panels, shown.reason) == ((), reason)
        assert shown.remedy


def test_a_walk_by_torques_is_compared_by_the_activations_that_were_estimated_of_it() -> None:
    twin = GAITS.rollouts[1]
    assert twin.muscles is not None
    names, level = twin.muscles.muscle_names, twin.muscles.activation
    frames = len(twin.time_s)
    playback = replace(
        twin.playback,
        muscle_names=names,
        muscle_point_m=np.zeros((frames, 2 * len(names), 3)),
        muscle_start=np.arange(len(names) + 1) * 2,
    )
    by_torques = replace(twin, muscles=None, playback=playback, activation=level.astype(float))
    gaits = replace(GAITS, rollouts=(GAITS.rollouts[0], by_torques))
    shown = muscle_view(muscle_samples.emg(), samples.motion(), gaits, own_habits=True)
    assert panel(shown, "Left soleus").likeness[-1].correlation > 0.99
    assert shown.words.startswith("Simulated: by static optimisation of the twin's torques.")


def test_every_muscle_that_electrodes_reach_has_its_muscle_of_the_model() -> None:
    assert set(MODEL) == set(EmgMuscle)


def test_a_muscles_parts_are_those_that_take_over_its_habits() -> None:
    for electrode, parts in MODEL.items():
        shown = {muscle for muscle, by in SHOWN_BY.items() if by == (electrode,)}
        assert set(parts) <= shown


def test_a_muscle_of_several_parts_is_their_mean() -> None:
    twin = GAITS.rollouts[1]
    assert twin.muscles is not None
    names = [muscle.on(Side.LEFT) for muscle in MODEL[EmgMuscle.GLUTEUS_MEDIUS]]
    parts = np.stack([np.full(len(twin.time_s), level) for level in (0.1, 0.2, 0.6)], axis=1)
    changed = dict.fromkeys(("excitation", "activation", "force_n", "fibre_length", "fibre_velocity"), parts)
    muscles = replace(twin.muscles, muscle_names=tuple(names), **changed)  # type: ignore[arg-type]
    mean = activation_cycle(replace(twin, muscles=muscles), EmgMuscle.GLUTEUS_MEDIUS, Side.LEFT)
    assert mean is not None
    np.testing.assert_allclose(mean, 0.3, atol=1e-6)


def test_the_page_shows_emg_as_soon_as_it_is_there_and_its_reason_before(
    context: SessionContext, visit_id: str
) -> None:
    made = records.fill(context.store, visit_id, Step.PERSONALIZE)
    gaits = (made[Step.PERSONALIZE],)
    context.store.save(RecordKind.SIMULATED_GAIT, GAITS, visit_id=visit_id, summary="", inputs=gaits)
    page = ReviewPage()
    presenter = ReviewPresenter(page, context)
    presenter.refresh()
    muscles = page.comparison.muscles
    assert muscles is not None and muscles.grid is None
    assert muscles._empty._sentence.text() == "This visit has no EMG."

    context.store.decide(visit_id, Step.EMG.value, Verdict.SKIPPED, by="Dr. Lind", reason="no electrodes")
    presenter.refresh()
    assert muscles._empty._sentence.text() == "EMG was skipped: no electrodes"

    context.store.save(RecordKind.EMG, muscle_samples.emg(), visit_id=visit_id, summary="emg")
    presenter.refresh()
    assert muscles.grid is not None and len(muscles.grid.plots) == 6
    assert "mean r" in muscles._sentence.text()
