"""The exo's controller, its limits, its training and its deployment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.domain.adaptation import Adaptation
from core.domain.belt_profile import BeltGeometry
from core.domain.body import JointKind
from core.domain.cycle_correlations import CycleCorrelations
from core.domain.distillation import Distillation
from core.domain.findings import Finding
from core.domain.gait_envelope import GaitEnvelope
from core.domain.impairment import Impairment
from core.domain.rollout import GaitLabel, RolloutSet
from core.domain.situation import SituationWalks
from core.domain.start_curves import StartCurves
from core.domain.twin import GaitPolicy, LearningCurve, Network
from core.domain.walk_measures import WalkMeasures


class TorqueDirection(StrEnum):
    """Which way an exo can turn its joint: a cable pulls one way only. The values are stored."""

    BOTH = "both"
    FLEXION = "flexion"  # positive: hip flexion, dorsiflexion
    EXTENSION = "extension"  # negative: hip extension, plantarflexion

    def at(self, joint: JointKind) -> str:
        """In words: "plantarflexion only"; "both ways"."""
        if self is TorqueDirection.BOTH:
            return "both ways"
        flexion, extension = _WAYS[joint]
        return f"{flexion if self is TorqueDirection.FLEXION else extension} only"

    def shares(self) -> tuple[float, float]:
        """The smallest and the largest torque, as shares of the peak."""
        return (
            0.0 if self is TorqueDirection.FLEXION else -1.0,
            0.0 if self is TorqueDirection.EXTENSION else 1.0,
        )


# The positive and the negative way of the joints that exos turn.
_WAYS = {
    JointKind.HIP_FLEXION: ("hip flexion", "hip extension"),
    JointKind.ANKLE: ("dorsiflexion", "plantarflexion"),
}


@dataclass(frozen=True, slots=True)
class TorqueLimits:
    """Limits of the assistance torque. Limits only ever tighten: see `tightest`."""

    peak_nm: float
    rate_nm_s: float
    hip_range_rad: float  # angle of the assisted joint, of whichever exo, beyond which the torque is zero
    direction: TorqueDirection = TorqueDirection.BOTH

    @property
    def lowest_nm(self) -> float:
        return self.direction.shares()[0] * self.peak_nm

    @property
    def highest_nm(self) -> float:
        return self.direction.shares()[1] * self.peak_nm

    def tightest(self, other: TorqueLimits) -> TorqueLimits:
        """The stricter of both in everything. Raises ValueError where their directions leave no torque."""
        directions = {self.direction, other.direction} - {TorqueDirection.BOTH}
        if len(directions) > 1:
            raise ValueError("limits of opposite directions leave no torque")
        return TorqueLimits(
            min(self.peak_nm, other.peak_nm),
            min(self.rate_nm_s, other.rate_nm_s),
            min(self.hip_range_rad, other.hip_range_rad),
            directions.pop() if directions else TorqueDirection.BOTH,
        )


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One exo model: identity, rates and hard limits."""

    id: str  # "Hippo_L1", as in assist-sim
    name: str
    joint: JointKind  # that it assists
    control_hz: float
    limits: TorqueLimits
    first_session_peak_nm: float
    mass_kg: float
    worn_by_no_twin: str = ""  # why nobody can be trained with it, in a sentence; "": it can be worn
    belt: BeltGeometry | None = None  # of a band ahead of the hip, on a person of usual size

    @property
    def trainable(self) -> bool:
        return not self.worn_by_no_twin


class Sense(StrEnum):
    """A signal that a network on the exo can read. The values are stored.

    "Thigh" is from before there were ankle exos: it is the joint that the exo turns. On the exo's own line
    signals of another joint have other names, see `core.deploy.signal_names`.
    """

    ANGLE_LEFT = "thigh_angle_left"
    ANGLE_RIGHT = "thigh_angle_right"
    VELOCITY_LEFT = "thigh_velocity_left"
    VELOCITY_RIGHT = "thigh_velocity_right"
    OUTPUT_LEFT = "output_left"  # the network's own output one tick before; zero after a reset
    OUTPUT_RIGHT = "output_right"


class ExoSensors(StrEnum):
    """What a controller feels its wearer by. The values are shown."""

    ENCODERS = "encoders"  # angle and velocity of both joints
    THIGH_GYROS = "thigh gyros"  # how fast each thigh turns, nothing else


class NetworkOutput(StrEnum):
    """Kind of the network's output for each side."""

    JOINT_TARGET = "joint_target"  # rad; torque by PD
    TORQUE = "torque"  # N m

    @property
    def unit(self) -> str:
        return "rad" if self is NetworkOutput.JOINT_TARGET else "N m"


