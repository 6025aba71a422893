"""Starting, joining and stopping a cluster's processes on this PC; Ray's own command starts them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.jobs.cluster_ports import DEFAULT, HEAD_PORT, Ports
from app.jobs.cluster_refusals import no_cluster, no_ray, not_let_in, not_started, other_ray
from app.jobs.cluster_state import (
    LOOPBACK,
    ClusterState,
    forget_state,
    keep_token,
    make_token,
    ray_folder,
    ray_variables,
    read_state,
    state_dir,
    token_file,
    work_folder,
    write_state,
)
from core.errors import UserError

VERSION_LABEL = "exotwin"
_START_S, _STOP_S = 180.0, 1.0
_REACH_S = 3.0
_LEAST_STORE_MB = 100  # of Ray's shared memory, through which checkpoints travel
_MB = 1 << 20
_HEAD = ("--head", "--include-dashboard=false", "--no-monitor")  # that would ask a cloud for more nodes
_FREE_PORTS = ("--dashboard-agent-listen-port=0",)  # all others are free ones by themselves
# Ray's command, without the server for programs that are in no cluster: it would let them in on a port more.
_RAY = (
    "import ray.scripts.scripts as ray; "
    "ray.get_ray_client_dependency_error = lambda: ImportError('not wanted'); ray.main()"
)
_ROOT = Path(__file__).resolve().parents[2]  # where workers find this program


def require_ray() -> None:
    """Refuses JOB-033."""
    if importlib.util.find_spec("ray") is None:
        raise no_ray()


def reachable(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_S).close()
    except (OSError, ValueError, OverflowError):  # the latter two: it is no address at all
        return False
    return True


def start(
    *,
    address: str = "",
    host: str = LOOPBACK,
    port: int | None = None,
    ports: Ports = DEFAULT,
    cores: int | None = None,
    memory_mb: int | None = None,
    token: str = "",
) -> ClusterState:
    """A head on this PC, or with `address` a node that joins one.

    `host`: under which other PCs reach this one; by default none can. `port`: of the head, 0 for a free one;
    by default a free one where only this PC reaches it. `ports`: of all else, where others reach it. Refuses
    JOB-030 (nothing at `address`), JOB-032, JOB-033, JOB-038 and JOB-039.
    """
    require_ray()
    begun = ClusterState(address, not address, str(_prepared(address, token)), version("exotwin"))
    temporary = Path(begun.temporary)
    options = [*_place(address, host, port, ports), *_resources(cores, memory_mb), *_habits(temporary)]
    with _all_or_nothing(begun):
        _run_ray(options, address or f"{host}:0")
        state = begun if address else _with_address(begun)
        write_state(state)
    return state


@contextmanager
def _all_or_nothing(begun: ClusterState) -> Iterator[None]:
    try:
        yield
    except (UserError, OSError) as error:
        end_processes(begun)
        remove_files(begun.temporary)
        if isinstance(error, UserError):
            raise
        raise not_started(f"Its files cannot be written: {error}.") from error


def _prepared(address: str, token: str) -> Path:
    """The folder for Ray's files; the token is there, and nothing else of an earlier cluster."""
    try:
        state_dir().mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = ray_folder()
        known = read_state() or _not_finished()
        if processes_of(known):
            raise not_started(f"One runs here already{known.address and ', at '}{known.address}.")
        remove_files(str(temporary))  # of one that was not stopped, as when the PC was switched off
        if address:
            _check_address(address, token)
        else:
            make_token()
    except OSError as error:
        raise not_started(f"Its files cannot be written: {error}.") from error
    return temporary


def _place(address: str, host: str, port: int | None, ports: Ports) -> list[str]:
    """Where the node listens, and whom it joins."""
    alone = (address.rpartition(":")[0] or host) == LOOPBACK
    if address:
        where = [f"--address={address}"]
    else:
        free = 0 if alone else HEAD_PORT
        where = [*_HEAD, f"--port={free if port is None else port}"]
    if not address or host != LOOPBACK:
        where.append(f"--node-ip-address={host}")
    return [*where, *(_FREE_PORTS if alone else ports.options())]


