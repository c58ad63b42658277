#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the engine beside its peers, in pairs, in one run, and prints the ratios.

    peers.py BENCH_NETWORKS [--rounds 5] [--seconds 1.5] [CASE ...]

CASE is mode:network:side:batch:threads, for instance infer:mobilenetv2:224:1:2, infer8:resnet18:224:1:1 (in 8-bit integers) or
train:resnet18:128:32:2; without one, the usual cases. Peers: ONNX Runtime (pip install onnxruntime onnx numpy) for inference, PyTorch (apt install python3-torch) for
training; one that is missing is left out with a word. All run the same networks on random weights. Each round times ours and
the peer's one after the other; medians of the rounds and the median of the rounds' ratios are printed (above 1: ours is
faster)."""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

CASES = ["infer:mobilenetv2:224:1:1", "infer:mobilenetv2:224:1:2", "infer:resnet18:224:1:1", "infer:resnet18:224:1:2",
         "infer:resnet50:224:1:2", "infer:mobilenetv2:128:32:2", "infer:mobilenetv2:224:32:2",
         "infer8:mobilenetv2:224:1:1", "infer8:mobilenetv2:224:1:2", "infer8:resnet18:224:1:2", "train:mobilenetv2:128:32:2",
         "train:mobilenetv2:224:32:2", "train:resnet18:128:32:2"]

MOBILENETV2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
RESNETS = {"resnet18": ((2, 2, 2, 2), False), "resnet50": ((3, 4, 6, 3), True)}


def layers(network):
    """The network as a list: ("conv", out, kernel, stride, groups, activation), ("push",), ("add", activation),
    ("shortcut", out, stride), ("maxpool",), ("head",)."""
    if network == "mobilenetv2":
        yield "conv", 32, 3, 2, 1, "relu6"
        narrow = 32
        for expansion, channels, n, stride in MOBILENETV2:
            for i in range(n):
                s = stride if i == 0 else 1
                joined = s == 1 and narrow == channels
                if joined:
                    yield ("push",)
                if expansion > 1:
                    yield "conv", narrow * expansion, 1, 1, 1, "relu6"
                yield "conv", narrow * expansion, 3, s, narrow * expansion, "relu6"
                yield "conv", channels, 1, 1, 1, None
                if joined:
                    yield "add", None
                narrow = channels
        yield "conv", 1280, 1, 1, 1, "relu6"
    else:
        blocks, bottleneck = RESNETS[network]
        yield "conv", 64, 7, 2, 1, "relu"
        yield ("maxpool",)
        narrow = 64
        for stage, n in enumerate(blocks):
            channels = 64 << stage
            out = channels * 4 if bottleneck else channels
            for i in range(n):
                s = 2 if i == 0 and stage > 0 else 1
                yield ("push",) if narrow == out and s == 1 else ("shortcut", out, s)
                if bottleneck:
                    yield "conv", channels, 1, 1, 1, "relu"
                yield "conv", channels, 3, s, 1, "relu"
                yield "conv", out, 1 if bottleneck else 3, 1, 1, None
                yield "add", "relu"
                narrow = out
    yield ("head",)


def write_onnx(path, network, side, batch):
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    rng = np.random.default_rng(1)
    nodes, weights, count = [], [], 0

    def name():
        nonlocal count
        count += 1
        return f"t{count}"

    def weight(*shape):
        fan = np.prod(shape[1:]) if len(shape) > 1 else 1
        values = rng.standard_normal(shape) * np.sqrt(2 / fan) * (1 if len(shape) > 1 else 0.01)
        weights.append(numpy_helper.from_array(values.astype(np.float32), name()))
        return weights[-1].name

    def node(op, inputs, **attributes):
        out = name()
        nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def activate(x, activation):
        if activation == "relu6":
            return node("Clip", [x, "zero", "six"])
        return node("Relu", [x]) if activation else x

    def conv(x, channels, out, kernel, stride, groups):
        pad = (kernel - 1) // 2
        return node("Conv", [x, weight(out, channels // groups, kernel, kernel), weight(out)], strides=[stride] * 2,
                    pads=[pad] * 4, group=groups, kernel_shape=[kernel] * 2)

    for key, value in (("zero", 0), ("six", 6)):
        weights.append(numpy_helper.from_array(np.array(value, np.float32), key))
    x, channels, stack = "input", 3, []
    for layer in layers(network):
        if layer[0] == "conv":
            _, out, kernel, stride, groups, activation = layer
            x, channels = activate(conv(x, channels, out, kernel, stride, groups), activation), out
        elif layer[0] == "push":
            stack.append(x)
        elif layer[0] == "shortcut":
            stack.append(conv(x, channels, layer[1], 1, layer[2], 1))
        elif layer[0] == "add":
            x = activate(node("Add", [x, stack.pop()]), layer[1])
        elif layer[0] == "maxpool":
            x = node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
        else:
            x = node("Flatten", [node("GlobalAveragePool", [x])])
            x = node("Gemm", [x, weight(1000, channels), weight(1000)], transB=1)
    graph = helper.make_graph(nodes, network, [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, side, side])],
                              [helper.make_tensor_value_info(x, TensorProto.FLOAT, [batch, 1000])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def median_time(step, seconds):
    for _ in range(2):
        step()
    times, begin = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        started = time.perf_counter()
        step()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


def quantise(quantised, path):
    """Static quantisation as its makers advise: QDQ, unsigned activations, signed weights per channel, batch of random data."""
    import numpy as np
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process
    import onnx

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            shape = [d.dim_value for d in onnx.load(path).graph.input[0].type.tensor_type.shape.dim]
            self.left = [np.random.default_rng(1).standard_normal(shape).astype(np.float32)]

        def get_next(self):
            return {"input": self.left.pop()} if self.left else None

    prepared = path + ".prepared"
    quant_pre_process(path, prepared, skip_symbolic_shape=True)
    quantization.quantize_static(prepared, quantised, Reader(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
                                 activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)


def onnx_runtime_step(network, side, batch, threads, int8=False):
    import numpy as np
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.onnx")
        quantised = os.path.join(tempfile.gettempdir(), f"ocellus-peer-{network}-{side}-{batch}.int8.onnx")
        if not int8 or not os.path.exists(quantised):
            write_onnx(path, network, side, batch)
        if int8:
            if not os.path.exists(quantised):  # it takes long, so it is kept
                quantise(quantised, path)
            path = quantised
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((batch, 3, side, side)).astype(np.float32)
    return lambda: session.run(None, {"input": x})


def pytorch_step(network, side, batch, threads):
    import torch
    from torch import nn
    torch.set_num_threads(threads)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps, self.parts, channels = [], nn.ModuleList(), 3

            def unit(i, o, k, s, g, activation):
                parts = [nn.Conv2d(i, o, k, s, (k - 1) // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
                parts += [{"relu": nn.ReLU, "relu6": nn.ReLU6}[activation](inplace=True)] if activation else []
                self.parts.append(nn.Sequential(*parts))

            for layer in layers(network):
                self.steps.append(layer)
                if layer[0] == "conv":
                    unit(channels, layer[1], *layer[2:5], layer[5])
                    channels = layer[1]
                elif layer[0] == "shortcut":
                    unit(channels, layer[1], 1, layer[2], 1, None)
            self.head = nn.Linear(channels, 1000)

        def forward(self, x):
            parts, stack = iter(self.parts), []
            for layer in self.steps:
                if layer[0] == "conv":
                    x = next(parts)(x)
                elif layer[0] == "push":
                    stack.append(x)
                elif layer[0] == "shortcut":
                    stack.append(next(parts)(x))
                elif layer[0] == "add":
                    x = x + stack.pop()
                    x = torch.relu(x) if layer[1] else x
                elif layer[0] == "maxpool":
                    x = nn.functional.max_pool2d(x, 3, 2, 1)
            return self.head(x.mean((2, 3)))

    net = Net().to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    x = torch.randn(batch, 3, side, side).to(memory_format=torch.channels_last)
    y = torch.arange(batch) * 37 % 1000
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimiser.zero_grad()
        loss_of(net(x), y).backward()
        optimiser.step()
    return step


def serve():
    """The peer's side: reads "seconds" lines and answers with a median in milliseconds, so that it warms up once only."""
    mode, network, side, batch, threads = sys.argv[2:7]
    sizes = int(side), int(batch), int(threads)
    step = pytorch_step(network, *sizes) if mode == "train" else onnx_runtime_step(network, *sizes, int8=mode == "infer8")
    print("ready", flush=True)
    for line in sys.stdin:
        print(median_time(step, float(line)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("cases", nargs="*", default=CASES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--pytorch", default="/usr/bin/python3", help="the python that has torch")
    options = parser.parse_intermixed_args()
    print("| case | peer | peer ms | ours ms | ratio | ours MB |\n|---|---|---|---|---|---|")
    for case in options.cases or CASES:
        mode, network, side, batch, threads = case.split(":")
        peer, python = ("ONNX Runtime", sys.executable) if mode.startswith("infer") else ("PyTorch", options.pytorch)
        environment = dict(os.environ, OMP_NUM_THREADS=threads)
        process = subprocess.Popen([python, __file__, "--serve", mode, network, side, batch, threads], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        if process.stdout.readline().strip() != "ready":
            print(f"| {case} | {peer} is missing: {process.stderr.read().strip().splitlines()[-1]} | | | | |")
            continue
        ours, theirs, memory = [], [], 0
        for _ in range(options.rounds):
            answer = subprocess.run([options.bench, mode, network, side, batch, threads, str(options.seconds)], check=True,
                                    capture_output=True, text=True).stdout.split()
            ours.append(float(answer[5]))
            memory = max(memory, int(answer[7]))
            process.stdin.write(f"{options.seconds}\n")
            process.stdin.flush()
            theirs.append(float(process.stdout.readline()))
        process.stdin.close()
        process.wait()
        ratio = statistics.median(b / a for a, b in zip(ours, theirs))
        print(f"| {case} | {peer} | {statistics.median(theirs):.2f} | {statistics.median(ours):.2f} | {ratio:.2f} | {memory} |",
              flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1:2] == ["--serve"] else main()
