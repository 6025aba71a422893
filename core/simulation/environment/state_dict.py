"""State dicts of parts inside that of a whole, with a prefix for each part, as stored checkpoints have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np


class Stateful(Protocol):
    """An object whose internal state can be saved and restored."""

    def state_dict(self) -> dict[str, np.ndarray]: ...

    def load_state_dict(self, state: Any) -> None: ...


def with_prefix(prefix: str, part: Stateful) -> dict[str, np.ndarray]:
    """The state of `part` as it goes into the state of a whole."""
    return {f"{prefix}{name}": array for name, array in part.state_dict().items()}


def load_with_prefix(prefix: str, part: Stateful, state: Mapping[str, np.ndarray]) -> None:
    """Restore `part` from its entries in the state of a whole."""
    own = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
    part.load_state_dict(own)
