"""Claims about which physics a batch of bodies gets."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import mujoco
import pytest

from core.domain.twin import GENERIC_BODY
from core.simulation.physics import backend, warp_batch
from core.simulation.physics.backend import CPU, CUDA, FEWEST_BODIES, SETTING, WARP_CPU, batch_physics, chosen
from core.simulation.physics.batch import BatchPhysics
from core.simulation.physics.used import PhysicsUsed, noting, used_so_far
from core.simulation.physics.warp_numbers import check_supported, room_for
from core.twin.body import Fidelity, compile_body
from tests.refusals import code_of


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC with a graphics card and its package."""
    monkeypatch.setattr(backend, "cuda_devices", lambda: 1)
    monkeypatch.setattr(backend, "_can_use_cuda", lambda: True)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)


def test_without_a_card_every_batch_stays_in_c_and_warp_is_not_loaded() -> None:
    script = (
        "import sys, mujoco; from core.simulation.physics import backend;"
        "backend.cuda_devices.__wrapped__(); backend.cuda_devices = lambda: 0;"
        "model = mujoco.MjModel.from_xml_string('<mujoco><worldbody/></mujoco>');"
        f"backend.batch_physics([model] * {FEWEST_BODIES});"
        "sys.exit('warp' in sys.modules or 'mujoco_warp' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_card_takes_large_batches_only(card: None) -> None:
    assert chosen(FEWEST_BODIES) == CUDA
    assert chosen(FEWEST_BODIES - 1) == CPU


@pytest.mark.parametrize("asked", [CPU, CUDA, WARP_CPU])
def test_the_setting_decides_for_all(asked: str, card: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, asked)
    assert chosen(1) == chosen(10 * FEWEST_BODIES) == asked


def test_an_unknown_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, "gpu")
    assert code_of(lambda: chosen(1)) == "SIM-040"


def test_a_card_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "cuda_devices", lambda: 0)
    monkeypatch.setenv(SETTING, CUDA)
    assert code_of(lambda: chosen(1)) == "SIM-041"


def test_a_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "warp", None)
    monkeypatch.setenv(SETTING, WARP_CPU)
    assert code_of(lambda: batch_physics([compile_body(GENERIC_BODY, Fidelity.FAST)])) == "SIM-042"


def test_a_body_with_a_state_that_no_row_holds_is_refused() -> None:
    delayed = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint name='j'/><geom size='1'/></body></worldbody>"
        "<actuator><motor joint='j' delay='0.1' nsample='60'/></actuator></mujoco>"
    )
    assert code_of(lambda: check_supported(delayed)) == "SIM-043"


def test_more_contacts_than_there_is_room_for_are_refused() -> None:
    class Full(warp_batch._Crowd):
        def __init__(self) -> None:
            self._data, self._warp = _Overflowed(), _NoDevice()

        def _step_once(self) -> None:
            pass

    assert code_of(lambda: Full().step(1)) == "SIM-044"


class _Overflowed:
    """Data of two worlds, the second of which had too little room."""

    class _Array:
        device = "cpu"

        def numpy(self) -> Any:
            import numpy as np

            return np.array([0, 1])

    qpos = overflow = _Array()


class _NoDevice:
    def ScopedDevice(self, device: str) -> Any:  # noqa: N802 - Warp's name
        from contextlib import nullcontext

        return nullcontext()


@pytest.mark.parametrize("fidelity", [Fidelity.FAST, Fidelity.LUMPED, Fidelity.STANDARD])
def test_there_is_room_for_every_contact_of_both_feet_on_level_ground(fidelity: Fidelity) -> None:
    model = compile_body(GENERIC_BODY, fidelity, surfaces=False)
    data = mujoco.MjData(model)
    data.qpos[2] = 0.5  # far into the floor: every end of every capsule touches it
    mujoco.mj_forward(model, data)

    contacts, rows = room_for(model)

    assert 0 < data.ncon <= contacts
    assert data.nefc <= rows


def test_a_small_batch_is_stepped_in_c_and_whoever_wants_to_know_learns_it_once() -> None:
    around, within = PhysicsUsed(("MuJoCo 0",)), PhysicsUsed()
    with noting(around):
        with noting(within):
            for _ in range(2):
                assert isinstance(batch_physics([compile_body(GENERIC_BODY, Fidelity.FAST)]), BatchPhysics)
            assert used_so_far() == (f"MuJoCo {mujoco.__version__}",)
        assert used_so_far() == ("MuJoCo 0", f"MuJoCo {mujoco.__version__}")
    assert used_so_far() == ()
