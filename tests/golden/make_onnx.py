#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the small ONNX files that tests and fuzzers begin with, and what ONNX Runtime says they give: make_onnx.py FOLDER.
Needs the packages onnx and onnxruntime. NAME.f32 holds the outputs for the input x[i] = ((i * 37) % 101) / 50 - 1, one picture,
in the order of the file."""
import sys
from pathlib import Path

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(7)


def weights(*shape):
    fan = max(1, int(numpy.prod(shape[1:])))
    return random.normal(0, fan ** -0.5, shape).round(3).astype("f4")


class Network:
    def __init__(self, opset, shape, ir=8):
        self.opset, self.ir, self.shape = opset, ir, shape
        self.nodes, self.constants, self.n, self.extra = [], [], 0, []

    def constant(self, values, name=None):
        self.n += 1
        name = name or f"c{self.n}"
        self.constants.append(numpy_helper.from_array(numpy.asarray(values), name))
        return name

    def add(self, op, *inputs, outputs=1, domain="", **attributes):
        self.n += 1
        names = [f"v{self.n}_{i}" for i in range(outputs)]
        inputs = [self.constant(i) if isinstance(i, numpy.ndarray) else i for i in inputs]
        self.nodes.append(helper.make_node(op, inputs, names, name=f"{op}{self.n}", domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def norm(self, x, c, **attributes):
        return self.add("BatchNormalization", x, 1 + weights(c) / 2, weights(c), weights(c), (1 + weights(c) ** 2).astype("f4"), **attributes)

    def model(self, *outputs):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)]
        if self.ir < 4:
            inputs += [helper.make_tensor_value_info(c.name, c.data_type, list(c.dims)) for c in self.constants]
        graph = helper.make_graph(self.nodes, "g", inputs,
                                  [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs], self.constants)
        opsets = [helper.make_opsetid("", self.opset)] + self.extra
        return helper.make_model(graph, opset_imports=opsets, ir_version=self.ir, producer_name="ocellus tests")


def plain():
    n = Network(13, ["n", 3, 8, 8])
    x = n.add("Relu", n.norm(n.add("Conv", "x", weights(6, 3, 3, 3), pads=[1, 1, 1, 1]), 6))
    a = n.add("Clip", n.add("Conv", x, weights(6, 1, 3, 3), weights(6), group=6, strides=[2, 2], auto_pad="SAME_UPPER"),
              numpy.array(0, "f4"), numpy.array(6, "f4"))
    b = n.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    x = n.add("Add", a, n.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2]))
    x = n.add("Flatten", n.add("GlobalAveragePool", n.add("Concat", x, b, axis=1)))
    return n.model(n.add("Softmax", n.add("Gemm", n.add("Dropout", x), weights(5, 12), weights(5), transB=1)))


def shuffled():
    n = Network(14, [1, 3, 8, 8])
    x = n.add("HardSwish", n.add("Conv", "x", weights(8, 3, 1, 1)))
    a, b = n.add("Split", x, numpy.array([4, 4]), outputs=2, axis=1)
    b = n.add("LeakyRelu", n.add("Conv", b, weights(4, 2, 3, 3), group=2, pads=[1, 1, 1, 1]), alpha=0.2)
    x = n.add("Concat", a, b, axis=1)
    s = n.add("Gather", n.add("Shape", x), numpy.array(2), axis=0)
    side = n.add("Unsqueeze", s, numpy.array([0]))
    shape = n.add("Concat", numpy.array([1, 2, 4]), side, n.add("Cast", side, to=TensorProto.INT64), axis=0)
    x = n.add("Transpose", n.add("Reshape", x, shape), perm=[0, 2, 1, 3, 4])
    x = n.add("Reshape", x, numpy.array([1, -1, 8, 8]))
    gate = n.add("HardSigmoid", n.add("Conv", n.add("ReduceMean", x, axes=[2, 3]), weights(8, 8, 1, 1)), alpha=1 / 6)
    x = n.add("Mul", x, gate)
    x = n.add("Mul", x, n.add("Div", n.add("Clip", n.add("Add", x, numpy.array(3, "f4")), numpy.array(0, "f4"), numpy.array(6, "f4")),
                              numpy.array(6, "f4")))
    return n.model(n.add("MatMul", n.add("Squeeze", n.add("GlobalMaxPool", x), numpy.array([2, 3])), weights(8, 4)))


def service():
    """As the service's exports of 2018 are built; without their tail, which ONNX Runtime would need for the expected numbers."""
    n = Network(7, [1, 3, 9, 9], ir=3)
    x = n.add("BatchNormalization", "x", numpy.ones(3, "f4"), numpy.zeros(3, "f4"), numpy.array([0.1, 0.2, 0.3], "f4"),
              numpy.ones(3, "f4"), epsilon=0.0)
    x = n.add("Relu", n.add("Conv", x, weights(6, 3, 3, 3), weights(6), auto_pad="VALID", strides=[2, 2]))
    x = n.add("MaxPool", n.add("Pad", x, mode="constant", pads=[0, 0, 0, 0, 0, 0, 1, 1], value=-3.4028234663852886e38),
              kernel_shape=[3, 3], strides=[2, 2])
    x = n.add("Concat", n.add("Conv", x, weights(4, 6, 1, 1)), n.add("Conv", x, weights(4, 6, 3, 3), auto_pad="SAME_UPPER"), axis=1)
    x = n.add("Flatten", n.add("GlobalAveragePool", x))
    return n.model(n.add("Softmax", n.add("Gemm", x, weights(8, 2), weights(2))))


