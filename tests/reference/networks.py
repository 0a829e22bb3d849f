"""VGG-19 and Inception 5h a second time, in PyTorch, with seeded random weights.

The library's networks are checked against this file. Padding is TensorFlow's "same" throughout,
written out here. Activations are [C, H, W], the tensor after the ReLU.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from style_transfer import uniform_noise

VGG16_BLOCKS = (2, 2, 3, 3, 3)
VGG19_BLOCKS = (2, 2, 4, 4, 4)
VGG_WIDTHS = (64, 128, 256, 512, 512)
VGG_MEAN_RGB = (123.68, 116.779, 103.939)

# 1x1, 3x3 bottleneck, 3x3, 5x5 bottleneck, 5x5, pool reduce: TensorFlow's tensorflow_inception_graph.pb
INCEPTION_WIDTHS = {
    "mixed3a": (64, 96, 128, 16, 32, 32),
    "mixed3b": (128, 128, 192, 32, 96, 64),
    "mixed4a": (192, 96, 204, 16, 48, 64),
    "mixed4b": (160, 112, 224, 24, 64, 64),
    "mixed4c": (128, 128, 256, 24, 64, 64),
    "mixed4d": (112, 144, 288, 32, 64, 64),
    "mixed4e": (256, 160, 320, 32, 128, 128),
    "mixed5a": (256, 160, 320, 48, 128, 128),
    "mixed5b": (384, 192, 384, 48, 128, 128),
}
INCEPTION_STEM_WIDTHS = (64, 64, 192)
INCEPTION_LAYERS = ["conv2d0", "conv2d1", "conv2d2", *INCEPTION_WIDTHS]
NORMALIZATION = {"radius": 5, "bias": 2.0, "alpha": 1e-4, "beta": 0.5}


# Weights


def vgg_shapes(blocks, widths=VGG_WIDTHS):
    """Kernel shapes [height, width, in, out] by Keras' layer names."""
    shapes, before = {}, 3
    for block, (count, width) in enumerate(zip(blocks, widths, strict=True), start=1):
        for i in range(1, count + 1):
            shapes[f"block{block}_conv{i}"] = (3, 3, before, width)
            before = width
    return shapes


def inception_shapes(stem=INCEPTION_STEM_WIDTHS, widths=INCEPTION_WIDTHS):
    """Kernel shapes [height, width, in, out] by TensorFlow's node names."""
    shapes = {
        "conv2d0": (7, 7, 3, stem[0]),
        "conv2d1": (1, 1, stem[0], stem[1]),
        "conv2d2": (3, 3, stem[1], stem[2]),
    }
    before = stem[2]
    for name, (one, reduce3, three, reduce5, five, pool) in widths.items():
        shapes[f"{name}_1x1"] = (1, 1, before, one)
        shapes[f"{name}_3x3_bottleneck"] = (1, 1, before, reduce3)
        shapes[f"{name}_3x3"] = (3, 3, reduce3, three)
        shapes[f"{name}_5x5_bottleneck"] = (1, 1, before, reduce5)
        shapes[f"{name}_5x5"] = (5, 5, reduce5, five)
        shapes[f"{name}_pool_reduce"] = (1, 1, before, pool)
        before = one + three + five + pool
    return shapes


def seeded_weights(shapes, seed):
    """(kernel, bias) by layer, float32, of one stream of random numbers.

    Kernels are uniform in +-sqrt(6 / (height * width * in)), which keeps the size of activations
    from layer to layer; biases in +-8.
    """
    sizes = [(math.prod(shape), shape[3]) for shape in shapes.values()]
    numbers = uniform_noise(sum(map(sum, sizes)), seed)
    weights, at = {}, 0

    def take(count, limit):
        nonlocal at
        at += count
        return (-limit + 2 * limit * numbers[at - count : at]).astype(np.float32)

    for (name, shape), (count, outputs) in zip(shapes.items(), sizes, strict=True):
        kernel = take(count, math.sqrt(6 / math.prod(shape[:3]))).reshape(shape)
        weights[name] = (kernel, take(outputs, 8))
    return weights


# Layers


def same_padding(length, size, stride):
    """How much TensorFlow adds before and after one side."""
    missing = max(0, (math.ceil(length / stride) - 1) * stride + size - length)
    return missing // 2, missing - missing // 2


