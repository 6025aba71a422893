"""The action prior of predictive walkers: a few synergies, and a little of every muscle alone.

As in Song et al. (2026, arXiv 2603.04166): a policy that moves groups of muscles explores movements; one
that moves eighty muscles independently explores tremor.
"""

from __future__ import annotations

import numpy as np

from core.domain.arrays import FloatArray

ACTION_LIMIT = 3.0
SYNERGY_TONE, SYNERGY_REACH = 0.1, 0.3  # action 0 is the muscle tone of standing, 3 a fully active synergy
RESIDUAL_REACH = 0.1  # excitation of one muscle by a residual action of 1: 0.3 at most


def excitations(action: FloatArray, synergies: FloatArray) -> FloatArray:
    """Muscle excitations (N, M) in 0..1 of actions (N, S + M) over synergies (S, M)."""
    count = len(synergies)
    use = np.clip(SYNERGY_TONE + SYNERGY_REACH * action[:, :count], 0.0, 1.0)
    excitation: FloatArray = np.clip(use @ synergies + RESIDUAL_REACH * action[:, count:], 0.0, 1.0)
    return excitation


def actions_for(excitation: FloatArray, synergies: FloatArray, timing: FloatArray) -> FloatArray:
    """Actions (N, S + M) closest to excitations (N, M), with the synergies used by `timing` (N, S)."""
    use = np.clip(timing, 0.0, 1.0)
    residual = (excitation - use @ synergies) / RESIDUAL_REACH
    action = np.concatenate([(use - SYNERGY_TONE) / SYNERGY_REACH, residual], axis=1)
    clipped: FloatArray = np.clip(action, -ACTION_LIMIT, ACTION_LIMIT)
    return clipped
