"""Where the golden values lie and how they are written."""

import json
import sys
from pathlib import Path

import torch
from PIL import Image, ImageOps

from style_transfer import REPOSITORY, load_image

GOLDEN = REPOSITORY / "tests" / "golden"
IMAGES = REPOSITORY / "notebooks" / "images"


def made_by():
    """The script that runs and the PyTorch it runs on."""
    return f"tests/reference/{Path(sys.argv[0]).name}, torch {torch.__version__}"


def digits(value):
    """A number with nine significant digits, enough for every float32."""
    number = value.item() if isinstance(value, torch.Tensor) else value
    return float(f"{number:.9g}")


def golden_picture(name, make):
    """The picture stored as tests/golden/NAME.png; made once, since decoders of JPEG differ."""
    path = GOLDEN / f"{name}.png"
    if not path.exists():
        make().save(path, optimize=True)
    return load_image(path)


def fitted(role, source, size):
    """A sample picture cropped to the middle and resized (Lanczos) to size = (width, height)."""
    image = Image.open(IMAGES / role / f"{source}.jpg").convert("RGB")
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def scaled(role, source, max_size):
    """A sample picture as the tutorial's load_image reads it."""
    pixels = load_image(IMAGES / role / f"{source}.jpg", max_size).to(torch.uint8)
    return Image.fromarray(pixels.numpy())


def write_json(name, content):
    """Writes tests/golden/NAME.json; lists of numbers stay on one line."""
    path = GOLDEN / f"{name}.json"
    path.write_text(_to_json(content) + "\n")


def _to_json(value, indent=""):
    inner = indent + "  "
    flat = not any(isinstance(v, (dict, list)) for v in _values(value))
    if flat or not isinstance(value, (dict, list)):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(k)}: {_to_json(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
    return "[\n" + ",\n".join(inner + _to_json(v, inner) for v in value) + "\n" + indent + "]"


def _values(value):
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
