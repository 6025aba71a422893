"""Ground forces in OpenSim's tables (.mot, .sto): whose columns belong together, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.domain.arrays import FloatArray
from core.errors import refuse
from core.laboratory.opensim_tables import OpenSimTable

# ground_force_vx, 1_ground_force_vx, l_ground_force_vx, ground_force_r_vx, ground_force_1_vx; torques alike
_GROUND = re.compile(
    r"^(?P<before>.*?)_?ground_(?P<what>force|torque|moment)_?(?P<within>.*?)_?(?P<kind>[vpm]?)(?P<axis>[xyz])$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?P<kind>[fpm])(?P<within>\d+)_(?P<axis>[123])$", re.IGNORECASE)  # f1_1, p1_1, m1_1
_LOADED_N = 50.0
_FARTHEST_M = 50.0  # a centre of pressure beyond any room tells that its numbers are millimetres


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """One foot's or one plate's load, in the table's axes. Axes: K rows."""

    name: str
    force_n: FloatArray  # (K, 3)
    pressure_m: FloatArray  # (K, 3)
    moment_nm: FloatArray  # (K, 3) at the centre of pressure


def loads_of(table: OpenSimTable, path: Path) -> tuple[Loads, ...]:
    """All loads of a table. Refuses LAB-024 when no three columns are a ground force with its place."""
    columns: dict[str, dict[str, dict[int, str]]] = {}
    for name in table.names:
        if found := _GROUND.match(name) or _NUMBERED.match(name):
            parts = found.groupdict()
            kind = {"v": "f", "f": "f", "p": "p", "m": "m"}.get(parts["kind"].lower(), "m")
            group = "_".join(part for part in (parts.get("before"), parts["within"]) if part)
            axis = "xyz123".index(parts["axis"].lower()) % 3
            columns.setdefault(group, {}).setdefault(kind, {})[axis] = name
    loads = [
        _load(table, group, kinds)
        for group, kinds in columns.items()
        if all(len(kinds.get(kind, {})) == 3 for kind in "fp")
    ]
    if not loads:
        raise refuse(
            "LAB-024",
            f"{path.name} holds no ground forces.",
            "No columns are called like ground_force_vx, ground_force_px and ground_torque_x.",
            "Choose the file with the ground forces, or name its columns like OpenSim's examples.",
        )
    return tuple(loads)


def _load(table: OpenSimTable, group: str, kinds: dict[str, dict[int, str]]) -> Loads:
    force, place, moment = (
        np.column_stack([_column(table, kinds.get(kind, {}).get(axis)) for axis in range(3)])
        for kind in "fpm"
    )
    loaded = np.abs(force).max(axis=1) > _LOADED_N  # elsewhere a place is a quotient of nothing
    farthest = np.median(np.abs(place[loaded]).max(axis=1)) if loaded.any() else 0.0
    unit_m = 1e-3 if farthest > _FARTHEST_M else 1.0
    return Loads(f"plate {group}".strip(), force, place * unit_m, moment * unit_m)


def _column(table: OpenSimTable, name: str | None) -> FloatArray:
    return np.zeros(len(table.time_s)) if name is None else np.nan_to_num(table.of(name))
