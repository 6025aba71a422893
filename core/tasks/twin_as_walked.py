"""The twin that walks as its person was recorded with the exo."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from core.deploy.envelope import SensedStride, strides_of
from core.deploy.worn_gait import gait_of_strides
from core.domain.adaptation import WornGait
from core.domain.body import SIDES, Joint, JointKind
from core.domain.controller import ExoController
from core.domain.motion import GaitReference
from core.domain.twin import GaitPolicy
from core.errors import UserError, refuse
from core.learning.exo.envelope_walks import sensed_walks
from core.learning.exo.twin_in_exo import TwinInExo

WALKERS, SECONDS = 6, 7.0  # of the walks by which the twin's gait is measured
ROUNDS = 3  # of bringing the twin's gait to the recorded one; it follows its reference more or less
MOST_DIFFERENT = 1.5  # times a longer, shorter, larger or smaller stride than the twin's: another gait


def gait_of_twin(policy: GaitPolicy, controller: ExoController, device_id: str, *, seed: int) -> WornGait:
    """Of the twin's level walks with this controller. Refuses (TRN-043) a twin that falls."""
    twin = TwinInExo(policy, device_id)
    walkers = twin.walkers(WALKERS, worn=True)
    environment = twin.environment(walkers, seed=seed)
    walks = sensed_walks(environment, walkers, twin.networks, controller, seed=seed, seconds=SECONDS)
    none = np.zeros(len(walks.angle_rad))
    strides: list[list[SensedStride]] = [[] for _ in SIDES]
    for side in range(len(SIDES)):
        for walker in range(WALKERS):
            counted = walks.counted[:, walker]
            found = strides_of(walks.angle_rad[:, walker, side], none, walks.rate_hz)
            strides[side] += [one for one in found if counted[one.first : one.last + 1].all()]
    if not all(strides):
        raise _cannot_walk_so()
    return gait_of_strides(strides, walks.rate_hz)


def twin_as_walked(
    policy: GaitPolicy, controller: ExoController, device_id: str, walked: WornGait, *, seed: int
) -> tuple[GaitPolicy, WornGait, WornGait]:
    """The twin that walks with the recorded period and range of each thigh; its gait before and after that.

    What else the exo does not measure stays the twin's: other joints, and when one leg follows the other.
    Refuses TRN-043 (it falls then) and TRN-044 (a gait that is too different).
    """
    before = gait_of_twin(policy, controller, device_id, seed=seed)
    _check_alike(walked, before)
    tried, now, best = policy, before, None
    for _ in range(ROUNDS):
        tried = dataclasses.replace(tried, reference=_changed(tried.reference, now, walked))
        now = gait_of_twin(tried, controller, device_id, seed=seed)
        off = difference(now, walked)
        if best is None or off < best[0]:
            best = off, tried, now
    assert best is not None
    return best[1], before, best[2]


def difference(one: WornGait, other: WornGait) -> float:
    """The largest difference in period or range, as the logarithm of their ratio: nearly a share."""
    ratios = [one.period_s / other.period_s]
    ratios += [a / b for a, b in zip(one.range_rad, other.range_rad, strict=True)]
    return max(abs(math.log(ratio)) for ratio in ratios)


def _changed(reference: GaitReference, now: WornGait, wanted: WornGait) -> GaitReference:
    """The stride with other period and range of the thighs; its length goes with their range."""
    angle, ratios = reference.angle_rad.copy(), []
    for number, side in enumerate(SIDES):
        column = Joint.of(JointKind.HIP_FLEXION, side).column
        ratio = wanted.range_rad[number] / now.range_rad[number]
        middle = angle[:, column].mean()
        angle[:, column] = middle + ratio * (angle[:, column] - middle)
        ratios.append(ratio)
    period = wanted.period_s / now.period_s
    speed_m_s = reference.speed_m_s * float(np.mean(ratios)) / period
    return GaitReference(reference.period_s * period, speed_m_s, angle)


def _check_alike(walked: WornGait, twin: WornGait) -> None:
    if difference(walked, twin) > math.log(MOST_DIFFERENT):
        raise refuse(
            "TRN-044",
            "This walk is too different from the twin's to adapt the controller to it.",
            f"Strides of {walked.period_s:.2f} s and {_degrees(walked)} were walked; the twin makes them in "
            f"{twin.period_s:.2f} s with {_degrees(twin)}.",
            "Record the person walking again, let the twin learn that gait, and train a controller for it.",
        )


def _degrees(gait: WornGait) -> str:
    left, right = np.degrees(gait.range_rad)
    return f"{left:.0f} and {right:.0f} degrees of the left and the right thigh"


def _cannot_walk_so() -> UserError:
    return refuse(
        "TRN-043",
        "The twin cannot walk like this.",
        "With the period and the range of the recorded strides it falls before it makes a whole one.",
        "Record the person walking again, let the twin learn that gait, and train a controller for it.",
    )
