"""Makes tests/golden/golden.json and golden.safetensors: activations, Gram matrices, losses and
gradients of small pictures with odd sizes.

Everything is computed in float64 and again in float32; the float64 values are stored, and for
each of them the gap: how far float32 lies away. Seeds are chosen (choose_seed.py) so that no
activation is close to a tie. The tutorial's start noise cannot avoid them: it is so faint that
some windows of a pooling are tied but for rounding, which then decides where the gradient goes.
So of the start noise only losses and the gradient of the weighted sum are stored.
"""

import argparse

import torch
from safetensors.torch import save_file

from golden_files import GOLDEN, digits, fitted, golden_picture, made_by, write_json
from style_transfer import (
    EPSILON,
    GATYS_STYLE_LAYERS,
    LAYERS,
    PRESETS,
    Objective,
    Vgg16,
    denoise_loss,
    gram_matrix,
    start_noise,
    uniform_noise,
    weighted_sum,
)

SAMPLES = 400
INPUT_SCALES = (255, 1)
PAIRS = {  # picture, (width, height)
    "a": {"content": ("chelsea", (48, 33)), "style": ("harvest", (40, 41))},
    "b": {"content": ("coffee", (45, 61)), "style": ("cafe-terrace", (52, 38))},
}
CASES = {
    "a": {"pair": "a", "start": "mixed", "seed": 172},
    "b": {"pair": "b", "start": "uniform", "seed": 141},
    "b-start": {"pair": "b", "start": "noise", "seed": 73},
}
SETS = {
    "tutorial": (["relu3_1"], LAYERS),
    "gatys": (["relu4_2"], GATYS_STYLE_LAYERS),
}
WEIGHTS = PRESETS["tutorial"].weights


def pictures(pair):
    """The content and the style picture of a pair, [H, W, 3] each."""
    return [
        golden_picture(picture_name(*PAIRS[pair][role]), lambda r=role: fitted(r, *PAIRS[pair][r]))
        for role in ("content", "style")
    ]


def picture_name(source, size):
    return f"{source}-{size[0]}x{size[1]}"


def start_picture(kind, content, seed):
    """The picture x where all is evaluated, rounded to float32 once."""
    if kind == "noise":  # the tutorial's start
        return start_noise(*content.shape[:2], seed)
    if kind == "mixed":  # half start noise, half content
        return ((start_noise(*content.shape[:2], seed).double() + content.double()) / 2).float()
    noise = torch.tensor(uniform_noise(content.numel(), seed))  # "uniform": the whole range
    return (255 * noise).float().reshape(content.shape)


