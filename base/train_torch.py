#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipe of train_base for who has a GPU: there the teachers are quick enough to be asked about ever new crops.

    pack.py --out shards --source ...
    train_torch.py --describe build/base/train_base --shards shards --teachers teachers --minutes 60 \\
        --student 'network=standard sides=128:0.6,160:0.85,224:1' --out trained
    train_torch.py --describe build/base/train_base --export standard --side 224 --out trained
    ocellus base import trained/standard.onnx --name standard --mean 127.5 --std 64 --resize squash -o standard.ocm

Crops are cut, recoloured and shown to the teachers on the GPU; their answers are kept for the newest --ring crops, from which
all students learn side by side. The schedule goes by the clock: at any speed it ends after --minutes. Shards may be added
to their folder at any time. The networks are those that `train_base --describe` tells, so they are written down once; the
losses, optimiser, schedule and average are train_base's. `--teachers` is a folder with mobilenet_v2_1.0_224_fp32.onnx and
inception_v3_2015_to_mixed9p.onnx. Needs numpy, onnx, Pillow and torch; README.md tells the rest.

Keys of a student (any number of students):
    network  what it is (train_base --describe)
    sides    SIDE:UNTIL,...: the sides it learns at, each until that share of the time
    rate     the top learning rate (0.003)
    map      weight of the loss over the places of Inception's maps (0.5)
    from     a checkpoint of train_base to start from; its heads must be MobileNetV2's map and Inception
