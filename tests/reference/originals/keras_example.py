"""keras-team/keras-io, examples/generative/neural_style_transfer.py.

Content 2.5e-8 times the sum at block5_conv2; style 1e-6 / 5 a layer times
sum((S - C)²) / (4 · 3² · (rows · columns)²); total variation 1e-6 times sum((a + b)^1.25) of squared
differences; SGD of 100 · 0.96^(step / 100), on the network's own input.
"""

import torch

from common import FIRST_LAYERS, centred, gram


def run(vgg, content, style, start, evaluations, record, stepSize=100):
    wanted = vgg.features(centred(content), ["relu5_2"])["relu5_2"]
    targets = {name: gram(f) for name, f in vgg.features(centred(style), FIRST_LAYERS).items()}
    x = centred(start)
    size = x.shape[2] * x.shape[3]
    for step in range(evaluations):
        x.requires_grad_(True)
        features = vgg.features(x, [*FIRST_LAYERS, "relu5_2"])
        of_style = sum(
            (gram(features[n]) - t).square().sum() / (4 * 3**2 * size**2) for n, t in targets.items()
        )
        corner = x[:, :, :-1, :-1]
        a = (corner - x[:, :, 1:, :-1]).square()
        b = (corner - x[:, :, :-1, 1:]).square()
        parts = {
            "content": 2.5e-8 * (features["relu5_2"] - wanted).square().sum(),
            "style": 1e-6 / 5 * of_style,
            "denoise": 1e-6 * (a + b).pow(1.25).sum(),
        }
        record(**parts)
        (gradient,) = torch.autograd.grad(sum(parts.values()), x)
        with torch.no_grad():
            x = x - stepSize * 0.96 ** (step / 100) * gradient