@dataclass(frozen=True, slots=True)
class InputSignal:
    sense: Sense
    scale: float = 1.0  # the network reads value * scale


@dataclass(frozen=True, slots=True)
class NetworkInputs:
    """What the network reads: all signals now, then all of one tick ago, and so on."""

    signals: tuple[InputSignal, ...]
    history: int  # samples

    @property
    def width(self) -> int:
        return self.history * len(self.signals)


def default_inputs(velocity_scale: float) -> NetworkInputs:
    """The 16 inputs of Luo 2024: angles and velocities of both thighs now and 10, 20, 30 ms ago."""
    angles = (InputSignal(Sense.ANGLE_LEFT), InputSignal(Sense.ANGLE_RIGHT))
    scaled = (Sense.VELOCITY_LEFT, Sense.VELOCITY_RIGHT)
    return NetworkInputs((*angles, *(InputSignal(sense, velocity_scale) for sense in scaled)), history=4)


@dataclass(frozen=True, slots=True, eq=False)
class ExoController:
    """Sensors to torque, as it runs on the exo.

    The network reads `reads`. Its output (2, order of SIDES) goes through a second-order low-pass of
    `low_pass_hz`; from a joint target [rad] follows torque = kp (target - angle) - kd velocity (Luo 2024,
    eq. 15); the torque is clamped. In a temporal network a layer looks back over `taps` columns, `dilations`
    ticks apart: the weights of a layer are (out, taps * in), newest column first.
    """

    network: Network  # 16-128-64-2, relu
    velocity_scale: float  # of `default_inputs`, where there are no others
    low_pass_hz: float
    kp_nm_rad: float
    kd_nm_s_rad: float
    control_hz: float
    limits: TorqueLimits
    inputs: NetworkInputs | None = None  # None: the usual ones
    output: NetworkOutput = NetworkOutput.JOINT_TARGET
    taps: tuple[int, ...] = ()  # per layer; (): a perceptron, one tap each
    dilations: tuple[int, ...] = ()
    joint: JointKind = JointKind.HIP_FLEXION  # that its sensors measure and its torque turns

    @property
    def reads(self) -> NetworkInputs:
        return default_inputs(self.velocity_scale) if self.inputs is None else self.inputs

    @property
    def sensors(self) -> ExoSensors:
        """What the network feels the wearer by; of a hip exo without angles it is gyros on the thighs."""
        senses = {signal.sense for signal in self.reads.signals}
        gyros = {Sense.VELOCITY_LEFT, Sense.VELOCITY_RIGHT}
        alone = senses == gyros and self.joint is JointKind.HIP_FLEXION
        return ExoSensors.THIGH_GYROS if alone else ExoSensors.ENCODERS

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs of the network, then the outputs of each layer."""
        first, *rest = self.network.sizes
        return (first // self.taps[0] if self.taps else first, *rest)


class Aim(StrEnum):
    """What training makes smallest first. The values are stored and shown."""

    MUSCLES = "muscles"  # activation, so that weak muscles are relieved
    ENERGY = "energy"  # metabolic rate and positive joint power
    WITH_THE_LEG = "with the leg"  # energy, and hardly any work against the leg's movement


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredGait:
    """Many simulated walks of one condition in numbers."""

    label: str  # a GaitLabel
    measures: WalkMeasures


@dataclass(frozen=True, slots=True, eq=False)
class TrainedController:
    """A controller learned for one twin and one device, with the evidence of its training."""

    controller: ExoController
    device_id: str
    curves: tuple[LearningCurve, ...]
    control_steps: int
    control_steps_per_s: float
    effort_ratio_with_exo: float  # effort with this controller / effort without exo, simulated
    falls_per_minute: float
    findings: tuple[Finding, ...] = ()
    synthetic: bool = False
    walking: GaitPolicy | None = None  # the policy that walked in training; None: the twin's own
    aim: Aim | None = None  # None in records of versions that trained for joint effort
    gaits: tuple[MeasuredGait, ...] = ()  # held-out walks: without exo, worn without torque, this controller
    envelope: GaitEnvelope | None = None  # of the walks with it; None in older records, which are not packed
    adapted: Adaptation | None = None  # to a recorded walk; None: trained on the twin alone
    distilled: Distillation | None = None  # from a controller that knows more; None: trained by itself

    @property
    def sensors(self) -> ExoSensors:
        """What it feels its wearer by; encoders in records of versions that knew nothing else."""
        return self.controller.sensors

    def find(self, label: GaitLabel) -> WalkMeasures | None:
        return next((gait.measures for gait in self.gaits if gait.label == label.value), None)


@dataclass(frozen=True, slots=True)
class GaitScore:
    """Numbers of one simulated gait for the comparison table."""

    label: str
    correlation: dict[str, float]  # joint -> Pearson r with the measured gait cycle
    rmse_deg: dict[str, float]  # joint -> degrees
    effort: float  # mean squared fraction of joint strength, see core.simulation
    symmetry: float
    falls_per_minute: float
    exo_peak_nm: float
    exo_mean_power_w: float
    exo_negative_work_fraction: float
    measures: WalkMeasures | None = None  # over many walks and seeds; None in older records


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Without exo, worn without torque, default, generic and personalized controller, side by side."""

    rollouts: RolloutSet
    scores: tuple[GaitScore, ...]
    sentence: str  # the verdict in words, made from the numbers
    synthetic: bool = False
    strangers: tuple[WalkMeasures, ...] = ()  # of this twin with controllers learned for other virtual people
    situations: tuple[SituationWalks, ...] = ()  # with level walking; () in records of earlier versions
    correlations: CycleCorrelations | None = None  # of measured, healthy, impaired and assisted gait
    impairments: tuple[Impairment, ...] = ()  # of the twin that walked
    mass_kg: float | None = None  # of its body, for torques in N m; None in records of earlier versions
    curves: tuple[StartCurves, ...] = ()  # of the level walks; () in records of earlier versions

    def find(self, label: GaitLabel) -> GaitScore | None:
        return next((score for score in self.scores if score.label == label.value), None)


