"""Makes the shipped default controllers: a developer's job, run from a terminal.

`python -c "from app.train.default_controllers import make; ..."` writes the controller and its card below
`resources/policies`.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from core.devices.profiles import CONTROLLERS, controller_arrays, load_profile, session_limits
from core.domain.twin import GENERIC_BODY, GaitPolicy
from core.gait.norms import normal_reference
from core.learning.exo.delayed_output_feedback import DELAY_S, GAIN_NM, distil_law, record_hips, varied_tracks
from core.learning.exo.training import ControllerEvaluator
from core.learning.gait.base_policy import HEALTHY, varied_reference
from core.simulation.environment.policy import PolicyNetworks
from core.simulation.environment.tracking import Walker, WalkingEnvironment
from core.simulation.model.exo_model import require_hip_motors, worn_model
from core.tasks.policy_files import replace_file, shipped_policy
from core.twin.body import Fidelity

WALKERS = 48  # the generic body at different speeds and ranges of motion
SECONDS = 8.0


def make(device_id: str, resources_folder: Path, seed: int = 0) -> dict[str, Any]:
    """Distil the default law into a controller for this exo; returns the card that is written beside it."""
    profile, networks = load_profile(device_id), shipped_policy()
    require_hip_motors(device_id)
    model, rng = worn_model(GENERIC_BODY, Fidelity.FAST, device_id), np.random.default_rng(seed)
    normal = Walker(model, GENERIC_BODY, normal_reference())
    others = [
        Walker(model, GENERIC_BODY, varied_reference(GENERIC_BODY, HEALTHY, rng)) for _ in range(WALKERS - 8)
    ]
    tracks = record_hips(WalkingEnvironment([normal] * 8 + others, seed=seed), networks, SECONDS)
    controller, error_nm = distil_law(varied_tracks(tracks, seed), session_limits(profile), seed)
    evaluator = ControllerEvaluator(_default_twin(networks), device_id, seed=seed)
    score, idle = evaluator.evaluate(controller), evaluator.evaluate(None)
    card = {
        "device": device_id,
        "what": "generic hip assistance for any wearer; the start of every personal training",
        "law": f"delayed output feedback after Lim et al. 2019, gain {GAIN_NM} N m, delay {DELAY_S} s",
        "taught_on": f"{len(tracks)} simulated walks of the generic body, {SECONDS:g} s each, and variations",
        "torque_error_nm": round(error_nm, 2),
        "effort_ratio_on_default_twin": round(score.effort_ratio, 3),
        "hip_effort_ratio_on_default_twin": round(score.hip_effort_ratio, 3),
        "effort_ratio_worn_without_torque": round(idle.effort_ratio, 3),
        "peak_torque_nm": round(score.measure.work.peak_nm, 1),
        "negative_work_fraction": round(score.measure.work.negative_fraction, 3),
        "falls_per_minute": round(score.measure.falls_per_minute, 2),
        "simulated": True,
    }
    _write(
        resources_folder / CONTROLLERS, f"default_controller_{device_id}", controller_arrays(controller), card
    )
    return card


def _default_twin(networks: PolicyNetworks) -> GaitPolicy:
    return GaitPolicy(
        GENERIC_BODY, normal_reference(), networks.policy, networks.value, networks.log_std,
        networks.observation_mean, networks.observation_std, (), 0, 0.0, 0.0, 0.0,
    )  # fmt: skip


def _write(folder: Path, name: str, arrays: dict[str, Any], card: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    replace_file(folder / f"{name}.npz", stream.getvalue())
    replace_file(folder / f"{name}.json", (json.dumps(card, indent=2) + "\n").encode())
