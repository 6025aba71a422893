"""`exotwin bench deploy`: the link against bare smpclient on the same virtual exo in the same run.

The controller is of the real size with seeded random weights; nothing about a person is in it.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from smpclient import SMPClient
from smpclient.requests.os_management import EchoWrite
from smpclient.transport.serial import SMPSerialTransport

from app.exo_process import VirtualExo
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import trust
from core.deploy.manifest import Origin
from core.deploy.package import PackageFile, build_package, parse_package
from core.deploy.transfer import transfer
from core.devices.exo_link import ExoLink, connect
from core.devices.exo_protocol import NEWEST, TelemetryRecord
from core.devices.exo_transport import ExoTransport, parse_address
from core.devices.profiles import load_profile
from core.domain.controller import ExoController, TrainedController
from core.domain.exo_protocol import DeviceState
from core.domain.gait_envelope import NOBODYS_GAIT
from core.domain.twin import Network

DEVICE = "Hippo_L1"
UPLOADS = 12
ECHOES = 100
STOPS = 60
READY_S = 5.0


def bench_deploy(telemetry_s: float = 60.0) -> dict[str, Any]:
    """Upload rate, round trip, stop latency and telemetry gaps over a virtual exo's default link."""
    key = PrivateKey.from_seed(bytes(32))  # the same in every run
    package = _package(key)
    with TemporaryDirectory() as folder:
        trust(Path(folder), key.public)
        exo = VirtualExo(Path(folder))
        try:
            address = exo.start(DEVICE)
            compared = _compared_with_bare(address, package)
            with connect(address) as link:
                numbers = _measure(link, package, telemetry_s)
        finally:
            exo.stop()
    kilobytes = round(len(package.device_bytes) / 1000.0, 1)
    return {"address": address, "package_kb": kilobytes, **compared, **numbers}


def _measure(link: ExoLink, package: PackageFile, telemetry_s: float) -> dict[str, Any]:
    transfer(link, package, lambda fraction, sentence: None)
    stops_ms = [_stop_ms(link, package) for _ in range(STOPS)]
    gaps, records = _telemetry_gaps(link, package, telemetry_s)
    return {
        "stop_latency_ms_median": round(statistics.median(stops_ms), 2),
        "stop_latency_ms_max": round(max(stops_ms), 2),
        "telemetry_seconds": telemetry_s,
        "telemetry_ticks": len(records),
        "telemetry_gaps": gaps,
        "telemetry_ticks_assisting": sum(record.state.moves for record in records),
        "tick_ms_max": link.info().slowest_tick_us / 1000.0,
    }


# Against bare smpclient: alternating, also in the order, so that both run under the same load.


def _compared_with_bare(address: str, package: PackageFile) -> dict[str, float]:
    bare: list[_Timed] = []
    own: list[_Timed] = []
    for turn in range(UPLOADS):
        for is_own in (turn % 2 == 0, turn % 2 == 1):
            (own if is_own else bare).append(
                _timed_own(address, package) if is_own else asyncio.run(_timed_bare(address, package))
            )
    bare_kb_s, own_kb_s = (statistics.median(one.upload_kb_s for one in times) for times in (bare, own))
    bare_ms, own_ms = (statistics.median(one.round_trip_ms for one in times) for times in (bare, own))
    return {
        "bare_upload_kb_s": round(bare_kb_s, 1),
        "upload_kb_s": round(own_kb_s, 1),
        "upload_ratio_to_bare": round(own_kb_s / bare_kb_s, 3),
        "bare_round_trip_ms_median": round(bare_ms, 2),
        "round_trip_ms_median": round(own_ms, 2),
    }


@dataclass(frozen=True, slots=True)
class _Timed:
    """One connection: an upload, and the median of some echoes."""

    upload_kb_s: float
    round_trip_ms: float


