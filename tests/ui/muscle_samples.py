"""Walks with muscles and EMG of the same person, as the jobs would write them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import JOINTS, SIDES, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.muscles import Muscle
from core.domain.rollout import METABOLIC_MODELS, GaitLabel, MuscleAnalysis, Rollout, RolloutSet
from tests.ui import walks

MUSCLES = (Muscle.SOLEUS, Muscle.TIBIALIS_ANTERIOR, Muscle.VASTUS_LATERALIS)
RECORDED = (EmgMuscle.VASTUS_LATERALIS, EmgMuscle.TIBIALIS_ANTERIOR, EmgMuscle.SOLEUS)
PEAK = {Muscle.SOLEUS: 0.45, Muscle.TIBIALIS_ANTERIOR: 0.02, Muscle.VASTUS_LATERALIS: 0.1}  # of the cycle
_AT = dict(zip(RECORDED, (PEAK[m] for m in reversed(MUSCLES)), strict=True))


def burst(phase: FloatArray, peak: float) -> FloatArray:
    """One bell per cycle, 0..1."""
    return np.asarray(np.exp(-0.5 * (((phase - peak + 0.5) % 1.0 - 0.5) / 0.1) ** 2))


def walks_with_muscles(late: float = 0.0) -> RolloutSet:
    """Both twins; the personalized one's muscles work when the EMG of `emg` does, the default's `late`."""
    late = late or 0.12
    return RolloutSet(
        (
            with_muscles(walks.rollout(GaitLabel.DEFAULT_TWIN), late),
            with_muscles(walks.rollout(GaitLabel.PERSONALIZED_TWIN), 0.0),
        ),
        walks.geometry(),
        "Level walking",
    )


def with_muscles(rollout: Rollout, late: float) -> Rollout:
    """Left heel strikes at 0.4 s and then every second, right ones half a second later, as in `walks`."""
    frames = len(rollout.time_s)
    phase = [rollout.time_s - 0.4 - 0.5 * number for number in range(len(SIDES))]
    columns = [
        0.3 * burst(phase[n], PEAK[muscle] + late) + 0.02 for n in range(len(SIDES)) for muscle in MUSCLES
    ]
    activation = np.stack(columns, axis=1)
    nothing = np.zeros_like(activation)
    muscles = MuscleAnalysis(
        muscle_names=tuple(muscle.on(side) for side in SIDES for muscle in MUSCLES),
        estimated=False,
        excitation=activation,
        activation=activation,
        force_n=nothing,
        fibre_length=nothing,
        fibre_velocity=nothing,
        moment_nm=np.zeros((frames, len(JOINTS))),
        power_w=np.zeros((frames, len(JOINTS))),
        metabolic_w=np.zeros((frames, len(METABOLIC_MODELS))),
    )
    return replace(rollout, muscles=muscles)


def emg(
    *,
    normalised_to: str = "recorded maximum",
    offset_s: float = 0.0,
    offset_from: str = "same file",
    muscles: int = len(RECORDED),
) -> EmgEnvelopes:
    """Of the walk in `samples.motion`: left strides from 0 s, right from 0.5 s, one second each.

    Soleus of the left leg only; the left vastus is clipped. Further muscles only for their number.
    """
    recorded = (*RECORDED, *(one for one in EmgMuscle if one not in RECORDED))[:muscles]
    time_s = np.arange(-0.2, 2.2, 0.01)
    sites = [ChannelSite(m, side) for side in SIDES for m in recorded]
    sites = [site for site in sites if (site.muscle, site.side) != (EmgMuscle.SOLEUS, Side.RIGHT)]
    clipped = ChannelSite(EmgMuscle.VASTUS_LATERALIS, Side.LEFT)
    channels = tuple(
        ChannelQuality(
            f"ch{n}", site, "clipped" if site == clipped else "good", 24.0, 0.2 * (site == clipped), 0.05
        )
        for n, site in enumerate(sites)
    )
    start = {Side.LEFT: 0.0, Side.RIGHT: 0.5}
    envelope = np.stack(
        [0.8 * burst(time_s - start[site.side], _AT.get(site.muscle, 0.5)) + 0.05 for site in sites], axis=1
    )
    return EmgEnvelopes(
        time_s - offset_s, envelope, channels, normalised_to, 2000.0, "walk.c3d", (),
        offset_s=offset_s, offset_from=offset_from,
        processing="band-pass 20-500 Hz, rectified, low-pass 10 Hz",
    )  # fmt: skip
