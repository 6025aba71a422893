"""Controllers of every kind that the exo runs: other inputs, other outputs, a memory of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.deploy.package import PackageFile, parse_package
from core.domain.controller import (
    ExoController,
    InputSignal,
    NetworkInputs,
    NetworkOutput,
    Sense,
    default_inputs,
)
from core.domain.twin import Network
from tests.deploy.controllers import built, trained
from tests.exo_core.nets import random_layers

ANGLES = (InputSignal(Sense.ANGLE_LEFT), InputSignal(Sense.ANGLE_RIGHT))
SPEEDS = (InputSignal(Sense.VELOCITY_LEFT, 0.25), InputSignal(Sense.VELOCITY_RIGHT, 0.25))
OUTPUTS = (InputSignal(Sense.OUTPUT_LEFT, 0.5), InputSignal(Sense.OUTPUT_RIGHT, 0.5))


@dataclass(frozen=True, slots=True)
class Kind:
    inputs: NetworkInputs
    hidden: tuple[int, ...]
    output: NetworkOutput = NetworkOutput.JOINT_TARGET
    taps: int = 1
    dilations: tuple[int, ...] = ()


KINDS = {
    "16-128-64-2": Kind(default_inputs(0.25), (128, 64)),
    # as the code of the laboratory of Luo 2024: three samples of angles, velocities and its own past outputs
    "18-128-64-2 with past outputs": Kind(NetworkInputs((*ANGLES, *SPEEDS, *OUTPUTS), 3), (128, 64)),
    "velocities to torque": Kind(NetworkInputs(SPEEDS[::-1], 8), (32,), NetworkOutput.TORQUE),
    "temporal": Kind(
        NetworkInputs((*ANGLES, *SPEEDS), 1),
        (16, 16, 16, 16),
        NetworkOutput.TORQUE,
        taps=3,
        dilations=(1, 2, 4, 8),
    ),
    # as `exotwin train student` makes them: one gyro on each thigh
    "thigh gyros": Kind(
        NetworkInputs(SPEEDS, 1), (32, 32, 32, 32), NetworkOutput.TORQUE, taps=3, dilations=(1, 2, 4, 8)
    ),
    "temporal with past outputs": Kind(
        NetworkInputs((*OUTPUTS, *ANGLES, *SPEEDS), 2), (12, 12), taps=2, dilations=(3, 5)
    ),
}


def controller_of(name: str, seed: int = 1) -> ExoController:
    """A random controller of one of the KINDS."""
    kind = KINDS[name]
    layers = random_layers(seed, (kind.inputs.width, *kind.hidden, 2), kind.taps, kind.dilations)
    network = Network(
        tuple(layer.weight.reshape(len(layer.bias), -1) for layer in layers),
        tuple(layer.bias for layer in layers),
        "relu",
    )
    windows = kind.taps > 1
    return replace(
        trained().controller,
        network=network,
        inputs=kind.inputs,
        output=kind.output,
        taps=tuple(layer.weight.shape[1] for layer in layers) if windows else (),
        dilations=tuple(layer.dilation for layer in layers) if windows else (),
    )


def package_of(controller: ExoController) -> PackageFile:
    return parse_package(built(replace(trained(), controller=controller)).archive)
