"""A planned profile on the virtual exo: taught, packed, signed, sent, armed, walked with.

The profile is of a real walk (walk36); the walks that teach and judge are simulated, and so is the wearer.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from app.exo_process import VirtualExo
from app.train.virtual_people import default_twin
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import trust
from core.deploy.manifest import Origin
from core.deploy.package import PackageFile, build_package, parse_package
from core.deploy.transfer import transfer
from core.devices.exo_link import ExoLink, connect
from core.devices.exo_protocol import NEWEST, TelemetryRecord
from core.devices.profiles import load_profile
from core.domain.assistance import trained_assistance
from core.domain.belt_profile import BeltProfile
from core.domain.controller import TrainedController
from core.domain.exo_protocol import DeviceState
from core.jobs.values import JobSpec, SilentContext
from core.tasks.teach_profile import follow

DEVICES = {"hip": "Hippo_L1", "ankle": "DephyExoBoot_L1"}
# The usual wearer plantarflexes more than the twin that was walked with, so that S13 rightly keeps an ankle
# exo from giving anything: this one's ankles move as the twin's do.
PLANTS = {"DephyExoBoot_L1": {"walk": {"size": 0.75}}}
WALK_S, READY_S = 20.0, 60.0


def bench_profile_exo(profile: BeltProfile) -> dict[str, Any]:
    """The band's torque on a hip exo, and the spline of the person's push-off on an ankle exo."""
    return {
        f"{place}_{name}": value
        for place, device_id in DEVICES.items()
        for name, value in _on(device_id, profile).items()
    }


def _on(device_id: str, profile: BeltProfile) -> dict[str, Any]:
    """How well the exo's controller follows the profile, what it costs, and that no row of safety trips."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        context = SilentContext(JobSpec("bench", "teach_profile", {}, folder), folder)
        trained = follow(profile, default_twin(device_id).policy, device_id, context, seed=0)
        walked = _walked(trained, folder)
    follows = next(one for one in trained.findings if one.advice.code == "ASP-009")
    return {
        "exo_simulated": follows.advice.why,
        "exo_verdict_simulated": trained_assistance(trained).words,
        **walked,
    }


def _walked(trained: TrainedController, folder: Path) -> dict[str, Any]:
    key = PrivateKey.from_seed(bytes(32))  # the same in every run
    origin = Origin("0" * 32, "0" * 32, "1.0.0", datetime.now(UTC), "", ())
    package = parse_package(build_package(trained, load_profile(trained.device_id), origin, key).archive)
    trust(folder, key.public)
    exo = VirtualExo(folder)
    try:
        with connect(exo.start(trained.device_id, _plant(trained.device_id, folder))) as link:
            transfer(link, package, lambda fraction, sentence: None)
            records = _assisted(link, package)
    finally:
        exo.stop()
    torque = np.array([record.command_nm for record in records])
    assists = np.array([record.state is DeviceState.ACTIVE for record in records])
    return {
        "virtual_exo_walk_s": len(records) / 100.0,
        "virtual_exo_assisting_share": float(assists.mean()),
        "virtual_exo_faults": sum(record.state is DeviceState.FAULT for record in records),
        "virtual_exo_least_nm": float(torque.min()),
        "virtual_exo_largest_nm": float(torque.max()),
        "virtual_exo_on_trial": "half of the torque, as every controller that nobody has kept yet",
    }


def _plant(device_id: str, folder: Path) -> Path | None:
    if device_id not in PLANTS:
        return None
    file = folder / "plant.json"
    file.write_text(json.dumps(PLANTS[device_id]), encoding="utf-8")
    return file


def _assisted(link: ExoLink, package: PackageFile) -> list[TelemetryRecord]:
    end = time.monotonic() + READY_S
    while link.info().state is not DeviceState.READY and time.monotonic() < end:
        time.sleep(0.05)
    most_nm = package.blob.controller.limits.peak_nm
    link.arm(package.blob.sha256, nonce=link.info().nonce, session="bench", max_nm=most_nm, ramp_s=1.0)
    next_seq, end = link.telemetry(NEWEST).next_seq, time.monotonic() + WALK_S
    records: list[TelemetryRecord] = []
    while time.monotonic() < end:
        link.heartbeat()
        batch = link.telemetry(next_seq)
        next_seq = batch.next_seq
        records += batch.records
        time.sleep(0.1)
    link.stop()
    return records
