"""Known vulnerabilities of the locked packages: `.venv/bin/python installer/advisories.py`.

Asks the world's advisories by pip-audit, in an environment of its own, and writes what was found to
`lock/advisories.json`, which a test holds against the locks. Where no advisory service can be reached the
file stays as it is: pip-audit itself then says "no known vulnerabilities" after it has looked up nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import locks  # noqa: E402 - found only after the line above
from installer.environment import venv_python  # noqa: E402
from installer.locks import TESTED, Pin  # noqa: E402

PIP_AUDIT = "pip-audit==2.10.1"
LIST = locks.LOCKS / "advisories.json"


@dataclass(frozen=True, slots=True)
class Advisory:
    """One vulnerability of one version."""

    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...]


def pinned() -> tuple[Pin, ...]:
    """Every package and version of every lock, once; a `+cpu` build counts as its release."""
    found = {
        (pin.name, pin.version.partition("+")[0]): pin
        for target in locks.TARGETS
        for pin in locks.read(target, *TESTED)
    }
    return tuple(Pin(name, version, pin.sha256) for (name, version), pin in sorted(found.items()))


def judged(report: dict[str, Any]) -> tuple[tuple[Advisory, ...], int]:
    """What pip-audit's JSON says: the advisories, and how many packages were looked up at all."""
    looked_up = [entry for entry in report["dependencies"] if "skip_reason" not in entry]
    found = (
        Advisory(entry["name"], entry["version"], one["id"], tuple(one["fix_versions"]))
        for entry in looked_up
        for one in entry["vulns"]
    )
    return tuple(found), len(looked_up)


def known(path: Path = LIST) -> tuple[Advisory, ...]:
    """The advisories of the list."""
    entries = json.loads(path.read_text(encoding="utf-8"))["found"]
    return tuple(Advisory(**entry | {"fixed_in": tuple(entry["fixed_in"])}) for entry in entries)


def ask(pins: tuple[Pin, ...], folder: Path) -> dict[str, Any] | None:
    """pip-audit's report on `pins`; None where it could not be had."""
    wanted = locks.write(pins, folder / "wanted.txt")
    python = str(venv_python(folder / "venv"))
    audit = [python, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(wanted)]
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", PIP_AUDIT], check=True)
    done = subprocess.run([*audit, "--format", "json"], capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return report


def main() -> int:
    pins = pinned()
    with tempfile.TemporaryDirectory() as folder:
        report = ask(pins, Path(folder))
    found, looked_up = judged(report) if report else ((), 0)
    if not looked_up:
        print(f"No advisory service could be reached; {LIST} stays as it is.")
        return 2
    content = {
        "asked_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "by": PIP_AUDIT,
        "looked_up": f"{looked_up} of {len(pins)} packages",
        "found": [asdict(one) for one in found],
    }
    LIST.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for one in found:
        print(
            f"{one.package} {one.version}: {one.id}, mended in {', '.join(one.fixed_in) or 'no release yet'}"
        )
    print(f"{len(found)} advisories in {looked_up} of {len(pins)} packages; written to {LIST}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
