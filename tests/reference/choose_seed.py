"""Finds seeds for make_golden.py whose start pictures lie far from every tie.

Where a convolution gives almost zero, or the two largest values of a pooling window are almost
equal, rounding decides which way a gradient goes, and two correct programs differ by percents.
The margin of a picture is its nearest such place, in units of the layer's root mean square;
rounding in float32 moves values by about 1e-6 of that.
"""

import argparse

import torch
import torch.nn.functional as F

from make_golden import CASES, INPUT_SCALES, pictures, start_picture
from style_transfer import LAYERS, Vgg16


def margin(network, x):
    """The smallest distance from a tie over all thirteen layers."""
    smallest = float("inf")
    features = network.preprocess(x)[None]
    for name in LAYERS:
        if name.endswith("_1") and name != "relu1_1":
            smallest = min(smallest, _pooling_margin(features))
            features = F.max_pool2d(features, kernel_size=2, stride=2, ceil_mode=True)
        before = F.conv2d(features, *network.filters[name], padding=1)
        features = F.relu(before)
        smallest = min(smallest, (before.abs().min() / _size(before)).item())
    return smallest


def _pooling_margin(features):
    """Largest minus second largest value of a window, where the largest is above zero."""
    height, width = features.shape[-2:]
    padded = F.pad(features, (0, width % 2, 0, height % 2), value=-1)
    windows = F.pixel_unshuffle(padded[0][:, None], 2)  # [C, 4, H/2, W/2]
    largest, second = windows.topk(2, dim=1).values.unbind(1)
    return ((largest - second)[largest > 0].min() / _size(features)).item()


def _size(values):
    return values.square().mean().sqrt()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)

    networks = [Vgg16(scale, torch.float64) for scale in INPUT_SCALES]
    for case, settings in CASES.items():
        content, _ = pictures(settings["pair"])
        margins = {}
        for seed in range(1, options.seeds + 1):
            x = start_picture(settings["start"], content, seed)
            margins[seed] = min(margin(network, x) for network in networks)
        best = sorted(margins, key=margins.get, reverse=True)[:5]
        print(f"case {case}: " + ", ".join(f"seed {seed} {margins[seed]:.1e}" for seed in best))


if __name__ == "__main__":
    main()
