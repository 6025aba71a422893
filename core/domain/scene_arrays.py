"""A scene as plain arrays, so that a running job can send the twin to the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain.rollout import BodyMesh, SceneGeometry

KINDS = ("bone", "exo")
_NEEDED = frozenset(
    {"scene_body", "scene_kind", "scene_vertex_m", "scene_vertex_start", "scene_face", "scene_face_start"}
)


def pack_scene(geometry: SceneGeometry, body_names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Arrays for `JobContext.picture`, beside the poses of the bodies `body_names` (B).

    Names are stored as fixed-width text; axes: M meshes, V vertices and F faces of all meshes together.
    """
    meshes = geometry.meshes
    vertices = [len(mesh.vertex_m) for mesh in meshes]
    faces = [len(mesh.face) for mesh in meshes]
    return {
        "body_name": np.array(body_names),
        "scene_body": np.array([mesh.body for mesh in meshes]),
        "scene_kind": np.array([KINDS.index(mesh.kind) for mesh in meshes], dtype=np.int8),
        "scene_vertex_m": np.concatenate([mesh.vertex_m for mesh in meshes]).astype(np.float32),
        "scene_vertex_start": np.cumsum([0, *vertices]),
        "scene_face": np.concatenate([mesh.face for mesh in meshes]).astype(np.int32),
        "scene_face_start": np.cumsum([0, *faces]),
    }


def unpack_scene(arrays: Mapping[str, NDArray[Any]]) -> SceneGeometry | None:
    """The scene of a picture; None when the picture carries none."""
    if not set(arrays) >= _NEEDED:
        return None
    vertex_start, face_start = arrays["scene_vertex_start"], arrays["scene_face_start"]
    return SceneGeometry(
        tuple(
            BodyMesh(
                str(body),
                KINDS[int(arrays["scene_kind"][number])],
                arrays["scene_vertex_m"][vertex_start[number] : vertex_start[number + 1]],
                arrays["scene_face"][face_start[number] : face_start[number + 1]],
            )
            for number, body in enumerate(arrays["scene_body"])
        )
    )
