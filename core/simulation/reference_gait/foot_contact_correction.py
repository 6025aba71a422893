"""Foot contact correction: small changes of a stride until both feet share one floor and do not slide.

Joint angles from cameras or norms leave out what pelvis and toes do, so the trailing leg is some centimetres
too long, swing toes reach below the floor and stance feet slide. A policy that tracks such a stride lands
hard, scuffs and vaults. The correction is the smallest one, in joint angles, that removes these faults.
Policies are trained on the corrected stride; their tracking error is counted against the person's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import mujoco
import numpy as np

from core.domain.arrays import BoolArray, FloatArray, frozen
from core.domain.body import JOINTS, SIDES, Joint, JointKind
from core.domain.motion import GaitReference
from core.domain.scenario import Ground, GroundKind
from core.domain.twin import GENERIC_BODY, SegmentScale
from core.gait.norm_tables import STRIDE_DEG
from core.gait.norms import fourier_series
from core.simulation.model.joint_coupling import lowest_point, position_columns
from core.simulation.reference_gait.reference_strides import HARMONICS, MIDSTANCE, StrideBank, vault_rise_m
from core.twin.body import Fidelity, compile_body, is_foot_geom

SAMPLES = 50
FASTEST_WALK_M_S = 2.0  # faster strides have no double support
# What a change of a joint costs: one standard deviation [degrees], below what a camera errs by.
TOLERANCE_DEG = {
    JointKind.HIP_FLEXION: 3.0,
    JointKind.HIP_ADDUCTION: 2.0,
    JointKind.KNEE: 3.0,
    JointKind.ANKLE: 3.0,
    JointKind.TOES: 10.0,
}
CLEARANCE_M = 0.012  # of the swing foot in mid swing (Winter 1992, Phys Ther 72:45: 13 mm)
_GAP_M, _SLIDE_M, _VAULT_M = 0.007, 0.020, 0.013  # residuals that cost as much as one standard deviation
_ITERATIONS = 6
_FINITE_DIFFERENCE_RAD = 1e-4
_FLAT = (0.08, 0.42)  # fraction of the cycle after heel strike in which the foot is flat
_RIGHT_ABOVE_LEFT = np.array([-1.0, 1.0])
_STILL_RAD = 0.02  # toes that move less were not measured


@dataclass(frozen=True, slots=True, eq=False)
class ContactCorrection:
    """A corrected stride, its faults before and after. Gap: of the feet's heights in double support."""

    reference: GaitReference
    change_rms_deg: FloatArray  # (14,)
    gap_before_m: float  # largest
    gap_after_m: float
    slide_before_m: float  # largest displacement of a flat foot over the floor
    slide_after_m: float
    scuff_before_m: float  # by which the swing foot misses its clearance, at most

    def __post_init__(self) -> None:
        frozen(self, "change_rms_deg", (len(JOINTS),))


def stride_for_training(reference: GaitReference, scale: SegmentScale, ground: Ground) -> GaitReference:
    """The reference that a twin with these segments is trained on. Runs and stairs stay as they are."""
    if ground.kind is GroundKind.STAIRS:
        return reference
    return correct_foot_contact(reference, scale, ground.climb).reference


def correct_foot_contact(
    reference: GaitReference, scale: SegmentScale, climb: float = 0.0
) -> ContactCorrection:
    """The corrected stride of a body with these segments on ground that climbs by `climb` m per m.

    Runs come back as they are.
    """
    if reference.speed_m_s > FASTEST_WALK_M_S:
        return ContactCorrection(reference, np.zeros(len(JOINTS)), 0.0, 0.0, 0.0, 0.0, 0.0)
    angle = reference.angle_rad.tobytes()
    return _corrected(reference.period_s, reference.speed_m_s, angle, scale, climb)


@lru_cache(maxsize=16)
def _bare_model(scale: SegmentScale) -> mujoco.MjModel:
    return compile_body(replace(GENERIC_BODY, scale=scale), Fidelity.FAST, surfaces=False)


@lru_cache(maxsize=1024)  # by content: a training population has many equal strides
def _corrected(
    period_s: float, speed_m_s: float, angle: bytes, scale: SegmentScale, climb: float
) -> ContactCorrection:
    reference = GaitReference(period_s, speed_m_s, np.frombuffer(angle).reshape(-1, len(JOINTS)))
    feet = _FootTrajectories(reference, _bare_model(scale), climb)
    weights = np.zeros((2 * HARMONICS + 1, len(SIDES), len(TOLERANCE_DEG)))
    for _ in range(_ITERATIONS):
        weights = weights + feet.step(weights)
    corrected_rad = feet.start_rad + feet.change(weights)
    gap, slide, scuff = feet.faults(feet.own_rad)
    gap_after, slide_after, _ = feet.faults(corrected_rad)
    change = np.degrees(np.sqrt(np.mean((corrected_rad - feet.own_rad) ** 2, axis=0)))
    corrected = GaitReference(reference.period_s, reference.speed_m_s, corrected_rad)
    return ContactCorrection(corrected, change, gap, gap_after, slide, slide_after, scuff)


