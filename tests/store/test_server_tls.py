"""Claims about encrypted connections to a record server, on a real one with a certificate of its own."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.store.dialects import postgresql_refusals as refusals
from core.store.dialects.postgresql_look import look_at
from core.store.record_address import DATABASE_VARIABLE, checked_url
from core.store.repository import open_store
from tests.postgres_server import EMPTY, RECORD, PostgresServer
from tests.refusals import code_of
from tests.store.samples import a_subject

ADDRESS = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
Signer = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(name: str, signer: Signer | None = None) -> Signer:
    """Signed by itself, or by another one and then for a server at `ADDRESS`."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, signs = (subject, key) if signer is None else (signer[0].subject, signer[1])
    alternative = x509.SubjectAlternativeName([] if signer is None else [ADDRESS])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        .add_extension(alternative, critical=False)
        .sign(signs, hashes.SHA256())
    )
    return made, key


@pytest.fixture(scope="module")
def authorities(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The server speaks TLS; a folder with `ours.crt`, which signed its certificate, and `other.crt`."""
    if postgres.sql("SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting = ''"):
        pytest.skip("this server was built without TLS")
    folder, data = tmp_path_factory.mktemp("authorities"), postgres.running.folder / "data"
    ours = certificate("Clinic")
    for name, made in (("ours", ours), ("other", certificate("Another"))):
        (folder / f"{name}.crt").write_bytes(made[0].public_bytes(PEM))
    server, key = certificate("record server", ours)
    secret = key.private_bytes(PEM, PKCS8, serialization.NoEncryption())
    for name, content in (("server.crt", server.public_bytes(PEM)), ("server.key", secret)):
        (data / name).write_bytes(content)
        (data / name).chmod(0o600)
        shutil.chown(data / name, (data / "PG_VERSION").owner())
    speak_tls(postgres, "on")
    yield folder
    speak_tls(postgres, "off")


def speak_tls(postgres: PostgresServer, word: str) -> None:
    postgres.sql(f"ALTER SYSTEM SET ssl = {word}")
    postgres.sql("SELECT pg_reload_conf()")
    end_s = time.monotonic() + 10.0
    while postgres.sql("SHOW ssl") != [(word,)]:
        assert time.monotonic() < end_s, "the server did not read its settings"
        time.sleep(0.02)


def address(postgres: PostgresServer, authority: Path, more: str = "") -> str:
    return postgres.tcp_url(RECORD, more=f"?sslmode=verify-full&sslrootcert={authority}{more}")


def test_a_server_whose_certificate_is_checked_holds_a_record(
    postgres: PostgresServer, authorities: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.bring(EMPTY)
    monkeypatch.setenv(DATABASE_VARIABLE, address(postgres, authorities / "ours.crt"))
    with open_store(tmp_path) as store:
        store.add_patient(a_subject())
        with store._session() as session:
            asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert session.connection().exec_driver_sql(asked).scalar_one() is True
    assert look_at(checked_url(address(postgres, authorities / "ours.crt"))).encrypted


def test_a_server_of_another_authority_or_name_is_refused_before_anything_is_told_to_it(
    postgres: PostgresServer, authorities: Path
) -> None:
    for authority in ("other.crt", "missing.crt"):
        assert code_of(look_at, checked_url(address(postgres, authorities / authority))) == "REC-056"
    elsewhere = address(postgres, authorities / "ours.crt", "&hostaddr=127.0.0.1").replace(
        "@127.0.0.1", "@server.clinic"
    )
    assert code_of(look_at, checked_url(elsewhere)) == "REC-056"


NOBODY = 'FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "exotwin", database "record", '


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (f"{NOBODY}no encryption", "REC-056"),
        (f"{NOBODY}SSL encryption", "REC-051"),
        (f"{NOBODY}SSL encryption connection failed: {NOBODY}no encryption", "REC-051"),
        ("SSL error: certificate verify failed", "REC-056"),
        ('private key file "a.key" has group or world access', "REC-056"),
    ],
)
def test_who_may_not_come_in_is_told_apart_from_a_connection_without_tls(told: str, code: str) -> None:
    pytest.importorskip("psycopg", reason="exotwin[server] is not installed")
    url = checked_url("postgresql://exotwin@10.0.0.1/record")
    assert refusals.no_connection(Exception(told), url, {}).advice.code == code
