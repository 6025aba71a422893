"""Impairments that act while walking: weak muscles, spastic stretch reflexes, delayed reactions.

Weak muscles make less torque at the same command, long before they reach their limit.
Spasticity is a stretch reflex that grows with the speed of stretch (Lance 1980), as in van der Krogt et al.
(2016, J NeuroEng Rehabil 13:64: excitation = gain (stretch velocity - threshold), 30 ms later) and Jansen et
al. (2014, J NeuroEng Rehabil 11:78). The reflex is added to the voluntary command, which does not
account for it. Both may come in some strides only (`occasional`): such a weakness lessens the torque that is
asked of the joint, and the muscles know nothing else of it. Delay postpones reactions: the corrections of the
practised movement. The practised movement itself is feedforward, and muscles are springs and dampers without
delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from core.domain.arrays import BoolArray, Float32Array, FloatArray
from core.domain.body import JOINTS, SIDES, JointKind, Side
from core.domain.impairment import ImpairmentKind, Slot
from core.domain.muscles import LumpedMuscle, Muscle, MuscleGroup
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.simulation.environment.actuation import Actuation, ActuationInputs, JointPd
from core.simulation.environment.occasional import OccasionalImpairments, Varying
from core.simulation.environment.state_dict import load_with_prefix, with_prefix
from core.simulation.model.model_sensors import SensorColumns
from core.simulation.muscles.activation_dynamics import activation_after
from core.simulation.physics.delay_line import DelayedValues
from core.twin.impairments import severity, strength_factor, torque_fractions

REFLEX_DELAY_S = 0.03  # spinal loop of the leg (van der Krogt et al. 2016)
REFLEX_THRESHOLD_PER_S = 0.2
"""Optimal fibre lengths per second. A knee moved by 30 degrees per second stretches the hamstrings less: the
slow movement of the bedside test provokes no reflex, the fast one does (Tardieu scale)."""
REFLEX_GAIN_S = 0.15
"""Excitation per optimal fibre length per second at severity 1. The soleus of a normal swing, stretched by
two lengths per second, is then excited by a quarter when it should be resting."""
LATEST_REACTION_S = 0.1  # at severity 1; a slowed peripheral nerve adds some hundredths of a second
_REFLEX, _INNER = "reflex_", "inner_"

G, J = MuscleGroup, JointKind
# Over the muscles of a group in the 80-muscle generic body, mean over a normal stride, rounded; joints that a
# group moves by less than 10 N m are left out.
FULL_MOMENT_NM: dict[MuscleGroup, dict[JointKind, float]] = {
    G.HIP_FLEXORS: {J.HIP_FLEXION: 71.0},
    G.HIP_EXTENSORS: {J.HIP_FLEXION: -203.0, J.HIP_ROTATION: -65.0},
    G.HIP_ABDUCTORS: {J.HIP_FLEXION: -56.0, J.HIP_ADDUCTION: -189.0, J.HIP_ROTATION: -27.0},
    G.HIP_ADDUCTORS: {J.HIP_FLEXION: 30.0, J.HIP_ADDUCTION: 217.0, J.KNEE: 11.0},
    G.HAMSTRINGS: {J.HIP_FLEXION: -197.0, J.HIP_ADDUCTION: 84.0, J.KNEE: 212.0},
    G.KNEE_EXTENSORS: {J.HIP_FLEXION: 81.0, J.HIP_ADDUCTION: -34.0, J.KNEE: -450.0},
    G.PLANTARFLEXORS: {J.KNEE: 79.0, J.ANKLE: -402.0, J.SUBTALAR: 37.0},
    G.DORSIFLEXORS: {J.ANKLE: 79.0},
}
"""Joint torque of a fully excited group at optimal length."""
STRETCH_PER_RAD: dict[MuscleGroup, dict[JointKind, float]] = {
    G.HIP_FLEXORS: {J.HIP_FLEXION: -0.22},
    G.HIP_EXTENSORS: {J.HIP_FLEXION: 0.30, J.HIP_ROTATION: 0.10},
    G.HIP_ABDUCTORS: {J.HIP_FLEXION: 0.20, J.HIP_ADDUCTION: 0.60, J.HIP_ROTATION: 0.12},
    G.HIP_ADDUCTORS: {J.HIP_FLEXION: -0.10, J.HIP_ADDUCTION: -0.42, J.KNEE: -0.01},
    G.HAMSTRINGS: {J.HIP_FLEXION: 0.32, J.HIP_ADDUCTION: -0.14, J.KNEE: -0.35},
    G.KNEE_EXTENSORS: {J.HIP_FLEXION: -0.04, J.HIP_ADDUCTION: 0.02, J.KNEE: 0.26},
    G.PLANTARFLEXORS: {J.KNEE: -0.08, J.ANKLE: 0.60, J.SUBTALAR: -0.07},
    G.DORSIFLEXORS: {J.ANKLE: -0.58},
}
"""Optimal fibre lengths by which a group lengthens per radian, its muscles weighed by their strength."""


class Reflex(Protocol):
    """Stretch reflexes: controls added by stretched muscles."""

    def voluntary(self, inputs: ActuationInputs) -> ActuationInputs:
        """The inputs of the voluntary command: activations without those of the reflex."""

    def with_reflex(self, control: FloatArray, inputs: ActuationInputs) -> FloatArray:
        """Voluntary controls (N, U) plus those of the reflex."""

    def follow(self, which: BoolArray) -> None:
        """Walkers (N,) whose spasticity varies, although it may be absent now."""

    def set_severity(self, spastic: FloatArray) -> None:
        """Severity of spasticity of every group (N, 2, 8) from now on."""

    def reset(self, which: BoolArray) -> None: ...

    def state_dict(self) -> dict[str, np.ndarray]: ...

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None: ...


def impaired(
    actuation: Actuation,
    models: Sequence[Any],
    bodies: Sequence[BodyParameters],
    interval_s: float,
    occasional: OccasionalImpairments | None = None,
) -> Actuation:
    """`actuation` with the reflexes and weaknesses of these bodies; itself when there are none.

    Its controls are computed every `interval_s`. `ImpairedActuation.draw` takes over what `occasional` drew.
    """
    spastic, remaining = spasticity(bodies), remaining_torque(bodies)
    varies = occasional is not None and occasional.of_muscles
    if not varies and not spastic.any() and (remaining == 1.0).all():
        return actuation
    reflex: Reflex = (
        MuscleReflex(models, spastic, interval_s)
        if models[0].na
        else JointReflex(bodies, actuation.joint_pd, interval_s)
    )
    varying = Varying(bodies, spastic, remaining, occasional) if varies and occasional is not None else None
    return ImpairedActuation(actuation, reflex, remaining, interval_s, varying)


def remaining_torque(bodies: Sequence[BodyParameters]) -> FloatArray:
    """Fraction of a commanded torque that weak muscles make, (N, 14, 2): negative and positive direction."""
    weak = [replace(body, strength=()) for body in bodies]
    return np.array([[torque_fractions(body, joint) for joint in JOINTS] for body in weak])


class ReactionDelay:
    """Delays the actions of N walkers by the severity of each one's delay impairment."""

    def __init__(self, bodies: Sequence[BodyParameters], interval_s: float) -> None:
        """`interval_s` from one action to the next."""
        late_s = [LATEST_REACTION_S * severity(body, Slot(ImpairmentKind.DELAY)) for body in bodies]
        self._delay = DelayedValues(np.array(late_s) / interval_s, len(JOINTS)) if any(late_s) else None

    def __call__(self, action: FloatArray) -> FloatArray:
        """The delayed actions (N, 14)."""
        return action if self._delay is None else self._delay(action)

    def reset(self, which: BoolArray) -> None:
        """Clear the pending actions of the marked walkers (N,)."""
        if self._delay is not None:
            self._delay.fill(which, np.zeros((len(which), len(JOINTS))))

    def state_dict(self) -> dict[str, np.ndarray]:
        return {} if self._delay is None else self._delay.state_dict()

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        if self._delay is not None:
            self._delay.load_state_dict(state)


