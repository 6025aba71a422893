"""Claims about what models carry for drawing."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from core.domain.twin import GENERIC_BODY
from core.simulation.model.exo_attachment import device_config
from core.simulation.model.exo_meshes import _TRIANGLE, _thinned, thin_meshes
from core.simulation.model.visual_meshes import EXO_FACES
from core.twin.body import Fidelity, compile_body

DEVICE = "Hippo_L1"
MB = 1 << 20


@pytest.fixture(scope="module")
def device() -> mujoco.MjSpec:
    return mujoco.MjSpec.from_file(str(device_config(DEVICE).model_xml_path))


def finest(device: mujoco.MjSpec) -> Path:
    files = [Path(device.modelfiledir, device.meshdir, mesh.file) for mesh in device.meshes]
    return max(files, key=lambda file: file.stat().st_size)


def test_a_thinned_part_keeps_its_place_and_size(device: mujoco.MjSpec) -> None:
    file = finest(device)
    whole = np.fromfile(file, _TRIANGLE, offset=84)["corners"].reshape(-1, 3)
    scale = next(tuple(mesh.scale) for mesh in device.meshes if file.name in mesh.file)

    surface = _thinned(file, scale)

    assert surface is not None and len(whole) > 10 * len(surface[1])
    assert 0.2 * EXO_FACES < len(surface[1]) <= EXO_FACES
    for end in (np.min, np.max):
        assert end(surface[0] * scale, axis=0) == pytest.approx(end(whole, axis=0) * scale, abs=0.004)


def test_a_device_compiles_without_the_parts_that_are_finer_than_the_whole_is_drawn(
    device: mujoco.MjSpec,
) -> None:
    thin_meshes(device)
    model = device.compile()
    assert model.nmeshface <= len(list(device.meshes)) * EXO_FACES
    assert model.nbuffer < 40 * MB


@pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.STANDARD])
def test_a_body_without_surfaces_carries_no_pictures(fidelity: Fidelity) -> None:
    model = compile_body(GENERIC_BODY, fidelity, surfaces=False)
    assert model.ntex == 0 and model.nmesh == 0
    assert model.nbuffer < MB
