"""Neural style transfer of the TensorFlow tutorial 15, written a second time, in PyTorch.

The library in lib/ is checked against this file, so it stays close to the formulas and shares
nothing with the library but the weights. One float type runs through a whole computation:
float32 as the library uses, or float64 to see what rounding does.

Pictures are [H, W, 3] tensors, RGB, 0-255. Activations are [C, H, W], the tensor after the ReLU.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file

REPOSITORY = Path(__file__).resolve().parents[2]
WEIGHTS = REPOSITORY / "lib" / "network" / "weights" / "vgg16.safetensors"

CONVOLUTIONS = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3}  # block -> number of 3x3 convolutions
LAYERS = [f"relu{block}_{i}" for block, n in CONVOLUTIONS.items() for i in range(1, n + 1)]
GATYS_STYLE_LAYERS = [f"relu{block}_1" for block in CONVOLUTIONS]
MEAN_RGB = (123.68, 116.779, 103.939)
EPSILON = 1e-10  # keeps an adjustment finite where a loss is zero; also where adjustments start


# Pictures


def load_image(path, max_size=None):
    """Reads a picture as the tutorial does: Lanczos, longer side max_size, sizes truncated."""
    image = Image.open(path).convert("RGB")
    if max_size is not None:
        factor = max_size / max(image.size)
        image = image.resize([int(side * factor) for side in image.size], Image.Resampling.LANCZOS)
    return torch.tensor(np.asarray(image, dtype=np.float32))


def uniform_noise(count, seed):
    """Numbers in [0, 1) of the generator mulberry32, float64 [count].

    Its state after n calls is seed + n * 0x6D2B79F5, so all calls are made at once.
    """
    u32 = np.uint32
    with np.errstate(over="ignore"):  # arithmetic modulo 2^32 is meant
        state = u32(seed & 0xFFFFFFFF) + np.arange(1, count + 1, dtype=u32) * u32(0x6D2B79F5)
        t = (state ^ (state >> u32(15))) * (state | u32(1))
        t ^= t + (t ^ (t >> u32(7))) * (t | u32(61))
    return (t ^ (t >> u32(14))).astype(np.float64) / 2**32


def start_noise(height, width, seed):
    """The start picture: uniform noise in [128, 129), rounded to float32."""
    noise = 128 + uniform_noise(height * width * 3, seed)
    return torch.tensor(noise.astype(np.float32).reshape(height, width, 3))


# Network


class Vgg16:
    """VGG-16 without its dense layers (Simonyan and Zisserman 2014, arXiv 1409.1556)."""

    def __init__(self, input_scale=1, dtype=torch.float32, weights=WEIGHTS):
        self.input_scale = input_scale
        self.dtype = dtype
        self.mean = torch.tensor(MEAN_RGB, dtype=dtype)
        self.filters = {}
        tensors = load_file(weights)
        for block, count in CONVOLUTIONS.items():
            for i in range(1, count + 1):
                kernel = tensors[f"block{block}_conv{i}.kernel"]  # [h, w, in, out]
                bias = tensors[f"block{block}_conv{i}.bias"]
                kernel = kernel.to(dtype).permute(3, 2, 0, 1).contiguous()
                self.filters[f"relu{block}_{i}"] = (kernel, bias.to(dtype))

    def preprocess(self, picture):
        """Scale, subtract the mean, RGB to BGR: [H, W, 3] -> [3, H, W]."""
        centred = picture.to(self.dtype) * self.input_scale - self.mean
        return centred.flip(-1).permute(2, 0, 1)

    def activations(self, picture, layers):
        """The named activations of a picture, a dict; differentiable in the picture."""
        return self.features(self.preprocess(picture)[None], layers)

    def features(self, x, layers):
        """The named activations of a preprocessed picture [1, 3, H, W], a dict of [C, H, W]."""
        found = {}
        for name in LAYERS:
            if name.endswith("_1") and name != "relu1_1":
                x = F.max_pool2d(x, kernel_size=2, stride=2, ceil_mode=True)  # keeps an odd edge
            x = F.relu(F.conv2d(x, *self.filters[name], padding=1))
            if name in layers:
                found[name] = x[0]
            if len(found) == len(set(layers)):
                break
        return found


# Losses


def gram_matrix(features):
    """G = F F^T over positions, not divided by anything: [C, H, W] -> [C, C]."""
    flat = features.flatten(1)
    return flat @ flat.T


def content_loss(features, targets):
    """Mean over layers of the mean squared difference of the activations."""
    return torch.stack([F.mse_loss(features[name], targets[name]) for name in targets]).mean()


def style_loss(features, target_grams):
    """Mean over layers of the mean squared difference of the Gram matrices."""
    return torch.stack(
        [F.mse_loss(gram_matrix(features[name]), gram) for name, gram in target_grams.items()]
    ).mean()


def denoise_loss(picture):
    """Sum of the absolute differences between neighbours, down and right; its slope at 0 is 0."""
    down = picture[1:] - picture[:-1]
    right = picture[:, 1:] - picture[:, :-1]
    return down.abs().sum() + right.abs().sum()


# The run


@dataclass(frozen=True)
class Preset:
    """The tutorial's settings. It multiplies its input by 255 once more than it should."""

    input_scale: float = 255
    content_layers: tuple = ("relu3_1",)
    style_layers: tuple = tuple(LAYERS)
    weights: dict = field(default_factory=lambda: {"content": 1.5, "style": 10.0, "denoise": 0.3})
    step_size: float = 10
    iterations: int = 60


