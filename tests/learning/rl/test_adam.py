"""Claims about the optimiser: the bits and the stored state of PyTorch's."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from core.learning.rl.adam import Adam, CosineDecay
from core.learning.rl.checkpoint import pack, unpack

STEPS = 40


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.Linear(16, 2), nn.Linear(2, 2))


def learn(layers: nn.Sequential, optimiser: Adam | torch.optim.Adam, schedule: object, steps: int) -> None:
    random = torch.Generator().manual_seed(1)
    layers[3].requires_grad_(False)  # its parameters have no gradient
    for _ in range(steps):
        loss = (layers(torch.randn((8, 5), generator=random)) ** 2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()  # type: ignore[attr-defined]


def weights(layers: nn.Sequential) -> list[Tensor]:
    return [one.detach().clone() for one in layers.parameters()]


@pytest.mark.parametrize("fused", [False, True])
def test_steps_with_the_bits_of_pytorch(fused: bool) -> None:
    ours, theirs = network(), network()
    one = Adam(ours.parameters(), 3e-3, fused=fused)
    other = torch.optim.Adam(theirs.parameters(), lr=3e-3, fused=fused or None)

    learn(ours, one, CosineDecay(one, STEPS), STEPS)
    learn(theirs, other, torch.optim.lr_scheduler.CosineAnnealingLR(other, STEPS), STEPS)

    assert all(torch.equal(a, b) for a, b in zip(weights(ours), weights(theirs), strict=True))
    assert one.rate == other.param_groups[0]["lr"]


@pytest.mark.parametrize("fused", [False, True])
def test_goes_on_from_what_pytorch_stored_and_the_other_way_round(fused: bool) -> None:
    ours, theirs = network(), network()
    other = torch.optim.Adam(theirs.parameters(), lr=3e-3, fused=fused or None)
    learn(theirs, other, torch.optim.lr_scheduler.ConstantLR(other, 1.0), 5)
    ours.load_state_dict(theirs.state_dict())
    one = Adam(ours.parameters(), 1.0, fused=fused)

    one.load_state_dict(unpack(pack(other.state_dict())))
    back = torch.optim.Adam(theirs.parameters(), lr=1.0, fused=fused or None)
    back.load_state_dict(unpack(pack(one.state_dict())))

    learn(ours, one, CosineDecay(one, 10**9), 3)
    learn(theirs, back, torch.optim.lr_scheduler.ConstantLR(back, 1.0), 3)
    assert all(torch.equal(a, b) for a, b in zip(weights(ours), weights(theirs), strict=True))


def test_refuses_the_state_of_other_parameters() -> None:
    with pytest.raises(ValueError, match="number of parameters"):
        Adam(network().parameters(), 1.0).load_state_dict(Adam([torch.zeros(1)], 1.0).state_dict())


def test_a_step_loads_no_compiler() -> None:
    script = (
        "import sys, torch; from core.learning.rl.adam import Adam;"
        "one = torch.ones(2, requires_grad=True); one.sum().backward();"
        "Adam([one], 0.1, fused=True).step(); sys.exit('torch._dynamo.eval_frame' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
