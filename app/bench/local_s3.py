"""A server that speaks S3, on this PC for a while and in a process of its own: moto, all in memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

BUCKET = "bench"
_WAIT_S = 30.0


def missing() -> str:
    """Why there can be no server; "" where there can."""
    absent = [part for part in ("s3fs", "moto") if find_spec(part) is None]
    return f"{' and '.join(absent)} is not installed" if absent else ""


def keys(port: int) -> dict[str, str]:
    """Variables by which programs find it."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def running_s3() -> Iterator[int]:
    """Its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(words, stdin=subprocess.DEVNULL, **streams)
    try:
        _wait_for(f"http://127.0.0.1:{port}/moto-api/")
        yield port
    finally:
        running.terminate()
        running.wait()


def make_bucket() -> Any:
    """`BUCKET` in the server that the variables name; returns the plain file system of `s3fs`."""
    import s3fs

    plain = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    plain.mkdir(BUCKET)
    return plain


def _wait_for(url: str) -> None:
    give_up_s = time.monotonic() + _WAIT_S
    while time.monotonic() < give_up_s:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1.0):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the S3 server of the benchmark does not answer within {_WAIT_S:.0f} s")


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables for the time of a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
