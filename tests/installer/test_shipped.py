"""Claims about what a built program says of the packages it brings along."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installer import environment, locks, notices, sbom, shipped
from installer.locks import Part, Pin, Target
from installer.shipped import POSE_MODEL
from installer.terminal import SetupFailure

LINUX = Target("linux-x86_64", (3, 11))
HASH = "a" * 64
PINS = (
    Pin("numpy", "2.4.6", (HASH,)),
    Pin("opencv-contrib-python", "5.0.0.93", (HASH,)),
    Pin("torch", "2.13.0+cpu", (HASH,)),
)
MADE = datetime(2026, 11, 30, 12, tzinfo=UTC)
VALIDATOR = "cyclonedx-python-lib[json-validation]==11.12.0"


def put(site: Path, name: str, version: str, licence: str, needs: str = "", texts: bool = True) -> None:
    """A package as pip leaves it."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    head = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\n"
    (info / "METADATA").write_text(head + (f"Requires-Dist: {needs}\n" if needs else ""), encoding="utf-8")
    listed = [f"{info.name}/METADATA,,"]
    if texts:
        (info / "LICENSE").write_text(f"The text of {licence}.", encoding="utf-8")
        listed.append(f"{info.name}/LICENSE,,")
    (info / "RECORD").write_text("\n".join(listed) + "\n", encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that is what the (short) lock says."""
    monkeypatch.setattr(shipped.locks, "read", lambda _target, *_parts: PINS)
    folder = tmp_path / "site"
    put(folder, "numpy", "2.4.6", "BSD-3-Clause")
    put(folder, "opencv-contrib-python", "5.0.0.93", "Apache-2.0", 'numpy>=2; python_version >= "3.9"')
    put(folder, "torch", "2.13.0+cpu", "BSD-3-Clause", "sympy")
    (folder / "opencv_contrib_python.libs").mkdir()
    (folder / "opencv_contrib_python.libs" / "libavcodec-c4.so.62").write_bytes(b"FFmpeg")
    return folder


def test_the_bill_names_every_package_with_version_licence_hash_and_what_it_needs(site: Path):
    bill = sbom.bill(LINUX, site, made=MADE, brought=(POSE_MODEL,))

    components = {component["name"]: component for component in bill["components"]}
    assert components.keys() == {"numpy", "opencv-contrib-python", "torch", "FFmpeg", POSE_MODEL.name}
    torch = components["torch"]
    assert torch["purl"] == "pkg:pypi/torch@2.13.0%2Bcpu"
    assert torch["licenses"] == [{"license": {"name": "BSD-3-Clause"}}]
    assert torch["externalReferences"][0]["hashes"] == [{"alg": "SHA-256", "content": HASH}]
    needs = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert needs["pkg:pypi/opencv-contrib-python@5.0.0.93"] == ["pkg:pypi/numpy@2.4.6"]
    assert "pkg:pypi/torch@2.13.0%2Bcpu" in needs[bill["metadata"]["component"]["bom-ref"]]


def test_the_same_program_has_the_same_bill(site: Path, tmp_path: Path):
    first = sbom.write(tmp_path / "1.json", LINUX, site, made=MADE)
    second = sbom.write(tmp_path / "2.json", LINUX, site, made=MADE)

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("version", ["2.13.0", None])
def test_a_program_that_is_not_as_locked_gets_no_bill(site: Path, version: str | None):
    info = site / "torch-2.13.0+cpu.dist-info"
    if version is None:
        info.rename(site / "gone")
    else:
        metadata = info / "METADATA"
        text = metadata.read_text(encoding="utf-8").replace("2.13.0+cpu", version)
        metadata.write_text(text, encoding="utf-8")
        info.rename(site / f"torch-{version}.dist-info")

    with pytest.raises(SetupFailure, match="torch is locked at"):
        sbom.bill(LINUX, site, made=MADE)


def test_the_notices_hold_each_text_once_and_what_the_lgpl_asks_for(site: Path, tmp_path: Path):
    said = notices.write(tmp_path / "notices.txt", LINUX, site).read_text(encoding="utf-8")

    assert said.count("The text of BSD-3-Clause.") == 1 and "(the same text as of numpy 2.4.6)" in said
    assert "FFmpeg, in opencv-contrib-python (LGPL-2.1-or-later)" in said and "ffmpeg.org/releases" in said
    assert "libavcodec-c4.so.62" in said and "You may replace each" in said
    assert "GNU LESSER GENERAL PUBLIC LICENSE\n                       Version 3" in said
    assert "GNU GENERAL PUBLIC LICENSE\n                       Version 3" in said
    assert "GNU LESSER GENERAL PUBLIC LICENSE\n                       Version 2.1" in said


def test_what_was_added_for_a_server_is_in_bill_and_notices_only_where_it_goes_along(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    psycopg = Pin("psycopg", "3.3.9", (HASH,))
    monkeypatch.setattr(
        shipped.locks, "read", lambda _target, *parts: (*PINS, psycopg) if Part.SERVER in parts else PINS
    )
    put(site, "psycopg", "3.3.9", "LGPL-3.0-only")
    (site / "psycopg").mkdir()
    (site / "psycopg" / "__init__.py").touch()

    for parts in ((), (Part.SERVER,)):
        bill = sbom.bill(LINUX, site, made=MADE, parts=parts)
        said = notices.write(tmp_path / "notices.txt", LINUX, site, parts=parts).read_text(encoding="utf-8")
        assert ("psycopg" in {one["name"] for one in bill["components"]}) is bool(parts)
        assert ("pkg:pypi/psycopg@3.3.9" in bill["dependencies"][0]["dependsOn"]) is bool(parts)
        assert ("psycopg, in psycopg (LGPL-3.0-only)" in said) is bool(parts)


def test_a_package_without_any_licence_text_is_not_passed_over(site: Path):
    record = site / "numpy-2.4.6.dist-info" / "RECORD"
    record.write_text("numpy-2.4.6.dist-info/METADATA,,\n", encoding="utf-8")

    with pytest.raises(LookupError, match="numpy brings no licence text"):
        list(notices.sections(site, LINUX))
    assert list(notices.sections(site, LINUX, without={"numpy"}))


def installed_here() -> tuple[Path, Target]:
    if not environment.is_installed((Part.DEV,)):
        pytest.skip("the environment is not one that bootstrap.py made for this tree")
    return Path(sysconfig.get_path("purelib")), locks.this_machine()


def test_bill_and_notices_can_be_made_of_what_is_installed_here(tmp_path: Path):
    folder, target = installed_here()

    bill = json.loads(sbom.write(tmp_path / "bill.json", target, folder).read_text(encoding="utf-8"))
    said = notices.write(tmp_path / "notices.txt", target, folder).read_text(encoding="utf-8")

    names = {component["name"] for component in bill["components"]}
    assert {"Qt 6", "FFmpeg", "SQLCipher", "torch", "PySide6_Essentials"} <= names
    assert all(component["licenses"] for component in bill["components"])
    assert "PySide6_Essentials 6.11.3: LGPL-3.0-only" in said
    assert "SQLCipher, in sqlcipher3: BSD-3-Clause" in said and "ZETETIC LLC" in said


@pytest.mark.long
def test_the_bill_passes_the_schema_of_cyclonedx(site: Path, tmp_path: Path):
    bill = sbom.write(tmp_path / "bill.json", LINUX, site, brought=(POSE_MODEL,))
    python = environment.venv_python(tmp_path / "venv")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", VALIDATOR], check=True)
    judge = (
        "import sys; from cyclonedx.validation.json import JsonStrictValidator as Judge;"
        "from cyclonedx.schema import SchemaVersion;"
        "print(Judge(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))"
    )

    said = subprocess.run([str(python), "-c", judge, str(bill)], capture_output=True, text=True, check=True)

    assert said.stdout == "None\n"
