"""The manifest of a package: patient tag, exo, provenance, test results and approvals.

Nothing in it names the patient: the subject is a keyed tag (HMAC).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from core.deploy.blob import Blob, unit_of
from core.deploy.signal_names import name_of
from core.deploy.strict_json import canonical_json
from core.domain.audit import NO_ENTRIES, AuditHead
from core.domain.body import SIDES, JointKind
from core.domain.controller import (
    Comparison,
    DeviceProfile,
    ExoController,
    TorqueDirection,
    TrainedController,
)
from core.domain.release import Purpose, Release
from core.domain.rollout import GaitLabel
from core.domain.walk_measures import WalkRatios

# 3: the device bytes are signed too; 4: they hold the envelope of the person's gait; 5: and what they were
# released for
PACKAGE_FORMAT = 5
VALID_DAYS = 90  # a gait changes: after three months the patient is measured again
_UTC = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Approval:
    """An electronic signature as 21 CFR 11.50 requires it: name, time and meaning."""

    name: str
    role: str  # "" where none was entered
    meaning: str
    utc: str


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A record this controller comes from, by the hash of its content."""

    kind: str
    sha256: str
    app_version: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class PackedProfile:
    """The exo this package fits."""

    id: str
    sha256: str  # of the whole profile
    joint: str
    sides: tuple[str, ...]  # order of every pair of numbers
    sign: str
    control_hz: float
    serial: str  # "" fits every exo of this kind


@dataclass(frozen=True, slots=True)
class Signal:
    name: str
    unit: str
    scale: float  # the network sees value * scale


@dataclass(frozen=True, slots=True)
class InputSchema:
    """Inputs and outputs of the network. Order: all signals now, then all of one tick ago, and so on."""

    signals: tuple[Signal, ...]
    history_ms: tuple[int, ...]
    outputs: tuple[Signal, ...]
    torque_unit: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Test results of the controller from simulation, before anybody wore it."""

    golden_peak_nm: float
    golden_rate_nm_s: float
    simulated_peak_nm: float | None
    simulated_mean_power_w: float | None
    negative_work_fraction: float | None
    falls_per_minute: float | None
    effort_ratio: float | None  # of joint effort
    simulated: bool
    # With the exo / without; packages of earlier versions do not have these.
    metabolic_ratio_umberger: float | None = None
    metabolic_ratio_bhargava: float | None = None
    activation_ratio: float | None = None
    positive_power_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Training:
    records: tuple[Ancestor, ...]
    control_steps: int
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Signer:
    algorithm: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`manifest.json`. `controller` is a copy of the manifest in `device.bin`, which the exo reads."""

    package_format: int
    package_id: str
    version: str  # grows with every package of a patient
    created_utc: str
    expires_utc: str
    app_version: str
    controller: dict[str, Any]
    device_profile: PackedProfile
    inputs: InputSchema
    device_sha256: str
    report_sha256: str
    training: Training
    acceptance: Acceptance
    approvals: tuple[Approval, ...]
    previous_sha256: str  # manifest of the package before, "" for a patient's first
    audit: AuditHead  # where the audit trail stood, see `core.deploy.audit_anchor`
    signer: Signer
    purpose: str = ""  # a `Purpose`; "" in packages of earlier versions, which no exo takes any more
    counter: int = 0  # of the release, as the exo reads it

    @property
    def expires(self) -> datetime:
        return from_utc(self.expires_utc)

    @property
    def created(self) -> datetime:
        return from_utc(self.created_utc)


@dataclass(frozen=True, slots=True)
class Origin:
    """Identity and provenance that go into a package beside the controller."""

    subject_tag: str
    package_id: str
    version: str
    created_utc: datetime
    app_version: str
    approvals: tuple[Approval, ...]
    records: tuple[Ancestor, ...] = ()
    previous_sha256: str = ""
    device_serial: str = ""
    audit: AuditHead = NO_ENTRIES
    purpose: Purpose = Purpose.VIRTUAL_ONLY
    counter: int = 1

    @property
    def expires_utc(self) -> datetime:
        return aware(self.created_utc) + timedelta(days=VALID_DAYS)

    @property
    def release(self) -> Release:
        """What the exo is told."""
        expires_s = int(self.expires_utc.timestamp())
        return Release(self.purpose, self.device_serial, expires_s, self.counter)


