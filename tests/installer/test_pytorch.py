"""Claims about where PyTorch comes from, with package servers of our own at the wire."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess
import sys
import threading
import zipfile
from collections import namedtuple
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from installer import environment, processes, pytorch
from installer.locks import TARGETS, Pin, Target
from installer.processes import NOT_OFFERED, RULED_OUT, UNREACHABLE
from installer.pytorch import OWN_INDEX, Source
from installer.terminal import Board, SetupFailure

LINUX = Target("linux-x86_64", (3, 11))


def wheel(version: str) -> bytes:
    """A PyTorch of one line."""
    content = {
        "torch.py": f"__version__ = {version!r}\n",
        f"torch-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n",
        f"torch-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for name, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}")
    content[f"torch-{version}.dist-info/RECORD"] = "\n".join(rows) + "\n"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return target.getvalue()


def offer(folder: Path, version: str) -> str:
    """Put a PyTorch of this version onto the server; returns its SHA-256."""
    place = folder / "torch"
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"torch-{version}-py3-none-any.whl"
    file.write_bytes(wheel(version))
    names = sorted(path.name for path in place.glob("*.whl"))
    links = "".join(f'<a href="{name.replace("+", "%2B")}">{name}</a>' for name in names)
    (place / "index.html").write_text(f"<html><body>{links}</body></html>", encoding="utf-8")
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A package server for each folder below `tmp_path`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def pip_into(target: Path, index: str, monkeypatch: pytest.MonkeyPatch):
    """The pip of this environment, which asks only `index` and knows of no configuration."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", index)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    plain = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-compile"]

    def pip(arguments: Sequence[str]) -> str:
        command = [*plain, "--retries", "0", "--target", str(target), *arguments]
        return processes.run(command, what="PyTorch could not be installed.")

    return pip


def no_gpu() -> None:
    raise AssertionError("gigabytes would be fetched")


@pytest.mark.slow
def test_the_build_for_processors_comes_from_pytorchs_own_server_where_the_usual_one_lacks_it(
    tmp_path, server, monkeypatch
):
    offer(tmp_path / "usual", "2.13.0")
    digest = offer(tmp_path / "own", "2.13.0+cpu")
    torch = (Pin("torch", "2.13.0+cpu", (digest,)),)
    usual, own = Source("usual", torch), Source("own", torch, ("--index-url", f"{server}/own"))
    pip = pip_into(tmp_path / "into", f"{server}/usual", monkeypatch)

    taken = pytorch.install((usual, own), tmp_path, pip=pip, before_gpu=no_gpu)

    assert taken is own
    said = [sys.executable, "-c", "import torch; print(torch.__version__)"]
    found = subprocess.run(said, cwd=tmp_path / "into", capture_output=True, text=True, check=True)
    assert found.stdout == "2.13.0+cpu\n"


@pytest.mark.slow
def test_a_file_with_another_hash_is_not_installed_and_no_other_place_is_asked(tmp_path, server, monkeypatch):
    offer(tmp_path / "usual", "2.13.0+cpu")
    torch = (Pin("torch", "2.13.0+cpu", ("0" * 64,)),)
    places = (Source("usual", torch), Source("plain", torch, with_gpu=True))
    pip = pip_into(tmp_path / "into", f"{server}/usual", monkeypatch)

    with pytest.raises(SetupFailure, match="SHA-256 is another"):
        pytorch.install(places, tmp_path, pip=pip, before_gpu=no_gpu)

    assert not (tmp_path / "into" / "torch.py").exists()


def answers(*whys: str | None):
    """A pip that fails for these reasons, one after the other; None: it installs."""
    left = list(whys)

    def pip(_arguments: Sequence[str]) -> str:
        why = left.pop(0)
        if why is not None:
            raise SetupFailure("PyTorch could not be installed.", why, "Mend that.")
        return ""

    return pip


PLACES = (Source("usual", ()), Source("own", (), ("--index-url", "x")), Source("plain", (), with_gpu=True))


@pytest.mark.parametrize(
    ("whys", "taken"),
    [
        ((None,), "usual"),
        ((NOT_OFFERED, None), "own"),
        ((RULED_OUT, None), "own"),
        ((NOT_OFFERED, NOT_OFFERED, None), "plain"),
        ((NOT_OFFERED, UNREACHABLE, None), "plain"),
    ],
)
def test_gigabytes_are_fetched_only_after_every_other_place(tmp_path, whys, taken):
    asked: list[str] = []

    place = pytorch.install(PLACES, tmp_path, pip=answers(*whys), before_gpu=lambda: asked.append("disk"))

    assert place.title == taken and asked == (["disk"] if taken == "plain" else [])


@pytest.mark.parametrize("whys", [(UNREACHABLE,), ("The disk is full.",), (NOT_OFFERED, "The disk is full.")])
def test_without_a_network_or_a_disk_no_further_place_is_tried(tmp_path, whys):
    with pytest.raises(SetupFailure, match=whys[-1]):
        pytorch.install(PLACES, tmp_path, pip=answers(*whys), before_gpu=no_gpu)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_on_linux_three_places_are_known_and_elsewhere_one(target: Target):
    places = pytorch.sources(target)

    if not target.system.startswith("linux"):
        assert [place.with_gpu for place in places] == [False]
        return
    assert [place.with_gpu for place in places] == [False, False, True]
    assert places[1].options == ("--index-url", OWN_INDEX)
    assert [pin.version for place in places[:2] for pin in place.pins] == ["2.13.0+cpu"] * 2
    assert {"torch", "nvidia-cudnn-cu13"} <= {pin.name for pin in places[2].pins}


def test_pytorch_with_its_gpu_libraries_needs_more_disk_and_is_announced(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage(10**11, 0, 8 * 10**9))
    monkeypatch.setattr(environment, "run", lambda *_command, **_options: "")

    def only_with_gpu(_places, _folder, *, pip, before_gpu) -> Source:
        before_gpu()
        return PLACES[-1]

    monkeypatch.setattr(environment.pytorch, "install", only_with_gpu)
    out = io.StringIO()
    with pytest.raises(SetupFailure, match=r"8\.0 GB are free, set-up needs 13 GB: .*NVIDIA"):
        environment.install(LINUX, (), tmp_path, Board((), stream=out), tmp_path / "log")

    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage(10**11, 0, 14 * 10**9))
    environment.install(LINUX, (), tmp_path, Board((), stream=out), tmp_path / "log")
    assert "NVIDIA" in out.getvalue() and "3.3 GB" in out.getvalue()
