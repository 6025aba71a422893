"""Which impairments explain a gait: the twin walks with many of them until it walks like the person.

Four stages. One walk with every slider alone tells what each does to this twin, and from it a few sliders
are chosen that together explain the gait. The first of them are tried alone over their whole range. CMA-ES
(Hansen & Ostermeier 2001, Evol Comput 9:159) searches their severities, a generation walking in one batch.
Gauss-Newton steps by finite differences end the search; their derivatives tell how certain each severity is
and which ones change the gait alike.
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
    least_squares_fit,
    one_parameter_sweeps,
    screening,
)
from core.simulation.analysis.gait_features import GaitFeatures

ABSENT = 0.05  # severities below are no finding
UNKNOWN_SD = 0.29  # of a severity about which nothing is known: uniform from 0 to 1
NO_WALK = 1e6  # misfit of a candidate that falls before it has shown a stride
FALL = 400.0  # misfit for falling at once; later falls cost their share
_STEP = 0.08  # of the finite differences
_CONFOUNDED, _SIMILAR, _UNCERTAIN_SD = 0.75, 0.95, 0.2


class Walks(Protocol):
    """Where candidates walk."""

    body: BodyParameters  # without impairments

    def walk(self, candidates: Sequence[Impairments]) -> tuple[WalkedGait, ...]: ...


@dataclass(frozen=True, slots=True)
class SearchSettings:
    searched: int = 6  # sliders that CMA-ES moves at most; the others stay at zero
    population: int = 12
    generations: int = 12
    gauss_newton_steps: int = 3  # Gauss-Newton steps
    spread: float = 0.12  # standard deviation of the first generation

    @property
    def rounds(self) -> int:
        """Screening, lines, generations, then each step with its slopes, and a look at where the last led."""
        return 2 + self.generations + self.gauss_newton_steps + 1


@dataclass(frozen=True, slots=True)
class SearchProgress:
    round: int  # rounds done
    rounds: int
    cost: float  # the best so far
    walks: int


class ImpairmentSearch:
    """A search in rounds. Axes: C candidates walked so far, L sliders, K numbers of a gait.

    Everything it does follows from its inputs and what came of the rounds before, so a checkpoint holds these
    alone.
    """

    def __init__(
        self,
        target: GaitFeatures,
        walks: Walks,
        *,
        slots: Sequence[Slot] = SLOTS,
        sagittal_only: bool = False,
        seed: int = 0,
        settings: SearchSettings = SearchSettings(),
    ) -> None:
        """`sagittal_only`: the gait was recorded by one camera from the side."""
        self.settings = settings
        self.slots = tuple(slots)
        self._walks, self._target, self._sagittal_only = walks, target, sagittal_only
        self._wanted = gait_vector(target, sagittal_only=sagittal_only)
        self._seed = seed
        self._severity: FloatArray = np.zeros((0, len(self.slots)))
        self._gait: FloatArray = np.zeros((0, len(self._wanted)))
        self._flexion_rms: FloatArray = np.zeros(0)
        self._walked_fraction: FloatArray = np.zeros(0)
        self._ends: list[int] = []  # candidates after each round
        self._chosen: IntArray = np.zeros(0, np.int64)
        self._start: FloatArray = np.zeros(0)
        self._strategy: cma.CMAEvolutionStrategy | None = None

    @property
    def done(self) -> bool:
        return len(self._ends) >= self.settings.rounds

    def advance(self) -> SearchProgress:
        """Walk one round."""
        asked = self._ask()
        self._note(asked, self._walks.walk([self.impairments(row) for row in asked]))
        self._learn(asked)
        return SearchProgress(len(self._ends), self.settings.rounds, self.cost().min(), len(self._severity))

    def impairments(self, severity: FloatArray) -> Impairments:
        """Severities of all sliders (L,) as impairments."""
        return tuple(
            Impairment(slot.kind, float(value), slot.side, slot.group, slot.joint)
            for slot, value in zip(self.slots, np.clip(severity, 0.0, 1.0), strict=True)
            if value > 0.0
        )

    def cost(self) -> FloatArray:
        """(C,) squared differences in standard deviations, what falling costs, and parsimony."""
        squares = np.nansum((self._gait - self._wanted) ** 2, axis=1)
        shown = np.isfinite(self._gait).any(axis=1)
        cost = np.where(shown, squares, NO_WALK * (1.0 - 0.5 * self._walked_fraction))
        total: FloatArray = (
            cost + FALL * (1.0 - self._walked_fraction) + PARSIMONY * self._severity.sum(axis=1)
        )
        return total

    def save_checkpoint(self) -> bytes:
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
            asked = self._ask()
            if asked.shape != severity[start:end].shape or not np.allclose(
                asked, severity[start:end], atol=1e-6
            ):
                raise ValueError("the checkpoint is of another search")
            self._keep(asked, gait[start:end], flexion[start:end], fraction[start:end])
            self._learn(asked)

    # The three stages

    def _ask(self) -> FloatArray:
        """Severities (C, L) to walk next."""
        done = len(self._ends)
        if done == 0:
            return screening(len(self.slots))
        if done == 1 and len(self._chosen):
            return one_parameter_sweeps(self._chosen[:SWEEPS], len(self.slots))
        if done <= 1 + self.settings.generations and len(self._chosen):
            assert self._strategy is not None
            return self._all_sliders(np.clip(np.array(self._strategy.ask()), 0.0, 1.0))
        if not len(self._chosen):
            return np.zeros((1, len(self.slots)))
        return self._gauss_newton_candidates()

    def _learn(self, asked: FloatArray) -> None:
        done = len(self._ends)
        if done == 1:
            self._choose()
        elif done == 2 and len(self._chosen):
            self._begin()
        elif done <= self.settings.generations + 2 and self._strategy is not None:
            self._strategy.tell(list(asked[:, self._chosen]), self.cost()[-len(asked) :].tolist())

    def _choose(self) -> None:
        """Take the sliders that explain most, one after another, and start the search where they lead."""
        sensitivity, usable = self._sensitivities()
        difference = np.nan_to_num(self._wanted - self._gait[0])
        chosen: list[int] = []
        start: FloatArray = np.zeros(0)
        for _ in range(min(self.settings.searched, int(usable.sum()))):
            left = [int(column) for column in np.flatnonzero(usable) if column not in chosen]
            tried = [least_squares_fit(sensitivity[[*chosen, column]], difference) for column in left]
            best = int(np.argmin([cost for cost, _ in tried]))
            chosen.append(left[best])
            start = tried[best][1]
        self._chosen, self._start = np.array(chosen, np.int64), start

    def _begin(self) -> None:
        """Start CMA-ES at the best walk so far, or where the signatures of all chosen sliders lead."""
        sensitivity, _ = self._sensitivities()
        rest = np.nan_to_num(self._wanted - self._gait[0]) - self._start @ sensitivity[self._chosen]
        promised = float(rest @ rest + PARSIMONY * self._start.sum())
        best = self._severity[self._best()][self._chosen]
        start = best if self.cost().min() < 2.0 * promised + SIMULATED else self._start
        options = {
            "bounds": [0.0, 1.0],
            "popsize": self.settings.population,
            "seed": np.nan,
            "randn": NormalNumbers(self._seed),
            "verbose": -9,
            "maxiter": self.settings.generations + 1,
        }
        self._strategy = cma.CMAEvolutionStrategy(np.clip(start, 0.01, 0.99), self.settings.spread, options)

    def _gauss_newton_candidates(self) -> FloatArray:
        """The best with a small step of every searched slider, and where the last round's slopes lead."""
        best = self._severity[self._best()]
        steps = np.tile(best, (len(self._chosen), 1))
        rows = np.arange(len(self._chosen))
        away = np.where(best[self._chosen] < 0.5, _STEP, -_STEP)
        steps[rows, self._chosen] += away
        led = self._led(best)
        return np.concatenate([steps] if led is None else [steps, led])

    def _led(self, best: FloatArray) -> FloatArray | None:
        """Where a full and a half Gauss-Newton step lead, (2, L); None before there are slopes."""
        slope = self._slope(best)
        if slope is None:
            return None
        rest = np.nan_to_num(self._wanted - self._gait[self._best()])
        parsimony = np.sqrt(PARSIMONY) * np.eye(len(self._chosen)) * 0.1
        here = best[self._chosen]
        system, right = np.concatenate([slope, parsimony]), np.concatenate([rest, -parsimony @ here])
        bounds = (np.minimum(-here, -1e-9), np.maximum(1.0 - here, 1e-9))
        step = lsq_linear(system, right, bounds=bounds).x
        led = np.tile(best, (2, 1))
        led[:, self._chosen] = np.clip(here + np.array([[1.0], [0.5]]) * step, 0.0, 1.0)
        return led

    # What came of it

    def result(self, *, synthetic: bool = False) -> ImpairmentFit:
        """The best candidate with what is known about it."""
        best = self._best()
        severity = self._severity[best]
        covariance = self._covariance()
        sd = np.sqrt(np.diag(covariance))
        estimates = [
            SeverityEstimate(self.slots[column], float(severity[column]), float(sd[row]))
            for row, column in enumerate(self._chosen)
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
            not_told_apart=tuple(self._sentences(severity, covariance)),
            walks=len(self._severity),
            synthetic=synthetic,
        )

    def _covariance(self) -> FloatArray:
        """Of the searched severities: least squares with a weak prior, widened when the fit is poor."""
        prior = np.eye(len(self._chosen)) / UNKNOWN_SD**2
        best = self._best()
        slope = self._slope(self._severity[best])
        if slope is None:
            return UNKNOWN_SD**2 * np.eye(len(self._chosen))
        rest = self._gait[best] - self._wanted
        poor = max(1.0, float(np.nanmean(rest**2)) * rest.size / max(rest.size - len(self._chosen), 1))
        covariance: FloatArray = np.linalg.inv(slope.T @ slope / poor + prior)
        return covariance

    def _slope(self, best: FloatArray) -> FloatArray | None:
        """Change of the gait per severity (K, searched), from walks near `best`; None without enough."""
        near = self._severity[:, self._chosen] - best[self._chosen]
        distance = np.abs(near).max(axis=1, initial=0.0)
        alone = np.count_nonzero(near, axis=1) == 1
        usable = (
            np.isfinite(self._gait).any(axis=1) & (self._walked_fraction >= 1.0) & (distance <= 1.5 * _STEP)
        )
        columns = []
        for column in range(len(self._chosen)):
            rows = np.flatnonzero(usable & alone & (near[:, column] != 0.0))
            if not len(rows):
                return self._regressed(near, usable)
            change = (self._gait[rows] - self._gait[self._best()]) / near[rows, column][:, None]
            columns.append(np.nan_to_num(change.mean(axis=0)))
        return np.array(columns).T

    def _regressed(self, near: FloatArray, usable: np.ndarray) -> FloatArray | None:
        """Slopes by linear regression on all walks that are near, whatever was changed together."""
        if usable.sum() < 2 * len(self._chosen) + 1:
            return None
        change = np.nan_to_num(self._gait[usable] - self._gait[self._best()])
        slope: FloatArray = np.linalg.lstsq(near[usable], change, rcond=None)[0].T
        return slope

    def _sentences(self, severity: FloatArray, covariance: FloatArray) -> list[str]:
        sd = np.sqrt(np.diag(covariance))
        related = covariance / np.outer(sd, sd)
        said = []
        for row, column in enumerate(self._chosen):
            label = self.slots[column].label
            if sd[row] > _UNCERTAIN_SD:
                said.append(f"{label}: hardly shows in this gait, so its severity is not known.")
            for later in range(row + 1, len(self._chosen)):
                other = self._chosen[later]
                if (
                    abs(related[row, later]) > _CONFOUNDED
                    and max(severity[column], severity[other]) >= ABSENT
                ):
                    pair = f"{label} and {_in_sentence(self.slots[other])}"
                    said.append(f"{pair} change this gait alike: only both together are certain.")
        return said + self._confounded(severity) + self._not_walked()

    def _confounded(self, severity: FloatArray) -> list[str]:
        """Sliders that were not searched and look like one that was found."""
        sensitivity, usable = self._sensitivities()
        length = np.linalg.norm(sensitivity, axis=1) + 1e-12
        likeness = (sensitivity @ sensitivity.T) / np.outer(length, length)
        said = []
        for column in self._chosen[severity[self._chosen] >= ABSENT]:
            alike = [
                other
                for other in np.flatnonzero(usable & (likeness[column] > _SIMILAR))
                if other not in self._chosen
            ]
            said += [
                f"{self.slots[column].label}: could as well be {_in_sentence(self.slots[other])}."
                for other in alike
            ]
        return said

    def _not_walked(self) -> list[str]:
        _, usable = self._sensitivities()
        return [
            f"{slot.label}: the twin falls with it, so it was not searched."
            for slot, can in zip(self.slots, usable, strict=True)
            if not can
        ]

    # Keeping

    def _sensitivities(self) -> tuple[FloatArray, np.ndarray]:
        """Change of the gait per severity of every slider alone (L, K), and which could be walked (L,)."""
        count = len(self.slots)
        sensitivity, usable = np.zeros((count, len(self._wanted))), np.zeros(count, np.bool_)
        for number, tried in enumerate(SCREENED):
            rows = slice(1 + number * count, 1 + (number + 1) * count)
            stood = (self._walked_fraction[rows] >= 1.0) & np.isfinite(self._gait[rows]).any(axis=1)
            change = np.nan_to_num(self._gait[rows] - self._gait[0]) / tried
            sensitivity, usable = np.where(stood[:, None], change, sensitivity), usable | stood
        return sensitivity, usable

    def _best(self) -> int:
        return int(np.argmin(self.cost()))

    def _all_sliders(self, searched: FloatArray) -> FloatArray:
        severity = np.zeros((len(searched), len(self.slots)))
        severity[:, self._chosen] = searched
        return severity

    def _note(self, asked: FloatArray, walked: Sequence[WalkedGait]) -> None:
        empty = np.full(len(self._wanted), np.nan)
        gaits, flexion = [], []
        for one in walked:
            shown = one.features
            gaits.append(empty if shown is None else gait_vector(shown, sagittal_only=self._sagittal_only))
            flexion.append(np.nan if shown is None else angle_rms_deg(shown, self._target))
        fraction = np.array([one.walked_fraction for one in walked])
        self._keep(asked, np.array(gaits), np.array(flexion), fraction)

    def _keep(self, asked: FloatArray, gait: FloatArray, flexion: FloatArray, fraction: FloatArray) -> None:
        self._severity = np.concatenate([self._severity, asked])
        self._gait = np.concatenate([self._gait, gait])
        self._flexion_rms = np.concatenate([self._flexion_rms, flexion])
        self._walked_fraction = np.concatenate([self._walked_fraction, fraction])
        self._ends.append(len(self._severity))


def _in_sentence(slot: Slot) -> str:
    label = slot.label
    return label[0].lower() + label[1:]
