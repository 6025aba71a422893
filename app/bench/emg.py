"""Joint moments from EMG beside inverse dynamics, and how fast muscles are analysed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.gait_curves import contacts
from app.bench.recorded_walks import opensim_columns, required_file
from core.domain.arrays import BoolArray, FloatArray
from core.domain.body import JOINTS, SAGITTAL, Joint, JointKind, Side
from core.domain.emg import ChannelQuality, ChannelSite, EmgEnvelopes, EmgMuscle
from core.domain.kinetics import ForceSource
from core.domain.motion import Stride
from core.domain.muscle_calibration import MuscleCalibration
from core.domain.muscles import Muscle
from core.domain.twin import GENERIC_BODY, BodyParameters
from core.kinetics.calibration import Split, calibrate_muscles, moments_with, r_squared
from core.kinetics.emg_assisted import assisted_forces
from core.kinetics.emg_driven import EvenEmg
from core.kinetics.habits import SHOWN_BY
from core.kinetics.walk_data import WalkData, walk_data
from core.motion.laboratory_body import scaled_to

_SUBJECT, _TRIAL = "treadmill-emg-walk36", "walk36"
CALIBRATED_S, JUDGED_S = (19.0, 24.0), (30.0, 60.0)
_FILES = ("ik.sto", "id.sto", "emgFilt.sto", "XLD.mot")
_SITES = {
    "soleus_r": EmgMuscle.SOLEUS,
    "med_gas_r": EmgMuscle.GASTROCNEMIUS_MEDIALIS,
    "lat_gas_r": EmgMuscle.GASTROCNEMIUS_LATERALIS,
    "tib_ant_r": EmgMuscle.TIBIALIS_ANTERIOR,
    "semimem_r": EmgMuscle.SEMIMEMBRANOSUS,
    "bifemlh_r": EmgMuscle.BICEPS_FEMORIS,
    "vas_lat_r": EmgMuscle.VASTUS_LATERALIS,
    "rect_fem_r": EmgMuscle.RECTUS_FEMORIS,
    "vas_med_r": EmgMuscle.VASTUS_MEDIALIS,
}
# Distances between the joints of gait2392, the model by which the recording's angles and moments were found:
# hip to hip, hip to knee, knee to ankle, ankle to subtalar joint.
_MODEL_M = (0.167, 0.396, 0.43, 0.0648)
_HEIGHT_M, _MASS_KG = GENERIC_BODY.height_m, 75.165
_BASELINE_DELAYS_S = np.arange(0.0, 0.16, 0.01)
_LOADED_N = 20.0  # on the plate
_ASSISTED_EVERY = 10  # frames
_LONG_STANCE = 1.25  # of the usual one


def bench_emg(recordings: Path) -> dict[str, Any]:
    """R2 of EMG-driven moments on frames that the calibration did not see, and the other numbers of EMG.

    Only the right leg has electrodes. The baseline is a linear map from the nine delayed envelopes to each
    moment, found and judged on the same frames. Variants of the model were chosen on 0 to 30 s.

    `ankle_r2` and `knee_r2` are over every frame. While the left foot stands on the right plate too, the
    recorded moments of the right leg come from the force of both feet: `..._r2_one_foot` leaves these frames
    out. The plate alone tells them, but the rule was made after a look at where the moments differ.
    """
    # Imported here: together they load half of the program.
    from app.bench.c3d_reading import bench_c3d_reading
    from app.bench.emg_holds import bench_emg_holds
    from app.bench.emg_quality import bench_emg_quality
    from app.bench.muscle_person import bench_muscle_person
    from app.bench.muscle_speed import bench_muscle_speed
    from app.bench.own_prior import bench_own_prior

    return (
        bench_moments(recordings)
        | bench_muscle_person()
        | bench_emg_holds(recordings)
        | bench_emg_quality(recordings)
        | bench_c3d_reading()
        | bench_own_prior(recordings)
        | bench_muscle_speed(recordings)
    )


def bench_moments(recordings: Path, *, starts: int = 8) -> dict[str, Any]:
    """EMG-driven and EMG-assisted moments of the recorded person against inverse dynamics."""
    recorded = treadmill_walk(recordings, _TRIAL)
    walk = one_foot_a_plate(recorded, recordings, _TRIAL)
    fitted, judged = (_between(walk.time_s, *span) for span in (CALIBRATED_S, JUDGED_S))
    body = BodyParameters(_HEIGHT_M, _MASS_KG, scaled_to(*_MODEL_M, trunk=1.0))
    calibration = calibrate_muscles(body, walk, split=Split(fitted, judged), starts=starts)
    numbers: dict[str, Any] = {
        "subject": _SUBJECT,
        "trial": _TRIAL,
        "calibrated_on_s": list(CALIBRATED_S),
        "judged_on_s": list(JUDGED_S),
        "judged_frames": int(judged.sum()),
        "judged_frames_with_both_feet_on_the_plate": int(
            (judged & np.isnan(walk.moment_nm[:, Joint.ANKLE_R.column])).sum()
        ),
    }
    for fit in calibration.fits:
        name = fit.joint.value.replace("_angle", "")
        short, column = name.removesuffix("_r"), fit.joint.column
        after = calibration.after_nm[:, calibration.fits.index(fit)]
        numbers |= {
            f"{short}_r2": r_squared(recorded.moment_nm[:, column], after, judged),
            f"{short}_r2_one_foot": fit.held_out_r2_after,
            f"{name}_r2_uncalibrated": fit.held_out_r2_before,
            f"{name}_r2_linear_baseline": _linear(walk, fit.joint, fitted, judged),
            f"{name}_r2_calibrated_frames": fit.r2_after,
            f"{name}_rmse_nm_kg": fit.held_out_rmse_nm_kg,
        }
    numbers |= _assisted(calibration, walk, judged)
    return numbers | _other_speeds(recordings, calibration) | _told(calibration)


def _assisted(calibration: MuscleCalibration, walk: WalkData, judged: BoolArray) -> dict[str, Any]:
    """EMG-assisted forces of all forty muscles of the leg, which know the moments: how well they meet them,
    and how near recorded muscles stay to their EMG."""
    dynamics = calibration.body.activation
    assert dynamics is not None
    frames = np.flatnonzero(judged & np.isfinite(walk.moment_nm[:, Joint.ANKLE_R.column]))[::_ASSISTED_EVERY]
    channels = EvenEmg.of(walk.emg).activation(dynamics, walk.time_s[frames])
    own = {one.site.muscle: column for column, one in enumerate(walk.emg.channels)}
    recorded = {
        muscle: channels[:, own[electrodes[0]]]
        for muscle, electrodes in SHOWN_BY.items()
        if len(electrodes) == 1 and electrodes[0] in own
    }
    moment = np.where([joint.kind in SAGITTAL for joint in JOINTS], walk.moment_nm[frames], np.nan)
    found = assisted_forces(
        calibration.body,
        Side.RIGHT,
        (walk.angle_rad[frames], walk.velocity_rad_s[frames]),
        moment,
        recorded,
        parameters=calibration.parameters,
    )
    numbers: dict[str, Any] = {}
    for kind in SAGITTAL:
        measured = moment[:, Joint.of(kind, Side.RIGHT).column]
        made = found.moment_nm[:, list(JointKind).index(kind)]
        numbers[f"assisted_{kind.value.split('_')[0]}_r2"] = r_squared(measured, made, np.isfinite(measured))
    places = {muscle: list(Muscle).index(muscle) for muscle in recorded}
    rs = [np.corrcoef(found.activation[:, places[one]], told)[0, 1] for one, told in recorded.items()]
    return numbers | {"assisted_activation_r_to_emg": float(np.mean(rs))}


def _other_speeds(recordings: Path, calibration: MuscleCalibration) -> dict[str, Any]:
    """The same for every other trial of this person that is there, with the same calibrated muscles."""
    numbers: dict[str, Any] = {}
    for folder in sorted((recordings / _SUBJECT).iterdir()):
        if folder.name == _TRIAL or not all((folder / name).is_file() for name in _FILES):
            continue
        recorded = treadmill_walk(recordings, folder.name)
        walk = one_foot_a_plate(recorded, recordings, folder.name)
        found = moments_with(calibration, walk)
        for column, fit in enumerate(calibration.fits):
            name = f"{folder.name}_{fit.joint.value.removesuffix('_angle_r')}_r2"
            known = np.isfinite(found[:, column])
            for suffix, one in (("", recorded), ("_one_foot", walk)):
                measured = one.moment_nm[:, fit.joint.column]
                numbers[f"{name}{suffix}"] = r_squared(measured, found[:, column], known)
    return numbers


def _told(calibration: MuscleCalibration) -> dict[str, Any]:
    counts = {one.told: 0 for one in calibration.parameters}
    for one in calibration.parameters:
        counts[one.told] += 1
    numbers: dict[str, Any] = {f"parameters {kind}": count for kind, count in counts.items()}
    shared = [one for one in calibration.parameters if "length" not in one.name]
    return numbers | {one.name: f"{one.after:.3f}{one.unit} (sd {one.sd:.3f}; {one.told})" for one in shared}


def treadmill_walk(recordings: Path, trial: str) -> WalkData:
    """A recording in this program's axes and signs. Refuses (PC-026) where it is missing."""
    folder = f"{_SUBJECT}/{trial}"
    angle, moment, emg, force = (
        opensim_columns(required_file(recordings, f"{folder}/{name}")) for name in _FILES
    )
    time_s = angle["time"]
    curves = [np.full((len(time_s), len(JOINTS)), np.nan) for _ in range(2)]
    for joint in JOINTS:
        sign = -1.0 if joint.kind is JointKind.KNEE else 1.0  # there a bent knee is negative
        curves[0][:, joint.column] = sign * np.radians(angle[joint.value])
        curves[1][:, joint.column] = sign * moment[f"{joint.value}_moment"]
    strides = _strides(force)
    return walk_data((time_s, curves[0], curves[1]), ForceSource.PLATES, strides, _envelopes(emg))