def draft(model):
    """A service's file as its first converter wrote it: in operator set 1, with operators that drafts of ONNX had, and a node
    before the one that it needs. It gives the same numbers."""
    graph = model.graph
    model.opset_import[0].version = 1
    for i, node in enumerate(graph.node):
        if node.op_type == "Pad":
            graph.node[i].CopyFrom(helper.make_node("LegacyPadding", node.input, node.output, name=node.name,
                                                    domain="com.microsoft", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0],
                                                    value=-3.4028234663852886e38))
            pad = i
        elif node.op_type == "BatchNormalization":
            node.attribute.append(helper.make_attribute("is_test", 1))
        elif node.op_type == "Gemm":
            matrix = [c for c in graph.initializer if c.name == node.input[1]][0]
            rows = numpy.ascontiguousarray(numpy_helper.to_array(matrix).T)
            for listed in graph.input:
                if listed.name == matrix.name:
                    listed.CopyFrom(helper.make_tensor_value_info(matrix.name, matrix.data_type, rows.shape))
            matrix.CopyFrom(numpy_helper.from_array(rows, matrix.name))
            node.op_type = "FC"
            node.attribute.extend([helper.make_attribute("axis", 1), helper.make_attribute("axis_w", 1)])
    padding, pool = (type(graph.node[i]).FromString(graph.node[i].SerializeToString()) for i in (pad, pad + 1))
    graph.node[pad].CopyFrom(pool)
    graph.node[pad + 1].CopyFrom(padding)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


def channels_last():
    n = Network(12, [1, 8, 10, 3])
    x = n.add("Transpose", n.add("Mul", n.add("Sub", "x", numpy.array([0.1, 0.2, 0.3], "f4")), numpy.array(2, "f4")), perm=[0, 3, 1, 2])
    x = n.add("Conv", n.add("Pad", x, numpy.array([0, 0, 0, 0, 0, 0, 1, 1])), weights(5, 3, 3, 3), strides=[2, 2])
    x = n.add("Transpose", n.add("Sigmoid", x), perm=[0, 2, 3, 1])
    x = n.add("Add", x, weights(5))
    return n.model(n.add("MatMul", n.add("Reshape", x, numpy.array([1, 100])), weights(100, 3)))


def resized():
    n = Network(11, [1, 3, 6, 6])
    x = n.add("Tanh", n.add("Conv", "x", weights(4, 3, 3, 3), dilations=[2, 2], pads=[2, 2, 2, 2]))
    x = n.add("PRelu", x, weights(4, 1, 1))
    x = n.add("Resize", x, numpy.zeros(0, "f4"), numpy.array([1, 1, 2, 2], "f4"), mode="linear", coordinate_transformation_mode="half_pixel")
    x = n.add("Resize", x, numpy.zeros(0, "f4"), numpy.zeros(0, "f4"), numpy.array([1, 4, 6, 6]), mode="nearest", nearest_mode="floor",
              coordinate_transformation_mode="asymmetric")
    x = n.add("Slice", n.add("Pad", x, numpy.array([0, 0, 1, 1, 0, 0, 1, 1]), mode="reflect"), numpy.array([1, 1]), numpy.array([6, 99]),
              numpy.array([2, 1]))
    return n.model(n.add("Mul", x, n.add("Sigmoid", n.add("Conv", x, weights(1, 3, 1, 1)))))


def with_tail(model):
    """The same with the nodes of ai.onnx.ml behind it, and nothing to compare."""
    graph = model.graph
    last = graph.output[0].name
    graph.node.append(helper.make_node("ArgMax", [last], ["best"], name="best"))
    graph.node.append(helper.make_node("ArrayFeatureExtractor", ["names", "best"], ["label"], domain="ai.onnx.ml"))
    graph.node.append(helper.make_node("ZipMap", [last], ["loss"], domain="ai.onnx.ml", classlabels_strings=["a", "b"]))
    graph.initializer.append(helper.make_tensor("names", TensorProto.FLOAT16, [2], [1.0, 2.0]))
    del graph.output[:]
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("label", "loss"))
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    entry = model.metadata_props.add()
    entry.key, entry.value = "Image.NominalPixelRange", "NominalRange_0_255"
    entry = model.metadata_props.add()
    entry.key, entry.value = "Image.BitmapPixelFormat", "Bgr8"
    return model


def main(folder):
    folder = Path(folder)
    for make in (plain, shuffled, service, channels_last, resized):
        model = make()
        shape = [d.dim_value or 1 for d in model.graph.input[0].type.tensor_type.shape.dim]
        x = (((numpy.arange(numpy.prod(shape)) * 37) % 101) / 50 - 1).astype("f4").reshape(shape)
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        expected = numpy.ascontiguousarray(session.run(None, {"x": x})[0], "<f4")
        expected.tofile(folder / f"{make.__name__}.f32")
        (folder / f"{make.__name__}.onnx").write_bytes(model.SerializeToString())
        if make is service:
            tail = type(model).FromString(model.SerializeToString())
            (folder / "tail.onnx").write_bytes(with_tail(tail).SerializeToString())
            (folder / "draft.onnx").write_bytes(draft(model).SerializeToString())
            expected.tofile(folder / "draft.f32")


main(sys.argv[1])
