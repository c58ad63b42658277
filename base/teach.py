#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes down what a teacher network says about every crop of a pool, for a student to learn from.

    teach.py run POOL --teacher net.onnx        writes POOL/NAME.f16 (count x dim half floats) and POOL/NAME.json
    teach.py whiten POOL                        writes POOL/NAME.norm.f32: means, then deviations, of each dimension

Interrupt `run` when you like: started again with the same options it goes on where it stopped. Several teachers stand
beside each other under different --name. README.md gives the formats.
"""
import argparse
import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# A dimension that hardly moves over the whole pool would be blown up by dividing by its deviation.
DEVIATION_FLOOR = 0.05  # of the median deviation
ROUND = 32  # batches between two writes


def read_pool(folder):
    try:
        pool = json.loads((folder / "pool.json").read_text())
    except FileNotFoundError:
        raise SystemExit(f"{folder}: no pool.json there; run pool.py and let it finish")
    size, wanted = (folder / "crops.u8").stat().st_size, pool["count"] * pool["side"] ** 2 * 3
    if size != wanted:
        raise SystemExit(f"{folder}/crops.u8 has {size} bytes, pool.json wants {wanted}")
    return pool


def last_layer(graph):
    """The classifier's input and output: the last convolution or matrix product."""
    for node in reversed(graph.node):
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            return node.input[0], node.output[0]
    raise SystemExit("the teacher has no convolution or matrix product; name the nodes with --features")


def cut_graph(model, outputs, batch):
    """Keeps only what the outputs need, so that what follows them may insist on another batch size."""
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    for name in outputs:
        if name not in makers:
            raise SystemExit(f"the teacher has no node output '{name}'")
    needed, todo = set(), list(outputs)
    while todo:
        node = makers.get(todo.pop())
        if node is not None and id(node) not in needed:
            needed.add(id(node))
            todo += node.input
    kept = [node for node in graph.node if id(node) in needed]
    used = {name for node in kept for name in node.input}
    weights = [w for w in graph.initializer if w.name in used]
    del graph.node[:], graph.output[:], graph.value_info[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(weights)
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs)

    inputs = [i for i in graph.input if i.name in used and i.name not in {w.name for w in weights}]
    if len(inputs) != 1:
        raise SystemExit(f"the teacher has {len(inputs)} inputs, one is wanted")
    inputs[0].type.tensor_type.shape.dim[0].dim_value = batch
    return inputs[0].name