def one_foot_a_plate(walk: WalkData, recordings: Path, trial: str) -> WalkData:
    """Without the moments of the right leg while its plate is loaded for longer than a stance takes."""
    force = opensim_columns(required_file(recordings, f"{_SUBJECT}/{trial}/XLD.mot"))
    loaded = np.concatenate([[False], force["ground_force_vy"] > _LOADED_N, [False]])
    contact = np.flatnonzero(np.diff(loaded.astype(np.int8))).reshape(-1, 2)
    usual = np.median(contact[:, 1] - contact[:, 0])
    moment = walk.moment_nm.copy()
    for start, end in contact[contact[:, 1] - contact[:, 0] > _LONG_STANCE * usual]:
        between = (walk.time_s >= force["time"][start]) & (walk.time_s <= force["time"][end - 1])
        for joint in JOINTS:
            if joint.side is Side.RIGHT:
                moment[between, joint.column] = np.nan
    return replace(walk, moment_nm=moment)


def _envelopes(emg: dict[str, FloatArray]) -> EmgEnvelopes:
    """As published: fractions of a maximum, which no muscle reaches in this walk."""
    channels = tuple(
        ChannelQuality(name, ChannelSite(muscle, Side.RIGHT), "good", 20.0, 0.0, 0.0)
        for name, muscle in _SITES.items()
    )
    envelope = np.stack([emg[name] for name in _SITES], axis=1)
    return EmgEnvelopes(emg["time"], envelope, channels, "MVC", 1000.0, _TRIAL, ())


