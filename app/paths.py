"""Where the person's data lives on this machine."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

DATA_DIR_VARIABLE = "EXOTWIN_DATA_DIR"


def data_dir_default(
    variables: dict[str, str] | None = None, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """The data folder in use: `EXOTWIN_DATA_DIR`, else the user's own data folder of this system."""
    environment = dict(os.environ) if variables is None else variables
    chosen = environment.get(DATA_DIR_VARIABLE, "")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = Path.home() if home is None else home
    if platform == "win32":
        local = environment.get("LOCALAPPDATA", "")
        return (Path(local) if local else base / "AppData" / "Local") / "ExoTwin"
    if platform == "darwin":
        return base / "Library" / "Application Support" / "ExoTwin"
    shared = environment.get("XDG_DATA_HOME", "")
    return (Path(shared) if shared else base / ".local" / "share") / "exotwin"


def operator_name() -> str:
    """The operator: the login name of the system, until the program has its own sign-in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return "unknown"