"""
import argparse
import copy
import io
import math
import multiprocessing
import queue
import shlex
import subprocess
import threading
import time
from pathlib import Path

import numpy
import onnx
import torch
from onnx import helper, numpy_helper
from PIL import Image
from torch import nn
from torch.nn import functional

MEAN, DEVIATION, AVERAGE = 127.5, 64.0, 0.998
CROP = 224  # the side at which crops are kept
DECAY = 0.05
RISE = 0.02  # of the schedule
GENERATE = 1024  # crops at a time
TEACHING = 0.35  # of the time at most, once there is something to learn


class Network(nn.Module):
    """Runs the nodes of a description in order. Gives the features, the map whose means they are, or whatever is asked for."""

    def __init__(self, description):
        super().__init__()
        self.nodes, self.layers, channels = [], nn.ModuleDict(), {}
        for line in description.splitlines():
            words = line.split()
            if words[0] == "outputs":
                self.outputs = [int(word) for word in words[1:]]
                continue
            at, op, rest = int(words[0]), words[1], words[2:]
            first = int(rest[0]) if rest else None
            channels[at] = channels.get(first, 3)
            if op == "conv":
                out, kernel, stride, groups = map(int, rest[1:])
                layer = nn.Conv2d(channels[first], out, kernel, stride, kernel // 2, groups=groups, bias=False)
                nn.init.normal_(layer.weight, std=math.sqrt(2 / (layer.in_channels // groups * kernel * kernel)))
                self.layers[str(at)], channels[at] = layer, out
            elif op == "norm":
                norm = nn.BatchNorm2d(channels[at], eps=float(rest[1]))
                self.layers[str(at)] = nn.Sequential(norm, nn.ReLU()) if rest[2] == "relu" else norm
            self.nodes.append((at, op, [int(word) for word in (rest[:2] if op == "add" else rest[:1])]))
        self.n_features = channels[self.outputs[0]]
        self.places = self.nodes[self.outputs[0]][2][0]

    def forward(self, picture, wanted=None):
        values = {}
        for at, op, inputs in self.nodes:
            if op == "input":
                values[at] = picture
            elif op == "add":
                values[at] = values[inputs[0]] + values[inputs[1]]
            elif op == "pool":
                values[at] = values[inputs[0]].mean((2, 3), keepdim=True)
            else:
                values[at] = self.layers[str(at)](values[inputs[0]])
        return tuple(values[at] for at in wanted or self.outputs)


class Onnx(nn.Module):
    """A teacher: runs the few operators that the two of them are made of."""

    def __init__(self, path, wanted):
        super().__init__()
        graph = onnx.load(str(path)).graph
        self.input, self.wanted, self.nodes = graph.input[0].name, wanted, []
        weights = {w.name: numpy_helper.to_array(w).astype("f4") for w in graph.initializer}
        makers = {node.output[0]: node for node in graph.node}
        needed, todo = set(), list(wanted)
        while todo:
            name = todo.pop()
            if name in makers and name not in needed:
                needed.add(name)
                todo += makers[name].input
        for node in graph.node:
            if node.output[0] not in needed:
                continue
            about = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            for name in node.input:
                if name in weights and not hasattr(self, self.key(name)):
                    self.register_buffer(self.key(name), torch.from_numpy(weights[name].copy()))
            self.nodes.append((node.op_type, list(node.input), node.output[0], about))

    @staticmethod
    def key(name):
        return "w_" + "".join(c if c.isalnum() else "_" for c in name[-80:])

    def forward(self, picture):
        values = {self.input: picture}
        for op, names, out, about in self.nodes:
            x = [values[name] if name in values else getattr(self, self.key(name)) for name in names]
            if op in ("Conv", "MaxPool", "AveragePool"):
                pads = about.get("pads", [0, 0, 0, 0])
                even = tuple(pads[:2])
                if pads[:2] != pads[2:]:
                    x[0], even = functional.pad(x[0], (pads[1], pads[3], pads[0], pads[2])), 0
            if op == "Conv":
                y = functional.conv2d(x[0], x[1], x[2], about["strides"], even, groups=about.get("group", 1))
            elif op == "MaxPool":
                y = functional.max_pool2d(x[0], about["kernel_shape"], about["strides"], even)
            elif op == "AveragePool":
                y = functional.avg_pool2d(x[0], about["kernel_shape"], about["strides"], even, count_include_pad=False)
            elif op == "Relu":
                y = functional.relu(x[0])
            elif op == "Clip":
                y = x[0].clamp(0, 6)
            elif op == "Add":
                y = x[0] + x[1]
            elif op == "Concat":
                y = torch.cat(x, 1)
            elif op == "Identity":
                y = x[0]
            else:
                raise SystemExit(f"the teacher has an operator {op}, which is not known here")
            values[out] = y
        return [values[name] for name in self.wanted]


def decode(job):
    """A few pictures of a shard as one array for each side."""
    data, sizes, sides = job
    pictures, at = {}, 0
    for size, side in zip(sizes, sides):
        pictures.setdefault(int(side), []).append(numpy.asarray(Image.open(io.BytesIO(data[at : at + size].tobytes()))))
        at += size
    return {side: numpy.stack(some) for side, some in pictures.items()}


class Pictures:
    """All pictures of the shards, on the GPU. A thread decodes what is new; `take` makes it part of them."""

    def __init__(self, folder, device, processes):
        self.folder, self.device, self.known = folder, device, set()
        self.of_side, self.waiting = {}, queue.Queue()
        self.workers = multiprocessing.get_context("fork").Pool(processes)
        self.about = {name: torch.zeros(0, dtype=kind, device=device)
                      for name, kind in (("side", torch.int64), ("index", torch.int64), ("aspect", torch.float32),
                                         ("weight", torch.float32))}
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            for path in sorted(set(self.folder.glob("shard-*.npz")) - self.known):
                self.known.add(path)
                shard = numpy.load(path)
                data, sizes, sides = shard["data"], shard["sizes"], shard["sides"]
                ends = numpy.concatenate([[0], numpy.cumsum(sizes, dtype="i8")])
                cuts = range(0, len(sizes), 128)
                jobs = ((data[ends[c] : ends[min(c + 128, len(sizes))]], sizes[c : c + 128], sides[c : c + 128]) for c in cuts)
                for c, some in zip(cuts, self.workers.imap(decode, jobs)):
                    self.waiting.put((some, sides[c : c + 128], shard["aspects"][c : c + 128], shard["weights"][c : c + 128]))
                    if self.waiting.qsize() > 400:
                        time.sleep(0.2)
            time.sleep(0.5)

    def take(self):
        new = []
        while not self.waiting.empty():
            new.append(self.waiting.get())
        if not new:
            return
        about = {name: [values] for name, values in self.about.items()}
        arrays = {side: [pictures] for side, pictures in self.of_side.items()}
        counts = {side: len(pictures) for side, pictures in self.of_side.items()}
        for some, sides, aspects, weights in new:
            index = numpy.zeros(len(sides), "i8")
            for side, pictures in some.items():
                where = sides == side
                index[where] = counts.get(side, 0) + numpy.arange(len(pictures))
                counts[side] = counts.get(side, 0) + len(pictures)
                arrays.setdefault(side, []).append(torch.from_numpy(pictures).to(self.device))
            for name, values in (("side", sides.astype("i8")), ("index", index), ("aspect", aspects), ("weight", weights)):
                about[name].append(torch.from_numpy(values).to(self.device))
        self.about = {name: torch.cat(values) for name, values in about.items()}
        self.of_side = {side: torch.cat(some) for side, some in arrays.items()}
        print(f"{len(self.about['side'])} pictures:", {side: len(some) for side, some in self.of_side.items()}, flush=True)

    def crops(self, n):
        """n random crops of random pictures, uint8, at side CROP: a wider choice of areas where there are pixels for it."""
        chosen = torch.multinomial(self.about["weight"], n, replacement=True)
        side, index, aspect = (self.about[name][chosen] for name in ("side", "index", "aspect"))
        out = torch.empty(n, 3, CROP, CROP, dtype=torch.uint8, device=self.device)

        def uniform(low, high):
            return low + (high - low) * torch.rand(n, device=self.device)

        area = torch.where(side >= 150, uniform(0.2, 1), uniform(0.35, 1))
        shape = torch.exp(uniform(math.log(3 / 4), math.log(4 / 3)))
        width, height = (area * shape / aspect).sqrt().clamp(max=1), (area * aspect / shape).sqrt().clamp(max=1)
        left, top = uniform(0, 1) * (1 - width), uniform(0, 1) * (1 - height)
        theta = torch.zeros(n, 2, 3, device=self.device)
        theta[:, 0, 0] = torch.where(uniform(0, 1) < 0.5, width, -width)
        theta[:, 1, 1], theta[:, 0, 2], theta[:, 1, 2] = height, 2 * left + width - 1, 2 * top + height - 1
        contrast = torch.where(uniform(0, 1) < 0.5, uniform(0.7, 1.3), 1.0)[:, None, None, None]
        light = torch.where(uniform(0, 1) < 0.5, uniform(-25, 25), 0.0)[:, None, None, None]
        colour = torch.where(uniform(0, 1) < 0.5, uniform(0.4, 1.4), 1.0)
        colour = torch.where(uniform(0, 1) < 0.1, 0.0, colour)[:, None, None, None]
        for size, pictures in self.of_side.items():
            where = (side == size).nonzero()[:, 0]
            for some in where.split(256):
                grid = functional.affine_grid(theta[some], (len(some), 3, CROP, CROP), align_corners=False)
                x = pictures[index[some]].permute(0, 3, 1, 2).float()
                x = functional.grid_sample(x, grid, "bilinear", "border", align_corners=False)
                grey = x.mean(1, keepdim=True)
                x = grey + colour[some] * (x - grey)
                x = (x - 127.5) * contrast[some] + 127.5 + light[some]
                out[some] = x.round().clamp(0, 255).to(torch.uint8)
        return out


class Ring:
    """The newest crops and what the teachers say of them."""

    def __init__(self, size, pictures, folder, device):
        self.size, self.pictures, self.device, self.made = size, pictures, device, 0
        self.mobilenet = Onnx(folder / "mobilenet_v2_1.0_224_fp32.onnx", ["t265_Conv"]).to(device)
        self.inception = Onnx(folder / "inception_v3_2015_to_mixed9p.onnx", ["mixed_8", "mixed_9p"]).to(device)
        kind = torch.float16 if device == "cuda" else torch.float32
        if device == "cuda":
            self.mobilenet.to(torch.bfloat16, memory_format=torch.channels_last)
            self.inception.to(torch.bfloat16, memory_format=torch.channels_last)
        self.crops = torch.empty(size, 3, CROP, CROP, dtype=torch.uint8, device=device)
        self.maps = [torch.empty(size, 320, 7, 7, dtype=kind, device=device),
                     torch.empty(size, 2560, 8, 8, dtype=kind, device=device)]
        self.norms = None

    @torch.no_grad()
    def generate(self, n):
        crops = self.pictures.crops(n)
        where = (self.made + torch.arange(n, device=self.device)) % self.size
        self.crops[where] = crops
        for some in torch.arange(n, device=self.device).split(512):
            x = (crops[some].float() - 127.5) / 127.5
            x = x.contiguous(memory_format=torch.channels_last)
            large = functional.interpolate(x, size=299, mode="bilinear", align_corners=False)
            kind = next(self.inception.buffers()).dtype
            self.maps[0][where[some]] = self.mobilenet(x.to(kind))[0].to(self.maps[0].dtype)
            self.maps[1][where[some]] = torch.cat(self.inception(large.to(kind)), 1).to(self.maps[1].dtype)
        self.made += n

    def measure(self):
        """Mean and deviation of: MobileNetV2's places, Inception's means, Inception's places. Over the first crops."""
        def norm(values):
            mean, deviation = values.mean((0, 2, 3), keepdim=True), values.std((0, 2, 3), keepdim=True)
            return mean, deviation.clamp(min=0.05 * deviation.median())

        some = [maps[: min(self.made, 8192)].float() for maps in self.maps]
        self.norms = [norm(some[0]), norm(some[1].mean((2, 3), keepdim=True)), norm(some[1])]

    def targets(self, chosen, side):
        """What heads of students whose last map has `side` rows shall say."""
        small, large = (shrink(maps[chosen].float(), side) for maps in self.maps)
        values = (small, large.mean((2, 3), keepdim=True), large)
        return [(value - mean) / deviation for value, (mean, deviation) in zip(values, self.norms)]


