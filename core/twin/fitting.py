"""The person's twin from the recorded motion: scale the body, and check how well it fits."""

from __future__ import annotations

import numpy as np

from core.domain.body import JOINTS, SAGITTAL, SIDES
from core.domain.findings import Finding, Severity, worst_first
from core.domain.motion import Motion
from core.domain.twin import BodyParameters, Twin
from core.errors import Advice
from core.twin.body import Fidelity, compile_body
from core.twin.scaling import Segment, leg_length_m
from core.twin.segment_lengths import estimate_scale, scale_of

LARGEST_RESIDUAL_M = 0.08
OFTEN_AT_LIMIT = 0.15
_AT_LIMIT_RAD = np.radians(0.1)


def fit_twin(motion: Motion, *, height_m: float, mass_kg: float) -> Twin:
    """Scale the generic body to this person's height, mass and recorded segment lengths, and check it.

    Lengths that a laboratory's markers measured are taken as they are. The landmark residual is that of the
    inverse kinematics, which ran on the same scaled body. Recorded angles are compared with the compiled
    model's joint limits.
    """
    lengths_m = {Segment(name): length for name, length in motion.segment_length_m.items()}
    if motion.marker_set:
        scale = scale_of(lengths_m)
    else:
        scale = estimate_scale(lengths_m, height_m, one_camera=motion.sagittal_only)
    body = BodyParameters(height_m, mass_kg, scale)
    model = compile_body(body, Fidelity.STANDARD)
    limit_rad = np.array([model.joint(joint.value).range for joint in JOINTS])
    angle = motion.kinematics.angle_rad
    beyond = np.maximum(limit_rad[:, 0] - angle, 0.0) + np.maximum(angle - limit_rad[:, 1], 0.0)
    return Twin(
        body=body,
        landmark_residual_m=motion.residual_m,
        model_mass_kg=float(model.body_mass.sum()),
        leg_length_m=float(np.mean([leg_length_m(model, side) for side in SIDES])),
        joint_residual_deg=float(np.degrees(np.sqrt(np.nanmean(beyond**2)))),
        findings=worst_first((*_residual_findings(motion), *_limit_findings(motion, limit_rad))),
        synthetic=motion.synthetic,
    )


def _residual_findings(motion: Motion) -> tuple[Finding, ...]:
    if motion.residual_m <= LARGEST_RESIDUAL_M:
        return ()
    advice = Advice(
        f"The scaled body misses the recorded landmarks by {motion.residual_m * 100:.0f} cm on average.",
        "The height may be wrong, or the landmarks do not follow one person.",
        "Check the patient's height and the skeleton in the video, then fit again.",
        "TWN-010",
    )
    return (Finding(Severity.WARNING, advice),)


def _limit_findings(motion: Motion, limit_rad: np.ndarray) -> tuple[Finding, ...]:
    found = []
    angle = motion.kinematics.angle_rad
    for joint in (joint for joint in JOINTS if joint.kind in SAGITTAL):
        low, high = limit_rad[joint.column] + np.array([_AT_LIMIT_RAD, -_AT_LIMIT_RAD])
        own = angle[:, joint.column]
        fraction = float(np.mean((own <= low) | (own >= high)))
        if fraction > OFTEN_AT_LIMIT:
            advice = Advice(
                f"{joint.label} rests at the model's joint limit for {fraction:.0%} of the time.",
                "The person's joint moves further than the model's, or the landmarks are off.",
                "Look at this joint's curve before trusting it.",
                "TWN-011",
            )
            found.append(Finding(Severity.WARNING, advice))
    return tuple(found)
