#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Public networks in ONNX Runtime and here: real_networks.py ONNX_RUN. They are found through OCELLUS_TEST_DATA. Each file's
outputs must agree on equal inputs, and its features must be those of the value that was chosen."""
import os
import sys

import runtime  # first: it finds the Python that has the packages

import numpy
import onnx

# File, size of the input where the file leaves it open, what is compared.
NETWORKS = [
    ("classifiers/SqueezeNet_fp16.onnx", 224, "whole"),
    ("classifiers/squeezenet1.1_gluon.onnx", 224, "whole"),
    ("teachers/mobilenet_v2_1.0_224_fp32.onnx", 224, "whole"),
    ("teachers/efficientnet_lite0_flowers.onnx", 224, "whole"),
    ("teachers/inception_v3_2015_to_mixed9p.onnx", 299, "whole"),
    ("customvision/cat-or-dog.v2.onnx", 227, "probabilities"),
    ("customvision/currency/Currency.onnx", 227, "probabilities"),
]
# Numbers of features and of maps.
EXPECTED = {"classifiers/SqueezeNet_fp16.onnx": (512, 2), "classifiers/squeezenet1.1_gluon.onnx": (512, 2),
            "teachers/mobilenet_v2_1.0_224_fp32.onnx": (1280, 3), "teachers/efficientnet_lite0_flowers.onnx": (1280, 3),
            "teachers/inception_v3_2015_to_mixed9p.onnx": (2560, 3), "customvision/cat-or-dog.v2.onnx": (512, 2),
            "customvision/currency/Currency.onnx": (512, 2)}


def pictures(shape):
    """Numbers of the range of bytes, smooth like pictures."""
    random = numpy.random.default_rng(1)
    small = random.uniform(0, 255, (shape[0], shape[1], 12, 12))
    rows = numpy.arange(shape[2]) * 12 // shape[2]
    columns = numpy.arange(shape[3]) * 12 // shape[3]
    return (small[:, :, rows][:, :, :, columns] + random.uniform(-20, 20, shape)).astype("f4")


def modern(model):
    """A file in operator set 1, which ONNX Runtime does not run, in operator set 7. The windows of its paddings are all 3 wide
    and 2 apart, and must reach the last pixel of sides that halve from 113 to 56 and 28."""
    nodes, sides = [], {"conv1_padded": 113, "fire3/concat_padded": 56, "fire5/concat_padded": 28}
    for node in model.graph.node:
        if node.op_type == "LegacyPadding":
            lacks = (sides[node.output[0]] - 3) % 2
            node = onnx.helper.make_node("Pad", node.input, node.output, mode="constant", value=-3.4028234663852886e38,
                                         pads=[0, 0, 0, 0, 0, 0, lacks, lacks])
        elif node.op_type == "FC":
            node = onnx.helper.make_node("Gemm", node.input, node.output, transB=1)
        dropped = {"BatchNormalization": ("is_test",), "MaxPool": ("dilations",)}.get(node.op_type, ())  # dilations of 1
        kept = [attribute for attribute in node.attribute if attribute.name not in dropped]
        del node.attribute[:]
        node.attribute.extend(kept)
        nodes.append(node)
    known = {tensor.name for tensor in model.graph.initializer} | {value.name for value in model.graph.input}
    del model.graph.node[:], model.opset_import[:]
    while nodes:  # each behind what it needs
        ready = [node for node in nodes if known.issuperset(node.input)]
        model.graph.node.extend(ready)
        known.update(name for node in ready for name in node.output)
        nodes = [node for node in nodes if not known.issuperset(node.output)]
    model.opset_import.extend([onnx.helper.make_opsetid("", 7), onnx.helper.make_opsetid("ai.onnx.ml", 1)])
    return model


def with_output(model, name):
    """Only what `name` needs, with it as the output."""
    by_output = {output: node for node in model.graph.node for output in node.output}
    needed, stack = set(), [name]
    while stack:
        node = by_output.get(stack.pop())
        if node is not None and id(node) not in needed:
            needed.add(id(node))
            stack.extend(node.input)
    kept = [node for node in model.graph.node if id(node) in needed]
    used = {name for node in kept for name in node.input}
    constants = [tensor for tensor in model.graph.initializer if tensor.name in used]
    inputs = [value for value in model.graph.input if value.name in used]
    del model.graph.node[:], model.graph.output[:], model.graph.initializer[:], model.graph.input[:]
    model.graph.initializer.extend(constants)
    model.graph.input.extend(inputs)
    model.graph.node.extend(kept)
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return model


def main(program):
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        print("SKIPPED: OCELLUS_TEST_DATA is not set, so there are no public networks to compare")
        return 77
    failed = 0
    for name, side, what in NETWORKS:
        with open(os.path.join(data, "networks", name), "rb") as file:
            original = file.read()
        model = runtime.to_single(onnx.load_from_string(original))
        if model.opset_import[0].version == 1:
            model = modern(model)
        shape = runtime.batch_of_one(model)
        shape = [1, 3, shape[2] or side, shape[3] or side]
        values = pictures(shape)
        if "customvision" not in name and "fp16" not in name:
            values = (values - 127.5) / 64
        if what == "probabilities":
            softmax = [node for node in model.graph.node if node.op_type == "Softmax"][0]
            model = with_output(model, softmax.output[0])
        theirs = runtime.run_there(model, values)
        said, ours = runtime.run_here(program, original, values)
        if ours is None or len(ours) != len(theirs):
            print(f"{name}: {said}")
            failed += 1
            continue
        worst = max(runtime.difference(a, b) for a, b in zip(ours, theirs))
        said, base = runtime.run_here(program, original, values, features="-")
        if base is None:
            print(f"{name}: {said}")
            failed += 1
            continue
        chosen = said[0].split()[1]
        value = runtime.run_there(with_output(onnx.load_from_string(model.SerializeToString()), chosen), values)[0]
        pooled = value.reshape(1, value.shape[1], -1).mean(2)
        features = runtime.difference(base[0], pooled)
        print(f"{name}: outputs differ by {worst:.1e} of their largest value, features '{chosen}' by {features:.1e}; "
              f"{base[0].shape[1]} features, maps {[list(m.shape[1:]) for m in base[1:]]}; {said[1]}; {said[-1]}")
        failed += worst > runtime.BOUND or features > runtime.BOUND or (base[0].shape[1], len(base) - 1) != EXPECTED[name]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
