"""The surfaces of bones and exo for drawing, thinned so that software rendering stays fluid."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.domain.rollout import BodyMesh

BONE_FACES = 24_000
EXO_FACES = 12_000
_VISUAL_GROUP = 0
_CELLS_M = (0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.011, 0.015, 0.02)

Surface = tuple[FloatArray, IntArray]  # vertices (V, 3) in the body's frame, faces (F, 3)


def body_meshes(model: Any, exo: tuple[int, ...]) -> tuple[BodyMesh, ...]:
    """One surface per body that has one; bodies numbered in `exo` are of kind exo, all others bone."""
    surfaces = {body: surface for body in range(1, model.nbody) if (surface := _surface_of(model, body))}
    thin = {}
    for kind, budget in (("bone", BONE_FACES), ("exo", EXO_FACES)):
        chosen = {body: surface for body, surface in surfaces.items() if (body in exo) == (kind == "exo")}
        thin.update({body: (kind, *surface) for body, surface in within(chosen, budget).items()})
    return tuple(
        BodyMesh(model.body(body).name, kind, vertex.astype(np.float32), face)
        for body, (kind, vertex, face) in sorted(thin.items())
    )


def cluster(surface: Surface, cell_m: float) -> Surface:
    """Merge all vertices of one cubic cell into their mean; degenerate and repeated faces are removed."""
    vertex, face = surface
    cell = np.floor(vertex / cell_m).astype(np.int64)
    cell -= cell.min(axis=0)
    key = (cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1]) * (cell[:, 2].max() + 1) + cell[:, 2]
    _, owner, count = np.unique(key, return_inverse=True, return_counts=True)
    merged = np.zeros((len(count), 3))
    np.add.at(merged, owner, vertex)
    face = owner[face]
    whole = (face[:, 0] != face[:, 1]) & (face[:, 1] != face[:, 2]) & (face[:, 2] != face[:, 0])
    face = face[whole]
    _, first = np.unique(np.sort(face, axis=1), axis=0, return_index=True)
    face = face[np.sort(first)]
    used, face = np.unique(face, return_inverse=True)
    return (merged / count[:, None])[used], face.reshape(-1, 3)


def within(surfaces: dict[int, Surface], budget: int) -> dict[int, Surface]:
    """The surfaces as they are, or clustered with the smallest cell that keeps them within the budget."""
    thin = surfaces
    for cell_m in _CELLS_M:
        if sum(len(face) for _, face in thin.values()) <= budget:
            break
        thin = {body: cluster(surface, cell_m) for body, surface in surfaces.items()}
    return {body: surface for body, surface in thin.items() if len(surface[1])}


def _surface_of(model: Any, body: int) -> Surface | None:
    vertices, faces, start = [], [], 0
    for geom in range(model.ngeom):
        if model.geom_bodyid[geom] != body or model.geom_group[geom] != _VISUAL_GROUP:
            continue
        if model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_MESH:
            continue
        mesh = model.mesh(model.geom_dataid[geom])
        vertex = model.mesh_vert[mesh.vertadr[0] : mesh.vertadr[0] + mesh.vertnum[0]]
        face = model.mesh_face[mesh.faceadr[0] : mesh.faceadr[0] + mesh.facenum[0]]
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
        vertices.append(vertex @ rotation.reshape(3, 3).T + model.geom_pos[geom])
        faces.append(face.astype(np.int64) + start)
        start += len(vertex)
    if not vertices:
        return None
    return np.concatenate(vertices), np.concatenate(faces)
