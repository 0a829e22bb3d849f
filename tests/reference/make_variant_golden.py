"""Makes tests/golden/variants.json: other poolings and borders, on networks of some channels.

VGG-16 pools with PyTorch's own avg_pool2d and lp_pool2d, which keep odd rows with ceil_mode; the
overlapping windows of Inception are written out.
"""

import torch
import torch.nn.functional as F

from golden_files import made_by, write_json
from make_network_golden import WEIGHTS_SEED, case
from networks import INCEPTION_WIDTHS, VGG16_BLOCKS, VGG_MEAN_RGB, Inception5h, Network, Vgg
from networks import inception_shapes, same_padding, vgg_shapes

TRIES = 30
FACTORS = {"max": 1.0, "average": 2.0, "l2": 0.78}  # Crowson, style-transfer-pytorch
WIDTHS = (16, 16, 32, 32, 32)
SMALL_INCEPTION = inception_shapes((4, 3, 5), {name: (2, 1, 3, 2, 1, 2) for name in INCEPTION_WIDTHS})
VARIANTS = [
    ("vgg16", (37, 34), {"pooling": "average"}),
    ("vgg16", (37, 34), {"pooling": "l2"}),
    ("vgg16", (37, 34), {"padding": "replicate", "paddingWhere": "first"}),
    ("vgg16", (37, 34), {"padding": "replicate", "paddingWhere": "all"}),
    ("vgg16", (32, 35), {"padding": "circular", "paddingWhere": "all"}),
    ("vgg16", (35, 32), {"pooling": "average", "padding": "replicate", "paddingWhere": "all"}),
    ("inception5h", (43, 38), {"pooling": "average"}),
    ("inception5h", (43, 38), {"pooling": "l2"}),
    ("inception5h", (43, 38), {"padding": "replicate", "paddingWhere": "all"}),
    ("inception5h", (38, 43), {"padding": "circular", "paddingWhere": "first"}),
]


class Variant:
    """Another pooling and border for one of the networks."""

    def convolution(self, name, x, stride=1):
        inner = name != next(iter(self.filters))
        if "padding" not in self.options or (inner and self.options["paddingWhere"] == "first"):
            return super().convolution(name, x, stride)
        kernel, bias = self.filters[name]
        size = kernel.shape[-1]
        top, bottom = same_padding(x.shape[-2], size, stride)
        left, right = same_padding(x.shape[-1], size, stride)
        x = F.pad(x, (left, right, top, bottom), mode=self.options["padding"])
        y = F.conv2d(x, kernel, bias, stride=stride)
        self.near(y.abs().min(), y)
        return F.relu(y)

    def pool(self, x, size, stride):
        pooling = self.options.get("pooling", "max")
        if pooling == "max":
            return super().pool(x, size, stride)
        factor = FACTORS[pooling]
        if (size, stride) == (2, 2):
            if pooling == "average":
                return factor * F.avg_pool2d(x, 2, ceil_mode=True)
            return factor * F.lp_pool2d(x, 2, 2, ceil_mode=True)
        values = x.square() if pooling == "l2" else x
        top, bottom = same_padding(x.shape[-2], size, stride)
        left, right = same_padding(x.shape[-1], size, stride)
        pads = (left, right, top, bottom)
        sums, counts = (
            F.pad(t, pads)[0].unfold(1, size, stride).unfold(2, size, stride).sum((-1, -2))[None]
            for t in (values, torch.ones_like(values))
        )
        if pooling == "average":
            return factor * sums / counts
        root = torch.where(sums > 0, sums, torch.ones_like(sums)).mul(size * size / counts).sqrt()
        return factor * torch.where(sums > 0, root, torch.zeros_like(root))


class VariantVgg(Variant, Vgg):
    def __init__(self, options, dtype):
        Network.__init__(self, vgg_shapes(VGG16_BLOCKS, WIDTHS), WEIGHTS_SEED, VGG_MEAN_RGB, True, dtype)
        self.options = options


class VariantInception(Variant, Inception5h):
    def __init__(self, options, dtype):
        Network.__init__(self, SMALL_INCEPTION, WEIGHTS_SEED, (117.0,) * 3, False, dtype)
        self.options = options


MAKERS = {"vgg16": VariantVgg, "inception5h": VariantInception}


def main():
    torch.set_num_threads(1)
    cases = []
    for network, size, options in VARIANTS:
        networks = [MAKERS[network](options, dtype) for dtype in (torch.float64, torch.float32)]
        made = case(networks, *size, TRIES)
        worst = max(layer["gap"] for layer in made["activations"].values())
        print(f"{network} {options}: margin {made['margin']:.1e}, gap {worst:.1e}, "
              f"gradient {made['gradient']['gap']:.1e}", flush=True)
        cases.append({"network": network, "options": options, **made})
    content = {"made_by": made_by(), "weights_seed": WEIGHTS_SEED, "cases": cases}
    write_json("variants", content)


if __name__ == "__main__":
    main()
