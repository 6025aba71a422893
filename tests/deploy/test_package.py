"""Claims about packages: the same input gives the same bytes, and no change goes unnoticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.blob import BlobError, read_blob
from core.deploy.golden import run
from core.deploy.package import build_package, check_package, parse_package, read_package
from core.deploy.site_secret import site_secret, subject_tag
from core.devices.profiles import load_profile
from core.domain.controller import TorqueLimits
from core.errors import UserError
from tests.deploy.controllers import DEVICE, TAG, package, trained
from tests.refusals import code_of

PROFILE = load_profile(DEVICE)
BUILT = build_package(trained(), PROFILE, TAG)


def test_the_same_controller_gives_the_same_bytes():
    assert build_package(trained(), PROFILE, TAG).archive == BUILT.archive


def test_a_package_gives_the_controller_back_bit_by_bit():
    parsed = parse_package(BUILT.archive)
    mine, theirs = trained().controller.network, parsed.blob.controller.network
    assert [w.tobytes() for w in mine.weights] == [w.tobytes() for w in theirs.weights]
    assert [b.tobytes() for b in mine.biases] == [b.tobytes() for b in theirs.biases]
    golden = parsed.blob.golden
    again = run(parsed.blob.controller, golden.angle_rad, golden.velocity_rad_s)
    assert again.tobytes() == golden.torque_nm.tobytes()
    assert np.abs(golden.torque_nm).max() > 1.0  # vectors that do something
    assert parsed.blob.sha256 == BUILT.device_sha256


def test_limits_can_only_tighten():
    wild = trained(limits=TorqueLimits(100.0, 1e4, 3.0))
    assert build_package(wild, PROFILE, TAG).limits == PROFILE.limits
    gentle = TorqueLimits(3.0, 20.0, 0.9)
    assert build_package(trained(limits=gentle), PROFILE, TAG).limits == gentle


def test_a_controller_of_another_device_is_refused():
    other = replace(trained(), device_id="DephyExoBoot_L1")
    assert code_of(build_package, other, PROFILE, TAG) == "DEP-005"


def test_a_controller_with_a_broken_weight_is_refused():
    broken = trained()
    weights = [weight.copy() for weight in broken.controller.network.weights]
    weights[0][0, 0] = np.nan
    network = replace(broken.controller.network, weights=tuple(weights))
    controller = replace(broken.controller, network=network)
    assert code_of(build_package, replace(broken, controller=controller), PROFILE, TAG) == "DEP-007"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(BUILT.archive) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing_that_runs(position, change):
    raw = bytearray(BUILT.archive)
    raw[position] ^= change
    try:
        parsed = parse_package(bytes(raw))
    except UserError as error:
        assert error.advice.code in ("DEP-003", "DEP-004")
    else:  # times and attributes of the zip
        assert parsed.device_bytes == parse_package(BUILT.archive).device_bytes
        assert parsed.manifest == parse_package(BUILT.archive).manifest


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_the_device_bytes_is_found(data):
    good = parse_package(BUILT.archive).device_bytes
    position = data.draw(st.integers(0, len(good) - 1))
    raw = bytearray(good)
    raw[position] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(raw), good[:position], good + b"\0"):
        with pytest.raises(BlobError):
            read_blob(damaged)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_no_controller(raw):
    with pytest.raises(BlobError):
        read_blob(raw)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.999])
def test_a_cut_off_package_is_refused(tmp_path, kept):
    path = tmp_path / "cut.exopkg"
    path.write_bytes(BUILT.archive[: int(len(BUILT.archive) * kept)])
    assert code_of(read_package, path) == "DEP-004"


def test_a_missing_package_is_refused(tmp_path):
    assert code_of(read_package, tmp_path / "none.exopkg") == "DEP-006"


def test_a_package_is_bound_to_record_device_and_patient():
    parsed = package()
    good = {"sha256": parsed.blob.sha256, "device_id": DEVICE, "subject_tag": TAG}
    check_package(parsed, **good)
    assert code_of(check_package, parsed, **{**good, "sha256": "00" * 32}) == "DEP-003"
    assert code_of(check_package, parsed, **{**good, "device_id": "Other"}) == "DEP-005"
    assert code_of(check_package, parsed, **{**good, "subject_tag": "f" * 32}) == "DEP-008"


def test_a_tag_needs_the_sites_secret(tmp_path):
    secret = site_secret(tmp_path)
    assert secret == site_secret(tmp_path) and len(secret) == 32
    assert (tmp_path / "site_secret").stat().st_mode & 0o077 == 0
    other = site_secret(tmp_path / "elsewhere")
    assert subject_tag(secret, "P-0042") != subject_tag(other, "P-0042")
    assert b"P-0042" not in build_package(trained(), PROFILE, subject_tag(secret, "P-0042")).archive
