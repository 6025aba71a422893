"""Claims about a controller from thigh gyros in a whole exo: package, firmware, who stands and walks."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from core.deploy.golden import reference_torque
from core.deploy.package import parse_package
from core.domain.controller import ExoSensors
from core.domain.exo_protocol import DeviceState
from core.exo_core.controller import Controller
from core.exo_core.library import Library
from core.exo_core.safety import Inputs
from tests.deploy.controllers import built, trained
from tests.exo_core.host import Exo
from tests.exo_core.kinds import controller_of
from tests.learning.exo.gyros import delayed_gyros


def test_its_package_says_that_it_reads_two_gyros_and_gives_torque(core: Library) -> None:
    package = parse_package(built(replace(trained(), controller=delayed_gyros())).archive)
    names = [signal.name for signal in package.manifest.inputs.signals]
    assert names == ["thigh_velocity_left", "thigh_velocity_right"]
    assert package.blob.controller.sensors is ExoSensors.THIGH_GYROS
    assert Controller(package.device_bytes, core).selftest().passed


def test_the_core_gives_the_bits_of_the_simulation_longer_than_the_network_looks_back(core: Library) -> None:
    student = controller_of("thigh gyros", seed=5)
    data = parse_package(built(replace(trained(), controller=student)).archive).device_bytes
    rng = np.random.default_rng(4)
    angle, turning = (rng.normal(0.0, size, (60, 2)).astype(np.float32) for size in (0.3, 2.0))
    given = Controller(data, core).run(angle, turning)
    assert given.tobytes() == reference_torque(student, angle, turning).tobytes()
    other = Controller(data, core).run(0.5 * angle, turning)  # within the range angles change nothing
    assert other.tobytes() == given.tobytes()


def test_who_stands_gets_nothing_and_who_walks_is_helped_by_the_turning_of_the_thighs(core: Library) -> None:
    student = delayed_gyros(gain=6.0)
    data = parse_package(built(replace(trained(), controller=student)).archive).device_bytes
    exo = Exo(core)
    name = exo.install(data)
    assert name == hashlib.sha256(data).digest()
    exo.wear()
    assert exo.arm(name) == {"state": DeviceState.ARMED}
    exo.run(6.0)
    assert exo.state is DeviceState.ACTIVE
    felt: list[tuple[float, ...]] = []

    def watch(inputs: Inputs) -> None:
        felt.append(tuple(axes[0] for axes in inputs.gyro_rad_s))

    torque, turning = np.array(exo.run(2.2, watch)), np.array(felt)
    assert 1.0 < np.abs(torque).max() <= 6.0
    later = [np.corrcoef(torque[lag:, 0], turning[: len(turning) - lag, 0])[0, 1] for lag in range(10)]
    assert int(np.argmax(later)) in (4, 5, 6) and max(later) > 0.9  # four ticks, and the filter

    exo.wearer.walk(swing_rad=0.0)
    exo.run(1.0)
    assert np.abs(exo.run(2.0)).max() < 0.1
