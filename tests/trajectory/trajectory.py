#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains the network of test_trajectory.c with PyTorch in double precision and prints expected.h:

    python3 tests/trajectory/trajectory.py > tests/trajectory/expected.h

The random numbers are made here again (xoshiro256++ seeded by splitmix64, Box and Muller), so that both begin with the same
weights, pictures and labels, rounded to single precision. PyTorch's own layers, losses and optimisers do the rest."""
import math

import numpy as np
import torch
import torch.nn.functional as F

SIDE, CLASSES, PICTURES, BATCH, STEPS, WEIGHT_SEED = 16, 10, 64, 8, 30, 5
PICTURE_SEED = 32
MASK = (1 << 64) - 1


class Random:
    def __init__(self, seed, stream):
        x = seed ^ self.splitmix(stream)[1]
        self.s = []
        for _ in range(4):
            x, z = self.splitmix(x)
            self.s.append(z)

    @staticmethod
    def splitmix(x):
        x = (x + 0x9E3779B97F4A7C15) & MASK
        z = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return x, z ^ (z >> 31)

    def next(self):
        def rotate(x, k):
            return ((x << k) | (x >> (64 - k))) & MASK
        s = self.s
        result, t = (rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK, (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result

    def below(self, n):
        while True:
            x = self.next()
            if x >= (1 << 64) % n:
                return x % n

    def unit(self):
        return (self.next() >> 11) * 2.0 ** -53

    def normal(self):
        u, v = 1.0 - self.unit(), self.unit()
        return math.sqrt(-2.0 * math.log(u)) * math.cos(6.283185307179586 * v)

    def normals(self, *shape):
        return np.array([self.normal() for _ in range(math.prod(shape))]).reshape(shape)


def single(x):
    return torch.from_numpy(np.asarray(x, np.float32).astype(np.float64))


class Network:
    """Numbers its nodes and parameters as the graph in test_trajectory.c does."""

    def __init__(self):
        self.params, self.node, self.layers = [], 0, []
        self.nearest = math.inf  # how near any value came to a bound of ReLU6
        self.conv(3, 16, 3, 2), self.norm(16, True)
        self.conv(16, 64, 1), self.norm(64, True), self.conv(64, 64, 3, 1, 64), self.norm(64, True), self.conv(64, 16, 1)
        self.norm(16), self.add(2)
        self.conv(16, 64, 1), self.norm(64, True), self.conv(64, 64, 3, 2, 64), self.norm(64, True), self.conv(64, 32, 1)
        self.norm(32)
        self.conv(32, 64, 3, 1, 4), self.norm(64, True)
        self.conv(64, 96, 1), self.norm(96, True)
        self.pool(), self.conv(96, CLASSES, 1, bias=True)

    def conv(self, c_in, c_out, k, stride=1, groups=1, bias=False):
        self.node += 1
        fan_in = k * k * c_in // groups
        w = math.sqrt(2.0 / fan_in) * Random(WEIGHT_SEED, self.node).normals(c_out, k, k, c_in // groups)
        w = single(w).requires_grad_()
        self.params.append(w)
        b = None
        if bias:
            b = single(np.zeros(c_out)).requires_grad_()
            self.params.append(b)
        self.layers.append(lambda x, _: F.conv2d(x, w.permute(0, 3, 1, 2), b, stride, (k - 1) // 2, 1, groups))

    def norm(self, c, clamped=False):
        self.node += 1
        scale, shift = single(np.ones(c)).requires_grad_(), single(np.zeros(c)).requires_grad_()
        mean, variance = single(np.zeros(c)), single(np.ones(c))
        self.params += [scale, shift, mean, variance]

        def forward(x, _):
            x = F.batch_norm(x, mean, variance, scale, shift, True, 0.1, float(np.float32(1e-3)))
            return self.relu6(x) if clamped else x
        self.layers.append(forward)

    def add(self, other):
        self.node += 1
        self.layers.append(lambda x, made: self.relu6(x + made[other]))

    def relu6(self, x):
        self.nearest = min(self.nearest, x.abs().min().item(), (x - 6).abs().min().item())
        return F.relu6(x)

    def pool(self):
        self.node += 1
        self.layers.append(lambda x, _: x.mean((2, 3), keepdim=True))

    def __call__(self, x):
        made = [x]
        for layer in self.layers:
            made.append(layer(made[-1], made))
        return made[-1].flatten(1)


def pictures():
    random = Random(PICTURE_SEED, 0)
    of_class = random.normals(CLASSES, SIDE, SIDE, 3)
    x, labels = [], []
    for _ in range(PICTURES):
        labels.append(random.below(CLASSES))
        x.append(0.7 * of_class[labels[-1]] + random.normals(SIDE, SIDE, 3))
    return single(x).permute(0, 3, 1, 2), torch.tensor(labels)


def train(kind):
    x, labels = pictures()
    network = Network()
    learnt = [p for p in network.params if p.requires_grad]
    groups = [{"params": [p for p in learnt if p.dim() > 1]}, {"params": [p for p in learnt if p.dim() == 1], "weight_decay": 0}]
    if kind == "sgd":
        optimiser = torch.optim.SGD(groups, lr=0.02, momentum=0.9, weight_decay=5e-4)
    else:
        optimiser = torch.optim.AdamW(groups, lr=0.003, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)
    losses, average = [], [torch.zeros_like(p) for p in network.params]
    for step in range(STEPS):
        batch = [(step * BATCH + i) % PICTURES for i in range(BATCH)]
        loss = F.cross_entropy(network(x[batch]), labels[batch], label_smoothing=0.1 if kind == "sgd" else 0)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        if kind == "adamw":
            norm = math.sqrt(sum((p.grad ** 2).sum().item() for p in learnt))
            for p in learnt:
                p.grad *= min(1, 1.0 / norm)
            share = (step + 1) / 5 if step < 5 else 0.5 * (1 + math.cos(math.pi * (step - 5) / (STEPS - 5)))
            for group in optimiser.param_groups:
                group["lr"] = 0.003 * share
        optimiser.step()
        with torch.no_grad():
            for a, p in zip(average, network.params):
                a += max(0.1, 1 / (step + 1)) * (p - a)
    return losses, figures(network.params), figures(average), network.nearest


def figures(params):
    """Of each parameter its length and a sum that tells elements apart."""
    found = []
    for p in params:
        w = p.detach().contiguous().flatten().numpy()
        found.append((math.sqrt((w * w).sum()), (w * np.cos(np.arange(w.size))).sum()))
    return found


def show(name, kind):
    losses, weights, average, nearest = train(kind)
    print(f"static const trajectory {name} = {{\n    {{{', '.join(f'{x:.12g}' for x in losses)}}},")
    for figure in weights, average:
        print(f"    {{{', '.join(f'{{{a:.12g}, {b:.12g}}}' for a, b in figure)}}},")
    print(f"}}; /* no value came nearer to a bound of ReLU6 than {nearest:.2g} */")


if __name__ == "__main__":
    network = Network()
    print("/* Written by trajectory.py: losses of every step, then of each parameter at the end, and of its average, the length")
    print(" * and the sum of element k times cos(k). SPDX-License-Identifier: MIT */")
    print("/* clang-format off */")
    print(f"#define N_PARAMS {len(network.params)}\n#define N_WEIGHTS {sum(p.numel() for p in network.params)}")
    print(f"typedef struct trajectory {{\n    double losses[{STEPS}], weights[N_PARAMS][2], average[N_PARAMS][2];\n}} trajectory;")
    show("sgd_trajectory", "sgd")
    show("adamw_trajectory", "adamw")
