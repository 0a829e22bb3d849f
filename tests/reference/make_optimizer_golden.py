"""Makes tests/golden/optimizers.json: the paths of PyTorch's optimizers on named test problems.

    python tests/reference/make_optimizer_golden.py

In float64, on the problems of make_lbfgs_golden.py; "gaps" is how far a float32 run lies away, relative.
No path leaves 0-255, so that nothing is clipped. Beside them: Adam with its epsilon as Keras places it
(the paper's epsilon hat), a gradient smoothed as in Hvass' DeepDream tutorial but not across colors
(SciPy), pictures resized by PyTorch's interpolation, and an exponential average as in crowsonkb's
style-transfer-pytorch.
"""

import sys

import numpy as np
import scipy
import torch
from scipy.ndimage import gaussian_filter

from golden_files import GOLDEN, digits, made_by, write_json
from make_lbfgs_golden import beale, rosenbrock, wood

STEPS = [1, 2, 3, 5, 10, 20, 30]
PROBLEMS = {
    "rosenbrock": (rosenbrock, [-1.2, 1]),
    "beale": (beale, [1, 1]),
    "wood": (wood, [-3, -1, -3, -1]),
}
UNIT = 30  # picture levels per unit of z


class KerasAdam(torch.optim.Optimizer):
    """Adam with epsilon added to the root of the second moment before its correction."""

    def __init__(self, params, lr, betas, eps):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        self.t, self.m, self.v = 0, 0, 0

    @torch.no_grad()
    def step(self, closure):
        closure()
        (x,) = self.param_groups[0]["params"]
        group = self.param_groups[0]
        beta1, beta2 = group["betas"]
        self.t += 1
        self.m = beta1 * self.m + (1 - beta1) * x.grad
        self.v = beta2 * self.v + (1 - beta2) * x.grad**2
        rate = group["lr"] * np.sqrt(1 - beta2**self.t) / (1 - beta1**self.t)
        x -= rate * self.m / (self.v.sqrt() + group["eps"])


LBFGS = {"max_iter": 1, "tolerance_grad": -1, "tolerance_change": -1}
# name, optimizer, PyTorch's options, problem
RUNS = [
    ("adam", torch.optim.Adam, {"lr": 2}, "rosenbrock"),
    ("adam", torch.optim.Adam, {"lr": 1, "betas": (0.9, 0.99), "eps": 1}, "wood"),
    ("adam", KerasAdam, {"lr": 1, "betas": (0.99, 0.999), "eps": 1}, "wood"),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.5, "alpha": 0.9}, "beale"),
    ("rmsprop", torch.optim.RMSprop, {"lr": 0.5, "alpha": 0.99, "eps": 0.1}, "wood"),
    ("adagrad", torch.optim.Adagrad, {"lr": 5}, "rosenbrock"),
    ("adagrad", torch.optim.Adagrad, {"lr": 5, "eps": 0.5}, "wood"),
    ("momentum", torch.optim.SGD, {"lr": 0.05, "momentum": 0.9}, "rosenbrock"),
    ("lbfgs", torch.optim.LBFGS, {"lr": 1, **LBFGS}, "beale"),
    ("lbfgs", torch.optim.LBFGS, {"lr": 0.5, "history_size": 3, **LBFGS}, "wood"),
]


def start_of(problem):
    """The literature's start in every block, and a little more of it in each variable."""
    _, start = PROBLEMS[problem]
    return 128 + UNIT * np.resize(np.array(start, dtype=float), 12) + np.round(3 * np.cos(np.arange(12)))


def path(optimizer, options, problem, dtype=torch.float64):
    function, _ = PROBLEMS[problem]
    x = torch.tensor(start_of(problem), dtype=dtype, requires_grad=True)
    run = optimizer([x], **options)

    def closure():
        value, gradient = function((x.detach().numpy() - 128) / UNIT)
        x.grad = torch.from_numpy(gradient / UNIT).to(dtype)
        return torch.tensor(value)

    points = []
    for _ in range(max(STEPS)):
        run.step(closure)
        assert 0 < x.min() and x.max() < 255, (optimizer, problem, x)
        points.append(x.detach().clone())
    return points


def numbers(array):
    return [digits(float(value)) for value in np.asarray(array).reshape(-1)]


def runs():
    for name, optimizer, options, problem in RUNS:
        points = path(optimizer, options, problem)
        rounded = path(optimizer, options, problem, torch.float32)
        gaps = [((a - b) / a).abs().max() for a, b in zip(points, rounded)]
        yield {
            "name": name,
            "program": f"{optimizer.__module__}.{optimizer.__name__}".replace("__main__.", ""),
            "options": {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()},
            "problem": problem,
            "unit": UNIT,
            "start": start_of(problem).tolist(),
            "steps": STEPS,
            "gaps": [digits(gaps[step - 1]) for step in STEPS],
            "points": [numbers(points[step - 1]) for step in STEPS],
        }


def average(decay=0.9):
    """Of the points of the first run, the start included, after STEPS."""
    _, optimizer, options, problem = RUNS[0]
    value, rest = torch.zeros(12, dtype=torch.float64), 1.0
    averages = []
    for point in [torch.tensor(start_of(problem)), *path(optimizer, options, problem)]:
        value, rest = decay * value + (1 - decay) * point, rest * decay
        averages.append(value / (1 - rest))
    return {"decay": decay, "points": [numbers(averages[step]) for step in STEPS]}


def smoothing(height=7, width=10):
    gradient = np.random.default_rng(5).normal(size=(height, width, 3)) * 1e-3
    cases = []
    for sigma in (0.5, 2.3, 4.5):
        blurs = [gaussian_filter(gradient, sigma * f, axes=(0, 1)) for f in (1, 2, 0.5)]
        total = sum(blurs)
        cases.append({"sigma": sigma, "values": numbers(total / (np.std(total) + 1e-8))})
    return {"shape": [1, height, width, 3], "gradient": numbers(gradient), "cases": cases}


def resizing(height=5, width=6):
    values = np.random.default_rng(6).normal(size=(height, width, 3))
    picture = torch.from_numpy(values).permute(2, 0, 1)[None]
    cases = []
    for power, mode in ((1, "bicubic"), (2, "bilinear")):
        for size in ((9, 11), (3, 4)):
            source = picture**power
            new = torch.nn.functional.interpolate(source, size, mode=mode, align_corners=False)
            if power == 2:
                new = new.relu()
            new = new[0].permute(1, 2, 0)
            cases.append({"power": power, "size": list(size), "values": numbers(new)})
    return {"shape": [1, height, width, 3], "values": numbers(values), "cases": cases}


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_json("optimizers", {
        "made_by": f"{made_by()}, SciPy {scipy.__version__}, NumPy {np.__version__}",
        "runs": list(runs()),
        "average": average(),
        "smoothing": smoothing(),
        "resizing": resizing(),
    })
    print(f"{GOLDEN / 'optimizers.json'}", file=sys.stderr)
