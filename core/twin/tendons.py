"""The Achilles tendon's give, for muscles whose tendons are otherwise rigid.

While the calf pulls, its tendon takes most of the movement of the unit of muscle and tendon, and the fibres
stay nearly isometric (Fukunaga et al. 2001, Proc R Soc B 268:229; Ishikawa et al. 2005, J Appl Physiol
99:603). With a rigid tendon they would shorten as fast as the heel rises, and force-velocity would ask for
several times the activation that people show at push-off.
"""

from __future__ import annotations

import mujoco
import numpy as np

from core.domain.muscles import LumpedMuscle, Muscle

# Speed of the fibres over the speed of their unit. In simulated stances, with 10 % tendon strain at the
# largest force (Rajagopal et al. 2016), d(length - force / stiffness)/dt regresses on d(length)/dt with 0.22
# to 0.35; a little more is taken, to claim less.
FIBRE_SPEED_FRACTION: dict[Muscle | LumpedMuscle, float] = {
    Muscle.SOLEUS: 0.4,
    Muscle.GASTROCNEMIUS_LATERALIS: 0.4,
    Muscle.GASTROCNEMIUS_MEDIALIS: 0.4,
    LumpedMuscle.SOLEUS: 0.4,
    LumpedMuscle.GASTROCNEMIUS: 0.4,
}
FASTEST = 6  # of MuJoCo's muscle parameters: largest shortening speed of the unit, optimal lengths per second
_SIDE_SUFFIX = 2  # characters


def speed_fraction(actuator: str) -> float:
    """Share of the unit's speed that the fibres of this actuator move with."""
    return FIBRE_SPEED_FRACTION.get(actuator[:-_SIDE_SUFFIX], 1.0)  # type: ignore[call-overload, no-any-return]


def slow_fibres(spec: mujoco.MjSpec) -> None:
    """Let the units of slow fibres move as much faster, in place."""
    for actuator in spec.actuators:
        fraction = speed_fraction(actuator.name)
        if fraction == 1.0:
            continue
        for name in ("gainprm", "biasprm"):
            values = np.array(getattr(actuator, name))
            values[FASTEST] /= fraction
            setattr(actuator, name, values)
