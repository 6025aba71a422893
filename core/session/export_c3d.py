"""A motion with its markers, EMG and events on one clock, for a C3D file."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.domain.arrays import FloatArray
from core.domain.body import SIDES, Joint, JointKind
from core.domain.emg import EmgEnvelopes
from core.domain.laboratory import LaboratoryTrial, TrialEvent, TrialEventKind
from core.domain.motion import Motion
from core.domain.record import RecordInfo, RecordKind
from core.domain.recording import frame_rate_hz
from core.laboratory.c3d_writer import MOST_TEXTS, C3dContent
from core.laboratory.names import unique
from core.laboratory.writers import plain
from core.store.repository import Store

_EVEN = 0.02  # of a frame, that times may lie off an even grid and be written as they are
_ANGLES = (  # label without its side, the three numbers
    ("HipAngles", (JointKind.HIP_FLEXION, JointKind.HIP_ADDUCTION, JointKind.HIP_ROTATION)),
    ("KneeAngles", (JointKind.KNEE, None, None)),
    ("AnkleAngles", (JointKind.ANKLE, JointKind.SUBTALAR, None)),
    ("ToeAngles", (JointKind.TOES, None, None)),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The even times that a C3D file has; it begins at time 0."""

    time_s: FloatArray  # (T,) on the motion's clock
    rate_hz: float
    even: bool  # whether these are the motion's own times

    def of(self, time_s: FloatArray, values: FloatArray) -> FloatArray:
        """(T, …) on this grid: as they are where the times are these, else on straight lines between."""
        same = len(time_s) == len(self.time_s)
        if same and np.allclose(time_s, self.time_s, atol=_EVEN / self.rate_hz, rtol=0.0):
            return values
        flat = values.reshape(len(values), -1)
        columns = [_interpolated(self.time_s, time_s, column) for column in flat.T]
        return np.stack(columns, axis=1).reshape(len(self.time_s), *values.shape[1:])