def spasticity(bodies: Sequence[BodyParameters]) -> FloatArray:
    """Severity of every group (N, 2 sides, 8 groups)."""
    slots = [[Slot(ImpairmentKind.SPASTICITY, side, group=group) for group in G] for side in SIDES]
    return np.array([[[severity(body, slot) for slot in side] for side in slots] for body in bodies])


class ImpairedActuation:
    """Actuation by muscles some of which are weak or have a stretch reflex."""

    def __init__(
        self,
        actuation: Actuation,
        reflex: Reflex,
        remaining: FloatArray,
        interval_s: float,
        varying: Varying | None = None,
    ) -> None:
        """`remaining` (N, 14, 2): fraction of each joint's torque, from `remaining_torque`.

        `varying` has what comes in some strides only.
        """
        self.joint_pd: JointPd = actuation.joint_pd
        self.actuators = actuation.actuators
        self.interval_s = interval_s
        self._inner = actuation
        self._reflex = reflex
        self._always = self._remaining = remaining
        self._varying = varying
        if varying is not None:
            reflex.follow(varying.spastic_walkers)
        self._just_reset = np.ones(len(remaining), dtype=np.bool_)
        self._control: FloatArray = np.zeros((len(remaining), actuation.actuators))

    def draw(self) -> None:
        """Take over the present severities of what comes in some strides only."""
        if self._varying is not None:
            self._remaining = self._varying.remaining()
            self._reflex.set_severity(self._varying.spastic())

    def control(self, inputs: ActuationInputs) -> FloatArray:
        self._just_reset = np.zeros_like(self._just_reset)
        voluntary = self._inner.control(self._reflex.voluntary(self._weakened(inputs)))
        self._control = self._reflex.with_reflex(voluntary, inputs)
        return self._control

    def torque_nm(self, inputs: ActuationInputs) -> FloatArray:
        return self._inner.torque_nm(self._effective_inputs(inputs))

    def effort(self, inputs: ActuationInputs) -> FloatArray:
        return self._inner.effort(self._effective_inputs(inputs))

    def reset(self, which: BoolArray) -> None:
        self._just_reset = self._just_reset | which
        self._reflex.reset(which)
        self._inner.reset(which)

    def state_dict(self) -> dict[str, np.ndarray]:
        own = {
            "fresh": self._just_reset.copy(),
            "control": self._control.copy(),
        }  # keys of stored checkpoints
        return own | with_prefix(_REFLEX, self._reflex) | with_prefix(_INNER, self._inner)

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        self._just_reset, self._control = np.array(state["fresh"]), np.array(state["control"])
        load_with_prefix(_REFLEX, self._reflex, state)
        load_with_prefix(_INNER, self._inner, state)

    def _weakened(self, inputs: ActuationInputs) -> ActuationInputs:
        """Targets at which the PD law gives no more than the remaining fraction of its torque."""
        stiffness, damping = self.joint_pd.stiffness_nm_rad, self.joint_pd.damping_nm_s_rad
        torque_nm = stiffness * (inputs.target_rad - inputs.angle_rad) - damping * inputs.velocity_rad_s
        remaining = np.where(torque_nm < 0.0, self._remaining[..., 0], self._remaining[..., 1])
        less_nm = (remaining - 1.0) * torque_nm
        if self._varying is not None:
            within = self._within_limits(remaining * torque_nm) - torque_nm
            less_nm = np.where(self._varying.weak_walkers[:, None], within, less_nm)
        return replace(inputs, target_rad=inputs.target_rad + less_nm / stiffness)

    def _within_limits(self, torque_nm: FloatArray) -> FloatArray:
        """Torques (N, 14) within what is left of the limits in this stride."""
        now = self._remaining / self._always
        low, high = self.joint_pd.lowest_nm * now[..., 0], self.joint_pd.highest_nm * now[..., 1]
        within: FloatArray = np.clip(torque_nm, low, high)
        return within

    def _effective_inputs(self, inputs: ActuationInputs) -> ActuationInputs:
        """The inputs with the targets that acted; the commands of muscles show in their activation."""
        if self.actuators != len(JOINTS):
            return inputs
        return replace(
            inputs, target_rad=np.where(self._just_reset[:, None], inputs.target_rad, self._control)
        )


