"""What a cluster consists of, for `exotwin cluster status`."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from app.jobs.cluster_refusals import no_cluster
from app.jobs.cluster_start import VERSION_LABEL, require_ray
from app.jobs.cluster_state import AUTO, NONE, address_of, asked, connecting_variables, token_file

_GB = 1 << 30


@dataclass(frozen=True, slots=True)
class NodeStatus:
    host: str
    ip: str
    cores: float
    free_cores: float
    memory_gb: float
    free_memory_gb: float
    version: str  # of ExoTwin; "" where the node was started by something else


@dataclass(frozen=True, slots=True)
class Status:
    address: str
    version: str  # of ExoTwin on this PC
    token: str  # the file that others need to join; "" where there is none
    nodes: tuple[NodeStatus, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def status() -> Status:
    """Of the cluster in use, or else of this PC's. Refuses JOB-030, JOB-032, JOB-033 and JOB-038."""
    told = asked()
    address = address_of(AUTO if told in ("", NONE) else told)
    require_ray()
    os.environ.update(connecting_variables(address))  # before Ray is imported
    from app.jobs.cluster_driver import connect

    connect(address)
    import ray

    try:
        nodes = tuple(_node(node) for node in ray.nodes() if node["Alive"])
    finally:
        ray.shutdown()
    if not nodes:
        raise no_cluster(address, "It has no nodes.")
    token = str(token_file()) if token_file().is_file() else ""
    return Status(address, version("exotwin"), token, nodes)


def _node(node: dict[str, Any]) -> NodeStatus:
    from ray._private.state import available_resources_per_node

    whole, free = node["Resources"], available_resources_per_node().get(node["NodeID"], {})
    return NodeStatus(
        node["NodeManagerHostname"],
        node["NodeManagerAddress"],
        whole.get("CPU", 0.0),
        free.get("CPU", 0.0),
        whole.get("memory", 0.0) / _GB,
        free.get("memory", 0.0) / _GB,
        node.get("Labels", {}).get(VERSION_LABEL, ""),
    )