def make_preparation(side, args):
    """A graph from a batch of crops (bytes, NHWC) to the teacher's input (floats, NCHW)."""
    def constant(name, values, dtype):
        return numpy_helper.from_array(numpy.array(values, dtype), name)

    def per_channel(values):
        return numpy.reshape(values, (1, -1, 1, 1))

    weights = [
        constant("sizes", [args.batch, 3, args.size, args.size], "i8"),
        constant("mean", per_channel(args.mean), "f4"),
        constant("scale", per_channel(args.scale), "f4"),
        constant("order", [2, 1, 0] if args.bgr else [0, 1, 2], "i8"),
    ]
    nodes = [
        helper.make_node("Cast", ["crops"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Resize", ["planes", "", "", "sizes"], ["resized"], mode="linear",
            coordinate_transformation_mode="half_pixel", antialias=int(args.size < side),
        ),
        helper.make_node("Gather", ["resized", "order"], ["ordered"], axis=1),
        helper.make_node("Sub", ["ordered", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["prepared"]),
    ]
    graph = helper.make_graph(
        nodes, "preparation",
        [helper.make_tensor_value_info("crops", TensorProto.UINT8, [args.batch, side, side, 3])],
        [helper.make_tensor_value_info("prepared", TensorProto.FLOAT, None)],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


class Teacher:
    def __init__(self, model, side, args):
        if args.features is None:
            args.features, logits = last_layer(model.graph)
            args.logits = logits if args.logits == "auto" else args.logits
        if args.logits == "auto":
            raise SystemExit("--logits alone goes with the features found by itself; name both nodes")
        self.outputs = [args.features] + ([args.logits] if args.logits else [])
        self.input = cut_graph(model, self.outputs, args.batch)
        self.batch, self.map = args.batch, args.map
        options = onnxruntime.SessionOptions()
        # `run` keeps the cores busy with whole batches: no thread waits for another within a layer.
        options.intra_op_num_threads = 1

        def session(model):
            return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])

        self.preparation, self.network = session(make_preparation(side, args)), session(model)

    def say(self, crops):
        """One half float matrix for each output; a map is averaged over its places or, for --map, laid out channels last."""
        n = len(crops)
        if n < self.batch:
            crops = numpy.concatenate([crops, numpy.zeros((self.batch - n, *crops.shape[1:]), crops.dtype)])
        prepared = self.preparation.run(None, {"crops": crops})[0]
        answers = []
        for name, value in zip(self.outputs, self.network.run(self.outputs, {self.input: prepared})):
            if value.ndim == 4 and self.map:
                value = value.transpose(0, 2, 3, 1).reshape(len(value), -1)
            elif value.ndim == 4:
                value = value.mean(axis=(2, 3))
            if value.ndim != 2 or len(value) != self.batch:
                raise SystemExit(f"node '{name}' gives {value.shape}, not one row or map for each of {self.batch} crops")
            with numpy.errstate(over="ignore"):
                half = value[:n].astype("<f2")
            if not numpy.isfinite(half).all():
                raise SystemExit(f"node '{name}' gives values that half floats cannot hold")
            answers.append(half)
        return answers


def check_same_run(path, settings):
    """Starts NAME.json, or makes sure that what lies there was made in just this way."""
    if path.exists():
        old = json.loads(path.read_text())
        for key, value in settings.items():
            if old.get(key) != value:
                raise SystemExit(f"{path}: was made with {key} {old.get(key)}, not {value}; remove it or take another --name")
    else:
        path.write_text(json.dumps(settings, indent=1) + "\n")


def run(args):
    pool = read_pool(args.pool)
    side = pool["side"]
    data = args.teacher.read_bytes()
    teacher = Teacher(onnx.load_from_string(data), side, args)
    crops = numpy.memmap(args.pool / "crops.u8", "u1", "r", shape=(pool["count"], side, side, 3))
    dims = [answer.shape[1] for answer in teacher.say(crops[: args.batch])]
    if args.map and dims[0] % args.map:
        raise SystemExit(f"--map {args.map}: a row has {dims[0]} values")
    check_same_run(args.pool / f"{args.name}.json", {
        "format": "ocellus teacher 1",
        "pool": pool["id"],
        "teacher": args.teacher.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": args.size,
        "mean": args.mean,
        "scale": args.scale,
        "order": "BGR" if args.bgr else "RGB",
        "features": args.features,
        "dim": args.map or dims[0],
        "places": dims[0] // args.map if args.map else 1,
        "logits": args.logits,
        "logits_dim": dims[1] if args.logits else 0,
    })

    paths = [args.pool / f"{args.name}.f16"] + ([args.pool / f"{args.name}.logits.f16"] if args.logits else [])
    files = [open(path, "ab") for path in paths]
    done = min(os.fstat(f.fileno()).st_size // (2 * dim) for f, dim in zip(files, dims))
    for f, dim in zip(files, dims):
        f.truncate(done * 2 * dim)
    count = min(pool["count"], args.count or pool["count"])
    print(f"{args.features}: {dims[0]} values; {done} of {count} crops are there", flush=True)

    first, start, told = done, time.monotonic(), time.monotonic()
    with ThreadPoolExecutor(args.threads) as workers:
        while done < count:
            stop = min(done + ROUND * args.batch, count)
            batches = (crops[at : min(at + args.batch, stop)] for at in range(done, stop, args.batch))
            for answers in workers.map(teacher.say, batches):
                for f, answer in zip(files, answers):
                    f.write(answer.tobytes())
            for f in files:
                f.flush()
            done = stop
            if time.monotonic() - told > 10 or done == count:
                told = time.monotonic()
                rate = (done - first) / (told - start)
                print(f"{done} of {count}, {rate:.0f} pictures/s, {(count - done) / rate:.0f} s to go", flush=True)
    for f in files:
        f.close()


def whiten(args):
    path = args.pool / f"{args.name}.json"
    if not path.exists():
        raise SystemExit(f"{path}: not there; let `run` write the teacher's answers first")
    about = json.loads(path.read_text())
    dim = about["dim"]
    file = args.pool / f"{args.name}.f16"
    rows = file.stat().st_size // (2 * dim)
    if rows < 2:
        raise SystemExit(f"{file}: holds {rows} rows, 2 are needed")
    features = numpy.memmap(file, "<f2", "r", shape=(rows, dim))

    def chunks():
        for at in range(0, rows, 8192):
            yield features[at : at + 8192].astype("f8")

    mean = sum(chunk.sum(axis=0) for chunk in chunks()) / rows
    deviation = numpy.sqrt(sum(((chunk - mean) ** 2).sum(axis=0) for chunk in chunks()) / rows)
    floor = DEVIATION_FLOOR * numpy.median(deviation)
    print(f"{rows} rows; mean {mean.min():.4g} to {mean.max():.4g}; deviation {deviation.min():.4g} to "
          f"{deviation.max():.4g}, {(deviation < floor).sum()} of {dim} raised to the floor {floor:.4g}")
    numpy.stack([mean, numpy.maximum(deviation, floor)]).astype("<f4").tofile(args.pool / f"{args.name}.norm.f32")


def three(values, option, parser):
    if len(values) not in (1, 3):
        parser.error(f"{option} takes one value or three, not {len(values)}")
    return values * 3 if len(values) == 1 else values


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "whiten"):
        command = commands.add_parser(name)
        command.add_argument("pool", type=Path, help="the folder that pool.py wrote")
        command.add_argument("--name", default="teacher", help="what the files are called (teacher)")
    command = commands.choices["run"]
    command.add_argument("--teacher", required=True, type=Path, help="an ONNX file")
    command.add_argument("--size", type=int, default=224, help="width and height of the teacher's input (224)")
    command.add_argument("--mean", type=float, nargs="+", default=[127.5], help="subtracted from 0..255 (127.5)")
    command.add_argument("--scale", type=float, nargs="+", default=[127.5], help="then divided by (127.5)")
    command.add_argument("--bgr", action="store_true", help="the teacher wants blue first")
    command.add_argument("--features", help="node output to keep (what goes into the last layer)")
    command.add_argument("--map", type=int, metavar="CHANNELS", help="keep the features of every place, so many at each")
    command.add_argument("--logits", nargs="?", const="auto", help="also keep this node output (the last layer's)")
    command.add_argument("--count", type=int, help="only the first crops of the pool (all)")
    command.add_argument("--batch", type=int, default=32)
    command.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.command == "whiten":
        return whiten(args)
    if args.map is not None and args.logits:
        parser.error("--map goes with features alone")
    if args.batch < 1 or args.size < 1 or (args.count is not None and args.count < 1):
        parser.error("--batch, --size and --count are at least 1")
    args.mean = three(args.mean, "--mean", parser)
    args.scale = three(args.scale, "--scale", parser)
    return run(args)


if __name__ == "__main__":
    sys.exit(main())
