"""The licences of everything a built program brings along, in one text.

`.venv/bin/python installer/notices.py THIRD-PARTY-NOTICES.txt [--target NAME] [--site FOLDER]`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from installer import sbom, shipped  # noqa: E402 - found only after the line above
from installer.locks import Part, Target  # noqa: E402
from installer.shipped import LICENCES, Brought, Package  # noqa: E402

RULE = "=" * 100
HEAD = """Third-party notices of ExoTwin

ExoTwin itself is licensed under the Apache License 2.0 (LICENSE). It brings along the packages below, each
under its own licence.
"""
# What LGPL 2.1 (section 6) and 3.0 (section 4) ask for: notice, text, freedom to exchange, sources.
LGPL = """Libraries under the GNU Lesser General Public License

ExoTwin uses the libraries below as shared libraries in files of their own. You may replace each by a version
of your own that has the same interface: put it in the place of the named file. ExoTwin's licence forbids
neither to modify them for your own use nor to reverse engineer for debugging such modifications. Their
licences are at the end of this text; where their sources are to be had is written beside each.
"""
# Packages that bring no text -> the text they name.
TEXTS = {
    "flatbuffers": ROOT / "LICENSE",
    "pyserial": LICENCES / "pyserial.txt",
    "pyside6-essentials": LICENCES / "LGPL-3.0.txt",
    "shiboken6": LICENCES / "LGPL-3.0.txt",
}
FULL = ("LGPL-3.0.txt", "GPL-3.0.txt", "LGPL-2.1.txt")
_LICENCE_FILE = re.compile(r"licen[sc]e|copying|notice|copyright", re.IGNORECASE)


def licence_files(package: Package) -> list[Path]:
    """The licence texts that a package brings."""
    listed = package.metadata.files or []
    wanted = (file for file in listed if _LICENCE_FILE.search(file.name))
    paths = (Path(str(package.metadata.locate_file(file))) for file in wanted)
    return sorted(path for path in paths if path.suffix not in (".py", ".pyc", ".pyi") and path.is_file())


def texts_of(package: Package) -> list[str]:
    """The licence texts of a package, at least one. Raises LookupError where none is known."""
    files = licence_files(package) or [TEXTS[name] for name in (package.pin.name,) if name in TEXTS]
    if not files:
        raise LookupError(
            f"{package.pin.name} brings no licence text and none is known (installer/notices.py)"
        )
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in files]


def lesser(site: Path, parts: Collection[Part] = ()) -> str:
    """The part about the LGPL."""
    rows = [
        f"- {library.name}, in {library.package} ({library.licence})\n"
        f"  files beside {file.relative_to(site).as_posix()}\n  sources: {library.sources}"
        for library, file in shipped.inside(site, parts)
        if library.licence.startswith("LGPL")
    ]
    return "\n".join([LGPL, *rows])


def sections(
    site: Path,
    target: Target,
    brought: Sequence[Brought] = (),
    without: Collection[str] = (),
    parts: Collection[Part] = (),
) -> Iterator[str]:
    """The sections of the text. A text that came before is named, not repeated."""
    yield HEAD
    yield lesser(site, parts)
    seen: dict[str, str] = {}
    for package in shipped.packages(site, target, without, parts):
        title = f"{package.title} {package.pin.version}"
        said = [f"{title}: {package.licence or 'see its text'}"]
        for text in texts_of(package):
            first = seen.setdefault(text, title)
            said.append(text if first == title else f"(the same text as of {first})")
        yield "\n\n".join(said)
    for library, _file in shipped.inside(site, parts):
        if library.text is not None:
            text = library.text.read_text(encoding="utf-8").strip()
            yield f"{library.name}, in {library.package}: {library.licence}\n\n{text}"
    for one in brought:
        text = one.text.read_text(encoding="utf-8", errors="replace").strip() if one.text else ""
        yield f"{one.name} {one.version}: {one.licence}\n{one.sources}\n\n{text}"
    for name in FULL:
        yield (LICENCES / name).read_text(encoding="utf-8").strip("\n")


def write(
    out: Path,
    target: Target,
    site: Path,
    *,
    brought: Sequence[Brought] = (),
    without: Collection[str] = (),
    parts: Collection[Part] = (),
) -> Path:
    """Write the notices of what lies in `site`; returns `out`."""
    texts = sections(site, target, brought, without, parts)
    out.write_text(f"\n\n{RULE}\n\n".join(texts) + "\n", encoding="utf-8")
    return out


def main() -> int:
    asked = sbom.arguments((__doc__ or "").splitlines()[0])
    print(write(asked.out, asked.target, asked.site, brought=(shipped.POSE_MODEL,)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
