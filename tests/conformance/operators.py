#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares operators with other people's: PyTorch's, and ONNX Runtime's for resizing. operators.py RUN_OPERATOR

What is not installed is left out with a word; with neither the check is skipped (exit status 77)."""
import itertools
import subprocess
import sys

try:
    import numpy as np
except ImportError:
    print("numpy is not installed: nothing is compared")
    sys.exit(77)
try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None
try:
    import onnx
    import onnxruntime
except ImportError:
    onnxruntime = None

CONV, MAX_POOL, MEAN_POOL, ACTIVATION, TRANSPOSED, RESIZE, PAD, TRANSPOSE, SOFTMAX, SHUFFLE = 2, 7, 8, 9, 11, 12, 13, 15, 17, 19
random = np.random.default_rng(1)
n_compared = 0


def run(op, x, params=(), window=(1, 1, 1, 1, 0, 0, 0, 0), channels=0, groups=1, function=0, mode=0, sizes=(), alpha=0,
        beta=0):
    """x and the result have the channels last."""
    line = [*x.shape, op, *window, channels, groups, function, mode, *sizes, *[0] * (9 - len(sizes)), len(params)]
    for p in params:
        line += [p.ndim, *p.shape]
    data = b"".join(np.ascontiguousarray(a, np.float32).tobytes() for a in ([alpha, beta], *params, x))
    done = subprocess.run([sys.argv[1]], input=" ".join(map(str, line)).encode() + b"\n" + data, stdout=subprocess.PIPE, check=True)
    shape, _, out = done.stdout.partition(b"\n")
    return np.frombuffer(out, np.float32).reshape([int(side) for side in shape.split()])


def compare(what, got, expected):
    """expected has the channels first."""
    global n_compared
    expected = np.moveaxis(np.asarray(expected), 1, -1)
    if got.shape != expected.shape or not np.allclose(got, expected, rtol=1e-5, atol=1e-5):
        where = "" if got.shape != expected.shape else f", by {np.abs(got - expected).max()}"
        sys.exit(f"{what}: {got.shape} differs from {expected.shape}{where}")
    n_compared += 1


def pictures(channels, height, width, n=2):
    first = random.standard_normal((n, channels, height, width)).astype(np.float32)
    return first, np.moveaxis(first, 1, -1)


def convolutions():
    for kernel, stride, pad, dilation, groups in itertools.product((1, 2, 3, 5), (1, 2, 3), (0, 1), (1, 2), (1, 2, 6)):
        if pad > (kernel - 1) * dilation:
            continue
        first, last = pictures(6, 11, 13)
        window = (kernel, kernel, stride, dilation, pad, pad, pad, pad)
        what = f"kernel {kernel}, stride {stride}, pad {pad}, dilation {dilation}, groups {groups}"
        weights = random.standard_normal((12, 6 // groups, kernel, kernel)).astype(np.float32)
        bias = random.standard_normal(12).astype(np.float32)
        compare("conv: " + what, run(CONV, last, (np.moveaxis(weights, 1, -1), bias), window, 12, groups),
                F.conv2d(torch.tensor(first), torch.tensor(weights), torch.tensor(bias), stride, pad, dilation, groups))
        for more in range(min(stride, 2)):
            weights = random.standard_normal((6, 12 // groups, kernel, kernel)).astype(np.float32)
            compare(f"transposed conv: {what}, {more} more",
                    run(TRANSPOSED, last, (np.moveaxis(weights, 1, -1), bias), window, 12, groups, sizes=(more, more)),
                    F.conv_transpose2d(torch.tensor(first), torch.tensor(weights), torch.tensor(bias), stride, pad, more, groups,
                                       dilation))


def pools():
    for kernel, stride, pad, ceil in itertools.product((2, 3, 5), (1, 2, 3, 4), (0, 1, 2), (0, 1)):
        if pad > kernel // 2:
            continue
        first, last = pictures(5, 10, 13)
        x, window = torch.tensor(first), (kernel, kernel, stride, 1, pad, pad, pad, pad)
        what = f"kernel {kernel}, stride {stride}, pad {pad}, ceil {ceil}"
        compare("max pool: " + what, run(MAX_POOL, last, window=window, mode=ceil), F.max_pool2d(x, kernel, stride, pad, 1, bool(ceil)))
        for count in (0, 1):
            compare(f"mean pool: {what}, count {count}", run(MEAN_POOL, last, window=window, mode=ceil + 2 * count),
                    F.avg_pool2d(x, kernel, stride, pad, bool(ceil), bool(count)))


def functions():
    first, last = pictures(17, 9, 8)
    x = torch.tensor(4 * first)
    for code, alpha, beta, expected in ((1, 0.1, 0, F.leaky_relu(x, 0.1)), (2, 1 / 6, 0.5, F.hardsigmoid(x)), (3, 0, 0, F.hardswish(x)),
                                        (4, 0, 0, torch.sigmoid(x)), (5, 0, 0, F.silu(x)), (6, 0, 0, torch.tanh(x)),
                                        (7, 0, 0, torch.exp(x))):
        compare(f"function {code}", run(ACTIVATION, 4 * last, function=code, alpha=alpha, beta=beta), expected)
    compare("softmax", run(SOFTMAX, 4 * last), torch.softmax(x, 1))
    first, last = pictures(12, 3, 4)
    compare("channel shuffle", run(SHUFFLE, last, groups=3), F.channel_shuffle(torch.tensor(first), 3))
    compare("transpose", run(TRANSPOSE, last, sizes=(2, 0, 1)), torch.tensor(first).permute(0, 3, 1, 2))


def pads():
    for mode, name in enumerate(("constant", "reflect", "replicate")):
        first, last = pictures(3, 7, 6)
        value = 0.625 if mode == 0 else 0
        compare("pad " + name, run(PAD, last, mode=mode, sizes=(3, 1, 2, 4, 0, 0), alpha=value),
                F.pad(torch.tensor(first), (1, 4, 3, 2), name, value) if mode == 0 else F.pad(torch.tensor(first), (1, 4, 3, 2), name))


def resize_model(kind, place, rounding, sizes):
    """One Resize of ONNX's operator set 19 to stated sizes, or by stated scales."""
    helper, by = onnx.helper, onnx.TensorProto
    stated = helper.make_tensor("stated", *(by.INT64, [4], [2, 3, *sizes]) if isinstance(sizes[0], int) else (by.FLOAT, [4], [1, 1, *sizes]))
    inputs = ["x", "", "", "stated"] if isinstance(sizes[0], int) else ["x", "", "stated"]
    node = helper.make_node("Resize", inputs, ["y"], mode=kind, coordinate_transformation_mode=place, nearest_mode=rounding)
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", by.FLOAT, None)],
                              [helper.make_tensor_value_info("y", by.FLOAT, None)], [stated])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def resizes():
    places = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")
    roundings = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    for (i, place), (j, rounding), kind in itertools.product(enumerate(places), enumerate(roundings), ("nearest", "linear")):
        for sizes, ours in (((14, 18), (14, 0, 18, 0)), ((4, 5), (4, 0, 5, 0)), ((1, 22), (1, 0, 22, 0)), ((2.0, 3.0), (2, 1, 3, 1)),
                            ((0.5, 1.5), (1, 2, 3, 2))):
            if kind == "linear" and j > 0:
                continue
            if kind == "nearest" and place == "half_pixel" and sizes[0] == 1:  # a tie: single precision falls on either side of it
                continue
            first, last = pictures(3, 7, 9)
            expected = resize_model(kind, place, rounding, sizes).run(None, {"x": first})[0]
            compare(f"resize {kind}, {place}, {rounding}, {sizes}", run(RESIZE, last, mode=(kind == "linear") + 2 * i + 8 * j, sizes=ours),
                    expected)


def main():
    if torch is None:
        print("PyTorch is not installed: only resizing is compared")
    if onnxruntime is None:
        print("onnx and onnxruntime are not installed: resizing is not compared")
    if torch is None and onnxruntime is None:
        sys.exit(77)
    for check in (convolutions, pools, functions, pads) if torch is not None else ():
        check()
    if onnxruntime is not None:
        resizes()
    print(f"{n_compared} results agree")


main()
