"""Makes tests/golden/judge.json: what the judge must find of a few small pictures.

All in float64, with eigenvectors where the library has a Cholesky factor, a convolution where it has
loops. The directions on which patches are projected are those of torch.manual_seed(0).
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from golden_files import GOLDEN, digits, made_by, write_json
from style_transfer import Vgg16, load_image, uniform_noise

LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")
# content, style, the picture that noise is mixed into, share of the noise, seed
CASES = (
    ("coffee-45x61", "cafe-terrace-52x38", "coffee-45x61", 0.3, 5),
    ("eilean-donan-96", "church-at-auvers-96", "eilean-donan-96", 0.1, 6),
    ("eilean-donan-300", "church-at-auvers-300", "eilean-donan-96", 0.2, 7),
    ("eilean-donan-300", "church-at-auvers-300", "eilean-donan-300", 0.05, 8),
)


def picture(name):
    """[H, W, 3] in float64."""
    return load_image(GOLDEN / f"{name}.png").double()


def noisy(name, share, seed):
    """(1 - share) of a picture and share of noise over the whole scale."""
    base = picture(name)
    noise = torch.tensor(255 * uniform_noise(base.numel(), seed)).reshape(base.shape)
    return ((1 - share) * base + share * noise).float().double()


def resized(image, width, height):
    """Lanczos by Pillow, channel by channel in floating point, clipped to the scale."""
    if image.shape[:2] == (height, width):
        return image
    planes = [Image.fromarray(plane.numpy().astype(np.float32)) for plane in image.unbind(-1)]
    planes = [np.asarray(p.resize((width, height), Image.Resampling.LANCZOS)) for p in planes]
    return torch.tensor(np.stack(planes, -1)).double().clamp(0, 255)


def batch(image):
    """[H, W, 3] -> [1, 3, H, W]."""
    return image.permute(2, 0, 1)[None]


# Style


def root(matrix):
    """The positive semidefinite square root."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T


def wasserstein(features, others):
    """The 2-Wasserstein distance of two clouds [C, H, W], each as a Gaussian."""
    clouds = [cloud.flatten(1) for cloud in (features, others)]
    (mean, cov), (other_mean, other_cov) = [(c.mean(1), torch.cov(c, correction=0)) for c in clouds]
    half = root(other_cov)
    cross = root(half @ cov @ half).trace()
    square = (mean - other_mean).square().sum() + cov.trace() + other_cov.trace() - 2 * cross
    return square.clamp(min=0).sqrt()


# Patches


def shadows(image):
    """2048 quantiles of the 7x7 patches on 96 directions, at three sizes."""
    torch.manual_seed(0)
    directions = torch.randn(96, 147).double()
    directions /= directions.norm(dim=1, keepdim=True)
    found, x = [], batch(image)
    for _ in range(3):
        on_lines = F.conv2d(x, directions.reshape(96, 3, 7, 7))[0].flatten(1).sort(dim=1).values
        count = on_lines.shape[1]
        found.append(on_lines[:, [i * (count - 1) // 2047 for i in range(2048)]])
        x = F.avg_pool2d(x, 2)
    return found


def patch_distance(a, b):
    return torch.stack([(x - y).abs().mean() for x, y in zip(a, b, strict=True)]).mean()


# Content


def self_similarity(features):
    """Cosine distances between positions, of which at most 32 along a side are taken."""
    stride = math.ceil(max(features.shape[1:]) / 32)
    columns = F.normalize(features[:, ::stride, ::stride].flatten(1), dim=0)
    return 1 - columns.T @ columns


def edges(image):
    """Lengths of Sobel's gradient of the lightness at half the size."""
    light = (batch(image) * torch.tensor([0.299, 0.587, 0.114]).double().view(1, 3, 1, 1)).sum(1)
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]).double()
    light = F.avg_pool2d(light[None], 2)
    return F.conv2d(light, torch.stack([across, across.T])[:, None])[0].norm(dim=0).flatten()


def edge_distance(a, b):
    return 1 - torch.corrcoef(torch.stack([edges(a), edges(b)]))[0, 1]


def grain(image):
    """Mean square of what halving and enlarging again takes away."""
    x = batch(image)
    coarse = F.interpolate(F.avg_pool2d(x, 2), x.shape[2:], mode="bilinear", align_corners=False)
    return (x - coarse).square().mean()


# The judge


def judge(network, content, style, mixed):
    height, width, _ = mixed.shape
    stretched = resized(style, width, height)
    content = resized(content, width, height)
    factor = max(width, height) / max(style.shape[:2])
    if factor < 1:
        style = resized(style, int(style.shape[1] * factor), int(style.shape[0] * factor))
    see = {
        name: network.activations(image, LAYERS)
        for name, image in {"mixed": mixed, "content": content, "style": style}.items()
    }
    layers = {
        name: wasserstein(see["mixed"][name], see["style"][name])
        / wasserstein(see["content"][name], see["style"][name])
        for name in LAYERS
    }
    aim = shadows(style)
    alike = [self_similarity(see[name]["relu3_3"]) for name in ("mixed", "content")]
    other = self_similarity(network.activations(stretched, ("relu3_3",))["relu3_3"])
    return {
        "style": sum(layers.values()) / len(layers),
        "patch": patch_distance(shadows(mixed), aim) / patch_distance(shadows(content), aim),
        "content": (alike[0] - alike[1]).abs().mean() / (other - alike[1]).abs().mean(),
        "edges": edge_distance(mixed, content) / edge_distance(stretched, content),
        "grain": torch.log2(grain(mixed) / grain(style)) / 2,
        "layers": layers,
    }


def rounded(found):
    return {k: rounded(v) if isinstance(v, dict) else digits(v) for k, v in found.items()}


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    network = Vgg16(dtype=torch.float64)
    cases = []
    for content, style, base, share, seed in CASES:
        found = judge(network, picture(content), picture(style), noisy(base, share, seed))
        mixed = {"picture": f"{base}.png", "noise": share, "seed": seed}
        pictures = {"content": f"{content}.png", "style": f"{style}.png", "mixed": mixed}
        cases.append({**pictures, "judgment": rounded(found)})
        print(content, style, {k: round(v, 3) for k, v in rounded(found).items() if k != "layers"})
    write_json("judge", {"made_by": made_by(), "cases": cases})


if __name__ == "__main__":
    main()