def pad(x, size, stride, value):
    top, bottom = same_padding(x.shape[-2], size, stride)
    left, right = same_padding(x.shape[-1], size, stride)
    return F.pad(x, (left, right, top, bottom), value=value)


class Network:
    """A network; `margin` is the nearest tie of its last pass, see `near`."""

    def __init__(self, shapes, seed, mean, reverse, dtype):
        self.dtype = dtype
        self.mean = torch.tensor(mean, dtype=dtype)
        self.reverse = reverse
        self.filters = {
            name: (torch.tensor(kernel).permute(3, 2, 0, 1).to(dtype), torch.tensor(bias).to(dtype))
            for name, (kernel, bias) in seeded_weights(shapes, seed).items()
        }
        self.margin = math.inf

    def activations(self, picture):
        """All layers that a loss may use, of a picture [H, W, 3]."""
        self.margin = math.inf
        x = picture.to(self.dtype) - self.mean
        x = x.flip(-1) if self.reverse else x
        return {name: y[0] for name, y in self.features(x.permute(2, 0, 1)[None]).items()}

    def convolution(self, name, x, stride=1):
        kernel, bias = self.filters[name]
        y = F.conv2d(pad(x, kernel.shape[-1], stride, 0.0), kernel, bias, stride=stride)
        self.near(y.abs().min(), y)
        return F.relu(y)

    def pool(self, x, size, stride):
        padded = pad(x, size, stride, -math.inf)
        windows = padded[0].unfold(1, size, stride).unfold(2, size, stride).flatten(3)
        largest, second = windows.topk(2).values.unbind(-1)
        # Equal ones are the same value twice, from overlapping windows of the pooling before.
        apart = (largest - second)[(largest > 0) & (largest > second)]
        if apart.numel() > 0:
            self.near(apart.min(), x)
        return F.max_pool2d(padded, size, stride)

    def near(self, distance, values):
        """Where rounding may decide which way a gradient goes: an input of a ReLU near 0, or two
        nearly equal maxima of a window; in units of the layer's root mean square."""
        size = values.detach().square().mean().sqrt()
        self.margin = min(self.margin, (distance.detach() / size).item())


class Vgg(Network):
    def __init__(self, blocks, seed, dtype=torch.float64):
        super().__init__(vgg_shapes(blocks), seed, VGG_MEAN_RGB, True, dtype)

    def features(self, x):
        found = {}
        for name in self.filters:
            block, i = name[5:].split("_conv")
            if i == "1" and block != "1":
                x = self.pool(x, 2, 2)
            x = found[f"relu{block}_{i}"] = self.convolution(name, x)
        return found


class Inception5h(Network):
    def __init__(self, seed, dtype=torch.float64):
        super().__init__(inception_shapes(), seed, (117.0, 117.0, 117.0), False, dtype)

    def features(self, x):
        found = {}
        x = found["conv2d0"] = self.convolution("conv2d0", x, 2)
        x = self.normalize(self.pool(x, 3, 2))
        x = found["conv2d1"] = self.convolution("conv2d1", x)
        x = found["conv2d2"] = self.convolution("conv2d2", x)
        x = self.pool(self.normalize(x), 3, 2)
        for name in INCEPTION_WIDTHS:
            if name in ("mixed4a", "mixed5a"):
                x = self.pool(x, 3, 2)
            x = found[name] = self.block(name, x)
        return found

    def block(self, name, x):
        three = self.convolution(f"{name}_3x3", self.convolution(f"{name}_3x3_bottleneck", x))
        five = self.convolution(f"{name}_5x5", self.convolution(f"{name}_5x5_bottleneck", x))
        pooled = self.convolution(f"{name}_pool_reduce", self.pool(x, 3, 1))
        return torch.cat([self.convolution(f"{name}_1x1", x), three, five, pooled], dim=1)

    def normalize(self, x):
        """y = x / (bias + alpha * sum of squares of the channels within the radius) ** beta."""
        radius, bias, alpha, beta = NORMALIZATION.values()
        squares = F.pad(x.square(), (0, 0, 0, 0, radius, radius))
        sums = squares.unfold(1, 2 * radius + 1, 1).sum(-1)
        return x / (bias + alpha * sums) ** beta
