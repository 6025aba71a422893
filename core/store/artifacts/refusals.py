"""What stores of files refuse, in words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import UserError, refuse

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def folder_refusals(place: str) -> Iterator[None]:
    """Turn the errors of a disk or a share into advice."""
    try:
        yield
    except OSError as error:
        told = error.strerror or str(error)
        if error.errno in _FULL:
            raise full(place, told) from error
        if error.errno in _NOT_ALLOWED:
            raise not_allowed(place, told) from error
        raise out_of_reach(place, told) from error


def out_of_reach(place: str, told: str) -> UserError:
    return refuse(
        "REC-070",
        f"The store of results {place} cannot be reached.",
        f"The system says: {_sentence(told)} Nothing half written counts there.",
        "Check the network, or connect the disk or share, then do the step again.",
    )


def not_allowed(place: str, told: str) -> UserError:
    return refuse(
        "REC-071",
        f"The store of results {place} does not let this PC in.",
        f"It says: {_sentence(told)}",
        "Have whoever looks after it check the account of this PC: AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY or the file ~/.aws/credentials for S3, the permissions for a folder.",
    )


_WAY = (
    "Make the folder or the bucket, or give the right address in EXOTWIN_ARTIFACTS: the path of a folder, or "
    "s3://bucket/prefix."
)


def no_such_place(place: str, why: str, next_step: str = _WAY) -> UserError:
    return refuse("REC-072", f"There is no store of results {place}.", why, next_step)


def full(place: str, told: str) -> UserError:
    return refuse(
        "REC-073",
        "The result could not be saved.",
        f"The store of results {place} is full: {_sentence(told)}",
        "Have room made there and do the step again; earlier results are untouched.",
    )


def changed(place: str, name: str) -> UserError:
    return refuse(
        "REC-074",
        "A stored result cannot be trusted any more.",
        f"The file {name} in {place} is not what was written: it was changed there, or damaged.",
        "Have it restored there from a backup, or do the step again.",
    )


def missing(place: str, name: str) -> UserError:
    return refuse(
        "REC-075",
        "A stored result is not there any more.",
        f"The file {name} is missing in {place}.",
        "Check that this is the store that the record was written with, have it restored from a "
        "backup, or do the step again.",
    )


def of_another(place: str, why: str, next_step: str) -> UserError:
    return refuse("REC-076", f"The store of results {place} is not used.", why, next_step)


def _sentence(told: str) -> str:
    return told.strip().rstrip(".") + "."