def shrink(maps, side):
    """Each place is the mean over the area that it covers, parts of places counting as such."""
    from_side = maps.shape[2]
    edges = torch.arange(side + 1, dtype=torch.float64) * from_side / side
    places = torch.arange(from_side, dtype=torch.float64)
    low, high = edges[:-1, None].maximum(places), edges[1:, None].minimum(places + 1)
    shares = ((high - low).clamp(min=0) * side / from_side).to(maps)
    return torch.einsum("yh,nchw,xw->ncyx", shares, maps, shares)


class Student:
    def __init__(self, text, options):
        keys = dict(item.split("=", 1) for item in shlex.split(text))
        self.name = keys["network"]
        self.sides = [(int(side), float(until)) for side, until in (part.split(":") for part in keys["sides"].split(","))]
        self.rate, self.map = float(keys.get("rate", 0.003)), float(keys.get("map", 0.5))
        network = Network(describe(options, self.name))
        heads = nn.ModuleList(nn.Conv2d(network.n_features, dim, 1) for dim in (320, 2560, 2560))
        for head in heads:
            nn.init.normal_(head.weight, std=math.sqrt(1 / network.n_features))
            nn.init.zeros_(head.bias)
        self.module = nn.ModuleList([network, heads])
        if "from" in keys:
            load_checkpoint(self.module, keys["from"])
        self.module.to(options.device)
        self.average = copy.deepcopy(self.module)
        self.optimiser = torch.optim.AdamW(
            [{"params": [p for p in self.module.parameters() if p.dim() > 1], "weight_decay": DECAY},
             {"params": [p for p in self.module.parameters() if p.dim() <= 1], "weight_decay": 0}],
            lr=self.rate, **({"fused": True} if options.device == "cuda" else {}))
        self.set_format(torch.channels_last)
        self.steps, self.losses = 0, torch.zeros(3, device=options.device)

    def set_format(self, form):
        """The order of the channels in memory."""
        self.format = form
        for module in (self.module, self.average):
            module[0].to(memory_format=form)
        self.now, self.mean = ([value for value in module.state_dict().values() if value.is_floating_point()]
                               for module in (self.module, self.average))

    def side(self, progress):
        return next(side for side, until in self.sides if progress < until or until >= 1)

    def loss(self, pictures, targets, device):
        network, heads = self.module
        with torch.autocast(device, dtype=torch.bfloat16):
            features, places = network(pictures.to(memory_format=self.format), [network.outputs[0], network.places])
            said = [heads[0](places), heads[1](features), heads[2](places) if self.map else None]
        parts = [0.5 * functional.mse_loss(s.float(), t) for s, t in zip(said, targets) if s is not None]
        for i, part in enumerate(parts):
            self.losses[i] += 2 * part.detach()
        return parts[0] + parts[1] + (self.map * parts[2] if self.map else 0)

    def pick_format(self, pictures, targets, device):
        """Takes the order of the channels that is faster here."""
        times = {}
        for form in (torch.channels_last, torch.contiguous_format):
            self.set_format(form)
            for i in range(5):
                if i == 2:
                    torch.cuda.synchronize()
                    begin = time.monotonic()
                self.loss(pictures, targets, device).backward()
            torch.cuda.synchronize()
            times[form] = (time.monotonic() - begin) / 3
        self.set_format(min(times, key=times.get))
        self.optimiser.zero_grad(set_to_none=True)
        self.losses.zero_()
        print(self.name, {str(form): f"{1000 * t:.1f} ms" for form, t in times.items()}, flush=True)

    def step(self, pictures, targets, progress, device):
        self.optimiser.zero_grad(set_to_none=True)
        self.loss(pictures, targets, device).backward()
        nn.utils.clip_grad_norm_(self.module.parameters(), 1)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * share(progress)
        self.optimiser.step()
        self.steps += 1
        with torch.no_grad():
            weight = max(1 - AVERAGE, 1 / self.steps)
            torch._foreach_mul_(self.mean, 1 - weight)
            torch._foreach_add_(self.mean, self.now, alpha=weight)


