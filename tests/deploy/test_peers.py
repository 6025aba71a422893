"""Two programs that were written elsewhere, as they come, put a controller on the virtual exo.

`smpmgr` is a command line on top of smpclient; `mcumgr_toolkit` is another client, in Rust.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mcumgr_toolkit import MCUmgrClient

from core.deploy.package import parse_package
from tests.deploy.controllers import SMALL, built, trained
from tests.virtual_exo.virtual_exo_process import virtual_exo

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no ptys")
SMPMGR = Path(sys.executable).parent / "smpmgr"
RESTART_S = 5.0


@pytest.fixture
def port(tmp_path):
    """The path of a virtual exo's pseudo terminal."""
    with virtual_exo("--listen", "pty", "--state", str(tmp_path / "exo")) as running:
        yield running.address.removeprefix("pty:")


@pytest.fixture(scope="module")
def controller():
    return parse_package(built(trained(hidden=SMALL)).archive)


def test_the_rust_client_uploads_tries_and_keeps_a_controller(port, controller):
    with MCUmgrClient.serial(port) as exo:
        exo.use_auto_frame_size()
        assert exo.os_echo("grüß") == "grüß"
        assert exo.image_get_state() == []

        exo.image_upload(controller.device_bytes)
        assert says(exo) == {"bootable"}
        exo.image_set_state(controller.blob.sha256)
        assert says(exo) == {"bootable", "pending"}
        exo.os_system_reset()
        wait_for(lambda: says(exo) == {"bootable", "active"})
        exo.image_set_state(confirm=True)
        exo.os_system_reset()
        wait_for(lambda: says(exo) == {"bootable", "active", "confirmed", "permanent"})

        assert exo.fs_file_download("/slots/A.bin") == controller.device_bytes


def test_a_trial_that_the_rust_client_does_not_confirm_is_over_at_the_next_reset(port, controller):
    with MCUmgrClient.serial(port) as exo:
        exo.image_upload(controller.device_bytes)
        exo.image_set_state(controller.blob.sha256)
        exo.os_system_reset()
        wait_for(lambda: says(exo) == {"bootable", "active"})
        exo.os_system_reset()
        wait_for(lambda: says(exo) == {"bootable"})


def test_bytes_that_are_no_controller_are_not_tried_for_the_rust_client(port):
    with MCUmgrClient.serial(port) as exo:
        exo.image_upload(b"no controller" * 100)
        (image,) = exo.image_get_state()
        assert not image.bootable
        with pytest.raises(RuntimeError):
            exo.image_set_state(image.hash)


@pytest.mark.slow
def test_smpmgr_uploads_tries_and_keeps_a_controller(port, controller, tmp_path):
    file = tmp_path / "controller.bin"
    file.write_bytes(controller.device_bytes)
    assert "r='hello'" in smpmgr(port, "os", "echo", "hello")
    smpmgr(port, "image", "upload", "--format", "any", str(file))
    smpmgr(port, "image", "state-write", controller.blob.sha256)
    assert "pending=True" in smpmgr(port, "image", "state-read")
    smpmgr(port, "os", "reset")
    smpmgr(port, "image", "state-write", "--confirm")
    smpmgr(port, "os", "reset")

    said = smpmgr(port, "image", "state-read")
    assert controller.blob.sha256.upper() in said
    assert set(re.findall(r"(\w+)=True", said)) == {"bootable", "active", "confirmed", "permanent"}


def says(exo):
    """What is true of the only image."""
    (image,) = exo.image_get_state()
    return {
        name
        for name in ("bootable", "pending", "active", "confirmed", "permanent")
        if getattr(image, name) is True
    }


def wait_for(condition):
    end = time.monotonic() + RESTART_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def smpmgr(port, *words):
    """What it printed; it must have ended well."""
    done = subprocess.run([SMPMGR, "--port", port, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
