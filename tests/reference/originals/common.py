"""What the reference implementations of other programs share: VGG-19 as it ships, pictures, records.

A program is a module with `run(vgg, content, style, start, evaluations, record)`. Pictures are [H, W, 3],
RGB, 0-255, of the float type of the whole run; `record(content=…, style=…, …)` is called with what each loss
adds to the sum, in every evaluation. Each is written from the facts that its doc names, in the units and with
the optimizer of its program, and shares nothing with the library but the weights.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from style_transfer import REPOSITORY  # noqa: E402

WEIGHTS = REPOSITORY / "lib" / "network" / "weights" / "vgg19.safetensors"
BLOCKS = (2, 2, 4, 4, 4)
MEAN_BGR = (103.939, 116.779, 123.68)  # Simonyan and Zisserman 2014
CHANNELS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}
FIRST_LAYERS = tuple(CHANNELS)


class Vgg19:
    """VGG-19 of eight bits a weight: every kernel is `table[index]`. Its input is [1, 3, H, W], BGR."""

    def __init__(self, dtype):
        tensors = load_file(WEIGHTS)
        self.dtype = dtype
        self.filters = {}
        for block, count in enumerate(BLOCKS, 1):
            for i in range(1, count + 1):
                name = f"block{block}_conv{i}"
                kernel = tensors[f"{name}.kernel.table"][tensors[f"{name}.kernel.index"].long()]
                kernel = kernel.to(dtype).permute(3, 2, 0, 1).contiguous()  # from [h, w, in, out]
                self.filters[f"{block}_{i}"] = (kernel, tensors[f"{name}.bias"].to(dtype))

    def features(self, x, layers, pool=F.max_pool2d, replicate=False):
        """The named features [C, H, W], before (`conv1_1`) or after the ReLU (`relu1_1`)."""
        found = {}
        for name, (kernel, bias) in self.filters.items():
            if name.endswith("_1") and name != "1_1":
                x = pool(x, 2)
            if name == "1_1" and replicate:
                x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, bias)
            else:
                x = F.conv2d(x, kernel, bias, padding=1)
            if f"conv{name}" in layers:
                found[f"conv{name}"] = x[0]
            x = F.relu(x)
            if f"relu{name}" in layers:
                found[f"relu{name}"] = x[0]
            if len(found) == len(set(layers)):
                return found
        raise ValueError(f"unknown layer in {layers}")


def centred(picture):
    """[H, W, 3] RGB 0-255 to [1, 3, H, W] BGR less the mean, as Caffe's and Keras' networks want it."""
    mean = torch.tensor(MEAN_BGR, dtype=picture.dtype)
    return (picture.flip(-1) - mean).permute(2, 0, 1)[None].contiguous()


def unit(picture):
    """[H, W, 3] RGB 0-255 to [1, 3, H, W] RGB 0-1, as PyTorch's and TensorFlow's programs hold it."""
    return (picture / 255).permute(2, 0, 1)[None].contiguous()


def unit_to_centred(x):
    """From [1, 3, H, W] RGB 0-1 to BGR 0-255 less the mean: the weights that ship are Caffe's."""
    mean = torch.tensor(MEAN_BGR, dtype=x.dtype)[None, :, None, None]
    return x.flip(1) * 255 - mean


COARSE = False  # whether pictures are seen with the precision of float32 around 128, as the library holds them


def rounded(x):
    """The picture as float32 holds it on the scale 0-255; to the gradient it is the picture itself."""
    seen = ((x.detach() + 128).float() - 128).to(x.dtype)
    return x + (seen - x.detach())


def gram(features):
    """G = F F^T, not divided by anything: [C, H, W] to [C, C]."""
    flat = features.flatten(1)
    return flat @ flat.T


def positions(features):
    """How many positions a layer has."""
    return features.shape[1] * features.shape[2]


def pytorch_lbfgs(x, losses, evaluations, record, before=lambda: None):
    """PyTorch's L-BFGS at its defaults (lr 1, history 100, no line search), so many evaluations."""
    optimizer = torch.optim.LBFGS(
        [x.requires_grad_(True)], max_iter=evaluations, max_eval=evaluations + 1,
        tolerance_grad=-1, tolerance_change=-1,
    )

    def closure():
        before()
        optimizer.zero_grad()
        parts = losses(rounded(x) if COARSE else x)
        record(**parts)
        total = sum(parts.values())
        total.backward()
        return total

    optimizer.step(closure)