PRESETS = {"tutorial": Preset(), "tutorialFixed": Preset(input_scale=1)}


class Objective:
    """The three losses of a mixed picture against a content and a style picture."""

    def __init__(self, network, content, style, content_layers, style_layers):
        self.network = network
        self.layers = {*content_layers, *style_layers}
        with torch.no_grad():
            self.content_targets = network.activations(content, content_layers)
            features = network.activations(style, style_layers)
            self.style_targets = {name: gram_matrix(f) for name, f in features.items()}

    def losses(self, mixed):
        features = self.network.activations(mixed, self.layers)
        return {
            "content": content_loss(features, self.content_targets),
            "style": style_loss(features, self.style_targets),
            "denoise": denoise_loss(mixed),
        }


def weighted_sum(losses, weights, adjustments):
    """Total = sum of weight * adjustment * loss."""
    return sum(weights[name] * adjustments[name] * loss for name, loss in losses.items())


def run(network, content, style, preset, seed, iterations=None):
    """Runs a preset from the seed's noise; yields (iteration, losses, adjustments, mixed).

    The gradient uses the adjustments of the iteration before; those of this iteration are
    handed out now and used next. Yielded are numbers, and the picture after the step.
    """
    objective = Objective(network, content, style, preset.content_layers, preset.style_layers)
    mixed = start_noise(*content.shape[:2], seed).to(network.dtype)
    adjustments = {name: torch.tensor(EPSILON, dtype=network.dtype) for name in preset.weights}
    for iteration in range(preset.iterations if iterations is None else iterations):
        mixed.requires_grad_(True)
        losses = objective.losses(mixed)
        total = weighted_sum(losses, preset.weights, adjustments)
        (gradient,) = torch.autograd.grad(total, mixed)
        adjustments = {name: 1 / (loss.detach() + EPSILON) for name, loss in losses.items()}
        with torch.no_grad():
            step = preset.step_size / (gradient.std(unbiased=False) + 1e-8)
            mixed = (mixed - step * gradient).clamp(0, 255)
        yield (
            iteration,
            {name: loss.item() for name, loss in losses.items()},
            {name: adjustment.item() for name, adjustment in adjustments.items()},
            mixed,
        )
