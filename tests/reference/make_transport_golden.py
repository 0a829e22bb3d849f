"""Makes tests/golden/transport.json: values and gradients of the terms that compare places.

    python tests/reference/make_transport_golden.py

The features are not a network's but two small functions of the picture, written out once more in
tests/loss/transport_golden_test.ts, so that every number here can be followed. Everything is float64 and
differentiated by PyTorch; nothing is computed in blocks or with gradients by hand.
"""

import math

import torch
import torch.nn.functional as F

from golden_files import digits, made_by, write_json
from style_transfer import uniform_noise

torch.set_default_dtype(torch.float64)


def noise(seed, *shape):
    count = math.prod(shape)
    return torch.tensor(uniform_noise(count, seed)).float().double().reshape(shape)


def picture(height, width, seed):
    return noise(seed, height, width, 3) * 255


FILTERS = (noise(21, 3, 4) - 0.4, noise(22, 3, 6) - 0.4)


def see(image):
    """Two layers: of the pixels, and of means of 2 x 2 pixels: [H, W, 3] -> [H, W, C] each."""
    small = F.avg_pool2d(image.permute(2, 0, 1)[None], 2)[0].permute(1, 2, 0)
    return [F.relu(image / 64 @ FILTERS[0]), F.relu(small / 64 @ FILTERS[1])]


def bilinear(x, rows, columns):
    """[H, W, C] looked at on rows x columns, in parts of the sides -> [rows * columns, C]."""

    def blend(places, pixels):
        at = (torch.tensor(places) * pixels - 0.5).clamp(0, pixels - 1)
        distance = (at[:, None] - torch.arange(pixels)[None].double()).abs()
        return (1 - distance).clamp(min=0)

    down, across = blend(rows, x.shape[0]), blend(columns, x.shape[1])
    return torch.einsum("ah,bw,hwc->abc", down, across, x).flatten(0, 1)


def regular(count):
    return [(i + 0.5) / count for i in range(count)]


def strided(image, stride):
    return [regular(math.ceil(side / stride)) for side in image.shape[:2]]


def random_grid(height, width, positions, numbers):
    """The grid, and the numbers of the stream that are left."""
    rows = max(1, math.floor(math.sqrt(positions * height / width) + 0.5))
    columns = max(1, math.floor(positions / rows + 0.5))
    rows, columns = min(rows, height), min(columns, width)
    down = [(i + numbers[i]) / rows for i in range(rows)]
    across = [(i + numbers[rows + i]) / columns for i in range(columns)]
    return (down, across), numbers[rows + columns :]


def stream(seed):
    return uniform_noise(4096, seed)


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def nearest(rows, style):
    centered = [x - x.mean(0) for x in (rows, style)]
    return (unit(centered[0]) @ unit(centered[1]).T).argmax(1)


def toward(rows, wanted):
    return (1 - F.cosine_similarity(rows, wanted, dim=1)).mean()


# The terms


def fixed_neighbors(mixed, content, style, start, stride, blend):
    def columns(image):
        features = [bilinear(x, *strided(image, stride)) / x.shape[2] for x in see(image)]
        return torch.cat(features, 1)

    def resize(x, height, width):
        return bilinear(x, regular(height), regular(width)).reshape(height, width, 3)

    height, width, _ = content.shape
    coarse = resize(resize(start - content, height // 2, width // 2), height, width)
    places, known = columns(content + blend * coarse), columns(style)
    return toward(columns(mixed), known[nearest(places, known)])


def fresh_neighbors(mixed, style, positions, evaluation):
    grid, _ = random_grid(*mixed.shape[:2], positions, stream(evaluation))
    supply, _ = random_grid(*style.shape[:2], 4 * positions, stream(1))
    losses = []
    for x, y in zip(see(mixed), see(style), strict=True):
        rows, known = bilinear(x, *grid), bilinear(y, *supply)
        losses.append(toward(rows, known[nearest(rows, known).detach()]))
    return torch.stack(losses).mean()


TO_YUV = torch.tensor(
    [[0.299, -0.14713, 0.615], [0.587, -0.28886, -0.51499], [0.114, 0.436, -0.10001]]
)


def strotss(mixed, content, style, positions, alpha, evaluation):
    layers = see(style)
    scales = [1 / 255] + [1 / x.square().mean().sqrt() for x in layers]

    def columns(image, grid):
        parts = [bilinear(x, *grid) * k for x, k in zip([image, *see(image)], scales, strict=True)]
        return torch.cat(parts, 1)

    def mover(distances):
        return torch.maximum(distances.min(1).values.mean(), distances.min(0).values.mean())

    def alike(x):
        distances = (1 - unit(x) @ unit(x).T).clamp(min=0)
        return distances / (distances.sum(0, keepdim=True) + 1e-6)

    supply, _ = random_grid(*style.shape[:2], 4 * positions, stream(1))
    wanted = columns(style, supply)
    grid, rest = random_grid(*mixed.shape[:2], positions, stream(evaluation))
    rows, before = columns(mixed, grid), columns(content, grid)
    count = min(positions, len(wanted))
    chosen = torch.tensor([math.floor(u * len(wanted)) for u in rest[:count]])
    mean, wanted_mean = rows.mean(0), wanted.mean(0)
    covariance = (rows - mean).T @ (rows - mean) / len(rows)
    wanted_covariance = (wanted - wanted_mean).T @ (wanted - wanted_mean) / len(wanted)
    parts = {
        "content": len(rows) * (alike(rows) - alike(before)).abs().mean(),
        "style": mover(1 - unit(rows) @ unit(wanted[chosen]).T),
        "moments": (mean - wanted_mean).abs().mean() + (covariance - wanted_covariance).abs().mean(),
        "colors": mover(
            torch.cdist(
                rows[:, :3] @ TO_YUV,
                wanted[chosen, :3] @ TO_YUV,
                compute_mode="donot_use_mm_for_euclid_dist",
            )
        ),
    }
    total = alpha * parts["content"] + parts["style"] + parts["moments"]
    return (total + parts["colors"] / max(alpha, 1)) / (alpha + 2)


def main():
    mixed, content, start = (picture(10, 12, seed) for seed in (31, 32, 33))
    style = picture(14, 9, 34)
    cases = {
        "fixed": lambda x: fixed_neighbors(x, content, style, start, stride=2, blend=0.25),
        "fresh": lambda x: fresh_neighbors(x, style, positions=20, evaluation=5),
        "strotss": lambda x: strotss(x, content, style, positions=20, alpha=4, evaluation=5),
    }
    golden = {"made_by": made_by()}
    for name, value in cases.items():
        x = mixed.clone().requires_grad_()
        loss = value(x)
        loss.backward()
        golden[name] = {"loss": digits(loss), "gradient": [digits(g) for g in x.grad.flatten()]}
        print(name, golden[name]["loss"], x.grad.abs().mean().item())
    write_json("transport", golden)


if __name__ == "__main__":
    main()
