"""Claims about packages: the same content gives the same bytes, and no change goes unnoticed."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.blob import TRAILER_BYTES, BlobError, read_blob, sign_blob
from core.deploy.checks import examine
from core.deploy.golden import reference_torque
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_secret import site_secret, subject_tag
from core.deploy.package import build_package, parse_package, read_package
from core.deploy.strict_json import canonical_json, parse_json
from core.devices.profiles import load_profile
from core.domain.controller import TorqueLimits
from core.errors import UserError
from tests.deploy.controllers import DEVICE, KEY, NOW, ORIGIN, SMALL, built, check_context, trained
from tests.refusals import code_of

PROFILE = load_profile(DEVICE)
OTHER_KEY = PrivateKey.from_seed(bytes(32))
BUILT = built()


def test_the_same_controller_gives_the_same_bytes():
    assert built().archive == BUILT.archive


def test_another_origin_gives_another_signed_manifest():
    assert built(version="1.1.0").manifest_sha256 != BUILT.manifest_sha256


def test_the_manifest_says_what_the_program_knows():
    manifest = parse_package(built(previous_sha256="ab" * 32, device_serial="SN-7").archive).manifest
    assert manifest.controller["limits"]["peak_nm"] == 12.0
    assert (manifest.created, (manifest.expires - manifest.created).days) == (NOW, 90)
    assert manifest.device_profile.serial == "SN-7" and manifest.previous_sha256 == "ab" * 32
    assert manifest.approvals == ORIGIN.approvals
    assert manifest.signer.key_id == KEY.public.key_id
    assert [signal.scale for signal in manifest.inputs.signals] == [1.0, 1.0, 0.25, 0.25]
    assert manifest.inputs.history_ms == (0, 10, 20, 30)
    assert manifest.acceptance.simulated_peak_nm is None  # nothing was compared
    assert manifest.acceptance.golden_peak_nm <= 12.0


def test_a_package_gives_the_controller_back_bit_by_bit():
    parsed = parse_package(BUILT.archive)
    mine, theirs = trained(hidden=SMALL).controller.network, parsed.blob.controller.network
    assert [w.tobytes() for w in mine.weights] == [w.tobytes() for w in theirs.weights]
    assert [b.tobytes() for b in mine.biases] == [b.tobytes() for b in theirs.biases]
    golden = parsed.blob.golden
    again = reference_torque(parsed.blob.controller, golden.angle_rad, golden.velocity_rad_s)
    assert again.tobytes() == golden.torque_nm.tobytes()
    assert np.abs(golden.torque_nm).max() > 1.0  # vectors that do something
    assert parsed.blob.sha256 == BUILT.device_sha256


def test_limits_can_only_tighten():
    wild = trained(hidden=SMALL, limits=TorqueLimits(100.0, 1e4, 3.0))
    assert built(wild).limits == PROFILE.limits
    gentle = TorqueLimits(3.0, 20.0, 0.9)
    assert built(trained(hidden=SMALL, limits=gentle)).limits == gentle


def test_a_controller_of_another_device_is_refused():
    other = replace(trained(hidden=SMALL), device_id="DephyExoBoot_L1")
    assert code_of(build_package, other, PROFILE, ORIGIN, KEY) == "DEP-005"


def test_a_controller_with_a_broken_weight_is_refused():
    broken = trained(hidden=SMALL)
    weights = [weight.copy() for weight in broken.controller.network.weights]
    weights[0][0, 0] = np.nan
    network = replace(broken.controller.network, weights=tuple(weights))
    controller = replace(broken.controller, network=network)
    assert code_of(built, replace(broken, controller=controller)) == "DEP-007"


@pytest.mark.parametrize(
    "limits", [(np.nan, 1.0, 1.0), (12.0, np.nan, 1.0), (12.0, 1.0, 0.0), (-1.0, 1.0, 1.0)]
)
def test_a_controller_with_a_limit_that_is_none_is_refused(limits):
    assert code_of(built, trained(hidden=SMALL, limits=TorqueLimits(*limits))) == "DEP-007"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 8 * len(BUILT.archive) - 1))
def test_any_flipped_bit_is_refused_or_left_to_the_signature(bit):
    raw = bytearray(BUILT.archive)
    raw[bit // 8] ^= 1 << bit % 8
    try:
        parsed = parse_package(bytes(raw))
    except UserError as error:
        assert error.advice.code in ("DEP-003", "DEP-004", "DEP-010")
    else:
        assert parsed.manifest_bytes == parse_package(BUILT.archive).manifest_bytes
        assert not KEY.public.accepts(parsed.manifest_bytes, parsed.signature)


@pytest.mark.slow
def test_every_bit_of_the_archives_own_frame_counts():
    """Names, times, sizes and checksums between the parts: about 3800 bits, each flipped once."""
    inside: set[int] = set()
    for info in zipfile.ZipFile(BytesIO(BUILT.archive)).infolist():
        start = info.header_offset + 30 + len(info.filename)
        inside |= set(range(start, start + info.file_size))
    frame = [position for position in range(len(BUILT.archive)) if position not in inside]
    assert 400 < len(frame) < 1000
    for position in frame:
        for bit in range(8):
            raw = bytearray(BUILT.archive)
            raw[position] ^= 1 << bit
            assert code_of(parse_package, bytes(raw)) in ("DEP-003", "DEP-004", "DEP-010")


def repacked(**changed: bytes | None) -> bytes:
    """The archive with parts exchanged (or left out), written the canonical way."""
    names = ("manifest.json", "device.bin", "report.json", "signature.bin")
    with zipfile.ZipFile(BytesIO(BUILT.archive)) as archive:
        parts = {name: changed.get(name.split(".")[0], archive.read(name)) for name in names}
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            if content is not None:
                member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                member.create_system = 3
                archive.writestr(member, content)
    return buffer.getvalue()


def test_the_unchanged_parts_make_the_same_package():
    assert repacked() == BUILT.archive


def test_a_package_of_a_version_that_did_not_sign_is_refused_with_advice():
    assert code_of(parse_package, repacked(signature=None)) == "DEP-010"


def without_fields(*names: str, **changed: object) -> bytes:
    """The manifest with fields of its test results left out or exchanged, written the canonical way."""
    tree = parse_json(parse_package(BUILT.archive).manifest_bytes)
    kept = {name: value for name, value in tree["acceptance"].items() if name not in names}
    return canonical_json({**tree, "acceptance": {**kept, **changed}})


def test_a_package_without_the_numbers_that_came_later_is_read():
    later = (
        "metabolic_ratio_umberger",
        "metabolic_ratio_bhargava",
        "activation_ratio",
        "positive_power_ratio",
    )
    found = parse_package(repacked(manifest=without_fields(*later)))
    assert {getattr(found.manifest.acceptance, name) for name in later} == {None}
    assert found.manifest.acceptance.golden_peak_nm > 0.0


@pytest.mark.parametrize(
    "manifest",
    [
        without_fields("effort_ratio"),
        without_fields(unknown=1.0),
        without_fields(activation_ratio="0.9"),
        without_fields("activation_ratio") + b" ",
    ],
)
def test_other_fields_of_a_manifest_are_neither_missing_nor_added(manifest):
    assert code_of(parse_package, repacked(manifest=manifest)) == "DEP-003"


@pytest.mark.parametrize(
    "changed",
    [
        {"manifest": b"{}"},
        {"manifest": b"[" * 100_000},
        {"report": b"{}"},
        {"report": b"[]"},
        {"signature": b""},
        {"signature": bytes(65)},
        {"device": b""},
        {"device": parse_package(built(trained(2, hidden=SMALL)).archive).device_bytes},
    ],
)
def test_parts_that_do_not_belong_together_are_refused(changed):
    assert code_of(parse_package, repacked(**changed)) == "DEP-003"


def test_a_compressed_package_is_refused():
    buffer = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(BUILT.archive)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert code_of(parse_package, buffer.getvalue()) == "DEP-003"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_the_device_bytes_is_found(data):
    package = parse_package(BUILT.archive)
    good, key_id = package.device_bytes, package.blob.key_id
    position = data.draw(st.integers(0, len(good) - 1))
    raw = bytearray(good)
    raw[position] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(raw), good[:position], good + b"\0"):
        assert code_of(parse_package, repacked(device=damaged)) in ("DEP-003", "DEP-010")
        try:
            blob = read_blob(damaged)
        except BlobError:
            continue
        signed = KEY.public.accepts_device(blob.signed_sha256, blob.signature)
        assert not signed or blob.key_id != key_id


def test_the_device_bytes_carry_a_signature_of_the_key_that_released_the_package():
    blob = parse_package(BUILT.archive).blob
    assert blob.key_id == KEY.public.key_id
    assert KEY.public.accepts_device(blob.signed_sha256, blob.signature)
    assert not KEY.public.accepts(blob.signed_sha256, blob.signature)  # it fits nothing else
    assert not OTHER_KEY.public.accepts_device(blob.signed_sha256, blob.signature)


def test_device_bytes_signed_by_another_key_than_the_package_are_refused():
    good = parse_package(BUILT.archive)
    other = sign_blob(good.device_bytes[:-TRAILER_BYTES], OTHER_KEY)
    sha256 = hashlib.sha256(other).hexdigest()
    manifest = canonical_json(replace(good.manifest, device_sha256=sha256))
    mixed = repacked(device=other, manifest=manifest, signature=KEY.sign(manifest))
    assert code_of(parse_package, mixed) == "DEP-003"


def test_a_package_whose_exo_bytes_carry_a_wrong_signature_may_not_be_used():
    good = parse_package(BUILT.archive)
    forged = good.device_bytes[:-64] + OTHER_KEY.sign_device(good.blob.signed_sha256)
    sha256 = hashlib.sha256(forged).hexdigest()
    manifest = canonical_json(replace(good.manifest, device_sha256=sha256))
    mixed = repacked(device=forged, manifest=manifest, signature=KEY.sign(manifest))
    checks = examine(mixed, "package", check_context()).checks
    assert [check.advice.code for check in checks if check.advice is not None] == ["DEP-011"]


def test_a_package_whose_exo_bytes_were_not_signed_is_refused_with_advice():
    old = bytearray(parse_package(BUILT.archive).device_bytes)
    old[8] = 1  # the format before
    assert code_of(parse_package, repacked(device=bytes(old))) == "DEP-010"


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


def test_a_tag_needs_the_sites_secret(tmp_path):
    secret = site_secret(tmp_path)
    assert secret == site_secret(tmp_path) and len(secret) == 32
    assert (tmp_path / "site_secret").stat().st_mode & 0o077 == 0
    other = site_secret(tmp_path / "elsewhere")
    assert subject_tag(secret, "P-0042") != subject_tag(other, "P-0042")
    assert b"P-0042" not in built(subject_tag=subject_tag(secret, "P-0042")).archive