def _timed_own(address: str, package: PackageFile) -> _Timed:
    with connect(address) as link:
        echo_ms = statistics.median(_milliseconds(lambda: link.echo("x")) for _ in range(ECHOES))
        upload_ms = _milliseconds(lambda: link.upload(package.device_bytes))
    return _Timed(len(package.device_bytes) / upload_ms, echo_ms)


async def _timed_bare(address: str, package: PackageFile) -> _Timed:
    where = parse_address(address)
    # smpclient itself knows no sockets; on a pseudo terminal it is used exactly as it comes.
    transport = ExoTransport(where) if where.is_tcp else SMPSerialTransport()
    client = SMPClient(transport, where.port_name or address)
    await client.connect()
    echoes_ms = []
    for _ in range(ECHOES):
        started = time.perf_counter()
        await client.request(EchoWrite(d="x"))
        echoes_ms.append((time.perf_counter() - started) * 1000.0)
    started = time.perf_counter()
    async for _ in client.upload(package.device_bytes):
        pass
    upload_ms = (time.perf_counter() - started) * 1000.0
    await client.disconnect()
    return _Timed(len(package.device_bytes) / upload_ms, statistics.median(echoes_ms))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000.0


# Telemetry while the exo assists.


def _arm(link: ExoLink, package: PackageFile) -> None:
    """Arm as soon as the exo is ready, which it becomes with the tick after a stop."""
    end = time.monotonic() + READY_S
    while link.info().state is not DeviceState.READY and time.monotonic() < end:
        time.sleep(0.005)
    link.arm(package.blob.sha256, nonce=link.info().nonce, session="bench", max_nm=6.0, ramp_s=1.0)


def _stop_ms(link: ExoLink, package: PackageFile) -> float:
    """From the stop request until the exo acknowledged it, while another thread reads telemetry."""
    _arm(link, package)
    stop_reading = threading.Event()
    reader = threading.Thread(target=_read_telemetry, args=(link, stop_reading))
    reader.start()
    time.sleep(0.1)
    taken_ms = _milliseconds(link.stop)
    stop_reading.set()
    reader.join()
    return taken_ms


def _read_telemetry(link: ExoLink, stop_reading: threading.Event) -> None:
    next_seq = link.telemetry(NEWEST).next_seq
    while not stop_reading.is_set():
        link.heartbeat()
        next_seq = link.telemetry(next_seq).next_seq
        time.sleep(0.005)


def _telemetry_gaps(link: ExoLink, package: PackageFile, seconds: float) -> tuple[int, list[TelemetryRecord]]:
    """Missing control ticks and received ones, polled ten times a second while the exo assists."""
    _arm(link, package)
    next_seq, end = link.telemetry(NEWEST).next_seq, time.monotonic() + seconds
    records: list[TelemetryRecord] = []
    while time.monotonic() < end:
        link.heartbeat()
        batch = link.telemetry(next_seq)
        next_seq = batch.next_seq
        records += batch.records
        time.sleep(0.1)
    link.stop()
    return sum(later.seq - earlier.seq - 1 for earlier, later in pairwise(records)), records


def _package(key: PrivateKey) -> PackageFile:
    rng = np.random.default_rng(0)
    sizes = (16, 128, 64, 2)
    weights = tuple(rng.normal(0, (2 / i) ** 0.5, (o, i)).astype(np.float32) for i, o in pairwise(sizes))
    biases = tuple(np.zeros(size, np.float32) for size in sizes[1:])
    profile = load_profile(DEVICE)
    controller = ExoController(
        Network(weights, biases, "relu"), 0.25, 6.0, 50.0, 2.0, profile.control_hz, profile.limits
    )
    trained = TrainedController(
        controller, DEVICE, (), 0, 0.0, 1.0, 0.0, synthetic=True, envelope=NOBODYS_GAIT
    )
    origin = Origin("0" * 32, "0" * 32, "1.0.0", datetime.now(UTC), "", ())
    return parse_package(build_package(trained, profile, origin, key).archive)
