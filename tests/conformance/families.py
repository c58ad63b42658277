#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes small networks of the known families with random weights, as PyTorch exports them: families.py FOLDER. Ends with 77
where there is no PyTorch. Each is as its paper has it, but with few and narrow blocks."""
import sys
import warnings

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print(f"SKIPPED: {missing}; no networks were exported")
    sys.exit(77)

warnings.filterwarnings("ignore")


def conv(i, o, k=3, s=1, g=1, act=nn.ReLU, d=1):
    layers = [nn.Conv2d(i, o, k, s, d * (k // 2), d, g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([act()] if act else []))


class Residual(nn.Module):
    def __init__(self, body, act=None, skip=None):
        super().__init__()
        self.body, self.act, self.skip = body, act, skip

    def forward(self, x):
        y = self.body(x) + (self.skip(x) if self.skip else x)
        return self.act(y) if self.act else y


class Squeeze(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, c, gate, inner=nn.ReLU):
        super().__init__()
        self.a, self.b, self.gate, self.inner = nn.Conv2d(c, c // 4, 1), nn.Conv2d(c // 4, c, 1), gate, inner()

    def forward(self, x):
        return x * self.gate(self.b(self.inner(self.a(F.adaptive_avg_pool2d(x, 1)))))


class ManualHardswish(nn.Module):
    def forward(self, x):
        return x * F.relu6(x + 3) / 6


class ManualHardsigmoid(nn.Module):
    def forward(self, x):
        return F.relu6(x + 3) / 6


class ManualSilu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


class Mean(nn.Module):
    def forward(self, x):
        return x.mean([2, 3])


class View(nn.Module):
    def forward(self, x):
        return x.view(x.size(0), -1)


def head(c, n=7, drop=True):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), *([nn.Dropout(0.2)] if drop else []), nn.Linear(c, n)]


def inverted(i, o, k, s, expand, act, gate=None):
    c = i * expand
    body = nn.Sequential(conv(i, c, 1, act=act), conv(c, c, k, s, c, act), *([gate(c)] if gate else []), conv(c, o, 1, act=None))
    return Residual(body) if i == o and s == 1 else body


def mobilenet_v1():
    def separable(i, o, s):
        return nn.Sequential(conv(i, i, 3, s, i), conv(i, o, 1))
    return nn.Sequential(conv(3, 8, s=2), separable(8, 16, 1), separable(16, 24, 2), separable(24, 24, 1), *head(24))


def mobilenet_v2():
    return nn.Sequential(conv(3, 8, s=2, act=nn.ReLU6), inverted(8, 8, 3, 1, 1, nn.ReLU6), inverted(8, 12, 3, 2, 6, nn.ReLU6),
                         inverted(12, 12, 3, 1, 6, nn.ReLU6), conv(12, 40, 1, act=nn.ReLU6), Mean(), nn.Dropout(), nn.Linear(40, 9))


def mobilenet_v3(swish, sigmoid):
    gate = lambda c: Squeeze(c, sigmoid())
    return nn.Sequential(conv(3, 8, s=2, act=swish), inverted(8, 8, 3, 2, 2, nn.ReLU, gate), inverted(8, 12, 5, 2, 4, swish, gate),
                         inverted(12, 12, 5, 1, 4, swish, gate), conv(12, 48, 1, act=swish), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(48, 32), swish(), nn.Dropout(), nn.Linear(32, 10))


def resnet():
    basic = lambda i, o, s: Residual(nn.Sequential(conv(i, o, 3, s), conv(o, o, act=None)), nn.ReLU(),
                                     None if i == o and s == 1 else conv(i, o, 1, s, act=None))
    return nn.Sequential(conv(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1), basic(8, 8, 1), basic(8, 16, 2), *head(16, drop=False))


def resnet_d():
    def bottleneck(i, o, s):
        skip = nn.Sequential(nn.AvgPool2d(s, s, ceil_mode=True, count_include_pad=False), conv(i, o, 1, act=None))
        return Residual(nn.Sequential(conv(i, o // 4, 1), conv(o // 4, o // 4, 3, s), conv(o // 4, o, 1, act=None)), nn.ReLU(), skip)
    return nn.Sequential(conv(3, 8, 3, 2), conv(8, 8), nn.MaxPool2d(3, 2, 1), bottleneck(8, 32, 1), bottleneck(32, 64, 2), *head(64))


def efficientnet_lite():
    return nn.Sequential(conv(3, 8, s=2, act=nn.ReLU6), inverted(8, 8, 3, 1, 1, nn.ReLU6), inverted(8, 12, 5, 2, 6, nn.ReLU6),
                         inverted(12, 12, 5, 1, 6, nn.ReLU6), conv(12, 64, 1, act=nn.ReLU6), *head(64))


def efficientnet(silu):
    gate = lambda c: Squeeze(c, nn.Sigmoid(), silu)
    return nn.Sequential(conv(3, 8, s=2, act=silu), inverted(8, 12, 3, 2, 4, silu, gate), inverted(12, 12, 5, 1, 4, silu, gate),
                         conv(12, 64, 1, act=silu), *head(64))


class Fire(nn.Module):
    def __init__(self, i, s, e):
        super().__init__()
        self.s, self.a, self.b = nn.Conv2d(i, s, 1), nn.Conv2d(s, e, 1), nn.Conv2d(s, e, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.s(x))
        return torch.cat([F.relu(self.a(x)), F.relu(self.b(x))], 1)


def squeezenet():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(16, 4, 12), Fire(24, 4, 12),
                         nn.MaxPool2d(3, 2, ceil_mode=True), Fire(24, 6, 16), nn.Dropout(), nn.Conv2d(32, 11, 1), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Softmax(1))


def shuffle(x, groups=2):
    n, c, h, w = x.size()
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        h, self.s = o // 2, s
        self.a = nn.Sequential(conv(i, i, 3, s, i, None), conv(i, h, 1)) if s > 1 else None
        c = i if s > 1 else h
        self.b = nn.Sequential(conv(c, h, 1), conv(h, h, 3, s, h, None), conv(h, h, 1))

    def forward(self, x):
        if self.s == 1:
            a, b = x.chunk(2, 1)
            return shuffle(torch.cat([a, self.b(b)], 1))
        return shuffle(torch.cat([self.a(x), self.b(x)], 1))


def shufflenet_v2():
    return nn.Sequential(conv(3, 12, s=2), nn.MaxPool2d(3, 2, 1), ShuffleUnit(12, 24, 2), ShuffleUnit(24, 24, 1),
                         ShuffleUnit(24, 24, 1), conv(24, 64, 1), Mean(), nn.Linear(64, 8))


class Mixed(nn.Module):
    def __init__(self, i):
        super().__init__()
        self.a, self.b = conv(i, 8, 1), nn.Sequential(conv(i, 6, 1), self.long(6, 8, (1, 7)), self.long(8, 8, (7, 1)))
        self.c, self.d = nn.Sequential(conv(i, 6, 1), conv(6, 10), conv(10, 10)), conv(i, 6, 1)

    @staticmethod
    def long(i, o, k):
        return nn.Sequential(nn.Conv2d(i, o, k, padding=(k[0] // 2, k[1] // 2), bias=False), nn.BatchNorm2d(o, eps=0.001), nn.ReLU())

    def forward(self, x):
        return torch.cat([self.a(x), self.b(x), self.c(x), self.d(F.avg_pool2d(x, 3, 1, 1))], 1)


class Reduction(nn.Module):
    def __init__(self, i):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(i, 8, 3, 2), nn.ReLU())

    def forward(self, x):
        return torch.cat([self.a(x), F.max_pool2d(x, 3, 2)], 1)


def inception():
    return nn.Sequential(conv(3, 8, s=2), nn.Conv2d(8, 12, 3), nn.ReLU(), nn.MaxPool2d(3, 2), Mixed(12), Reduction(32), Mixed(40),
                         nn.AdaptiveAvgPool2d(1), nn.Dropout(), nn.Flatten(), nn.Linear(32, 9))


def regnet():
    def block(i, o, s):
        body = nn.Sequential(conv(i, o, 1), conv(o, o, 3, s, o // 8), Squeeze(o, nn.Sigmoid()), conv(o, o, 1, act=None))
        return Residual(body, nn.ReLU(), None if i == o and s == 1 else conv(i, o, 1, s, act=None))
    return nn.Sequential(conv(3, 16, s=2), block(16, 16, 2), block(16, 32, 2), block(32, 32, 1), *head(32))


def vgg():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(4), nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), View(),
                         nn.Linear(12 * 16, 24), nn.ReLU(), nn.Dropout(), nn.Linear(24, 10))


class Dense(nn.Module):
    def __init__(self, i, n, grow):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.BatchNorm2d(i + k * grow), nn.ReLU(), nn.Conv2d(i + k * grow, grow, 3, padding=1))
                                    for k in range(n))

    def forward(self, x):
        maps = [x]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps, 1)


def densenet():
    return nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), Dense(8, 10, 4), nn.BatchNorm2d(48), nn.ReLU(), nn.Conv2d(48, 16, 1),
                         nn.AvgPool2d(2), Dense(16, 3, 4), nn.BatchNorm2d(28), nn.ReLU(), *head(28))


class Prepared(nn.Module):
    """Brings bytes to its range itself."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.register_buffer("mean", torch.tensor([123.7, 116.3, 103.5]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([58.4, 57.1, 57.4]).view(1, 3, 1, 1))

    def forward(self, x):
        return self.body((x - self.mean) / self.std)


