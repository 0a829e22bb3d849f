"""leongatys/PytorchNeuralStyleTransfer, NeuralStyleTransfer.ipynb: its first, smaller size.

GramMatrix is divided by positions and compared by MSELoss, weights 1e3 / C² a layer; content MSELoss at r42,
weight 1; optim.LBFGS on the network's own input, from the content.
"""

import torch.nn.functional as F

from common import CHANNELS, FIRST_LAYERS, centred, gram, positions, pytorch_lbfgs

STYLE, CONTENT = 1e3, 1


def run(vgg, content, style, start, evaluations, record):
    pytorch_lbfgs(centred(start), objective(vgg, content, style, STYLE, CONTENT), evaluations, record)


def objective(vgg, content, style, style_weight, content_weight):
    mean_gram = lambda f: gram(f) / positions(f)  # noqa: E731
    wanted = vgg.features(centred(content), ["relu4_2"])["relu4_2"]
    targets = {name: mean_gram(f) for name, f in vgg.features(centred(style), FIRST_LAYERS).items()}

    def losses(x):
        features = vgg.features(x, ["relu4_2", *FIRST_LAYERS])
        of_style = sum(
            style_weight / CHANNELS[name]**2 * F.mse_loss(mean_gram(features[name]), target)
            for name, target in targets.items()
        )
        return {"content": content_weight * F.mse_loss(features["relu4_2"], wanted), "style": of_style}

    return losses
