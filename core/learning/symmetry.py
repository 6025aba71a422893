"""Left and right exchanged: what is learned on one side is known on the other.

A body that is the same on both sides moves in mirror image when its situation is mirrored and the mirrored
thing is done (Abdolhosseini et al. 2019, "On learning symmetric locomotion", eq. 1). Half of what a crew
walked may therefore be shown to the learner in mirror image. World axes as in the body model: x to the
person's left, y backwards, z up; the mirror is the plane x = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from core.domain.arrays import Float32Array, IntArray
from core.domain.body import JOINTS, SIDES, Side
from core.domain.motion import GaitReference
from core.learning.crew import Experience, Normaliser
from core.simulation.observation import LAYOUT

_ALIKE_RAD = 0.02  # largest difference of the sides of a stride that counts as symmetric, a degree


@dataclass(frozen=True, slots=True, eq=False)
class Mirror:
    """Exchanges the sides of arrays (..., K)."""

    source: IntArray  # (K,) where each value comes from
    sign: Float32Array  # (K,)

    def __call__(self, values: Any) -> Any:
        """The mirror image of an array (..., K); twice is the array itself."""
        return values[..., self.source] * self.sign


def action_mirror() -> Mirror:
    """For actions (N, 14): every joint angle is counted alike on both sides."""
    return Mirror(*_joints())


def observation_mirror() -> Mirror:
    """For observations (N, O) as in `observation.LAYOUT`. The stride is mirrored half a cycle later."""
    sources, signs, start = [], [], 0
    for name, size in LAYOUT:
        source, sign = _PARTS[name]()
        sources.append(start + source)
        signs.append(sign)
        start += size
    return Mirror(np.concatenate(sources), np.concatenate(signs))


def is_symmetric(reference: GaitReference) -> bool:
    """Whether both legs do the same, half a cycle apart."""
    late = np.roll(reference.angle_rad, len(reference.angle_rad) // 2, axis=0)
    return bool(np.abs(action_mirror()(late) - reference.angle_rad).max() < _ALIKE_RAD)


def half_mirrored(
    experience: Experience, normaliser: Normaliser, random: torch.Generator
) -> tuple[Experience, torch.Tensor]:
    """A round with each moment mirrored or not by chance, and which were (T, N).

    A mirrored moment was as likely, and is worth as much, as the one that was walked.
    """
    mirrored = torch.rand(experience.log_probability.shape, generator=random) < 0.5
    which = mirrored.numpy()
    observation, action = experience.observation.clone(), experience.action.clone()
    observation[mirrored] = normaliser(observation_mirror()(experience.seen[which]))
    action[mirrored] = torch.from_numpy(action_mirror()(experience.action[mirrored].numpy()))
    return replace(experience, observation=observation, action=action), mirrored


Part = tuple[IntArray, Float32Array]


def _same(*signs: float) -> Callable[[], Part]:
    """Values that stay in place, some with the other sign."""
    return lambda: (np.arange(len(signs)), np.array(signs, np.float32))


def _joints() -> Part:
    source = [JOINTS.index(type(joint).of(joint.kind, _other(joint.side))) for joint in JOINTS]
    return np.array(source), np.ones(len(JOINTS), np.float32)


def _sides() -> Part:
    return np.array([SIDES.index(_other(side)) for side in SIDES]), np.ones(len(SIDES), np.float32)


def _other(side: Side) -> Side:
    return SIDES[1 - SIDES.index(side)]


_ALONG = _same(-1, 1, 1)  # directions and velocities: their x turns
_ABOUT = _same(1, -1, -1)  # rotations: about y and z they turn
_SIZES = dict(LAYOUT)
_PARTS: dict[str, Callable[[], Part]] = {
    "height": _same(1),
    "up": _ALONG,
    "back": _ALONG,
    "velocity": _ALONG,
    "spin": _ABOUT,
    "angle": _joints,
    "angular_velocity": _joints,
    "phase": _same(-1, -1),  # half a cycle later
    "drift": _same(-1),
    "soon": _joints,
    "ahead": _joints,
    "pace": _same(1, 1),
    "size": _same(*[1] * _SIZES["size"]),
    "climb": _same(1),
    "ground": _same(*[1] * _SIZES["ground"]),
    "load": _sides,
}
