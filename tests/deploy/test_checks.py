"""Claims about the checks before use: each wrong thing is refused with a code of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.deploy.checks import check_exo, check_package, examine
from core.deploy.keys.signature import PrivateKey
from core.deploy.keys.site_key import KeyKind, TrustedKey
from core.deploy.manifest import Approval
from core.deploy.package import parse_package
from core.deploy.purpose import for_virtual_only
from core.devices.exo_values import ExoInfo
from core.devices.profiles import load_profile
from core.domain.controller import UNATTENDED_APPROVER, TorqueLimits
from core.domain.exo_protocol import DeviceState
from core.domain.people import SINGLE_USER
from core.domain.release import Purpose
from tests.deploy.controllers import (
    DEVICE,
    FOR_A_PERSON,
    KEY,
    NOW,
    SERIAL,
    SMALL,
    TAG,
    built,
    check_context,
    of_the_version_before,
    resigned,
    trained,
)
from tests.refusals import code_of

PROFILE = load_profile(DEVICE)
BUILT = built()
OTHER_KEY = PrivateKey.from_seed(bytes(32))
NAMES = [
    "whole",
    "signature",
    "record",
    "release",
    "device",
    "patient",
    "limits",
    "gait",
    "approval",
    "dates",
    "test vectors",
]


def failed(archive: bytes, **around) -> list[str]:
    """Codes of the checks that did not pass."""
    checks = examine(archive, "package", check_context(**around)).checks
    return [check.advice.code for check in checks if check.advice is not None]


def test_a_good_package_passes_every_check():
    examination = examine(BUILT.archive, "package", check_context(sha256=BUILT.device_sha256))
    assert [check.name for check in examination.checks] == NAMES
    assert examination.passed and all(check.words for check in examination.checks)


@pytest.mark.parametrize(
    ("origin", "around", "code"),
    [
        ({}, {"sha256": "00" * 32}, "DEP-003"),
        ({}, {"device_id": "HMEDI_L1"}, "DEP-005"),
        ({}, {"subject_tag": "f" * 32}, "DEP-008"),
        ({}, {"keys": {}}, "DEP-012"),
        ({}, {"now_utc": NOW + timedelta(days=90)}, "DEP-013"),
        ({}, {"now_utc": NOW - timedelta(hours=2)}, "DEP-020"),
        ({"approvals": ()}, {}, "DEP-016"),
        ({}, {"profile": lambda name: replace(PROFILE, mass_kg=9.9)}, "DEP-015"),
    ],
)
def test_each_wrong_thing_has_its_own_code(origin, around, code):
    assert failed(built(**origin).archive, **around) == [code]
    assert code_of(check_package, parse_package(built(**origin).archive), check_context(**around)) == code


@pytest.mark.parametrize(
    "around", [{"now_utc": NOW + timedelta(days=89)}, {"now_utc": NOW - timedelta(minutes=59)}]
)
def test_in_time_is_in_time(around):
    assert failed(BUILT.archive, **around) == []


def test_a_signature_by_a_key_that_borrows_a_trusted_name_is_refused():
    forged = {OTHER_KEY.public.key_id: TrustedKey(KEY.public, KeyKind.SITE)}
    assert failed(built(key=OTHER_KEY).archive, keys=forged) == ["DEP-011"]


def test_every_bit_of_the_signature_counts():
    parsed = parse_package(BUILT.archive)
    for bit in range(8 * len(parsed.signature)):
        signature = bytearray(parsed.signature)
        signature[bit // 8] ^= 1 << bit % 8
        forged = replace(parsed, signature=bytes(signature))
        assert code_of(check_package, forged, check_context()) == "DEP-011"


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 8 * len(BUILT.archive) - 1))
def test_no_package_with_a_flipped_bit_passes(bit):
    raw = bytearray(BUILT.archive)
    raw[bit // 8] ^= 1 << bit % 8
    assert failed(bytes(raw))[0] in ("DEP-003", "DEP-004", "DEP-010", "DEP-011")


limits_of = st.builds(TorqueLimits, st.floats(0.1, 40.0), st.floats(1.0, 400.0), st.floats(0.1, 3.0))


@settings(max_examples=40, deadline=None)
@given(limits_of, limits_of)
def test_a_package_is_as_tight_as_controller_and_profile_and_never_looser(own, device):
    profile = replace(PROFILE, limits=device)
    made = built(trained(limits=own, hidden=SMALL), profile=profile)
    for name in ("peak_nm", "rate_nm_s", "hip_range_rad"):
        assert getattr(made.limits, name) == min(getattr(own, name), getattr(device, name))
    assert failed(made.archive, profile=lambda name: profile) == []


@settings(max_examples=40, deadline=None)
@given(limits_of, limits_of)
def test_a_package_with_weaker_limits_is_refused_though_well_signed(own, device):
    """Signed by the site's own key, by a program that did not take the minimum."""
    assume(own.tightest(device) != own)
    loose, profile = replace(PROFILE, limits=own), replace(PROFILE, limits=device)
    archive = built(trained(limits=own, hidden=SMALL), profile=loose).archive
    assert "DEP-014" in failed(archive, profile=lambda name: profile)


def test_a_first_session_above_the_profiles_is_refused():
    bold = replace(PROFILE, first_session_peak_nm=18.0)
    archive = built(trained(limits=PROFILE.limits, hidden=SMALL), profile=bold).archive
    assert "DEP-014" in failed(archive)


