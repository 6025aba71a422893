"""A claim about set-up where pip has no configuration: nothing of NVIDIA's would be installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from installer import locks
from installer.locks import GPU_ONLY, TESTED
from installer.processes import NOT_OFFERED, reason


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_without_any_pip_configuration_the_lock_installs_as_it_stands_and_pytorch_is_not_taken_from_pypi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    pins = locks.read(locks.this_machine(), *TESTED)
    torch = [pin for pin in pins if pin.name == "torch"]
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps"]
    command += ["--quiet", "--require-hashes", "--requirement"]

    rest = locks.write((pin for pin in pins if pin.name != "torch"), tmp_path / "rest.txt")
    subprocess.run([*command, str(rest), "--report", str(report)], check=True)
    alone = [*command, str(locks.write(torch, tmp_path / "torch.txt"))]
    said = subprocess.run(alone, capture_output=True, text=True, check=False)

    wanted = json.loads(report.read_text(encoding="utf-8"))["install"]
    names = {locks.normal(one["metadata"]["name"]) for one in wanted}
    assert names == {pin.name for pin in pins} - {"torch"}
    assert not [name for name in names if GPU_ONLY.fullmatch(name)]
    if sys.platform == "linux":
        assert said.returncode != 0 and reason(said.stderr)[0] == NOT_OFFERED
