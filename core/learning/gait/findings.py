"""What a clinician must know about a learned gait, from its evaluation."""

from __future__ import annotations

from core.domain.body import JOINTS, SAGITTAL
from core.domain.findings import Finding, Severity
from core.domain.motion import GaitReference
from core.errors import Advice
from core.gait.similarity import CLOSE_RMSE_DEG
from core.learning.gait.evaluation import Evaluation
from core.simulation.reference_gait.foot_contact_correction import ContactCorrection

STEADY_WALK_S = 10.0  # shorter walks hold too few strides for an exo to learn from
SPEED_TOLERANCE = 0.15  # fraction of the measured speed
MOST_CORRECTED_DEG = (
    2.5  # root mean square of a joint; gait analysis itself repeats within 2 to 5 between sessions
)
NOTHING_LEARNED = Finding(
    Severity.WARNING,
    Advice(
        what="The twin walks as it was shipped: nothing that it learned walks better.",
        why="The lesson was too short, or the computer was busy, so that little of it was learned.",
        next_step="Let it learn again, for longer.",
        code="TRN-026",
    ),
)
_FLEXION = [joint for joint in JOINTS if joint.kind in SAGITTAL]


def gait_findings(
    evaluation: Evaluation, reference: GaitReference, correction: ContactCorrection, *, learned: bool
) -> tuple[Finding, ...]:
    """Findings TRN-002..005, TRN-009 and TRN-026 of a policy's evaluation against the person's `reference`.

    `correction` is what put that stride on the ground before it was learned. Not `learned` is the shipped
    policy, which walked better than all that came of this lesson.
    """
    return tuple(
        finding
        for finding in (
            _steadiness(evaluation),
            None if learned else NOTHING_LEARNED,
            _closeness(evaluation),
            _speed(evaluation, reference),
            _ground_contact(correction),
        )
        if finding is not None
    )


def _steadiness(evaluation: Evaluation) -> Finding | None:
    seconds = evaluation.walk_seconds_median
    if seconds >= STEADY_WALK_S:
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            what=f"The twin walks {seconds:.1f} s before it falls.",
            why="It has not learned to keep its balance in this gait yet.",
            next_step="Let it learn again, for longer.",
            code="TRN-002",
        ),
    )


def _closeness(evaluation: Evaluation) -> Finding:
    error = evaluation.joint_rmse_deg
    close = error <= CLOSE_RMSE_DEG
    return Finding(
        Severity.NOTE if close else Severity.WARNING,
        Advice(
            what=f"The twin's hip, knee and ankle are {error:.1f} degrees off the person's on average.",
            why="Root mean square over all walks of the evaluation.",
            next_step=(
                "Nothing to do."
                if close
                else "Let it learn again for longer, and look at the joint angles on the Review page."
            ),
            code="TRN-003" if close else "TRN-004",
        ),
    )


def _speed(evaluation: Evaluation, reference: GaitReference) -> Finding | None:
    if abs(evaluation.speed_m_s - reference.speed_m_s) <= SPEED_TOLERANCE * reference.speed_m_s:
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            what=f"The twin walks at {evaluation.speed_m_s:.2f} m/s, the person at "
            f"{reference.speed_m_s:.2f} m/s.",
            why="The measured speed, stride time and joint angles do not fit together for this body.",
            next_step="Check the person's height and the strides on the Motion page.",
            code="TRN-005",
        ),
    )


def _ground_contact(correction: ContactCorrection) -> Finding | None:
    joint = max(_FLEXION, key=lambda joint: correction.change_rms_deg[joint.column])
    change_deg = correction.change_rms_deg[joint.column]
    if change_deg <= MOST_CORRECTED_DEG:
        return None
    return Finding(
        Severity.WARNING,
        Advice(
            what=f"The stride did not fit the ground: {joint.label.lower()} was corrected by about "
            f"{change_deg:.0f} degrees.",
            why=_worst_contact_error(correction),
            next_step="Check the person's height and the strides on the Motion page.",
            code="TRN-009",
        ),
    )


def _worst_contact_error(correction: ContactCorrection) -> str:
    errors_m = {
        "Feet that carry the body together are up to {:.0f} cm apart in height.": correction.gap_before_m,
        "A standing foot slides by up to {:.0f} cm.": correction.slide_before_m,
        "The swinging foot comes up to {:.0f} cm too close to the floor.": correction.scuff_before_m,
    }
    sentence, error_m = max(errors_m.items(), key=lambda error: error[1])
    return sentence.format(100.0 * error_m)
