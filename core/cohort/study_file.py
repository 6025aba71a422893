"""The file of a study (TOML) and its plan; what a file should not hold is refused with the nearest name."""

from __future__ import annotations

import hashlib
import json
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from core.domain.cohort_plan import CohortPlan
from core.errors import UserError, refuse
from core.jobs.values import JsonValue

MOST_BYTES = 1_000_000
T = TypeVar("T")


def read_study(path: Path) -> CohortPlan:
    """Raises UserError STU-001 (no such file, or no TOML) and STU-002 to STU-005 for what it says."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES // 1_000_000} MB")
        tree = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise _unreadable(path, f"The system says: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:  # TOML and UTF-8 errors are ValueErrors
        raise _unreadable(path, f"It is no TOML: {error}.") from error
    return plan_of(tree)


def plan_of(tree: Mapping[str, Any]) -> CohortPlan:
    """The plan that a file or a job's parameters tell. Raises UserError STU-002 to STU-005."""
    plan: CohortPlan = _value(CohortPlan, dict(tree), "the study")
    return plan


def plan_tree(plan: CohortPlan) -> dict[str, JsonValue]:
    """JSON that `plan_of` reads back."""
    tree: dict[str, JsonValue] = json.loads(json.dumps(_without_nothing(asdict(plan)), default=_plain))
    return tree


def plan_sha256(plan: CohortPlan) -> str:
    """Of what a study file says; comments and the order of its lines do not count."""
    return hashlib.sha256(json.dumps(plan_tree(plan), sort_keys=True).encode()).hexdigest()


def _without_nothing(value: Any) -> Any:
    """TOML has no null: what is not told is left out."""
    if isinstance(value, dict):
        return {name: _without_nothing(one) for name, one in value.items() if one is not None}
    return [_without_nothing(one) for one in value] if isinstance(value, list | tuple) else value


def _plain(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is no JSON")  # enums are texts already


def _value(kind: Any, told: Any, name: str) -> Any:
    """`told` as a value of type `kind`. `name`: where it stands, for a refusal."""
    if get_origin(kind) is types.UnionType:
        return _value(next(one for one in get_args(kind) if one is not types.NoneType), told, name)
    if get_origin(kind) is tuple:
        return _several(get_args(kind), told, name)
    if is_dataclass(kind):
        return _table(kind, told, name)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _choice(kind, told, name)
    right = isinstance(told, kind) or (kind is float and isinstance(told, int))
    if not right or (isinstance(told, bool) and kind is not bool):
        raise _wrong_type(
            name, told, {str: "a text", int: "a whole number", float: "a number"}.get(kind, "true or false")
        )
    return kind(told)


def _table(kind: Any, told: Any, name: str) -> Any:
    if not isinstance(told, dict):
        raise _wrong_type(name, told, "a table")
    known = {field.name: field for field in fields(kind)}
    for key in told:
        if key not in known:
            raise _unknown(key, name, tuple(known))
    for field in known.values():
        if field.default is MISSING and field.default_factory is MISSING and field.name not in told:
            raise _missing(field.name, name)
    hints = get_type_hints(kind)
    return kind(**{key: _value(hints[key], one, key) for key, one in told.items()})


def _several(kinds: tuple[Any, ...], told: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(told, list):
        raise _wrong_type(name, told, "a list")
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], one, name) for one in told)
    if len(told) != len(kinds):
        raise _wrong_type(name, told, f"a list of {len(kinds)} numbers")
    return tuple(_value(kind, one, name) for kind, one in zip(kinds, told, strict=True))


def _choice(kind: type[Enum], told: Any, name: str) -> Enum:
    known = [str(one.value) for one in kind]
    if told in known:
        return kind(told)
    near = get_close_matches(str(told), known, n=1)
    raise refuse(
        "STU-003",
        f"“{name}” of this study cannot be {str(told)[:40]}.",
        f"It is one of: {', '.join(known)}.",
        f"Did you mean {near[0]}?" if near else f"Choose one of them for “{name}”.",
    )


def _unknown(key: str, where: str, known: tuple[str, ...]) -> UserError:
    near = get_close_matches(key, known, n=1)
    return refuse(
        "STU-002",
        f"The study file has an entry “{key[:40]}”, which means nothing there.",
        f"Known in {where}: {', '.join(known)}.",
        f"Did you mean {near[0]}?" if near else "Take it out, or correct its name.",
    )


def _missing(key: str, where: str) -> UserError:
    return refuse(
        "STU-003",
        f"The study file does not tell “{key}”.",
        f"It is missing in {where}, and nothing stands in for it.",
        f"Add “{key}”. The studies that ExoTwin brings along show how.",
    )


def _wrong_type(name: str, told: Any, wanted: str) -> UserError:
    return refuse(
        "STU-003",
        f"“{name}” of this study cannot be {str(told)[:40]}.",
        f"It has to be {wanted}.",
        f"Correct “{name}” in the study file.",
    )


def _unreadable(path: Path, why: str) -> UserError:
    return refuse(
        "STU-001",
        f"{path.name} cannot be read as a study.",
        why,
        "Check the name and the file. `exotwin study plan` without a file lists studies to start from.",
    )
