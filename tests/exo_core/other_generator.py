"""The same network by a code generator that knows nothing of ours: ONNX to C by emx-onnx-cgen."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.domain.arrays import Float32Array
from tests.exo_core.nets import Layer


def receptive(layers: tuple[Layer, ...]) -> int:
    """Ticks that an output depends on."""
    return 1 + sum(layer.span - 1 for layer in layers)


def onnx_model(layers: tuple[Layer, ...]) -> onnx.ModelProto:
    """A convolution per layer over a window that is as long as the network looks back."""
    nodes, constants, now, last = [], [], "x", len(layers) - 1
    for number, layer in enumerate(layers):
        kernel = np.ascontiguousarray(layer.weight.transpose(0, 2, 1)[:, :, ::-1])  # oldest first
        constants.append(numpy_helper.from_array(kernel, f"w{number}"))
        constants.append(numpy_helper.from_array(layer.bias, f"b{number}"))
        to = "y" if number == last else f"c{number}"
        inputs = [now, f"w{number}", f"b{number}"]
        nodes.append(helper.make_node("Conv", inputs, [to], dilations=[layer.dilation]))
        if number != last:
            now = f"r{number}"
            nodes.append(helper.make_node("Relu", [to], [now]))
    shape = [1, layers[0].weight.shape[2], receptive(layers)]
    asked = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    given = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, len(layers[-1].bias), 1])]
    graph = helper.make_graph(nodes, "net", asked, given, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def run_other(layers: tuple[Layer, ...], inputs: Float32Array, folder: Path) -> Float32Array:
    """Outputs (T, out) for inputs (T, in), the first of which counts as if it had always been there."""
    model, source, library = (folder / name for name in ("net.onnx", "net.c", "net.so"))
    onnx.save(onnx_model(layers), model)
    generator = [sys.executable, "-m", "emx_onnx_cgen", "compile", "--model-name", "net"]
    subprocess.run([*generator, str(model), str(source)], check=True, capture_output=True)
    compiler = ["gcc", "-O1", "-shared", "-fPIC", str(source), "-lm", "-o", str(library)]
    subprocess.run(compiler, check=True, capture_output=True)
    net = ctypes.CDLL(str(library)).net
    window = receptive(layers)
    padded = np.concatenate([np.repeat(inputs[:1], window - 1, axis=0), inputs])
    outputs = np.empty((len(inputs), len(layers[-1].bias)), np.float32)
    for tick in range(len(inputs)):
        seen = np.ascontiguousarray(padded[tick : tick + window].T)
        net(seen.ctypes.data_as(ctypes.c_void_p), outputs[tick].ctypes.data_as(ctypes.c_void_p))
    return outputs
