"""The five networks of source E (table A2), and how they are trained and asked."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor, nn

from core.domain.arrays import FloatArray
from core.domain.motion import CYCLE_POINTS
from core.estimation.features import FEATURES
from core.estimation.newton_euler import HIP
from core.estimation.turing import TuringMachine
from core.estimation.walks import LegWalk, MeasuredWalk
from core.kinetics.rigid_tree import GRAVITY_M_S2

EVERY = 4  # of the 101 points of a cycle a network sees every fourth one; the inputs have no more to tell
LEAST_SD = 0.02  # of an input: what hardly moves is not blown up
_HIDDEN = 128
_LONGEST_CLIP = 1.0  # of a gradient
_JITTER = 0.3
"""Standard deviations by which the inputs of a stride are shifted while a network learns. With ten people to
learn from a network else knows each of them by build and marker places, and fails on the next one."""


class Recurrent(nn.Module):
    """A recurrent layer, dropout, and a linear layer."""

    def __init__(self, layer: nn.Module, dropout: float, outputs: int) -> None:
        super().__init__()
        self.layer, self.dropout, self.last = layer, nn.Dropout(dropout), nn.Linear(_HIDDEN, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.as_tensor(self.last(self.dropout(self.layer(inputs)[0])))


def _perceptron(*widths: int) -> nn.Module:
    layers: list[nn.Module] = []
    for narrow, wide in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(narrow, wide), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


NETWORKS: dict[str, Callable[[int, int], nn.Module]] = {
    "BPNN": lambda inputs, outputs: _perceptron(inputs, 64, 128, 64, outputs),
    "FNN": lambda inputs, outputs: _perceptron(inputs, 128, 64, outputs),
    "RNN": lambda inputs, outputs: Recurrent(nn.RNN(inputs, _HIDDEN, batch_first=True), 0.3, outputs),
    "LSTM": lambda inputs, outputs: Recurrent(nn.LSTM(inputs, _HIDDEN, batch_first=True), 0.4, outputs),
    "NTM": TuringMachine,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. Source E: 5e-5, which hardly moves on a few dozen strides."""

    learning_rate: float = 1e-3
    batch: int = 16
    weight_decay: float = 1e-5
    epochs: int = 150
    patience: int = 10  # epochs without a better validation


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Of inputs (54,) and outputs (3,), found on the strides that a network was first trained on."""

    input_mean: FloatArray
    input_sd: FloatArray
    output_sd: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """A trained network."""

    kind: str
    module: nn.Module
    scaling: Scaling

    def moments_nm_kg(self, walk: LegWalk) -> FloatArray:
        """(N, 101, 3)"""
        self.module.eval()
        with torch.no_grad():
            found = self.module(_inputs(walk, self.scaling)).numpy().astype(np.float64)
        coarse = found * self.scaling.output_sd * _unit_nm_kg(walk)
        smooth = CubicSpline(np.arange(0, CYCLE_POINTS, EVERY), coarse, axis=1)
        return np.asarray(smooth(np.arange(CYCLE_POINTS)))


def scaling_of(walks: Sequence[MeasuredWalk]) -> Scaling:
    """Every person counts alike."""
    inputs = [walk.walk.feature.reshape(-1, FEATURES) for walk in walks]
    mean = np.mean([one.mean(axis=0) for one in inputs], axis=0)
    spread = np.mean([((one - mean) ** 2).mean(axis=0) for one in inputs], axis=0)
    outputs = [np.nanmean((w.moment_nm_kg / _unit_nm_kg(w.walk)) ** 2, axis=(0, 1)) for w in walks]
    return Scaling(mean, np.maximum(np.sqrt(spread), LEAST_SD), np.sqrt(np.mean(outputs, axis=0)))


def train(
    kind: str,
    learn: Sequence[MeasuredWalk],
    validate: Sequence[MeasuredWalk],
    recipe: Recipe,
    *,
    seed: int,
    start: Estimator | None = None,
    most_strides: int = 4,
    watch: Callable[[int, float], None] | None = None,
) -> Estimator:
    """A network trained on `learn`, as it was best on `validate`: other people than those.

    `start` is a network that was trained before. Of a person at most `most_strides` are used, spread over the
    walk; every person counts alike. Repeatable by the seed on one thread.
    """
    torch.manual_seed(seed)
    scaling = scaling_of(learn) if start is None else start.scaling
    module = NETWORKS[kind](FEATURES, len(HIP)) if start is None else copy.deepcopy(start.module)
    table, judge = _table(learn, scaling, most_strides), _table(validate, scaling, most_strides)
    optimiser = torch.optim.Adam(
        module.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    best, best_loss, since = copy.deepcopy(module.state_dict()), _loss_of(module, judge), 0
    for epoch in range(recipe.epochs):
        _epoch(module, optimiser, table, recipe.batch)
        loss = _loss_of(module, judge)
        if watch is not None:
            watch(epoch, loss)
        if loss < best_loss:
            best, best_loss, since = copy.deepcopy(module.state_dict()), loss, 0
        else:
            since += 1
        if since >= recipe.patience:
            break
    module.load_state_dict(best)
    return Estimator(kind, module, scaling)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    inputs: Tensor  # (N, T, 54)
    wanted: Tensor  # (N, T, 3); 0 where not known
    weight: Tensor  # (N, T, 3): 0 where not known, else so that every person counts alike


def _table(walks: Sequence[MeasuredWalk], scaling: Scaling, most_strides: int) -> _Table:
    inputs, wanted, weights = [], [], []
    for one in walks:
        count = len(one.moment_nm_kg)
        picks = np.unique(np.linspace(0, count - 1, min(count, most_strides)).round().astype(int))
        wish = one.moment_nm_kg[picks, ::EVERY] / _unit_nm_kg(one.walk) / scaling.output_sd
        inputs.append(_inputs(one.walk, scaling)[torch.as_tensor(picks)])
        wanted.append(np.nan_to_num(wish))
        weights.append(np.isfinite(wish) / len(picks))
    weight = np.concatenate(weights)
    return _Table(
        torch.cat(inputs),
        torch.as_tensor(np.concatenate(wanted), dtype=torch.float32),
        torch.as_tensor(weight / weight.mean(), dtype=torch.float32),
    )


def _epoch(module: nn.Module, optimiser: torch.optim.Optimizer, table: _Table, batch: int) -> None:
    module.train()
    for picks in torch.split(torch.randperm(len(table.inputs)), batch):
        optimiser.zero_grad()
        shift = _JITTER * torch.randn(len(picks), 1, FEATURES)
        loss = _loss(module, table, picks, shift)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(module.parameters(), _LONGEST_CLIP)
        optimiser.step()


def _loss_of(module: nn.Module, table: _Table) -> float:
    module.eval()
    with torch.no_grad():
        return float(_loss(module, table, torch.arange(len(table.inputs))))


def _loss(module: nn.Module, table: _Table, picks: Tensor, shift: Tensor | None = None) -> Tensor:
    inputs = table.inputs[picks] if shift is None else table.inputs[picks] + shift
    error = module(inputs) - table.wanted[picks]
    return torch.as_tensor((table.weight[picks] * error**2).mean())


def _inputs(walk: LegWalk, scaling: Scaling) -> Tensor:
    scaled = (walk.feature[:, ::EVERY] - scaling.input_mean) / scaling.input_sd
    return torch.as_tensor(scaled, dtype=torch.float32)


def _unit_nm_kg(walk: LegWalk) -> float:
    """Moments are told to the networks as a share of weight times length of the leg."""
    return GRAVITY_M_S2 * walk.leg_m
