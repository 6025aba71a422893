"""Variables that name another place than a record that was moved: they count more than its folder."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import UserError
from core.store.artifacts.choice import ARTIFACTS_VARIABLE, HERE, blobs_at, saved_address
from core.store.record_address import (
    DATABASE_VARIABLE,
    IN_THE_FOLDER,
    checked_url,
    saved_url,
    without_password,
    words_of,
)


def variables_to_change(folder: Path) -> tuple[str, ...]:
    """A sentence for each that still names another place than `folder`, with which the record is used now."""
    return tuple(filter(None, (_of_the_database(folder), _of_the_files(folder))))


def _of_the_database(folder: Path) -> str:
    told, url = os.environ.get(DATABASE_VARIABLE, "").strip(), saved_url(folder)
    if not told or (_place_of(told) == ("" if url is None else words_of(url))):
        return ""
    now = f"lies in {folder}" if url is None else f"lies on {words_of(url)}"
    right = IN_THE_FOLDER if url is None else without_password(url).render_as_string()
    named = _place_of(told) or "the data folder"
    return (
        f"{DATABASE_VARIABLE} still names {named}, and the record {now}: remove the variable, or set it to "
        f"{right}. Until then the record is not opened."
    )


def _of_the_files(folder: Path) -> str:
    told, address = os.environ.get(ARTIFACTS_VARIABLE, "").strip(), saved_address(folder)
    if not told or _store_of(told) == _store_of(address or HERE):
        return ""
    return (
        f"{ARTIFACTS_VARIABLE} still names {told}, and the files lie in {address or folder}: remove the "
        f"variable, or set it to {address or HERE}. Until then no result is saved."
    )


def _place_of(told: str) -> str:
    """Without account and password; "" for the data folder."""
    try:
        return "" if told == IN_THE_FOLDER else words_of(checked_url(told))
    except UserError:
        return "what is no address"


def _store_of(address: str) -> str:
    try:
        return address if address == HERE else blobs_at(address).place
    except UserError:
        return address
