"""Claims about stores of files: the same of a data folder, a shared folder and S3, sealed or not."""

from __future__ import annotations

import hashlib
import io
import json
import os
import resource
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.store.artifacts.blobs import MARKER, Blobs, FolderBlobs
from core.store.artifacts.choice import artifacts_of, blobs_at, saved_address
from core.store.artifacts.data_folder import DataFolderArtifacts
from core.store.artifacts.interface import Artifact, ArtifactStore, artifact_of, fetch_file, put_file
from core.store.artifacts.s3 import S3Blobs
from core.store.artifacts.sealing import Sealing
from core.store.artifacts.shared import SharedArtifacts
from core.store.identity import make_identity
from core.vault.keys import Keys
from tests.refusals import code_of, refused
from tests.store.artifacts.conftest import S3Server

RECORD = "0" * 32
SCOPE = f"motion/{'1' * 32}"
CONTENT = b"joint angles " * 1000
STORES = ("data folder", "folder", "sealed folder", "s3", "sealed s3")


def an_artifact(content: bytes = CONTENT, scope: str = SCOPE, name: str = "arrays.npz") -> Artifact:
    return Artifact(scope, name, hashlib.sha256(content).hexdigest())


def put(store: ArtifactStore, content: bytes = CONTENT, name: str = "arrays.npz") -> Artifact:
    artifact = an_artifact(content, name=name)
    store.put(artifact, io.BytesIO(content))
    return artifact


def read(store: ArtifactStore, artifact: Artifact) -> bytes:
    with store.open(artifact) as content:
        return content.read()


def prepared(blobs: Blobs, key: bytes | None = None, data_dir: Path = Path()) -> SharedArtifacts:
    store = SharedArtifacts(blobs, None if key is None else Sealing(Keys(data_dir, key)))
    store.prepare(RECORD)
    return store


def a_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "share"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "data folder":
        return DataFolderArtifacts(tmp_path)
    key = bytes(32) if "sealed" in request.param else None
    if "s3" in request.param:
        server: S3Server = request.getfixturevalue("s3")
        return prepared(S3Blobs(f"{server.a_bucket()}/results"), key, tmp_path)
    return prepared(FolderBlobs(a_folder(tmp_path)), key, tmp_path)


def test_what_was_put_is_read_found_and_removed(store: ArtifactStore) -> None:
    artifact = put(store)
    other = put(store, b"", name="empty")

    assert read(store, artifact) == CONTENT and read(store, other) == b""
    with store.open(artifact) as content:
        content.seek(13)
        assert content.read(5) == CONTENT[13:18]
    assert store.exists(artifact) and not store.exists(an_artifact(b"another"))
    assert list(store.scopes()) == [SCOPE]
    assert store.strangers(SCOPE, frozenset({artifact, other})) == ()
    assert len(store.strangers(SCOPE, frozenset({artifact}))) == 1
    store.remove(artifact)
    store.remove(artifact)
    assert code_of(store.open, artifact) == "REC-075"
    store.remove_scope(SCOPE)
    assert not store.exists(other) and list(store.scopes()) == []


def test_content_of_another_hash_is_not_kept(store: ArtifactStore) -> None:
    artifact = an_artifact()
    with pytest.raises(ValueError, match="another hash"):
        store.put(artifact, io.BytesIO(CONTENT + b"!"))
    assert not store.exists(artifact) and store.strangers(SCOPE, frozenset()) == ()


