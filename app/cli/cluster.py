"""`exotwin cluster`: many PCs that compute together; and `--address`, which cluster a command uses."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from app.jobs.cluster_ports import DEFAULT, HEAD_PORT, read_ports
from app.jobs.cluster_state import AUTO, CLUSTER_VARIABLE, LOOPBACK, NONE

if TYPE_CHECKING:
    from app.jobs.cluster_status import Status

EXIT_OK = 0


class _UseCluster(argparse.Action):
    """The environment says which cluster is used, so that every part of the program agrees."""

    def __call__(self, _parser: argparse.ArgumentParser, _args: Any, value: Any, _option: Any = None) -> None:
        os.environ[CLUSTER_VARIABLE] = str(value)


def add_address(parser: argparse.ArgumentParser) -> None:
    """`--address` for a command that starts jobs."""
    parser.add_argument(
        "--address",
        action=_UseCluster,
        default=argparse.SUPPRESS,
        metavar="HOST:PORT",
        help=f"cluster that computes; {AUTO}: this PC's, {NONE}: this PC alone (default: {CLUSTER_VARIABLE})",
    )


def add_cluster(commands: Any) -> None:
    """Add `cluster` to the parsers of the commands."""
    cluster = commands.add_parser("cluster", help="let many PCs compute together (needs the part `cluster`)")
    actions = cluster.add_subparsers(required=True)
    start = actions.add_parser(
        "start",
        help="a new cluster on this PC, or join one",
        description="Start a cluster on this PC, which only this PC reaches, or join one by --address.",
    )
    start.add_argument("--address", default="", metavar="HOST:PORT", help="join the cluster of this head")
    start.add_argument("--token", metavar="FILE", help="its token, copied from the head; to join")
    start.add_argument(
        "--host", default=LOOPBACK, help=f"address of this PC for the other ones (default {LOOPBACK}: none)"
    )
    start.add_argument(
        "--port", type=int, help=f"of a new cluster (default {HEAD_PORT}; without --host a free one)"
    )
    start.add_argument(
        "--ports",
        metavar="FIRST-LAST",
        default=DEFAULT.words,
        help=f"all others of this PC, where other PCs reach it (default {DEFAULT.words})",
    )
    start.add_argument("--cores", type=int, help="that jobs may use here (default: all)")
    start.add_argument("--memory", type=float, metavar="GB", help="that jobs may use here (default: most)")
    start.set_defaults(command=_start)
    status = actions.add_parser("status", help="its nodes, and what they do")
    status.add_argument("--json", action="store_true", dest="as_json", help="print as JSON")
    status.set_defaults(command=_status)
    using = actions.add_parser("use", help=f"let every program of this login use it, until use {NONE}")
    using.add_argument(
        "which", metavar="HOST:PORT", help=f"or {AUTO}: the one of this PC, or {NONE}: this PC"
    )
    using.set_defaults(command=_use)
    stop = actions.add_parser("stop", help="end it on this PC; jobs that run here are lost")
    stop.set_defaults(command=_stop)


def _start(args: argparse.Namespace) -> int:
    from app.jobs import cluster_start

    memory_mb = None if args.memory is None else int(1024 * args.memory)
    state = cluster_start.start(
        address=args.address,
        host=args.host,
        port=args.port,
        ports=read_ports(args.ports),
        cores=args.cores,
        memory_mb=memory_mb,
        token="" if args.token is None else cluster_start.read_token(args.token),
    )
    joined = "Started" if state.head else "Joined"
    print(f"{joined}. Commands use it with --address {AUTO}, or with {CLUSTER_VARIABLE}={state.address}.")
    return EXIT_OK


def _use(args: argparse.Namespace) -> int:
    from app.jobs import cluster_state

    cluster_state.use(args.which)
    print("This PC computes." if args.which == NONE else f"Jobs go to the cluster {args.which}.")
    return EXIT_OK


def _status(args: argparse.Namespace) -> int:
    from app.jobs.cluster_status import status

    told = status()
    print(json.dumps(told.as_json(), indent=2) if args.as_json else _words(told))
    return EXIT_OK


def _words(told: Status) -> str:
    lines = [f"Cluster at {told.address}", f"Token for PCs that join: {told.token or 'none'}"]
    for node in told.nodes:
        skew = "" if node.version == told.version else f", ExoTwin {node.version or 'unknown'}: other version"
        lines.append(
            f"{node.host} ({node.ip}): {node.free_cores:g} of {node.cores:g} cores and "
            f"{node.free_memory_gb:.1f} of {node.memory_gb:.1f} GB free{skew}"
        )
    return "\n".join(lines)


def _stop(_args: argparse.Namespace) -> int:
    from app.jobs import cluster_start

    ended = cluster_start.stop()
    print(f"Stopped {ended} processes." if ended else "No cluster runs on this PC.")
    return EXIT_OK
