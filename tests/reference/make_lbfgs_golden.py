"""Makes tests/golden/lbfgs.json: minima of named test problems, found by SciPy's L-BFGS-B.

    python tests/reference/make_lbfgs_golden.py

Needs NumPy and SciPy (written with SciPy 1.17.1, NumPy 2.4.6). A problem is a function of z; the
picture that is optimised holds x = 128 + unit * z, every x between 0 and 255. The functions are
written out once more in tests/optimizers/lbfgs_test.ts. Sources: Moré, Garbow, Hillstrom 1981, Testing
unconstrained optimization software, ACM TOMS 7(1): problems 5 (Beale), 13 (Powell singular),
14 (Wood), 21 (extended Rosenbrock).
"""

import json
import sys
from pathlib import Path

import numpy as np
import scipy
from scipy.optimize import check_grad, minimize

OUT = Path(__file__).resolve().parents[1] / "golden" / "lbfgs.json"


def rosenbrock(z):
    a, b = z[0::2], z[1::2]
    gradient = np.empty_like(z)
    gradient[0::2] = -400 * a * (b - a**2) - 2 * (1 - a)
    gradient[1::2] = 200 * (b - a**2)
    return np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2), gradient


def beale(z):
    a, b = z[0::2], z[1::2]
    value, gradient = 0.0, np.zeros_like(z)
    for power, wanted in ((1, 1.5), (2, 2.25), (3, 2.625)):
        rest = wanted - a * (1 - b**power)
        value += np.sum(rest**2)
        gradient[0::2] += -2 * rest * (1 - b**power)
        gradient[1::2] += 2 * rest * a * power * b ** (power - 1)
    return value, gradient


def powell(z):
    a, b, c, d = (z[i::4] for i in range(4))
    gradient = np.empty_like(z)
    gradient[0::4] = 2 * (a + 10 * b) + 40 * (a - d) ** 3
    gradient[1::4] = 20 * (a + 10 * b) + 4 * (b - 2 * c) ** 3
    gradient[2::4] = 10 * (c - d) - 8 * (b - 2 * c) ** 3
    gradient[3::4] = -10 * (c - d) - 40 * (a - d) ** 3
    value = (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4
    return np.sum(value), gradient


def wood(z):
    a, b, c, d = (z[i::4] for i in range(4))
    gradient = np.empty_like(z)
    gradient[0::4] = -400 * a * (b - a**2) - 2 * (1 - a)
    gradient[1::4] = 200 * (b - a**2) + 20 * (b + d - 2) + 0.2 * (b - d)
    gradient[2::4] = -360 * c * (d - c**2) - 2 * (1 - c)
    gradient[3::4] = 180 * (d - c**2) + 20 * (b + d - 2) - 0.2 * (b - d)
    value = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    value += 10 * (b + d - 2) ** 2 + 0.1 * (b - d) ** 2
    return np.sum(value), gradient


def quadratic(z, centre=1.0):
    """Condition number 1e4; the axes are mirrored (Householder), so that they mix all variables."""
    n = len(z)
    curvature = 10 ** (4 * np.arange(n) / (n - 1))
    mirror = np.arange(1, n + 1) / np.sqrt(np.sum(np.arange(1, n + 1) ** 2.0))
    u = z - centre * np.cos(np.arange(n))
    u = u - 2 * mirror * (mirror @ u)
    slope = curvature * u
    return 0.5 * u @ slope, slope - 2 * mirror * (mirror @ slope)


def outside(z):
    """The same quadratic with a minimum that lies outside the box."""
    return quadratic(z, centre=6.0)


# name, function, start of each block, number of variables, picture levels per unit of z
PROBLEMS = [
    ("rosenbrock", rosenbrock, [-1.2, 1], 12, 30),
    ("beale", beale, [1, 1], 12, 30),
    ("powell", powell, [3, -1, 0, 1], 12, 30),
    ("wood", wood, [-3, -1, -3, -1], 12, 30),
    ("quadratic", quadratic, [0], 48, 30),
    ("rosenbrock", rosenbrock, [-0.6, 0.5], 12, 200),
    ("outside", outside, [0], 48, 30),
]


def solve(name, function, start, n, unit):
    def of_picture(x):
        value, gradient = function((x - 128) / unit)
        return value, gradient / unit

    x0 = 128 + unit * np.resize(np.array(start, dtype=float), n)
    error = check_grad(lambda x: of_picture(x)[0], lambda x: of_picture(x)[1], x0 + 0.37)
    assert error < 1e-3 * np.linalg.norm(of_picture(x0 + 0.37)[1]), (name, error)
    options = {"maxcor": 20, "ftol": 1e-20, "gtol": 1e-12, "maxiter": 10000, "maxfun": 100000}
    result = minimize(
        of_picture, x0, jac=True, method="L-BFGS-B", bounds=[(0, 255)] * n, options=options
    )
    at_bound = int(np.sum((result.x <= 0) | (result.x >= 255)))
    print(f"{name:12} {result.nit:4} iterations {result.nfev:4} evaluations "
          f"{of_picture(x0)[0]:10.4g} -> {result.fun:10.4g}, {at_bound} at a bound")
    return {
        "name": name,
        "unit": unit,
        "start": x0.tolist(),
        "start_value": of_picture(x0)[0],
        "minimum": result.x.tolist(),
        "minimum_value": result.fun,
        "at_bound": at_bound,
        "scipy_evaluations": result.nfev,
    }


if __name__ == "__main__":
    problems = [solve(*problem) for problem in PROBLEMS]
    made_by = f"tests/reference/{Path(sys.argv[0]).name}, SciPy {scipy.__version__}, " \
              f"NumPy {np.__version__}"
    rows = ",\n".join("    " + json.dumps(problem) for problem in problems)
    OUT.write_text(f'{{\n  "made_by": {json.dumps(made_by)},\n  "problems": [\n{rows}\n  ]\n}}\n')
