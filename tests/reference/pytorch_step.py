"""Measures one step of style transfer in PyTorch; prints one line of JSON.

Preset gatys: VGG-16 to relu5_1, content relu4_2, five style layers, denoise, constant weights,
Adam. Preset tutorial: all thirteen layers, adaptive weights, gradient descent. A step goes from
picture to updated picture and reads the three losses once. Pictures are square.

The default memory format is the faster one: in processor time of one thread, channels_last took
0.93 times as long as contiguous at 512 px, and 1 to 5 % less at smaller sizes. Peak memory is the
same within 2 %. On a GPU (--device cuda) products stay in float32, without TF32, as in WebGPU.
"""

import argparse
import json
import platform
import resource
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F

from golden_files import fitted
from style_transfer import (
    EPSILON,
    GATYS_STYLE_LAYERS,
    PRESETS,
    Vgg16,
    content_loss,
    denoise_loss,
    start_noise,
    weighted_sum,
)

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
GATYS_WEIGHTS = {"content": 1.0, "style": 1e-12, "denoise": 0.01}  # any: they cost no time
TUTORIAL = PRESETS["tutorial"]
WARM_UP = 2


class Step:
    """One step's work; the picture is [1, 3, H, W] and stays in its memory format."""

    def __init__(self, preset, size, memory_format, device):
        tutorial = preset == "tutorial"
        self.network = Vgg16(TUTORIAL.input_scale if tutorial else 1)
        for name, (kernel, bias) in self.network.filters.items():
            kernel = kernel.to(device).contiguous(memory_format=memory_format)
            self.network.filters[name] = (kernel, bias.to(device))
        self.mean = self.network.mean.view(1, 3, 1, 1).to(device)
        self.content_layers = TUTORIAL.content_layers if tutorial else ["relu4_2"]
        self.style_layers = TUTORIAL.style_layers if tutorial else GATYS_STYLE_LAYERS
        self.weights = TUTORIAL.weights if tutorial else GATYS_WEIGHTS
        start = torch.tensor(EPSILON if tutorial else 1.0, device=device)
        self.adjustments = {name: start for name in self.weights}

        def batch(picture):
            batched = picture.to(device).permute(2, 0, 1)[None]
            return batched.contiguous(memory_format=memory_format)

        content = sample("content", "eilean-donan", size)
        style = sample("style", "church-at-auvers", size)
        with torch.no_grad():
            self.content_targets = self.activations(batch(content), self.content_layers)
            features = self.activations(batch(style), self.style_layers)
            self.style_targets = {name: self.gram_matrix(f) for name, f in features.items()}
        self.mixed = batch(start_noise(size, size, 1)).requires_grad_(True)
        self.update = self.gradient_descent if tutorial else self.adam
        self.optimizer = torch.optim.Adam([self.mixed], lr=5)

    def gram_matrix(self, features):
        """As in style_transfer.py, without a copy in either memory format."""
        if features.is_contiguous():
            flat = features.flatten(1)
            return flat @ flat.T
        flat = features.permute(1, 2, 0).flatten(0, 1)  # [positions, C]
        return flat.T @ flat

    def style_loss(self, features):
        grams = self.style_targets.items()
        return torch.stack(
            [F.mse_loss(self.gram_matrix(features[name]), gram) for name, gram in grams]
        ).mean()

    def activations(self, x, layers):
        return self.network.features((x * self.network.input_scale - self.mean).flip(1), layers)

    def __call__(self):
        self.mixed.grad = None
        features = self.activations(self.mixed, {*self.content_layers, *self.style_layers})
        losses = {
            "content": content_loss(features, self.content_targets),
            "style": self.style_loss(features),
            "denoise": denoise_loss(self.mixed[0].permute(1, 2, 0)),
        }
        weighted_sum(losses, self.weights, self.adjustments).backward()
        with torch.no_grad():
            self.update(losses)
            self.mixed.clamp_(0, 255)
        return torch.stack(list(losses.values())).tolist()

    def adam(self, _losses):
        self.optimizer.step()

    def gradient_descent(self, losses):
        self.adjustments = {name: 1 / (loss + EPSILON) for name, loss in losses.items()}
        gradient = self.mixed.grad
        self.mixed -= TUTORIAL.step_size * gradient / (gradient.std(unbiased=False) + 1e-8)


def sample(role, source, size):
    return torch.tensor(np.asarray(fitted(role, source, (size, size)), dtype=np.float32))


def timed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def peak_bytes():
    """The largest resident size of this process, PyTorch and weights included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def measure(options):
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    step = Step(options.preset, options.size, FORMATS[options.memory_format], options.device)
    first = timed(step)
    for _ in range(WARM_UP - 1):
        step()
    seconds = [timed(step) for _ in range(options.steps)]
    q1, median, q3 = statistics.quantiles(seconds, n=4, method="inclusive")
    return {
        "size": options.size,
        "preset": options.preset,
        "steps": options.steps,
        "median": round(median, 5),
        "q1": round(q1, 5),
        "q3": round(q3, 5),
        "first": round(first, 5),
        "peak_bytes": peak_bytes(),
        "memory_format": options.memory_format,
        "torch": torch.__version__,
        "threads": options.threads,
        "device": options.device,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the picture in pixels")
    parser.add_argument("--steps", type=int, default=9, help="measured steps, after two of warm-up")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--preset", choices=["gatys", "tutorial"], default="gatys")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda for an NVIDIA card")
    parser.add_argument("--memory-format", choices=list(FORMATS), default="channels_last")
    options = parser.parse_args()
    if options.size < 1 or options.steps < 2 or options.threads < 1:
        parser.error("size and threads must be at least 1, steps at least 2")
    print(json.dumps(measure(options)))


if __name__ == "__main__":
    main()
