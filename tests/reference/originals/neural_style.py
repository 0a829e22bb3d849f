"""ProGamerGov/neural-style-pt, neural_style.py: content 5, style 100 a layer, tv 1e-3, L-BFGS.

StyleLoss is the MSELoss of Gram matrices divided by all values; TVLoss the sum of absolute differences of the
network's own input. Pixels are multiplied by 255 here, by 256 there.
"""

import torch.nn.functional as F

from common import FIRST_LAYERS, centred, gram, pytorch_lbfgs


def run(vgg, content, style, start, evaluations, record):
    scaled = lambda f: gram(f) / f.numel()  # noqa: E731
    wanted = vgg.features(centred(content), ["relu4_2"])["relu4_2"]
    targets = {name: scaled(f) for name, f in vgg.features(centred(style), FIRST_LAYERS).items()}

    def losses(x):
        features = vgg.features(x, ["relu4_2", *FIRST_LAYERS])
        down = (x[:, :, 1:] - x[:, :, :-1]).abs().sum()
        right = (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().sum()
        return {
            "content": 5 * F.mse_loss(features["relu4_2"], wanted),
            "style": sum(100 * F.mse_loss(scaled(features[n]), t) for n, t in targets.items()),
            "denoise": 1e-3 * (down + right),
        }

    pytorch_lbfgs(centred(start), losses, evaluations, record)