def make_manifest(
    blob: Blob,
    report: bytes,
    trained: TrainedController,
    profile: DeviceProfile,
    origin: Origin,
    signer: Signer,
    comparison: Comparison | None,
) -> Manifest:
    return Manifest(
        package_format=PACKAGE_FORMAT,
        package_id=origin.package_id,
        version=origin.version,
        created_utc=to_utc(origin.created_utc),
        expires_utc=to_utc(origin.expires_utc),
        app_version=origin.app_version,
        controller=blob.manifest,
        device_profile=_packed_profile(profile, origin.device_serial),
        inputs=input_schema(blob.controller),
        device_sha256=blob.sha256,
        report_sha256=hashlib.sha256(report).hexdigest(),
        training=Training(origin.records, trained.control_steps, trained.synthetic),
        acceptance=_acceptance(blob, trained, comparison),
        approvals=origin.approvals,
        previous_sha256=origin.previous_sha256,
        audit=origin.audit,
        signer=signer,
        purpose=origin.purpose.value,
        counter=origin.counter,
    )


def profile_sha256(profile: DeviceProfile) -> str:
    """Hash of all that is known of the exo.

    What an exo has not (one way only, a reason why nobody wears it) does not count: the hash of a profile
    from before these were known stays what it was.
    """
    known: dict[str, Any] = asdict(profile)
    del known["belt"]  # profiles are planned with it; it limits no torque
    if profile.trainable:
        del known["worn_by_no_twin"]
    if profile.limits.direction is TorqueDirection.BOTH:
        del known["limits"]["direction"]
    return hashlib.sha256(canonical_json(known)).hexdigest()


def input_schema(controller: ExoController) -> InputSchema:
    """The schema of `ExoController.reads`."""
    signals = [
        Signal(name_of(one.sense, controller.joint), unit_of(one.sense, controller.output), float(one.scale))
        for one in controller.reads.signals
    ]
    outputs = [Signal(f"{controller.output.value}_{side}", controller.output.unit, 1.0) for side in SIDES]
    tick_ms = round(1000.0 / controller.control_hz)
    history = tuple(tick * tick_ms for tick in range(controller.reads.history))
    return InputSchema(tuple(signals), history, tuple(outputs), "N m")


def to_utc(moment: datetime) -> str:
    """To the second. A moment without a zone is UTC, as in the record."""
    return aware(moment).astimezone(UTC).strftime(_UTC)


def aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def from_utc(text: str) -> datetime:
    """Raises ValueError when `text` was not written by `to_utc`."""
    return datetime.strptime(text, _UTC).replace(tzinfo=UTC)


def known(value: float) -> float | None:
    """None for a value that is not finite: it could not be measured."""
    return float(value) if math.isfinite(value) else None


def _packed_profile(profile: DeviceProfile, serial: str) -> PackedProfile:
    return PackedProfile(
        id=profile.id,
        sha256=profile_sha256(profile),
        joint=profile.joint,
        sides=tuple(str(side) for side in SIDES),
        sign="flexion positive" if profile.joint is JointKind.HIP_FLEXION else "dorsiflexion positive",
        control_hz=float(profile.control_hz),
        serial=serial,
    )


def _acceptance(blob: Blob, trained: TrainedController, comparison: Comparison | None) -> Acceptance:
    torque = blob.golden.torque_nm
    steps = np.abs(np.diff(torque, axis=0, prepend=np.zeros((1, torque.shape[1]), torque.dtype)))
    score = None if comparison is None else comparison.find(GaitLabel.PERSONALIZED_CONTROLLER)
    return Acceptance(
        golden_peak_nm=float(np.abs(torque).max()),
        golden_rate_nm_s=float(steps.max()) * float(blob.controller.control_hz),
        simulated_peak_nm=None if score is None else known(score.exo_peak_nm),
        simulated_mean_power_w=None if score is None else known(score.exo_mean_power_w),
        negative_work_fraction=None if score is None else known(score.exo_negative_work_fraction),
        falls_per_minute=known(trained.falls_per_minute),
        effort_ratio=known(trained.effort_ratio_with_exo),
        simulated=True,
        **_walk_ratios(trained, comparison),
    )


def _walk_ratios(trained: TrainedController, comparison: Comparison | None) -> dict[str, float | None]:
    """What walking costs with the exo / without: from the comparison, else from the end of training."""
    without, worn = trained.find(GaitLabel.WITHOUT_EXO), trained.find(GaitLabel.PERSONALIZED_CONTROLLER)
    if comparison is not None:
        scores = (comparison.find(one) for one in (GaitLabel.WITHOUT_EXO, GaitLabel.PERSONALIZED_CONTROLLER))
        without, worn = (None if score is None else score.measures for score in scores)
    if without is None or worn is None:
        return {}
    ratios = WalkRatios.between(worn, without)
    umberger, bhargava = ratios.by_model
    return {
        "metabolic_ratio_umberger": known(umberger.mean),
        "metabolic_ratio_bhargava": known(bhargava.mean),
        "activation_ratio": known(float(ratios.activation.mean())),
        "positive_power_ratio": known(float(ratios.positive_power.mean())),
    }