def _interpolated(wanted_s: FloatArray, time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Not a number outside and beside a gap."""
    seen = np.isfinite(values)
    if not seen.any():
        return np.full(len(wanted_s), np.nan)
    result = np.interp(wanted_s, time_s[seen], values[seen], left=np.nan, right=np.nan)
    result[np.interp(wanted_s, time_s, (~seen).astype(float)) > 0.0] = np.nan
    return np.asarray(result)


def c3d_content(store: Store, info: RecordInfo, motion: Motion) -> tuple[C3dContent, str]:
    """What the file holds, and its line of the README.

    Markers are those of the laboratory trial that the motion was solved from, EMG is the visit's newest.
    """
    grid = _grid(motion.kinematics.time_s)
    trial = _trial_of(store, info)
    newest = store.latest(info.visit_id, RecordKind.EMG)
    emg = None if newest is None else store.load(newest.id, EmgEnvelopes)
    names, angle_deg, told = _angles(motion)
    frames = len(grid.time_s)
    markers = ((), np.empty((frames, 0, 3))) if trial is None else _markers(trial, grid)
    samples, analog = (1, np.empty((frames, 0))) if emg is None else _analog(emg, grid)
    content = C3dContent(
        rate_hz=grid.rate_hz,
        marker_names=markers[0],
        marker_m=markers[1],
        angle_names=names,
        angle_deg=grid.of(motion.kinematics.time_s, angle_deg),
        angle_descriptions=told,
        analog_names=() if emg is None else _emg_names(emg),
        analog_units=() if emg is None else ("fraction",) * len(emg.channels),
        analog_descriptions=()
        if emg is None
        else tuple(f"EMG envelope, fraction of {emg.reference(n)}" for n in range(len(emg.channels))),
        analog=analog,
        samples=samples,
        events=_events(motion, grid),
    )
    return content, _about(content, grid, emg, motion)


def _grid(time_s: FloatArray) -> _Grid:
    if len(time_s) < 2:
        return _Grid(time_s, 1.0, even=True)
    rate_hz = frame_rate_hz(time_s)
    even = time_s[0] + np.arange(len(time_s)) / rate_hz
    if np.abs(even - time_s).max() <= _EVEN / rate_hz:
        return _Grid(even, rate_hz, even=True)
    frames = math.floor((time_s[-1] - time_s[0]) * rate_hz + 1e-6) + 1
    return _Grid(time_s[0] + np.arange(frames) / rate_hz, rate_hz, even=False)


def _trial_of(store: Store, info: RecordInfo) -> LaboratoryTrial | None:
    names = (name for name, _digest in info.provenance.inputs)
    trials = (name for name in names if store.info(name).kind is RecordKind.LABORATORY_TRIAL)
    return next((store.load(name, LaboratoryTrial) for name in trials), None)


def _markers(trial: LaboratoryTrial, grid: _Grid) -> tuple[tuple[str, ...], FloatArray]:
    """Those that are ever in view."""
    seen = [n for n in range(len(trial.marker_names)) if np.isfinite(trial.marker_m[:, n]).any()]
    names = tuple(plain(trial.marker_names[number]) for number in seen)
    return names, grid.of(trial.time_s, trial.marker_m[:, seen])


def _angles(motion: Motion) -> tuple[tuple[str, ...], FloatArray, tuple[str, ...]]:
    """Names, angles (T, A, 3) in degrees, and what the three numbers are; a number that is not used is 0."""
    names, columns, told = [], [], []
    for side in SIDES:
        for label, kinds in _ANGLES:
            angle = np.zeros((len(motion.kinematics.time_s), 3))
            for axis, kind in enumerate(kinds):
                if kind is not None:
                    angle[:, axis] = np.degrees(motion.kinematics.angle_rad[:, Joint.of(kind, side).column])
            names.append(f"{side.suffix.upper()}{label}")
            columns.append(angle)
            words = (kind.label.lower() if kind is not None else "not used" for kind in kinds)
            told.append(", ".join(words))
    return tuple(names), np.stack(columns, axis=1), tuple(told)


def _emg_names(emg: EmgEnvelopes) -> tuple[str, ...]:
    return unique(tuple(f"EMG_{plain(one.site.muscle.value)}_{one.site.side.suffix}" for one in emg.channels))


def _analog(emg: EmgEnvelopes, grid: _Grid) -> tuple[int, FloatArray]:
    """Samples per frame and (T * samples, C): at least as dense as the envelopes; 0 outside of them."""
    time_s = emg.time_s + emg.offset_s
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0 / grid.rate_hz
    samples = max(1, math.ceil(1.0 / (step_s * grid.rate_hz) - 1e-3))
    wanted = grid.time_s[0] + np.arange(len(grid.time_s) * samples) / (samples * grid.rate_hz)
    columns = [np.interp(wanted, time_s, column, left=0.0, right=0.0) for column in emg.envelope.T]
    return samples, np.stack(columns, axis=1) if columns else np.empty((len(wanted), 0))


def _events(motion: Motion, grid: _Grid) -> tuple[TrialEvent, ...]:
    """Heel strikes and toe-offs on the file's clock, each once."""
    start_s = float(grid.time_s[0])
    found: dict[tuple[str, str, float], TrialEvent] = {}
    for stride in motion.strides:
        for kind, time_s in (
            (TrialEventKind.FOOT_STRIKE, stride.start_s),
            (TrialEventKind.FOOT_OFF, stride.toe_off_s),
            (TrialEventKind.FOOT_STRIKE, stride.end_s),
        ):
            event = TrialEvent(kind, time_s - start_s, stride.side)
            found[stride.side.value, kind.value, round(time_s, 4)] = event
    return tuple(sorted(found.values(), key=lambda event: event.time_s))


def _about(content: C3dContent, grid: _Grid, emg: EmgEnvelopes | None, motion: Motion) -> str:
    parts = [f"{len(content.marker_names)} markers (mm)" if content.marker_names else "no markers"]
    parts.append("joint angles (deg)")
    parts.append("no EMG" if emg is None else f"{len(emg.channels)} EMG envelopes, 0 outside their recording")
    parts.append(f"{min(len(content.events), MOST_TEXTS)} events")
    if len(content.events) > MOST_TEXTS:
        parts.append(f"of {len(content.events)}: a C3D file holds no more")
    if not grid.even:
        parts.append(f"on even times at {content.rate_hz:.4g} Hz, between the film's own")
    if grid.time_s[0]:
        parts.append(f"begins {grid.time_s[0]:.4f} s after the other files' time 0")
    if motion.sagittal_only:
        parts.append("one camera: only flexion and dorsiflexion can be trusted")
    return ", ".join(parts)
