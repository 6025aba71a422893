"""What is told of a cluster that cannot do a job: JOB-030 to JOB-039."""

from __future__ import annotations

from core.errors import Advice, UserError, refuse

_HERE = "set EXOTWIN_CLUSTER=none to compute on this PC"


def no_cluster(address: str, why: str) -> UserError:
    return refuse(
        "JOB-030",
        f"There is no cluster at {address or 'this PC'}.",
        why,
        "Start one with exotwin cluster start, give the address that exotwin cluster status tells, or "
        f"{_HERE}.",
    )


def other_exotwin(node: str, theirs: str, ours: str) -> UserError:
    return refuse(
        "JOB-031",
        f"The node {node} has another version of ExoTwin.",
        f"It has {theirs}, and this PC has {ours}: their results could not be told apart.",
        "Install the same version on every node, then run exotwin cluster stop and start there.",
    )


def other_ray(told: str) -> UserError:
    return refuse(
        "JOB-032",
        "The cluster runs with another version of Ray or Python.",
        told,
        "Install the same version of ExoTwin with the same Python on every node and start it again, or "
        f"{_HERE}.",
    )


def no_ray() -> UserError:
    return refuse(
        "JOB-033",
        "Jobs cannot run on a cluster from this PC.",
        "Ray is not installed; a single PC does without it.",
        f"Add it (python3 installer/bootstrap.py setup --with cluster), or {_HERE}.",
    )


def record_out_of_reach(node: str, why: str) -> UserError:
    return refuse(
        "JOB-034",
        f"The node {node} cannot reach the record.",
        why,
        "Keep the record on a database server that every node reaches, or start the cluster on this PC.",
    )


def cluster_lost() -> Advice:
    return Advice(
        "The cluster was lost while it worked.",
        "Its head no longer answers; it was ended, or its PC is off or out of the network.",
        "Start it with exotwin cluster start, then resume the step where that is offered, or start it again; "
        "earlier results are untouched.",
        "JOB-035",
    )


def node_lost(times: int) -> Advice:
    tried = "" if times == 1 else f" It was tried {times} times."
    return Advice(
        "The work stopped: the node that did it was lost.",
        f"Its process or its PC ended early, for example for lack of memory.{tried}",
        "Resume the step where that is offered, or start it again; earlier results are untouched.",
        "JOB-036",
    )


def too_small(memory_mb: int, *, stays: bool) -> Advice:
    """`stays`: only nodes of the PC that started it can do the job."""
    where = "on this PC, where its record is" if stays else "on one node"
    return Advice(
        "No node of the cluster is large enough for this job.",
        f"It takes {memory_mb / 1024:.1f} GB of memory {where}.",
        "Give a node more: exotwin cluster stop there, then start it again with a larger --memory. Or "
        f"{_HERE}.",
        "JOB-037",
    )


def not_let_in(address: str) -> UserError:
    return refuse(
        "JOB-038",
        f"The cluster at {address} does not let this PC in.",
        "It asks for the token of the cluster, and this PC has none or another one.",
        "Copy the file that exotwin cluster status names from the head to this PC and join with "
        "exotwin cluster start --address HOST:PORT --token FILE.",
    )


def not_started(why: str) -> UserError:
    return refuse(
        "JOB-039",
        "The cluster could not be set up on this PC.",
        why,
        "Run exotwin cluster stop, check what was given (exotwin cluster start --help), and try again.",
    )
