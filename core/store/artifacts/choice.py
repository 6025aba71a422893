"""Which store of files a data folder uses: the data folder itself, unless an address says otherwise.

`EXOTWIN_ARTIFACTS` has the address, or `artifacts.json` in the data folder, which is written when a store is
used for the first time, so that forgetting the variable later does no harm. Neither holds a secret.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from core.store.artifacts.blobs import Blobs, FolderBlobs
from core.store.artifacts.data_folder import DataFolderArtifacts
from core.store.artifacts.interface import ArtifactStore
from core.store.artifacts.refusals import no_such_place, of_another
from core.store.artifacts.shared import SharedArtifacts
from core.store.files import write_synced
from core.store.identity import read_identity
from core.vault.opened import ensure_open

ARTIFACTS_VARIABLE = "EXOTWIN_ARTIFACTS"
ARTIFACTS_FILE = "artifacts.json"
HERE = "here"  # as an address: the data folder itself, whatever is saved


def chosen_address(data_dir: Path) -> str:
    """Where the files of results are; "" for the data folder itself."""
    given = os.environ.get(ARTIFACTS_VARIABLE, "").strip()
    if given:
        return "" if given == HERE else given
    return saved_address(data_dir)


def saved_address(data_dir: Path) -> str:
    try:
        told = json.loads((data_dir / ARTIFACTS_FILE).read_text(encoding="utf-8"))
        return str(told["address"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def save_address(data_dir: Path, address: str) -> None:
    """ "" for the data folder itself."""
    if not address:
        (data_dir / ARTIFACTS_FILE).unlink(missing_ok=True)
    elif saved_address(data_dir) != address:
        write_synced(data_dir / ARTIFACTS_FILE, json.dumps({"address": address}).encode())


def blobs_at(address: str) -> Blobs:
    """Refuses REC-072 what is no address of a store; whether it is there shows later."""
    parts = urlsplit(address)
    if parts.scheme == "s3":
        if "@" in parts.netloc or parts.query:
            raise no_such_place(
                "in this address",
                "It has a key or password in it, and ExoTwin keeps none in a file.",
                "Give s3://bucket/prefix; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or from "
                "~/.aws/credentials, another server than Amazon's from AWS_ENDPOINT_URL.",
            )
        if not parts.netloc:
            raise no_such_place(address, "The address names no bucket.")
        from core.store.artifacts.s3 import S3Blobs  # a single PC does without

        return S3Blobs(f"{parts.netloc}{parts.path}")
    if parts.scheme not in ("", "file") and len(parts.scheme) > 1:  # one letter is a drive of Windows
        raise no_such_place(address, f"ExoTwin knows folders and s3://, not {parts.scheme}://.")
    folder = Path(parts.path if parts.scheme == "file" else address).expanduser()
    if not folder.is_absolute():
        raise no_such_place(address, "The path of a folder begins at the root of a disk.")
    return FolderBlobs(folder)


def shared_at(data_dir: Path, address: str) -> SharedArtifacts:
    """The store at an address, sealed as the data folder is. Raises as `core.vault.opened.ensure_open`."""
    keys = ensure_open(data_dir)
    if keys is None:
        return SharedArtifacts(blobs_at(address))
    from core.store.artifacts.sealing import Sealing

    return SharedArtifacts(blobs_at(address), Sealing(keys))


def use_store(data_dir: Path, address: str, *, fresh: bool) -> SharedArtifacts:
    """Keep the choice of a store, as each further PC of a record does. Raises as `artifacts_of`."""
    store, identity = shared_at(data_dir, address), read_identity(data_dir)
    if identity is None:
        raise of_another(store.place, f"There is no record in {data_dir} yet.", "Open ExoTwin there once.")
    if fresh:
        store.prepare(identity.id)
    else:
        store.check(identity.id)
    save_address(data_dir, address)
    return store


def artifacts_of(data_dir: Path, *, fresh: bool = False) -> ArtifactStore:
    """The store in use. `fresh`: the record has no results yet, so that an empty place may become its store.

    Refuses REC-070 to REC-073, and REC-076 the store of another record, or one that was never prepared.
    """
    address = chosen_address(data_dir)
    return use_store(data_dir, address, fresh=fresh) if address else DataFolderArtifacts(data_dir)
