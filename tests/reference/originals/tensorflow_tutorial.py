"""tensorflow/docs, site/en/tutorials/generative/style_transfer.ipynb: with total variation.

Content block5_conv2 1e4, style 1e-2 times the mean over the layers, Gram matrices over positions, 30 times
tf.image.total_variation (absolute, sum) of pixels 0-1. Keras' Adam: lr .02, beta1 .99, epsilon .1 added to the
root of the uncorrected second moment. Written here by hand, as PyTorch's adds it elsewhere.
"""

import torch
import torch.nn.functional as F

from common import FIRST_LAYERS, gram, positions, unit, unit_to_centred

RATE, BETA1, BETA2, EPSILON = 0.02, 0.99, 0.999, 0.1


def run(vgg, content, style, start, evaluations, record):
    see = lambda x, layers: vgg.features(unit_to_centred(x), layers)  # noqa: E731
    mean_gram = lambda f: gram(f) / positions(f)  # noqa: E731
    wanted = see(unit(content), ["relu5_2"])["relu5_2"]
    targets = {name: mean_gram(f) for name, f in see(unit(style), FIRST_LAYERS).items()}
    x = unit(start)
    m, v = torch.zeros_like(x), torch.zeros_like(x)
    for step in range(1, evaluations + 1):
        x.requires_grad_(True)
        features = see(x, [*FIRST_LAYERS, "relu5_2"])
        of_style = sum(F.mse_loss(mean_gram(features[n]), t) for n, t in targets.items())
        down = (x[:, :, 1:] - x[:, :, :-1]).abs().sum()
        right = (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().sum()
        parts = {
            "content": 1e4 * F.mse_loss(features["relu5_2"], wanted),
            "style": 1e-2 / len(FIRST_LAYERS) * of_style,
            "denoise": 30 * (down + right),
        }
        record(**parts)
        (gradient,) = torch.autograd.grad(sum(parts.values()), x)
        with torch.no_grad():
            m = BETA1 * m + (1 - BETA1) * gradient
            v = BETA2 * v + (1 - BETA2) * gradient.square()
            rate = RATE * (1 - BETA2**step) ** 0.5 / (1 - BETA1**step)
            x = (x - rate * m / (v.sqrt() + EPSILON)).clamp(0, 1)
