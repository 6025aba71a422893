"""Physical constants."""

from __future__ import annotations

GRAVITY_M_S2 = 9.81