class JointReflex:
    """Reflexes of the torque-driven body: what the 80 muscles would add, as torque through PD control."""

    def __init__(self, bodies: Sequence[BodyParameters], joint_pd: JointPd, interval_s: float) -> None:
        self._severity = spasticity(bodies)
        strength = [
            [[strength_factor(body, group, side) for group in G] for side in SIDES] for body in bodies
        ]
        mass = np.array([body.mass_kg / GENERIC_BODY.mass_kg for body in bodies])
        self._full_nm = (
            np.array(strength)[..., None] * group_by_joint(FULL_MOMENT_NM) * mass[:, None, None, None]
        )
        self._stretch_per_rad = group_by_joint(STRETCH_PER_RAD)
        self._stiffness = joint_pd.stiffness_nm_rad
        groups = len(SIDES) * len(G)
        self._delay = DelayedValues(np.full(len(bodies), REFLEX_DELAY_S / interval_s), groups)

    def follow(self, which: BoolArray) -> None:
        pass

    def set_severity(self, spastic: FloatArray) -> None:
        self._severity = spastic

    def voluntary(self, inputs: ActuationInputs) -> ActuationInputs:
        return inputs

    def with_reflex(self, control: FloatArray, inputs: ActuationInputs) -> FloatArray:
        """Targets (N, 14) moved so far that PD control adds the reflex's torque, within their limits."""
        targets: FloatArray = control + self._torque_nm(inputs.velocity_rad_s) / self._stiffness
        return targets

    def _torque_nm(self, velocity_rad_s: FloatArray) -> FloatArray:
        """(N, 14) for joint velocities (N, 14)."""
        count = len(velocity_rad_s)
        legs = velocity_rad_s.reshape(count, len(SIDES), len(J))
        stretch = np.einsum("gj,nsj->nsg", self._stretch_per_rad, legs)
        excitation = self._delay(reflex_excitation(stretch, self._severity).reshape(count, -1))
        by_group = excitation.reshape(self._severity.shape)
        torque: FloatArray = np.einsum("nsg,nsgj->nsj", by_group, self._full_nm).reshape(count, -1)
        return torque

    def reset(self, which: BoolArray) -> None:
        self._delay.fill(which, np.zeros((len(which), self._severity[0].size)))

    def state_dict(self) -> dict[str, np.ndarray]:
        return self._delay.state_dict()

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._delay.load_state_dict(state)


