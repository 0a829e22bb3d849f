"""Makes tests/golden/measures.json: measures of style and content losses, with their gradients.

    python tests/reference/make_measures_golden.py                # the values
    python tests/reference/make_measures_golden.py --polynomials  # the constants of transport.ts

Float64 throughout. Features are [positions, C]; each formula is written as in its paper, with
eigenvalues and automatic differentiation where the library has products and closed gradients.
"""

import sys

import numpy as np
import torch
from scipy.optimize import linprog

from golden_files import digits, made_by, write_json
from style_transfer import uniform_noise

torch.set_num_threads(1)

# name, positions of the mixed image and of the style, channels, seed; the second has fewer positions
# than channels, so that its covariances have no full rank.
CASES = [("small", (5, 7), (6, 4), 4, 1), ("few", (3, 3), (2, 4), 12, 5)]


def features(shape, channels, seed):
    """200 u v, rounded to float32: u for each value, v for each position, which ties the channels."""
    positions = shape[0] * shape[1]
    u = uniform_noise(positions * channels, seed).reshape(positions, channels)
    v = uniform_noise(positions, seed + 100)[:, None]
    return torch.tensor((200 * u * v).astype(np.float32), dtype=torch.float64)


def normal_noise(count, random):
    """The library's normalNoise(count, 0, 1), from the numbers of `random`."""
    pairs = random[: 2 * ((count + 1) // 2)].reshape(-1, 2)
    radius = np.sqrt(-2 * np.log(1 - pairs[:, 0]))
    angle = 2 * np.pi * pairs[:, 1]
    both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return both.reshape(-1)[:count].astype(np.float32).astype(np.float64)


# Measures of style


def mean_and_covariance(x):
    mean = x.mean(0)
    return mean, x.T @ x / len(x) - torch.outer(mean, mean)


def moments(x, style):
    def of(f):
        mean, covariance = mean_and_covariance(f)
        return f.T @ f / len(f), mean, torch.sqrt(covariance.diagonal() + 1e-6)

    weights = 1e3 / x.shape[1] ** 2, 1e4, 1e4
    parts = zip(weights, of(x), of(style))
    return sum(weight * torch.mean((a - b) ** 2) for weight, a, b in parts)


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def wasserstein(x, style, epsilon=0.1):
    (mean, covariance), (wanted_mean, wanted) = mean_and_covariance(x), mean_and_covariance(style)
    channels = len(mean)
    more = epsilon * wanted.trace() / channels * torch.eye(channels, dtype=torch.float64)
    covariance, wanted = covariance + more, wanted + more
    half = root(wanted)
    both = torch.linalg.eigvalsh(half @ covariance @ half).clamp(min=0).sqrt().sum()
    effort = covariance.trace() + wanted.trace() - 2 * both
    return (torch.sum((mean - wanted_mean) ** 2) + effort) / channels


def sorted_distance(columns, wanted):
    """Of each column by itself; the style brought to as many numbers by the nearest quantile."""
    count, given = len(columns), len(wanted)
    ranks = [int((i + 0.5) * given / count) for i in range(count)]
    a = columns.sort(0, descending=True).values
    b = wanted.sort(0, descending=True).values[ranks]
    return torch.mean((a - b) ** 2)


def sliced(x, style, directions=8, seed=3):
    channels = x.shape[1]
    drawn = normal_noise(channels * directions, uniform_noise(2 * channels * directions, seed))
    axes = torch.tensor(drawn).reshape(channels, directions)
    axes = axes / axes.norm(dim=0)
    return sorted_distance(x @ axes, style @ axes)


def histogram(x, style):
    return sorted_distance(x, style)


# Content


def self_similarity(x, content):
    def of(f):
        unit = f / f.norm(dim=1, keepdim=True)
        distances = 1 - unit @ unit.T
        return distances / distances.sum(0, keepdim=True)

    return len(x) * torch.mean(torch.abs(of(x) - of(content)))


def laplacian(x, content, pool=3):
    """Pictures [H, W, 3]."""

    def of(image):
        means = torch.nn.functional.avg_pool2d(image.permute(2, 0, 1)[None], pool)
        kernel = torch.tensor([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], dtype=torch.float64)
        return torch.nn.functional.conv2d(means, kernel.expand(1, 3, 3, 3))

    return torch.mean((of(x) - of(content)) ** 2)


# Polynomials


def best_polynomials(lowest, lengths):
    """Odd polynomials with so many coefficients, one after the other nearest to 1 on [lowest, 1]."""
    low, high, found = lowest, 1.0, []
    for length in lengths:
        even = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, 600))) / 2
        x = np.unique(np.concatenate([np.geomspace(low, high, 600), even]))
        powers = np.stack([x ** (2 * i + 1) for i in range(length)], 1)
        one = np.ones((len(x), 1))
        rows = np.block([[powers, -one], [-powers, -one]])
        result = linprog(
            [0] * length + [1],
            A_ub=rows,
            b_ub=np.concatenate([one[:, 0], -one[:, 0]]),
            bounds=[(None, None)] * length + [(0, None)],
            method="highs",
        )
        found.append([digits(float(value)) for value in result.x[:length]])
        low, high = 1 - result.x[-1], 1 + result.x[-1]
    return found, high - 1


# Files


def evaluated(function, x, other):
    x = x.clone().requires_grad_(True)
    value = function(x, other)
    (gradient,) = torch.autograd.grad(value, x)
    return {"value": digits(value), "gradient": [digits(v) for v in gradient.flatten()]}


def main():
    cases = []
    for name, shape, style_shape, channels, seed in CASES:
        x, style = features(shape, channels, seed), features(style_shape, channels, seed + 1)
        content = features(shape, channels, seed + 2)
        cases.append({
            "name": name,
            "shape": [*shape, channels],
            "style_shape": [*style_shape, channels],
            "seeds": [seed, seed + 1, seed + 2],
            **{f.__name__: evaluated(f, x, style) for f in (moments, wasserstein, sliced, histogram)},
            "self_similarity": evaluated(self_similarity, x, content),
        })
    shape, seeds = (13, 11, 3), (21, 22)
    x, content = (
        torch.tensor((255 * uniform_noise(429, seed)).astype(np.float32).astype(np.float64))
        .reshape(shape) for seed in seeds
    )
    picture = {"shape": list(shape), "seeds": list(seeds), **evaluated(laplacian, x, content)}
    write_json("measures", {"made_by": made_by(), "cases": cases, "laplacian": picture})


if __name__ == "__main__":
    if "--polynomials" in sys.argv:
        for lowest, lengths in ((1e-3, [5, 5, 5, 3, 3]), (1e-2, [5, 5, 5])):
            steps, error = best_polynomials(lowest, lengths)
            print(f"[{lowest}, 1] to 1 ± {error:.2g}", *steps, sep="\n")
    else:
        main()
