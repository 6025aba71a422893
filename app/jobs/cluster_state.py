"""The cluster that this PC has started or joined: its address, its token, and how its processes find both.

Nothing of it is in a data folder: a cluster serves every record of this login, and outlives a program.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from app.jobs.cluster_refusals import no_cluster, not_started

STATE_VARIABLE = "EXOTWIN_CLUSTER_STATE"
CLUSTER_VARIABLE = "EXOTWIN_CLUSTER"
AUTO, NONE = "auto", "none"  # the cluster of this PC; none at all
LOOPBACK = "127.0.0.1"
_STATE, _TOKEN, _TEMPORARY, _USE = "cluster.json", "token", "ray", "use"
_WORK = "work"
_SOCKETS, _LONGEST = 70, 107  # letters that Ray's own names of sockets add, and that a socket's path may have
_RECONNECT_S = 20  # until what lost the head gives up
_NEVER_MS = 24 * 3600 * 1000
_CONNECT_S = 8  # until a head that does not answer is asked again
_CONNECT_TRIES = 3  # a second apart; Ray itself asks twenty times, also after a wrong token


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What `exotwin cluster start` made."""

    address: str  # host:port of the head
    head: bool  # it is on this PC; else this PC has joined it
    temporary: str  # Ray's folder; the command lines of all its processes name it
    version: str  # of ExoTwin


def state_dir() -> Path:
    """`EXOTWIN_CLUSTER_STATE`, else a folder of this login."""
    chosen = os.environ.get(STATE_VARIABLE, "")
    if chosen:
        return Path(chosen).absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "ExoTwin cluster"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "exotwin" / "cluster"


def work_folder() -> Path:
    """In which jobs of other PCs have theirs."""
    return state_dir() / _WORK


def read_state() -> ClusterState | None:
    """None where this PC has neither started nor joined a cluster."""
    try:
        return ClusterState(**json.loads((state_dir() / _STATE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_state(state: ClusterState) -> None:
    """Raises OSError."""
    temporary = state_dir() / f"{_STATE}.tmp"
    temporary.write_text(json.dumps(asdict(state)), encoding="utf-8")
    temporary.replace(state_dir() / _STATE)


def forget_state() -> None:
    (state_dir() / _STATE).unlink(missing_ok=True)


def token_file() -> Path:
    return state_dir() / _TOKEN


def make_token() -> None:
    """A new one: who knows it can run programs as this login. Raises OSError."""
    keep_token(secrets.token_hex(32))


def keep_token(token: str) -> None:
    """Raises OSError."""
    token_file().unlink(missing_ok=True)
    descriptor = os.open(token_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(token)


def ray_folder() -> Path:
    """A private folder for Ray's files, with a name that is short enough for its sockets. Raises OSError."""
    name = f"exotwin-{hashlib.sha256(str(state_dir()).encode()).hexdigest()[:10]}"
    for base in (state_dir(), Path(tempfile.gettempdir()) / name, Path("/tmp") / name):
        if len(str(base / _TEMPORARY)) + _SOCKETS <= _LONGEST or sys.platform == "win32":
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sys.platform != "win32" and _of_somebody_else(base):
                raise OSError(f"{base} belongs to somebody else")
            base.chmod(0o700)  # Ray opens its own folder to everybody
            return base / _TEMPORARY
    raise OSError("no folder of this login has a short enough name")


def _of_somebody_else(base: Path) -> bool:
    """In a folder for everybody, anybody could have made one of this name, or a link."""
    return base.stat().st_uid != os.getuid() or (base != state_dir() and base.is_symlink())


def asked() -> str:
    """Which cluster is in use, as somebody said it: by `EXOTWIN_CLUSTER`, or for good by `use`."""
    told = os.environ.get(CLUSTER_VARIABLE, "").strip()
    if told:
        return told
    try:
        return (state_dir() / _USE).read_text("utf-8").strip()
    except OSError:
        return ""


def use(told: str) -> None:
    """Use this cluster from now on, where `EXOTWIN_CLUSTER` says nothing. Refuses JOB-030 and JOB-039."""
    if told != NONE:
        address_of(told)
    try:
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        (state_dir() / _USE).write_text(told, encoding="utf-8")
    except OSError as error:
        raise not_started(f"The choice cannot be written: {error}.") from error


def address_of(told: str) -> str:
    """host:port of a cluster.

    Refuses JOB-030 what is no address, and "auto" where this PC has neither started nor joined a cluster.
    """
    if told == AUTO:
        state = read_state()
        if state is None:
            raise no_cluster("", "None was started on this PC, and it has joined none.")
        return state.address
    host, _, port = told.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise no_cluster(told, "An address is a host and a port, such as 192.168.1.20:6379.")
    return told


def ray_variables(address: str) -> dict[str, str]:
    """Environment of every process of this cluster, and of the one that hands jobs to it."""
    on_loopback = address.rpartition(":")[0] == LOOPBACK
    variables = {
        "RAY_USAGE_STATS_ENABLED": "0",
        # Without it Ray takes an address of the network for 127.0.0.1 and listens to everybody there.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0" if on_loopback else "1",
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(_RECONNECT_S),
        # The process of a job ends with the worker of Ray that watches it.
        "RAY_process_group_cleanup_enabled": "1",
        "RAY_py_gcs_connect_timeout_s": str(_CONNECT_S),
        "REPORTER_UPDATE_INTERVAL_MS": str(_NEVER_MS),  # figures of every process, for Ray's own pages
    }
    if token_file().is_file():
        variables |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token_file())}
    return variables


def connecting_variables(address: str) -> dict[str, str]:
    """Of a process that uses a running cluster: Ray asks twenty times, also after a wrong token."""
    return {**ray_variables(address), "RAY_NUM_REDIS_GET_RETRIES": str(_CONNECT_TRIES)}