class _FootTrajectories:
    """Paths of both feet in one stride, and their slopes by the angles. K samples, 2 sides, C joint kinds."""

    def __init__(self, reference: GaitReference, model: mujoco.MjModel, climb: float) -> None:
        bank = StrideBank([reference])
        self._model, self._data = model, mujoco.MjData(model)
        self._position = position_columns(model)
        self._columns = np.array([[Joint.of(kind, side).column for kind in TOLERANCE_DEG] for side in SIDES])
        self._tolerance = np.radians(list(TOLERANCE_DEG.values()))
        self._heels = [model.body(f"calcn_{side.suffix}").id for side in SIDES]
        self._feet = [_foot_geoms(model, f"_{side.suffix}") for side in SIDES]
        self._phase = np.arange(SAMPLES) / SAMPLES
        turn = 2 * np.pi * np.outer(self._phase, np.arange(1, HARMONICS + 1))
        self._basis = np.concatenate([np.ones((SAMPLES, 1)), np.cos(turn), np.sin(turn)], axis=1)
        self._load = np.array([bank.left_load(np.array([phase]))[0] for phase in self._phase])
        self.own_rad = np.concatenate([bank.angle(np.array([phase])) for phase in self._phase])
        self._since = np.stack([self._phase, (self._phase - bank.right_strike[0]) % 1.0], axis=1)  # (K, 2)
        self._direction = np.where(self._load >= 1.0, 1.0, -1.0)  # 1 while the right foot swings
        self._stride_m, self._climb = reference.speed_m_s * reference.period_s, climb
        self.start_rad = _with_toes(self.own_rad, self._since)

    def change(self, weights: FloatArray) -> FloatArray:
        """Joint changes (K, 14) of Fourier weights (13, 2, C)."""
        change = np.zeros((SAMPLES, len(JOINTS)))
        change[:, self._columns] = np.tensordot(self._basis, weights, axes=1)
        return change

    def faults(self, angle_rad: FloatArray) -> tuple[float, float, float]:
        """Largest gap in double support, slide of a flat foot and lack of clearance in swing [m]."""
        low, ahead = self._feet_at(angle_rad)
        double_support = (self._load > 0.0) & (self._load < 1.0)
        slides = []
        for side in range(len(SIDES)):
            flat = self._flat(side)
            slides.append(float(np.ptp(ahead[flat, side] + self._stride_m * self._since[flat, side])))
        scuff = self._missing_clearance(low)[~double_support].max()
        return float(np.abs(low[double_support, 0] - low[double_support, 1]).max()), max(slides), float(scuff)

    def step(self, weights: FloatArray) -> FloatArray:
        """One Gauss-Newton step: the linear least-squares change of the weights."""
        angle = self.start_rad + self.change(weights)
        low, ahead = self._feet_at(angle)
        low_slope, ahead_slope = (np.zeros((SAMPLES, 2, len(self._tolerance))) for _ in range(2))
        for kind in range(len(self._tolerance)):
            shifted = angle.copy()
            shifted[:, self._columns[:, kind]] += _FINITE_DIFFERENCE_RAD
            low_after, ahead_after = self._feet_at(shifted)
            low_slope[:, :, kind] = (low_after - low) / _FINITE_DIFFERENCE_RAD
            ahead_slope[:, :, kind] = (ahead_after - ahead) / _FINITE_DIFFERENCE_RAD
        rows = [self._gap(low, low_slope), self._vault(low, low_slope)]
        rows += [self._slide(side, ahead, ahead_slope) for side in range(len(SIDES))]
        rows.append(self._regularisation(weights))
        matrix = np.concatenate([slope.reshape(len(slope), -1) for _, slope in rows])
        residual = np.concatenate([value for value, _ in rows])
        found: FloatArray = np.linalg.lstsq(matrix, -residual, rcond=None)[0]
        return found.reshape(weights.shape)

    def _gap(self, low: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both feet level in double support; the swing foot above the stance foot by the clearance."""
        missing, direction = self._missing_clearance(low), self._direction
        double_support = (self._load > 0.0) & (self._load < 1.0)
        residual = np.where(double_support, low @ _RIGHT_ABOVE_LEFT, -direction * missing)
        mask = double_support | (missing > 0.0)
        rows = slope * _RIGHT_ABOVE_LEFT[:, None]
        return self._rows(residual, rows, mask, _GAP_M)

    def _missing_clearance(self, low: FloatArray) -> FloatArray:
        """Height that the swing foot lacks of its clearance (K,)."""
        swing = 0.5 * (1.0 - np.cos(2 * np.pi * np.clip((self._since.min(axis=1) - 0.12) / 0.38, 0.0, 1.0)))
        required = CLEARANCE_M * np.minimum(2.0 * swing, 1.0)
        missing: FloatArray = np.maximum(required - self._direction * (low @ _RIGHT_ABOVE_LEFT), 0.0)
        return missing

    def _vault(self, low: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The pelvis rides on the loaded foot as an inverted pendulum does."""
        fraction = np.stack([self._load, 1.0 - self._load], axis=1)
        height = -(low * fraction).sum(axis=1)
        rise = vault_rise_m(np.atleast_1d(height.mean()), np.array([0.5 * self._stride_m]))
        target = 0.5 * rise * np.cos(4 * np.pi * (self._since.min(axis=1) - MIDSTANCE))
        rows = -slope * fraction[:, :, None]
        everywhere = np.ones(SAMPLES, dtype=np.bool_)
        return self._rows(height - target, rows, everywhere, _VAULT_M, about_mean=True)

    def _slide(self, side: int, ahead: FloatArray, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A flat foot does not move over the ground while the pelvis moves forward."""
        flat = self._flat(side)
        path = ahead[:, side] + self._stride_m * self._since[:, side]
        rows = np.zeros_like(slope)
        rows[:, side] = slope[:, side]
        return self._rows(path, rows, flat, _SLIDE_M, about_mean=True)

    def _regularisation(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Every change of a joint angle has a cost."""
        change = np.tensordot(self._basis, weights, axes=1) / self._tolerance
        scale = 2.0 / np.sqrt(SAMPLES)
        unit = np.zeros((*change.shape, *weights.shape))
        for side in range(change.shape[1]):
            for kind in range(change.shape[2]):
                unit[:, side, kind, :, side, kind] = self._basis / self._tolerance[kind]
        return scale * change.ravel(), scale * unit.reshape(change.size, *weights.shape)

    def _rows(
        self,
        residual: FloatArray,
        slope: FloatArray,
        mask: BoolArray,
        scale_m: float,
        *,
        about_mean: bool = False,
    ) -> tuple[FloatArray, FloatArray]:
        """Residuals and their slopes by the Fourier weights, for the samples that count."""
        by_weight = np.einsum("kh,ksc->khsc", self._basis[mask], slope[mask])
        residual = residual[mask]
        if about_mean:
            residual, by_weight = residual - residual.mean(), by_weight - by_weight.mean(axis=0)
        return residual / scale_m, by_weight / scale_m

    def _flat(self, side: int) -> BoolArray:
        return (self._since[:, side] > _FLAT[0]) & (self._since[:, side] < _FLAT[1])

    def _feet_at(self, angle_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Lowest point above the ground and forward position of both feet (K, 2) from the pelvis."""
        low, ahead = np.zeros((SAMPLES, 2)), np.zeros((SAMPLES, 2))
        for sample in range(SAMPLES):
            self._data.qpos[:] = 0.0
            self._data.qpos[3] = 1.0
            self._data.qpos[self._position] = angle_rad[sample]
            mujoco.mj_kinematics(self._model, self._data)
            for side, geoms in enumerate(self._feet):
                low[sample, side] = min(self._above_ground(geom) for geom in geoms)
                ahead[sample, side] = -self._data.xpos[self._heels[side], 1]
        return low, ahead

    def _above_ground(self, geom: int) -> float:
        lowest = lowest_point(self._model, self._data, geom)
        return lowest + self._climb * float(self._data.geom_xpos[geom, 1])  # ahead is -y


def _with_toes(angle_rad: FloatArray, since_strike: FloatArray) -> FloatArray:
    """Normal toe angles where none were measured. `since_strike` (K, 2) fraction of each side's cycle.

    Toes never point below the sole: a foot must not land on them before its heel.
    """
    filled = angle_rad.copy()
    for index, side in enumerate(SIDES):
        column = Joint.of(JointKind.TOES, side).column
        if np.ptp(angle_rad[:, column]) < _STILL_RAD:
            filled[:, column] = np.radians(fourier_series(STRIDE_DEG[JointKind.TOES], since_strike[:, index]))
        filled[:, column] = np.minimum(filled[:, column], 0.0)
    return filled


def _foot_geoms(model: mujoco.MjModel, ending: str) -> list[int]:
    names = [model.geom(geom).name for geom in range(model.ngeom)]
    return [number for number, name in enumerate(names) if is_foot_geom(name) and name.endswith(ending)]
