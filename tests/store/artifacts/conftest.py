"""A server that speaks S3, once for all tests that want one; skipped where it cannot be installed."""

from __future__ import annotations

import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from app.bench.cut_network import Network

KEYS = {
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",  # nobody is asked for keys over the network
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@dataclass
class S3Server:
    """Buckets on this PC. `url` is what AWS_ENDPOINT_URL is set to."""

    url: str
    network: Network
    client: Any  # of botocore, which speaks past the network that is cut

    def a_bucket(self) -> str:
        name = f"b{uuid4().hex[:20]}"
        self.client.create_bucket(Bucket=name)
        return name

    def names(self, bucket: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=bucket)
        return sorted(one["Key"] for one in found.get("Contents", ()))

    def check_keys(self, wanted: bool) -> None:
        """Whether the server looks at keys, none of which it knows."""
        asked = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth",
            data=b"0" if wanted else b"inf",
            headers={"Content-Type": "text/plain"},
        )
        with urllib.request.urlopen(asked, timeout=5) as answer:
            assert answer.status == 200


@pytest.fixture(scope="session")
def _server() -> Iterator[S3Server]:
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    pytest.importorskip("moto.server", reason="moto is not installed")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url, network = f"http://{host}:{port}", Network(port)
    import botocore.session

    keys = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests", "region_name": "us-east-1"}
    client = botocore.session.get_session().create_client("s3", endpoint_url=url, **keys)
    yield S3Server(url, network, client)
    client.close()
    network.close()
    server.stop()


@pytest.fixture
def s3(_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{_server.network.port}")
    monkeypatch.setattr("core.store.artifacts.s3.PAUSES_S", (0.01, 0.02))
    _server.network.mend()
    return _server
