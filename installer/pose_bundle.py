"""Bundle the two pose networks into the one file that MediaPipe's `PoseLandmarker` opens.

Runs inside the virtual environment: it needs `flatbuffers` and the current `mediapipe`. The networks and the
TFLite schema come out of an older MediaPipe wheel (Apache-2.0), the last one that carried them; the metadata
that tells the runtime how to normalise pixels is written here. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import zipfile
from pathlib import Path
from types import ModuleType

NETWORKS = {
    # file in the old wheel -> (name inside the bundle, pixel mean, pixel standard deviation)
    "pose_detection.tflite": ("pose_detector.tflite", 127.5, 127.5),
    "pose_landmark_full.tflite": ("pose_landmarks_detector.tflite", 0.0, 255.0),
}
SCHEMA = "schema_py_generated.py"
METADATA_NAME = "TFLITE_METADATA"
FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # a zip stores file times; a constant one keeps the bytes the same


def load_module(path: Path) -> ModuleType:
    """Import one Python file that belongs to no installed package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def normalisation_metadata(mean: float, std: float) -> bytes:
    """Metadata of a network with one RGB image input normalised as (pixel - mean) / std."""
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema

    options = schema.NormalizationOptionsT()
    options.mean, options.std = [mean], [std]
    unit = schema.ProcessUnitT()
    unit.optionsType = schema.ProcessUnitOptions.NormalizationOptions
    unit.options = options
    image = schema.ImagePropertiesT()
    image.colorSpace = schema.ColorSpaceType.RGB
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = image
    tensor = schema.TensorMetadataT()
    tensor.name, tensor.content, tensor.processUnits = "image", content, [unit]
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata, graph.outputTensorMetadata = [tensor], []
    model = schema.ModelMetadataT()
    model.name, model.subgraphMetadata = "pose", [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), b"M001")
    return bytes(builder.Output())


def with_metadata(network: bytes, metadata: bytes, schema: ModuleType) -> bytes:
    """The same network with `metadata` as one more buffer."""
    import flatbuffers
    import numpy as np

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(network, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(metadata, dtype=np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = METADATA_NAME, len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(network) + 4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def bundle(parts: Path, target: Path) -> None:
    """Write `target` from the two networks and the schema found in the folder `parts`."""
    schema = load_module(parts / SCHEMA)
    # The runtime maps the networks straight out of the file, so they are stored uncompressed.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for file_name, (name, mean, std) in NETWORKS.items():
            network = (parts / file_name).read_bytes()
            complete = with_metadata(network, normalisation_metadata(mean, std), schema)
            archive.writestr(zipfile.ZipInfo(name, FIXED_TIME), complete)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("parts", type=Path, help="folder with the two networks and the schema")
    parser.add_argument("target", type=Path, help="the .task file to write")
    arguments = parser.parse_args()
    bundle(arguments.parts, arguments.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
