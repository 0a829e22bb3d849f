"""Makes tests/golden/tutorial_log.json: the tutorial's log over several seeds, and its spread.

The path of a run is chaotic: the adjustments and the large steps amplify rounding. So one run
says little; what another implementation must meet is the band over the seeds. Runs in float64
show how far rounding alone moves a run that starts from the same noise.
"""

import argparse
import time

import torch

from golden_files import digits, golden_picture, made_by, scaled, write_json
from style_transfer import PRESETS, Vgg16, run

CONTENT, STYLE = "eilean-donan", "church-at-auvers"
PAIRS = {"small": 96, "large": 300}  # longer side of both pictures
DTYPES = {"float32": torch.float32, "float64": torch.float64}
LOSSES = ("content", "style", "denoise")
ITERATIONS = 60
LOGGED = [*range(0, ITERATIONS, 10), ITERATIONS - 1]


def log_line(adjustments):
    return "Weight Adj. for Content: {:.2e}, Style: {:.2e}, Denoise: {:.2e}".format(
        *(adjustments[name] for name in LOSSES)
    )


def one_run(pair, preset_name, dtype, seed):
    """One run of 60 iterations: its losses, its adjustments where logged, its printed lines."""
    size = PAIRS[pair]
    content = golden_picture(f"{CONTENT}-{size}", lambda: scaled("content", CONTENT, size))
    style = golden_picture(f"{STYLE}-{size}", lambda: scaled("style", STYLE, size))
    preset = PRESETS[preset_name]
    network = Vgg16(preset.input_scale, DTYPES[dtype])
    losses = {name: [] for name in LOSSES}
    adjustments = {name: [] for name in LOSSES}
    lines = []
    for iteration, loss, adjustment, _ in run(network, content, style, preset, seed, ITERATIONS):
        for name in LOSSES:
            losses[name].append(digits(loss[name]))
            if iteration in LOGGED:
                adjustments[name].append(digits(adjustment[name]))
        if iteration in LOGGED:
            lines.append(log_line(adjustment))
    return {
        "pair": pair,
        "preset": preset_name,
        "dtype": dtype,
        "seed": seed,
        "log": lines,
        "losses": losses,
        "adjustments": adjustments,
    }


def spread(runs):
    """Per loss, at each logged iteration, over the seeds: mean, std (population), min and max."""
    result = {}
    for name in LOSSES:
        values = torch.tensor([r["losses"][name] for r in runs], dtype=torch.float64)[:, LOGGED]
        mean = values.mean(0)
        std = values.std(0, unbiased=False)
        columns = {
            "mean": mean,
            "std": std,
            "min": values.amin(0),
            "max": values.amax(0),
            "relative_std": std / mean,
        }
        result[name] = {key: [digits(v) for v in column] for key, column in columns.items()}
    return result


def rounding(single, double):
    """Relative difference of the losses in float32 from those in float64, same seed."""
    return {
        name: [digits(single["losses"][name][i] / double["losses"][name][i] - 1) for i in LOGGED]
        for name in LOSSES
    }


def summary(runs):
    """The spread over the seeds and the effect of rounding, for each pair and preset."""
    result = []
    for pair in PAIRS:
        for preset in PRESETS:
            by_dtype = {
                dtype: [r for r in runs if (r["pair"], r["preset"], r["dtype"]) == (pair, preset, dtype)]
                for dtype in DTYPES
            }
            if not by_dtype["float32"]:
                continue
            singles = {r["seed"]: r for r in by_dtype["float32"]}
            result.append({
                "pair": pair,
                "preset": preset,
                "seeds": list(singles),
                "spread": spread(by_dtype["float32"]),
                "rounding": [
                    {"seed": r["seed"], **rounding(singles[r["seed"]], r)} for r in by_dtype["float64"]
                ],
            })
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="seeds 1 to N for each pair and preset")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    runs = []
    for pair, size in PAIRS.items():
        float64_seeds = options.seeds if pair == "small" else 1
        for dtype, seeds in (("float32", options.seeds), ("float64", float64_seeds)):
            for preset in PRESETS:
                for seed in range(1, seeds + 1):
                    started = time.perf_counter()
                    runs.append(one_run(pair, preset, dtype, seed))
                    seconds = time.perf_counter() - started
                    print(f"{pair} {preset} {dtype} seed {seed}: {seconds:.0f} s", flush=True)
                    print("\n".join(runs[-1]["log"]), flush=True)
                    write_json("tutorial_log", {
                        "made_by": made_by(),
                        "content": f"{CONTENT}-<longer side>.png",
                        "style": f"{STYLE}-<longer side>.png",
                        "longer_sides": PAIRS,
                        "iterations": ITERATIONS,
                        "logged_iterations": LOGGED,
                        "weights": PRESETS[preset].weights,
                        "step_size": PRESETS[preset].step_size,
                        "input_scales": {name: p.input_scale for name, p in PRESETS.items()},
                        "summary": summary(runs),
                        "runs": runs,
                    })


if __name__ == "__main__":
    main()
