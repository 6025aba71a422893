"""Fit of impairments to a recorded gait: a search over their severities by walks of the twin.

Four stages. Walks with every impairment alone give the sensitivity of the gait to each, and a few that
together explain the gait best are selected. The first of them are swept alone over their whole range. CMA-ES
(Hansen & Ostermeier 2001, Evol Comput 9:159) searches the selected severities, one generation per batch.
Gauss-Newton steps by finite differences end the search; their Jacobian gives the standard deviation of each
severity and which ones are confounded.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cma
import numpy as np
from scipy.optimize import lsq_linear

from core.domain.arrays import FloatArray, IntArray
from core.domain.impairment import SLOTS, Impairment, Slot
from core.domain.impairment_fit import ImpairmentFit, SeverityEstimate
from core.domain.twin import BodyParameters
from core.learning.impairments.candidate_gaits import Impairments, WalkedGait, angle_rms_deg, gait_vector
from core.learning.impairments.search_plan import (
    PARSIMONY,
    SCREENED,
    SIMULATED,
    SWEEPS,
    NormalNumbers,
    SearchSettings,
    least_squares_fit,
    one_parameter_sweeps,
    screening,
)
from core.simulation.analysis.gait_features import GaitFeatures

ABSENT = 0.05  # smaller severities are reported as none
UNKNOWN_SD = 0.29  # of a severity about which nothing is known: uniform from 0 to 1
NO_WALK = 1e6  # cost of a candidate that falls before a complete stride
FALL = 400.0  # cost of falling at once; a later fall costs less in proportion
_STEP = 0.08  # of the finite differences
_CONFOUNDED, _SIMILAR, _UNCERTAIN_SD = 0.75, 0.95, 0.2


class Walks(Protocol):
    """Simulates walks of candidates."""

    body: BodyParameters  # without impairments

    def walk(self, candidates: Sequence[Impairments]) -> tuple[WalkedGait, ...]: ...


@dataclass(frozen=True, slots=True)
class SearchProgress:
    iteration: int  # iterations done
    iterations: int
    cost: float  # the best so far
    walks: int


class ImpairmentSearch:
    """A search by iterations. Axes: C candidates walked so far, L impairments, K numbers of a gait.

    Every iteration follows from the inputs and the walks of the iterations before, so a checkpoint holds only
    those walks.
    """

    def __init__(
        self,
        target: GaitFeatures,
        walks: Walks,
        *,
        slots: Sequence[Slot] = SLOTS,
        sagittal_only: bool = False,
        seed: int = 0,
        settings: SearchSettings = SearchSettings(),  # noqa: B008 - frozen
    ) -> None:
        """`sagittal_only`: the gait was recorded by one camera from the side."""
        self.settings = settings
        self.slots = tuple(slots)
        self._walks, self._target, self._sagittal_only = walks, target, sagittal_only
        self._target_vector = gait_vector(target, sagittal_only=sagittal_only)
        self._seed = seed
        self._severity: FloatArray = np.zeros((0, len(self.slots)))
        self._gait: FloatArray = np.zeros((0, len(self._target_vector)))
        self._flexion_rms: FloatArray = np.zeros(0)
        self._walked_fraction: FloatArray = np.zeros(0)
        self._ends: list[int] = []  # candidates after each iteration
        self._selected: IntArray = np.zeros(0, np.int64)
        self._start: FloatArray = np.zeros(0)
        self._strategy: cma.CMAEvolutionStrategy | None = None

    @property
    def done(self) -> bool:
        return len(self._ends) >= self.settings.iterations

    def advance(self) -> SearchProgress:
        """Walk the candidates of one iteration and update the search."""
        candidates = self._next_candidates()
        self._add_walks(candidates, self._walks.walk([self.impairments(row) for row in candidates]))
        self._update(candidates)
        return SearchProgress(
            len(self._ends), self.settings.iterations, self.cost().min(), len(self._severity)
        )

    def impairments(self, severity: FloatArray) -> Impairments:
        """Severities (L,) as impairments."""
        return tuple(
            Impairment(slot.kind, float(value), slot.side, slot.group, slot.joint)
            for slot, value in zip(self.slots, np.clip(severity, 0.0, 1.0), strict=True)
            if value > 0.0
        )

    def cost(self) -> FloatArray:
        """(C,) squared differences in standard deviations, the cost of falls, and parsimony."""
        squares = np.nansum((self._gait - self._target_vector) ** 2, axis=1)
        strode = np.isfinite(self._gait).any(axis=1)
        cost = np.where(strode, squares, NO_WALK * (1.0 - 0.5 * self._walked_fraction))
        total: FloatArray = (
            cost + FALL * (1.0 - self._walked_fraction) + PARSIMONY * self._severity.sum(axis=1)
        )
        return total

    def save_checkpoint(self) -> bytes:
        """All walks so far. Stored checkpoints fix the keys: "walked_share" is the walked fraction."""
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            severity=self._severity,
            gait=self._gait,
            flexion_rms=self._flexion_rms,
            walked_share=self._walked_fraction,
            ends=np.array(self._ends, np.int64),
        )
        return stream.getvalue()

    def load_checkpoint(self, checkpoint: bytes) -> None:
        """Continue a search with the same inputs. Raises ValueError when they differ."""
        with np.load(io.BytesIO(checkpoint)) as arrays:
            severity, gait = arrays["severity"], arrays["gait"]
            flexion, fraction, ends = arrays["flexion_rms"], arrays["walked_share"], arrays["ends"]
        if severity.shape[1:] != self._severity.shape[1:] or gait.shape[1:] != self._gait.shape[1:]:
            raise ValueError("the checkpoint is of another search")
        for start, end in zip([0, *ends[:-1]], ends, strict=True):
            candidates = self._next_candidates()
            if candidates.shape != severity[start:end].shape or not np.allclose(
                candidates, severity[start:end], atol=1e-6
            ):
                raise ValueError("the checkpoint is of another search")
            self._append(candidates, gait[start:end], flexion[start:end], fraction[start:end])
            self._update(candidates)

    # The stages

    def _next_candidates(self) -> FloatArray:
        """Severities (C, L) to walk next."""
        done = len(self._ends)
        if done == 0:
            return screening(len(self.slots))
        if done == 1 and len(self._selected):
            return one_parameter_sweeps(self._selected[:SWEEPS], len(self.slots))
        if done <= 1 + self.settings.generations and len(self._selected):
            assert self._strategy is not None
            return self._full_severity(np.clip(np.array(self._strategy.ask()), 0.0, 1.0))
        if not len(self._selected):
            return np.zeros((1, len(self.slots)))
        return self._gauss_newton_candidates()

    def _update(self, candidates: FloatArray) -> None:
        done = len(self._ends)
        if done == 1:
            self._select()
        elif done == 2 and len(self._selected):
            self._start_cma_es()
        elif done <= self.settings.generations + 2 and self._strategy is not None:
            self._strategy.tell(list(candidates[:, self._selected]), self.cost()[-len(candidates) :].tolist())

    def _select(self) -> None:
        """Forward selection of the impairments that explain most, by the linear model of the screening."""
        sensitivity, usable = self._sensitivities()
        difference = np.nan_to_num(self._target_vector - self._gait[0])
        selected: list[int] = []
        start: FloatArray = np.zeros(0)
        for _ in range(min(self.settings.searched, int(usable.sum()))):
            remaining = [int(column) for column in np.flatnonzero(usable) if column not in selected]
            fits = [least_squares_fit(sensitivity[[*selected, column]], difference) for column in remaining]
            best = int(np.argmin([cost for cost, _ in fits]))
            selected.append(remaining[best])
            start = fits[best][1]
        self._selected, self._start = np.array(selected, np.int64), start

    def _start_cma_es(self) -> None:
        """Start CMA-ES at the best walk so far, or at the linear fit if its predicted cost is far lower."""
        sensitivity, _ = self._sensitivities()
        residual = (
            np.nan_to_num(self._target_vector - self._gait[0]) - self._start @ sensitivity[self._selected]
        )
        predicted_cost = float(residual @ residual + PARSIMONY * self._start.sum())
        best = self._severity[self._best()][self._selected]
        start = best if self.cost().min() < 2.0 * predicted_cost + SIMULATED else self._start
        options = {
            "bounds": [0.0, 1.0],
            "popsize": self.settings.population,
            "seed": np.nan,
            "randn": NormalNumbers(self._seed),
            "verbose": -9,
            "maxiter": self.settings.generations + 1,
        }
        self._strategy = cma.CMAEvolutionStrategy(
            np.clip(start, 0.01, 0.99), self.settings.initial_sd, options
        )

    def _gauss_newton_candidates(self) -> FloatArray:
        """Finite differences around the best candidate, and the steps of the latest Jacobian."""
        best = self._severity[self._best()]
        steps = np.tile(best, (len(self._selected), 1))
        rows = np.arange(len(self._selected))
        difference = np.where(best[self._selected] < 0.5, _STEP, -_STEP)
        steps[rows, self._selected] += difference
        stepped = self._gauss_newton_steps(best)
        return np.concatenate([steps] if stepped is None else [steps, stepped])

    def _gauss_newton_steps(self, best: FloatArray) -> FloatArray | None:
        """Severities after a full and a half Gauss-Newton step, (2, L); None without a Jacobian."""
        jacobian = self._jacobian(best)
        if jacobian is None:
            return None
        residual = np.nan_to_num(self._target_vector - self._gait[self._best()])
        parsimony = np.sqrt(PARSIMONY) * np.eye(len(self._selected)) * 0.1
        current = best[self._selected]
        system, right = (
            np.concatenate([jacobian, parsimony]),
            np.concatenate([residual, -parsimony @ current]),
        )
        bounds = (np.minimum(-current, -1e-9), np.maximum(1.0 - current, 1e-9))
        step = lsq_linear(system, right, bounds=bounds).x
        stepped = np.tile(best, (2, 1))
        stepped[:, self._selected] = np.clip(current + np.array([[1.0], [0.5]]) * step, 0.0, 1.0)
        return stepped

    # The result

    def result(self, *, synthetic: bool = False) -> ImpairmentFit:
        """The best candidate, with the uncertainty of its severities."""
        best = self._best()
        severity = self._severity[best]
        covariance = self._covariance()
        sd = np.sqrt(np.diag(covariance))
        estimates = [
            SeverityEstimate(self.slots[column], float(severity[column]), float(sd[row]))
            for row, column in enumerate(self._selected)
        ]
        cost = self.cost()
        found = np.where(severity >= ABSENT, severity, 0.0)
        return ImpairmentFit(
            body=replace(self._walks.body, impairments=self.impairments(found)),
            estimates=tuple(sorted(estimates, key=lambda item: -item.severity)),
            angle_rms_deg=float(self._flexion_rms[best]),
            healthy_rms_deg=float(self._flexion_rms[0]),
            misfit=float(cost[best]),
            healthy_misfit=float(cost[0]),
            best_misfit=np.array([cost[:end].min() for end in self._ends]),
            not_told_apart=tuple(self._ambiguities(severity, covariance)),
            walks=len(self._severity),
            synthetic=synthetic,
        )

    def _covariance(self) -> FloatArray:
        """Of the selected severities: least squares with a weak prior, scaled up when the fit is poor."""
        prior = np.eye(len(self._selected)) / UNKNOWN_SD**2
        best = self._best()
        jacobian = self._jacobian(self._severity[best])
        if jacobian is None:
            return UNKNOWN_SD**2 * np.eye(len(self._selected))
        residual = self._gait[best] - self._target_vector
        inflation = max(
            1.0, float(np.nanmean(residual**2)) * residual.size / max(residual.size - len(self._selected), 1)
        )
        covariance: FloatArray = np.linalg.inv(jacobian.T @ jacobian / inflation + prior)
        return covariance

    def _jacobian(self, best: FloatArray) -> FloatArray | None:
        """Derivative of the gait by the selected severities (K, S) near `best`; None with too few walks."""
        near = self._severity[:, self._selected] - best[self._selected]
        distance = np.abs(near).max(axis=1, initial=0.0)
        alone = np.count_nonzero(near, axis=1) == 1
        usable = (
            np.isfinite(self._gait).any(axis=1) & (self._walked_fraction >= 1.0) & (distance <= 1.5 * _STEP)
        )
        columns = []
        for column in range(len(self._selected)):
            rows = np.flatnonzero(usable & alone & (near[:, column] != 0.0))
            if not len(rows):
                return self._regressed_jacobian(near, usable)
            change = (self._gait[rows] - self._gait[self._best()]) / near[rows, column][:, None]
            columns.append(np.nan_to_num(change.mean(axis=0)))
        return np.array(columns).T

    def _regressed_jacobian(self, near: FloatArray, usable: np.ndarray) -> FloatArray | None:
        """Jacobian by linear regression on all walks near the best one; None with too few of them."""
        if usable.sum() < 2 * len(self._selected) + 1:
            return None
        change = np.nan_to_num(self._gait[usable] - self._gait[self._best()])
        jacobian: FloatArray = np.linalg.lstsq(near[usable], change, rcond=None)[0].T
        return jacobian

    def _ambiguities(self, severity: FloatArray, covariance: FloatArray) -> list[str]:
        """Sentences about severities that are uncertain or confounded, and impairments not searched."""
        sd = np.sqrt(np.diag(covariance))
        correlation = covariance / np.outer(sd, sd)
        sentences = []
        for row, column in enumerate(self._selected):
            label = self.slots[column].label
            if sd[row] > _UNCERTAIN_SD:
                sentences.append(f"{label}: hardly shows in this gait, so its severity is not known.")
            for later in range(row + 1, len(self._selected)):
                other = self._selected[later]
                if (
                    abs(correlation[row, later]) > _CONFOUNDED
                    and max(severity[column], severity[other]) >= ABSENT
                ):
                    pair = f"{label} and {_in_sentence(self.slots[other])}"
                    sentences.append(f"{pair} change this gait alike: only both together are certain.")
        return sentences + self._confounded(severity) + self._unwalkable()

    def _confounded(self, severity: FloatArray) -> list[str]:
        """Impairments that were not searched and change the gait like one that was found."""
        sensitivity, usable = self._sensitivities()
        length = np.linalg.norm(sensitivity, axis=1) + 1e-12
        cosine = (sensitivity @ sensitivity.T) / np.outer(length, length)
        sentences = []
        for column in self._selected[severity[self._selected] >= ABSENT]:
            alike = [
                other
                for other in np.flatnonzero(usable & (cosine[column] > _SIMILAR))
                if other not in self._selected
            ]
            sentences += [
                f"{self.slots[column].label}: could as well be {_in_sentence(self.slots[other])}."
                for other in alike
            ]
        return sentences

    def _unwalkable(self) -> list[str]:
        _, usable = self._sensitivities()
        return [
            f"{slot.label}: the twin falls with it, so it was not searched."
            for slot, walkable in zip(self.slots, usable, strict=True)
            if not walkable
        ]

    # The walks so far

    def _sensitivities(self) -> tuple[FloatArray, np.ndarray]:
        """Change of the gait per severity of every impairment alone (L, K), and which were walked (L,)."""
        count = len(self.slots)
        sensitivity, usable = np.zeros((count, len(self._target_vector))), np.zeros(count, np.bool_)
        for number, severity in enumerate(SCREENED):
            rows = slice(1 + number * count, 1 + (number + 1) * count)
            walked = (self._walked_fraction[rows] >= 1.0) & np.isfinite(self._gait[rows]).any(axis=1)
            change = np.nan_to_num(self._gait[rows] - self._gait[0]) / severity
            sensitivity, usable = np.where(walked[:, None], change, sensitivity), usable | walked
        return sensitivity, usable

    def _best(self) -> int:
        return int(np.argmin(self.cost()))

    def _full_severity(self, searched: FloatArray) -> FloatArray:
        severity = np.zeros((len(searched), len(self.slots)))
        severity[:, self._selected] = searched
        return severity

    def _add_walks(self, candidates: FloatArray, walked: Sequence[WalkedGait]) -> None:
        empty = np.full(len(self._target_vector), np.nan)
        gaits, flexion = [], []
        for one in walked:
            features = one.features
            gaits.append(
                empty if features is None else gait_vector(features, sagittal_only=self._sagittal_only)
            )
            flexion.append(np.nan if features is None else angle_rms_deg(features, self._target))
        fraction = np.array([one.walked_fraction for one in walked])
        self._append(candidates, np.array(gaits), np.array(flexion), fraction)

    def _append(
        self, candidates: FloatArray, gait: FloatArray, flexion: FloatArray, fraction: FloatArray
    ) -> None:
        self._severity = np.concatenate([self._severity, candidates])
        self._gait = np.concatenate([self._gait, gait])
        self._flexion_rms = np.concatenate([self._flexion_rms, flexion])
        self._walked_fraction = np.concatenate([self._walked_fraction, fraction])
        self._ends.append(len(self._severity))


def _in_sentence(slot: Slot) -> str:
    label = slot.label
    return label[0].lower() + label[1:]