@dataclass(frozen=True, slots=True)
class Package:
    """The file that goes to the exo, stored in the record's folder."""

    file_name: str
    sha256: str  # of the device blob
    size_bytes: int
    device_id: str
    subject_tag: str
    limits: TorqueLimits
    manifest_sha256: str = ""  # of the signed manifest; "" in packages of versions that did not sign
    version: str = ""
    expires_utc: str = ""
    key_id: str = ""
    practice: bool = False  # signed with an unprotected key: for a virtual exo only
    virtual_only: str = ""  # why else no person may wear it, in a sentence; "" in older records
    envelope: GaitEnvelope | None = None  # None in older records, whose files are refused
    joint: JointKind = JointKind.HIP_FLEXION  # that it turns
    purpose: str = ""  # a `Purpose` of `core.domain.release`; "" in older records, whose files no exo takes
    serial: str = ""  # of the exo it is for; "": every virtual one of its kind
    counter: int = 0

    @property
    def gait_sentence(self) -> str:
        """When the exo gives nothing; "" in older records."""
        known = self.envelope
        return "" if known is None else known.sentence(self.limits.hip_range_rad, self.joint)


class Handover(StrEnum):
    """State of a deployment, as in MCUboot; the values are the stored and shown words."""

    PROVISIONAL = "on trial"  # half torque; the exo reverts at the next reset unless it is confirmed
    CONFIRMED = "confirmed"  # after a supervised walk
    REVERTED = "taken back"  # not confirmed: the previous controller runs again
    ROLLED_BACK = "rolled back"  # the previous confirmed controller replaced a confirmed one


@dataclass(frozen=True, slots=True)
class Approver:
    """Electronic signature (21 CFR 11.50) under a safety-relevant step."""

    name: str
    role: str
    meaning: str


# The signature of an unattended session: it names no person.
UNATTENDED_APPROVER = Approver(
    "command line", "no person", "walked by a virtual exo only; not released for anybody to wear"
)


def unattended(name: str) -> bool:
    """Whether an approval of this name comes from an unattended session."""
    return name.strip() == UNATTENDED_APPROVER.name


@dataclass(frozen=True, slots=True)
class Deployment:
    """A package on a device, as the device itself reported it."""

    package_sha256: str
    readback_sha256: str
    device_serial: str
    address: str
    confirmed: bool  # by the exo
    virtual: bool
    stage: Handover | None = None  # None in records of versions that confirmed at once
    version: str = ""  # of the package, as the exo names it
    kept_by: Approver | None = None  # who confirmed it or rolled back to it

    @property
    def handover(self) -> Handover:
        if self.stage is not None:
            return self.stage
        return Handover.CONFIRMED if self.confirmed else Handover.REVERTED

    @property
    def equal(self) -> bool:
        """Whether the bytes on the exo are exactly the approved ones."""
        return self.package_sha256 == self.readback_sha256