class ChannelsLast(nn.Module):
    """As converters from TensorFlow leave it: the input and what is around the head have the channels last."""

    def __init__(self):
        super().__init__()
        self.a, self.b = conv(3, 8, s=2), conv(8, 16, s=2)
        self.scale, self.add, self.out = (nn.Parameter(torch.rand(n)) for n in (16, 16, 5))
        self.matrix = nn.Parameter(torch.randn(16, 5))

    def forward(self, x):
        x = self.b(F.pad(self.a(x.permute(0, 3, 1, 2)), (0, 1, 0, 1))).permute(0, 2, 3, 1)
        x = F.relu(x * self.scale + self.add)
        x = torch.cat([x, x * 0.5], 3)[..., 8:24]
        return torch.softmax(torch.matmul(x.mean([1, 2]), self.matrix) + self.out, 1)


class Attention(nn.Module):
    """Gates of channels and of places (CBAM), slopes, resizing, and slices."""

    def __init__(self):
        super().__init__()
        self.a, self.p, self.l, self.gate = conv(3, 8, s=2, act=None), nn.PReLU(8), nn.LeakyReLU(0.1), nn.Conv2d(8, 1, 7, padding=3)
        self.dilated, self.q = conv(8, 8, d=2), nn.PReLU(1)

    def forward(self, x):
        x = self.p(self.a(x))
        x = x * torch.sigmoid(self.gate(x))
        small = F.max_pool2d(self.l(self.dilated(x)), 2)
        x = torch.cat([x[:, ::2], self.q(x[:, 4:]), F.interpolate(small, scale_factor=2), F.adaptive_max_pool2d(x, 1) - x], 1)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = F.pad(torch.tanh(x), (1, 2, 1, 2), mode="reflect")
        return x[:, :, 2:, 1:-1].mean([2, 3])


