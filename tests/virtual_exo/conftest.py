"""Somebody who wears a virtual exo with a confirmed controller, standing by or assisted."""

from __future__ import annotations

import shutil

import pytest

from core.domain.exo_protocol import DeviceState
from tests.deploy.controllers import package
from tests.virtual_exo.worn_exo import QUICK_STRIDE_S, QUICK_WALK, WORN_S, WornExo, peak_nm


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """Files of an exo with a confirmed controller; copied, never changed."""
    folder = tmp_path_factory.mktemp("stored")
    WornExo(folder, QUICK_WALK).install(package(3, gain=1.2).device_bytes)
    return folder


@pytest.fixture
def ready(stored, tmp_path):
    """Somebody walks with an exo that may be armed."""
    worn = WornExo(shutil.copytree(stored, tmp_path / "exo"), QUICK_WALK)
    worn.skip(WORN_S)
    assert worn.state is DeviceState.READY
    return worn


@pytest.fixture
def assisting(ready):
    """Somebody walks with an armed exo's full assistance."""
    ready.assist()
    assert peak_nm(ready.run(QUICK_STRIDE_S)) > 3.0
    return ready