def start_simulated_node(head: ClusterState) -> None:
    """One more node on this PC, with one core, as if it were another PC: to try what more nodes bring."""
    where = [f"--address={head.address}", *_FREE_PORTS]
    _run_ray([*where, *_resources(1, 1000), *_habits(Path(head.temporary))], head.address)


def _check_address(address: str, token: str) -> None:
    if not reachable(address):
        raise no_cluster(address, "Nothing answers there.")
    if token:
        keep_token(token)


def read_token(file: str) -> str:
    """Refuses JOB-039 a file that holds none."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise not_started(f"The token file {file} cannot be read: {error}.") from error


def _resources(cores: int | None, memory_mb: int | None) -> list[str]:
    asked = [] if cores is None else [f"--num-cpus={cores}"]
    if memory_mb is not None:
        asked.append(f"--memory={memory_mb * _MB}")
    return asked


def _habits(temporary: Path) -> list[str]:
    return [
        f"--temp-dir={temporary}",
        f"--object-store-memory={_LEAST_STORE_MB * _MB}",
        f"--labels={VERSION_LABEL}={version('exotwin')}",
        "--include-log-monitor=false",
        "--disable-usage-stats",
    ]


def _run_ray(options: list[str], address: str) -> None:
    """Ray's command ends when its processes run. Refuses JOB-032, JOB-038 and JOB-039."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    environment = {**os.environ, **ray_variables(address), "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", _RAY, "start", *options]
    try:
        ended = subprocess.run(
            command,
            env=environment,
            cwd=state_dir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_START_S,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise not_started(f"Ray did not start: {type(error).__name__}.") from error
    if ended.returncode != 0:
        raise ray_refusal(ended.stdout, address)


def ray_refusal(told: str, address: str) -> UserError:
    """What Ray says when it does not start or connect, as advice."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    if "ersion mismatch" in told:
        begins = next(number for number, line in enumerate(lines) if "ersion mismatch" in line)
        return other_ray(" ".join(lines[begins : begins + 7]))
    if "authentication" in told.lower() or "unauthenticated" in told.lower():
        return not_let_in(address)
    return not_started(lines[-1] if lines else "Ray gave no reason.")


def _with_address(begun: ClusterState) -> ClusterState:
    file = Path(begun.temporary) / "ray_current_cluster"
    return ClusterState(file.read_text("utf-8").strip(), True, begun.temporary, begun.version)


def stop() -> int:
    """End every process of the cluster on this PC; returns how many there were."""
    try:
        state = read_state() or _not_finished()
    except OSError:  # nothing can be written here, so nothing was started
        return 0
    ended = end_processes(state)
    forget_state()
    token_file().unlink(missing_ok=True)
    remove_files(state.temporary)
    with suppress(OSError):  # the state's own folder, which is not empty
        Path(state.temporary).parent.rmdir()
    return ended


def _not_finished() -> ClusterState:
    """What a start that was killed has left: processes, and no word of them. Raises OSError."""
    return ClusterState("", False, str(ray_folder()), "")


def remove_files(temporary: str) -> None:
    """Ray's own, and what a job left here whose worker was killed."""
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(work_folder(), ignore_errors=True)


def processes_of(state: ClusterState) -> list[Any]:
    """Those that name the cluster's folder in their command line, and what these have started."""
    import psutil

    found: dict[int, Any] = {}
    for process in psutil.process_iter(["cmdline"]):
        if any(state.temporary in word for word in process.info["cmdline"] or ()):
            found[process.pid] = process
            try:
                found |= {child.pid: child for child in process.children(recursive=True)}
            except psutil.Error:  # it has just ended
                continue
    found.pop(os.getpid(), None)
    return list(found.values())


def end_processes(state: ClusterState) -> int:
    """Ask them to end, and end those that do not; by their own ids, never by a name."""
    import psutil

    processes = processes_of(state)
    for kill in (False, True):
        for process in processes:
            try:
                process.kill() if kill else process.terminate()
            except psutil.Error:  # it has just ended
                continue
        _gone, alive = psutil.wait_procs(processes, timeout=_STOP_S)
        if not alive:
            break
    return len(processes)