EXO = ExoInfo(SERIAL, DEVICE, "fw", False, 100, PROFILE.limits, DeviceState.SAFE, "F", "", False, b"", 0, 0)


def test_a_package_bound_to_one_exo_goes_onto_no_other():
    keys, virtual = check_context().keys, replace(EXO, virtual=True)
    bound, free = parse_package(built(device_serial="SN-8").archive), parse_package(BUILT.archive)
    assert code_of(check_exo, bound, keys, virtual) == "DEP-017"
    check_exo(bound, keys, replace(virtual, serial="SN-8"))
    check_exo(free, keys, virtual)
    worn = parse_package(built(**FOR_A_PERSON).archive)
    check_exo(worn, keys, EXO)
    assert code_of(check_exo, worn, keys, replace(EXO, serial="SN-8")) == "DEP-017"


def test_a_practice_signature_is_for_a_virtual_exo_only():
    keys = {KEY.public.key_id: TrustedKey(KEY.public, KeyKind.PRACTICE)}
    practised = parse_package(built(**FOR_A_PERSON).archive)
    check_package(practised, check_context(keys=keys))
    assert code_of(check_exo, practised, keys, EXO) == "DEP-018"
    check_exo(practised, keys, replace(EXO, virtual=True))


NOBODYS = Approval(
    UNATTENDED_APPROVER.name, UNATTENDED_APPROVER.role, "packed unseen", "2026-11-20T09:59:00Z"
)
DR_A = FOR_A_PERSON["approvals"][0]
FOR_NOBODY = replace(DR_A, meaning=f"released {Purpose.VIRTUAL_ONLY.words}.")
TYPED = replace(FOR_NOBODY, meaning=f"{FOR_NOBODY.meaning} I sign it all the same, because: {DR_A.meaning}")


@pytest.mark.parametrize(
    ("approvals", "synthetic", "codes"),
    [
        ((NOBODYS,), False, ["DEP-024"]),
        ((replace(NOBODYS, role="physician"),), False, ["DEP-024"]),
        ((NOBODYS, replace(DR_A, meaning="")), False, ["DEP-024"]),
        ((NOBODYS, DR_A), False, []),
        ((DR_A,), True, ["DEP-025"]),
        ((NOBODYS,), True, ["DEP-025", "DEP-024"]),
        ((replace(DR_A, role=" "),), False, ["DEP-041"]),
        ((replace(DR_A, meaning=f"{DR_A.meaning} ({SINGLE_USER.capitalize()}.)"),), False, ["DEP-044"]),
        ((FOR_NOBODY,), False, ["DEP-040"]),
        ((TYPED,), False, ["DEP-040"]),
        ((replace(DR_A, meaning="released, for a first supervised walk."),), False, ["DEP-040"]),
    ],
)
def test_what_nobody_released_or_no_person_walked_is_for_a_virtual_exo_only(approvals, synthetic, codes):
    controller = replace(trained(hidden=SMALL), synthetic=synthetic)
    origin = {**FOR_A_PERSON, "approvals": approvals}
    if synthetic:  # not even made for a person
        assert code_of(built, controller, **origin) == "DEP-025"
        origin["purpose"] = Purpose.VIRTUAL_ONLY
    made = parse_package(built(controller, **origin).archive)
    keys = check_context().keys
    check_package(made, check_context())
    check_exo(made, keys, replace(EXO, virtual=True))
    assert [advice.code for advice in for_virtual_only(made, keys)] == codes
    if codes:
        assert code_of(check_exo, made, keys, EXO) == codes[0]
    else:
        check_exo(made, keys, EXO)


def test_a_patient_who_was_not_asked_for_is_said_to_be_so():
    checks = examine(BUILT.archive, "package", check_context(subject_tag="")).checks
    assert checks[NAMES.index("patient")].words == f"Not asked. The tag is {TAG}."


def test_a_package_that_was_packed_for_a_virtual_exo_goes_onto_no_real_one_whoever_signed_it():
    packed = parse_package(built(**{**FOR_A_PERSON, "purpose": Purpose.VIRTUAL_ONLY}).archive)
    keys = check_context().keys
    check_exo(packed, keys, replace(EXO, virtual=True))
    assert code_of(check_exo, packed, keys, EXO) == "DEP-033"


def test_a_package_for_a_person_names_its_exo():
    assert code_of(built, purpose=Purpose.SUPERVISED_HUMAN) == "DEP-042"


def test_a_package_below_the_counter_of_the_exo_is_not_sent():
    made, virtual = parse_package(built(counter=4).archive), replace(EXO, virtual=True)
    keys = check_context().keys
    check_exo(made, keys, replace(virtual, counter=4))
    assert code_of(check_exo, made, keys, replace(virtual, counter=5)) == "DEP-035"


def test_a_package_of_the_version_before_can_be_read_and_goes_onto_no_exo():
    old = of_the_version_before(BUILT.archive)
    read = parse_package(old)
    assert (read.blob.release, read.manifest.purpose, read.blob.subject_tag) == (None, "", TAG)
    assert failed(old) == ["DEP-039"]
    assert code_of(check_exo, read, check_context().keys, replace(EXO, virtual=True)) == "DEP-039"


@pytest.mark.parametrize(
    "changed", [{"purpose": "supervised-human"}, {"counter": 9}, {"expires_utc": "2036-01-01T00:00:00Z"}]
)
def test_what_people_read_of_a_release_is_what_the_exo_reads(changed):
    assert failed(resigned(BUILT.archive, **changed)) == ["DEP-003"]
