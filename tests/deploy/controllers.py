"""Small real controllers and packages for the tests of the deploy room."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise

import numpy as np

from core.deploy.blob import TRAILER_BYTES, sign_blob, write_blob
from core.deploy.checks import CheckContext
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import KeyKind, TrustedKey
from core.deploy.manifest import Approval, Origin
from core.deploy.package import BuiltPackage, PackageFile, build_package, parse_package
from core.deploy.strict_json import canonical_json, parse_json
from core.devices.profiles import load_profile
from core.domain.controller import (
    Comparison,
    DeviceProfile,
    ExoController,
    TorqueLimits,
    TrainedController,
)
from core.domain.gait_envelope import GaitEnvelope
from core.domain.release import Purpose
from core.domain.rollout import RolloutSet, SceneGeometry
from core.domain.twin import Network
from core.exo_core.device import ExoKey
from tests import walked

DEVICE = "Hippo_L1"
TAG = "0123456789abcdef0123456789abcdef"
# Today, because an exo in a process of its own knows the time, and a package expires.
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # whole, and never in the future
ORIGIN = Origin(
    subject_tag=TAG,
    package_id="8d7d1b5e0d5f4f0fb0a9b8b6e8f6a001",
    version="1.0.0",
    created_utc=NOW,
    app_version="0.1.0",
    approvals=(Approval("Dr A", "physician", "released for a first walk", "2026-11-20T09:59:00Z"),),
)
SERIAL = "SN-7"
FOR_A_PERSON = {  # fields of the origin of a package that may go onto the real exo SN-7
    "approvals": (
        Approval("Dr A", "physician", f"released {Purpose.SUPERVISED_HUMAN.words}.", "2026-11-20T09:59:00Z"),
    ),
    "purpose": Purpose.SUPERVISED_HUMAN,
    "device_serial": SERIAL,
}
KEY = PrivateKey.from_seed(bytes(range(32)))
EXO_KEYS = (ExoKey(KEY.public.raw),)  # what the exos of these tests trust
LIMITS = TorqueLimits(peak_nm=12.0, rate_nm_s=150.0, hip_range_rad=1.396)


# As long in a package as that of a person, and so wide that nothing which these tests walk is outside of it.
ANYBODYS_GAIT = GaitEnvelope(
    (-3.9, -3.8), (3.9, 3.8), (0.01, 0.02), (3.7, 3.6), -9.9, 79.9, -3.41, 3.42, -34.1, 34.2
)
REAL = (128, 64)  # hidden layers of the controllers that are trained
SMALL = (4,)  # for claims about packages: a twentieth of the time


def network(seed: int, gain: float = 1.0, hidden: tuple[int, ...] = REAL) -> Network:
    """As it runs on the exo; `gain` scales how much torque it requests."""
    rng = np.random.default_rng(seed)
    sizes = (16, *hidden, 2)
    weights = tuple(
        (gain * rng.normal(0.0, np.sqrt(2.0 / inputs), (outputs, inputs))).astype(np.float32)
        for inputs, outputs in pairwise(sizes)
    )
    biases = tuple(np.zeros(outputs, np.float32) for outputs in sizes[1:])
    return Network(weights, biases, "relu")


def trained(
    seed: int = 1, *, limits: TorqueLimits = LIMITS, gain: float = 1.0, hidden: tuple[int, ...] = REAL
) -> TrainedController:
    controller = ExoController(
        network=network(seed, gain, hidden),
        velocity_scale=0.25,
        low_pass_hz=6.0,
        kp_nm_rad=50.0,
        kd_nm_s_rad=2.0,
        control_hz=100.0,
        limits=limits,
    )
    return TrainedController(
        controller=controller,
        device_id=DEVICE,
        curves=(),
        control_steps=1,
        control_steps_per_s=1.0,
        effort_ratio_with_exo=0.9,
        falls_per_minute=0.0,
        envelope=ANYBODYS_GAIT,
    )


def built(
    controller: TrainedController | None = None,
    *,
    key: PrivateKey = KEY,
    profile: DeviceProfile | None = None,
    comparison: Comparison | None = None,
    **changed,
) -> BuiltPackage:
    """A signed package, small unless a controller is given; `changed` are fields of its origin."""
    exo = profile or load_profile(DEVICE)
    origin = replace(ORIGIN, **changed)
    return build_package(controller or trained(hidden=SMALL), exo, origin, key, comparison=comparison)


def without_envelope(archive: bytes, key: PrivateKey = KEY) -> bytes:
    """The package as a program that packs no envelope would write and sign it."""
    return _packed_again(archive, key, "envelope")


def of_the_version_before(archive: bytes, key: PrivateKey = KEY) -> bytes:
    """The package as a version would write and sign it that did not say what it was released for."""

    def earlier(data: bytes) -> bytes:
        return sign_blob(data[:8] + (2).to_bytes(2, "little") + data[10:-TRAILER_BYTES], key)

    return _packed_again(archive, key, "release", earlier)


def resigned(archive: bytes, key: PrivateKey = KEY, **changed) -> bytes:
    """The package with other fields in the manifest that people read, signed again."""
    old = parse_package(archive)
    return _archived(old, canonical_json(replace(old.manifest, **changed)), old.device_bytes, key)


def _packed_again(
    archive: bytes, key: PrivateKey, without: str, change: Callable[[bytes], bytes] = lambda data: data
) -> bytes:
    old = parse_package(archive)
    inside = {name: value for name, value in old.blob.manifest.items() if name != without}
    data = change(write_blob(inside, old.blob.controller.network, old.blob.golden, key))
    sha256 = hashlib.sha256(data).hexdigest()
    manifest = parse_json(canonical_json(replace(old.manifest, controller=inside, device_sha256=sha256)))
    if without == "release":
        del manifest["purpose"], manifest["counter"]
    return _archived(old, canonical_json(manifest), data, key)


def _archived(old: PackageFile, manifest: bytes, data: bytes, key: PrivateKey) -> bytes:
    parts = {
        "manifest.json": manifest,
        "device.bin": data,
        "report.json": canonical_json(old.report),
        "signature.bin": key.sign(manifest),
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name, content in parts.items():
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            target.writestr(member, content)
    return buffer.getvalue()


def compared(cost: float, falls: int = 0, *, against: float = 0.03) -> Comparison:
    """A comparison in which walking with the personalized controller costs this much; 1.0 without the exo."""
    scores = walked.scores((*walked.USUAL[:-1], cost), falls=(0, 0, 0, 0, falls))
    scores = (*scores[:-1], walked.slowing(scores[-1], against))
    return Comparison(RolloutSet((), SceneGeometry(()), "Level walking"), scores, "Compared.")


def compared_earlier(effort: float, falls_per_minute: float = 0.1) -> Comparison:
    """By an earlier version: joint effort alone, 0.05 and 0.1 falls a minute without the exo."""
    scores = walked.earlier_scores(effort, falls_per_minute)
    return Comparison(RolloutSet((), SceneGeometry(()), "Level walking"), scores, "Compared.")


def package(
    seed: int = 1, *, tag: str = TAG, limits: TorqueLimits = LIMITS, gain: float = 1.0
) -> PackageFile:
    return parse_package(built(trained(seed, limits=limits, gain=gain), subject_tag=tag).archive)


def check_context(**changed) -> CheckContext:
    """Everything as it was when the package was made."""
    keys = {KEY.public.key_id: TrustedKey(KEY.public, KeyKind.SITE)}
    around = CheckContext(keys, NOW, device_id=DEVICE, subject_tag=TAG)
    return replace(around, **changed)
