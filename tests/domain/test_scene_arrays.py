"""Claims about a scene on its way from a job to the screen."""

from __future__ import annotations

import numpy as np

from core.domain.rollout import BodyMesh, SceneGeometry
from core.domain.scene_arrays import pack_scene, unpack_scene


def test_a_scene_comes_back_mesh_by_mesh() -> None:
    rng = np.random.default_rng(0)
    meshes = tuple(
        BodyMesh(
            body, kind, rng.normal(size=(corners, 3)).astype(np.float32), rng.integers(0, corners, (faces, 3))
        )
        for body, kind, corners, faces in (
            ("femur_l", "bone", 5, 3),
            ("exo_r", "exo", 4, 2),
            ("pelvis", "bone", 3, 1),
        )
    )
    arrays = pack_scene(SceneGeometry(meshes), ("pelvis", "femur_l"))
    assert arrays["body_name"].tolist() == ["pelvis", "femur_l"]
    again = unpack_scene(arrays)
    assert again is not None
    for before, after in zip(meshes, again.meshes, strict=True):
        assert (before.body, before.kind) == (after.body, after.kind)
        np.testing.assert_array_equal(before.vertex_m, after.vertex_m)
        np.testing.assert_array_equal(before.face, after.face)


def test_a_picture_without_a_scene_is_none() -> None:
    assert unpack_scene({"body_name": np.array(["pelvis"])}) is None