def share(progress):
    """Of the top rate: a short rise, then a cosine."""
    if progress < RISE:
        return max(progress / RISE, 0.01)
    return 0.5 * (1 + math.cos(math.pi * min(1, (progress - RISE) / (1 - RISE))))


def load_checkpoint(module, path):
    """The averaged weights of a checkpoint of train_base (or these alone, as .npy)."""
    if path.endswith(".npy"):
        values = numpy.load(path).astype("f4")
        n_weights = len(values)
    else:
        data = numpy.fromfile(path, "u1")
        n_weights = int(data[:56].view("<u8")[3])
        values = data[-8 - 4 * n_weights : -8].view("<f4")
    at = 0

    def fill(tensor, order=None):
        nonlocal at
        some = torch.from_numpy(values[at : at + tensor.numel()].copy())
        at += tensor.numel()
        if order:
            out, inside, rows, columns = tensor.shape
            some = some.reshape(out, rows, columns, inside).permute(0, 3, 1, 2)
        with torch.no_grad():
            tensor.copy_(some.reshape(tensor.shape))

    network, heads = module
    for node, op, _ in network.nodes:
        if op == "conv":
            fill(network.layers[str(node)].weight, "last")
        elif op == "norm":
            norm = network.layers[str(node)]
            norm = norm[0] if isinstance(norm, nn.Sequential) else norm
            for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
                fill(tensor)
    for head in heads[:2]:
        fill(head.weight)
        fill(head.bias)
    if at != n_weights:
        raise SystemExit(f"{path}: holds {n_weights} weights, {at} are wanted")


