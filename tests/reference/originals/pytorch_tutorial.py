"""pytorch/tutorials, advanced_source/neural_style_tutorial.py.

Losses directly after the convolutions conv_1 … conv_5 and conv_4, before their ReLUs; Gram matrices divided by
all values, MSE, style 1e6 a layer, content 1; optim.LBFGS on pixels 0-1, which are clamped in the closure. The
weights are those that ship, and torchvision's there.
"""

import torch
import torch.nn.functional as F

from common import gram, pytorch_lbfgs, unit, unit_to_centred

STYLE_LAYERS = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")
CONTENT_LAYER = "conv2_2"  # conv_4


def run(vgg, content, style, start, evaluations, record):
    see = lambda x, layers: vgg.features(unit_to_centred(x), layers)  # noqa: E731
    scaled = lambda f: gram(f) / f.numel()  # noqa: E731
    wanted = see(unit(content), [CONTENT_LAYER])[CONTENT_LAYER]
    targets = {name: scaled(f) for name, f in see(unit(style), STYLE_LAYERS).items()}
    x = unit(start)

    def losses(x):
        features = see(x, STYLE_LAYERS)
        return {
            "content": F.mse_loss(features[CONTENT_LAYER], wanted),
            "style": 1e6 * sum(F.mse_loss(scaled(features[n]), t) for n, t in targets.items()),
        }

    def clamp():
        with torch.no_grad():
            x.clamp_(0, 1)

    pytorch_lbfgs(x, losses, evaluations, record, before=clamp)
