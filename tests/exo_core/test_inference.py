"""The core answers the same bits by every compiler as plain numpy, and what torch answers within 1e-5."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.golden import reference_torque
from core.deploy.keys.signature import PrivateKey
from core.domain.twin import Network
from core.exo_core.controller import Controller
from core.exo_core.library import Library
from core.exo_core.numpy_runtime import ExoRuntime, forward, low_pass_coefficients
from tests.deploy.controllers import KEY, package, trained
from tests.exo_core import long_bits
from tests.exo_core.conftest import BUILDS, Builder
from tests.exo_core.cortex_m7 import INSTRUCTIONS_PER_TICK, RUN, VERIFY, Job, execute
from tests.exo_core.kinds import KINDS, controller_of, package_of
from tests.exo_core.nets import CoreNet, Layer, random_layers, run_reference, run_torch
from tests.exo_core.other_generator import run_other

pytestmark = pytest.mark.slow

MLP = (16, 128, 64, 2)
TEMPORAL = (4, 16, 16, 16, 16, 2)
DILATIONS = (1, 2, 4, 8)


def walk(ticks: int, columns: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    slow = np.sin(np.arange(ticks)[:, None] * 0.06 + rng.uniform(0.0, 6.0, columns))
    return (slow + 0.1 * rng.normal(size=(ticks, columns))).astype(np.float32)


@pytest.mark.parametrize("name", BUILDS)
def test_every_compiler_gives_the_bits_of_the_reference(built: Builder, name: str):
    core = built(name)
    for layers, ticks in (
        (random_layers(1, MLP), 2000),
        (random_layers(2, TEMPORAL, taps=3, dilations=DILATIONS), 2000),
    ):
        inputs = walk(ticks, layers[0].weight.shape[2])
        answered = CoreNet(core, layers).run(inputs)
        assert answered.tobytes() == run_reference(layers, inputs).tobytes()


@settings(max_examples=60, deadline=None)
@given(
    widths=st.lists(st.integers(1, 20), min_size=2, max_size=8).map(tuple),
    taps=st.integers(1, 4),
    dilation=st.integers(1, 5),
    seed=st.integers(0, 2**31),
)
def test_networks_of_any_size_give_the_bits_of_the_reference(
    core: Library, widths: tuple[int, ...], taps: int, dilation: int, seed: int
):
    layers = random_layers(seed, widths, taps, (dilation,) * len(widths))
    inputs = np.random.default_rng(seed).normal(0.0, 3.0, (50, widths[0])).astype(np.float32)

    assert CoreNet(core, layers).run(inputs).tobytes() == run_reference(layers, inputs).tobytes()


def test_the_perceptron_is_the_network_of_the_simulation(core: Library):
    layers = random_layers(3, MLP)
    network = Network(
        tuple(layer.weight[:, 0, :] for layer in layers), tuple(layer.bias for layer in layers), "relu"
    )
    inputs = walk(500, 16)

    assert CoreNet(core, layers).run(inputs).tobytes() == forward(network, inputs).tobytes()


@pytest.mark.parametrize(("widths", "taps"), [(MLP, 1), (TEMPORAL, 3)])
def test_torch_answers_within_a_hundred_thousandth_of_full_scale(
    core: Library, widths: tuple[int, ...], taps: int
):
    layers = random_layers(4, widths, taps, DILATIONS if taps > 1 else ())
    inputs = walk(2000, widths[0])

    expected = run_torch(layers, inputs)

    answered = CoreNet(core, layers).run(inputs)

    assert np.abs(answered - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(("widths", "taps"), [(MLP, 1), (TEMPORAL, 3)])
def test_an_independent_code_generator_answers_within_a_hundred_thousandth_of_full_scale(
    core: Library, tmp_path: Path, widths: tuple[int, ...], taps: int
):
    layers = random_layers(4, widths, taps, DILATIONS if taps > 1 else ())
    inputs = walk(500, widths[0])

    expected = run_other(layers, inputs, tmp_path)

    answered = CoreNet(core, layers).run(inputs)
    assert np.abs(answered - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("name", KINDS)
def test_a_cortex_m7_gives_the_bits_of_the_simulation(cortex_m7: Path, tmp_path: Path, name: str):
    controller = controller_of(name, seed=9)
    motion = np.random.default_rng(9).normal(0.0, 1.0, (20, 16, 4)).astype(np.float32)
    expected = b"".join(
        reference_torque(controller, sequence[:, :2], sequence[:, 2:]).tobytes() for sequence in motion
    )

    job = Job(RUN, package_of(controller).device_bytes, motion)

    assert execute(cortex_m7, [job], tmp_path) == expected


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_sequences_give_the_same_bits_everywhere():
    assert long_bits.main(["--sequences", "10000"]) == 0


def test_a_cortex_m7_checks_a_signature_in_three_million_instructions(cortex_m7: Path, tmp_path: Path):
    data = package(seed=6).device_bytes
    keys = (KEY.public.raw, PrivateKey.from_seed(bytes(32)).public.raw)

    jobs = [Job(VERIFY, data, key) for key in keys]
    said = execute(cortex_m7, jobs, tmp_path, counted=True)

    mine, _, ticks, other, _, _ = struct.unpack("<6I", said)
    assert (mine, other) == (1, 0)
    assert ticks * INSTRUCTIONS_PER_TICK < 3_000_000


def test_a_network_that_does_not_fit_is_not_run(core: Library):
    def size(widths: tuple[int, ...], taps: int = 1, dilation: int = 1) -> int:
        net = CoreNet(core, (Layer(np.zeros((2, 1, 4), np.float32), np.zeros(2, np.float32)),))
        shape = net.net.shape
        shape.layers = len(widths) - 1
        shape.width = list(widths)
        shape.taps, shape.dilation = [taps] * (len(widths) - 1), [dilation] * (len(widths) - 1)
        return net.size

    assert size((4, 2)) == 10
    assert size(MLP) == 10562
    assert size((4, 257, 2)) == 0
    assert size((4, 0, 2)) == 0
    assert size((4, 2), taps=0) == 0
    assert size((4, 2), dilation=0) == 0
    assert size((4, 2), taps=60000, dilation=60000) == 0
    assert size((256, 2), taps=33) == 0  # 8448 floats of memory
    assert size((4,)) == 0


def test_nothing_hides_a_number_that_is_none(core: Library):
    layers = random_layers(5, MLP)
    inputs = walk(3, 16)
    inputs[1, 4] = np.nan

    assert np.isnan(CoreNet(core, layers).run(inputs)[1]).all()


def test_the_low_pass_has_the_coefficients_of_the_simulation(core: Library):
    found = core.ffi.new("float[5]")
    for cutoff_hz in np.linspace(0.01, 49.99, 4999):
        assert core.lib.exo_low_pass(cutoff_hz, 100.0, found)
        expected = low_pass_coefficients(float(cutoff_hz), 100.0)
        assert bytes(core.ffi.buffer(found)) == expected.tobytes(), cutoff_hz


@pytest.mark.parametrize("cutoff_hz", [0.0, -1.0, 50.0, 60.0, float("nan"), float("inf")])
def test_a_low_pass_above_half_the_rate_is_refused(core: Library, cutoff_hz: float):
    assert not core.lib.exo_low_pass(cutoff_hz, 100.0, core.ffi.new("float[5]"))


@pytest.mark.parametrize("name", BUILDS)
def test_every_compiler_gives_the_torque_of_the_simulation(built: Builder, name: str):
    data = package(seed=6, gain=1.2).device_bytes
    motion = walk(1000, 4, seed=6) * np.float32(1.2)
    motion[700] = np.nan
    motion[900, 0] = np.inf
    runtime = ExoRuntime(trained(seed=6, gain=1.2).controller)
    with np.errstate(invalid="ignore"):
        expected = np.array([runtime.step(row[:2], row[2:]) for row in motion])

    torque = Controller(data, built(name)).run(motion[:, :2], motion[:, 2:])

    assert torque.tobytes() == expected.tobytes()
    assert np.abs(torque).max() > 10.0


def test_all_compilers_agree_on_ten_thousand_sequences(built: Builder):
    names = [name for name in ("gcc -O2", "gcc -O3 native", "zig -O3") if _there(built, name)]
    data = package(seed=7).device_bytes
    hashes = set()
    for name in names:
        controller = Controller(data, built(name))
        digest = hashlib.sha256()
        rng = np.random.default_rng(7)
        for _ in range(10_000):
            controller.reset()
            motion = rng.normal(0.0, 1.0, (4, 4)).astype(np.float32)
            digest.update(controller.run(motion[:, :2], motion[:, 2:]).tobytes())
        hashes.add(digest.hexdigest())

    assert len(names) >= 2
    assert len(hashes) == 1


def _there(built: Builder, name: str) -> bool:
    try:
        built(name)
    except pytest.skip.Exception:
        return False
    return True