def sample_stride(count):
    """Every how-manieth element is stored; odd, so that all channels have their turn."""
    stride = max(1, count // SAMPLES)
    return stride - 1 if stride % 2 == 0 else stride


def root_mean_square(values):
    return values.double().square().mean().sqrt()


def gap(single, double):
    """Root mean square of the difference relative to that of the values, and the largest."""
    difference = single.double() - double
    size = root_mean_square(double)
    return {"rms": digits(root_mean_square(difference) / size), "max": digits(difference.abs().max() / size)}


def array_entry(single, double):
    """What is stored of an array: shape, sum, root mean square, samples in row-major order."""
    flat = double.flatten()
    stride = sample_stride(flat.numel())
    return {
        "shape": list(double.shape),
        "sum": digits(flat.sum()),
        "rms": digits(root_mean_square(flat)),
        "stride": stride,
        "gap": gap(single, double),
        "values": [digits(v) for v in flat[::stride][:SAMPLES]],
    }


def losses_and_gradients(objective, x, adjustments=None):
    """Each loss and its gradient; then the weighted sum's, with the given adjustments."""
    x = x.to(objective.network.dtype).requires_grad_(True)
    losses = objective.losses(x)
    values = {name: loss.item() for name, loss in losses.items()}
    adjustments = adjustments or {name: digits(1 / (v + EPSILON)) for name, v in values.items()}
    scalars = losses | {"total": weighted_sum(losses, WEIGHTS, adjustments)}
    gradients = {
        name: torch.autograd.grad(scalar, x, retain_graph=True)[0] for name, scalar in scalars.items()
    }
    return values | {"total": scalars["total"].item()}, gradients, adjustments


def objective_entry(single, double, x, prefix, tensors, stored):
    """Losses and gaps of one set of layers; the gradients named in stored go into tensors."""
    values, gradients, adjustments = losses_and_gradients(double, x)
    values32, gradients32, _ = losses_and_gradients(single, x, adjustments)
    entry = {"adjustments": adjustments, "losses": {}}
    for name, value in values.items():
        entry["losses"][name] = {"loss": digits(value), "loss_gap": digits(values32[name] / value - 1)}
        if name in stored:
            key = f"{prefix}/{name}"
            tensors[key] = gradients[name].float().contiguous()
            entry["losses"][name] |= {
                "gradient": key,
                "gradient_rms": digits(root_mean_square(gradients[name])),
                "gradient_gap": gap(gradients32[name], gradients[name]),
            }
    return entry


def features_entry(networks, x):
    """Samples of all thirteen activations and Gram matrices."""
    with torch.no_grad():
        found = [network.activations(x, LAYERS) for network in networks]
    entry = {"activations": {}, "gram_matrices": {}}
    for name in LAYERS:
        arrays = [features[name].permute(1, 2, 0) for features in found]  # [H, W, C]
        entry["activations"][name] = array_entry(*arrays)
        entry["gram_matrices"][name] = array_entry(*(gram_matrix(f[name]) for f in found))
    return entry


def case_entry(case, input_scale, tensors):
    settings = CASES[case]
    content, style = pictures(settings["pair"])
    x = start_picture(settings["start"], content, settings["seed"])
    networks = [Vgg16(input_scale, dtype) for dtype in (torch.float32, torch.float64)]
    faint = settings["start"] == "noise"
    entry = {"case": case, **settings, "input_scale": input_scale}
    if not faint:
        entry |= features_entry(networks, x)
    for name, layers in SETS.items():
        single, double = (Objective(network, content, style, *layers) for network in networks)
        stored = ["total"] if faint else ["content", "style", "total"]
        entry[name] = objective_entry(
            single, double, x, f"{case}/{input_scale}/{name}", tensors, stored
        )
    return entry


def denoise_entry(pair, kind, x, tensors):
    """The denoise loss and its gradient, which need no network."""
    x = x.clone().requires_grad_(True)
    loss = denoise_loss(x)
    key = f"{pair}/denoise/{kind}"
    (tensors[key],) = torch.autograd.grad(loss, x)
    value = denoise_loss(x.detach().double())
    return {"pair": pair, "start": kind, "loss": digits(value), "gradient": key}


def denoise_entries(tensors):
    """Denoise at each case's start, and at the content pictures, many of whose neighbours are equal."""
    entries = []
    for settings in CASES.values():
        content, _ = pictures(settings["pair"])
        x = start_picture(settings["start"], content, settings["seed"])
        entry = denoise_entry(settings["pair"], settings["start"], x, tensors)
        entries.append(entry | {"seed": settings["seed"]})
    for pair in PAIRS:
        entries.append(denoise_entry(pair, "content", pictures(pair)[0], tensors))
    return entries


def pair_entry(pair):
    return {role: picture_name(*of) + ".png" for role, of in PAIRS[pair].items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    torch.set_num_threads(parser.parse_args().threads)

    tensors = {}
    cases = [case_entry(case, scale, tensors) for case in CASES for scale in INPUT_SCALES]
    write_json("golden", {
        "made_by": made_by(),
        "index_rule": "values[i] = flat[i * stride], i < 400; flat is row-major: [H, W, C], [C, C]",
        "pairs": {pair: pair_entry(pair) for pair in PAIRS},
        "sets": {name: {"content": c, "style": s} for name, (c, s) in SETS.items()},
        "weights": WEIGHTS,
        "cases": cases,
        "denoise": denoise_entries(tensors),
    })
    save_file(tensors, GOLDEN / "golden.safetensors", metadata={"made_by": made_by()})


if __name__ == "__main__":
    main()
