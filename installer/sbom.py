"""The bill of materials of a built program, as CycloneDX 1.6.

`.venv/bin/python installer/sbom.py OUT.cdx.json [--target NAME] [--site FOLDER]`: what the lock pins for the
target, as it lies in FOLDER (default: this machine and its .venv), with licences, SHA-256 of the files it was
installed from, and what needs what.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import sysconfig
import tomllib
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import locks, shipped  # noqa: E402 - found only after the line above
from installer.locks import Part, Target  # noqa: E402
from installer.shipped import Brought, Inside, Package  # noqa: E402

Json = dict[str, Any]
PYPI = "https://pypi.org/project"


def purl(name: str, version: str) -> str:
    """The package's address in the world's list of packages."""
    return f"pkg:pypi/{name}@{version.replace('+', '%2B')}"


def _hashes(sha256: Sequence[str]) -> list[Json]:
    return [{"alg": "SHA-256", "content": digest} for digest in sha256]


def _licences(licence: str) -> list[Json]:
    return [{"license": {"name": licence}}] if licence else []


def package_component(package: Package) -> Json:
    """One package; its files are those that the lock allows, of which one was taken."""
    pin = package.pin
    address = purl(pin.name, pin.version)
    files = {"type": "distribution", "url": f"{PYPI}/{pin.name}/{pin.version.partition('+')[0]}/"}
    return {
        "type": "library",
        "bom-ref": address,
        "name": package.title,
        "version": pin.version,
        "purl": address,
        "licenses": _licences(package.licence),
        "externalReferences": [files | {"hashes": _hashes(pin.sha256)}],
    }


def inside_component(library: Inside, file: Path) -> Json:
    """A library inside a package, with the file that shows it."""
    return {
        "type": "library",
        "bom-ref": f"{library.package}#{library.name}",
        "name": library.name,
        "licenses": _licences(library.licence),
        "hashes": _hashes([hashlib.sha256(file.read_bytes()).hexdigest()]),
        "properties": [{"name": "file", "value": file.name}, {"name": "inside", "value": library.package}],
    }


def brought_component(brought: Brought) -> Json:
    """A Python, a model: what no package brings."""
    hashes = {"hashes": _hashes([brought.sha256])} if brought.sha256 else {}
    where = (
        {"externalReferences": [{"type": "distribution", "url": brought.sources}]} if brought.sources else {}
    )
    names = {"name": brought.name, "version": brought.version, "bom-ref": f"brought#{brought.name}"}
    return {"type": "library", **names, "licenses": _licences(brought.licence), **hashes, **where}


def bill(
    target: Target,
    site: Path,
    *,
    made: datetime,
    brought: Sequence[Brought] = (),
    without: Collection[str] = (),
    parts: Collection[Part] = (),
) -> Json:
    """The whole document. `without`: what is left out of the program on purpose; `parts`: what was added.

    Raises SetupFailure where `site` is not what the lock says.
    """
    found = shipped.packages(site, target, without, parts)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = purl(project["name"], project["version"])
    address = {package.pin.name: purl(package.pin.name, package.pin.version) for package in found}
    components = [
        *(package_component(package) for package in found),
        *(inside_component(library, file) for library, file in shipped.inside(site, parts)),
        *(brought_component(one) for one in brought),
    ]
    needs = [(own, _asked_for(project, parts)), *((address[p.pin.name], p.needs()) for p in found)]
    content = json.dumps([target.name, components], sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": _metadata(project, own, target, made),
        "components": components,
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(address[name] for name in names & address.keys())}
            for ref, names in needs
        ],
    }


def _asked_for(project: Json, parts: Collection[Part]) -> set[str]:
    """Names of the packages that the program itself asks for."""
    added = (line for part in parts for line in project["optional-dependencies"][part.extra])
    asked = (*project["dependencies"], *added)
    return {locks.normal(line.partition("=")[0].partition("[")[0]) for line in asked}


def _metadata(project: Json, own: str, target: Target, made: datetime) -> Json:
    """What the document is about."""
    return {
        "timestamp": made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "component": {
            "type": "application",
            "bom-ref": own,
            "name": project["name"],
            "version": project["version"],
            "licenses": _licences(project["license"]),
        },
        "properties": [{"name": "target", "value": target.name}],
    }


def write(
    out: Path,
    target: Target,
    site: Path,
    *,
    made: datetime | None = None,
    brought: Sequence[Brought] = (),
    without: Collection[str] = (),
    parts: Collection[Part] = (),
) -> Path:
    """Write the bill of what lies in `site`; `made` in UTC, now where nothing is given. Returns `out`."""
    made = made or datetime.now(UTC)
    document = bill(target, site, made=made, brought=brought, without=without, parts=parts)
    out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return out


def arguments(what: str) -> argparse.Namespace:
    """What this and the notices are asked: where to write, and of what."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("out", type=Path)
    parser.add_argument("--target", choices=[target.name for target in locks.TARGETS])
    parser.add_argument("--site", type=Path, default=Path(sysconfig.get_path("purelib")))
    asked = parser.parse_args()
    named = [target for target in locks.TARGETS if target.name == asked.target]
    asked.target = named[0] if named else locks.this_machine()
    return asked


def main() -> int:
    asked = arguments((__doc__ or "").splitlines()[0])
    print(write(asked.out, asked.target, asked.site, brought=(shipped.POSE_MODEL,)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
