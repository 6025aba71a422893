"""`exotwin bench deploy`: the link against bare smpclient on the same virtual exo in the same run.

The controller is of the real size with seeded random weights; nothing about a person is in it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from smpclient import SMPClient
from smpclient.transport.serial import SMPSerialTransport

from app.exo_process import VirtualExo
from core.deploy.manifest import Origin
from core.deploy.package import PackageFile, build_package, parse_package
from core.deploy.signature import PrivateKey
from core.deploy.site_key import trust
from core.deploy.transfer import transfer
from core.devices.exo_link import ExoLink, connect
from core.devices.exo_protocol import NEWEST, DeviceState
from core.devices.exo_transport import ExoTransport, parse_address
from core.devices.profiles import load_profile
from core.domain.controller import ExoController, TrainedController
from core.domain.twin import Network

DEVICE = "Hippo_L1"
UPLOADS = 8
STOPS = 20
READY_S = 5.0


def bench_deploy(watch_s: float = 60.0) -> dict[str, Any]:
    """Upload rate, round trip, stop latency and telemetry gaps over a virtual exo's default link."""
    key = PrivateKey.from_seed(bytes(32))  # the same in every run
    package = _package(key)
    with TemporaryDirectory() as folder:
        trust(Path(folder), key.public)
        exo = VirtualExo(Path(folder))
        try:
            address = exo.start()
            bare_kb_s, own_kb_s = _uploads_kb_s(address, package)
            with connect(address) as link:
                numbers = _measure(link, package, watch_s)
        finally:
            exo.stop()
    return {
        "address": address,
        "package_kb": round(len(package.device_bytes) / 1000.0, 1),
        "bare_upload_kb_s": round(bare_kb_s, 1),
        "upload_kb_s": round(own_kb_s, 1),
        "upload_ratio_to_bare": round(own_kb_s / bare_kb_s, 3),
        **numbers,
    }


def _measure(link: ExoLink, package: PackageFile, watch_s: float) -> dict[str, Any]:
    round_trip_ms = statistics.median(_milliseconds(lambda: link.echo("x")) for _ in range(200))
    transfer(link, package, lambda fraction, sentence: None)
    stops_ms = [_stop_ms(link, package) for _ in range(STOPS)]
    gaps, ticks = _watch(link, package, watch_s)
    return {
        "round_trip_ms_median": round(round_trip_ms, 2),
        "stop_latency_ms_median": round(statistics.median(stops_ms), 2),
        "stop_latency_ms_max": round(max(stops_ms), 2),
        "telemetry_seconds": watch_s,
        "telemetry_ticks": ticks,
        "telemetry_gaps": gaps,
        "tick_ms_max": link.info().slowest_tick_us / 1000.0,
    }


def _uploads_kb_s(address: str, package: PackageFile) -> tuple[float, float]:
    """Best rate of bare smpclient and of the link, taken in turns so that both see the same load."""
    bare, own = [], []
    for _ in range(UPLOADS):
        bare.append(asyncio.run(_bare_upload_kb_s(address, package)))
        with connect(address) as link:
            own.append(_upload_kb_s(link, package))
    return max(bare), max(own)


async def _bare_upload_kb_s(address: str, package: PackageFile) -> float:
    where = parse_address(address)
    # smpclient itself knows no sockets; on a pseudo terminal it is used exactly as it comes.
    transport = ExoTransport(where) if where.is_tcp else SMPSerialTransport()
    client = SMPClient(transport, where.port_name or address)
    await client.connect()
    started = time.perf_counter()
    async for _ in client.upload(package.device_bytes):
        pass
    seconds = time.perf_counter() - started
    await client.disconnect()
    return len(package.device_bytes) / 1000.0 / seconds


def _upload_kb_s(link: ExoLink, package: PackageFile) -> float:
    return len(package.device_bytes) / _milliseconds(lambda: link.upload(package.device_bytes))


def _milliseconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000.0


def _arm(link: ExoLink, package: PackageFile) -> None:
    """Arm as soon as the exo is ready, which it becomes with the tick after a stop."""
    end = time.monotonic() + READY_S
    while link.info().state is not DeviceState.READY and time.monotonic() < end:
        time.sleep(0.005)
    link.arm(package.blob.sha256, nonce=link.info().nonce, session="bench", max_nm=6.0, ramp_s=1.0)


def _stop_ms(link: ExoLink, package: PackageFile) -> float:
    """From the wish to stop until the exo answered that it stopped, while telemetry flows."""
    _arm(link, package)
    at = link.telemetry(NEWEST).next_seq
    for _ in range(5):
        link.heartbeat()
        at = link.telemetry(at).next_seq
    return _milliseconds(link.stop)


def _watch(link: ExoLink, package: PackageFile, seconds: float) -> tuple[int, int]:
    """Missing control ticks and received ones, polled ten times a second while the exo assists."""
    _arm(link, package)
    at, numbers, end = link.telemetry(NEWEST).next_seq, [], time.monotonic() + seconds
    while time.monotonic() < end:
        link.heartbeat()
        batch = link.telemetry(at)
        at = batch.next_seq
        numbers += [record.seq for record in batch.records]
        time.sleep(0.1)
    link.stop()
    return sum(later - earlier - 1 for earlier, later in pairwise(numbers)), len(numbers)


def _package(key: PrivateKey) -> PackageFile:
    rng = np.random.default_rng(0)
    sizes = (16, 128, 64, 2)
    weights = tuple(rng.normal(0, (2 / i) ** 0.5, (o, i)).astype(np.float32) for i, o in pairwise(sizes))
    biases = tuple(np.zeros(size, np.float32) for size in sizes[1:])
    profile = load_profile(DEVICE)
    controller = ExoController(
        Network(weights, biases, "relu"), 0.25, 6.0, 50.0, 2.0, profile.control_hz, profile.limits
    )
    trained = TrainedController(controller, DEVICE, (), 0, 0.0, 1.0, 0.0, synthetic=True)
    origin = Origin("0" * 32, "0" * 32, "1.0.0", datetime.now(UTC), "", ())
    return parse_package(build_package(trained, profile, origin, key).archive)
