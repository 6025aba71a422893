"""What a hip exo should do for each one-sided deficit, written down before any controller was trained for it.

Reasoned from how people with the deficit walk and what their muscles lack; nobody has published the help of a
hip exo for all of these. Trained controllers are judged against this table, so it must not be changed to suit
them: a change after results were seen has to be said here and in the change log.

Two claims for each deficit: the affected side gets more torque over the cycle, and in the named part of that
leg's cycle it is turned further in the named direction than the other side is in its own cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.domain.assistance_profile import AssistanceProfile
from core.domain.body import SIDES, JointKind, Side
from core.domain.impairment import Impairment, ImpairmentKind
from core.domain.motion import CYCLE_POINTS
from core.domain.muscles import MuscleGroup

_PERRY = "Perry & Burnfield 2010, Gait Analysis"


@dataclass(frozen=True, slots=True)
class ExpectedAssistance:
    """The expected help for one deficit of one side."""

    kind: ImpairmentKind
    where: MuscleGroup | JointKind | None  # None for pain
    flexion: bool  # direction of the additional torque; False: extension
    phase: tuple[float, float]  # 0..1 of the cycle from heel strike of the affected leg
    why: str
    source: str

    def concerns(self, impairment: Impairment) -> bool:
        return impairment.kind is self.kind and self.where in (impairment.group, impairment.joint)

    def ratio(self, profile: AssistanceProfile, affected: Side) -> float:
        """RMS torque of the affected side over that of the other one; above 1 is expected."""
        return profile.rms_nm_kg(affected) / max(profile.rms_nm_kg(affected.other), 1e-9)

    def more_nm_kg(self, profile: AssistanceProfile, affected: Side) -> float:
        """Mean of what the affected side gets more, in direction and phase; positive is expected."""
        rows = slice(*(round(share * (CYCLE_POINTS - 1)) for share in self.phase))
        own, other = (profile.torque_nm_kg[SIDES.index(side)][rows] for side in (affected, affected.other))
        return float(np.mean(own - other)) * (1.0 if self.flexion else -1.0)


_K, _G = ImpairmentKind, MuscleGroup
EXPECTED_ASSISTANCE: tuple[ExpectedAssistance, ...] = (
    ExpectedAssistance(
        _K.WEAKNESS,
        _G.HIP_FLEXORS,
        flexion=True,
        phase=(0.50, 0.75),
        why="the flexors pull the leg off the floor and into swing; the exo takes this over",
        source=f"{_PERRY}; Neptune, Sasaki & Kautz 2008, Gait Posture 28:135",
    ),
    ExpectedAssistance(
        _K.WEAKNESS,
        _G.PLANTARFLEXORS,
        flexion=True,
        phase=(0.45, 0.70),
        why="pull-off by the hip replaces the missing push-off by the ankle",
        source="Nadeau et al. 1999, Clin Biomech 14:125; Lewis & Ferris 2008, J Biomech 41:2082",
    ),
    ExpectedAssistance(
        _K.WEAKNESS,
        _G.HIP_ABDUCTORS,
        flexion=False,
        phase=(0.0, 0.30),
        why="the abductors also extend the loaded hip, and those that stand in for them (tensor, rectus) "
        "flex it: the exo extends it. It cannot hold the pelvis in the frontal plane",
        source=f"{_PERRY}; Anderson & Pandy 2003, Gait Posture 17:159; van der Krogt et al. 2012, "
        "Gait Posture 36:113",
    ),
    ExpectedAssistance(
        _K.WEAKNESS,
        _G.DORSIFLEXORS,
        flexion=True,
        phase=(0.55, 0.85),
        why="steppage: the hip lifts the foot that drops",
        source=f"{_PERRY}; Don et al. 2007, Clin Biomech 22:905",
    ),
    ExpectedAssistance(
        _K.STIFFNESS,
        JointKind.KNEE,
        flexion=True,
        phase=(0.50, 0.75),
        why="a flexion moment at the hip bends the knee in swing, and hamstrings that bend a stiff knee "
        "extend the hip",
        source="Piazza & Delp 1996, J Biomech 29:723; Kerrigan et al. 2001, Am J Phys Med Rehabil 80:244",
    ),
    ExpectedAssistance(
        _K.PAIN,
        None,
        flexion=False,
        phase=(0.0, 0.30),
        why="muscles press the joint together; extending the loaded hip spares those of the painful leg",
        source=f"{_PERRY}, antalgic gait; Bergmann et al. 2001, J Biomech 34:859 (contact forces)",
    ),
)


def expected_assistance(impairment: Impairment) -> ExpectedAssistance | None:
    """What is expected for this impairment; None where nothing was written down, or it is of both sides."""
    if impairment.side is None:
        return None
    return next((one for one in EXPECTED_ASSISTANCE if one.concerns(impairment)), None)