class MuscleReflex:
    """Reflexes of muscles, each by its own fibre's speed.

    The activation by the voluntary command is tracked apart from the muscle's own: an actuation that knew the
    activation of a reflex would cancel it at once. Axes: N walkers, M muscles.
    """

    def __init__(self, models: Sequence[Any], spastic: FloatArray, interval_s: float) -> None:
        """`spastic` (N, 2, 8) severities."""
        first = models[0]
        self._muscles = int(first.na)
        self._interval_s = interval_s
        self._speed = SensorColumns.of(first).speed
        start = 1 + first.nq + first.nv
        self._activation = slice(start, start + self._muscles)
        names = [first.actuator(number).name for number in range(self._muscles)]
        self._names = names
        self._severity = _by_muscle(names, spastic)
        self._fibre_m = np.array([_optimal_fibre_m(model, self._muscles) for model in models])
        self._spastic = spastic.any(axis=(1, 2))
        self._voluntary: FloatArray = np.zeros((len(models), self._muscles))  # activation
        self._just_reset = np.ones(len(models), dtype=np.bool_)
        ticks = np.full(len(models), REFLEX_DELAY_S / interval_s)
        self._delay = DelayedValues(ticks, self._muscles)

    def follow(self, which: BoolArray) -> None:
        self._spastic = self._spastic | which

    def set_severity(self, spastic: FloatArray) -> None:
        self._severity = _by_muscle(self._names, spastic)

    def voluntary(self, inputs: ActuationInputs) -> ActuationInputs:
        true = inputs.state[:, self._activation]
        tracked = self._spastic & ~self._just_reset
        self._voluntary = np.where(tracked[:, None], self._voluntary, true)
        self._just_reset = np.zeros_like(self._just_reset)
        state = inputs.state.copy()
        state[:, self._activation] = self._voluntary
        return replace(inputs, state=state)

    def with_reflex(self, control: FloatArray, inputs: ActuationInputs) -> FloatArray:
        self._voluntary = activation_after(self._voluntary, control, self._interval_s)
        stretch = inputs.sensor[:, self._speed] / self._fibre_m
        reflex = self._delay(reflex_excitation(stretch, self._severity))
        excitation: FloatArray = np.where(reflex > 0.0, np.minimum(control + reflex, 1.0), control)
        return excitation

    def reset(self, which: BoolArray) -> None:
        self._just_reset = self._just_reset | which
        self._delay.fill(which, np.zeros_like(self._severity))

    def state_dict(self) -> dict[str, np.ndarray]:
        # "wanted" and "fresh" are keys of stored checkpoints.
        return {"wanted": self._voluntary.copy(), "fresh": self._just_reset.copy()} | self._delay.state_dict()

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        self._voluntary, self._just_reset = np.array(state["wanted"]), np.array(state["fresh"])
        self._delay.load_state_dict(state)