def describe(options, name):
    if options.describe.is_dir():
        return (options.describe / f"{name}.txt").read_text()
    return subprocess.run([options.describe, "--describe", name], check=True, capture_output=True, text=True).stdout


class Base(nn.Module):
    """A network as it is shipped: beside the features, the means of what is positive in its maps."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, picture):
        features, *maps = self.network(picture)
        means = [functional.relu(places).mean((2, 3), keepdim=True) for places in maps]
        return torch.cat([features, *means], 1), *maps


def export(options):
    """One trained network alone with its weights rounded to half precision, as ONNX."""
    network = Network(describe(options, options.export))
    network.load_state_dict({name: value.half().float() if value.is_floating_point() else value
                             for name, value in torch.load(options.out / f"{options.export}.pt", map_location="cpu").items()})
    picture, path = torch.zeros(1, 3, options.side, options.side), str(options.out / f"{options.export}.onnx")
    torch.onnx.export(Base(network).eval(), picture, path,
                      input_names=["picture"], output_names=["features", "stride_8", "stride_16", "stride_32"],
                      opset_version=13, do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE,
                      dynamic_axes={"picture": {0: "n"}})


def save(students, options):
    for student in students:
        path = options.out / f"{student.name}.pt"
        torch.save(student.average[0].state_dict(), str(path) + ".new")
        Path(str(path) + ".new").replace(path)


def minutes(options):
    """May be changed while it runs."""
    path = options.out / "minutes"
    return float(path.read_text()) if path.exists() else options.minutes


def train(options):
    pictures = Pictures(options.shards, options.device, options.processes)
    ring = Ring(options.ring, pictures, options.teachers, options.device)
    students = [Student(text, options) for text in options.student]
    torch.backends.cudnn.benchmark = True
    cuda = options.device == "cuda"
    while not len(pictures.about["side"]):
        time.sleep(0.2)
        pictures.take()
    begin = time.monotonic()
    while ring.made < min(options.ring, 8 * options.batch):
        ring.generate(min(GENERATE, options.ring))
    ring.measure()
    told, teaching, told_steps, told_made, told_saved = time.monotonic(), time.monotonic() - begin, 0, ring.made, begin
    print(f"the first {ring.made} crops took {teaching:.1f} s", flush=True)
    steps, picked = 0, not cuda
    while True:
        now = time.monotonic()
        progress = (now - begin) / (60 * minutes(options)) if steps % 10 == 0 else progress
        if progress >= 1:
            break
        if steps % 20 == 0:
            pictures.take()
            spent = time.monotonic()
            if teaching < TEACHING * (spent - begin):
                for _ in range(4):
                    ring.generate(min(GENERATE, options.ring))
                if cuda:
                    torch.cuda.synchronize()
                teaching += time.monotonic() - spent
        chosen = torch.randint(min(ring.made, ring.size), (options.batch,), device=options.device)
        crops, inputs, targets = ring.crops[chosen].float(), {}, {}
        for student in students:
            side = student.side(progress)
            if side not in inputs:
                small = crops if side == CROP else functional.interpolate(crops, size=side, mode="bilinear", antialias=True)
                inputs[side] = (small - MEAN) / DEVIATION
            if (side + 31) // 32 not in targets:
                targets[(side + 31) // 32] = ring.targets(chosen, (side + 31) // 32)
            if not picked:
                student.pick_format(inputs[side], targets[(side + 31) // 32], options.device)
            student.step(inputs[side], targets[(side + 31) // 32], progress, options.device)
        picked = True
        steps += 1
        if steps % options.tell == 0:
            if cuda:
                torch.cuda.synchronize()
            now = time.monotonic()
            print(f"{100 * progress:.1f} %  step {steps}  {(steps - told_steps) * options.batch / (now - told):.0f} learned/s  "
                  f"{(ring.made - told_made) / (now - told):.0f} new/s  {ring.made} made  " + "  ".join(
                      f"{s.name} {s.side(progress)}: " + " ".join(f"{v / options.tell:.4f}" for v in s.losses.tolist())
                      for s in students), flush=True)
            for student in students:
                student.losses.zero_()
            told, told_steps, told_made = now, steps, ring.made
            if now - told_saved > 60:
                save(students, options)
                told_saved = now
    save(students, options)
    print(f"done: {steps} steps of {options.batch}, {ring.made} crops, {time.monotonic() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--describe", required=True, type=Path, help="train_base, or a folder with NAME.txt of what it tells")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--shards", type=Path)
    parser.add_argument("--teachers", type=Path)
    parser.add_argument("--student", action="append", default=[], help="see above")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=768)
    parser.add_argument("--ring", type=int, default=80000, help="crops kept (80000: 41 GB)")
    parser.add_argument("--processes", type=int, default=12, help="that decode pictures (12)")
    parser.add_argument("--tell", type=int, default=100, help="steps between two lines of the log")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--export", help="a student that was trained, instead of training")
    parser.add_argument("--side", type=int, default=224, help="of the exported network's input")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    export(options) if options.export else train(options)


if __name__ == "__main__":
    main()