def _strides(force: dict[str, FloatArray]) -> tuple[Stride, ...]:
    """Of the right foot, those of usual length."""
    time_s, vertical_n = force["time"], force["ground_force_vy"]
    rate_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    found = contacts(vertical_n, rate_hz)
    strides = [
        Stride(Side.RIGHT, float(time_s[one.start]), float(time_s[one.end]), float(time_s[then.start]))
        for one, then in itertools.pairwise(found)
    ]
    usual_s = float(np.median([one.end_s - one.start_s for one in strides]))
    return tuple(one for one in strides if abs((one.end_s - one.start_s) / usual_s - 1.0) < 0.2)


def _linear(walk: WalkData, joint: Joint, fitted: BoolArray, judged: BoolArray) -> float:
    """R2 of the best straight map from the envelopes, as late as is best on the fitted frames."""
    measured = walk.moment_nm[:, joint.column]
    found = []
    for delay_s in _BASELINE_DELAYS_S:
        late_s = walk.time_s - delay_s
        emg = [np.interp(late_s, walk.emg.time_s, one) for one in walk.emg.envelope.T]
        terms = np.stack([*emg, np.ones(len(late_s))], axis=1)
        map_to = np.linalg.lstsq(terms[fitted], measured[fitted], rcond=None)[0]
        found.append((r_squared(measured, terms @ map_to, fitted), tuple(terms @ map_to)))
    return r_squared(measured, np.array(max(found)[1]), judged)


def _between(time_s: FloatArray, first_s: float, last_s: float) -> BoolArray:
    return (time_s >= first_s) & (time_s < last_s)
