"""Opening files that people have open elsewhere, that are gone, or that are of no use here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import refuse

# How files begin that are often tried, and what they are.
_KNOWN_STRANGERS = (
    (b"\xd0\xcf\x11\xe0", "an Excel file of the old kind (.xls)", "Save it in Excel as .xlsx or CSV"),
    (b"MATLAB", "a MATLAB file", "Export it as CSV with one column per muscle, or as C3D"),
    (b"\x89HDF", "a MATLAB or HDF5 file", "Export it as CSV with one column per muscle, or as C3D"),
    (b"PathFileType", "a TRC file of markers, without EMG", "Choose the recording that holds the EMG"),
    (b"%PDF", "a PDF", "Export the signals themselves, as CSV or C3D"),
    (b"\x1f\x8b", "a compressed file", "Unpack it and choose the file inside"),
    (b"Rar!", "a compressed file", "Unpack it and choose the file inside"),
    (b"7z\xbc\xaf", "a compressed file", "Unpack it and choose the file inside"),
)


MOST_CHANNELS = 512  # four grids of 128; more is a file that is damaged, and no table to choose from
LONGEST_NAME = 200  # letters of a column


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what the operating system says into advice: EMG-038 (another program holds it), EMG-001."""
    try:
        yield
    except PermissionError as error:
        raise refuse(
            "EMG-038",
            f"{path.name} cannot be opened.",
            "Another program has it open, or you may not read it.",
            "Close it in the other program (often Excel), or ask for the right to read it.",
        ) from error
    except OSError as error:
        raise refuse_file(path, "It cannot be reached; its disk may have been taken out.") from error


def first_bytes(path: Path, count: int = 16) -> bytes:
    """The first bytes of a file that exists and is not empty. Raises UserError EMG-001 or EMG-038."""
    if not path.is_file() or path.stat().st_size == 0:
        raise refuse(
            "EMG-001",
            f"{path.name} holds no EMG.",
            "The file is missing or empty.",
            "Export the recording again and choose the new file.",
        )
    with reading(path), path.open("rb") as stream:
        return stream.read(count)


def refuse_strangers(path: Path, head: bytes) -> None:
    """Raises UserError EMG-039 for kinds of file that are often tried and cannot be read."""
    for begins, kind, remedy in _KNOWN_STRANGERS:
        if head.startswith(begins):
            raise refuse("EMG-039", f"{path.name} is {kind}.", "It cannot be read here.", f"{remedy}.")


def refuse_file(path: Path, why: str) -> Exception:
    return refuse(
        "EMG-001",
        f"{path.name} cannot be read as EMG.",
        why,
        "Export it as CSV with one column per muscle, or as C3D.",
    )


def check_channels(path: Path, count: int) -> None:
    """Raises UserError EMG-012 for more columns than any recording has."""
    if count > MOST_CHANNELS:
        raise refuse(
            "EMG-012",
            f"{path.name} has {count} channels or columns.",
            f"At most {MOST_CHANNELS} can be read from one file; a damaged file may claim more than it has.",
            "Export only the channels with EMG, or copy the file again.",
        )


def no_channels(path: Path) -> Exception:
    return refuse(
        "EMG-002",
        f"{path.name} has no EMG channels.",
        "No column or analog channel with a name was found.",
        "Check that the export includes the EMG signals.",
    )
