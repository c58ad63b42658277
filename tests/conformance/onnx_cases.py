#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ONNX project's own single-operator cases, from the onnx package: onnx_cases.py ONNX_RUN [-v]. Cases of the operators that
are read, whose first input is a picture or a row; the other inputs are made constants. What is read must give the expected
numbers; what cannot be represented must be refused. -v lists what was refused."""
import sys

import runtime  # first: it finds the Python that has the packages

import numpy
from onnx import helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

OPERATORS = {"Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Conv", "Div", "Dropout", "Exp", "Flatten",
             "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "MatMul", "Gemm", "MaxPool",
             "Mul", "PRelu", "Pad", "ReduceMax", "ReduceMean", "Relu", "Reshape", "Resize", "Sigmoid", "Slice", "Softmax", "Split",
             "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze", "Upsample"}
NEWEST = 21
LEAST_PASSED = 60


def constants_but_first(model, inputs):
    """The case with its first input open and the others as constants."""
    graph, names = model.graph, [value.name for value in model.graph.input]
    for name, values in list(zip(names, inputs))[1:]:
        graph.initializer.append(numpy_helper.from_array(numpy.asarray(values), name))
    first = graph.input[0]
    kept = helper.make_tensor_value_info(first.name, first.type.tensor_type.elem_type, list(inputs[0].shape))
    del graph.input[:]
    graph.input.append(kept)
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx"):
            opset.version = min(opset.version, NEWEST)
    return model


def usable(case):
    graph = case.model.graph
    if len(graph.node) != 1 or graph.node[0].op_type not in OPERATORS or not graph.input:
        return False
    inputs = case.data_sets[0][0]
    first = inputs[0]
    return (isinstance(first, numpy.ndarray) and first.dtype == numpy.float32 and first.ndim in (2, 4) and first.size > 0
            and graph.node[0].input[0] == graph.input[0].name)


def main(program, verbose):
    passed, refused, wrong = 0, [], []
    cases = [case for case in collect_testcases(None) if usable(case)]
    for case in cases:
        inputs, expected = case.data_sets[0]
        model = constants_but_first(case.model, inputs)
        said, ours = runtime.run_here(program, model.SerializeToString(), inputs[0], inputs[0].shape[0])
        if ours is None:
            (refused if "OC_E_UNSUPPORTED" in said or "OC_E_CORRUPT" in said else wrong).append((case.name, said))
            continue
        outputs = [values for values in expected if isinstance(values, numpy.ndarray)][: len(ours)]
        worst = max(runtime.difference(a, b) for a, b in zip(ours, outputs))
        if worst <= max(runtime.BOUND, case.rtol):
            passed += 1
        else:
            wrong.append((case.name, f"differs by {worst:.1e}; {said}"))
    for name, said in wrong + (refused if verbose else []):
        print(f"{name}: {said}")
    print(f"{len(cases)} cases: {passed} agree, {len(refused)} are refused, {len(wrong)} are wrong")
    return 1 if wrong or passed < LEAST_PASSED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "-v" in sys.argv))
