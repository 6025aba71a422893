"""Flight recorder: the last steps of a batch in a ring buffer, written to a file when physics breaks down."""

from __future__ import annotations

import platform
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from core.domain.arrays import FloatArray, IntArray
from core.errors import refuse
from core.vault import files

DEPTH = 32  # batches of steps: 0.6 s of walking at 50 Hz, longer than any breakdown takes to grow
MEMORY_LIMIT_BYTES = 64_000_000  # fewer are kept of a batch so large that 32 do not fit
FILE_LIMIT = 3  # the first breakdowns of a run suffice; a hundred more would fill the disk
_NAME = "breakdown_{number}.npz"
_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The last moments of one body. Axes: K batches of steps, oldest first, S state, C input values."""

    model: Any  # mujoco.MjModel
    state: FloatArray  # (K, S) before each batch of steps
    inputs: FloatArray  # (K, C) held during it: controls, then outside forces where there are any
    input_spec: int  # which inputs these are, bits of mjtState
    steps: IntArray  # (K,)
    path: FloatArray  # (T, S) after each step of the last batch, as physics gave it
    body: int  # which of the batch
    seed: int
    batch: int  # how many batches of steps were taken before the last one
    made_with: str  # versions and machine


class FlightRecorder:
    """Given to a `BatchPhysics`, keeps the last batches of steps and writes a file when one breaks down.

    `files` are the recordings written so far, at most FILE_LIMIT to one folder.
    """

    def __init__(self, folder: Path, *, seed: int = 0, depth: int = DEPTH) -> None:
        self.files: tuple[Path, ...] = ()
        self._folder, self._seed, self._depth = folder, seed, depth
        self._ring: _Ring | None = None

    def record(self, state: FloatArray, inputs: FloatArray, input_spec: int, steps: int) -> None:
        """Keep the state (N, S) before `steps` physics steps and the inputs (N, C) held during them."""
        if self._ring is None or not self._ring.fits(state):
            self._ring = _Ring(state, inputs, self._depth)
        self._ring.put(state, inputs, input_spec, steps)

    def breakdown(
        self, models: Sequence[Any], diverged: np.ndarray, path: FloatArray, *, by: str = ""
    ) -> Path | None:
        """Write down the first body of `diverged` (N,), which took the steps `path` (N, T, S).

        `by` names a physics that is not MuJoCo in C, in which a replay will differ. Returns the file, or None
        when the folder already holds FILE_LIMIT.
        """
        if self._ring is None or not diverged.any():
            return None
        file = next((file for file in self._places() if not file.exists()), None)
        if file is None:
            return None
        body = int(np.argmax(diverged))
        model = models[body] if len(models) > 1 else models[0]
        write_recording(self._ring.recording(model, body, path[body], self._seed, by), file)
        self.files = (*self.files, file)
        return file

    def newest(self) -> Path | None:
        """The last recording in the folder, also from an earlier run."""
        return next((file for file in reversed(self._places()) if file.exists()), None)

    def _places(self) -> list[Path]:
        return [self._folder / _NAME.format(number=number) for number in range(1, FILE_LIMIT + 1)]


class _Ring:
    """The last batches of steps. Axes: D places, N bodies."""

    def __init__(self, state: FloatArray, inputs: FloatArray, depth: int) -> None:
        depth = max(1, min(depth, MEMORY_LIMIT_BYTES // (state.nbytes + inputs.nbytes)))
        self._state: FloatArray = np.empty((depth, *state.shape))
        self._inputs: FloatArray = np.empty((depth, *inputs.shape))
        self._steps: IntArray = np.zeros(depth, np.int64)
        self._count = 0
        self._input_spec = 0

    def fits(self, state: FloatArray) -> bool:
        return self._state.shape[1:] == state.shape

    def put(self, state: FloatArray, inputs: FloatArray, input_spec: int, steps: int) -> None:
        """Controls come first among the inputs; where there are no outside forces they are zero."""
        wider = inputs.shape[1] - self._inputs.shape[2]
        if wider > 0:
            self._inputs = np.pad(self._inputs, ((0, 0), (0, 0), (0, wider)))
        place = self._count % len(self._steps)
        self._state[place], self._steps[place] = state, steps
        self._inputs[place, :, : inputs.shape[1]] = inputs
        self._inputs[place, :, inputs.shape[1] :] = 0.0
        self._input_spec |= input_spec
        self._count += 1

    def recording(self, model: Any, body: int, path: FloatArray, seed: int, by: str) -> Recording:
        kept = min(self._count, len(self._steps))
        order = np.arange(self._count - kept, self._count) % len(self._steps)
        return Recording(
            model=model,
            state=self._state[order, body],
            inputs=self._inputs[order, body],
            input_spec=self._input_spec,
            steps=self._steps[order],
            path=path.copy(),
            body=body,
            seed=seed,
            batch=self._count - 1,
            made_with=versions(by),
        )


def versions(by: str = "") -> str:
    """What must be the same for a replay, in C, to be the same to the last bit."""
    physics = by or f"mujoco {mujoco.__version__}"
    return f"{physics}, numpy {np.__version__}, {platform.system()} {platform.machine()}"


def write_recording(recording: Recording, file: Path) -> None:
    """One npz file with the compiled model inside."""
    model = np.empty(mujoco.mj_sizeModel(recording.model), np.uint8)
    mujoco.mj_saveModel(recording.model, None, model)
    file.parent.mkdir(parents=True, exist_ok=True)
    with files.open_write(file) as stream:
        np.savez_compressed(
            stream,
            format=_FORMAT,
            model=model,
            state=recording.state,
            inputs=recording.inputs,
            steps=recording.steps,
            path=recording.path,
            numbers=np.array([recording.input_spec, recording.body, recording.seed, recording.batch]),
            made_with=recording.made_with,
        )


def read_recording(file: Path) -> Recording:
    """The inverse of `write_recording`. Raises UserError SIM-006 for a file that is not a recording."""
    try:
        with files.open_read(file) as stream, np.load(stream, allow_pickle=False) as content:
            if int(content["format"]) != _FORMAT:
                raise ValueError("another format")
            model = mujoco.MjModel.from_binary_path("model.mjb", {"model.mjb": content["model"].tobytes()})
            input_spec, body, seed, batch = (int(number) for number in content["numbers"])
            return Recording(
                model,
                content["state"],
                content["inputs"],
                input_spec,
                content["steps"],
                content["path"],
                body,
                seed,
                batch,
                str(content["made_with"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise refuse(
            "SIM-006",
            f"{file.name} cannot be replayed.",
            "It is not there, or not a flight recording of this version of the program.",
            "Choose a file called breakdown_1.npz that ExoTwin wrote when physics broke down.",
        ) from error