def reflex_excitation(stretch_per_s: FloatArray, severity: FloatArray) -> FloatArray:
    """Reflex excitation 0..1 at stretch velocities in optimal fibre lengths per second, any shape."""
    above = np.maximum(stretch_per_s - REFLEX_THRESHOLD_PER_S, 0.0)
    excitation: FloatArray = np.minimum(REFLEX_GAIN_S * severity * above, 1.0)
    return excitation


def group_by_joint(values: Mapping[MuscleGroup, Mapping[JointKind, float]]) -> FloatArray:
    """A table of groups and joints as an array (8, 7); missing entries are zero."""
    return np.array([[values[group].get(kind, 0.0) for kind in J] for group in G])


def _by_muscle(names: Sequence[str], spastic: FloatArray) -> FloatArray:
    """Severity of every muscle (N, M) from that of its group (N, 2, 8); 0 for those of no leg."""
    place: dict[str, tuple[int, int]] = {
        muscle.on(side): (SIDES.index(side), list(G).index(muscle.group))
        for side in (Side.LEFT, Side.RIGHT)
        for kind in (Muscle, LumpedMuscle)
        for muscle in kind
    }
    severity = np.zeros((len(spastic), len(names)))
    for column, name in enumerate(names):
        if name in place:
            side, group = place[name]
            severity[:, column] = spastic[:, side, group]
    return severity


def _optimal_fibre_m(model: Any, muscles: int) -> Float32Array | FloatArray:
    """Optimal fibre length (M,) as MuJoCo derives it from the range of lengths."""
    shortest, longest = model.actuator_lengthrange[:muscles].T
    low, high = model.actuator_gainprm[:muscles, :2].T
    length: FloatArray = (longest - shortest) / np.maximum(1e-9, high - low)
    return length