def test_a_file_travels_with_a_job_and_comes_out_the_same(store: ArtifactStore, tmp_path: Path) -> None:
    sent, got = tmp_path / "checkpoint.pt", tmp_path / "got.pt"
    sent.write_bytes(CONTENT)
    told = str(put_file(store, "jobs/ab12", sent))

    fetch_file(store, artifact_of(told), got)

    assert got.read_bytes() == CONTENT and sorted(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("scope", ["motion", "../x", "a/b/c", "motion/..", "/motion/a", "motion/a b"])
def test_a_name_cannot_leave_the_store(scope: str) -> None:
    with pytest.raises(ValueError, match="cannot be a file"):
        Artifact(scope, "a", "0" * 64)
    with pytest.raises(ValueError, match="cannot be a file"):
        Artifact("motion/a", f"{scope}/..", "0" * 64)


@pytest.mark.parametrize("sealed", [False, True])
def test_a_file_that_somebody_changed_is_not_given(sealed: bool, tmp_path: Path, s3: S3Server) -> None:
    key, bucket = bytes(32) if sealed else None, s3.a_bucket()
    folder = a_folder(tmp_path)
    for blobs in (FolderBlobs(folder), S3Blobs(bucket)):
        store = prepared(blobs, key, tmp_path)
        artifact = put(store)
        (name,) = (name for name in blobs.below("") if name != MARKER)
        kept = blobs.open(name)
        assert kept is not None
        with kept:
            content = bytearray(kept.read())
        content[200] ^= 1
        blobs.put(name, lambda file, changed=bytes(content): file.write(changed) and None)

        assert code_of(store.open, artifact) == "REC-074"


def test_what_is_sealed_shows_neither_its_content_nor_its_hash(tmp_path: Path) -> None:
    share = a_folder(tmp_path)
    artifact = put(prepared(FolderBlobs(share), bytes(32), tmp_path))

    (kept,) = (path for path in share.rglob("*") if path.is_file() and path.name != MARKER)
    assert kept.name != artifact.sha256 and b"joint" not in kept.read_bytes()
    other = SharedArtifacts(FolderBlobs(share), Sealing(Keys(tmp_path, bytes([1]) * 32)))
    assert code_of(other.check, RECORD) == "REC-076"
    assert code_of(SharedArtifacts(FolderBlobs(share)).check, RECORD) == "REC-076"


def test_a_store_is_of_one_record_and_of_no_other_program(tmp_path: Path) -> None:
    share = a_folder(tmp_path)
    store = prepared(FolderBlobs(share))
    store.prepare(RECORD)  # again, as each PC may
    assert code_of(store.prepare, "f" * 32) == "REC-076"
    marker = json.loads((share / MARKER).read_text())
    (share / MARKER).write_text(json.dumps({**marker, "format": 99}))
    assert code_of(store.check, RECORD) == "REC-076"
    (share / MARKER).unlink()
    (share / "holidays.jpg").touch()
    assert code_of(SharedArtifacts(FolderBlobs(share)).prepare, RECORD) == "REC-076"


def test_a_folder_that_vanishes_is_out_of_reach_and_its_empty_place_is_not_written(tmp_path: Path) -> None:
    share, away = a_folder(tmp_path), tmp_path / "away"
    store = prepared(FolderBlobs(share))
    artifact = put(store)
    share.rename(away)

    for call in (store.open, store.exists, store.remove):
        assert code_of(call, artifact) == "REC-070"
    share.mkdir()  # as of a share that is not connected
    assert code_of(put, store, b"more") == "REC-070"
    assert list(share.iterdir()) == []
    share.rmdir()
    away.rename(share)
    assert read(store, artifact) == CONTENT


def test_a_folder_that_vanishes_in_the_middle_of_a_file_leaves_none_of_it(tmp_path: Path) -> None:
    share, away = a_folder(tmp_path), tmp_path / "away"
    store = prepared(FolderBlobs(share))

    class Vanishing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if share.exists():
                share.rename(away)
            return super().read(size)

    with refused("REC-070"):
        store.put(an_artifact(), Vanishing(CONTENT))
    away.rename(share)
    assert not store.exists(an_artifact()) and list(store.scopes()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of this kind")
def test_a_full_folder_is_told_and_nothing_half_written_stays(tmp_path: Path) -> None:
    store = prepared(FolderBlobs(a_folder(tmp_path)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with refused("REC-073"):
            put(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in (tmp_path / "share").rglob("*") if path.is_file()] == [MARKER]


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="permissions do not stop this user")
def test_a_folder_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    share = a_folder(tmp_path)
    store = prepared(FolderBlobs(share))
    share.chmod(0o500)
    try:
        assert code_of(put, store) == "REC-071"
    finally:
        share.chmod(0o700)


@pytest.mark.parametrize(
    "address",
    ["results", "https://example.org/a", "s3://", "s3://key:secret@bucket/a", "/there/is/no/such/folder"],
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    assert code_of(lambda: SharedArtifacts(blobs_at(address)).prepare(RECORD)) == "REC-072"


# S3


def test_a_bucket_that_is_not_there_is_told(s3: S3Server) -> None:
    store = SharedArtifacts(S3Blobs("no-such-bucket/results"))
    assert code_of(store.prepare, RECORD) == "REC-072"
    assert code_of(put, store) == "REC-072"


def test_wrong_or_no_keys_are_told(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = s3.a_bucket()
    store = prepared(S3Blobs(bucket))
    s3.check_keys(True)
    try:
        assert code_of(put, store) == "REC-071"
        assert code_of(store.open, an_artifact()) == "REC-071"
    finally:
        s3.check_keys(False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert code_of(SharedArtifacts(S3Blobs(bucket)).check, RECORD) == "REC-071"


def test_a_cut_network_is_told_and_leaves_nothing_half_written(s3: S3Server) -> None:
    bucket, content = s3.a_bucket(), np.random.default_rng(0).bytes(3_000_000)
    store = prepared(S3Blobs(bucket))
    s3.network.cut(after_bytes=1_000_000)

    assert code_of(put, store, content) == "REC-070"
    assert code_of(store.open, an_artifact()) == "REC-070"

    assert s3.names(bucket) == [MARKER]
    s3.network.mend()
    assert read(store, put(store, content)) == content


def test_a_network_that_comes_back_in_time_is_not_noticed(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = prepared(S3Blobs(s3.a_bucket()))
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        s3.network.mend()

    monkeypatch.setattr("core.store.artifacts.s3.time.sleep", pause)
    s3.network.cut()

    assert read(store, put(store)) == CONTENT and pauses == [0.01]


def test_a_large_file_goes_in_parts_and_comes_out_the_same(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.artifacts.s3._BLOCK_BYTES", 1 << 20)
    store, content = prepared(S3Blobs(s3.a_bucket())), np.random.default_rng(0).bytes(2_500_001)
    assert read(store, put(store, content)) == content


class _Full(BaseHTTPRequestHandler):
    """What MinIO answers when its disks are full."""

    protocol_version = "HTTP/1.1"  # of a client that asks before it sends

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b"<Error><Code>XMinioStorageFull</Code><Message>Storage reached its limit</Message></Error>"
        self.send_response(507)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: Any) -> None:
        pass


@pytest.fixture
def full_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Full)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_full_bucket_is_told(s3: S3Server, full_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", full_server)
    assert code_of(put, SharedArtifacts(S3Blobs("bucket"))) == "REC-073"


# which one is used


def test_a_data_folder_keeps_its_files_itself_unless_an_address_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, data = a_folder(tmp_path), tmp_path / "data"
    data.mkdir()
    make_identity(data)
    assert isinstance(artifacts_of(data), DataFolderArtifacts)
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", str(share))
    assert code_of(artifacts_of, data) == "REC-076"  # there may be results elsewhere

    put(artifacts_of(data, fresh=True))

    monkeypatch.delenv("EXOTWIN_ARTIFACTS")
    assert saved_address(data) == str(share)
    assert read(artifacts_of(data), an_artifact()) == CONTENT  # forgetting the variable does no harm
    monkeypatch.setenv("EXOTWIN_ARTIFACTS", "here")
    assert isinstance(artifacts_of(data), DataFolderArtifacts)
