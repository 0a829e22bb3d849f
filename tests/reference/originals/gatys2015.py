"""Gatys, Ecker, Bethge 2015 (arXiv 1508.06576): eq. 1 (content), 4 and 5 (style), 7 (their sum).

Content conv4_2, style conv1_1 … conv5_1 of 1/5 each, ratio 1e-4, average pooling. N channels, M positions.
"""

import torch.nn.functional as F

from common import FIRST_LAYERS, centred, gram, positions, pytorch_lbfgs

ALPHA, BETA = 1e-4, 1


def run(vgg, content, style, start, evaluations, record):
    see = lambda x, layers: vgg.features(x, layers, pool=F.avg_pool2d)  # noqa: E731
    wanted = see(centred(content), ["relu4_2"])["relu4_2"]
    targets = {name: gram(f) for name, f in see(centred(style), FIRST_LAYERS).items()}

    def losses(x):
        features = see(x, ["relu4_2", *FIRST_LAYERS])
        of_style = 0
        for name, target in targets.items():
            f = features[name]
            n, m = f.shape[0], positions(f)
            of_style = of_style + (gram(f) - target).square().sum() / (4 * n**2 * m**2) / 5
        of_content = (features["relu4_2"] - wanted).square().sum() / 2
        return {"content": ALPHA * of_content, "style": BETA * of_style}

    pytorch_lbfgs(centred(start), losses, evaluations, record)
