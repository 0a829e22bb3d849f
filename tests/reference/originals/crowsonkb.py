"""crowsonkb/style-transfer-pytorch, style_transfer/style_transfer.py of 2023-05-21, one size.

Content .015 · MSE at relu4_2; Wasserstein-2 distances of means and covariances (`StyleLossW2`), layers weighing
256 : 64 : 16 : 4 : 1; `TVLoss` of nine points, times 2; Adam of .02 with betas .9 and .99 on pixels 0-1, clamped
after the step; the first convolution with its border repeated. The weights are those that ship, and
torchvision's there.

`epsilon(unit)` is what is added to every variance: 1e-4 there. Roots are exact here, by eigenvalues; there they
are twelve steps of Newton and Schulz.
"""

import torch
import torch.nn.functional as F

from common import FIRST_LAYERS, unit, unit_to_centred

SHARES = dict(zip(FIRST_LAYERS, (256 / 341, 64 / 341, 16 / 341, 4 / 341, 1 / 341)))


def root(matrix):
    """The symmetric square root; rounding may leave eigenvalues a little below 0."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * values.clamp(min=1e-30).sqrt()) @ vectors.T


def moments(features):
    """Mean [C] and covariance [C, C] over positions."""
    flat = features.flatten(1)
    mean = flat.mean(1)
    return mean, flat @ flat.T / flat.shape[1] - torch.outer(mean, mean)


def total_variation(x):
    """Squared differences to right, down (1/3 each) and along both diagonals (1/12 each), means, twice."""
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    middle = x[:, :, 1:-1, 1:-1]
    right = (x[:, :, 1:-1, 2:] - middle).square().mean() / 3
    down = (x[:, :, 2:, 1:-1] - middle).square().mean() / 3
    falling = (x[:, :, 1:, 1:] - x[:, :, :-1, :-1]).square().mean() / 12
    rising = (x[:, :, 1:, :-1] - x[:, :, :-1, 1:]).square().mean() / 12
    return 2 * (right + down + falling + rising)


def run(vgg, content, style, start, evaluations, record, epsilon=lambda variance: 1e-4):
    see = lambda x, layers: vgg.features(unit_to_centred(x), layers, replicate=True)  # noqa: E731
    wanted = see(unit(content), ["relu4_2"])["relu4_2"]
    targets = {}
    for name, f in see(unit(style), FIRST_LAYERS).items():
        mean, covariance = moments(f)
        added = epsilon(covariance.diagonal().mean()) * torch.eye(len(mean), dtype=f.dtype)
        targets[name] = (mean, covariance + added, root(covariance + added), added)

    def distance(features, target):
        wanted_mean, wanted_covariance, wanted_root, added = target
        mean, covariance = moments(features)
        covariance = covariance + added
        product = wanted_root @ covariance @ wanted_root
        # tr(root) by its eigenvalues; there the trace of the root itself.
        trace = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=1e-30).sqrt().sum()
        both = wanted_covariance.diagonal().sum() + covariance.diagonal().sum()
        return (mean - wanted_mean).square().mean() + (both - 2 * trace) / len(mean)

    x = unit(start).requires_grad_(True)
    optimizer = torch.optim.Adam([x], lr=0.02, betas=(0.9, 0.99))
    for _ in range(evaluations):
        features = see(x, ["relu4_2", *FIRST_LAYERS])
        parts = {
            "content": 0.015 * F.mse_loss(features["relu4_2"], wanted),
            "style": sum(SHARES[n] * distance(features[n], t) for n, t in targets.items()),
            "denoise": 2 * total_variation(x),
        }
        record(**parts)
        optimizer.zero_grad()
        sum(parts.values()).backward()
        optimizer.step()
        with torch.no_grad():
            x.clamp_(0, 1)
