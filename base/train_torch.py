#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipe of train_base in PyTorch, for who has a GPU: the same networks, pool, teachers, loss, optimiser and schedule.

    train_torch.py --train-base build/base/train_base --network standard --pool pool --pool-side 160 \\
        --teachers mobilenet-map@7,inception --checkpoint standard.pt --out standard.onnx
    ocellus base import standard.onnx --name standard --mean 127.5 --std 64 --resize squash -o standard.ocm

The network is what `train_base --describe` says, so it is written down once. The second command makes the base: its weights
are already rounded to half precision, and stored so. The same command goes on from the checkpoint. The random numbers are
PyTorch's, so the weights are not those of train_base, only as good. Needs numpy and torch; README.md tells the rest."""
import argparse
import copy
import math
import os
import subprocess
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

MEAN, DEVIATION, AVERAGE = 127.5, 64.0, 0.998


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


class Teacher:
    """What one teacher says of the first `count` crops: of each as a whole, or (NAME@SIDE) of the places of a map."""

    def __init__(self, pool, spec):
        name, _, side = spec.partition("@")
        norm = numpy.fromfile(f"{pool}/{name}.norm.f32", "<f4").reshape(2, -1)
        self.mean, self.deviation, self.dim, self.side = norm[0], norm[1], norm.shape[1], int(side or 0)
        places = self.side * self.side or 1
        path = f"{pool}/{name}.f16"
        self.count = os.path.getsize(path) // (2 * self.dim * places)
        self.rows = numpy.memmap(path, "<f2", "r", shape=(self.count, places, self.dim))

    def loss(self, said, crops, device):
        """Half the mean squared distance to the normalised features, over the crops that the teacher has seen."""
        known = numpy.flatnonzero(crops < self.count)
        if not len(known):
            return said.sum() * 0
        rows = (self.rows[crops[known]].astype("f4") - self.mean) / self.deviation
        target = torch.from_numpy(rows).to(device).transpose(1, 2)
        side = self.side or 1
        target = target.reshape(len(known), self.dim, side, side)
        if self.side:
            target = functional.adaptive_avg_pool2d(target, said.shape[2:]) if side % said.shape[2] == 0 else shrink(
                target, said.shape[2])
        return 0.5 * functional.mse_loss(said[torch.from_numpy(known).to(device)], target)


def shrink(maps, side):
    """Each place is the mean over the area that it covers, parts of places counting as such."""
    from_side = maps.shape[2]
    edges = torch.arange(side + 1, dtype=torch.float64) * from_side / side
    places = torch.arange(from_side, dtype=torch.float64)
    low, high = edges[:-1, None].maximum(places), edges[1:, None].minimum(places + 1)
    shares = ((high - low).clamp(min=0) * side / from_side).to(maps)
    return torch.einsum("yh,nchw,xw->ncyx", shares, maps, shares)


def share(step, options):
    """Of the top rate: a short rise, then a cosine."""
    rise = options.steps // 50 + 1
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / (options.steps - rise)))


def export(network, options):
    """The network alone with its weights rounded to half precision."""
    network = copy.deepcopy(network).cpu().eval()
    with torch.no_grad():
        for value in network.state_dict().values():
            if value.is_floating_point():
                value.copy_(value.half().float())
    side = options.input_side
    torch.onnx.export(network, torch.zeros(1, 3, side, side), options.out, input_names=["picture"], opset_version=13,
                      output_names=["features", "stride_8", "stride_16", "stride_32"], do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE, dynamic_axes={"picture": {0: "n"}})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train-base", required=True, help="the program that describes the networks")
    for name in ("network", "pool", "teachers", "checkpoint", "out"):
        parser.add_argument(f"--{name}", required=True)
    for name, value in (("pool-side", 144), ("count", 0), ("steps", 6000), ("batch", 64), ("small-side", 96), ("side", 128),
                        ("input-side", 160), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    for name, value in (("small-share", 0.7), ("rate", 0.002), ("decay", 0.05), ("minutes", math.inf)):
        parser.add_argument(f"--{name}", type=float, default=value)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.manual_seed(options.seed)

    description = subprocess.run([options.train_base, "--describe", options.network], check=True, capture_output=True, text=True)
    network = Network(description.stdout)
    teachers = [Teacher(options.pool, spec) for spec in options.teachers.split(",")]
    heads = nn.ModuleList(nn.Conv2d(network.n_features, teacher.dim, 1) for teacher in teachers)
    for head in heads:
        nn.init.normal_(head.weight, std=math.sqrt(2 / network.n_features))
        nn.init.zeros_(head.bias)
    student = nn.ModuleList([network, heads]).to(options.device)
    average = copy.deepcopy(student)
    matrices = [p for p in student.parameters() if p.dim() > 1]
    vectors = [p for p in student.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": options.decay}, {"params": vectors, "weight_decay": 0}],
                                  lr=options.rate)
    side = options.pool_side
    count = os.path.getsize(f"{options.pool}/crops.u8") // (side * side * 3)
    crops = numpy.memmap(f"{options.pool}/crops.u8", "u1", "r", shape=(count, side, side, 3))
    count = min(max(teacher.count for teacher in teachers), count, options.count or count)

    step = 0
    if os.path.exists(options.checkpoint):
        saved = torch.load(options.checkpoint, map_location=options.device)
        step = saved["step"]
        student.load_state_dict(saved["student"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        print(f"going on from step {step}")

    def save():
        torch.save({"step": step, "student": student.state_dict(), "average": average.state_dict(),
                    "optimiser": optimiser.state_dict()}, options.checkpoint + ".new")
        os.replace(options.checkpoint + ".new", options.checkpoint)

    begin = told = time.monotonic()
    losses, told_at = numpy.zeros(len(teachers)), step
    order, order_of = None, None
    while step < options.steps and time.monotonic() - begin < 60 * options.minutes:
        at = step * options.batch + numpy.arange(options.batch)
        chosen = numpy.empty(options.batch, "i8")
        for one in numpy.unique(at // count):  # each pass over the pool has an order of its own
            if one != order_of:
                order, order_of = numpy.random.default_rng([options.seed, int(one)]).permutation(count), one
            chosen[at // count == one] = order[at[at // count == one] % count]
        small = step < options.small_share * options.steps
        pictures = torch.from_numpy(crops[chosen]).to(options.device).permute(0, 3, 1, 2).float()
        pictures = functional.interpolate(pictures, size=options.small_side if small else options.side, mode="bilinear",
                                          antialias=True)
        features, places = network((pictures - MEAN) / DEVIATION, [network.outputs[0], network.places])
        parts = [teacher.loss(head(places if teacher.side else features), chosen, options.device)
                 for teacher, head in zip(teachers, heads)]
        optimiser.zero_grad(set_to_none=True)
        sum(parts).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1)
        for group in optimiser.param_groups:
            group["lr"] = options.rate * share(step, options)
        optimiser.step()
        step += 1
        with torch.no_grad():
            for mean, now in zip(average.state_dict().values(), student.state_dict().values()):
                if mean.is_floating_point():
                    mean += max(1 - AVERAGE, 1 / step) * (now - mean)
        losses += [2 * float(part) for part in parts]
        if step % 50 == 0:
            now = time.monotonic()
            print(f"step {step} of {options.steps}  side {pictures.shape[2]}  loss",
                  *(f"{loss:.4f}" for loss in losses / (step - told_at)),
                  f" {(step - told_at) * options.batch / (now - told):.1f} pictures/s", flush=True)
            losses[:], told, told_at = 0, now, step
        if step % 1000 == 0:
            save()
    save()
    export(average[0], options)


if __name__ == "__main__":
    main()
