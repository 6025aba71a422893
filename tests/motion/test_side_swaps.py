"""Left and right: the search finds its own optimum, and evidence beyond smoothness decides or asks."""

from itertools import product

import numpy as np
import pytest

from core.capture.synthetic import PinholeCamera
from core.domain.recording import LandmarkTrack
from core.domain.sides_doubt import MAX_EXCHANGED_FRACTION
from core.motion.side_search import best_states, no_prior, part_costs, prior_of, states_cost
from core.motion.side_swaps import SideRepair, correct_side_swaps
from tests.motion.detector_like import detected, mistaken, step_to_walk, there_and_back, walk_seen
from tests.motion.synthetic_walk import SyntheticWalk, seen_by, synthetic_walk

DIRECTIONS = pytest.mark.parametrize("from_left", [True, False], ids=["to the left", "to the right"])
KINDS = pytest.mark.parametrize("depth_too", [True, False], ids=["in all", "in the picture"])


@pytest.fixture(scope="module")
def walk() -> SyntheticWalk:
    return synthetic_walk()


def wrong_share(track: LandmarkTrack, truth: LandmarkTrack, repair: SideRepair) -> float:
    """Share of the frames with feet apart in which they have other sides after the repair than in truth."""
    feet = [27, 28]
    apart = np.abs(np.diff(truth.image_px[:, feet, 0], axis=1))[:, 0] > 60.0
    off = np.abs(repair.track.image_px[:, feet] - truth.image_px[:, feet]).max(axis=(1, 2)) > 1.0
    return float(off[apart].mean())


def random_paths(seed: int, frames: int) -> np.ndarray:
    """Choices (T, 2 flags, 2 sides, 1 pair, 2) of two legs that wander and cross."""
    noise = np.random.default_rng(seed)
    paths = np.cumsum(noise.normal(0.0, 0.06, (frames, 2, 1, 2)), axis=0)
    return np.stack([paths, paths[:, ::-1]], axis=1)


