"""Claims about hostile packages: whatever bytes come, the answer is a refusal, never a crash."""

from __future__ import annotations

import struct

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.deploy.blob import TRAILER_BYTES, BlobError, read_blob, sign_blob
from core.deploy.package import parse_package
from core.deploy.strict_json import canonical_json, parse_json
from core.errors import UserError
from tests.deploy.controllers import KEY
from tests.deploy.test_package import BUILT, repacked

GOOD = parse_package(BUILT.archive)
HEADER = struct.Struct("<8sHHIIIII")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
cbor_trees = st.recursive(
    scalars | st.binary(max_size=6) | st.integers(-(2**200), 2**200) | st.datetimes(timezones=st.timezones()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(scalars, inner, max_size=4),
    max_leaves=12,
)


def paths(tree: object, at: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where every value of a JSON tree is."""
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(path for key, child in children for path in paths(child, (*at, key)))]


def with_value(tree: object, path: tuple[object, ...], value: object) -> object:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = with_value(copy[path[0]], path[1:], value)
    return copy


def refused_or_unsigned(raw: bytes) -> None:
    try:
        parsed = parse_package(raw)
    except UserError as error:
        assert error.advice.code in ("DEP-003", "DEP-004", "DEP-010")
    else:
        unchanged = parsed.manifest_bytes == GOOD.manifest_bytes
        assert unchanged or not KEY.public.accepts(parsed.manifest_bytes, parsed.signature)


MANIFEST = parse_json(GOOD.manifest_bytes)
MANIFEST_PATHS = paths(MANIFEST)
CONTROLLER_PATHS = paths(GOOD.blob.manifest)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(raw):
    refused_or_unsigned(raw)
    refused_or_unsigned(b"PK\x03\x04" + raw)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(BUILT.archive)), st.integers(0, 40), st.binary(max_size=40))
def test_a_piece_exchanged_by_any_bytes(at, length, piece):
    refused_or_unsigned(BUILT.archive[:at] + piece + BUILT.archive[at + length :])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(json_trees)
def test_any_json_as_manifest_or_report(tree):
    refused_or_unsigned(repacked(manifest=canonical_json(tree)))
    refused_or_unsigned(repacked(report=canonical_json(tree)))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(MANIFEST_PATHS), json_trees)
def test_a_manifest_with_one_value_exchanged(path, value):
    refused_or_unsigned(repacked(manifest=canonical_json(with_value(MANIFEST, path, value))))


def device_bytes(manifest: object) -> bytes:
    """Device bytes with another manifest, with sizes and hash as they should be."""
    magic, version, size, head, weights, vectors, ticks, _total = HEADER.unpack_from(GOOD.device_bytes)
    text = cbor2.dumps(manifest)
    text += bytes(-len(text) % 16)
    rest = GOOD.device_bytes[size + head : -TRAILER_BYTES]
    total = size + len(text) + len(rest) + TRAILER_BYTES
    body = HEADER.pack(magic, version, size, len(text), weights, vectors, ticks, total) + text + rest
    return sign_blob(body, KEY)


def test_the_same_manifest_makes_the_same_device_bytes():
    assert read_blob(device_bytes(GOOD.blob.manifest)).manifest == GOOD.blob.manifest


def refused_or_runnable(raw: bytes) -> None:
    try:
        blob = read_blob(raw)
    except BlobError:
        return
    limits = blob.controller.limits
    assert 0.0 < limits.peak_nm < float("inf") and 0.0 < blob.first_session_peak_nm < float("inf")
    refused_or_unsigned(repacked(device=raw))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(cbor_trees)
def test_any_cbor_as_the_controllers_manifest(tree):
    refused_or_runnable(device_bytes(tree))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CONTROLLER_PATHS), cbor_trees)
def test_a_controller_with_one_value_exchanged(path, value):
    refused_or_runnable(device_bytes(with_value(GOOD.blob.manifest, path, value)))


def test_nesting_without_end_is_refused():
    deep = b"\x81" * 60_000
    raw = device_bytes(b"")  # room to put the nested lists in
    head = HEADER.unpack_from(raw)
    body = HEADER.pack(*head[:3], len(deep), *head[4:7], len(raw) - head[3] + len(deep))
    body += deep + raw[HEADER.size + head[3] : -TRAILER_BYTES]
    refused_or_runnable(sign_blob(body, KEY))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_as_the_controllers_manifest(text):
    raw = device_bytes(0)
    head = HEADER.unpack_from(raw)
    body = HEADER.pack(*head[:3], len(text), *head[4:7], len(raw) - head[3] + len(text))
    body += text + raw[HEADER.size + head[3] : -TRAILER_BYTES]
    refused_or_runnable(sign_blob(body, KEY))
