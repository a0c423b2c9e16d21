# SPDX-License-Identifier: Apache-2.0
"""Writes weights with the libraries of the formats, and what they hold.

Usage: python parameters.py OUT > expected.json
Prints {file: {precision: numbers}}.
"""
import json
import os
import sys

import gguf
import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper
from safetensors.numpy import save_file

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(7)
want = {}


def shapes():
    return [tuple(int(d) for d in rng.integers(1, 40, size=rng.integers(0, 4))) for _ in range(30)]


def count(name, precision, shape):
    d = want.setdefault(name, {})
    d[precision] = d.get(precision, 0) + int(np.prod(shape, dtype=np.int64))


kinds = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "int8": np.int8, "int64": np.int64, "uint8": np.uint8, "float64": np.float64}
tensors = {}
for i, s in enumerate(shapes()):
    name = list(kinds)[i % len(kinds)]
    tensors[f"layer.{i}"] = np.zeros(s, dtype=kinds[name])
    count("many.safetensors", name, s)
save_file(tensors, f"{out}/many.safetensors", metadata={"format": "np"})

# Numbers in initialisers, some raw, some not, one in a subgraph.
inits = []
onnx_kinds = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64, "int8": TensorProto.INT8}
for i, s in enumerate(shapes()):
    name = list(onnx_kinds)[i % len(onnx_kinds)]
    a = np.zeros(s, dtype=kinds[name])
    raw = i % 2 == 0
    inits.append(helper.make_tensor(f"t{i}", onnx_kinds[name], s, a.tobytes() if raw else a.flatten().tolist(), raw=raw))
    count("many.onnx", name, s)
inner = helper.make_graph([helper.make_node("Identity", ["w"], ["o"])], "inner", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)],
                          [helper.make_tensor("w", TensorProto.FLOAT, (3, 5), [0.0] * 15)])
count("many.onnx", "float32", (3, 5))
node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=helper.make_graph(
    [helper.make_node("Identity", ["t0"], ["z"])], "other", [], [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]))
graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("c", TensorProto.BOOL, ())], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], inits)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), f"{out}/many.onnx")

w = gguf.GGUFWriter(f"{out}/many.gguf", "llama")
q = gguf.GGMLQuantizationType
for i in range(24):
    rows, cols = int(rng.integers(1, 9)), 256 * int(rng.integers(1, 4))
    a = rng.normal(size=(rows, cols)).astype(np.float32)
    kind, name = [(q.F32, "float32"), (q.F16, "float16"), (q.Q8_0, "q8_0"), (q.Q4_0, "q4_0"), (q.BF16, "bfloat16"), (q.Q5_1, "q5_1")][i % 6]
    w.add_tensor(f"t{i}", a if kind == q.F32 else gguf.quants.quantize(a, kind), raw_dtype=kind)
    count("many.gguf", name, (rows, cols))
w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
print(json.dumps(want))