@pytest.mark.parametrize("seed", range(25))
def test_the_search_finds_the_cheapest_of_all_sequences(seed):
    frames = 6
    time_s = np.arange(frames) / 30.0
    if seed % 5 == 0:
        time_s[3:] += 0.2  # a gap
    knees, feet = (part_costs(random_paths(2 * seed + part, frames), time_s) for part in (0, 1))
    fit = np.random.default_rng(seed).uniform(-1.0, 1.0, frames)
    prior = prior_of(fit, 30.0) if seed % 2 else no_prior(frames, 30.0)

    found = best_states(knees, feet, prior)
    every = [
        states_cost(knees, feet, prior, np.array(states).reshape(frames, 2))
        for states in product((0, 1), repeat=2 * frames)
    ]

    assert states_cost(knees, feet, prior, found) == pytest.approx(min(every), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_the_cheapest_way_through_crossings(seed):
    """Long enough for paths before and after a crossing: only sequences around the crossing are tried."""
    frames, time_s = 14, np.arange(14) / 30.0
    noise = np.random.default_rng(seed)
    ahead = np.linspace(-0.3, 0.3, frames)[:, None, None] * [[1.0], [-0.2]]
    paths = np.stack([ahead, 0.02 * np.ones_like(ahead)], axis=-1) + noise.normal(0, 0.01, (frames, 2, 1, 2))
    choice = np.stack([paths, paths[:, ::-1]], axis=1)
    flipped = np.arange(frames) >= noise.integers(4, 10)
    choice[flipped] = choice[flipped][:, ::-1]
    part = part_costs(choice, time_s)
    prior = no_prior(frames, 30.0)

    assert part.crossings and max(c.cost.max() for c in part.crossings) > 0.0
    found = best_states(part, part, prior)
    every = (
        states_cost(part, part, prior, np.repeat(np.array(states)[:, None], 2, axis=1))
        for states in product((0, 1), repeat=frames)
    )
    assert states_cost(part, part, prior, found) <= min(every) + 1e-12


@DIRECTIONS
@KINDS
@pytest.mark.parametrize("seed", range(4))
def test_two_doubtful_frames_at_an_end_turn_no_trial(walk, from_left, depth_too, seed):
    clean = walk_seen(walk, from_left=from_left, seed=seed)
    frames = len(clean.time_s)
    for ends in ([0, 2], [frames - 1, frames - 3], [0, 1, frames - 1]):
        for start in (0, 5, 9):  # the walk begins anywhere in the stride, also with the legs together
            track = _from(
                mistaken(clean, [start + i if i < 9 else i for i in ends], depth_too=depth_too), start
            )
            repair = correct_side_swaps(track)
            assert repair.fraction < 0.1
            assert wrong_share(track, _from(clean, start), repair) < 0.05
            assert not repair.evidence.against


@DIRECTIONS
@KINDS
@pytest.mark.parametrize("seed", range(5))
def test_one_long_mistake_is_mended(walk, from_left, depth_too, seed):
    clean = walk_seen(walk, from_left=from_left, seed=seed)
    first = int(np.random.default_rng(seed).integers(10, 100))
    track = mistaken(clean, range(first, first + 15), depth_too=depth_too)
    repair = correct_side_swaps(track)

    assert wrong_share(track, clean, repair) < 0.03
    assert repair.fraction == pytest.approx(15 / 135, abs=0.04)
    assert not repair.evidence.against


@DIRECTIONS
@pytest.mark.parametrize("seed", range(3))
def test_scattered_mistakes_are_mended(walk, from_left, seed):
    clean = walk_seen(walk, from_left=from_left, seed=seed)
    frames = np.random.default_rng(seed).choice(len(clean.time_s), 12, replace=False)
    track = mistaken(clean, frames, depth_too=False)
    repair = correct_side_swaps(track)

    assert wrong_share(track, clean, repair) < 0.03
    assert not repair.evidence.against


@DIRECTIONS
@KINDS
def test_a_trial_whose_legs_are_exchanged_is_never_taken_without_a_doubt(walk, from_left, depth_too):
    clean = walk_seen(walk, from_left=from_left)
    for frames in (range(135), range(3, 132), range(0, 70), range(30, 100)):
        track = mistaken(clean, frames, depth_too=depth_too)
        repair = correct_side_swaps(track)
        asked = repair.fraction > MAX_EXCHANGED_FRACTION or bool(repair.evidence.against)
        assert asked or wrong_share(track, clean, repair) < 0.05


@DIRECTIONS
def test_a_step_to_gait_keeps_its_sides(from_left):
    """One foot never passes the other: it only catches up, and neither is taken for the other."""
    time_s, point_m = step_to_walk()
    clean = detected(time_s, point_m, from_left=from_left)
    assert correct_side_swaps(clean).fraction < 0.02
    for seed in range(4):
        first = int(np.random.default_rng(seed).integers(20, 200))
        track = mistaken(clean, range(first, first + 12), depth_too=False)
        repair = correct_side_swaps(track)
        assert wrong_share(track, clean, repair) < 0.03
        assert not repair.evidence.against


@DIRECTIONS
def test_a_turn_keeps_the_sides(walk, from_left):
    clean = detected(*there_and_back(walk), from_left=from_left)
    repair = correct_side_swaps(clean)

    assert repair.fraction < 0.03
    assert not repair.evidence.against and repair.evidence.agreement > 0.8


@DIRECTIONS
def test_a_cut_between_two_ways_keeps_the_sides(walk, from_left):
    """The turn was cut out of the film: between two pictures the person faces the other way."""
    time_s, point_m = there_and_back(walk)
    turn = slice(len(walk.time_s), len(walk.time_s) + 30)
    rows = np.delete(np.arange(len(time_s)), turn)
    repair = correct_side_swaps(detected(time_s[: len(rows)], point_m[rows], from_left=from_left))

    assert repair.fraction < 0.03
    assert not repair.evidence.against


@DIRECTIONS
def test_a_slow_and_a_fast_film_are_judged_alike(from_left):
    for rate_hz in (15.0, 24.0, 60.0):
        walk = synthetic_walk(rate_hz=rate_hz)
        clean = walk_seen(walk, from_left=from_left)
        long = range(int(rate_hz), int(1.5 * rate_hz))
        track = mistaken(clean, [0, 1, *long], depth_too=False)
        repair = correct_side_swaps(track)
        assert wrong_share(track, clean, repair) < 0.05
        assert not repair.evidence.against


@DIRECTIONS
def test_legs_that_jump_are_told_from_legs_that_are_followed(walk, from_left):
    """Behind a walking frame the detector finds now this leg, now that one, and now the frame."""
    clean = walk_seen(walk, from_left=from_left)
    noise = np.random.default_rng(4)
    image = np.array(clean.image_px)
    for frame in np.flatnonzero(noise.uniform(size=len(image)) < 0.45):
        for left in (25, 27, 29, 31):
            image[frame, left] = image[frame, left + 1] + noise.normal(0.0, 8.0, 2)
    hidden = LandmarkTrack(
        clean.time_s, image, clean.world_m, clean.visibility, clean.width_px, clean.height_px
    )
    assert correct_side_swaps(clean).jumping < 0.25
    assert correct_side_swaps(hidden).jumping > 0.4


def _from(track: LandmarkTrack, start: int) -> LandmarkTrack:
    rows = slice(start, None)
    return LandmarkTrack(
        track.time_s[rows],
        track.image_px[rows],
        track.world_m[rows],
        track.visibility[rows],
        track.width_px,
        track.height_px,
    )


def test_someone_small_in_the_picture_does_not_jump(walk: SyntheticWalk) -> None:
    """Two pixels of noise are much of a body that is a hundred pixels tall."""
    far = PinholeCamera((24.0, -2.8, 1.0), (0.0, -2.8, 0.9), focal_px=1000.0, width_px=1660)
    assert correct_side_swaps(seen_by(walk, far, noise_px=2.0)).jumping < 0.05