FAMILIES = {
    "mobilenet_v1": (mobilenet_v1, 9), "mobilenet_v2": (mobilenet_v2, 11), "mobilenet_v2_opset17": (mobilenet_v2, 17),
    "mobilenet_v3": (lambda: mobilenet_v3(nn.Hardswish, nn.Hardsigmoid), 14),
    "mobilenet_v3_opset11": (lambda: mobilenet_v3(nn.Hardswish, nn.Hardsigmoid), 11),
    "mobilenet_v3_manual": (lambda: mobilenet_v3(ManualHardswish, ManualHardsigmoid), 13),
    "resnet": (resnet, 8), "resnet_d": (resnet_d, 12), "efficientnet_lite": (efficientnet_lite, 13),
    "efficientnet": (lambda: efficientnet(nn.SiLU), 15), "efficientnet_manual": (lambda: efficientnet(ManualSilu), 10),
    "squeezenet": (squeezenet, 10), "shufflenet_v2": (shufflenet_v2, 11), "shufflenet_v2_opset16": (shufflenet_v2, 16),
    "inception": (inception, 12), "regnet": (regnet, 13), "vgg": (vgg, 9), "densenet": (densenet, 12),
    "prepared": (lambda: Prepared(mobilenet_v2()), 13), "channels_last": (ChannelsLast, 13), "attention": (Attention, 13),
}


def randomise(model):
    """Weights and running figures that keep values near 1 and tell every channel apart."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.7, 1.3)
            module.bias.data.normal_(0, 0.3)
        elif isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.PReLU):
            module.weight.data.uniform_(-0.5, 0.5)


def main(folder):
    for name, (make, opset) in FAMILIES.items():
        for fused in (True, False):
            torch.manual_seed(len(name))
            model = make()
            randomise(model)
            model.eval()
            picture = torch.randn(1, 64, 64, 3) if name == "channels_last" else torch.randn(1, 3, 64, 64)
            mode = torch.onnx.TrainingMode.EVAL if fused else torch.onnx.TrainingMode.PRESERVE
            torch.onnx.export(model, picture, f"{folder}/{name}{'' if fused else '_apart'}.onnx", opset_version=opset, training=mode,
                              do_constant_folding=fused, keep_initializers_as_inputs=opset < 9,
                              dynamic_axes={"x": {0: "batch"}} if fused else None, input_names=["x"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
